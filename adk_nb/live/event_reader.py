"""Reads every event of `Runner.run_live` once, and tells the turns and the pages what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from adk_nb.adk.gemini_connection import CANCELLED
from adk_nb.adk.usage import parted
from adk_nb.exceptions import AdkNbError, ModelError
from adk_nb.live.answer_sound import AnswerSound, SoundListener
from adk_nb.providers.turn_ends import explain_end

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.adk.events import Event
    from google.genai import types

    from adk_nb.live.tool_calls import ToolCalls
    from adk_nb.live.turn_builder import Turns
    from adk_nb.log.event_log import EventLog
    from adk_nb.log.redaction import Pieces
    from adk_nb.log.turn import Turn

_BUSY = {"IN_PROGRESS": True, "REQUIRES_ACTION": True, "IDLE": False}
"""Whether the interaction goes on, by the service's `interaction_status`."""
_NO_FAILURE = {"TURN_COMPLETE_REASON_UNSPECIFIED", "NEED_MORE_INPUT"}
"""Reasons of a completion that are none for an error."""


class Listener(SoundListener, Protocol):
    """What the reader reports to its session."""

    def fail(self, error: AdkNbError, turn: Turn | None) -> None:
        """Something is wrong with a turn that is over."""

    def run_failed(self, error: AdkNbError) -> None:
        """The model reported an error."""

    def listens(self) -> bool:
        """Returns whether a microphone is open."""

    def transferred(self, turn: Turn | None, source: str, target: str) -> str:
        """One agent transferred the conversation to another; returns the model of that."""

    def blocks(self, name: str) -> bool:
        """Returns whether the model waits for the result of a tool."""


