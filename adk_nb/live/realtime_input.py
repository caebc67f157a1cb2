"""What goes to the model as it happens: the microphone, pictures, and push-to-talk."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from google.genai import types

if TYPE_CHECKING:
    from adk_nb.adk.request_queue import RequestQueue
    from adk_nb.live.interruptions import Interruptions
    from adk_nb.live.microphone import Microphone
    from adk_nb.live.model_capabilities import ModelCapabilities
    from adk_nb.live.model_connection import LiveRun
    from adk_nb.live.turn_builder import Turns
    from adk_nb.log.event_log import EventLog
    from adk_nb.wire.page_hub import Pages

_AGAIN_S = 3.0
"""How long speech does not make a connection again after it was refused (s)."""


class RealtimeOwner(Protocol):
    """The exchange with the model that gets the input."""

    closed: bool

    def queue(self) -> RequestQueue:
        """Returns the queue to the model, and connects it if it is not."""


class RealtimeInput:
    """Sends what the user says and shows to the model as it happens.

    Args:
        owner: The exchange with the model.
        log: The event log.
        turns: The turns.
        pages: The pages that show the session.
        live: ADK's run.
        microphone: Who has the microphone, and what was said into it.
        capabilities: What is known of the agent's model.
        interruptions: Interrupt the agent.
    """

    def __init__(  # noqa: PLR0913 - all that the input touches, most by name
        self,
        owner: RealtimeOwner,
        log: EventLog,
        turns: Turns,
        pages: Pages,
        *,
        live: LiveRun,
        microphone: Microphone,
        capabilities: ModelCapabilities,
        interruptions: Interruptions,
    ) -> None:
        self._owner = owner
        self._log = log
        self._turns = turns
        self._pages = pages
        self._live = live
        self._microphone = microphone
        self._capabilities = capabilities
        self._interruptions = interruptions
        # When speech last made a connection, on the monotonic clock.
        self._wanted_at = 0.0

    def open_microphone(self, source: object, *, on: bool) -> None:
        """Opens or closes the microphone for a page or for `speak`."""
        page = next((one for one in self._pages.all if one is source), None)
        if on:
            self._microphone.speaker = source
            self._owner.queue()
        elif self._microphone.speaker is source:
            self._microphone.speaker = None
            if self._live.queue is not None:
                self._live.queue.send_audio_stream_end()
        elif page is not None:
            return  # Another page has taken it meanwhile.
        if page is not None:
            self._pages.hears(page if on else None)
        self._log.add("client", "mic_on" if on else "mic_off")

    def hear(
        self, source: object, pcm: bytes, captured_ms: float | None = None, lost: int = 0
    ) -> None:
        """Takes a microphone frame; connects again if it is speech and there is no connection."""
        began = self._microphone.hear(source, pcm, self._live.queue, captured_ms, lost)
        now = time.monotonic()
        if began:
            self._turns.machine.utterances.speech_began()
            if self._live.queue is not None and not self._live.queue.used:
                self._turns.machine.utterances.spoke_unheard()
        if (
            self._live.queue is None
            and self._microphone.speaker is source
            and not self._owner.closed
            and self._microphone.is_loud(pcm)
            and now - self._wanted_at > _AGAIN_S
        ):
            self._wanted_at = now
            self._owner.queue()

    def see(self, jpeg: bytes) -> bool:
        """Sends a picture; returns whether a model is connected."""
        queue = self._live.queue
        if queue is None:
            return False
        # ADK forwards only image/* to the newer Live models.
        queue.send_realtime(types.Blob(data=jpeg, mime_type="image/jpeg"))
        return True

    def activity(self, *, begins: bool) -> None:
        """Passes on that push-to-talk was pressed or released."""
        if begins:
            self._interruptions.cut()
        index = self._turns.speech_index
        text = "ACTIVITY_START" if begins else "ACTIVITY_END"
        self._log.add("client", "voice_activity", turn=index, author="user", text=text)
        queue = self._owner.queue()
        if self._capabilities.cascaded or self._manual:
            queue.send_activity_start() if begins else queue.send_activity_end()
        elif not begins:
            queue.send_audio_stream_end()

    @property
    def _manual(self) -> bool:
        """Whether the model takes the user's word for when they speak."""
        realtime = self._live.runner.config.realtime_input_config
        detection = realtime.automatic_activity_detection if realtime else None
        return bool(detection and detection.disabled)
