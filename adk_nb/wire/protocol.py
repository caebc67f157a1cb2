"""The wire `adk-nb.v1`: bytes and text to values and back. No sockets.

`docs/protocol.md` states every message. Binary frames are audio and images, text frames are JSON
objects.
"""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

from pydantic import ValidationError

from adk_nb.exceptions import ProtocolError
from adk_nb.plain import plain
from adk_nb.wire import terms
from adk_nb.wire.binary import (
    AGENT_AUDIO as AGENT_AUDIO,
    HEADER_SIZE as HEADER_SIZE,
    IMAGE as IMAGE,
    MAX_JPEG as MAX_JPEG,
    MICROPHONE as MICROPHONE,
    SOURCES as SOURCES,
    AudioFrame as AudioFrame,
    ImageFrame as ImageFrame,
    decode_audio as decode_audio,
    decode_frame as decode_frame,
    decode_image as decode_image,
    encode_audio as encode_audio,
)
from adk_nb.wire.bridge_messages import (
    Admitted as Admitted,
    AgentChanged as AgentChanged,
    Answer as Answer,
    AudioUse as AudioUse,
    Continue as Continue,
    Examine as Examine,
    Failure as Failure,
    Heard as Heard,
    Note as Note,
    Place as Place,
    Position as Position,
    Question as Question,
    Redefined as Redefined,
    Rendered as Rendered,
    SoundFrom as SoundFrom,
    Sources as Sources,
    State as State,
    Taken as Taken,
    ToolCalled as ToolCalled,
    ToolMore as ToolMore,
    ToolOutput as ToolOutput,
    ToolReturned as ToolReturned,
    Transcript as Transcript,
    TurnFacts as TurnFacts,
    TurnSound as TurnSound,
    TurnState as TurnState,
    Welcome as Welcome,
    Where as Where,
    Words as Words,
)
from adk_nb.wire.message import (
    MAX_ANSWER as MAX_ANSWER,
    MAX_MORE as MAX_MORE,
    MAX_NAME as MAX_NAME,
    MAX_OUTPUT as MAX_OUTPUT,
    MAX_REPLAY_S as MAX_REPLAY_S,
    MAX_SHOWN as MAX_SHOWN,
    MAX_SOUND as MAX_SOUND,
    MAX_TOOLS as MAX_TOOLS,
    MAX_TYPED as MAX_TYPED,
    Message as Message,
)
from adk_nb.wire.page_messages import (
    ActivityEnd as ActivityEnd,
    ActivityStart as ActivityStart,
    Camera as Camera,
    Clock as Clock,
    ClockOffset as ClockOffset,
    Confirm as Confirm,
    Findings as Findings,
    Hello as Hello,
    Interrupt as Interrupt,
    Mic as Mic,
    More as More,
    PageError as PageError,
    Play as Play,
    Playback as Playback,
    Recovered as Recovered,
    Redeem as Redeem,
    Reload as Reload,
    Stop as Stop,
    Take as Take,
    Text as Text,
    ToolSwitch as ToolSwitch,
    Voice as Voice,
)

SUBPROTOCOL = terms.SUBPROTOCOL
MAX_MESSAGE = terms.MAX_MESSAGE
MAX_HISTORY = terms.MAX_HISTORY
CLOSE_SESSION_ENDED = terms.CLOSE_SESSION_ENDED
CLOSE_TOO_SLOW = terms.CLOSE_TOO_SLOW
CLOSE_BAD_HELLO = terms.CLOSE_BAD_HELLO
CLOSE_BAD_TOKEN = terms.CLOSE_BAD_TOKEN
CLOSE_NO_SESSION = terms.CLOSE_NO_SESSION

_FROM_PAGE: dict[str, type[Message]] = {
    cls.type: cls
    for cls in (
        Hello, Redeem, Text, Mic, Take, Camera, ActivityStart, ActivityEnd, Interrupt, ToolSwitch,
        Voice,
        Reload, Confirm, Stop, More, Play, Playback, Clock, ClockOffset, PageError, Recovered,
        Findings,
    )
}  # fmt: skip


def decode_message(text: str) -> Message:
    """Returns the message that a page's text frame holds.

    Raises:
        ProtocolError: The text is not JSON, not a message, or a field is missing, of a wrong type
            or out of its bounds.
    """
    try:
        data = plain(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise ProtocolError("A text frame that is no JSON.") from error
    if not isinstance(data, dict) or not isinstance(data.get("type"), str):
        raise ProtocolError("A text frame that is no object with a type.")
    kind = data.pop("type")
    cls = _FROM_PAGE.get(kind)
    if cls is None:
        raise ProtocolError(f"A message of the unknown type {kind[:40]!r}.")
    known = {field.name: data[field.name] for field in fields(cls) if field.name in data}
    try:
        return cls(**known)
    except ValidationError as error:
        raise _refusal(kind, error) from error


def _refusal(kind: str, error: ValidationError) -> ProtocolError:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    name = ".".join(map(str, first["loc"]))
    if (kind, name, first["type"]) == ("text", "text", "string_too_long"):
        return ProtocolError(
            "The text is too long to be sent at once.",
            remedy=f"Send at most {MAX_TYPED:,} characters, or put it where a tool can read it.",
            code="text_too_long",
        )
    if first["type"] == "missing":
        return ProtocolError(f"A {kind!r} message lacks {name!r}.")
    return ProtocolError(f"A {kind!r} message whose {name!r} is wrong: {first['msg']}.")


def as_dict(message: Message) -> dict[str, Any]:
    """Returns the JSON object of a message, its type included."""
    return {"type": message.type} | {f.name: getattr(message, f.name) for f in fields(message)}
