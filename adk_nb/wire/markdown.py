"""Written answers as HTML: models write Markdown, and markdown-it-py renders it.

Raw HTML stays text, pictures stay links (none is loaded), and a link leads to the web or to a mail
address alone.
"""

from __future__ import annotations

import functools
import html
from typing import TYPE_CHECKING, Any

from adk_nb.wire import protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from markdown_it import MarkdownIt

    from adk_nb.log.turn import Turn

_SCHEMES = ("http://", "https://", "mailto:")
_LONGEST = 4 * protocol.MAX_SHOWN
"""The longest HTML that a page gets (characters); a longer answer stays as it was written."""


def rendered_messages(turn: Turn, mask: Callable[[Any], Any]) -> list[protocol.Rendered]:
    """Returns the pieces of an answer as HTML, where it was written and holds any Markdown.

    Args:
        turn: The turn. One that sounded was spoken, and a spoken answer is shown as it was said.
        mask: Masks secrets; it comes first, as markup would part them.
    """
    if turn.status != "complete" or turn.audio_ms or turn.withheld:
        return []
    pieces = ((piece, rendered(mask(piece.text.strip()))) for piece in turn.pieces)
    return [
        protocol.Rendered(turn.index, piece.number, text)
        for piece, text in pieces
        if piece.role == "agent" and text
    ]


@functools.lru_cache(maxsize=512)  # A page that comes later gets the whole conversation again.
def rendered(text: str) -> str:
    """Returns Markdown as HTML; empty where it is plain text, or too long."""
    if len(text) > protocol.MAX_SHOWN:
        return ""
    made = str(_parser().render(text)).strip()
    plain = f"<p>{html.escape(text, quote=False)}</p>"
    return "" if made.replace("&quot;", '"') == plain or len(made) > _LONGEST else made


@functools.cache
def _parser() -> MarkdownIt:
    # Imported where an answer is written for the first time.
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False, "breaks": True})
    parser.enable(["table", "strikethrough"]).disable("image")
    parser.validateLink = _leads_out  # type: ignore[method-assign]
    parser.add_render_rule("link_open", _opens_apart)
    return parser


def _leads_out(url: str) -> bool:
    return url.strip().lower().startswith(_SCHEMES)


def _opens_apart(renderer: Any, tokens: Any, index: int, options: Any, env: Any) -> str:
    """Renders the start of a link, which opens beside the notebook."""
    del env
    tokens[index].attrSet("target", "_blank")
    tokens[index].attrSet("rel", "noopener noreferrer")
    return str(renderer.renderToken(tokens, index, options, None))
