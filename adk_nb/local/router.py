"""Which tool a sentence asks for, by rule: the same sentence always gets the same call."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from adk_nb.local.clauses import amended, goes_on, pieces, splits
from adk_nb.local.evidence import Vocabulary
from adk_nb.local.matching import Call, Match, match_tool
from adk_nb.local.roles import TEXT, role_of
from adk_nb.local.signature import Signature, signature_of
from adk_nb.local.vocabulary import sentences_in, stem, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from google.genai import types

TRANSFER = "transfer_to_agent"

# How much likelier a question must be than a call.
_CALL_FIRST = 0.5
# What a word that is about a tool says for it at least.
_OF_A_TOOL = 0.55
_DICE = re.compile(r"\b(\d+)d(\d+)\b", re.IGNORECASE)
# Verbs of several words, as one that means the same.
_PHRASAL = (
    (re.compile(r"\bget rid of\b", re.IGNORECASE), "delete"),
    (
        re.compile(r"\b(?:take|cross) (.+?) off (?=(?:the|my|our) )", re.IGNORECASE),
        r"remove \1 from ",
    ),
)
_CORRECTION = re.compile(
    r"(?:,|\.\.+|\u2026|\u2014)\s*(?:no|sorry|i mean|i meant|or rather|make that)\b[,\s]*",
    re.IGNORECASE,
)
_TRANSFER_VERBS = frozenset(
    map(stem, ["transfer", "connect", "switch", "talk", "speak", "hand", "pass"])
)
_BACK = re.compile(r"\b(?:there|it|that one)\b", re.IGNORECASE)
# What follows is the user's own text: "saying …".
_DICTATION = re.compile(r":|\b(?:saying|says|say|that)\b", re.IGNORECASE)
_AGENT = re.compile(r"Agent name: (\S+)\s*\nAgent description: (.*)")


class Router:
    """Finds which of some tools a sentence asks for."""

    def __init__(
        self,
        declarations: Iterable[types.FunctionDeclaration],
        instruction: str = "",
        now: datetime | None = None,
    ) -> None:
        """Reads the tools.

        Args:
            declarations: The tools that may be called.
            instruction: The system instruction, where ADK describes the agents to transfer to.
            now: What "tomorrow" counts from; by default the present.
        """
        signatures = [signature_of(declaration) for declaration in declarations]
        self.tools = [each for each in signatures if each.name != TRANSFER]
        self.now = now or datetime.now()  # noqa: DTZ005 - As the user's clock shows it.
        self._instruction = instruction
        self._can_transfer = len(self.tools) < len(signatures)
        self._vocabulary = Vocabulary(self.tools)
        self._found: dict[str, list[Match]] = {}

    def tool(self, name: str) -> Signature | None:
        """Returns the tool of a name, if there is one."""
        return next((each for each in self.tools if each.name == name), None)

    def knows(self, word: str) -> bool:
        """Whether a word is one that a tool's name, summary, arguments or choices have."""
        return any(
            self._vocabulary.evidence(each, tool)[0] >= _OF_A_TOOL
            for each in words_of(word)
            if each.has_meaning
            for tool in self.tools
        )

    def match(self, utterances: Sequence[str]) -> list[Match]:
        """Returns what the user asks for, in order; nothing where no tool fits.

        Args:
            utterances: What the user said since the agent last spoke, oldest first. A sentence
                that was cut in two by a pause is looked at as one when its end alone asks for
                nothing.
        """
        kept: list[Match] = []
        for said in dict.fromkeys([*utterances[-1:], " ".join(utterances[-3:])]):
            found = (
                self._all_in(_written_out(said)) if said not in self._found else self._found[said]
            )
            self._found[said] = found
            if self._can_transfer:
                best = found[0].call if found and not found[0].missing else None
                call = _transfer(said, self._instruction, best, self.now)
                found = found if call is best else [Match(call)] if call else []
            if found and found[0].calls:
                return found
            kept = kept or found
        return kept

    def _all_in(self, said: str) -> list[Match]:
        """Returns the matches of every sentence, and of every clause that is an order."""
        if corrected := self._corrected(said):
            return [corrected]
        sentences = sentences_in(said)
        found = [match for each in sentences for match in self._clauses(each)]
        if not any(match.calls for match in found) and len(sentences) > 1:
            whole = self.best(said)
            found = [whole] if whole and whole.calls else found
        useful = [match for match in found if match.calls or match.is_question]
        return useful or found[-1:]

    def _corrected(self, said: str) -> Match | None:
        """Reads "ten minutes, no, twelve" as what it comes to; None where nothing is taken back."""
        *_, correction = [None, *_CORRECTION.finditer(said)]
        if correction is None:
            return None
        first, rest = self.best(said[: correction.start()]), said[correction.end() :]
        tool = self.tool(first.call.name) if first else None
        if first is None or tool is None or _is_dictated(tool, said[: correction.start()]):
            return None
        second = self.best(rest)
        if second and second.calls and second.call.name == tool.name:
            return second
        args = amended(first.call.args, rest, tool, self.now)
        if args is None:
            return None
        return with_known(replace(first, call=replace(first.call, args=args)), args)

    def _clauses(self, sentence: str) -> list[Match]:
        whole = self.best(sentence)
        for left, right in splits(sentence):
            if whole and whole.calls and _is_dictated(self.tool(whole.call.name), left):
                break
            first = self.best(left)
            if first is None or not first.calls:
                continue
            second = self._clauses(right)
            if not any(match.calls for match in second):
                if whole_call := self._added(first, right):
                    return [whole_call]
                second = self._ellipsis(first, right) or _with_there(right, first, second)
            called = second and all(match.calls for match in second)
            if called or (
                second and second[-1].is_question and second[-1].call.name != first.call.name
            ):
                return [first, *second]
        if whole is None and (comma := sentence.find(", ")) > 0:
            # "It's cold, set the temperature to 23".
            return self._clauses(sentence[comma + 2 :])
        return [whole] if whole else []

    def _ellipsis(self, first: Match, rest: str) -> list[Match]:
        """Reads "and also the lamp" after "turn off the radio"."""
        tool = self.tool(first.call.name)
        if tool is None or not goes_on(rest, tool):
            return []
        found: list[Match] = []
        for piece in pieces(rest):
            changed = amended(first.call.args, piece, tool, self.now)
            if changed is None:
                return []
            found.append(Match(Call(tool.name, changed, first.call.score)))
        return found

    def _added(self, first: Match, rest: str) -> Match | None:
        """Reads "and Fahrenheit" after a forecast that says no scale: one call that has both."""
        tool, args = self.tool(first.call.name), first.call.args
        changed = amended(args, rest, tool, self.now) if tool else None
        is_choice = tool is not None and any(
            each.choices and each.name not in args and each.name in (changed or {})
            for each in tool.parameters
        )
        if not is_choice or changed is None or any(changed[key] != args[key] for key in args):
            return None
        return replace(first, call=replace(first.call, args=changed))

    def best(self, sentence: str) -> Match | None:
        """Returns the tool that a sentence asks for; a call before a question before a guess."""
        found = [
            match
            for tool in self.tools
            if (match := match_tool(sentence, tool, self._vocabulary, self.now)) is not None
        ]
        return max(found, key=_rank, default=None)


