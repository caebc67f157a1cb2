"""The page that bridge and Jupyter server serve: the front end by itself, in the user's browser.

It holds no secret and is the same for everybody; who may connect is decided by the code in the
link to it, which no request carries.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NamedTuple

from adk_nb.front_end import STATIC, styles

if TYPE_CHECKING:
    from pathlib import Path

_TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html"}

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self' blob:; style-src 'self' 'unsafe-inline'; "
    "connect-src 'self' ws: wss:; img-src 'self' data: blob:; worker-src 'self' blob:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
"""What every answer says: nothing from elsewhere, in no other page's frame, kept nowhere."""


class File(NamedTuple):
    """One of the page's files.

    Attributes:
        type: Its MIME type.
        body: Its bytes.
    """

    type: str
    body: bytes


@functools.cache
def files() -> dict[str, File]:
    """Returns the page's files by their paths below it; empty is the page itself.

    A path of a request is looked up here and never on the disk, so none can lead out.
    """
    found = {
        "": _file(STATIC / "page" / "page.html"),
        "styles.css": File("text/css; charset=utf-8", styles().encode()),
    }
    for path in [STATIC / "widget.css", *STATIC.glob("*/**/*.js")]:
        found[path.relative_to(STATIC).as_posix()] = _file(path)
    return found


def _file(path: Path) -> File:
    return File(f"{_TYPES[path.suffix]}; charset=utf-8", path.read_bytes())
