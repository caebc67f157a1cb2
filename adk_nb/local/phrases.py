"""The phrases of a sentence that are a tool's string arguments: places, names, topics, texts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adk_nb.local.vocabulary import (
    FILLERS,
    STOP_WORDS,
    Word,
    names_in,
    same_meaning,
    stem,
    word_set,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adk_nb.local.signature import Parameter, Signature
    from adk_nb.local.spoken_numbers import Number


@dataclass(frozen=True)
class _Role:
    """What a parameter's name says about the words that introduce it.

    Attributes:
        names: Words in the parameter's name that give it the role.
        cues: Words that introduce it, the surest first.
        is_long: Whether the phrase goes on past the next preposition.
    """

    names: frozenset[str]
    cues: tuple[str, ...]
    is_long: bool = False


def _role(names: str, cues: str, *, is_long: bool = False) -> _Role:
    return _Role(frozenset(names.split()), tuple(cues.split()), is_long)


# In the order in which they are filled: the free texts last, with what is left.
_FROM = _role("from origin source start departure begin", "from between")
_TO = _role("to destination target end arrival goal", "to into and in")
_DAY = _role("day date when weekday", "on for")
_PLACE = _role("city place location country town region room address airport", "in at for near of")
_PERSON = _role(
    "recipient person contact name who user guest customer author", "named called name to for by"
)
_TITLE = _role(
    "title label song track film file filename path", "called named titled", is_long=True
)
_TOPIC = _role(
    "query topic subject keyword term question search about",
    "about on regarding for of",
    is_long=True,
)
_TEXT = _role(
    "text message content body note sentence prompt", ": saying says say that", is_long=True
)
_OTHER = _role("", "called named of for about in on with to", is_long=True)
_ROLES = (_FROM, _TO, _DAY, _PLACE, _PERSON, _TITLE, _TOPIC, _OTHER, _TEXT)

_CUES = frozenset(cue for role in _ROLES for cue in role.cues) | word_set(
    "with under by from at into between using as"
)
_DAYS = word_set("today tomorrow tonight monday tuesday wednesday thursday friday saturday sunday")
_ARTICLES = word_set("the a an my our your me us it some that this")
_EDGES = _ARTICLES | FILLERS | word_set("is are was be do does")


def role_of(parameter: Parameter) -> _Role:
    """Returns what a parameter's name says about the words that introduce it."""
    words = set(parameter.name_words)
    for role in _ROLES:
        if words & role.names:
            return role
    described = set(names_in(parameter.description))
    return _PLACE if described & {"city", "place", "country", "town"} else _OTHER


