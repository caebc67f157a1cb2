import base64

import pytest
from sessions import Page

from adk_nb.exceptions import ProtocolError
from adk_nb.live.replays import Replays
from adk_nb.log.event_log import EventLog
from adk_nb.log.turns_from_log import logged_turns
from adk_nb.wire import protocol


async def test_a_turn_is_sent_piece_by_piece():
    log, page = EventLog("s"), Page()
    log.add("client", "user_text", turn=1, text="hi", final=True)
    log.add_audio("adk", "agent_audio", 1, b"\5\0" * 150_000, 24_000)
    replays = Replays(log, lambda: logged_turns(log))
    for offset in (0, protocol.MAX_SOUND):
        await replays.sending(page, protocol.Play(1, offset))
    first, second = page.messages
    assert (first.turn, first.rate, first.offset, second.offset) == (1, 24_000, 0, 196_608)
    pcm = base64.b64decode(first.pcm) + base64.b64decode(second.pcm)
    assert len(pcm) == first.length == second.length
    assert pcm.startswith(b"\5\0" * 149_999)


def test_of_a_turn_that_there_is_not():
    """It is told at once, to the page that asked."""
    with pytest.raises(ProtocolError, match="turn 4"):
        Replays(EventLog("s"), list).sending(Page(), protocol.Play(4))
