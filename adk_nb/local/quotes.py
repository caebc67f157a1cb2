"""Which text between quotation marks is which argument: "add 'milk' to the grocery list"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adk_nb.local.codes import is_code
from adk_nb.local.roles import CUES, ROLES, role_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adk_nb.local.signature import Parameter
    from adk_nb.local.vocabulary import Word

# Single quotes, too, but no apostrophes.
_QUOTED = re.compile(
    r"[\"\u201c][^\"\u201d]+[\"\u201d]|(?<!\w)['\u2018](?:[^'\u2019]|['\u2019](?=\w))+['\u2019](?!\w)"
)


def quotes_in(sentence: str, words: Sequence[Word]) -> list[tuple[int, int]]:
    """Returns the indices of the first word of each quoted text, and after its last."""
    found: list[tuple[int, int]] = []
    for match in _QUOTED.finditer(sentence):
        inside = [
            i
            for i, word in enumerate(words)
            if match.start() < word.start and word.end < match.end()
        ]
        if inside:
            found.append((inside[0], inside[-1] + 1))
    return found


def quoted(
    parameters: Sequence[Parameter], sentence: str, words: Sequence[Word], taken: set[int]
) -> dict[str, tuple[int, int]]:
    """Returns the quoted text of each parameter that has one.

    Args:
        parameters: The text parameters, in the order in which they are filled.
        sentence: What the user said.
        words: Its words.
        taken: Indices of words that are other arguments.
    """
    quotes = quotes_in(sentence, words)
    if quotes and [each.kind for each in parameters] == ["array"]:
        whole = quotes[0][0], quotes[-1][1]
        return {} if taken & set(range(*whole)) else {parameters[0].name: whole}
    inside = {i for span in quotes for i in range(*span)}
    outside = {word.lower for i, word in enumerate(words) if i not in inside}
    # Of a text and its tags the text is quoted.
    left = [each for each in parameters if each.kind != "array"]
    found: dict[str, tuple[int, int]] = {}
    untold: list[tuple[int, int]] = []
    for span in quotes:
        if taken & set(range(*span)):
            continue
        owner = _named(left, words, span[0]) or _introduced(left, sentence, words, span[0], outside)
        if owner is None:
            untold.append(span)
        else:
            found[owner.name] = span
            left.remove(owner)
    # "Send 'Ada' 'see you'": what is quoted last is the text, if there is one.
    likely = sorted(left, key=_likeliness, reverse=True)
    return found | {each.name: span for each, span in zip(likely, untold[::-1], strict=False)}


def _named(parameters: list[Parameter], words: Sequence[Word], start: int) -> Parameter | None:
    """Returns the parameter whose name stands before a quote: "the list 'home'"."""
    before = words[start - 1]
    if start < 2 or before.lower in CUES:  # The first word is a verb: "text 'Ada'".
        return None
    return next((each for each in parameters if before.stem in each.name_stems), None)


def _introduced(
    parameters: list[Parameter],
    sentence: str,
    words: Sequence[Word],
    start: int,
    outside: set[str],
) -> Parameter | None:
    """Returns the parameter whose cue stands before a quote, and no surer cue elsewhere."""
    if start == 0:
        return None
    between = sentence[words[start - 1].end : words[start].start]
    said = ":" if ":" in between else words[start - 1].lower
    for parameter in parameters:
        cues = role_of(parameter).cues
        if said in cues and said != "and" and not outside & set(cues[: cues.index(said)]):
            return parameter
    return None


def _likeliness(parameter: Parameter) -> tuple[bool, bool, bool, int]:
    """How likely a quoted text is a parameter: a message sooner than whom it is for."""
    role = role_of(parameter)
    return not is_code(parameter), role.is_long, parameter.required, ROLES.index(role)
