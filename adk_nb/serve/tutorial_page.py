"""A client of the tutorial's protocol, as a page of a session."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import numpy as np

from adk_nb.exceptions import ProtocolError
from adk_nb.resampling import FloatResampler
from adk_nb.wire import protocol, tutorial
from adk_nb.wire.message_log import from_agent, to_agent

if TYPE_CHECKING:
    import numpy.typing as npt

    from adk_nb.page_connection import Line
    from adk_nb.session import LiveSession

MAX_WAITING = 8 << 20
"""Bytes that may wait for a client to read them; past it the connection is closed."""
_FRAME_BYTES = 640
"""20 ms at 16 kHz, as a page's microphone sends them."""
_CUT = frozenset({"interrupted", "unanswered", "abandoned"})
_REFUSED = "It was refused, as this protocol has no way to ask for one: use the page."
_BEGUN = frozenset({"started", "resumed", "withheld"})
"""States of a turn that are no end of it."""


class TutorialPage:
    """A session's `Page` for a client of the tutorial; its methods run on the bridge thread.

    Args:
        line: What carries text frames to the client.
        session: The session, to which it is not yet attached.
        audio: Whether the client wants audio; otherwise text.

    Attributes:
        plays: The client does not say what it has played: what was heard is not known.
    """

    plays = False

    def __init__(self, line: Line, session: LiveSession, *, audio: bool) -> None:
        self._line, self._session, self._audio = line, session, audio
        self._listens = False
        # The text of the newest piece of each turn, by turn and piece.
        self._texts: dict[tuple[int, int], str] = {}
        self._resampler: tuple[int, FloatResampler] | None = None

    def take(self, data: str | bytes) -> None:
        """Hands what the client sent to the session; what is wrong with it is told the client."""
        try:
            self._take(tutorial.decode(data))
        except ProtocolError as error:
            self._session.log.add_error(self, error.code, str(error))
            self._write(tutorial.failure(error.code, error.message, error.remedy))

    def _take(self, message: tutorial.Typed | tutorial.Spoken) -> None:
        match message:
            case tutorial.Typed(text):
                to_agent(tutorial.TEXT, len(text), "characters", text)
                self._session.pages.receive(self, protocol.Text(text))
            case tutorial.Spoken(pcm):
                to_agent(tutorial.AUDIO, len(pcm))
                if not self._listens:
                    self._listens = True
                    self._session.pages.receive(self, protocol.Mic(on=True))
                for start in range(0, len(pcm), _FRAME_BYTES):
                    self._session.pages.hear(self, pcm[start : start + _FRAME_BYTES])

    def send(self, message: protocol.Message) -> None:
        """Sends what of a session's messages the tutorial knows."""
        match message:
            case protocol.Transcript(role="agent") as piece if not self._audio:
                self._say(piece)
            case protocol.TurnState(state=state) if state not in _BEGUN:
                self._texts.clear()
                self._end_sound(cut=state in _CUT)
                # What has failed is told first, so that no client takes it for an empty answer.
                asyncio.get_running_loop().call_soon(self._end_turn, state in _CUT)
            case protocol.Failure(code, text, remedy):
                self._write(tutorial.failure(code, text, remedy))
            case protocol.Question(id=call_id, name=name):
                needs = f"{name} needs an approval."
                self._write(tutorial.failure(code="needs_page", message=needs, remedy=_REFUSED))
                refusal = protocol.Confirm(call_id, approved=False)
                # Whoever else is told of the question is told first.
                asyncio.get_running_loop().call_soon(self._session.pages.receive, self, refusal)

    def cut_off(self) -> None:
        """Tells that the turn that is under way is not ended."""
        self._end_turn(cut=True)

    def _end_turn(self, cut: bool) -> None:
        self._write(tutorial.turn_state(complete=not cut, interrupted=cut))

    def _end_sound(self, *, cut: bool) -> None:
        """Sends what the resampler holds of an answer, unless that was cut off."""
        resampler, self._resampler = self._resampler, None
        if resampler is not None and not cut:
            self._send_pcm(_pcm16(resampler[1].rest()))

    def _say(self, message: protocol.Transcript) -> None:
        """Sends what of a piece is new."""
        key = message.turn, message.piece
        before = self._texts.get(key, "")
        kept = before.encode("utf-16-le")[: 2 * message.start].decode("utf-16-le", "ignore")
        now = self._texts[key] = kept + message.text
        # Words that a model takes back have been shown; the client can only be given more.
        new = now[len(before) :] if now.startswith(before) else now[len(kept) :]
        if new:
            from_agent(tutorial.TEXT, len(new), "characters", new)
            self._write(tutorial.text_piece(new))

    def send_audio(self, turn: int, rate: int, pcm: bytes) -> None:
        """Sends agent audio at the tutorial's rate."""
        del turn
        if not self._audio:
            return
        if rate != tutorial.OUT_RATE:
            if self._resampler is None or self._resampler[0] != rate:
                self._resampler = rate, FloatResampler(rate, tutorial.OUT_RATE)
            pcm = _pcm16(self._resampler[1].push(np.frombuffer(pcm, "<i2").astype(np.float32)))
        self._send_pcm(pcm)

    def _send_pcm(self, pcm: bytes) -> None:
        if pcm:
            from_agent(tutorial.AUDIO, len(pcm))
            self._write(tutorial.audio_piece(pcm))

    def _write(self, frame: str) -> None:
        if self._line.waiting > MAX_WAITING:
            self._line.close(protocol.CLOSE_TOO_SLOW, "too slow")
        else:
            self._line.write(frame)


def _pcm16(samples: npt.NDArray[Any]) -> bytes:
    """Returns samples in the range of int16 as PCM16LE."""
    pcm: bytes = np.clip(np.rint(samples), -32768, 32767).astype("<i2").tobytes()
    return pcm
