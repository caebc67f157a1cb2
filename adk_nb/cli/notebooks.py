"""`python -m adk_nb notebooks FOLDER`: copies the notebooks that come with the package."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

_PACKAGE = Path(__file__).parents[1]
# In the wheel they are inside the package; in a clone they lie beside it.
_PLACES = (_PACKAGE / "notebooks", _PACKAGE.parent / "notebooks")


def add_to(commands: Any) -> None:
    """Declares the command."""
    text = "copy the example notebooks into a folder; what is there already stays as it is"
    command = commands.add_parser("notebooks", help=text, description=text)
    command.add_argument("folder", type=Path, help="the folder; made where there is none")
    command.set_defaults(run=run)


def run(parsed: argparse.Namespace) -> int:
    """Runs the command."""
    for path in copy_notebooks(parsed.folder):
        print(f"left as it is: {path}")
    print(f"The notebooks are in {parsed.folder.absolute()}")
    return 0


def shipped_notebooks() -> list[Path]:
    """Returns the notebooks that come with the package."""
    return next((found for place in _PLACES if (found := sorted(place.glob("*.ipynb")))), [])


def copy_notebooks(folder: Path) -> list[Path]:
    """Copies the notebooks into a folder.

    Returns:
        Those that were there already, with other contents; they were left as they are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    left = []
    for source in shipped_notebooks():
        target = folder / source.name
        try:
            with target.open("xb") as file:
                file.write(source.read_bytes())
        except FileExistsError:
            if target.read_bytes() != source.read_bytes():
                left.append(target)
    return left
