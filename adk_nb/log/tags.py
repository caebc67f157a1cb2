"""The tags of a session: texts by name, which tell it from others in recordings and frames."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from adk_nb.exceptions import AdkNbError
from adk_nb.plain import valid_text

if TYPE_CHECKING:
    from collections.abc import Callable

MOST = 50
LONGEST = 1000
"""Characters of a name or a value."""


def checked(tags: Mapping[str, str] | None, mask: Callable[[str], str]) -> dict[str, str]:
    """Returns tags as they are kept.

    Args:
        tags: The tags; None for none.
        mask: Masks the secrets in a text.

    Raises:
        AdkNbError: They are no texts by name, too many, or too long.
    """
    if tags is None:
        return {}
    if not _are_tags(tags):
        raise AdkNbError(
            f"tags={tags!r:.80} are no tags.",
            remedy=f'Give texts by name, such as {{"arm": "B"}}: {MOST} at most, of at most'
            f" {LONGEST} characters.",
            code="bad_option",
        )
    return {mask(valid_text(name)): mask(valid_text(value)) for name, value in tags.items()}


def _are_tags(tags: object) -> bool:
    if not isinstance(tags, Mapping) or len(tags) > MOST:
        return False
    texts = [text for pair in tags.items() for text in pair]
    return all(isinstance(text, str) and len(text) <= LONGEST for text in texts)
