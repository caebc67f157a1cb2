"""The messages of a page. Every field is checked: strictly by its type, and against its bounds."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, ConfigDict, Field
from pydantic.dataclasses import dataclass as checked

from adk_nb.wire.message import MAX_ANSWER, MAX_NAME, MAX_TYPED, Message

_STRICT = ConfigDict(strict=True)

_Clock = Annotated[float, Field(ge=-1e14, le=1e14, allow_inf_nan=False)]
_Milliseconds = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
_Count = Annotated[int, Field(ge=0, lt=1 << 32)]
_Name = Annotated[str, Field(max_length=MAX_NAME)]


def _cut_to(longest: int) -> AfterValidator:
    return AfterValidator(lambda text: text[:longest])


@checked(frozen=True, slots=True, config=_STRICT)
class Hello(Message):
    """A page's first message.

    Attributes:
        token: The session's.
        clock: The page's clock (ms).
        turn: The newest turn whose sound the page has; None from a page that has none before.
        audio_ms: How much of it came (ms).
        view: A name of the page, the same over all its connections.
    """

    type: ClassVar[str] = "hello"
    token: _Name
    clock: _Clock = 0.0
    turn: _Count | None = None
    audio_ms: _Milliseconds = 0.0
    view: _Name = ""


@checked(frozen=True, slots=True, config=_STRICT)
class Redeem(Message):
    """In a hello's place: the code of a link, for the session's token."""

    type: ClassVar[str] = "redeem"
    code: _Name


@checked(frozen=True, slots=True, config=_STRICT)
class Text(Message):
    """The user typed a turn.

    Attributes:
        text: What was typed.
        id: Names it, where the page sends it again if it does not hear that it came.
    """

    type: ClassVar[str] = "text"
    text: Annotated[str, Field(max_length=MAX_TYPED)]
    id: Annotated[str, Field(max_length=64)] = ""


@checked(frozen=True, slots=True, config=_STRICT)
class Mic(Message):
    """The microphone was opened or closed."""

    type: ClassVar[str] = "mic"
    on: bool


@checked(frozen=True, slots=True, config=_STRICT)
class Take(Message):
    """The user wants to hear the agent in this page."""

    type: ClassVar[str] = "take"


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
class Reload(Message):
    """The user wants the agent to take what was redefined."""

    type: ClassVar[str] = "reload"


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
class Play(Message):
    """The user wants to hear a turn again, from `offset` on (bytes of its sound)."""

    type: ClassVar[str] = "play"
    turn: _Count
    offset: Annotated[int, Field(ge=0, lt=1 << 31, multiple_of=2)] = 0


@checked(frozen=True, slots=True, config=_STRICT)
class Playback(Message):
    """What the player did."""

    type: ClassVar[str] = "playback"
    event: Literal["started", "progress", "drained", "flushed"]
    turn: _Count
    played_ms: _Milliseconds = 0.0
    clock: _Clock = 0.0
    underruns: _Count = 0
    estimated: bool = False


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
    remedy: Annotated[str, _cut_to(2000)] = ""


@checked(frozen=True, slots=True, config=_STRICT)
class Recovered(Message):
    """What had failed works again, or the user has dismissed the error."""

    type: ClassVar[str] = "recovered"
    code: Annotated[str, _cut_to(100)]


@checked(frozen=True, slots=True, config=_STRICT)
class Findings(Message):
    """What a page found out about itself: the answer to `Examine`."""

    type: ClassVar[str] = "findings"
    id: Annotated[int, Field(ge=0, lt=1 << 53)]
    found: Annotated[
        dict[Annotated[str, _cut_to(100)], Annotated[str, _cut_to(2000)] | bool | float | None],
        Field(max_length=100),
    ]
