"""A call of a tool."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from adk_nb.log.waits import length_s

if TYPE_CHECKING:
    from adk_nb.log.turn import Turn


ANSWERS = {True: "approved", False: "rejected", None: "withdrawn"}
"""What the user's answer to a question is called in the log."""


@dataclass(eq=False)
class ToolCall:
    """One call of a tool.

    Attributes:
        turn: The turn that it belongs to; no field, as the turn has the call.
        id: ADK's id of the function call.
        name: The tool's name.
        args: What it was called with.
        author: The agent that called it.
        result: What it returned; None until then.
        error: Why it failed; None if it did not.
        ms: How long it took (ms), without what it waited for its user; None while it runs.
        waits: When it waited for a confirmation or a sign-in (s on the session's clock).
        streams: Whether it gives results while it runs.
        output: What it printed.
        images: The images that it displayed, as `data:` URLs.
        answer: What its user said: `approved`, `rejected`, or `withdrawn` where the question was;
            empty where nothing was asked.
        long_running: Whether it returns at once, and `respond` gives its result later.
        question: What the user is asked before it may run; None if nothing.
        sign_in: The address at which the user is to sign in before it may run, empty where a key
            or token is wanted; None if neither is.
        session_id: The session's id.
        number: Its place among the session's calls, from 1.
        began_t: When the tool began to run; None until it has returned.
        time: When it was called (s since the Unix epoch).
        t: When it was called (s on the session's clock).
        invocation_id: ADK's id of the invocation.
    """

    id: str
    name: str
    args: dict[str, Any]
    author: str = ""
    result: Any = None
    error: str | None = None
    ms: float | None = None
    output: str = ""
    images: list[str] = field(default_factory=list, repr=False)
    streams: bool = False
    long_running: bool = False
    question: str | None = None
    answer: str = ""
    sign_in: str | None = field(default=None, repr=False)
    session_id: str = field(default="", repr=False)
    number: int = field(default=0, repr=False)
    began_t: float | None = field(default=None, repr=False)
    waits: list[tuple[float, float]] = field(default_factory=list, repr=False)
    time: float = field(default=0.0, repr=False)
    t: float = field(default=0.0, repr=False)
    invocation_id: str | None = field(default=None, repr=False)

    @property
    def approval_ms(self) -> float | None:
        """How long it waited for its user's confirmation or sign-in (ms); None if it did not."""
        return length_s(self.waits) * 1000 if self.waits else None

    def __post_init__(self) -> None:
        self.turn: Turn | None = None

    @property
    def returned(self) -> bool:
        """Whether there is a result or an error; a streaming tool may still run."""
        return self.streams or self.ms is not None
