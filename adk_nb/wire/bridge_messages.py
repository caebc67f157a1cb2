"""The messages of the bridge to a page."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from adk_nb.wire.message import Message

Where = Literal["here", "elsewhere", "none", "gone"]
"""Where something of a session is, as seen from a page: `gone` with the page that had it."""


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
    plays: bool = True
    redefined: list[str] = field(default_factory=list)
    facts: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Admitted(Message):
    """The answer to a good `Redeem`; the connection is closed after it."""

    type: ClassVar[str] = "admitted"
    token: str


@dataclass(frozen=True, slots=True)
class Taken(Message):
    """A typed text has come, now or before."""

    type: ClassVar[str] = "taken"
    id: str


@dataclass(frozen=True, slots=True)
class SoundFrom(Message):
    """What comes of a turn's sound from now on begins so far (ms) in it."""

    type: ClassVar[str] = "sound_from"
    turn: int
    from_ms: float


@dataclass(frozen=True, slots=True)
class Place(Message):
    """Which page plays, and which has the microphone, as seen from this one."""

    type: ClassVar[str] = "place"
    speaker: Where
    microphone: Where


@dataclass(frozen=True, slots=True)
class Continue(Message):
    """The sound of a turn that follows goes on where another page's player had come to (ms)."""

    type: ClassVar[str] = "continue"
    turn: int
    played_ms: float


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
class Rendered(Message):
    """A piece of an answer that was written, not spoken, as HTML; its Markdown is rendered."""

    type: ClassVar[str] = "rendered"
    turn: int
    piece: int
    html: str


@dataclass(frozen=True, slots=True)
class Words(Message):
    """When the words of a piece of an answer sound; it replaces what is known after `start`.

    `ends` are the places in the piece where its words end, in UTF-16 code units, `ms` how much of
    the turn's sound there is up to each.
    """

    type: ClassVar[str] = "words"
    turn: int
    piece: int
    start: int
    ends: list[int]
    ms: list[float]


@dataclass(frozen=True, slots=True)
class Position(Message):
    """How much of a turn's sound a page has played (ms), for the pages that do not play it."""

    type: ClassVar[str] = "position"
    turn: int
    played_ms: float
    sounding: bool


@dataclass(frozen=True, slots=True)
class Heard(Message):
    """What of an answer that was cut off was heard.

    `unheard` are the parts that never sounded, as `[piece, start, end]` in UTF-16 code units.
    """

    type: ClassVar[str] = "heard"
    turn: int
    unheard: list[list[int]]
    heard_ms: float | None
    audio_ms: float


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
class Examine(Message):
    """A doctor asks what the page knows of itself."""

    type: ClassVar[str] = "examine"
    id: int


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
    """A question was answered; `approved` is None if it was withdrawn.

    `ms` is how long the tool waited for the user in all; None where that is not known.
    """

    type: ClassVar[str] = "answer"
    turn: int
    id: str
    approved: bool | None
    ms: float | None = None


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
class TurnFacts(Message):
    """What a page shows of a turn beside its words.

    Attributes:
        turn: Its number.
        time: When it began (s since the Unix epoch).
        latency: The column of `turns_df` that has its first latency; empty while there is none.
        ms: That latency (ms).
        sound: Whether there is any sound of it.
        outcome: What became of it where it was not simply answered.
        failed: Whether that is an error.
    """

    type: ClassVar[str] = "turn_facts"
    turn: int
    time: float
    latency: str = ""
    ms: float | None = None
    sound: bool = False
    outcome: str = ""
    failed: bool = False


@dataclass(frozen=True, slots=True)
class TurnSound(Message):
    """A piece of a turn's sound as it was, both sides: PCM16LE mono in Base64.

    Attributes:
        turn: The turn's number.
        rate: Samples a second (Hz).
        offset: Where the piece begins (bytes).
        length: How much there is (bytes).
        pcm: The piece.
    """

    type: ClassVar[str] = "turn_sound"
    turn: int
    rate: int
    offset: int
    length: int
    pcm: str


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
class Redefined(Message):
    """The names of the notebook that hold something else now than the agent does."""

    type: ClassVar[str] = "redefined"
    names: list[str]


@dataclass(frozen=True, slots=True)
class AudioUse(Message):
    """Of what use microphone and player are from now on; `audio` is as in `Welcome`."""

    type: ClassVar[str] = "audio"
    audio: bool | dict[str, Any]


@dataclass(frozen=True, slots=True)
class Failure(Message):
    """Something went wrong, and what to do about it; `lasts` says that no good answer ends it."""

    type: ClassVar[str] = "error"
    code: str
    message: str
    remedy: str = ""
    lasts: bool = False
