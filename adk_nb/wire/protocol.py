"""The wire `adk-nb.v1`: bytes and text to values and back. No sockets.

`docs/protocol.md` states every message. Binary frames are audio and images, text frames are JSON
objects.
"""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import AfterValidator, ConfigDict, Field, ValidationError
from pydantic.dataclasses import dataclass as checked

from adk_nb.exceptions import ProtocolError
from adk_nb.plain import plain, to_json

SUBPROTOCOL = "adk-nb.v1"
MAX_MESSAGE = 1 << 20
"""The largest message (bytes); a larger one closes the connection."""

MAX_ANSWER = 20_000
"""How long the answer of a sign-in may be (characters)."""
MAX_TYPED = 100_000
"""The longest text that a page may send (characters)."""

MAX_OUTPUT = 20_000
"""How much of a tool's printed output a page gets (characters)."""

MAX_SHOWN = 20_000
"""How much of a text, or of the JSON of arguments or a result, a page gets (characters)."""

MAX_MORE = 200_000
"""How much of a result a page gets when it asks for more (characters)."""

MAX_HISTORY = 4 << 20
"""The largest history in a `Welcome` (bytes)."""

MICROPHONE = 1
AGENT_AUDIO = 2
IMAGE = 3

SOURCES = ("camera", "screen")
"""Where an image comes from; its index is the frame's flags."""

MAX_JPEG = 512 << 10
"""The largest image (bytes)."""

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
        ProtocolError: The bytes are not a frame of this protocol.
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
    """Returns the image that the bytes hold; of the JPEG only its two ends are checked.

    Raises:
        ProtocolError: The bytes are not an image frame of this protocol.
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
        ProtocolError: The bytes are not a frame of this protocol.
    """
    return decode_image(data) if data[:1] == bytes([IMAGE]) else decode_audio(data)


@dataclass(frozen=True, slots=True)
class Message:
    """A text frame; its fields are those of the JSON object, besides `type`."""

    type: ClassVar[str] = ""


# Messages of a page. Every field is checked: strictly by its type, and against its bounds.

_STRICT = ConfigDict(strict=True)

_Clock = Annotated[float, Field(ge=-1e14, le=1e14, allow_inf_nan=False)]
_Milliseconds = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
_Count = Annotated[int, Field(ge=0, lt=1 << 32)]
_Name = Annotated[str, Field(max_length=1000)]


def _cut_to(longest: int) -> AfterValidator:
    return AfterValidator(lambda text: text[:longest])


@checked(frozen=True, slots=True, config=_STRICT)
class Hello(Message):
    """A page's first message."""

    type: ClassVar[str] = "hello"
    token: _Name
    clock: _Clock = 0.0


@checked(frozen=True, slots=True, config=_STRICT)
class Text(Message):
    """The user typed a turn."""

    type: ClassVar[str] = "text"
    text: Annotated[str, Field(max_length=MAX_TYPED)]


@checked(frozen=True, slots=True, config=_STRICT)
class Mic(Message):
    """The microphone was opened or closed."""

    type: ClassVar[str] = "mic"
    on: bool


@checked(frozen=True, slots=True, config=_STRICT)
class Camera(Message):
    """The camera, or the sharing of a screen, was switched on or off."""

    type: ClassVar[str] = "camera"
    source: Literal["camera", "screen"]
    on: bool


@checked(frozen=True, slots=True, config=_STRICT)
class ActivityStart(Message):
    """Push-to-talk was pressed."""

    type: ClassVar[str] = "activity_start"


@checked(frozen=True, slots=True, config=_STRICT)
class ActivityEnd(Message):
    """Push-to-talk was released."""

    type: ClassVar[str] = "activity_end"


@checked(frozen=True, slots=True, config=_STRICT)
class Interrupt(Message):
    """The user pressed the interrupt button."""

    type: ClassVar[str] = "interrupt"


@checked(frozen=True, slots=True, config=_STRICT)
class ToolSwitch(Message):
    """The user switched one of the agent's tools on or off."""

    type: ClassVar[str] = "tool"
    name: _Name
    on: bool


@checked(frozen=True, slots=True, config=_STRICT)
class Voice(Message):
    """The user switched the agent's voice on or off."""

    type: ClassVar[str] = "voice"
    on: bool


@checked(frozen=True, slots=True, config=_STRICT)
class Confirm(Message):
    """The user's answer to a question about a tool call.

    `answer` is what a sign-in gave: the address that the user was sent to, a code, or a key.
    """

    type: ClassVar[str] = "confirm"
    id: _Name
    approved: bool
    answer: Annotated[str, Field(max_length=MAX_ANSWER)] = ""


@checked(frozen=True, slots=True, config=_STRICT)
class Stop(Message):
    """The user wants a tool call that runs to stop."""

    type: ClassVar[str] = "stop"
    id: _Name


@checked(frozen=True, slots=True, config=_STRICT)
class More(Message):
    """The user wants to see more of a tool's result, from `offset` on."""

    type: ClassVar[str] = "more"
    id: _Name
    offset: Annotated[int, Field(ge=0, lt=1 << 53)]


