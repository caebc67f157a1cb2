"""What is said by rule to what the user tells: a name, a bad day, rain.

The small language model answers questions passably; to what it is told it says what is out of
place ("I'm glad you're happy" to a death), so it is not asked.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adk_nb.local.vocabulary import word_set, words_of
from adk_nb.local.wording import is_past

if TYPE_CHECKING:
    from collections.abc import Sequence

_NAME = re.compile(
    r"\b(?:my name(?:'s| is)|call me|i(?:'m| am) called)\s+(?P<told>[^\W\d_][\w'-]*)"
    r"|^(?:(?:hello|hi|hey),?\s+)?i(?:'m| am)\s+(?-i:(?P<is>[A-Z][a-z'-]+))[.!]*$",
    re.IGNORECASE,
)
# "I am German", "I'm English".
_OF_A_COUNTRY = re.compile(r"(?:an|ish|ese|ch)$")
_ASKS_FOR_NAME = re.compile(
    r"(?:what(?:'s| is)|do you (?:know|remember)) my name|who am i\b", re.IGNORECASE
)
_STARTS = word_set("""
    i i'm i've i'd i'll we we're we've my our you you're your he he's she she's they they're his
    her their it it's its this that that's these those there there's here the today yesterday
    nobody somebody everybody everyone nothing everything a an some
    """)
_VERBS = word_set("is are was were has have had am does looks seems feels sounds")
_WANTS = re.compile(
    r"(?:i|we)(?:'d| would)? (?:need|want|wanna|like to|love to|wish)\b|i'm looking for\b"
    r"|i'd\b|(?:you|we) (?:must|should|could|can|have to|need to)\b",
    re.IGNORECASE,
)
_NOT = re.compile(r"\b(?:not|no|never|hardly|nothing)\b|n't\b", re.IGNORECASE)
_BAD = word_set("""
    bad awful terrible horrible sad tired exhausted ill sick hurt hurts ache aches headache pain
    died dead death lost lose broke broken cancelled canceled failed fail missed miss hate angry
    lonely alone afraid scared worried stressed bored boring hungry thirsty stolen crying cry
    hospital fired unhappy upset frustrated annoyed hard long rough worse worst accident crashed
    problem trouble divorced unlucky sorry
    """)
_GOOD = word_set("""
    great good nice lovely wonderful happy glad won passed excited fun beautiful best better proud
    enjoyed enjoy married engaged promoted amazing fantastic delicious perfect brilliant excellent
    cool funny clever smart kind lucky sweet
    """)
_CANNOT = re.compile(r"\b(?:can't|cannot|couldn't) (?:sleep|find|eat|work|stop)\b", re.IGNORECASE)
_OF_ITSELF = re.compile(
    r"^(?:you|your|you're)\b|\b(?:like|love|hate|believe|trust) you(?:r \w+)?\W*$", re.IGNORECASE
)
_SCOLDS = word_set("""
    stupid wrong bad useless slow annoying dumb hate terrible awful boring rude liar lying mistaken
    worst crazy silly
    """)
_DISAGREES = re.compile(
    r"^(?:that(?:'s| is)|this is|it(?:'s| is)) (?:not (?:true|right|correct)|wrong|false|nonsense)"
    r"|^(?:that|this|it) isn't (?:true|right|correct)"
    r"|^i don't (?:believe|trust|think so|like you)",
    re.IGNORECASE,
)
_BIRTHDAY = re.compile(r"\bmy birthday\b", re.IGNORECASE)
_WORLD = re.compile(r"^(?:it|it's|there|there's|today)\b", re.IGNORECASE)
_PLAIN = (
    "I see. I know little about that, but thank you for telling me.",
    "Good to know, though I am only a small program.",
    "All right. I can say little about that.",
)
_SO_AM_I_NOT = "I may well be wrong: I am a small program, and I know very little."


def answer(said: str, turn: int) -> str:
    """Returns what is said to what the user tells; empty where nothing is told.

    Args:
        said: What the user said, which asks for no tool.
        turn: How many exchanges there were, so that the same is not said twice running.
    """
    text = said.strip().replace("\u2019", "'")
    if name := _name_in(text):
        return f"Nice to meet you, {name}."
    if not _tells(text):
        return ""
    if _BIRTHDAY.search(text):
        return "Happy birthday!"
    words = {word.text.lower() for word in words_of(text)}
    if _DISAGREES.search(text) or (_OF_ITSELF.search(text) and words & _SCOLDS):
        return _SO_AM_I_NOT
    if _OF_ITSELF.search(text):
        likes = not text.lower().startswith("you") and words & {"like", "love"}
        is_kind = not _NOT.search(text) and (likes or words & _GOOD)
        return "Thank you." if is_kind else "I am only a small program."
    return _of_feelings(text, words) or _of_the_world(text, turn)


def name_asked(said: str, told: Sequence[str]) -> str:
    """Returns the user's name where it is asked for, or that it was not told; else empty.

    Args:
        said: What the user said.
        told: What the user said before, oldest first.
    """
    if not _ASKS_FOR_NAME.search(said.replace("\u2019", "'")):
        return ""
    names = [name for each in told if (name := _name_in(each.strip().replace("\u2019", "'")))]
    return f"Your name is {names[-1]}." if names else "You have not told me your name."


def _name_in(text: str) -> str:
    match = _NAME.search(text)
    if match is None or "?" in text:
        return ""
    name = match["told"] or match["is"]
    is_name = match["told"] or not _OF_A_COUNTRY.search(name)
    return name[:1].upper() + name[1:] if is_name else ""


def _tells(text: str) -> bool:
    """Whether a sentence tells something, and neither asks nor wants."""
    words = words_of(text)
    if len(words) < 2 or "?" in text or _WANTS.match(text):
        return False
    second = words[1].lower
    return words[0].text.lower() in _STARTS or (
        words[0].text[0].isupper() and (second in _VERBS or is_past(second))
    )


def _of_feelings(text: str, words: set[str]) -> str:
    negated = bool(_NOT.search(text))
    if _CANNOT.search(text) or (words & _BAD and not negated) or (words & _GOOD and negated):
        return "I am sorry to hear that."
    return "I am glad to hear that." if words & _GOOD and not words & _BAD else ""


def _of_the_world(text: str, turn: int) -> str:
    if _WORLD.match(text):
        return "I cannot see that from here, so I take your word for it."
    return _PLAIN[turn % len(_PLAIN)]