class EventReader:
    """Reads the events of `Runner.run_live`.

    Attributes:
        cumulative: Whether the model's partial user transcripts replace each other, as
            CascadeLive's do.
        silent: Whether a transfer was made and the new agent has not answered yet.
        resumable: Whether the run's connection can be resumed by ADK.
        turn_of: The turns of ADK's events, by the events' ids.
        since: When the first event of a turn was made, by its number (s since the Unix epoch).
    """

    def __init__(
        self,
        log: EventLog,
        turns: Turns,
        listener: Listener,
        *,
        calls: ToolCalls,
    ) -> None:
        self._log = log
        self._turns = turns
        self._calls = calls
        self._listener = listener
        self._sound = AnswerSound(turns, listener)
        self.cumulative = False
        self.silent = False
        self.resumable = False
        self.turn_of: dict[str, int] = {}
        self.since: dict[int, float] = {}
        # Masks the texts that streaming tools give in pieces, by the call's id.
        self._streams: dict[str, Pieces] = {}

    def kept_until(self, turn: int) -> Callable[[Event], bool]:
        """Returns a filter for the events of ADK's session that belong to the turns up to one."""
        turns = self._turns.all
        end = self.began(turns[turn]) if turn < len(turns) else float("inf")

        def kept(event: Event) -> bool:
            index = self.turn_of.get(event.id)
            # ADK yields no event for typed text, so its time decides.
            return event.timestamp < end if index is None else index <= turn

        return kept

    def began(self, turn: Turn) -> float:
        """Returns when a turn began (s since the Unix epoch)."""
        # ADK stamps an event before the turn opens here.
        return min(turn.time, self.since.get(turn.index, turn.time))

    def begin(self) -> None:
        """Prepares for a new run."""
        self.resumable = False

    def read(self, event: Event) -> None:
        """Reads one event."""
        if event.live_session_resumption_update is not None:
            self.resumable = True
        if event.grounding_metadata is not None:
            self._grounded(event, event.grounding_metadata)
        if event.content is not None and event.author != "user":
            self.silent = False
            for part in event.content.parts or ():
                self._part(event, part)
        if event.input_transcription is not None:
            self._user_transcript(event, event.input_transcription)
        if event.output_transcription is not None:
            self._agent_transcript(event, event.output_transcription)
        self._read_signals(event)

    def _read_signals(self, event: Event) -> None:
        """Reads what an event says beside words, sound and calls."""
        if event.usage_metadata is not None and event.usage_metadata.total_token_count:
            self._usage(event, event.usage_metadata)
        if event.voice_activity is not None:
            self._voice(event, event.voice_activity)
        for call_ids in (event.custom_metadata or {}).get(CANCELLED, ()):
            self._cancelled(call_ids)
        if event.error_code:
            self._error(event)
        if event.interrupted:
            self._interrupted(event)
        if event.turn_complete:
            self._turn_complete(event)
        if event.actions.transfer_to_agent:
            self._transfer(event, event.actions.transfer_to_agent)

    def _of(self, event: Event) -> dict[str, Any]:
        """Returns what a row says of the event that it is made of."""
        agent = None if event.author == "user" else event.author
        return {"agent": agent, "invocation_id": event.invocation_id, "event_id": event.id}

    def _knows(self, event: Event, turn: Turn | None) -> None:
        if turn is not None:
            self.turn_of[event.id] = turn.index

    def _part(self, event: Event, part: types.Part) -> None:
        if part.inline_data is not None and part.inline_data.data:
            self._sound.came(event.author, part.inline_data)
        elif part.function_call is not None:
            self._tool_call(event, part.function_call)
        elif part.function_response is not None:
            self._tool_result(event, part.function_response)
        elif part.text and not part.thought:
            self._agent_words(event, "agent_text", part.text, final=not event.partial)

    def _agent_words(self, event: Event, kind: str, text: str, *, final: bool) -> None:
        values = {"invocation_id": event.invocation_id, "event_id": event.id}
        turn = self._turns.transcripts.agent_said(
            event.author, text, final=final, kind=kind, **values
        )
        self._knows(event, turn)
        writes = kind == "agent_text" or not self._listener.voice
        if writes and turn is not None and not turn.ended:
            self._listener.set_state("writing")

    def _agent_transcript(self, event: Event, said: types.Transcription) -> None:
        text, final = said.text or "", bool(said.finished)
        if not text and not final:
            return
        cut = self._turns.cut
        if self._turns.machine.answer.dropping and final and cut is not None:
            # What a CascadeLive reports as heard of the interrupted answer.
            self._turns.transcripts.heard_by_model(cut, event.author, text, **self._of(event))
            self._knows(event, cut)
            return
        self._agent_words(event, "agent_transcript", text, final=final)

    def _user_transcript(self, event: Event, said: types.Transcription) -> None:
        text, final = said.text or "", bool(said.finished)
        if not text and not final:
            return
        turn = self._turns.transcripts.user_said(
            text, final=final, cumulative=self.cumulative, **self._of(event)
        )
        self._knows(event, turn)
        self.since.setdefault(turn.index, event.timestamp)
        if not turn.answered:
            self._listener.set_state("thinking" if final else "listening")

    def _tool_call(self, event: Event, call: types.FunctionCall) -> None:
        name, call_id = call.name or "", call.id or ""
        turn = self._turns.calls.tool_called(
            event.author,
            call_id,
            name,
            dict(call.args or {}),
            long_running=call_id in (event.long_running_tool_ids or ()),
            blocks=self._listener.blocks(name),
            invocation_id=event.invocation_id,
            event_id=event.id,
        )
        self._knows(event, turn)
        if turn is not None:
            self._listener.set_state("thinking")

    def _tool_result(self, event: Event, response: types.FunctionResponse) -> None:
        call_id = response.id or ""
        _, call = self._turns.calls.find(call_id)
        begun = self._begun_only(response)
        if call is not None and call.returned and begun:
            return  # A streaming tool's first results may come before the event that it has begun.
        error = self._calls.raised.pop(call_id, None) or _mcp_error(response)
        turn, _ = self._turns.calls.tool_returned(
            call_id,
            response.name or "",
            None if error is not None else self._result(response),
            error,
            output=self.printed(call_id),
            ran=None if begun else self._calls.times.pop(call_id, None),
            author=event.author,
            final=False if begun else None,
            **self._of(event),
        )
        self._knows(event, turn)

    def _result(self, response: types.FunctionResponse) -> Any:
        result: Any = response.response
        empty = self._calls.empty.pop(response.id or "", None)
        if empty is not None:
            return empty[0]  # The model is told that there is nothing.
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
        self._turns.calls.tool_printed(call_id, *output.take())
        streams = call_id in self._calls.streaming
        if output.cut or not streams:
            self._turns.calls.output_ends(call_id, cut=bool(output.cut))
        if not streams:
            del self._calls.outputs[call_id]
        # The end may be half of a secret.
        text = self._log.redact.open(output.text) if output.cut or streams else output.text
        return text + output.cut or None

    def streamed(self, content: types.Content) -> None:
        """Reads a further result of a streaming tool, for which ADK has no event."""
        for part in content.parts or ():
            response = part.function_response
            if response is None or response.id not in self._calls.streaming:
                continue
            if self._begun_only(response):
                continue  # ADK has an event for this one.
            _, call = self._turns.calls.find(response.id)
            self._turns.calls.tool_returned(
                response.id,
                response.name or "",
                self._piece(response.id, self._result(response)),
                None,
                output=self.printed(response.id),
                author=call.author if call else None,
                agent=call.author if call else None,
                final=False,
            )

    def _piece(self, call_id: str, result: Any) -> Any:
        """Returns a result whose one text has no end that may be the start of a secret."""
        name, text = _one_text(result)
        if text is None:
            return result
        pieces = self._streams.setdefault(call_id, self._log.redact.pieces())
        shown = pieces.add(text)
        return shown if name is None else {**result, name: shown}

    def streams_end(self) -> None:
        """Adds what is still held back of what streaming tools gave."""
        for call_id, pieces in self._streams.items():
            rest = pieces.end()
            _, call = self._turns.calls.find(call_id)
            if rest and call is not None:
                self._turns.calls.tool_returned(
                    call_id, call.name, rest, None, author=call.author, final=False
                )
        self._streams.clear()

    def _transfer(self, event: Event, target: str) -> None:
        turn = self._turns.current or self._turns.last
        self.silent = True
        self._turns.machine.connection_lost()  # The one to the agent that hands over.
        model = self._listener.transferred(turn, event.author, target)
        self._row(event, "agent_transfer", turn, text=target, model=model or None)

    def _row(self, event: Event, kind: str, turn: Turn | None = None, **values: Any) -> None:
        index = turn.index if turn is not None else self._turns.index
        self._log.add("adk", kind, turn=index, author=event.author, **self._of(event), **values)
        self._knows(event, turn)

    def _grounded(self, event: Event, grounding: types.GroundingMetadata) -> None:
        found = [chunk.web or chunk.retrieved_context for chunk in grounding.grounding_chunks or ()]
        sources = [
            {"title": one.title or one.uri, "uri": one.uri} for one in found if one and one.uri
        ]
        queries = list(grounding.web_search_queries or ())
        values = {"author": event.author, "queries": queries}
        self._knows(event, self._turns.grounded(sources, **values, **self._of(event)))

    def _usage(self, event: Event, usage: types.GenerateContentResponseUsageMetadata) -> None:
        self._row(
            event,
            "usage",
            self._turns.current or self._turns.last,
            prompt_tokens=usage.prompt_token_count,
            response_tokens=usage.candidates_token_count,
            total_tokens=usage.total_token_count,
            tokens=parted(usage) or None,
        )

    def _voice(self, event: Event, activity: types.VoiceActivity) -> None:
        """Logs when the service has heard the user begin or cease to speak."""
        kind = _value(activity.voice_activity_type)
        self._log.add(
            "adk",
            "voice_activity",
            turn=self._turns.speech_index,
            author="user",
            text=kind,
            invocation_id=event.invocation_id,
        )
        if kind.endswith("START"):
            self._turns.machine.utterances.speech_began()

    def _cancelled(self, call_ids: list[str]) -> None:
        if self._turns.tools_cancelled(call_ids) is not None:
            self._user_speaks()

    def _error(self, event: Event) -> None:
        text = event.error_message or event.error_code or "unknown error"
        error = ModelError(
            f"The model reported {event.error_code}: {text}",
            remedy="The kernel's log has the details; the next turn tries again.",
        )
        self._listener.run_failed(error)

    def _interrupted(self, event: Event) -> None:
        self._sound.drop()
        expected = self._turns.machine.answer.stop_expected
        turn = self._turns.stopped(author=event.author, **self._of(event))
        self._knows(event, turn)
        # Without a turn it has heard the user while the end of an answer sounds.
        if turn is not None or (self._turns.current is None and not expected):
            self._user_speaks()

    def _user_speaks(self) -> None:
        if self._listener.listens():
            self._listener.set_state("listening")
        elif self._turns.current is None:
            self._listener.set_state("ready")

    def _turn_complete(self, event: Event) -> None:
        self._sound.finish(event.author)
        status, reason = _value(event.interaction_status), _value(event.turn_complete_reason)
        failed = reason.lower() if reason and reason not in _NO_FAILURE else None
        values = {"author": event.author, "status": status or None, "end_reason": failed}
        turn, over = self._turns.completed(
            failed=failed, busy=_BUSY.get(status), **values, **self._of(event)
        )
        self._knows(event, turn)
        if turn is None:
            return
        if over:
            self._tell_why(turn)
        if self._turns.current is None:
            self._listener.set_state("ready")

    def _tell_why(self, turn: Turn) -> None:
        """Says what is wrong with an answer that is none."""
        error = explain_end(turn.end_reason)
        if error is not None:
            self._listener.fail(error, turn)


def _value(member: Any) -> str:
    """Returns the name of an enumeration's member; empty if there is none."""
    return str(getattr(member, "value", member) or "")


def _mcp_error(response: types.FunctionResponse) -> str | None:
    """Returns the error that an MCP tool reports; to ADK it is a result like any other."""
    result = response.response or {}
    if result.get("isError") is not True:
        return None
    parts = result.get("content") or []
    said = [str(part.get("text", "")) for part in parts if isinstance(part, dict)]
    return " ".join(said).strip() or "The tool failed."


def _one_text(result: Any) -> tuple[str | None, str | None]:
    """Returns the only text in a result, and its key where it is a dictionary's."""
    if isinstance(result, str):
        return None, result
    if not isinstance(result, dict):
        return None, None
    texts = [key for key, value in result.items() if isinstance(value, str)]
    return (texts[0], result[texts[0]]) if len(texts) == 1 else (None, None)
