"""A turn's sound as it was, for a page that plays it again: made once, and sent piece by piece."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING

from adk_nb.audio import mono
from adk_nb.exceptions import ProtocolError
from adk_nb.log import turn_sound
from adk_nb.wire import protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from typing import Any

    from adk_nb.audio import Clip
    from adk_nb.log.event_log import EventLog
    from adk_nb.log.turn import Turn
    from adk_nb.wire.page_hub import Page


class Replays:
    """The turn that was asked for last.

    Args:
        log: The session's log.
        turns: Returns its turns.
    """

    def __init__(self, log: EventLog, turns: Callable[[], Sequence[Turn]]) -> None:
        self._log = log
        self._turns = turns
        # The turn whose sound is made or known; and that, or the work on it.
        self._turn = 0
        self._clip: asyncio.Task[Clip] | None = None

    def sending(self, page: Page, wanted: protocol.Play) -> Coroutine[Any, Any, None]:
        """Returns what sends a page the piece it wants; from a turn's beginning it is made anew.

        Raises:
            ProtocolError: There is no such turn.
        """
        turns = self._turns()
        if not 1 <= wanted.turn <= len(turns):
            raise ProtocolError(f"The sound of turn {wanted.turn} was asked for; there is none.")
        return self._send(page, wanted, turns[wanted.turn - 1])

    async def _send(self, page: Page, wanted: protocol.Play, turn: Turn) -> None:
        if self._clip is None or wanted.turn != self._turn or not wanted.offset:
            self._turn = wanted.turn
            # Not on this thread, on which others speak.
            made = asyncio.to_thread(lambda: mono(turn_sound.mix(self._log, turn)))
            self._clip = asyncio.create_task(made)
        clip = await self._clip
        pcm = clip.pcm[: protocol.MAX_REPLAY_S * clip.rate * 2]
        piece = pcm[wanted.offset : wanted.offset + protocol.MAX_SOUND]
        page.send(
            protocol.TurnSound(
                wanted.turn,
                clip.rate,
                wanted.offset,
                len(pcm),
                base64.b64encode(piece).decode("ascii"),
            )
        )
