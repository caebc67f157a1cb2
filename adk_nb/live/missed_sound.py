"""What of the agent's sound a page that comes back has missed, from where it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adk_nb.audio import duration_ms
from adk_nb.log.turn import Status
from adk_nb.wire import protocol
from adk_nb.wire.page_hub import MOST_AT_ONCE, turn_messages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adk_nb.log.event_log import EventLog
    from adk_nb.log.turn import Turn
    from adk_nb.wire.page_hub import Page


class MissedSound:
    """Sends a page, when it is in, the sound that it has not got; on the bridge thread."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    def send(self, page: Page, turns: Sequence[Turn], hello: protocol.Hello) -> None:
        """Sends what a page has missed.

        Args:
            page: The page, whose welcome was sent.
            turns: The session's turns.
            hello: What it said first: how much of which turn's sound its player has.
        """
        index, have_ms = hello.turn or 0, hello.audio_ms
        room = MOST_AT_ONCE
        for turn in turns[max(0, index - 1) :]:
            start_ms = have_ms if turn.index == index else 0.0
            page.send(protocol.SoundFrom(turn.index, start_ms))
            if not turn.flushed and turn.status in (None, Status.COMPLETE):
                room -= self._send_rest(page, turn, start_ms, room)
            if turn.withheld:
                page.send(protocol.TurnState(turn.index, "withheld"))
                for message in turn_messages(turn):  # The page removes what it had of the turn.
                    if isinstance(message, protocol.Transcript) and message.withheld:
                        page.send(message)
            if turn.status is not None:
                page.send(protocol.TurnState(turn.index, turn.status))

    def _send_rest(self, page: Page, turn: Turn, start_ms: float, room: int) -> int:
        """Sends the rest of a turn's sound; returns how much that was (bytes)."""
        if turn.audio_ms <= start_ms:
            return 0
        clip = self._log.clip("agent_audio", turn.index)
        rest = clip.pcm[int(start_ms * clip.rate / 1000) * 2 :]
        if len(rest) > room:
            self._log.audio_dropped(turn.index, duration_ms(len(rest) - room, clip.rate))
            rest = rest[: room // 2 * 2]
        if rest:
            page.send_audio(turn.index, clip.rate, rest)
        return len(rest)