def _written_out(said: str) -> str:
    """Returns a sentence with signs as words, "3d6" as "3 d6", and some verbs as one word."""
    text = _DICE.sub(r"\1 d\2", said.strip().replace("%", " percent"))
    for phrase, verb in _PHRASAL:
        text = phrase.sub(verb, text)
    return text


def _with_there(said: str, first: Match, second: list[Match]) -> list[Match]:
    """Fills what "there" and "it" mean: "the time in Rome and the weather there"."""
    if not _BACK.search(said):
        return second
    return [with_known(match, first.call.args) for match in second]


def with_known(match: Match, args: dict[str, Any]) -> Match:
    """Returns a match whose missing arguments are those of another call, where it has them."""
    known = {each.name: args[each.name] for each in match.missing if each.name in args}
    call = replace(match.call, args={**match.call.args, **known})
    missing = tuple(each for each in match.missing if each.name not in known)
    return replace(match, call=call, missing=missing)


def _rank(match: Match) -> float:
    """How much speaks for a match; a call stands before a question that is as likely."""
    return match.call.score + (_CALL_FIRST if match.calls else 0.0)


def route(
    utterances: Sequence[str],
    declarations: Iterable[types.FunctionDeclaration],
    instruction: str = "",
    now: datetime | None = None,
) -> list[Call]:
    """Returns the calls that the user asks for; see `Router`."""
    found = Router(declarations, instruction, now).match(utterances)
    return [call for match in found for call in match.calls]


def _is_dictated(tool: Signature | None, before: str) -> bool:
    """Whether what follows is part of a text that the sentence dictates."""
    has_text = tool is not None and any(role_of(each) is TEXT for each in tool.parameters)
    return has_text and bool(_DICTATION.search(before))


def _transfer(said: str, instruction: str, call: Call | None, now: datetime) -> Call | None:
    """Returns a transfer where the sentence names an agent or fits its description better."""
    agents = [Signature(name, about, "", ()) for name, about in _AGENT.findall(instruction)]
    stems = {word.stem for word in words_of(said)}
    asks = bool(stems & _TRANSFER_VERBS)
    for agent in agents:
        if asks and agent.name_stems - {"agent"} <= stems:
            return Call(TRANSFER, {"agent_name": agent.name}, 2.0)
    vocabulary = Vocabulary(agents)
    fits = [
        found.call
        for agent in agents
        if (found := match_tool(said, agent, vocabulary, now)) and found.reads_numbers
    ]
    best = max(fits, key=lambda found: found.score, default=None)
    if best is not None and (call is None or best.score > call.score):
        return Call(TRANSFER, {"agent_name": best.name}, best.score)
    return call
