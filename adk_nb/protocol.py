"""The wire `adk-nb.v1`: bytes and text to values and back. No sockets.

`docs/protocol.md` states every message. Binary frames are audio and images, text frames are JSON
objects.
"""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, NamedTuple, get_type_hints

from adk_nb.exceptions import ProtocolError

SUBPROTOCOL = "adk-nb.v1"
MAX_MESSAGE = 1 << 20
"""Bytes; a larger message closes the connection."""

MAX_OUTPUT = 20_000
"""Characters of a tool's printed output that a page gets."""

MICROPHONE = 1
AGENT_AUDIO = 2
IMAGE = 3

SOURCES = ("camera", "screen")
"""Where an image comes from; its place here is its frame's flags."""

MAX_JPEG = 512 << 10
"""Bytes of one image."""

CLOSE_SESSION_ENDED = 4000
CLOSE_TOO_SLOW = 4001
CLOSE_BAD_HELLO = 4400
CLOSE_BAD_TOKEN = 4401
CLOSE_NO_SESSION = 4404

_HEADER = struct.Struct("<BBHIIId")
HEADER_SIZE = _HEADER.size
_MIN_RATE, _MAX_RATE = 8_000, 48_000


class AudioFrame(NamedTuple):
    """One binary frame of sound.

    Attributes:
        kind: `MICROPHONE` or `AGENT_AUDIO`.
        seq: The frame's number on its connection, from 0.
        turn: The turn it belongs to; 0 from the microphone.
        rate: Samples a second (Hz).
        clock: The sender's clock (ms).
        samples: PCM16LE mono.
    """

    kind: int
    seq: int
    turn: int
    rate: int
    clock: float
    samples: bytes


def encode_audio(frame: AudioFrame) -> bytes:
    """Returns the bytes of a binary frame."""
    return (
        _HEADER.pack(
            frame.kind,
            0,
            0,
            frame.seq & 0xFFFFFFFF,
            frame.turn & 0xFFFFFFFF,
            frame.rate,
            frame.clock,
        )
        + frame.samples
    )


def decode_audio(data: bytes) -> AudioFrame:
    """Returns the frame that the bytes hold.

    Raises:
        ProtocolError: The bytes are no frame of this protocol.
    """
    if len(data) < HEADER_SIZE + 2:
        raise ProtocolError(f"A binary frame of {len(data)} bytes is shorter than its header.")
    if len(data) % 2:
        raise ProtocolError("A binary frame holds half a sample.")
    kind, _flags, _reserved, seq, turn, rate, clock = _HEADER.unpack_from(data)
    if kind not in (MICROPHONE, AGENT_AUDIO):
        raise ProtocolError(f"A binary frame of the unknown kind {kind}.")
    if not _MIN_RATE <= rate <= _MAX_RATE:
        raise ProtocolError(f"A binary frame with {rate} samples a second.")
    if not math.isfinite(clock):
        raise ProtocolError("A binary frame whose clock is no number.")
    return AudioFrame(kind, seq, turn, rate, clock, data[HEADER_SIZE:])


class ImageFrame(NamedTuple):
    """One binary frame with a picture.

    Attributes:
        source: One of `SOURCES`.
        seq: The frame's number among the images of its connection, from 0.
        clock: The sender's clock when the picture was taken (ms).
        jpeg: A whole JPEG, with nothing after its end.
    """

    source: str
    seq: int
    clock: float
    jpeg: bytes


def encode_image(frame: ImageFrame) -> bytes:
    """Returns the bytes of a binary frame."""
    flags = SOURCES.index(frame.source)
    seq = frame.seq & 0xFFFFFFFF
    return _HEADER.pack(IMAGE, flags, 0, seq, 0, 0, frame.clock) + frame.jpeg


def decode_image(data: bytes) -> ImageFrame:
    """Returns the image that the bytes hold; what is between a JPEG's two ends is not looked at.

    Raises:
        ProtocolError: The bytes are no image frame of this protocol.
    """
    if len(data) < HEADER_SIZE:
        raise ProtocolError(f"A binary frame of {len(data)} bytes is shorter than its header.")
    kind, flags, _reserved, seq, _turn, _rate, clock = _HEADER.unpack_from(data)
    if kind != IMAGE:
        raise ProtocolError(f"A binary frame of kind {kind} where an image was expected.")
    if flags >= len(SOURCES):
        raise ProtocolError(f"An image of the unknown source {flags}.")
    if not math.isfinite(clock):
        raise ProtocolError("A binary frame whose clock is no number.")
    jpeg = data[HEADER_SIZE:]
    if len(jpeg) > MAX_JPEG:
        raise ProtocolError(f"An image of {len(jpeg)} bytes; {MAX_JPEG} are allowed.")
    # A start and an end may not be the same two bytes.
    if len(jpeg) < 4 or not (jpeg.startswith(b"\xff\xd8") and jpeg.endswith(b"\xff\xd9")):
        raise ProtocolError("An image that is no JPEG from its start to its end.")
    return ImageFrame(SOURCES[flags], seq, clock, jpeg)


