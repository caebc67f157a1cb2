"""What a text parameter's name says about the words that introduce it in a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from adk_nb.local.vocabulary import names_in, word_set

if TYPE_CHECKING:
    from adk_nb.local.signature import Parameter


@dataclass(frozen=True)
class Role:
    """What a parameter's name says about the words that introduce it.

    Attributes:
        names: Words in the parameter's name that give it the role.
        cues: Words that introduce it, the surest first.
        is_long: Whether the phrase goes on past the next preposition.
    """

    names: frozenset[str]
    cues: tuple[str, ...]
    is_long: bool = False


def _role(names: str, cues: str, *, is_long: bool = False) -> Role:
    return Role(frozenset(names.split()), tuple(cues.split()), is_long)


# In the order in which they are filled: the free texts last, with what is left.
ADDRESS = _role("email mail phone url link website", "to at for from")
FROM = _role("from origin source start departure begin old previous", "from of between")
TO = _role("to destination target end arrival goal new", "to into and in")
DAY = _role("day date when weekday", "on for")
VENUE = _role("restaurant hotel cafe bar venue shop store", "at in called named from")
PLACE = _role(
    "city place location country town region room address airport area", "in at for near of"
)
PERSON = _role(
    "recipient person contact name who user guest customer attendee attendees people "
    "participant participants",
    "named called name to for by with",
)
ARTIST = _role("artist performer author composer singer band", "by from")
TITLE = _role(
    "title label song track film file filename path event", "called named titled", is_long=True
)
DEVICE = _role("device speaker player", "on in")
TOPIC = _role(
    "query topic subject keyword term question search about purpose reason",
    "about on regarding for of",
    is_long=True,
)
TEXT = _role(
    "text message content body note sentence prompt", ": saying says say that", is_long=True
)
DEPICTED = _role("prompt", ": of showing with", is_long=True)
OTHER = _role("", "called named of for about in on with to", is_long=True)
ROLES = (
    *(ADDRESS, FROM, TO, DAY, VENUE, PLACE, DEVICE, PERSON, ARTIST),
    *(TITLE, TOPIC, OTHER, DEPICTED, TEXT),
)

CUES = frozenset(cue for role in ROLES for cue in role.cues) | word_set(
    "with within under by from at into between using as"
)
_PLACES = word_set("city place country town location room")


def role_of(parameter: Parameter) -> Role:
    """Returns what a parameter's name says about the words that introduce it."""
    words = set(parameter.name_words)
    described = set(names_in(parameter.description))
    if "prompt" in words:
        return DEPICTED
    # "song_name" is the name of a song, and the name of a device is one's.
    particular = words - {"name"}
    for role in ROLES:
        if particular & role.names:
            return role
    if "name" in words and "name" not in particular and not words - {"name"}:
        return PERSON
    if "name" in words:
        return OTHER if described & _PLACES else PERSON
    return PLACE if described & _PLACES else OTHER
