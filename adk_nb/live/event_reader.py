"""Reads every event of `Runner.run_live` once: into the log, the turns and the pages."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

from adk_nb.audio import duration_ms, rate_of
from adk_nb.exceptions import AdkNbError, ModelError

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.adk.events import Event
    from google.genai import types

    from adk_nb.live.tool_calls import ToolCalls
    from adk_nb.live.turn_builder import Turns
    from adk_nb.log.event_log import EventLog
    from adk_nb.log.turn import Turn


_MORE_S = 1.0
"""How long after the end of an answer that may have been cut off another may begin (s)."""


class Listener(Protocol):
    """What the reader reports to its session."""

    def agent_audio(self, turn: Turn, rate: int, pcm: bytes) -> None:
        """Agent audio came."""

    def set_state(self, state: str) -> None:
        """What the session does has changed."""

    def fail(self, error: AdkNbError, turn: Turn | None) -> None:
        """The model reported an error; `turn` is the turn that this ended."""

    def transferred(self, turn: Turn | None, source: str, target: str) -> None:
        """One agent transferred the conversation to another."""

    def still_talking(self) -> None:
        """The model goes on with an answer that was interrupted."""


class EventReader:
    """Reads the events of `Runner.run_live` into the log and the turns."""

    def __init__(
        self,
        log: EventLog,
        turns: Turns,
        listener: Listener,
        *,
        calls: ToolCalls,
        audio: bool,
    ) -> None:
        self._log = log
        self._turns = turns
        self._calls = calls
        self._listener = listener
        self._audio = audio
        self.cumulative = False
        """Whether the model's partial user transcripts replace each other, as CascadeLive's do."""
        # Events that may belong to an interrupted answer or to the next; see `_held_back`.
        self._held: list[Event] = []
        self._timer: asyncio.TimerHandle | None = None
        # Set when nothing of an interrupted answer is to come any more.
        self.discarded = asyncio.Event()
        self.discarding = False
        # Whether the model said that it was interrupted, after which it also completes the turn.
        self._completion_due = False
        self.silent = False
        """Whether a transfer was made and the new agent has not answered yet."""
        self.resumable = False
        """Whether the run's connection can be resumed by ADK."""
        self.turn_of: dict[str, int] = {}
        """The turns of ADK's events, by the events' ids."""

    @property
    def discarding(self) -> bool:
        """Whether events belong to an answer that was interrupted."""
        return not self.discarded.is_set()

    @discarding.setter
    def discarding(self, discarding: bool) -> None:
        if discarding:
            self.discarded.clear()
        else:
            self.discarded.set()

    def kept_until(self, turn: int) -> Callable[[Event], bool]:
        """Returns a filter for the events of ADK's session that belong to the turns up to one."""
        turns = self._turns.all
        end = turns[turn].at if turn < len(turns) else float("inf")

        def kept(event: Event) -> bool:
            index = self.turn_of.get(event.id)
            # ADK yields no event for typed text, so its time decides.
            return event.timestamp < end if index is None else index <= turn

        return kept

    def begin(self) -> None:
        """Prepares for a new run."""
        self.discarding = self.resumable = self._completion_due = False
        self._forget_held()

    def read(self, event: Event) -> None:
        """Reads one event."""
        if event.live_session_resumption_update is not None:
            self.resumable = True
        if event.grounding_metadata is not None:
            self._grounded(event, event.grounding_metadata)
        if not self._held_back(event):
            self._take(event)

    def _take(self, event: Event) -> None:
        if event.content is not None and event.author != "user":
            self.silent = self._completion_due = False
            for part in event.content.parts or ():
                self._part(event, part)
        if event.input_transcription is not None:
            self._user_transcript(event, event.input_transcription)
        if event.output_transcription is not None:
            self._agent_transcript(event, event.output_transcription)
        if event.usage_metadata is not None and event.usage_metadata.total_token_count:
            self._usage(event, event.usage_metadata)
        if event.error_code:
            self._error(event)
        if event.interrupted:
            self._interrupted(event)
        if event.turn_complete:
            self._turn_complete(event)
        if event.actions.transfer_to_agent:
            self._transfer(event, event.actions.transfer_to_agent)

    def _held_back(self, event: Event) -> bool:
        """Returns whether an event is kept for later.

        After an interruption an event may belong to the interrupted answer or to the next turn.
        The model says that it was interrupted unless it had nothing more to say. So such events are
        kept; if nothing else comes, they belonged to the next turn.
        """
        if event.author == "user" or event.interrupted or not _says_something(event):
            if event.interrupted:
                self._forget_held()
            return False
        turn = self._turns.current
        if not self.discarding:
            self._forget_held()
            return False
        if self.cumulative or turn is None or turn.answered or not turn.user_text:
            return False
        self._held.append(event)
        if event.turn_complete:
            self.discarding = False
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(_MORE_S, self._read_held)
        return True

    def _forget_held(self) -> None:
        self._held.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _read_held(self) -> None:
        held, self._held = self._held, []
        self._timer = None
        for event in held:
            self._take(event)

    def _row(self, event: Event, kind: str, turn: Turn | None = None, **values: Any) -> None:
        self._log.add(
            "adk",
            kind,
            turn=turn.index if turn else self._turns.index,
            author=event.author,
            agent=None if event.author == "user" else event.author,
            invocation_id=event.invocation_id,
            **values,
        )
        if turn is not None:
            self.turn_of[event.id] = turn.index

    def _part(self, event: Event, part: types.Part) -> None:
        if part.inline_data is not None and part.inline_data.data:
            self._sound(event, part.inline_data)
        elif part.function_call is not None:
            self._tool_call(event, part.function_call)
        elif part.function_response is not None:
            self._tool_result(event, part.function_response)
        elif part.text and not part.thought:
            self._agent_text(event, part.text)

    def _sound(self, event: Event, blob: types.Blob) -> None:
        if not (blob.mime_type or "").startswith("audio/") or not blob.data or not self._audio:
            return
        if self.discarding:
            self._listener.still_talking()
            return
        rate = rate_of(blob.mime_type)
        turn = self._turns.agent_audio(event.author, duration_ms(len(blob.data), rate))
        self._log.add_audio("adk", "agent_audio", turn.index, blob.data, rate)
        self._listener.set_state("speaking")
        self._listener.agent_audio(turn, rate, blob.data)

    def _agent_text(self, event: Event, text: str) -> None:
        if self.discarding:
            return
        final = not event.partial
        turn = self._turns.agent_said(event.author, text, final=final)
        self._row(event, "agent_text", turn, text=text, final=final, audio_ms=turn.audio_ms)
        if not turn.ended.is_set():
            self._listener.set_state("speaking")

    def _agent_transcript(self, event: Event, said: types.Transcription) -> None:
        text, final = said.text or "", bool(said.finished)
        if self.discarding:
            cut = self._turns.cut
            if final and cut is not None:
                # What a CascadeLive reports as heard of the interrupted answer.
                self._row(event, "agent_transcript", cut, text=text, final=True)
                if cut.heard_ms is None:
                    cut.heard_text = self._log.redact(text.strip())
            return
        if text or final:
            turn = self._turns.agent_said(event.author, text, final=final)
            self._row(
                event, "agent_transcript", turn, text=text, final=final, audio_ms=turn.audio_ms
            )

    def _user_transcript(self, event: Event, said: types.Transcription) -> None:
        text, final = said.text or "", bool(said.finished)
        if not text and not final:
            return
        turn = self._turns.user_said(text, final=final, cumulative=self.cumulative)
        turn.at = min(turn.at, event.timestamp)  # ADK stamps an event before the turn opens here.
        self._row(
            event, "user_transcript", turn, text=text, final=final, cumulative=self.cumulative
        )
        if not turn.answered:
            self._listener.set_state("thinking" if final else "listening")

    def _tool_call(self, event: Event, call: types.FunctionCall) -> None:
        name, args = call.name or "", dict(call.args or {})
        turn = self._turns.tool_called(
            event.author,
            call.id or "",
            name,
            args,
            long_running=(call.id or "") in (event.long_running_tool_ids or ()),
        )
        self._row(event, "tool_call", turn, tool=name, tool_call_id=call.id, args=args)
        self._listener.set_state("thinking")

    def _tool_result(self, event: Event, response: types.FunctionResponse) -> None:
        call_id, name = response.id or "", response.name or ""
        error = self._calls.raised.pop(call_id, None) or _mcp_error(response)
        result = None if error is not None else self._result(response)
        output = self.printed(call_id)
        turn, call = self._turns.call(call_id)
        if call is None or call.ms is None or not self._begun_only(response):
            # A streaming tool's first results may come before the event that it has begun.
            self._turns.tool_returned(call_id, name, result, error)
        self._row(
            event,
            "tool_result",
            turn,
            tool=name,
            tool_call_id=call_id,
            result=result,
            error=error,
            output=output,
        )

    def _result(self, response: types.FunctionResponse) -> Any:
        result: Any = response.response
        if isinstance(result, dict) and result.keys() == {"result"}:
            return result["result"]  # ADK wraps what is not a dict.
        return result

    def _begun_only(self, response: types.FunctionResponse) -> bool:
        """Returns whether a response says only that a streaming tool has begun."""
        streams = response.id in self._calls.streaming
        return streams and (response.response or {}).keys() == {"status"}

    def printed(self, call_id: str) -> str | None:
        """Returns all that a call has printed, and shows the part that is not shown yet."""
        output = self._calls.outputs.get(call_id)
        if output is None:
            return None
        self._turns.tool_printed(call_id, *output.take())
        if call_id not in self._calls.streaming:
            del self._calls.outputs[call_id]
        return output.text or None

    def streamed(self, content: types.Content) -> None:
        """Reads a further result of a streaming tool, for which ADK has no event."""
        for part in content.parts or ():
            response = part.function_response
            if response is None or response.id not in self._calls.streaming:
                continue
            if self._begun_only(response):
                continue  # ADK has an event for this one.
            turn, call = self._turns.tool_returned(
                response.id, response.name or "", self._result(response), None
            )
            self._log.add(
                "adk",
                "tool_result",
                turn=turn.index if turn else self._turns.index,
                author=call.author if call else None,
                agent=call.author if call else None,
                tool=response.name,
                tool_call_id=response.id,
                result=self._result(response),
                output=self.printed(response.id),
            )

    def _transfer(self, event: Event, target: str) -> None:
        turn = self._turns.current or self._turns.last
        self._row(event, "agent_transfer", turn, text=target)
        self.silent, self.discarding = True, False
        self._listener.transferred(turn, event.author, target)

    def _grounded(self, event: Event, grounding: types.GroundingMetadata) -> None:
        found = [chunk.web or chunk.retrieved_context for chunk in grounding.grounding_chunks or ()]
        sources = [
            {"title": one.title or one.uri, "uri": one.uri} for one in found if one and one.uri
        ]
        turn = self._turns.grounded(sources)
        if turn is not None:
            result = {"queries": list(grounding.web_search_queries or ()), "sources": sources}
            self._row(event, "agent_text", turn, text="", final=True, result=result)

    def _usage(self, event: Event, usage: types.GenerateContentResponseUsageMetadata) -> None:
        self._row(
            event,
            "usage",
            self._turns.current or self._turns.last,
            prompt_tokens=usage.prompt_token_count,
            response_tokens=usage.candidates_token_count,
            total_tokens=usage.total_token_count,
        )

    def _error(self, event: Event) -> None:
        text = event.error_message or event.error_code or "unknown error"
        error = ModelError(
            f"The model reported {event.error_code}: {text}",
            remedy="The kernel's log has the details; the next turn tries again.",
        )
        turn = self._turns.failed(error.message)
        self._listener.fail(error, turn)

    def _interrupted(self, event: Event) -> None:
        self._completion_due = True
        if self.discarding:
            self.discarding = False
            return
        turn = self._turns.interrupted()
        self._row(event, "interrupted", turn, interrupted=True)
        self._listener.set_state("listening")

    def _turn_complete(self, event: Event) -> None:
        due, self._completion_due = self._completion_due, False
        current = self._turns.current
        if due and current is not None and not current.answered:
            return  # After an interruption Gemini completes the turn as well.
        if self.discarding:
            self.discarding = False
            return
        turn = self._turns.completed()
        self._row(event, "turn_complete", turn, turn_complete=True)
        if turn is not None:
            self._listener.set_state("ready")


def _says_something(event: Event) -> bool:
    return bool(event.content or event.output_transcription or event.turn_complete)


def _mcp_error(response: types.FunctionResponse) -> str | None:
    """Returns the error that an MCP tool reports; to ADK it is a result like any other."""
    result = response.response or {}
    if result.get("isError") is not True:
        return None
    parts = result.get("content") or []
    said = [str(part.get("text", "")) for part in parts if isinstance(part, dict)]
    return " ".join(said).strip() or "The tool failed."