def decode_frame(data: bytes) -> AudioFrame | ImageFrame:
    """Returns the frame that the bytes hold, of whichever kind.

    Raises:
        ProtocolError: The bytes are no frame of this protocol.
    """
    return decode_image(data) if data[:1] == bytes([IMAGE]) else decode_audio(data)


@dataclass(frozen=True, slots=True)
class Message:
    """A text frame; its fields are those of the JSON object, besides `type`."""

    type: ClassVar[str] = ""


# What a page says.


@dataclass(frozen=True, slots=True)
class Hello(Message):
    """A page's first message."""

    type: ClassVar[str] = "hello"
    token: str
    clock: float = 0.0


@dataclass(frozen=True, slots=True)
class Text(Message):
    """The user typed a turn."""

    type: ClassVar[str] = "text"
    text: str


@dataclass(frozen=True, slots=True)
class Mic(Message):
    """The microphone was opened or closed."""

    type: ClassVar[str] = "mic"
    on: bool


@dataclass(frozen=True, slots=True)
class Camera(Message):
    """The camera, or the sharing of a screen, was switched on or off."""

    type: ClassVar[str] = "camera"
    source: str
    on: bool

    def __post_init__(self) -> None:
        if self.source not in SOURCES:
            raise ProtocolError(f"A 'camera' message with the source {self.source[:40]!r}.")


@dataclass(frozen=True, slots=True)
class ActivityStart(Message):
    """Push-to-talk was pressed."""

    type: ClassVar[str] = "activity_start"


@dataclass(frozen=True, slots=True)
class ActivityEnd(Message):
    """Push-to-talk was released."""

    type: ClassVar[str] = "activity_end"


@dataclass(frozen=True, slots=True)
class Interrupt(Message):
    """The user pressed the interrupt button."""

    type: ClassVar[str] = "interrupt"


@dataclass(frozen=True, slots=True)
class ToolSwitch(Message):
    """The user switched one of the agent's tools on or off."""

    type: ClassVar[str] = "tool"
    name: str
    on: bool


@dataclass(frozen=True, slots=True)
class Confirm(Message):
    """The user's answer to a question about a tool call."""

    type: ClassVar[str] = "confirm"
    id: str
    approved: bool


@dataclass(frozen=True, slots=True)
class Playback(Message):
    """What the player did: `started`, `progress`, `drained` or `flushed`."""

    type: ClassVar[str] = "playback"
    event: str
    turn: int
    played_ms: float = 0.0
    clock: float = 0.0
    underruns: int = 0


@dataclass(frozen=True, slots=True)
class Clock(Message):
    """A page asks for the bridge's clock, or the bridge answers."""

    type: ClassVar[str] = "clock"
    id: int
    clock: float
    bridge_clock: float = 0.0


@dataclass(frozen=True, slots=True)
class ClockOffset(Message):
    """A page's estimate of the bridge's clock less its own, and the error of it (ms)."""

    type: ClassVar[str] = "clock_offset"
    offset_ms: float
    error_ms: float


@dataclass(frozen=True, slots=True)
class PageError(Message):
    """Something failed in the page."""

    type: ClassVar[str] = "error"
    code: str
    message: str


# What the bridge says.


@dataclass(frozen=True, slots=True)
class Welcome(Message):
    """The bridge's answer to a good `Hello`."""

    type: ClassVar[str] = "hello"
    session_id: str
    agent: str
    model: str
    tools: list[dict[str, Any]]
    state: str
    turn: int
    clock: float
    history: list[dict[str, Any]]
    audio: bool
    changes: list[str] = field(default_factory=list)
    video: bool = False


@dataclass(frozen=True, slots=True)
class Transcript(Message):
    """The whole text so far of one speaker in one turn."""

    type: ClassVar[str] = "transcript"
    turn: int
    role: str
    author: str
    text: str
    final: bool
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class ToolCalled(Message):
    """An agent called a tool."""

    type: ClassVar[str] = "tool_call"
    turn: int
    id: str
    name: str
    args: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ToolReturned(Message):
    """A tool returned, or failed where `error` is set."""

    type: ClassVar[str] = "tool_result"
    turn: int
    id: str
    name: str
    ms: float
    result: Any = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class ToolOutput(Message):
    """A tool printed a further piece of text, or displayed an image."""

    type: ClassVar[str] = "tool_output"
    turn: int
    id: str
    text: str = ""
    image: str = ""


