"""The arguments of a tool in a sentence, with the types of the tool's schema."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from adk_nb.local.phrases import Phrases
from adk_nb.local.spoken_numbers import Number, numbers_in
from adk_nb.local.vocabulary import (
    ABBREVIATIONS,
    STOP_WORDS,
    TIME_UNITS,
    Word,
    names_in,
    same_meaning,
    stem,
    word_set,
)

if TYPE_CHECKING:
    from adk_nb.local.signature import Parameter, Signature

_NEGATIONS = word_set("not no without don't dont never")
_OPPOSITES = [
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
_TO = word_set("to into in as")


class Arguments:
    """Fills in one tool's arguments from one sentence.

    Attributes:
        values: The arguments that were found and are not their defaults.
        taken: Indices of the words that they were found in.
        guessed: Indices of the words that were taken without a cue.
        missing: Whether a required argument was not found.
    """

    def __init__(self, sentence: str, words: list[Word], signature: Signature) -> None:
        """Finds the arguments.

        Args:
            sentence: What the user said.
            words: Its words.
            signature: The tool.
        """
        self.values: dict[str, Any] = {}
        self.taken: set[int] = set()
        self.guessed: set[int] = set()
        self._words = words
        self._signature = signature
        self._numbers = self._find_numbers()
        parameters = signature.parameters
        self._fill_choices([each for each in parameters if each.choices])
        plain = [each for each in parameters if not each.choices]
        for parameter in plain:
            if parameter.kind == "boolean":
                self._fill_boolean(parameter)
        self._fill_numbers([each for each in plain if each.kind in {"integer", "number"}])
        self._fill_number_lists([each for each in plain if each.kind == "array"])
        phrases = Phrases(sentence, words, signature, self.taken, self._numbers)
        for parameter, value in phrases.fill():
            self._set(parameter, value)
        self.taken |= phrases.taken
        self.guessed = phrases.guessed
        self.missing = any(each.required and each.name not in self.values for each in parameters)

    def _set(self, parameter: Parameter, value: object) -> None:
        if parameter.required or value != parameter.default:
            self.values[parameter.name] = value

    def _find_numbers(self) -> list[Number]:
        numbers = numbers_in([word.lower for word in self._words])
        if numbers:
            return numbers
        # "a d20", "version v2": a number that is glued to a letter.
        glued = [(i, re.fullmatch(r"[a-z](\d+)", word.lower)) for i, word in enumerate(self._words)]
        return [Number(float(match[1]), i, i + 1) for i, match in glued if match]

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
        return [(choice, [i]) for i, each in enumerate(said) if each in unique and len(each) > 2]

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
        for positive, negative in _OPPOSITES:
            means = {stem(positive), stem(negative)}
            if not names & means and not (parameter.required and positive == "on"):
                continue
            if word.stem in means:
                other = stem(negative) if names & {stem(positive)} else stem(positive)
                opposite = word.stem == other if names & means else word.stem == stem(negative)
                return not opposite
        return None

    # --- numbers -------------------------------------------------------------------------------

    def _fill_numbers(self, parameters: list[Parameter]) -> None:
        free = [n for n in self._numbers if not set(range(n.start, n.end)) & self.taken]
        pairs = [
            (self._fits(parameter, number), -number.start, -order, parameter, number)
            for order, parameter in enumerate(parameters)
            for number in free
        ]
        left = list(parameters)
        for score, _, _, parameter, number in sorted(pairs, key=lambda pair: pair[:3])[::-1]:
            if score > 0 and parameter in left and number in free:
                self._take_number(parameter, number)
                left.remove(parameter)
                free.remove(number)
        for parameter in sorted(left, key=lambda each: not each.required):
            for number in free:
                usable = parameter.required or not self._counts_the_object(number)
                if self._fits(parameter, number) == 0 and usable:
                    self._take_number(parameter, number)
                    free.remove(number)
                    break

    def _fits(self, parameter: Parameter, number: Number) -> int:
        """Returns how well a number goes with a parameter; below 0 if it cannot."""
        value = self._converted(parameter, number)
        is_whole = value == int(value)
        is_year = is_whole and 1000 <= value < 2200
        if "year" in parameter.name_stems:
            return 3 if is_year else -1
        has_year = any("year" in each.name_stems for each in self._signature.parameters)
        in_range = parameter.minimum <= value <= parameter.maximum
        if not in_range or (parameter.kind == "integer" and not is_whole) or (is_year and has_year):
            return -1
        near = self._near(number)
        named = near & parameter.name_stems
        if named or (self._unit(number) and self._time_unit(parameter)):
            return 4
        if any(same_meaning(one, other) for one in near for other in parameter.name_stems):
            return 3
        described = {stem(word) for word in names_in(parameter.description)}
        return 2 if near & described else 0

    def _near(self, number: Number) -> set[str]:
        """Returns the stems of the words next to a number that could name what it counts."""
        after = self._words[number.end : number.end + 2]
        before = self._words[max(0, number.start - 2) : number.start]
        return {word.stem for word in [*after, *before] if word.lower not in STOP_WORDS}

    def _counts_the_object(self, number: Number) -> bool:
        """Whether an optional number counts something else: "two dice", "99 balloons"."""
        after = self._words[number.end : number.end + 1]
        return bool(after) and after[0].lower not in STOP_WORDS and after[0].stem != "degre"

    def _unit(self, number: Number) -> str | None:
        after = self._words[number.end : number.end + 1]
        return after[0].stem if after and after[0].stem in _UNIT_SECONDS else None

    def _time_unit(self, parameter: Parameter) -> str | None:
        units = [each for each in parameter.name_stems if each in _UNIT_SECONDS]
        return units[0] if units else None

    def _converted(self, parameter: Parameter, number: Number) -> float:
        said, wanted = self._unit(number), self._time_unit(parameter)
        if said is None or wanted is None:
            return number.value
        return number.value * _UNIT_SECONDS[said] / _UNIT_SECONDS[wanted]

    def _take_number(self, parameter: Parameter, number: Number) -> None:
        value = self._converted(parameter, number)
        self._set(parameter, int(value) if parameter.kind == "integer" else float(value))
        self.taken |= set(range(number.start, number.end))
        if self._unit(number) and self._time_unit(parameter):
            self.taken.add(number.end)

    def _fill_number_lists(self, parameters: list[Parameter]) -> None:
        for parameter in parameters:
            if parameter.item_kind not in {"integer", "number"}:
                continue
            free = [n for n in self._numbers if not set(range(n.start, n.end)) & self.taken]
            whole = parameter.item_kind == "integer"
            if free:
                values = [int(n.value) if whole else float(n.value) for n in free]
                self._set(parameter, values)
                self.taken |= {i for n in free for i in range(n.start, n.end)}


_UNIT_SECONDS = {stem(unit): seconds for unit, seconds in TIME_UNITS.items()}
