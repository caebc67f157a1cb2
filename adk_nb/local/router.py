"""Which tool a sentence asks for, by rule: the same sentence always gets the same call."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from adk_nb.local.arguments import Arguments
from adk_nb.local.signature import Signature, signature_of
from adk_nb.local.vocabulary import (
    ABBREVIATIONS,
    FILLERS,
    STOP_WORDS,
    Word,
    is_kind_of,
    names_in,
    same_meaning,
    stem,
    word_set,
    words_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from google.genai import types

TRANSFER = "transfer_to_agent"

# How much a word says about a tool, by where the tool has it.
_IN_NAME, _IN_CHOICE, _IN_SUMMARY, _IN_PARAMETER, _IN_DETAILS = 1.0, 0.8, 0.7, 0.6, 0.4
_SYNONYM = 0.8
_LEAST_EVIDENCE = 0.75
# What a word of the sentence that fits nothing takes away.
_UNEXPLAINED = 0.45

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_REQUEST = re.compile(r"(?:i|we) (?:want|need|would|wanna|wish)\b|i'd\b|we'd\b|i\u2019d\b")
_STATES = word_set("i you he she we they it that this there my his our their these those")
_COPULAS = word_set("is are was were has had looks look feels seems sounds")
_QUESTIONS = word_set("""
    what which who whom whose when where why how is are was were do does did can could will would
    shall should may might
    """)
_NEGATED = re.compile(r"\b(?:don't|don\u2019t|do not|never|stop|didn't)\b")
# "Do you play cards?" asks about the agent, "do you know the time?" for it.
_HABIT = re.compile(r"(?:do|did|are|were|have) you\b(?! (?:know|have|see|tell))")
_TRANSFER_VERBS = frozenset(
    map(stem, ["transfer", "connect", "switch", "talk", "speak", "hand", "pass"])
)
_AGENT = re.compile(r"Agent name: (\S+)\s*\nAgent description: (.*)")


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


def route(
    utterances: Sequence[str],
    declarations: Iterable[types.FunctionDeclaration],
    instruction: str = "",
) -> Call | None:
    """Returns the call that the user asks for, or None if nothing fits.

    Args:
        utterances: What the user said since the agent last spoke, oldest first. A sentence that
            was cut in two by a pause is looked at as one when its end alone asks for nothing.
        declarations: The tools that may be called.
        instruction: The system instruction, where ADK describes the agents to transfer to.
    """
    signatures = [signature_of(declaration) for declaration in declarations]
    tools = [each for each in signatures if each.name != TRANSFER]
    can_transfer = len(tools) < len(signatures)
    for said in dict.fromkeys([*utterances[-1:], " ".join(utterances[-3:])]):
        call = _best_call(said, tools)
        if can_transfer:
            call = _transfer(said, instruction, call)
        if call is not None:
            return call
    return None


def _best_call(said: str, tools: list[Signature]) -> Call | None:
    sentences = [each for each in _SENTENCE_END.split(said.strip()) if each]
    vocabulary = _Vocabulary(tools)
    for candidates in (sentences, [said.strip()]):
        calls = [
            call
            for sentence in candidates
            for tool in tools
            if (call := _call(sentence, tool, vocabulary)) is not None
        ]
        if calls:
            return max(calls, key=lambda call: call.score)
    return None


class _Vocabulary:
    """What each word says about each tool of a request."""

    def __init__(self, tools: list[Signature]) -> None:
        self._strengths = {tool.name: _strengths(tool) for tool in tools}
        count = Counter(each for strengths in self._strengths.values() for each in strengths)
        most = math.log(1 + len(tools))
        self._rarity = {each: math.log(1 + len(tools) / n) / most for each, n in count.items()}

    def evidence(self, word: Word, tool: Signature) -> tuple[float, float]:
        """Returns how much a word speaks for a tool, and how much for no other one, 0 to 1."""
        strengths = self._strengths[tool.name]
        found = [(0.0, 0.0)]
        if word.stem in strengths:
            strength = strengths[word.stem]
            found.append((strength, strength * self._rarity[word.stem]))
        found += [
            (_SYNONYM * strength, _SYNONYM * strength * self._rarity[each])
            for each, strength in strengths.items()
            if (strength >= _IN_SUMMARY and same_meaning(word.stem, each))
            or is_kind_of(word.stem, each)
        ]
        return max(found)


def _strengths(tool: Signature) -> dict[str, float]:
    strengths: dict[str, float] = {}

    def add(text: str, strength: float) -> None:
        for word in names_in(text):
            if word not in STOP_WORDS:
                each = stem(ABBREVIATIONS.get(word, word))
                strengths[each] = max(strength, strengths.get(each, 0.0))

    add(tool.name, _IN_NAME)
    if verb := _light_verb(tool):
        strengths[verb] = _IN_NAME
    add(tool.summary, _IN_SUMMARY)
    add(tool.details, _IN_DETAILS)
    for parameter in tool.parameters:
        add(" ".join(parameter.name_words), _IN_PARAMETER)
        add(parameter.description, _IN_DETAILS)
        for choice in parameter.choices:
            add(str(choice), _IN_CHOICE)
    return strengths


def _light_verb(tool: Signature) -> str | None:
    """Returns the stem of the verb of a tool like `wait_for`, whose words elsewhere say nothing."""
    names = names_in(tool.name)
    return stem(names[0]) if names and STOP_WORDS.issuperset(names) else None


def _call(sentence: str, tool: Signature, vocabulary: _Vocabulary) -> Call | None:
    verb = _light_verb(tool)
    words = _without_fillers(words_of(sentence), verb)
    if not words or _is_statement(sentence, words):
        return None
    pairs = [
        vocabulary.evidence(each, tool) if each.has_meaning or each.stem == verb else (0.0, 0.0)
        for each in words
    ]
    evidences = [evidence for evidence, _ in pairs]
    if sum(evidences) < _LEAST_EVIDENCE:
        return None
    arguments = Arguments(sentence, words, tool)
    if arguments.missing:
        return None
    # "Play yesterday": what follows the tool's own verb is its object.
    is_order = _is_verb_of(words[0], tool)
    unexplained = 0.0
    for i, word in enumerate(words):
        if word.has_meaning and not evidences[i]:
            if i in arguments.guessed:
                unexplained += 0.1 if is_order else 0.6
            elif i not in arguments.taken:
                unexplained += 1.0
    certain = {i for i in arguments.taken - arguments.guessed if not evidences[i]}
    bonus = 0.1 * len(certain) - _UNEXPLAINED * unexplained
    if sum(evidences) + bonus < _LEAST_EVIDENCE:
        return None
    return Call(tool.name, arguments.values, sum(own for _, own in pairs) + bonus)


def _is_verb_of(word: Word, tool: Signature) -> bool:
    """Whether a word is what the tool's name or its docstring starts with."""
    verbs = [stem(names[0]) for names in (names_in(tool.name), names_in(tool.summary)) if names]
    return word.stem in verbs or any(same_meaning(word.stem, verb) for verb in verbs)