class Phrases:
    """Finds the string arguments of one tool in what the other arguments left of a sentence.

    Attributes:
        taken: Indices of the words that they were found in, cues included.
        guessed: Those of them that no cue introduced.
    """

    def __init__(
        self,
        sentence: str,
        words: list[Word],
        signature: Signature,
        taken: set[int],
        numbers: list[Number],
    ) -> None:
        """Prepares to look.

        Args:
            sentence: What the user said.
            words: Its words.
            signature: The tool.
            taken: Indices of words that are other arguments.
            numbers: The numbers in the sentence.
        """
        self.taken = set(taken)
        self.guessed: set[int] = set()
        self._sentence = sentence
        self._words = words
        self._numbers = numbers
        self._parameters = [
            each
            for each in signature.parameters
            if not each.choices
            and (each.kind == "string" or (each.kind == "array" and each.item_kind == "string"))
        ]
        self._other_names = {each for other in signature.parameters for each in other.name_stems}
        names = {stem(word) for each in self._parameters for word in each.name_words}
        summary = {stem(word) for word in names_in(signature.summary)}
        self._tool_stems = (signature.name_stems | names | summary) - {
            stem(word) for word in STOP_WORDS
        }

    def fill(self) -> Iterator[tuple[Parameter, str | list[str]]]:
        """Yields each parameter that was found, with its value."""
        ordered = sorted(self._parameters, key=lambda each: _ROLES.index(role_of(each)))
        for parameter in ordered:
            span = self._find(parameter)
            if span is None:
                continue
            text = self._text(*span)
            if parameter.kind == "array":
                items = re.split(r"\s*,\s*(?:and\s+)?|\s+(?:and|or)\s+", text)
                yield parameter, [item for item in items if item]
            else:
                yield parameter, text

    def _find(self, parameter: Parameter) -> tuple[int, int] | None:
        role = role_of(parameter)
        span = (
            self._quoted()
            or self._after_name(parameter)
            or self._after_cue(role)
            or self._by_role(role)
        )
        if span is None and parameter.required:
            span = self._capitalised(role) or self._rest(role)
            if span is not None and not any(map(self._is_name, range(*span))):
                self.guessed |= set(range(*span))
        if span is not None:
            self.taken |= set(range(*span))
        return span

    # --- where to look -------------------------------------------------------------------------

    def _quoted(self) -> tuple[int, int] | None:
        match = re.search(r"[\"\u201c]([^\"\u201d]+)[\"\u201d]", self._sentence)
        if match is None:
            return None
        inside = [
            i
            for i, word in enumerate(self._words)
            if match.start() < word.start and word.end < match.end()
        ]
        free = inside and not self.taken & set(inside)
        return (inside[0], inside[-1] + 1) if free else None

    def _after_name(self, parameter: Parameter) -> tuple[int, int] | None:
        """Finds "name Smith" and "column age"."""
        names = {stem(word) for word in parameter.name_words if word not in _CUES}
        for i, word in enumerate(self._words[:-1]):
            start = i + 1 + (self._words[i + 1].lower in {"is", "called", "named"})
            if word.stem not in names or i in self.taken or start >= len(self._words):
                continue
            first = self._words[start]
            joined = not self._mark_after(i) or self._mark_after(i) == ":"
            meaningless = first.lower in _CUES | STOP_WORDS or self._is_tool_word(first)
            if joined and not meaningless and start not in self.taken:
                return self._phrase(start, is_long=False)
        return None

    def _after_cue(self, role: _Role) -> tuple[int, int] | None:
        for cue in role.cues:
            for i, word in enumerate(self._words):
                is_cue = word.lower == cue and i not in self.taken
                is_colon = cue == ":" == self._mark_after(i)
                if not (is_cue or is_colon) or i + 1 >= len(self._words):
                    continue
                if cue == "and" and not any(each.lower == "between" for each in self._words[:i]):
                    continue
                span = self._phrase(i + 1, is_long=role.is_long, verbatim=role is _TEXT)
                if span is not None:
                    self.taken.add(i)
                    return span
        return None

    def _by_role(self, role: _Role) -> tuple[int, int] | None:
        """Finds what needs no cue: a weekday, the unit after a number, "how many miles"."""
        for i, word in enumerate(self._words):
            if i in self.taken:
                continue
            if role is _DAY and word.lower in _DAYS:
                return i, i + 1
            after_number = any(number.end == i for number in self._numbers)
            if role is _FROM and after_number and word.lower not in _CUES:
                return i, i + 1
            if role is _TO and [each.lower for each in self._words[:i]][-2:] == ["how", "many"]:
                return i, i + 1
        return None

    def _capitalised(self, role: _Role) -> tuple[int, int] | None:
        """Finds a name inside the sentence by its capitals."""
        if role.is_long:
            return None
        for i, word in enumerate(self._words):
            if i == 0 or i in self.taken or word.lower in STOP_WORDS or not word.text[0].isupper():
                continue
            end = i + 1
            while (
                end < len(self._words)
                and self._words[end].text[0].isupper()
                and not self._mark_after(end - 1)
            ):
                end += 1
            return i, end
        return None

    def _rest(self, role: _Role) -> tuple[int, int] | None:
        """Takes the sentence's object: what follows the words that name the tool."""
        start = 0
        for i, word in enumerate(self._words):
            known = word.lower in STOP_WORDS | FILLERS
            if i not in self.taken and not known and not self._is_tool_word(word):
                break
            if i in self.taken or self._is_tool_word(word) or role is not _TEXT:
                start = i + 1
        return self._phrase(start, is_long=role.is_long, verbatim=role is _TEXT)

    # --- where a phrase ends ---------------------------------------------------------------------

    def _phrase(
        self, start: int, *, is_long: bool, verbatim: bool = False
    ) -> tuple[int, int] | None:
        """Returns the phrase that starts at a word, without what belongs to its neighbours."""
        end = start
        while end < len(self._words) and end not in self.taken:
            word = self._words[end]
            if end > start and not is_long and (word.lower in _CUES or self._mark_after(end - 1)):
                break
            end += 1
        cut_short = end < len(self._words)
        while end > start and self._is_tail(end - 1, cut_short=cut_short, verbatim=verbatim):
            end -= 1
        while start < end and (
            self._words[start].lower == "that" if verbatim else self._is_edge(start)
        ):
            start += 1
        return (start, end) if start < end else None

    def _is_tail(self, index: int, *, cut_short: bool, verbatim: bool) -> bool:
        """Whether a word at the end of a phrase belongs to what follows, or to nothing."""
        word = self._words[index]
        if word.lower == "please" or (cut_short and word.lower in _CUES | _ARTICLES):
            return True
        if verbatim:
            return False
        follows = cut_short and (word.lower in STOP_WORDS or word.stem in self._other_names)
        return follows or self._is_edge(index)

    def _is_edge(self, index: int) -> bool:
        word = self._words[index]
        return word.lower in _EDGES or (self._is_tool_word(word) and not self._is_name(index))

    def _is_name(self, index: int) -> bool:
        return index > 0 and self._words[index].text[0].isupper()

    def _is_tool_word(self, word: Word) -> bool:
        return word.stem in self._tool_stems or (
            word.lower not in _CUES
            and any(same_meaning(word.stem, each) for each in self._tool_stems)
        )

    def _mark_after(self, index: int) -> str:
        """Returns the punctuation between a word and the next one."""
        end = self._words[index].end
        return self._sentence[end : end + 1].strip(" -'\u2019\"\u201d")

    def _text(self, start: int, end: int) -> str:
        return self._sentence[self._words[start].start : self._words[end - 1].end]
