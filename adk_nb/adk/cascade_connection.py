"""A connection for ADK's `CascadeLive` that uses what the session knows.

After an interruption, a cascade keeps the words that had sounded in its history. It estimates them
from the time that has passed, "because the client's true position is not observable". With a page
it is: the player reports it. Every cascade that a session runs gets its position from there.

Where the agent is not to speak, its text is passed on as it comes: nothing is synthesised, and
nothing waits until it would have sounded.

After a transfer, the agent that takes over answers what the user has said, as with Gemini's live
models; a cascade by itself would wait for the user to say more.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from google.adk.live import AgentSpokenOutput
from google.adk.live._cascade_live_connection import CascadeLiveConnection, _now, _State
from google.genai import types

from adk_nb.adk.session_context import SESSION
from adk_nb.adk.told_history import CUT_OFF, calls_of, in_pairs
from adk_nb.audio import duration_ms, rate_of

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncGenerator, AsyncIterator

    from google.adk.live import UserTurnFinished
    from google.adk.models.llm_response import LlmResponse


class HeardConnection(CascadeLiveConnection):
    """A cascade's connection that asks the player how much has sounded."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._session = SESSION.get()
        self._speak = self._tts
        self._tts: Any = self._utter
        # Whether the answer that goes on is only written.
        self._writes = False
        # Sound whose words have not passed the callbacks yet.
        self._held: list[LlmResponse] = []
        # Results that wait for those of the other calls.
        self._results: list[types.Part] = []

    async def receive(self) -> AsyncGenerator[LlmResponse, None]:
        """Yields the responses; where words may be withheld, a sentence's words before its sound.

        ADK shows the words to the callbacks. If they withhold them, it asks for nothing more, and
        the sound is never sent.
        """
        session, responses = self._session, super().receive()
        async with contextlib.aclosing(responses):
            if session is None or not session.guarded():
                async for response in responses:
                    yield response
                return
            async for response in responses:
                said = response.output_transcription
                if _sound_ms(response):
                    self._held.append(response)
                    continue
                if said is not None and not said.finished:
                    session.withholding.words_first(self._held_ms)
                    yield response
                elif response.interrupted or response.error_code:
                    self._held.clear()
                if response.input_transcription is None:
                    while self._held:
                        yield self._held.pop(0)
                if said is None or said.finished:
                    yield response

    async def _utter(
        self, text: AsyncIterator[str], *, cancel: asyncio.Event
    ) -> AsyncGenerator[Any, None]:
        """Speaks a text, or passes it on in writing."""
        self._writes = self._session is not None and not self._session.voice
        if not self._writes:
            async with contextlib.aclosing(self._speak(text, cancel=cancel)) as events:
                async for event in events:
                    yield event
            return
        async for piece in text:
            if cancel.is_set():
                return
            self._state = _State.AGENT_SPEAKING  # As long as it writes, it can be interrupted.
            yield AgentSpokenOutput(text=piece)

    def _record_spoken(self, *, heard_only: bool) -> None:
        # What was written has been read.
        super()._record_spoken(heard_only=heard_only and not self._writes)

    @property
    def _held_ms(self) -> float:
        return sum(map(_sound_ms, self._held))

    async def send_history(self, history: list[types.Content]) -> None:
        """Takes the history, and answers it if this agent has just taken over."""
        if self._session is None:
            await super().send_history(history)
            return
        await super().send_history(in_pairs(history))
        if self._session.reconnection.taking_over():
            self._start_reasoning()

    async def send_content(self, content: types.Content) -> None:
        """Takes a text or results of tools, and answers when all that it waits for are there."""
        if self._session is None:
            await super().send_content(content)
            return
        results = [part for part in content.parts or () if part.function_response]
        if not results:
            self._close_calls()
            await super().send_content(content)
            return
        calls = {call.id for call in self._open_calls()}
        known = [part for part in results if _id_of(part) in calls]
        if known:
            self._results += known
            if calls - set(map(_id_of, self._results)):
                return  # Tools return one by one; a text model wants all of them.
            results, self._results = self._results, []
        await super().send_content(types.Content(role="user", parts=results))

    async def _on_user_turn_finished(self, event: UserTurnFinished) -> None:
        if self._session is not None:
            self._close_calls()
        await super()._on_user_turn_finished(event)

    def _open_calls(self) -> list[types.FunctionCall]:
        """Returns the calls that have no results yet: they are the last content."""
        return calls_of(self._contents[-1]) if self._contents else []

    def _close_calls(self) -> None:
        """Adds results for calls that were cut off: a text model refuses calls without results."""
        calls = self._open_calls()
        if not calls:
            return
        given = {_id_of(part): part for part in self._results}
        self._results = []
        parts = [given.get(call.id) or _cut_off(call) for call in calls]
        self._contents.append(types.Content(role="user", parts=parts))

    def _extract_heard_sentences(self, playback_start: float) -> list[str]:
        position = self._session.position() if self._session is not None else None
        if position is not None:
            played_ms, audio_ms = position
            # To the cascade, the audio after a tool call is a new turn: subtract what came before.
            before_ms = audio_ms + self._held_ms - self._turn_audio_ms
            playback_start = _now() - max(0.0, played_ms - before_ms) / 1000
        return super()._extract_heard_sentences(playback_start)


def _id_of(part: types.Part) -> str | None:
    return part.function_response.id if part.function_response else None


def _cut_off(call: types.FunctionCall) -> types.Part:
    result = {"error": CUT_OFF}
    response = types.FunctionResponse(id=call.id, name=call.name, response=result)
    return types.Part(function_response=response)


def _sound_ms(response: LlmResponse) -> float:
    """Returns how much sound a response has (ms)."""
    parts = (response.content.parts or ()) if response.content is not None else ()
    blobs = [part.inline_data for part in parts if part.inline_data is not None]
    return sum(duration_ms(len(blob.data or b""), rate_of(blob.mime_type)) for blob in blobs)