@dataclass(frozen=True, slots=True)
class Question(Message):
    """A tool call waits for the user's `Confirm`."""

    type: ClassVar[str] = "question"
    turn: int
    id: str
    name: str
    args: dict[str, Any]
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Answer(Message):
    """A question was answered; `approved` is None where it was withdrawn."""

    type: ClassVar[str] = "answer"
    turn: int
    id: str
    approved: bool | None


@dataclass(frozen=True, slots=True)
class Note(Message):
    """A line between the turns: `kind` is `swap`, `transfer` or `history`."""

    type: ClassVar[str] = "note"
    id: str
    turn: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Sources(Message):
    """What of the web the answer of a turn rests on, so far: a list of `{title, uri}`."""

    type: ClassVar[str] = "sources"
    turn: int
    sources: list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class TurnState(Message):
    """A turn `started`, is `complete` or was `interrupted`."""

    type: ClassVar[str] = "turn"
    turn: int
    state: str


@dataclass(frozen=True, slots=True)
class State(Message):
    """What the session does now."""

    type: ClassVar[str] = "state"
    state: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class AgentChanged(Message):
    """What answers from now on; where `video` is None, it sees as much as what answered before."""

    type: ClassVar[str] = "agent"
    agent: str
    model: str
    tools: list[dict[str, Any]] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    video: bool | None = None


@dataclass(frozen=True, slots=True)
class Failure(Message):
    """Something went wrong, and what to do about it."""

    type: ClassVar[str] = "error"
    code: str
    message: str
    remedy: str = ""
    fatal: bool = False


_FROM_PAGE: dict[str, type[Message]] = {
    cls.type: cls
    for cls in (
        Hello, Text, Mic, Camera, ActivityStart, ActivityEnd, Interrupt, ToolSwitch, Confirm,
        Playback, Clock, ClockOffset, PageError,
    )
}  # fmt: skip
_HINTS = {cls: get_type_hints(cls) for cls in _FROM_PAGE.values()}


def decode_message(text: str) -> Message:
    """Returns the message that a page's text frame holds.

    Raises:
        ProtocolError: The text is no JSON, no message, or a field is missing or of a wrong type.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("A text frame that is no JSON.") from error
    if not isinstance(data, dict) or not isinstance(data.get("type"), str):
        raise ProtocolError("A text frame that is no object with a type.")
    cls = _FROM_PAGE.get(data["type"])
    if cls is None:
        raise ProtocolError(f"A message of the unknown type {data['type'][:40]!r}.")
    hints = _HINTS[cls]
    values = {
        f.name: _checked(cls.type, f.name, data[f.name], hints[f.name])
        for f in fields(cls)
        if f.name in data
    }
    try:
        return cls(**values)
    except TypeError as error:
        raise ProtocolError(f"A {cls.type!r} message lacks a field.") from error


def _checked(kind: str, name: str, value: Any, expected: type) -> Any:
    if expected is float and type(value) is int and abs(value) < 1 << 53:
        value = float(value)
    if type(value) is not expected or (isinstance(value, float) and not math.isfinite(value)):
        raise ProtocolError(f"A {kind!r} message whose {name!r} is no {expected.__name__}.")
    return value


def encode_message(message: Message) -> str:
    """Returns the text frame of a message; what is no JSON in it becomes its repr."""
    return to_json(as_dict(message))


def as_dict(message: Message) -> dict[str, Any]:
    """Returns the JSON object of a message, its type included."""
    return {"type": message.type} | {f.name: getattr(message, f.name) for f in fields(message)}


def to_json(value: Any) -> str:
    """Returns JSON that every reader takes: no NaN, and the repr of what JSON lacks."""
    try:
        return json.dumps(value, allow_nan=False, default=repr, ensure_ascii=False)
    except (ValueError, TypeError):
        # NaN, a cycle, or keys of odd types: tool results may hold anything.
        return json.dumps(_plain(value), default=repr, ensure_ascii=False)


def _plain(value: Any, depth: int = 0) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else repr(value)
    if depth > 20 or not isinstance(value, dict | list | tuple):
        return value if isinstance(value, str | int | bool | None) else repr(value)[:1000]
    if isinstance(value, dict):
        return {str(key): _plain(item, depth + 1) for key, item in value.items()}
    return [_plain(item, depth + 1) for item in value]
