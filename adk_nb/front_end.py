"""The front end's files, as text: what a notebook's page is sent, and a server's serves."""

from __future__ import annotations

import functools
import re
from pathlib import Path

STATIC = Path(__file__).parent / "static"

# A comment on lines of its own: a type before code on the same line stays.
_COMMENT = re.compile(r"^[ \t]*(?:/\*(?:(?!\*/).)*\*/|//[^\n]*)[ \t]*\n", re.MULTILINE | re.DOTALL)


@functools.cache
def styles() -> str:
    """Returns the style sheet, of all rooms."""
    paths = [STATIC / "widget.css", STATIC / "shared.css", *sorted(STATIC.glob("*/**/*.css"))]
    return "\n".join(path.read_text("utf-8") for path in paths)


@functools.cache
def entry_styles() -> str:
    """Returns the styles of a widget whose kernel has not answered yet, or never will."""
    return _short(STATIC / "widget.css")


@functools.cache
def modules() -> dict[str, str]:
    """Returns the modules by path, as `link/wire.js`, but for those of the page that is served.

    An anywidget module cannot import them by a relative path, so `widget.js` links them.
    """
    return {
        path.relative_to(STATIC).as_posix(): path.read_text("utf-8")
        for path in sorted(STATIC.glob("*/**/*.js"))
        if path.parent.name != "page"
    }


@functools.cache
def entry() -> str:
    """Returns the anywidget's module, which links the others."""
    return _short(STATIC / "widget.js")


def _short(path: Path) -> str:
    """Returns a file without comments and indents: a saved notebook has it once for each widget."""
    lines = _COMMENT.sub("", path.read_text("utf-8")).splitlines()
    return "\n".join(line.strip() for line in lines if line.strip())
