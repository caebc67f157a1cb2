"""What a sentence says about one tool: whether it asks for it, with which arguments, how surely."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from adk_nb.local.arguments import OPPOSITES, Arguments
from adk_nb.local.evidence import PARTICLES, Vocabulary, light_verb
from adk_nb.local.roles import CUES
from adk_nb.local.spoken_numbers import numbers_in
from adk_nb.local.vocabulary import (
    FILLERS,
    Word,
    is_kind_of,
    names_in,
    same_meaning,
    stem,
    word_set,
    words_of,
)
from adk_nb.local.wording import is_past, past

if TYPE_CHECKING:
    from datetime import datetime

    from adk_nb.local.signature import Parameter, Signature

_THANKS = re.compile(r"\W*(?:thanks|thank you)(?: \w+)? for\b", re.IGNORECASE)
_LEAST_EVIDENCE = 0.75
_LEAST_TO_LOOK = 0.5
_ORDER_ALONE = 0.1
# What a word of the sentence that fits nothing takes away.
_UNEXPLAINED = 0.45

_REQUEST = re.compile(
    r"(?:i|we) (?:want|need|would|wanna|wish)\b|(?:i|we)['\u2019]d\b"
    r"|(?:i am|i['\u2019]m|we are|we['\u2019]re) looking for\b"
)
_STATES = word_set("i you he she we they it that this there my his our their these those")
_COPULAS = word_set("is are was were has had looks look feels seems sounds")
_ARTICLES = word_set("the a an")
_QUESTIONS = word_set("""
    what which who whom whose when where why how is are was were do does did can could will would
    shall should may might
    """)
# What only asks; no tool that changes anything is meant.
_INFORMATION = word_set("""
    what which who whom whose when where why how do does did is are am was were has have
    """)
_ADVICE = word_set("should")
# Verbs that ask for a thing and say nothing about it.
_LIGHT_VERBS = word_set(
    "order get call make give bring have set put do book buy find write turn switch start"
)
# A tool that is described by one of these only looks; all others may change the world.
_LOOKS = frozenset(
    map(
        stem,
        word_set("""
    get find search list show read check look lookup fetch retrieve query calculate compute
    convert count roll flip pick draw define translate describe summarize tell return report
    provide perform raise multiply subtract divide is are what who weather distance
    """),
    )
)
_CHANGES = frozenset(
    map(
        stem,
        word_set("""
    call send book reserve transfer set turn cancel delete update order buy pay move create
    write start stop
    """),
    )
)
_NEGATED = re.compile(r"\b(?:don't|don\u2019t|do not|never|didn't)\b")
# "Do you play cards?" asks about the agent, "do you know the time?" for it.
_HABIT = re.compile(r"(?:do|did|are|were|have) you\b(?! (?:know|have|see|tell))")
# "What is a prime number?" asks nothing of a tool.
_DEFINITION = re.compile(r"what(?:['\u2019]s| is| are) an?\b", re.IGNORECASE)


@dataclass(frozen=True)
class Call:
    """A call of a tool.

    Attributes:
        name: The tool's name.
        args: Its arguments; those that are their defaults are left out.
        score: How sure the choice is.
    """

    name: str
    args: dict[str, Any] = field(default_factory=dict)
    score: float = 0.0


@dataclass(frozen=True)
class Match:
    """What a sentence says about one tool.

    Attributes:
        call: The call, as far as it is known.
        missing: The required parameters that the sentence says nothing about.
        repeats: How often the call is asked for.
        is_order: Whether the sentence begins with what the tool does.
        is_guess: Whether an argument, or the tool, is only likely.
        is_clear: Whether all its words are about the tool, so that what lacks can be asked for.
        reads_numbers: Whether each of its numbers is part of an argument.
    """

    call: Call
    missing: tuple[Parameter, ...] = ()
    repeats: int = 1
    is_order: bool = False
    is_guess: bool = False
    is_clear: bool = False
    reads_numbers: bool = True

    @property
    def is_question(self) -> bool:
        """Whether it lacks only arguments that can be asked for."""
        return bool(self.missing) and self.is_clear

    @property
    def calls(self) -> list[Call]:
        """The calls, where nothing is missing."""
        return [] if self.missing or self.is_guess else [self.call] * self.repeats


def match_tool(
    sentence: str, tool: Signature, vocabulary: Vocabulary, now: datetime
) -> Match | None:
    """Returns what a sentence says about a tool; None if it does not ask for it.

    Args:
        sentence: What the user said.
        tool: The tool.
        vocabulary: What words say about it and the others.
        now: What "tomorrow" counts from.
    """
    verb = light_verb(tool)
    words = _without_fillers(sentence, words_of(sentence), verb)
    if not words or _is_opposite(words, tool):
        return None
    is_order = _is_verb_of(words[0], tool)
    if _is_statement(sentence, words, tool, is_order=is_order):
        return None
    own = _particles(words, tool) | {i for i, each in enumerate(words) if each.stem == verb}
    pairs = [
        vocabulary.evidence(each, tool) if each.has_meaning or i in own else (0.0, 0.0)
        for i, each in enumerate(words)
    ]
    evidence = sum(one for one, _ in pairs)
    if evidence < _LEAST_TO_LOOK:
        return None
    looks = _only_looks(tool)
    # "Should I buy it?" wants advice, not the thing.
    if words[0].lower in _INFORMATION | _ADVICE and not looks:
        return None
    arguments = Arguments(sentence, words, tool, now)
    strange = {i for i, (one, _) in enumerate(pairs) if words[i].has_meaning and not one}
    unexplained = _unexplained(words, strange, arguments, is_order=is_order)
    own_score = sum(one for _, one in pairs)
    # "The garage" may be meant to be locked or unlocked.
    named = own_score >= evidence or is_order or any(_is_named(word, tool) for word in words)
    certain = {i for i in arguments.taken - arguments.guessed if not pairs[i][0]}
    bonus = 0.1 * len(certain) - _UNEXPLAINED * unexplained
    # "Skip this one": the tool's own verb, and nothing else.
    total = evidence + bonus + (_ORDER_ALONE if is_order and not strange else 0.0)
    if total < _LEAST_EVIDENCE:
        return None
    call = Call(tool.name, arguments.values, own_score + bonus)
    return Match(
        call,
        tuple(arguments.missing),
        arguments.repeats,
        is_order=is_order,
        is_guess=bool(arguments.unread) or (not looks and (unexplained >= 1 or not named)),
        is_clear=unexplained < 1 and not arguments.unread and not _DEFINITION.match(sentence),
        reads_numbers=not arguments.unread,
    )


def _unexplained(
    words: list[Word], strange: set[int], arguments: Arguments, *, is_order: bool
) -> float:
    """Returns how many words fit nothing; those that need not fit count less."""
    total = 0.0
    for i in strange:
        if words[i].lower in CUES or _is_number_of(words, i):
            continue
        if i in arguments.guessed:
            # "Play yesterday": what follows the tool's own verb is its object.
            total += 0.1 if is_order else 0.6
        elif i not in arguments.taken and not (i == 0 and words[i].lower in _LIGHT_VERBS):
            total += 0.3 if _is_counted(words, i) else 1.0
    return total


def _is_number_of(words: list[Word], index: int) -> bool:
    """Whether a word is the "number" of "note number nine", or the "ending" of a card's."""
    return words[index].lower in {"number", "ending"} and bool(
        numbers_in([word.lower for word in words[index + 1 : index + 3]])
    )


