"""The phrases of a sentence that are a tool's string arguments: places, names, topics, texts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adk_nb.local.codes import is_code
from adk_nb.local.moments import kind_of_moment
from adk_nb.local.quotes import quoted
from adk_nb.local.roles import (
    CUES,
    DEPICTED,
    FROM,
    OTHER,
    PERSON,
    ROLES,
    TEXT,
    TO,
    Role,
    role_of,
)
from adk_nb.local.vocabulary import (
    FILLERS,
    STOP_WORDS,
    Word,
    is_kind_of,
    is_title,
    names_in,
    same_meaning,
    stem,
    word_set,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adk_nb.local.signature import Parameter, Signature
    from adk_nb.local.spoken_numbers import Number


_ARTICLES = word_set("the a an my our your me us it some that this")
_EDGES = (
    _ARTICLES
    | FILLERS
    | word_set("is are was be do does any some myself yourself himself herself itself themselves")
)
_GENERIC = frozenset(map(stem, ["name", "title", "id", "type", "kind", "label", "string"]))
_NO_NAME = word_set("new another next first last direct quick short long other same extra")
_SAYING = word_set("saying says")
_EXAMPLES = re.compile(r"\b(?:such as|e\.g\.|for example)", re.IGNORECASE)
# What tells a beginning from an end.
_DIRECTIONS = word_set("from to into between of and")
_WHERE = word_set("in at near")
_IN_NAMES = word_set("and of the de la von van der")
_FREE_TEXTS = (TEXT, DEPICTED)
# What an argument looks like, by a word in its parameter's name.
_SHAPES = (
    (word_set("path file filename filepath dirpath"), re.compile(r"[\w~-]*[./][\w./-]*\w")),
    (word_set("url link website uri"), re.compile(r"https?://\S+|[\w-]+(?:\.[\w-]+)+(?:/\S*)?")),
    (word_set("email mail to recipient"), re.compile(r"[\w.+-]+@[\w.-]+")),
)


class Phrases:
    """Finds the string arguments of one tool in what the other arguments left of a sentence.

    Attributes:
        taken: Indices of the words that they were found in, cues included.
        guessed: Those of them that no cue introduced.
        doubtful: Those that could as well be another argument.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - Each is something else that is known already.
        self,
        sentence: str,
        words: list[Word],
        signature: Signature,
        taken: set[int],
        dates: frozenset[int],
        numbers: list[Number],
    ) -> None:
        """Prepares to look.

        Args:
            sentence: What the user said.
            words: Its words.
            signature: The tool.
            taken: Indices of words that are other arguments.
            dates: Indices of words that are dates which no parameter takes.
            numbers: The numbers in the sentence.
        """
        self.taken = set(taken)
        self.guessed: set[int] = set()
        self.doubtful: set[int] = set()
        self._sentence = sentence
        self._words = words
        self._dates = dates
        self._numbers = numbers
        self._signature = signature
        self._parameters = [
            each
            for each in signature.parameters
            if not each.choices
            and kind_of_moment(each) is None
            and (each.kind == "string" or (each.kind == "array" and each.item_kind == "string"))
        ]
        self._other_names = {each for other in signature.parameters for each in other.name_stems}
        names = {each for one in signature.parameters for each in one.name_stems}
        # What follows "such as" are values, and no words of the tool itself.
        summary = {stem(word) for word in names_in(_EXAMPLES.split(signature.summary)[0])}
        self._particles = word_set("on off up down") & set(names_in(signature.name))
        self._tool_stems = (signature.name_stems | names | summary) - {
            stem(word) for word in STOP_WORDS
        }

    def fill(self) -> Iterator[tuple[Parameter, str | list[str]]]:
        """Yields each parameter that was found, with its value."""
        ordered = sorted(
            self._parameters,
            key=lambda each: (self._of_kind(each) is None, ROLES.index(role_of(each))),
        )
        quotes = quoted(ordered, self._sentence, self._words, self.taken)
        self.taken |= {i for span in quotes.values() for i in range(*span)}
        spans = {each.name: quotes.get(each.name) or self._told(each) for each in ordered}
        for parameter in ordered:
            # What is not told is looked for in what is left, so "to Houston" is no origin.
            span = spans[parameter.name] or self._untold(parameter)
            if span is None:
                continue
            text = self._text(*span)
            if parameter.kind == "array":
                yield parameter, _items(text)
            else:
                yield parameter, text

    def _told(self, parameter: Parameter) -> tuple[int, int] | None:
        """Finds what something in the sentence says is this parameter."""
        role = role_of(parameter)
        span = self._shaped(parameter) or self._after_name(parameter)
        if span is None and not is_code(parameter):
            span = (
                self._of_kind(parameter)
                or self._after_cue(parameter, role)
                or self._before_noun(parameter)
                or self._by_role(role)
            )
        if span is not None:
            self.taken |= set(range(*span))
        return span

    def _untold(self, parameter: Parameter) -> tuple[int, int] | None:
        """Takes a name, or the sentence's object, for what must be given."""
        if is_code(parameter) or not (parameter.required or self._is_object(parameter)):
            return None
        role = role_of(parameter)
        span = self._capitalised(role) or self._rest(role)
        if span is not None and not any(map(self._is_name, range(*span))):
            self.guessed |= set(range(*span))
        if span is not None:
            self.taken |= set(range(*span))
            if role is FROM and not any(word.lower in _DIRECTIONS for word in self._words):
                self.doubtful |= set(range(*span))
        return span

    def _is_object(self, parameter: Parameter) -> bool:
        """Whether an optional text is what the tool's verb is done to: "play Jolene"."""
        if any(each.required for each in self._parameters) or parameter.default:
            return False
        names = names_in(self._signature.name)
        is_first = parameter is next(iter(self._parameters), None) and len(names) == 1
        return is_first and self._words[0].stem == stem(names[0])

    # --- where to look -------------------------------------------------------------------------

    def _after_name(self, parameter: Parameter) -> tuple[int, int] | None:
        """Finds "name Smith", "column age" and "start in Rome"."""
        ends = role_of(parameter) in (FROM, TO)
        names = {stem(word) for word in parameter.name_words if word not in CUES}
        for i, word in enumerate(self._words[:-1]):
            start = i + 1 + (self._words[i + 1].lower in {"is", "called", "named"})
            if word.stem not in names or i in self.taken or start >= len(self._words):
                continue
            first = self._words[start]
            placed = ends and first.lower in _WHERE and start + 1 < len(self._words)
            if placed and self._is_name(start + 1) and start + 1 not in self.taken:
                return self._phrase(start + 1, is_long=False)
            # "Text Anna" begins with a verb, "text: hello" with a name.
            joined = self._mark_after(i) == ":" or (i > 0 and not self._mark_after(i))
            known = first.lower in CUES | STOP_WORDS or self._is_tool_word(first)
            meaningless = known and not self._is_name(start)
            if joined and not meaningless and start not in self.taken:
                return self._phrase(start, is_long=False, joins=parameter.kind == "array")
        return None

    def _shaped(self, parameter: Parameter) -> tuple[int, int] | None:
        """Finds what can be nothing else: "notes.txt" is a file, "a@b.org" an address."""
        for names, shape in _SHAPES:
            if not names & set(parameter.name_words):
                continue
            for i, word in enumerate(self._words):
                if i not in self.taken and shape.fullmatch(word.text):
                    return i, i + 1
        return None

    def _of_kind(self, parameter: Parameter) -> tuple[int, int] | None:
        """Finds "red" for a color and "Thai" for a cuisine."""
        if role_of(parameter) in (FROM, TO):
            return None
        for i, word in enumerate(self._words):
            named = i not in self.taken and not self._is_number(i)
            if named and any(is_kind_of(word.stem, each) for each in parameter.name_stems):
                return i, i + 1
        return None

    def _before_noun(self, parameter: Parameter) -> tuple[int, int] | None:
        """Finds "grocery" of "the grocery list" for a list's name, "pasta" of "a pasta timer"."""
        nouns = parameter.name_stems - _GENERIC
        if not nouns and not parameter.required:
            nouns = frozenset(stem(word) for word in names_in(self._signature.name)[1:])
        for i, word in enumerate(self._words):
            if word.stem not in nouns:
                continue
            start = i
            while start > 1 and self._describes(start - 1):
                start -= 1
            if start < i:
                return start, i
        return None

    def _describes(self, index: int) -> bool:
        word = self._words[index]
        return (
            index not in self.taken
            and word.has_meaning
            and word.lower not in CUES | FILLERS | _NO_NAME
            and not self._is_number(index)
            and not self._mark_after(index)
        )

    def _is_number(self, index: int) -> bool:
        return any(number.start <= index < number.end for number in self._numbers)

    def _after_cue(self, parameter: Parameter, role: Role) -> tuple[int, int] | None:
        cues = role.cues
        if not parameter.required and (role is OTHER or parameter.name_stems & _GENERIC):
            cues = ("called", "named")  # What nobody need say is not told by an "in" or a "to".
        for cue in cues:
            for i, word in enumerate(self._words):
                is_cue = word.lower == cue and i not in self.taken and not self._is_own(i)
                is_colon = cue == ":" == self._mark_after(i)
                if not (is_cue or is_colon) or i + 1 >= len(self._words):
                    continue
                if cue == "and" and not any(each.lower == "between" for each in self._words[:i]):
                    continue
                span = self._phrase(
                    i + 1,
                    is_long=role.is_long,
                    verbatim=role in _FREE_TEXTS,
                    joins=parameter.kind == "array",
                )
                if span is not None and role is PERSON:
                    span = self._name_within(*span)
                if span is not None:
                    self.taken |= set() if is_colon else {i}
                    return self._with_measure(i, span)
        return None

    def _name_within(self, start: int, end: int) -> tuple[int, int]:
        """Returns a name without what follows it in small letters: "Maria" of "Maria quickly"."""
        if not self._is_name(start):
            return start, end
        last = start
        while last + 1 < end and (
            self._is_name(last + 1) or self._words[last + 1].lower in _IN_NAMES
        ):
            last += 1
        while self._words[last].lower in _IN_NAMES:
            last -= 1
        return start, last + 1

    def _with_measure(self, cue: int, span: tuple[int, int]) -> tuple[int, int]:
        """Returns "two liters of milk" for "milk" where no other parameter takes the number."""
        for number in self._numbers:
            free = not set(range(number.start, number.end)) & self.taken
            if self._words[cue].lower == "of" and free and number.end in (cue - 1, cue):
                return number.start, span[1]
        return span

    def _is_own(self, index: int) -> bool:
        """Whether a word is a particle of the tool's verb: "on" of "turn on"."""
        return index < 4 and self._words[index].lower in names_in(self._signature.name)

    def _by_role(self, role: Role) -> tuple[int, int] | None:
        """Finds what needs no cue: the unit after a number, "how many miles"."""
        for i, word in enumerate(self._words):
            if i in self.taken:
                continue
            after_number = any(number.end == i for number in self._numbers)
            if role is FROM and after_number and word.lower not in CUES:
                return i, i + 1
            if role is TO and [each.lower for each in self._words[:i]][-2:] == ["how", "many"]:
                return i, i + 1
        return None

    def _capitalised(self, role: Role) -> tuple[int, int] | None:
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

    def _rest(self, role: Role) -> tuple[int, int] | None:
        """Takes the sentence's object: what follows the words that name the tool."""
        start = 0
        for i, word in enumerate(self._words):
            known = word.lower in STOP_WORDS | FILLERS
            if i not in self.taken and not known and not self._is_tool_word(word):
                break
            if i in self.taken or self._is_tool_word(word) or role not in _FREE_TEXTS:
                start = i + 1
        return self._phrase(start, is_long=role.is_long, verbatim=role in _FREE_TEXTS)

    # --- where a phrase ends ---------------------------------------------------------------------

    def _phrase(
        self, start: int, *, is_long: bool, verbatim: bool = False, joins: bool = False
    ) -> tuple[int, int] | None:
        """Returns the phrase that starts at a word, without what belongs to its neighbours."""
        end = start
        while end < len(self._words) and end not in self.taken:
            word = self._words[end]
            goes_on = is_long or (joins and (word.lower == "and" or self._mark_after(end - 1)))
            if end > start and not goes_on and (word.lower in CUES or self._mark_after(end - 1)):
                break
            is_date = end in self._dates and (end > start or not is_long)
            if not verbatim and (is_date or (end > start and word.lower in _SAYING)):
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
        if word.lower == "please" or (cut_short and word.lower in CUES | _ARTICLES):
            return True
        if verbatim:
            return False
        if word.lower in CUES and not self._is_name(index):
            return True
        follows = cut_short and (word.lower in STOP_WORDS or word.stem in self._other_names)
        return (follows and not self._is_name(index)) or self._is_edge(index)

    def _is_edge(self, index: int) -> bool:
        word = self._words[index]
        if self._is_name(index) and word.text != "I":
            return False
        return word.lower in _EDGES | self._particles or self._is_tool_word(word)

    def _is_name(self, index: int) -> bool:
        return index > 0 and self._words[index].text[0].isupper()

    def _is_tool_word(self, word: Word) -> bool:
        return word.stem in self._tool_stems or (
            word.lower not in CUES
            and any(same_meaning(word.stem, each) for each in self._tool_stems)
        )

    def _mark_after(self, index: int) -> str:
        """Returns the punctuation between a word and the next one."""
        end = self._words[index].end
        if is_title(self._sentence[: end + 1]) and index + 1 < len(self._words):
            return ""
        return self._sentence[end:].lstrip("'\u2019\"\u201d")[:1].strip(" -")

    def _text(self, start: int, end: int) -> str:
        return self._sentence[self._words[start].start : self._words[end - 1].end]


def _items(text: str) -> list[str]:
    """Returns what a text enumerates; what is quoted is so without its quotation marks."""
    items = re.split(r"\s*,\s*(?:(?:and|or)\s+)?|\s+(?:and|or)\s+", text)
    marks = "\"'\u2018\u2019\u201c\u201d"
    return [bare for item in items if (bare := item.strip(marks))]
