"""What the small language model is shown, and how much of what it says is said."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from google.genai import types

from adk_nb.local import llama
from adk_nb.local.wording import past

if TYPE_CHECKING:
    from collections.abc import Iterable

    from adk_nb.local.introduction import Persona

# How much a model of 135 million parameters can make use of (characters, contents).
_LONGEST_INSTRUCTION = 600
_LONGEST_TEXT = 1000
_LAST_CONTENTS = 3
ROLE = "You are a helpful assistant. You answer in one short sentence."
EXAMPLES = {
    "What is the capital of Italy?": "The capital of Italy is Rome.",
    "I had a long day.": "I hope that you can rest now.",
}
SAMPLING: llama.Json = {
    "temperature": 0.0,
    "seed": 1,
    "repeat_penalty": 1.05,
    "repeat_last_n": 64,
    "stop": ["\n"],
}
NOTHING = "I don't know much about that."

_MOST_SENTENCES = 2
_MOST_WORDS = 36
_CLAUSE = re.compile(r"[^,.!?;:\u2014]*[,.!?;:\u2014]+[\"')\]\u201d\u2019]*(?=\s)")
_END = re.compile(r"[.!?]+[\"')\]\u201d\u2019]*$")
# A run of so many words that comes again is a loop.
_LOOP = 4
_DOING = re.compile(
    r"\b(?:i|we)(?:['\u2019](?:ve|m|ll|d)| have| had| am| will| just| already)*"
    r"(?: just| already| now| also)* (\w+)",
    re.IGNORECASE,
)
# "You rolled 4 and 2." is how a tool's result is said; the model likes to go on so.
_RESULT = re.compile(r"\byou (?:\w+ed|got) [^.!?]*\d", re.IGNORECASE)
_PASTS = re.compile(r"(\w+?)(?:ing|ed)$")


def messages(persona: Persona, contents: Iterable[types.Content]) -> list[llama.Json]:
    """Returns what the model reads: the agent's task, two examples, and the last few contents."""
    spoken = [_only_text(content) for content in contents]
    last = [content for content in spoken if content.parts][-_LAST_CONTENTS:]
    return llama.openai_messages(ROLE, [*beginning(persona), *last])


def prefix(persona: Persona) -> list[llama.Json]:
    """Returns the beginning that all of an agent's talk has in common, to be read in advance."""
    return llama.openai_messages(ROLE, beginning(persona))


def beginning(persona: Persona) -> list[types.Content]:
    """Returns the examples, with the agent's own task and name before the others."""
    task = persona.instruction[:_LONGEST_INSTRUCTION]
    own = {f"Your task: {task}": "I understand my task."} if task else {}
    name = persona.name.replace("_", " ") or "Agent"
    return _turns({**EXAMPLES, **own, "What is your name?": f"My name is {name}."})


class Speech:
    """Lets the model's words through clause by clause, and ends them where they are enough.

    Attributes:
        said: What was let through.
        ended: Whether no more is.
    """

    def __init__(self) -> None:
        """Nothing has been said."""
        self.said = ""
        self.ended = False
        self._rest = ""
        self._heard: set[str] = set()

    def add(self, text: str) -> str:
        """Takes the next piece of text in and returns the clauses that it completes."""
        self._rest += text
        let = ""
        while not self.ended and (match := _CLAUSE.match(self._rest)):
            self._rest = self._rest[match.end() :]
            let += self._let(match[0])
        return let

    def close(self) -> str:
        """Ends the speech; returns what is left of it, or what is said where there is nothing."""
        let = self._let(self._rest) if not self.ended and _END.search(self._rest.strip()) else ""
        self.ended = True
        if not re.search(r"\w", self.said):
            self.said, let = NOTHING, NOTHING
        elif not _END.search(self.said):
            # What was let through is spoken already, so its comma stays.
            self.said, let = f"{self.said}\u2026", f"{let}\u2026"
        return let

    def _let(self, clause: str) -> str:
        if self._is_enough(clause):
            self.ended = True
            return ""
        self._heard.add(_bare(clause))
        before, self.said = self.said, self.said + clause
        if len(re.findall(r"[.!?]+(?=\s|$)", self.said)) >= _MOST_SENTENCES:
            self.ended = True
        return self.said[len(before) :]

    def _is_enough(self, clause: str) -> bool:
        words = f"{self.said} {clause}".lower().split()
        runs = [" ".join(words[at : at + _LOOP]) for at in range(len(words) - _LOOP + 1)]
        return (
            _bare(clause) in self._heard
            or len(words) > _MOST_WORDS
            or len(runs) > len(set(runs))
            or claims_action(clause)
        )


def claims_action(text: str) -> bool:
    """Whether a text says that something was or is being done, which only a tool can do."""
    if _RESULT.search(text):
        return True
    for match in _DOING.finditer(text):
        word = match[1].lower()
        if not (found := _PASTS.fullmatch(word)):
            continue
        base = found[1]
        if any(past(verb) for verb in (base, f"{base}e", base[:-1]) if verb):
            return True
    return False


def _bare(clause: str) -> str:
    return " ".join(re.findall(r"[\w']+", clause.lower()))


def _turns(examples: dict[str, str]) -> list[types.Content]:
    return [
        types.Content(role=role, parts=[types.Part(text=text)])
        for pair in examples.items()
        for role, text in zip(("user", "model"), pair, strict=True)
    ]


def _only_text(content: types.Content) -> types.Content:
    """Returns the end of what was said, as much as the model can make use of."""
    texts = [part.text for part in content.parts or [] if part.text and not part.thought]
    parts = [types.Part(text=text[-_LONGEST_TEXT:]) for text in texts]
    return types.Content(role=content.role, parts=parts)