def _without_fillers(words: list[Word], verb: str | None) -> list[Word]:
    start = 0
    while start < len(words) and words[start].lower in FILLERS and words[start].stem != verb:
        start += 1
    return words[start:]


def _is_statement(sentence: str, words: list[Word]) -> bool:
    """Whether a sentence only tells something, or asks for something not to be done."""
    lower = sentence[words[0].start :].lower()
    if _NEGATED.match(lower):
        return True
    if _HABIT.match(lower):
        return True
    if sentence.rstrip().endswith("?") or words[0].lower in _QUESTIONS:
        return False
    if words[0].lower in _STATES:
        return not _REQUEST.match(lower)
    opening = [word.lower for word in words[1:4]]
    until = opening[: opening.index("that")] if "that" in opening else opening
    return bool(_COPULAS & set(until)) and ":" not in sentence


def _transfer(said: str, instruction: str, call: Call | None) -> Call | None:
    """Returns a transfer where the sentence names an agent or fits its description better."""
    agents = [Signature(name, about, "", ()) for name, about in _AGENT.findall(instruction)]
    stems = {word.stem for word in words_of(said)}
    asks = bool(stems & _TRANSFER_VERBS)
    for agent in agents:
        if asks and agent.name_stems - {"agent"} <= stems:
            return Call(TRANSFER, {"agent_name": agent.name}, 2.0)
    vocabulary = _Vocabulary(agents)
    fits = [
        found
        for agent in agents
        if (found := _call(said, agent, vocabulary)) and (call is None or found.score > call.score)
    ]
    if fits:
        best = max(fits, key=lambda found: found.score)
        return Call(TRANSFER, {"agent_name": best.name}, best.score)
    return call
