"""The arguments of a tool in a sentence, with the types of the tool's schema."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from adk_nb.local.codes import assign, codes_in, is_code
from adk_nb.local.moments import Kind, Moment, joined, kind_of_moment, moments_in
from adk_nb.local.phrases import Phrases
from adk_nb.local.quantities import Quantities
from adk_nb.local.spoken_numbers import Number, numbers_in, unread
from adk_nb.local.vocabulary import (
    ABBREVIATIONS,
    STOP_WORDS,
    Word,
    names_in,
    stem,
    word_set,
)

if TYPE_CHECKING:
    from datetime import datetime

    from adk_nb.local.signature import Parameter, Signature

_NEGATIONS = word_set("not no without don't dont never")
OPPOSITES = [
    ("on", "off"),
    ("open", "close"),
    ("lock", "unlock"),
    ("enable", "disable"),
    ("start", "stop"),
    ("up", "down"),
    ("outdoor", "indoor"),
    ("show", "hide"),
    ("mute", "unmute"),
    ("true", "false"),
    ("active", "inactive"),
]
# What a switch is told, whatever its parameter is called.
_SWITCHES = word_set("on enable start active")
_TO = word_set("to into in as")
_BEFORE_PLACES = word_set("to at from in near")
_BEFORE_MOMENTS = word_set("at on for by from around until this the")


class Arguments:
    """Fills in one tool's arguments from one sentence.

    Attributes:
        values: The arguments that were found and are not their defaults.
        taken: Indices of the words that they were found in.
        guessed: Indices of the words that were taken without a cue.
        missing: The required parameters that were not found.
        unread: Indices of number words that are part of no argument, and of names that could as
            well be another.
        repeats: How often the sentence asks for the call.
    """

    def __init__(
        self, sentence: str, words: list[Word], signature: Signature, now: datetime
    ) -> None:
        """Finds the arguments.

        Args:
            sentence: What the user said.
            words: Its words.
            signature: The tool.
            now: What "tomorrow" counts from.
        """
        self.values: dict[str, Any] = {}
        self.taken: set[int] = set()
        self.guessed: set[int] = set()
        self._sentence = sentence
        self._words = words
        self._signature = signature
        self._numbers = self._find_numbers()
        self._dates: set[int] = set()
        self.repeats = 1
        parameters = signature.parameters
        self._fill_choices([each for each in parameters if each.choices])
        plain = [each for each in parameters if not each.choices]
        for parameter in plain:
            if parameter.kind == "boolean":
                self._fill_boolean(parameter)
        numbers = self._numbers
        self._numbers = [each for each in numbers if not self._is_house_number(each)]
        self._fill_moments(parameters, now)
        self._fill_codes(parameters)
        self._fill_quantities(plain)
        self._fill_bare_time(parameters)
        phrases = Phrases(sentence, words, signature, self.taken, frozenset(self._dates), numbers)
        for parameter, value in phrases.fill():
            self._set(parameter, value)
        self.taken |= phrases.taken
        self.guessed = phrases.guessed
        left = [each for each in numbers if not set(range(each.start, each.end)) & self.taken]
        self.unread = {i for each in left for i in range(each.start, each.end)} | (
            unread([word.lower for word in words]) - self.taken
        )
        self.unread |= phrases.doubtful
        self.missing = [
            each for each in parameters if each.required and each.name not in self.values
        ]

    def _set(self, parameter: Parameter, value: object) -> None:
        if parameter.required or value != parameter.default:
            self.values[parameter.name] = value

    def _find_numbers(self) -> list[Number]:
        numbers = numbers_in([word.lower for word in self._words])
        # "3 d6" are two numbers; but "v2" beside another number is a name.
        if numbers and not any(re.fullmatch(r"d\d+", word.lower) for word in self._words):
            return numbers
        # "a d20", "version v2": a number that is glued to a letter.
        glued = [(i, re.fullmatch(r"[a-z](\d+)", word.lower)) for i, word in enumerate(self._words)]
        found = [Number(float(match[1]), i, i + 1, match[1]) for i, match in glued if match]
        return sorted([*numbers, *found], key=lambda each: each.start)

    def _is_house_number(self, number: Number) -> bool:
        """Whether a number begins a name: "to 221 Baker Street"."""
        before = self._words[number.start - 1].lower if number.start else ""
        after = self._words[number.end].text if number.end < len(self._words) else ""
        return before in _BEFORE_PLACES and after[:1].isupper() and not number.digits

    # --- choices -------------------------------------------------------------------------------

    def _fill_choices(self, parameters: list[Parameter]) -> None:
        for parameter in parameters:
            mentions = [
                mention
                for choice in parameter.choices
                for mention in self._mentions(choice, parameter)
                if not set(mention[1]) & self.taken
            ]
            if mentions:
                value, indices = max(
                    mentions,
                    key=lambda mention: (
                        self._suits(parameter, mention[1][0]),
                        len(mention[1]),
                        -mention[1][0],
                    ),
                )
                self._set(parameter, value)
                self.taken |= set(indices)

    def _suits(self, parameter: Parameter, index: int) -> int:
        """How well the words before a choice go with the parameter's name."""
        before = {word.lower for word in self._words[max(0, index - 2) : index]}
        after_number = any(number.end == index for number in self._numbers)
        names = set(parameter.name_words)
        if names & {"to", "target", "destination"}:
            return 2 if before & _TO and not after_number else 0
        if names & {"from", "source", "origin"}:
            return 2 if after_number or "from" in before else 0 if before & _TO else 1
        return 1 if {stem(word) for word in before} & parameter.name_stems else 0

    def _mentions(self, choice: object, parameter: Parameter) -> list[tuple[object, list[int]]]:
        """Returns where a choice is mentioned, as indices of words."""
        if isinstance(choice, (int, float)):
            return [
                (choice, list(range(number.start, number.end)))
                for number in self._numbers
                if number.value == choice
            ]
        stems = [stem(ABBREVIATIONS.get(word, word)) for word in names_in(str(choice))]
        said = [word.stem for word in self._words]
        whole = [
            (choice, list(range(i, i + len(stems))))
            for i in range(len(said))
            if stems and said[i : i + len(stems)] == stems
        ]
        if whole or not stems:
            return whole
        others = {
            stem(ABBREVIATIONS.get(word, word))
            for other in parameter.choices
            if other != choice
            for word in names_in(str(other))
        }
        unique = [each for each in stems if each not in others | self._signature.name_stems]
        return [
            (choice, [i])
            for i, each in enumerate(said)
            if len(each) > 2 and any(_same_start(each, other) for other in unique)
        ]

    # --- booleans ------------------------------------------------------------------------------

    def _fill_boolean(self, parameter: Parameter) -> None:
        for index, word in enumerate(self._words):
            value = self._truth(parameter, word)
            if value is None:
                continue
            near = {each.lower for each in self._words[max(0, index - 2) : index]}
            self._set(parameter, value != bool(near & _NEGATIONS))
            self.taken.add(index)
            return

    def _truth(self, parameter: Parameter, word: Word) -> bool | None:
        names = parameter.name_stems - {"is", "use", "be", "should"}
        if word.stem in names:
            return True
        for positive, negative in OPPOSITES:
            means = {stem(positive), stem(negative)}
            switches = parameter.required and positive in _SWITCHES
            if not names & means and not switches:
                continue
            if word.stem in means:
                other = stem(negative) if names & {stem(positive)} else stem(positive)
                opposite = word.stem == other if names & means else word.stem == stem(negative)
                return not opposite
        return None

    # --- numbers -------------------------------------------------------------------------------

    def _fill_quantities(self, plain: list[Parameter]) -> None:
        quantities = Quantities(self._words, self._signature, self._numbers, self.taken)
        for parameter, value in quantities.fill():
            self._set(parameter, value)
        self.taken |= quantities.taken
        self._numbers = quantities.left
        for parameter in plain:
            if parameter.kind == "array" and parameter.item_kind in {"integer", "number"}:
                self._fill_number_list(parameter)
                quantities.left = self._numbers
        quantities.repeat()
        self.repeats = quantities.repeats
        self.taken |= quantities.taken
        self._numbers = quantities.left

    def _fill_number_list(self, parameter: Parameter) -> None:
        if self._numbers:
            kind = int if parameter.item_kind == "integer" else float
            self._set(parameter, [kind(number.value) for number in self._numbers])
            self.taken |= {i for n in self._numbers for i in range(n.start, n.end)}
            self._numbers = []

    # --- times, dates, codes -------------------------------------------------------------------

    def _fill_moments(self, parameters: tuple[Parameter, ...], now: datetime) -> None:
        """Fills texts that are times or dates, and the numbers "hour" and "minute"."""
        moments = moments_in(self._words, now)
        for parameter in sorted(parameters, key=lambda each: not each.required):
            wanted = kind_of_moment(parameter)
            fitting = [each for each in moments if wanted and wanted.fits(each)]
            if parameter.choices or not fitting:
                continue
            moment = max(fitting, key=lambda each: each.sure)
            if wanted is Kind.WHEN and (whole := joined(fitting, self._words)):
                moment = whole
                moments = [each for each in moments if each.start >= whole.end]
            if parameter.kind == "string":
                said = self._said(moment.start, moment.end)
                self._set(parameter, moment.written(parameter, said))
                moments = [each for each in moments if each is not moment]
            elif "minut" in parameter.name_stems:
                self._set(parameter, moment.minute)
            else:
                self._set(parameter, moment.hour)
            self._take_with_cue(moment.start, moment.end)
        # A date that no parameter takes is still no part of a name: "Paris tomorrow".
        self._dates = {i for each in moments if each.day for i in range(each.start, each.end)}

    def _fill_bare_time(self, parameters: tuple[Parameter, ...]) -> None:
        """Takes "for six" as a time where nothing else is one."""
        for parameter in parameters:
            if parameter.kind != "string" or parameter.name in self.values:
                continue
            if not parameter.required or kind_of_moment(parameter) not in {Kind.TIME, Kind.WHEN}:
                continue
            for number in self._numbers:
                follows = self._words[number.end : number.end + 1]
                ends = not follows or follows[0].lower in STOP_WORDS
                if ends and 0 <= number.value <= 24 and not number.value % 1:
                    moment = Moment(number.start, number.end, hour=int(number.value))
                    said = self._said(number.start, number.end)
                    self._set(parameter, moment.written(parameter, said))
                    self._take_with_cue(number.start, number.end)
                    self._numbers.remove(number)
                    break

    def _fill_codes(self, parameters: tuple[Parameter, ...]) -> None:
        wanted = [each for each in parameters if is_code(each)]
        codes = codes_in(self._words, self._free_numbers()) if wanted else []
        for parameter, code in assign(wanted, self._words, codes, self.taken):
            self._set(parameter, code.text)
            self.taken |= set(range(code.start, code.end))
        self._numbers = self._free_numbers()

    def _free_numbers(self) -> list[Number]:
        return [n for n in self._numbers if not set(range(n.start, n.end)) & self.taken]

    def _take_with_cue(self, start: int, end: int) -> None:
        before = self._words[start - 1].lower if start else ""
        self.taken |= set(range(start - (before in _BEFORE_MOMENTS), end))

    def _said(self, start: int, end: int) -> str:
        return self._sentence[self._words[start].start : self._words[end - 1].end]


def _same_start(said: str, choice: str) -> bool:
    """Whether a word is a choice or its beginning, as "percent" is of "percentage"."""
    return said == choice or (len(said) > 4 and choice.startswith(said))
