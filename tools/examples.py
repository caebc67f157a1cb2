"""Runs the Python blocks of README.md and docs/, in order, in one kernel a page.

    python tools/examples.py                    # every page
    python tools/examples.py docs/swapping.md   # one of them

A block that cannot run everywhere has a comment in the line above its fence, which says why:
`<!-- skip: needs a microphone -->`. There are no keys in the kernel's environment, so the embedded
default answers; its working directory is a temporary folder.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import textwrap
from dataclasses import dataclass
from pathlib import Path

from jupyter_client.manager import KernelManager

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

_BLOCK_S = 120
"""How long one block may take (s)."""
_FENCE = re.compile(
    r"^(?:[ \t]*<!-- skip: (?P<skip>.+?) -->\n)?"
    r"(?P<indent>[ \t]*)```python\n(?P<code>.*?)^[ \t]*```$",
    re.MULTILINE | re.DOTALL,
)
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_SECRETS = ("GOOGLE_", "GEMINI_", "ADK_NB_")


@dataclass(frozen=True)
class Block:
    """One Python block of a page.

    Attributes:
        line: The line of its fence, from 1.
        code: What a reader would paste.
        skip: Why it is not run; empty where it is.
    """

    line: int
    code: str
    skip: str


def blocks(text: str) -> list[Block]:
    """Returns the Python blocks of a page, in order."""
    return [
        Block(
            text.count("\n", 0, found.start("indent")) + 1,
            textwrap.dedent(found["code"]),
            found["skip"] or "",
        )
        for found in _FENCE.finditer(text)
    ]


def run(page: Path) -> list[str]:
    """Runs a page's blocks in a fresh kernel.

    Returns:
        What went wrong, a text for each block that failed.
    """
    to_run = [block for block in blocks(page.read_text("utf-8")) if not block.skip]
    if not to_run:
        return []
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        manager = KernelManager(kernel_name="python3")
        manager.start_kernel(
            cwd=folder,
            env=_environment(folder),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        client = manager.blocking_client()
        try:
            client.start_channels()
            client.wait_for_ready(timeout=_BLOCK_S)
            for block in to_run:
                error = _error(client, block.code)
                if error:
                    failures.append(f"{page.relative_to(ROOT)}, line {block.line}:\n{error}")
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
    return failures


def _environment(folder: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_SECRETS)}
    return kept | {"IPYTHONDIR": folder, "PYTHONPATH": str(ROOT)}


def _error(client: object, code: str) -> str:
    """Runs one block; returns its traceback, or nothing where it ran."""
    try:
        reply = client.execute_interactive(code, timeout=_BLOCK_S, output_hook=lambda _: None)
    except TimeoutError:
        return f"It took longer than {_BLOCK_S} s."
    if reply["content"]["status"] == "ok":
        return ""
    return _COLOURS.sub("", "\n".join(reply["content"].get("traceback", ["It was not run."])))


def main(pages: list[Path]) -> int:
    """Runs the pages and prints what became of each; returns the exit status."""
    failures = []
    for page in pages:
        found = blocks(page.read_text("utf-8"))
        if not found:
            continue
        failed = run(page)
        failures += failed
        skipped = sum(1 for block in found if block.skip)
        counts = (
            f"{len(found) - skipped - len(failed)} ran, {len(failed)} failed, {skipped} skipped"
        )
        print(f"{page.relative_to(ROOT)}: {counts}", flush=True)
    print("\n\n".join(failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main([Path(name).resolve() for name in sys.argv[1:]] or PAGES))
