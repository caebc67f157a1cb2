"""ADK's connection to Gemini Live, for conversations that last longer than a connection.

Two things differ from ADK's own. After a goAway it reconnects when the turn is over, or shortly
before the deadline; ADK reconnects at once and loses the rest of an answer. And when the history is
sent to a new connection, the model answers only if the user is waiting for an answer: after a swap,
ADK sends the words of the earlier agent as the user's, and the model would reply to them.

Where a callback may withhold what the agent says, an answer in writing is passed on as if it were
spoken, since ADK shows the callbacks no other.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any

from google.adk.models.gemini_llm_connection import GeminiLlmConnection
from google.adk.models.llm_response import LlmResponse
from google.adk.utils.content_utils import _filter_media_parts
from google.genai import types
from google.genai.errors import APIError

from adk_nb.adk.session_context import SESSION
from adk_nb.adk.told_history import in_words
from adk_nb.adk.withheld import spoken
from adk_nb.providers.losses import is_unexplained

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

CANCELLED = "adk_nb_cancelled_calls"
"""Where in an event's metadata the ids of calls are that the service has cancelled."""
_ABNORMAL = 1006
"""The close code of a connection that ended without a reason (RFC 6455)."""
_HANDLE_S = 2.0
"""How long to wait after a turn for its resumption handle (s)."""
_MARGIN_S = 5.0
"""How long before a goAway's deadline the connection is closed even during an answer (s)."""


class _Overheard:
    """The SDK's session; keeps the cancellations of calls that it receives, which ADK drops."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._cancelled: list[list[str]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    async def receive(self) -> AsyncGenerator[types.LiveServerMessage, None]:
        """Yields the service's messages."""
        async with contextlib.aclosing(self._session.receive()) as messages:
            async for message in messages:
                if message.tool_call_cancellation is not None:
                    self._cancelled.append(list(message.tool_call_cancellation.ids or ()))
                yield message

    def cancelled(self) -> list[list[str]]:
        """Returns the cancellations since it was last asked: for each, the ids of its calls."""
        found, self._cancelled = self._cancelled, []
        return found


def _cancellation(call_ids: list[str]) -> LlmResponse:
    """Returns a response that ADK passes on as an event; it has none of its own for this."""
    return LlmResponse(
        grounding_metadata=types.GroundingMetadata(), custom_metadata={CANCELLED: [call_ids]}
    )


class LongConnection(GeminiLlmConnection):
    """A connection that is replaced between two turns, and answers only what the user said."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # None in a run that is not a session's, where everything stays as ADK does it.
        self._session = SESSION.get()
        self._overheard = _Overheard(self._gemini_session)
        if self._session is not None:
            self._gemini_session: Any = self._overheard
        # The goAway that was received, until it is passed on.
        self._go_away: LlmResponse | None = None
        # When to reconnect at the latest, on the monotonic clock.
        self._deadline = 0.0
        # Whether a resumption handle was received.
        self._resumable = False
        # When the last turn ended, on the monotonic clock; None during a turn.
        self._idle_at: float | None = None
        # Whether the newest handle was received after the end of the last turn.
        self._current = False

    async def send_history(self, history: list[types.Content]) -> None:
        """Sends the history; the model answers it if the user is waiting for an answer."""
        session = self._session
        if session is None:
            await super().send_history(history)
            return
        history = in_words(history)
        awaited = session.reconnection.taking_over() or session.reconnection.awaits_answer(history)
        if awaited and history and history[-1].role == "user":
            await super().send_history(history)
            return
        filtered = [_filter_media_parts(content) for content in history]
        contents = [content for content in filtered if content is not None]
        if contents:
            # A 3.x model takes no sound until the history is marked complete, and then waits for
            # some; an earlier model would answer the history.
            await self._gemini_session.send_client_content(
                turns=[*contents], turn_complete=self._is_gemini_3_x_live
            )

    async def receive(self) -> AsyncGenerator[LlmResponse, None]:
        """Yields the model's responses, and a goAway only when it is time to reconnect."""
        session = self._session
        responses = super().receive() if session is None else self._lasting(self._responses())
        guarded = session is not None and session.guarded()
        try:
            async with contextlib.aclosing(responses):
                async for response in responses:
                    for one in spoken(response) if guarded else [response]:
                        yield one
        except APIError as error:
            if session is None or not is_unexplained(error):
                raise
            # After this code ADK uses the handle that it has.
            raise APIError(_ABNORMAL, {"message": error.message}) from error

    async def _lasting(
        self, responses: AsyncGenerator[LlmResponse, None]
    ) -> AsyncGenerator[LlmResponse, None]:
        async with contextlib.aclosing(responses):
            waiting: asyncio.Future[LlmResponse] | None = None
            try:
                while not self._time_to_go():
                    waiting = waiting or asyncio.ensure_future(anext(responses))
                    await asyncio.wait([waiting], timeout=self._patience())
                    if not waiting.done():
                        continue
                    done, waiting = waiting, None
                    try:
                        response = done.result()
                    except StopAsyncIteration:
                        break
                    if response.go_away is not None:
                        self._keep(response)
                        continue
                    self._note(response)
                    yield response
            finally:
                if waiting is not None:
                    waiting.cancel()
                    await asyncio.wait([waiting])
        if self._go_away is not None and self._time_to_go():
            if not self._resumable:
                # ADK would go on with the history as it was when the run began.
                raise ConnectionResetError("The service is about to end the connection.")
            go_away, self._go_away = self._go_away, None
            yield go_away

    async def _responses(self) -> AsyncGenerator[LlmResponse, None]:
        """Yields what ADK makes of the messages, and the cancellations that it overlooks."""
        async with contextlib.aclosing(super().receive()) as responses:
            async for response in responses:
                for call_ids in self._overheard.cancelled():
                    yield _cancellation(call_ids)
                yield response
        for call_ids in self._overheard.cancelled():
            yield _cancellation(call_ids)

    def _keep(self, response: LlmResponse) -> None:
        left = response.go_away.time_left if response.go_away is not None else None
        self._go_away = response
        self._deadline = time.monotonic() + max(0.0, _seconds(left) - _MARGIN_S)

    def _note(self, response: LlmResponse) -> None:
        update = response.live_session_resumption_update
        if update is not None and update.new_handle:
            self._resumable = self._current = True
        elif response.content is not None or response.output_transcription is not None:
            self._current = False

    def _patience(self) -> float | None:
        if self._go_away is None:
            return None
        # The turn's end comes as a response; whether the player is done is looked at now and then.
        return min(0.25, max(0.0, self._deadline - time.monotonic()))

    def _time_to_go(self) -> bool:
        if self._go_away is None:
            return False
        now = time.monotonic()
        if now >= self._deadline:
            return True
        if self._session is not None and self._session.in_turn():
            self._idle_at = None
            return False
        # The handle that knows the turn comes after its end; an earlier one would forget it.
        self._idle_at = self._idle_at or now
        return self._current or not self._resumable or now - self._idle_at > _HANDLE_S


def _seconds(duration: str | None) -> float:
    """Returns the seconds of a protobuf duration in JSON, such as `50s`; 0 without one."""
    try:
        return float((duration or "0").removesuffix("s"))
    except ValueError:
        return 0.0
