"""What is beyond the embedded default, so that it says so and makes nothing up."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adk_nb.local.introduction import examples_of, is_request, not_understood
from adk_nb.local.vocabulary import FILLERS, STOP_WORDS, word_set, words_of

if TYPE_CHECKING:
    from adk_nb.local.router import Router

# Small words of other languages that are none in English.
_FOREIGN = word_set("""
    ist und der das nicht ich wie ein eine einen bitte mir auf mit sind wir ihr zum zur
    le les est quel quelle je il une pas vous fait dans pour avec du des mon ma moi
    qu\u00e9 que el los las hace es por como est\u00e1 mi cu\u00e1l c\u00f3mo una favor
    che di \u00e8 per gli della sono questo quanto
    la de du cu\u00e1nto cu\u00e1ndo d\u00f3nde
    o os n\u00e3o voc\u00ea uma qual isso het een wat niet van ik hoe
    """)
_NOT_LATIN = re.compile(r"[^\W\d_\u0041-\u024f]")
_LETTER = re.compile(r"[^\W\d_]")
_NEGATED = re.compile(
    r"(?:please |no,? |so )*(?:don['\u2019]?t|do not|never)\s+(\w+)", re.IGNORECASE
)
_ASKS = word_set("""
    what which who whom whose when where why how is are was were do does did can could will would
    should may has have
    """)
# A number or a time that a small model would only invent.
_FIGURES = re.compile(
    r"^(?:how (?:many|much|far|long|old|tall|high|heavy)|when|what time)\b", re.IGNORECASE
)
_ASKED = re.compile(r"(?:do you know|(?:can|could|will|would) you tell me)\s+", re.IGNORECASE)
# Nobody but the user and the tools knows it.
_OF_THE_USER = re.compile(r"\b(?:i|my|we|our)\b", re.IGNORECASE)
_ORDER_VERBS = word_set("take put make get go use")
_OF_ITSELF = re.compile(r"\byou(?:r|rs|rself)?\b", re.IGNORECASE)
_POINTS_BACK = re.compile(r"^(?:and|what about|how about|the same)\b.*", re.IGNORECASE)
# "Wake me up": a verb and what it is done to.
_ORDER = re.compile(
    r"([a-z]+)\s+(?:me|us|the|my|a|an|it|this|that|on|off|up|down)\b", re.IGNORECASE
)
_TALK = word_set("""
    tell say sing explain describe imagine guess wish believe trust such quite maybe perhaps almost
    only even half love like hate miss enjoy read call
    """)


def is_foreign(said: str) -> bool:
    """Whether a sentence is in another language than English."""
    letters = _LETTER.findall(said)
    if letters and len(_NOT_LATIN.findall(said)) * 2 > len(letters):
        return True
    words = [word.lower for word in words_of(said)]
    foreign = sum(word in _FOREIGN for word in words)
    return foreign > 1 and foreign > sum(word in STOP_WORDS for word in words)


def beyond(said: str, router: Router, leave_it: str) -> str:
    """Returns what is said to what no tool does and a small model would make up.

    Args:
        said: What the user said, which asks for no tool.
        router: The tools.
        leave_it: What is said where something is not to be done.

    Returns:
        A sentence or a few; empty where it is small talk.
    """
    if is_foreign(said):
        return f"I understand English only. {examples_of(router)}".strip()
    if not router.tools:
        return ""
    if (match := _NEGATED.match(said.strip())) and router.knows(match[1]):
        return leave_it
    return not_understood(router) if _is_beyond(said, router) else ""


def _is_beyond(said: str, router: Router) -> bool:
    text = _ASKED.sub("", said.strip())
    words = words_of(text)
    if not words or is_request(text):
        return bool(words)
    lower = [word.lower for word in words]
    meant = [word for word in words if word.has_meaning and word.lower not in FILLERS]
    exclaims = lower[0] == "what" and lower[1:2] in (["a"], ["an"])
    if text.endswith("?") or (lower[0] in _ASKS and not exclaims):
        known = any(router.knows(word.text) for word in meant)
        return not _OF_ITSELF.search(text) and (
            known or any(each.search(text) for each in (_FIGURES, _POINTS_BACK, _OF_THE_USER))
        )
    if "please" in {lower[0], lower[-1]} and len(words) > 1:
        return True
    order = _ORDER.match(text)
    if order and order[1].lower() not in (STOP_WORDS - _ORDER_VERBS) | FILLERS | _TALK:
        return True
    # Names, or letters at random.
    return len(meant) == len(words) > 1
