"""The numbers of a sentence as arguments: counts, measures, money, durations, and repetitions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adk_nb.local.vocabulary import (
    STOP_WORDS,
    TIME_UNITS,
    Word,
    is_kind_of,
    names_in,
    same_meaning,
    stem,
    word_set,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adk_nb.local.signature import Parameter, Signature
    from adk_nb.local.spoken_numbers import Number

_UNIT_SECONDS = {stem(unit): seconds for unit, seconds in TIME_UNITS.items()}
_UNITS_DOWN = sorted(_UNIT_SECONDS, key=lambda unit: -_UNIT_SECONDS[unit])
_MONEY = frozenset(map(stem, ["amount", "price", "cost", "money", "budget", "value", "sum", "tip"]))
_MEASURES = word_set("percent degree degrees sided")
_UNIT_NAMES = word_set("unit currency from to source target")
_COUNTS = frozenset(
    map(
        stem,
        [
            "count",
            "number",
            "amount",
            "quantity",
            "many",
            "size",
            "time",
            "limit",
            "maximum",
            "top",
        ],
    )
)
_GETTERS = word_set("get find search list show check fetch lookup read retrieve")
_BETWEEN = word_set("of is are to be a an the = at as with about than")
_BREAKS = word_set("and or but then for from in on at by with to")
_STOP_STEMS = frozenset(stem(word) for word in STOP_WORDS)
_FIRST, _ONLY = word_set("first top last"), word_set("just only the")
_TIMES = {"twice": 2, "thrice": 3}
_MOST_REPEATS = 10
# Kinds of what is measured and not counted.
_KINDS = ("unit", "temperatur", "currenci")
# The description of a share of one: "0.0 is off, 1.0 is full".
_SHARE = re.compile(r"\b0(?:\.0)?\b.*\b1(?:\.0)?\b(?!\d)")


class Quantities:
    """Gives a sentence's numbers to the parameters of one tool.

    Attributes:
        taken: Indices of the words that were read.
        repeats: How often the sentence asks for the call: "two dice", "three times".
        left: Numbers that are no argument.
    """

    def __init__(
        self, words: list[Word], signature: Signature, numbers: list[Number], taken: set[int]
    ) -> None:
        """Prepares to fill.

        Args:
            words: The sentence.
            signature: The tool.
            numbers: Its numbers, without those of times, dates and codes.
            taken: Indices of words that are other arguments.
        """
        self.taken: set[int] = set()
        self.repeats = 1
        self.left = [n for n in numbers if not set(range(n.start, n.end)) & taken]
        self._starts = {each.start for each in numbers}
        self._words = words
        self._lower = [word.lower for word in words]
        self._has_unit = any(_UNIT_NAMES & set(each.name_words) for each in signature.parameters)
        self._parameters = [
            each for each in signature.parameters if each.kind in {"integer", "number"}
        ]
        self._names = {each for one in self._parameters for each in one.name_stems}
        summary = {stem(word) for word in names_in(signature.summary)}
        # To look twice for the same finds the same.
        looks = names_in(signature.name)[:1] in ([verb] for verb in _GETTERS)
        self._named = frozenset() if looks else signature.name_stems - _STOP_STEMS
        self._objects = (signature.name_stems | summary) - {stem(word) for word in STOP_WORDS}

    def fill(self) -> Iterator[tuple[Parameter, int | float]]:
        """Yields each parameter that was found, with its value; call `repeat` after it."""
        open_ = [each for each in self._parameters if not each.choices]
        for parameter, value in [*self._durations(open_), *self._prices(open_)]:
            open_.remove(parameter)
            yield parameter, value
        for parameter, number in self._matched(open_):
            open_.remove(parameter)
            yield parameter, self._take(parameter, number)
        for parameter in sorted(open_, key=lambda each: not each.required):
            for number in self.left:
                is_count = self._is_count(parameter)
                # "d20" says what, "20 dice" how many.
                wrong = number.digits if is_count else self._counts_the_object(number)
                wrong = wrong or (self._is_often(number) and "times" not in parameter.name_words)
                if self._fits(parameter, number) == 0 and not wrong:
                    yield parameter, self._take(parameter, number)
                    break

    def repeat(self) -> None:
        """Reads how often the call is asked for, from what no argument took."""
        for i, word in enumerate(self._lower):
            if word in _TIMES:
                self.repeats = _TIMES[word]
                self.taken.add(i)
        for number in list(self.left):
            often = self._is_often(number)
            counts = often or (self._counts(number, self._named) and number.value != 1)
            if counts and number.value in range(1, _MOST_REPEATS + 1):
                self.repeats = int(number.value)
                self._use(number)
                if often:
                    self.taken.add(number.end)

    def _is_often(self, number: Number) -> bool:
        """Whether a number says how often: "three times", but not "three times four"."""
        is_product = number.end + 1 in self._starts
        return self._lower[number.end : number.end + 1] == ["times"] and not is_product

    def _use(self, number: Number) -> None:
        self.taken |= set(range(number.start, number.end))
        self.left.remove(number)

    def _take(self, parameter: Parameter, number: Number) -> int | float:
        self._use(number)
        if self._is_count(parameter):
            self._use_order(number.start)
        value = number.value
        after = self._lower[number.end : number.end + 1]
        if after and self._is_measure(number.end):
            self.taken.add(number.end)
            share = parameter.kind == "number" and _SHARE.search(parameter.description)
            value = value / 100 if after[0] == "percent" and value > 1 and share else value
        return int(value) if parameter.kind == "integer" else float(value)

    def _use_order(self, start: int) -> None:
        """Takes "just the first" before a number that says how many are wanted."""
        if self._lower[start - 1 : start] and self._lower[start - 1] in _FIRST:
            at = start - 1
            while at >= 0 and self._lower[at] in _FIRST | _ONLY:
                self.taken.add(at)
                at -= 1

    def _is_measure(self, index: int) -> bool:
        """Whether a word only says what a number measures; where a parameter does, it is its."""
        word = self._words[index]
        money = not self._has_unit and is_kind_of(word.stem, "currenci")
        return word.lower in _MEASURES or money

    # --- durations and prices --------------------------------------------------------------------

    def _durations(self, parameters: list[Parameter]) -> list[tuple[Parameter, int | float]]:
        """Fills "minutes" with "half an hour"; "hours" and "minutes" with "an hour and a half"."""
        by_unit = {unit: each for each in parameters for unit in _units_of(each)}
        if not by_unit:
            return []
        parts = list(self._time_parts())
        if not parts:
            return []
        seconds = {each.name: 0.0 for each in by_unit.values()}
        for value, unit, indices, number in parts:
            _spread(value * _UNIT_SECONDS[unit], unit, by_unit, seconds)
            self.taken |= indices
            if number in self.left:
                self.left.remove(number)
        found: list[tuple[Parameter, int | float]] = []
        for parameter in dict.fromkeys(by_unit.values()):
            total = seconds[parameter.name] / _UNIT_SECONDS[_units_of(parameter)[0]]
            whole = parameter.kind == "integer"
            if total and not (whole and total % 1):
                found.append((parameter, int(total) if whole else total))
        return found

    def _time_parts(self) -> Iterator[tuple[float, str, set[int], Number | None]]:
        """Yields each "ten minutes", "an hour", "hour and a half" of the sentence."""
        for i, word in enumerate(self._words):
            if word.stem not in _UNIT_SECONDS:
                continue
            number = next((each for each in self.left if each.end == i), None)
            article = i > 0 and self._lower[i - 1] in {"a", "an", "one"}
            if number is None and not article:
                continue
            value = number.value if number else 1.0
            indices = set(range(number.start, i + 1)) if number else {i - 1, i}
            if self._lower[i + 1 : i + 4] == ["and", "a", "half"]:
                value += 0.5
                indices |= {i + 1, i + 2, i + 3}
                self.left = [each for each in self.left if each.start not in indices]
            yield value, word.stem, indices, number

    def _prices(self, parameters: list[Parameter]) -> list[tuple[Parameter, int | float]]:
        """Reads "twelve fifty" and "twelve dollars and fifty cents" as prices."""
        for parameter in parameters:
            if parameter.kind != "number" or not parameter.name_stems & _MONEY:
                continue
            for whole, cents in zip(self.left, self.left[1:], strict=False):
                between = self._lower[whole.end : cents.start]
                joined = (
                    not between
                    or (len(between) == 2 and between[1] == "and")
                    or (len(between) == 1 and is_kind_of(stem(between[0]), "currenci"))
                )
                if joined and whole.value >= 1 and 10 <= cents.value < 100:
                    self.taken |= set(range(whole.end, cents.start))
                    if self._lower[cents.end : cents.end + 1] in (["cents"], ["dollars"]):
                        self.taken.add(cents.end)
                    self._use(whole)
                    self._use(cents)
                    return [(parameter, whole.value + cents.value / 100)]
        return []

    # --- which number is whose -------------------------------------------------------------------

    def _matched(self, parameters: list[Parameter]) -> list[tuple[Parameter, Number]]:
        """Returns the pairs that something in the sentence speaks for, the surest first."""
        pairs = [
            (self._fits(parameter, number), -number.start, -order, parameter, number)
            for order, parameter in enumerate(parameters)
            for number in self.left
        ]
        found: list[tuple[Parameter, Number]] = []
        for score, _, _, parameter, number in sorted(pairs, key=lambda pair: pair[:3])[::-1]:
            known = any(parameter is each or number is other for each, other in found)
            if score > 0 and not known:
                found.append((parameter, number))
        return found

    def _fits(self, parameter: Parameter, number: Number) -> int:
        """Returns how well a number goes with a parameter; below 0 if it cannot."""
        value = number.value
        is_whole = value == int(value)
        is_year = is_whole and 1000 <= value < 2200
        if "year" in parameter.name_stems:
            return 3 if is_year else -1
        has_year = any("year" in each.name_stems for each in self._parameters)
        in_range = parameter.minimum <= value <= parameter.maximum
        if not in_range or (parameter.kind == "integer" and not is_whole) or (is_year and has_year):
            return -1
        after = self._after(number)
        units = {each for each in after if is_kind_of(each, "unit")}
        named = {each for each in parameter.name_stems if is_kind_of(each, "unit")}
        if units and named and not units & named:
            return -1
        if after & set(_UNIT_SECONDS) and not _units_of(parameter) and not parameter.required:
            return -1
        return self._closeness(parameter, self._before(number), after)

    def _closeness(self, parameter: Parameter, before: set[str], after: set[str]) -> int:
        names = parameter.name_stems - _COUNTS or parameter.name_stems
        if before & names:
            return 6
        if after & names:
            return 5
        near = before | after
        if any(same_meaning(one, other) for one in near for other in names):
            return 4
        if parameter.name_stems & _MONEY and any(is_kind_of(each, "currenci") for each in after):
            return 4
        # "How many sides the die has" does not make the dice sides.
        described = {stem(word) for word in names_in(parameter.description)} - self._named
        if after & described or before & described:
            return 3 if after & described else 2
        return 0

    def _before(self, number: Number) -> set[str]:
        """Returns the stem of the word that a number belongs to: "height of 12"."""
        at = number.start - 1
        while at >= 0 and self._lower[at] in _BETWEEN:
            at -= 1
        others = [each for each in self.left if each is not number]
        ends = any(each.end == at + 1 for each in others)
        # "2 guests, 3 nights", but "width 3, height 4".
        counted = any(each.end == at and not self._before(each) & self._names for each in others)
        return set() if at < 0 or ends or counted else {self._words[at].stem} - _STOP_STEMS

    def _after(self, number: Number) -> set[str]:
        """Returns the stems of what a number counts: "20 more bins"."""
        stems: set[str] = set()
        starts = {each.start for each in self.left}
        for at in range(number.end, min(number.end + 2, len(self._words))):
            if self._lower[at] in _BREAKS or at in starts:
                break
            stems.add(self._words[at].stem)
        return stems - _STOP_STEMS

    def _counts_the_object(self, number: Number) -> bool:
        """Whether a number counts what the tool is about: "two dice", "two ten-sided dice"."""
        return self._counts(number, self._objects)

    def _counts(self, number: Number, objects: frozenset[str]) -> bool:
        at = number.end
        starts = {each.start: each.end for each in [*self.left]}
        passed = 0
        while at < len(self._words) and passed < 3:
            if at in starts or at in self.taken:
                at = starts.get(at, at + 1)
                continue
            word = self._words[at]
            if word.lower in STOP_WORDS or word.lower in _BREAKS:
                return False
            if word.lower in _MEASURES | {"times"} or any(
                is_kind_of(word.stem, each) for each in _KINDS
            ):
                return False
            if word.stem in objects:
                return word.stem not in _UNIT_SECONDS
            at, passed = at + 1, passed + 1
        return False

    def _is_count(self, parameter: Parameter) -> bool:
        """Whether a parameter counts what the tool is about, as "count" and "num_dice" do."""
        others = parameter.name_stems - self._objects
        return bool(parameter.name_stems & (_COUNTS | {"n"})) or not others


def _units_of(parameter: Parameter) -> list[str]:
    """Returns the unit of time that a parameter counts, as its name or its description has it."""
    named = [each for each in _UNITS_DOWN if each in parameter.name_stems]
    described = re.search(r"\bin (seconds|minutes|hours|days|weeks)\b", parameter.description)
    return named or ([stem(described[1])] if described else [])


def _spread(
    total: float, unit: str, by_unit: dict[str, Parameter], seconds: dict[str, float]
) -> None:
    """Adds a time to the parameter of its unit, and what is no whole of it to smaller units."""
    smaller = [each for each in _UNITS_DOWN if _UNIT_SECONDS[each] <= _UNIT_SECONDS[unit]]
    units = [each for each in smaller if each in by_unit]
    if not units:
        units = [each for each in reversed(_UNITS_DOWN) if each in by_unit][:1]
    for each in units[:-1]:
        whole = total // _UNIT_SECONDS[each] * _UNIT_SECONDS[each]
        if each == unit or whole:
            seconds[by_unit[each].name] += whole
            total -= whole
    seconds[by_unit[units[-1]].name] += total