@checked(frozen=True, slots=True, config=_STRICT)
class Playback(Message):
    """What the player did."""

    type: ClassVar[str] = "playback"
    event: Literal["started", "progress", "drained", "flushed"]
    turn: _Count
    played_ms: _Milliseconds = 0.0
    clock: _Clock = 0.0
    underruns: _Count = 0


@checked(frozen=True, slots=True, config=_STRICT)
class Clock(Message):
    """A page asks for the bridge's clock, or the bridge answers."""

    type: ClassVar[str] = "clock"
    id: Annotated[int, Field(ge=0, lt=1 << 53)]
    clock: _Clock
    bridge_clock: _Clock = 0.0


@checked(frozen=True, slots=True, config=_STRICT)
class ClockOffset(Message):
    """A page's estimate of the bridge's clock less its own, and the error of it (ms)."""

    type: ClassVar[str] = "clock_offset"
    offset_ms: _Clock
    error_ms: _Milliseconds


@checked(frozen=True, slots=True, config=_STRICT)
class PageError(Message):
    """Something failed in the page."""

    type: ClassVar[str] = "error"
    code: Annotated[str, _cut_to(100)]
    message: Annotated[str, _cut_to(2000)]


# Messages of the bridge.


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
    audio: bool | dict[str, Any]
    changes: list[str] = field(default_factory=list)
    video: bool = False


@dataclass(frozen=True, slots=True)
class Transcript(Message):
    """A piece of what one side said in a turn: `text` replaces what is after `start` in it.

    `piece` is the piece's number in its turn, `start` counts UTF-16 code units. The words are a
    guard's if the answer was `withheld`.
    """

    type: ClassVar[str] = "transcript"
    turn: int
    role: str
    author: str
    text: str
    final: bool
    interrupted: bool = False
    withheld: bool = False
    piece: int = 0
    start: int = 0


@dataclass(frozen=True, slots=True)
class ToolCalled(Message):
    """An agent called a tool; long arguments are cut."""

    type: ClassVar[str] = "tool_call"
    turn: int
    id: str
    name: str
    args: Any


@dataclass(frozen=True, slots=True)
class ToolReturned(Message):
    """A tool returned, or failed if `error` is set.

    If `length` is set, `result` is the beginning of a text of so many characters.
    """

    type: ClassVar[str] = "tool_result"
    turn: int
    id: str
    name: str
    ms: float
    result: Any = None
    error: str | None = None
    length: int = 0


@dataclass(frozen=True, slots=True)
class ToolMore(Message):
    """More of a tool's result: a piece of its JSON text, which has `length` characters."""

    type: ClassVar[str] = "tool_more"
    turn: int
    id: str
    offset: int
    text: str
    length: int


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
    """A tool call waits for the user's `Confirm`.

    `sign_in` is None for a confirmation; for a sign-in it is the address to sign in at, empty where
    the user is to give a key or token.
    """

    type: ClassVar[str] = "question"
    turn: int
    id: str
    name: str
    args: dict[str, Any]
    hint: str = ""
    sign_in: str | None = None


@dataclass(frozen=True, slots=True)
class Answer(Message):
    """A question was answered; `approved` is None if it was withdrawn."""

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
    """The web pages that the answer of a turn rests on, so far: a list of `{title, uri}`."""

    type: ClassVar[str] = "sources"
    turn: int
    sources: list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class TurnState(Message):
    """A turn `started`, its answer so far is `withheld`, it has ended, or it is `resumed`.

    It is resumed where it was cut off, and a tool that went on is answered. How it ended is one of
    `adk_nb.log.turn.Status`.
    """

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
    """The agent that answers from now on; `video` is None if that has not changed."""

    type: ClassVar[str] = "agent"
    agent: str
    model: str
    tools: list[dict[str, Any]] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    video: bool | None = None


@dataclass(frozen=True, slots=True)
class AudioUse(Message):
    """Of what use microphone and player are from now on; `audio` is as in `Welcome`."""

    type: ClassVar[str] = "audio"
    audio: bool | dict[str, Any]


@dataclass(frozen=True, slots=True)
class Failure(Message):
    """Something went wrong, and what to do about it."""

    type: ClassVar[str] = "error"
    code: str
    message: str
    remedy: str = ""


_FROM_PAGE: dict[str, type[Message]] = {
    cls.type: cls
    for cls in (
        Hello, Text, Mic, Camera, ActivityStart, ActivityEnd, Interrupt, ToolSwitch, Voice,
        Confirm, Stop, More, Playback, Clock, ClockOffset, PageError,
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
    if kind == "text" and first["type"] == "string_too_long":
        return ProtocolError(
            "The text is too long to be sent at once.",
            remedy=f"Send at most {MAX_TYPED:,} characters, or put it where a tool can read it.",
            code="text_too_long",
        )
    if first["type"] == "missing":
        return ProtocolError(f"A {kind!r} message lacks {name!r}.")
    return ProtocolError(f"A {kind!r} message whose {name!r} is wrong: {first['msg']}.")


def encode_message(message: Message) -> str:
    """Returns the text frame of a message; values that JSON lacks become their repr."""
    return to_json(as_dict(message))


def as_dict(message: Message) -> dict[str, Any]:
    """Returns the JSON object of a message, its type included."""
    return {"type": message.type} | {f.name: getattr(message, f.name) for f in fields(message)}