def _is_counted(words: list[Word], index: int) -> bool:
    """Whether a word only says what a number before it counts: "two pieces"."""
    return index > 0 and bool(numbers_in([words[index - 1].lower]))


def _only_looks(tool: Signature) -> bool:
    """Whether a tool only tells something, as far as its docstring and its name say."""
    described, named = names_in(tool.summary)[:1], names_in(tool.name)
    if _CHANGES & {stem(word) for word in described}:
        return False
    kinds = [each.kind for each in tool.parameters]
    if len(kinds) > 1 and set(kinds) <= {"integer", "number"}:
        return True  # It computes.
    if _LOOKS & {stem(word) for word in [*described, *named[:1]]}:
        return True
    return not any(past(word) for word in named)


def _particles(words: list[Word], tool: Signature) -> set[int]:
    """Returns the indices of "on" or "off" where the tool's name has it."""
    names = names_in(tool.name)
    return {i for i, word in enumerate(words) if word.lower in PARTICLES and word.lower in names}


def _is_opposite(words: list[Word], tool: Signature) -> bool:
    """Whether a sentence says "off" to a tool that is called "on"."""
    names = set(names_in(tool.name))
    if any(each.kind == "boolean" for each in tool.parameters):
        return False
    said = {word.lower for word in words}
    return any(
        one in names and other not in names and other in said and one not in said
        for pair in OPPOSITES
        for one, other in (pair, pair[::-1])
    )


def _is_verb_of(word: Word, tool: Signature) -> bool:
    """Whether a word is one of the tool's name, or what its docstring starts with."""
    verbs = {stem(names[0]) for names in (names_in(tool.name), names_in(tool.summary)) if names}
    if past(word.lower):
        verbs |= tool.name_stems
    return word.stem in verbs or any(same_meaning(word.stem, verb) for verb in verbs)


def _is_named(word: Word, tool: Signature) -> bool:
    """Whether a word is one of the tool's name or summary, and not only of its arguments."""
    own = tool.name_stems | {stem(each) for each in names_in(tool.summary)}
    return word.stem in own or any(
        same_meaning(word.stem, each) or is_kind_of(word.stem, each) for each in own
    )


def _without_fillers(sentence: str, words: list[Word], verb: str | None) -> list[Word]:
    start = 0
    while start < len(words) and words[start].lower in FILLERS and words[start].stem != verb:
        if _is_stop_order(sentence, words, start):
            break
        start += 1
    return words[start:]


def _is_stop_order(sentence: str, words: list[Word], index: int) -> bool:
    """Whether "stop" has an object, as in "stop the music"; "stop, what time is it?" has none."""
    follows = words[index + 1 : index + 2]
    joined = sentence[words[index].end : words[index].end + 1] == " "
    return bool(
        words[index].lower == "stop"
        and joined
        and follows
        and follows[0].lower not in _QUESTIONS | FILLERS
    )


def _is_statement(sentence: str, words: list[Word], tool: Signature, *, is_order: bool) -> bool:
    """Whether a sentence only tells something, or asks for something not to be done."""
    lower = sentence[words[0].start :].lower()
    if _THANKS.match(sentence):
        return True
    if _NEGATED.match(lower) or _HABIT.match(lower):
        return True
    if words[0].lower == "stop":
        return not any(each.kind == "boolean" for each in tool.parameters) and not is_order
    is_question = sentence.rstrip().endswith("?") or words[0].lower in _QUESTIONS
    if words[0].lower in _STATES and not is_question:
        return not _REQUEST.match(lower)
    if is_order or is_question:
        return False
    # "The weather in Rome is nice": a subject may be long.
    most = len(words) if words[0].lower in _ARTICLES else 4
    opening = [word.lower for word in words[1:most]]
    until = opening[: opening.index("that")] if "that" in opening else opening
    # "Tom sent me fifty pounds."
    tells = words[0].lower not in _LIGHT_VERBS and any(map(is_past, opening[:1]))
    return tells or (bool(_COPULAS & set(until)) and ":" not in sentence)
