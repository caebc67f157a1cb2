"""What an agent says of itself: who it is, what it can do, and sentences to try."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adk_nb.local.codes import is_code
from adk_nb.local.moments import Kind, kind_of_moment
from adk_nb.local.roles import FROM, PERSON, PLACE, TEXT, TO, TOPIC, VENUE, role_of
from adk_nb.local.vocabulary import names_in, word_set
from adk_nb.local.wording import capital, enumerate_, infinitive, past, sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adk_nb.local.router import Router
    from adk_nb.local.signature import Parameter, Signature

_WHO = re.compile(
    r"(?:who|what) (?:exactly )?are you|what(?:'s| is) your name|introduce yourself"
    r"|tell me (?:something )?about yourself|(?:who|what) am i (?:talking|speaking) to"
    r"|(?:do you have|have you got) a name|are you (?:an? )?(?:robot|human|person|machine|ai|real)",
    re.IGNORECASE,
)
_WHAT = re.compile(
    r"what (?:else )?(?:can|could|do) you (?:do|offer|help)|^help(?: me)?(?: please)?\W*$"
    r"|how (?:can|could) you help|what (?:can|should|could) i (?:say|ask|do|try)"
    r"|what are you (?:able to do|for|good (?:at|for))|what are your (?:tools|skills|abilities)"
    r"|which tools|what tools",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"(?:hello|hi|hey|hi there|hey there|hello there|good (?:morning|afternoon|evening|day)"
    r"|greetings|howdy"
    # What a prompt asks for.
    r"|(?:please )?(?:greet|welcome|say (?:hello|hi) to) (?:the |our |my )?\w+"
    r"(?: (?:of|to) (?:the |our |my )?\w+)?)\W*",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"(?:thanks?|thank you|thanks a lot|many thanks|cheers|great thanks|thank you very much"
    r"|thanks,? that'?s all|that'?s all|perfect|great|nice|wonderful|ok(?:ay)?|good)\W*",
    re.IGNORECASE,
)
_GOODBYE = re.compile(
    r"(?:good ?bye|bye(?: bye)?|see you(?: later| soon)?|good night)\W*", re.IGNORECASE
)
_HOW = re.compile(
    r"how (?:are|do) you(?: do(?:ing)?| today| feeling)?|how'?s it going", re.IGNORECASE
)
_GETTERS = word_set("get fetch find check look lookup read retrieve search list show")
_MAKERS = word_set("calculate generate compute exponentiate estimate measure multiply divide")
_MOST_TOOLS = 4
_EXAMPLES = 2
# Of what is told of a tool in passing.
_MOST_WORDS = 6


@dataclass(frozen=True)
class Persona:
    """Who the agent is, as its definition says.

    Attributes:
        name: Its name; empty if there is none.
        description: Its description; may be empty.
        instruction: Its own instruction, without what ADK adds.
    """

    name: str = ""
    description: str = ""
    instruction: str = ""

    @property
    def role(self) -> str:
        """What it does, in the first person, as its description or instruction says."""
        told = self.description or self.instruction
        first = re.split(r"(?<=[.!?])\s|\n", told.strip(), maxsplit=1)[0].strip()
        return _first_person(first)


def small_courtesy(said: str, persona: Persona, router: Router) -> str:
    """Returns what is said by rule where no tool is asked for; empty if it is other talk.

    Args:
        said: What the user said.
        persona: Who the agent is.
        router: Its tools.
    """
    text = said.strip().replace("\u2019", "'")
    if _WHAT.search(text):
        return abilities(router)
    if _WHO.search(text):
        return identity(persona, router)
    answers = (
        (_GREETING.fullmatch(text), f"Hello! {_offer(router)}"),
        (_HOW.match(text), f"I am fine, thank you. {_offer(router)}"),
        (_THANKS.fullmatch(text), "You are welcome."),
        (_GOODBYE.fullmatch(text), "Goodbye!"),
    )
    return next((answer for found, answer in answers if found), "")


def identity(persona: Persona, router: Router) -> str:
    """Returns who the agent is, and that it is no more than that."""
    name = " ".join(names_in(persona.name))
    who = f"I am {name or 'an agent'}, a small program on this machine."
    role = f" {persona.role}" if persona.role else ""
    return f"{who}{role} {examples_of(router)}".strip()


def abilities(router: Router) -> str:
    """Returns what the agent can do, with two sentences to try."""
    doing = [_doing(tool) for tool in router.tools]
    if not doing:
        return "I have no tools here. I can only talk a little, and I know very little."
    left = len(doing) - _MOST_TOOLS
    more = [f"{left} more {'thing' if left == 1 else 'things'}"] if left > 0 else []
    return f"I can {enumerate_([*doing[:_MOST_TOOLS], *more])}. {examples_of(router)}".strip()


def not_understood(router: Router) -> str:
    """Returns what is said to a request that no tool fits."""
    if not router.tools:
        return "I cannot do that: I have no tools here."
    return f"I cannot do that, or did not understand it. {abilities(router)}"


def is_request(said: str) -> bool:
    """Whether a sentence asks for something to be done, and not for talk."""
    text = re.sub(
        r"^(?:please|now|then|and|ok|okay|so)[,\s]+", "", said.strip(), flags=re.IGNORECASE
    )
    asked = re.match(r"(?:can|could|would|will) you (?:please )?(\w+)", text, re.IGNORECASE)
    verb = (asked[1] if asked else text.split(" ", 1)[0]).strip(",.!?").lower()
    return bool(past(verb)) and verb not in {"tell", "give", "say", "read", "run", "go", "take"}


def examples(router: Router) -> list[str]:
    """Returns sentences that the router is sure about, one a tool."""
    found: list[str] = []
    # What needs the fewest arguments reads best.
    for tool in sorted(router.tools, key=lambda each: sum(one.required for one in each.parameters)):
        for said in _sentences_for(tool):
            matches = router.match([said])
            if len(matches) == 1 and matches[0].calls and matches[0].call.name == tool.name:
                found.append(said)
                break
        if len(found) == _EXAMPLES:
            break
    return found


def examples_of(router: Router) -> str:
    """Returns two sentences to try, as a sentence; empty where there are none."""
    quoted = [f"\u201c{said}\u201d" for said in examples(router)]
    return f"Say, for example: {' or '.join(quoted)}" if quoted else ""


def _offer(router: Router) -> str:
    said = examples(router)[:1]
    return f"Say, for example: \u201c{said[0]}\u201d" if said else "What can I do for you?"


def _first_person(text: str) -> str:
    """Returns "You roll dice." as "I roll dice."; empty where it speaks of nobody."""
    if match := re.match(r"you(?: are|'re|\u2019re)\s+(.+)", text, re.IGNORECASE):
        return sentence(f"I am {match[1]}")
    if match := re.match(r"you\s+(.+)", text, re.IGNORECASE):
        return sentence(f"I {re.sub(r'^are|(?<=and )are', 'am', match[1])}")
    if re.match(r"(?:an?|the)\s", text, re.IGNORECASE):
        return sentence(f"I am {text[:1].lower()}{text[1:]}")
    return ""


def _doing(tool: Signature) -> str:
    """Returns what a tool does as an infinitive: "get the time"."""
    words = names_in(tool.name)
    verbs = [i for i, word in enumerate(words) if past(word) or word in _GETTERS | _MAKERS]
    if not verbs:
        # "Skips to the next track." says what `next_track` does.
        told = re.match(r"(\w+)\s+([^.,;:\n]+)", tool.summary)
        if told and (verb := infinitive(told[1])) and len(told[2].split()) <= _MOST_WORDS:
            return f"{verb} {told[2].strip()}"
        return f"tell you about {' '.join(words)}" if words[0] != "tell" else " ".join(words)
    at = verbs[0]
    return " ".join([words[at], *words[:at], *words[at + 1 :]])


def _sentences_for(tool: Signature) -> Iterator[str]:
    """Yields sentences that may ask for a tool, the most natural first."""
    words = names_in(tool.name)
    told = " ".join(filter(None, [_told(each) for each in tool.parameters if each.required]))
    if words[0] in _GETTERS and len(words) > 1:
        is_or_are = "are" if re.search(r"[^suai]s$", words[-1]) else "is"
        yield capital(f"What {is_or_are} the {' '.join(words[1:])} {told}".strip()) + "?"
    yield capital(f"{_doing(tool)} {told}".strip()) + "."
    yield capital(f"{' '.join(words)} {told}".strip()) + "."
    if tool.summary:
        verb, _, rest = tool.summary.split(".")[0].partition(" ")
        yield capital(f"{infinitive(verb) or verb} {rest} {told}".strip()) + "."


def _told(parameter: Parameter) -> str:
    """Returns how a sentence gives an example of an argument."""
    name = " ".join(parameter.name_words)
    moment = kind_of_moment(parameter)
    is_thing = parameter.name_words == ["name"] and "device" in parameter.description.lower()
    special = (
        (parameter.choices, " ".join(map(str, parameter.choices[:1])).replace("_", " ")),
        (moment, "at seven" if moment is Kind.TIME else "on Friday"),
        (is_code(parameter), f"{parameter.name_words[0]} 42"),
        (is_thing, "the lamp"),
    )
    if said := next((said for applies, said in special if applies), ""):
        return said
    is_number = {"integer", "number"} & {parameter.kind, parameter.item_kind}
    if parameter.kind == "array":
        return "of 3, 5 and 7" if is_number else "with Ann"
    if is_number and parameter.kind != "string":
        counts = name.endswith("s") or name == "people"
        return f"for 5 {name}" if counts else f"with {name} 5"
    return "on" if parameter.kind == "boolean" else _BY_ROLE.get(role_of(parameter), "")


_BY_ROLE = {
    FROM: "from Rome",
    TO: "to Paris",
    PLACE: "in Paris",
    VENUE: "at Luigi's",
    PERSON: "for Anna",
    TEXT: "saying hello",
    TOPIC: "about music",
}
