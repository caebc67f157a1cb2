from test_session import Page

from adk_nb import protocol
from adk_nb.pages import Pages
from adk_nb.turns import Turn, Turns


def played(event, turn, ms=0.0):
    return protocol.Playback(event, turn, ms)


def test_messages_go_to_every_page_and_watcher():
    pages, seen = Pages(), []
    one, two = Page(), Page()
    pages.all += [one, two]
    pages.watchers.append(seen.append)
    pages.note(0, "swap", "Changed.")
    pages.send_audio(1, 24_000, b"\0\0")
    assert one.messages == two.messages == seen == [protocol.Note("1", 0, "swap", "Changed.")]
    assert one.audio == [(1, 24_000, b"\0\0")]
    assert pages.remove(one)
    assert not pages.remove(one)


def test_the_players_position():
    pages, turn = Pages(), Turn(1, "a", audio_ms=1000.0)
    assert pages.position(turn) is None  # No page plays it.
    pages.all.append(Page())
    assert pages.position(turn) == (0.0, 1000.0)
    pages.played(played("started", 1))
    assert pages.sounding == 1
    pages.played(played("progress", 1, 400.0))
    now, whole = pages.position(turn)
    assert 400 <= now < 600
    assert whole == 1000
    pages.played(played("flushed", 1, 450.0))
    assert (pages.sounding, pages.position(turn)) == (0, (450.0, 1000.0))
    assert pages.position(None) is None


def test_a_history_has_everything_in_its_place():
    pages = Pages()
    turns = Turns(pages.emit)
    pages.earlier = [protocol.Transcript(0, "user", "user", "before", final=True)]
    pages.note(0, "history", "It goes on.")
    turns.user_typed("hi")
    turns.agent_said("a", "One.", final=True)
    turns.tool_called("a", "c1", "work", {"n": 1})
    turns.tool_asks("c1", "Really?")
    turns.tool_printed("c1", "text", ["data:image/png;base64,AA"])
    pages.note(1, "transfer", "a hands over to b.")
    turns.agent_said("b", "Two.", final=True)
    said = [(m["type"], m.get("text") or m.get("image")) for m in pages.history(turns.all)]
    assert said == [
        ("transcript", "before"), ("note", "It goes on."), ("transcript", "hi"),
        ("tool_call", None), ("tool_output", "text"), ("tool_output", "data:image/png;base64,AA"),
        ("question", None), ("transcript", "One."), ("transcript", "Two."),
        ("note", "a hands over to b."),
    ]  # fmt: skip
    turns.tool_answered("c1", None)
    turns.tool_returned("c1", "work", 1, None)
    kinds = [m["type"] for m in pages.history(turns.all)]
    assert "question" not in kinds
    assert "tool_result" in kinds
