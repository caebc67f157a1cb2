"""A row of the event log, and the kinds that there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from adk_nb.plain import valid_text

KINDS = (
    "user_text", "prompt", "user_audio", "user_transcript",
    "agent_text", "agent_audio", "agent_transcript",
    "tool_call", "tool_result", "agent_transfer", "agent_swapped", "turn_complete", "interrupted",
    "playback_started", "playback_drained", "playback_flushed", "playback_moved",
    "mic_on", "mic_off", "connected", "disconnected", "usage", "error", "turn_ended",
    "answer_disowned", "voice_activity", "silence", "sign_in", "withheld", "user_speech",
    "audio_lost", "clock_set", "tool_ended", "masked", "approval",
)  # fmt: skip

_LONGEST_ID = 1000
"""Characters of a call's id."""


@dataclass(slots=True)
class LogRow:
    """One thing that happened.

    Attributes:
        seq: Its place in the log, from 0.
        time: When (s since the Unix epoch).
        t: When, on the session's clock (s since the session was made).
        source: Where it came from: `client` (the page, or a cell in its place), `bridge` or `adk`.
        kind: What it was, one of `KINDS`.
        turn: The turn it belongs to, from 1; the next one if none is open.
        author: Who: `user`, or the agent's name.
        agent: The agent; None if it was the user.
        invocation_id: ADK's id of the invocation; one may span many turns.
        variant: Which agent, instruction, tools and model there were: the `label` of the swap, or
            a short name made of them.
        model: The agent's model, in rows that say that it was connected or changed.
        text: What was said or typed, as it came: a piece, or the whole so far. What stands in the
            place of an answer that was withheld. In `masked`, the name of the variable.
        final: Whether that text was the speaker's last of this utterance. False in a streaming
            tool's results: more may come, until `tool_ended`.
        cumulative: Whether that text replaces the piece before; does not apply if `final`.
        audio_ms: How much sound (ms): in this row of audio; of this turn before this piece of the
            agent's transcript; of this turn that had sounded, by the player's report; of this turn
            that a guard withheld; that was lost.
        speech_t: In `user_speech`, when the user's speech ended, which began at `t` (s on the
            session's clock). In a row of the user's audio of an older recording: when it was last
            loud.
        tool: The tool's name.
        tool_call_id: ADK's id of the call.
        args: What the tool was called with.
        result: What it returned.
        ms: How long it ran (ms), until `t`: in a tool's result, or in the `tool_ended` of one that
            streams; without what it waited for its user. In `approval`: how long it waited, from
            `t` on.
        error: What went wrong.
        interrupted: Whether the user cut in.
        turn_complete: Whether the model completed its turn.
        prompt_tokens: Tokens of one response's prompt, as the model says.
        response_tokens: Tokens of the response.
        total_tokens: The model's own sum.
        tokens: How its tokens part: by side and modality, such as `prompt_audio`; those that the
            model does not part, as `prompt` or `response`; and `cached`, `thoughts`, `tool_use`.
        error_ms: How far `t` may be off (ms), if it is from the page's clock.
        estimated: Whether `t` is without the output's latency, which the page's browser does not
            tell.
        output: What the tool had printed when it returned.
        count: How often it happened; an error that a page repeats is one row.
        status: In a row that a turn has ended: how, one of `adk_nb.log.turn.Status`. In one that
            the model has completed: the service's `interaction_status`. In one of an error:
            `warning` if its turn goes on.
        end_reason: Why, where there is more to say, such as `response_rejected`.
        level_db: In a row that a turn has ended: the level of the agent's audio (dBFS).
        by: By which rule an answer was found to be this turn's: `question`, `result` of a tool,
            `speech` or `itself`; in the row with which it began. In `user_speech`, how that was
            found: `vad`, `level` or `file`; in a row of the user's audio, `file` if `speak` played
            it.
        ambiguous: Whether another turn was possible.
        underruns: In a player's report: how often sound came too late, since the page connected.
        event_id: ADK's id of the event, in its first row.
    """

    seq: int
    time: float
    t: float
    source: str
    kind: str
    turn: int = 0
    author: str | None = None
    agent: str | None = None
    invocation_id: str | None = None
    model: str | None = None
    text: str | None = None
    final: bool | None = None
    cumulative: bool = False
    audio_ms: float | None = None
    speech_t: float | None = None
    tool: str | None = None
    tool_call_id: str | None = None
    args: Any = None
    result: Any = None
    error: str | None = None
    interrupted: bool = False
    turn_complete: bool = False
    prompt_tokens: int | None = None
    response_tokens: int | None = None
    total_tokens: int | None = None
    tokens: dict[str, int] | None = None
    error_ms: float | None = None
    estimated: bool = False
    output: str | None = None
    count: int = 1
    status: str | None = None
    end_reason: str | None = None
    level_db: float | None = None
    by: str | None = None
    ambiguous: bool = False
    ms: float | None = None
    underruns: int | None = None
    event_id: str | None = None
    variant: str | None = None


def valid_id(call_id: str) -> str:
    """Returns a call's id as the log has it; it is never masked, or calls would be mixed up."""
    return valid_text(call_id)[:_LONGEST_ID]
