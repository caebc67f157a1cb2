"""One page's connection to a session: frames to values and back, and what may wait for the page."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from adk_nb.audio import duration_ms
from adk_nb.exceptions import AdkNbError, ProtocolError
from adk_nb.plain import to_json
from adk_nb.wire import protocol
from adk_nb.wire.message_log import from_agent, to_agent
from adk_nb.wire.outgoing import masked

if TYPE_CHECKING:
    from adk_nb.session import LiveSession

MAX_WAITING = 8 << 20
"""Bytes that may wait for a page to read them; past it the connection is closed."""
_FRAME_S = 0.1


class Line(Protocol):
    """What carries frames to a page; it never waits, and tells how much does."""

    @property
    def waiting(self) -> int:
        """Bytes that wait for the page to read them."""

    def write(self, data: str | bytes) -> None:
        """Sends a frame: text or bytes."""

    def close(self, code: int, reason: str) -> None:
        """Begins to close the line."""


class Connection:
    """One page's connection: a session's `Page`, whatever way its frames take.

    Attributes:
        dropped: Agent audio frames that were lost because the page did not read.
    """

    def __init__(self, line: Line, session: LiveSession) -> None:
        self._line = line
        self._session = session
        # The number of the next audio frame.
        self._seq = 0
        # The number of the microphone's next frame.
        self._next_seq = 0
        # The bridge's clock less the page's, by the page's newest estimate.
        self._offset: protocol.ClockOffset | None = None
        # Whether its close has begun; nothing more is sent.
        self._closing = False
        self.dropped = 0

    def send(self, message: protocol.Message) -> None:
        """Sends a message, or closes the connection if the page does not read."""
        if not self._has_room():
            return
        waiting = self._line.waiting
        if isinstance(message, protocol.ToolOutput) and waiting + len(message.image) > MAX_WAITING:
            text = "(An image is left out here: the page has not read those before it yet.)\n"
            message = replace(message, image="", text=text)
        text = self._encoded(message)
        from_agent(message.type, len(text), "characters", text)
        self._line.write(text)

    def _encoded(self, message: protocol.Message) -> str:
        """Returns the JSON of a message with every secret masked."""
        redact = self._session.log.redact
        redact.refresh()
        return to_json(protocol.as_dict(masked(message, redact)))

    def _has_room(self) -> bool:
        """Returns whether more may be sent; closes the connection if the page does not read."""
        if not self._closing and self._line.waiting > MAX_WAITING:
            self.close(protocol.CLOSE_TOO_SLOW, "too slow")
        return not self._closing

    def send_audio(self, turn: int, rate: int, pcm: bytes) -> None:
        """Sends agent audio, PCM16LE mono, in frames of at most 100 ms; see `send`."""
        size = int(rate * _FRAME_S) * 2
        for start in range(0, len(pcm), size):
            seq, self._seq = self._seq, self._seq + 1
            if not self._has_room():
                self.dropped += 1
                piece = pcm[start : start + size]
                self._session.log.audio_dropped(turn, duration_ms(len(piece), rate))
                continue
            frame = protocol.AudioFrame(
                protocol.AGENT_AUDIO,
                seq,
                turn,
                rate,
                time.monotonic() * 1000,
                pcm[start : start + size],
            )
            encoded = protocol.encode_audio(frame)
            from_agent("audio", len(encoded))
            self._line.write(encoded)

    def close(self, code: int, reason: str) -> None:
        """Begins to close the connection."""
        self._closing = True
        self._line.close(code, reason)

    def take(self, data: str | bytes) -> None:
        """Hands what the page has sent to its session; what is wrong with it is told the page."""
        try:
            if isinstance(data, bytes):
                to_agent("binary", len(data))
                self._perceive(protocol.decode_frame(data))
            else:
                message = protocol.decode_message(data)
                to_agent(message.type, len(data), "characters")
                self._take(message)
        except AdkNbError as error:
            if self._session.log.add_error(self, error.code, str(error)):
                self.send(protocol.Failure(error.code, error.message, error.remedy))

    def _perceive(self, frame: protocol.AudioFrame | protocol.ImageFrame) -> None:
        if isinstance(frame, protocol.ImageFrame):
            self._session.pages.see(self, frame.jpeg)
            return
        if frame.kind != protocol.MICROPHONE or frame.rate != 16_000:
            raise ProtocolError("A page sends microphone frames of 16 kHz.")
        lost = max(0, frame.seq - self._next_seq)
        self._next_seq = frame.seq + 1
        offset = self._offset
        captured_ms = None if offset is None else frame.clock + offset.offset_ms
        self._session.pages.hear(self, frame.samples, captured_ms, lost)

    def _take(self, message: protocol.Message) -> None:
        match message:
            case protocol.Clock():
                now = time.monotonic() * 1000
                self.send(protocol.Clock(message.id, message.clock, now))
            case protocol.ClockOffset():
                self._offset = message
            case protocol.Playback():
                offset = self._offset
                if offset is None:
                    self._session.pages.playback(message, page=self)
                else:
                    clock = message.clock + offset.offset_ms
                    self._session.pages.playback(message, clock, offset.error_ms, page=self)
            case protocol.Hello() | protocol.Redeem():
                raise ProtocolError("A page says hello once.")
            case _:
                self._session.pages.receive(self, message)
