import html
import itertools
import json
import re
import threading
import time
import warnings

import pytest
from google.adk.agents import Agent
from logs import conversation
from scripted import DONE, Scripted, audio, call, echo, result_of, said, text_of
from sessions import wait_for

from adk_nb import LiveSession
from adk_nb.exceptions import AdkNbError
from adk_nb.log.event_log import EventLog
from adk_nb.log.log_row import KINDS
from adk_nb.log.recording import save
from adk_nb.notebook import inspector
from adk_nb.notebook.inspector import MAX_ROWS, inspect

TURNS, EVENTS, TIMELINE = range(3)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    for wait in ("REFRESH_S", "LOOK_S", "CHART_S"):
        monkeypatch.setattr(inspector, wait, 0.05)


@pytest.fixture(autouse=True)
def _leaves_nothing():
    before = set(threading.enumerate())
    yield
    wait_for(lambda: not {t.name for t in set(threading.enumerate()) - before} & {
        "adk-nb-inspector", "adk-nb-bridge",
    })  # fmt: skip


def show(panel, tab):
    panel._tabs.selected_index = tab
    return {TURNS: panel._turns, EVENTS: panel._events}.get(tab)


def rows(grid):
    return grid.table.df.to_dict("records")


def detail(panel):
    """The JSON that is shown."""
    text = re.search(r"<pre[^>]*>(.*)</pre>", panel._detail.value, re.DOTALL)[1]
    return json.loads(html.unescape(text))


def live_session(answer=echo, *tools):
    return LiveSession(Agent(name="tester", model=Scripted(answer), tools=list(tools)))


def test_the_turns():
    panel = inspect(conversation(2))
    grid = show(panel, TURNS)
    first, second = rows(grid)
    assert (first["turn"], second["turn"]) == (1, 2)
    assert (first["user_text"], first["agent_text"]) == ("What time is it?", "It is noon in Rome.")
    assert (first["interrupted"], first["tools"], first["tool_ms"]) == ("yes", "get_time", "400")
    assert (first["first_audio_ms"], first["first_heard_ms"]) == ("1,000", "1,100")
    assert "error" not in first  # No turn has one, so its column is left out.
    grid.table.selected_rows = [1]
    assert detail(panel)["turn"] == 2
    assert detail(panel)["session_id"] == "s"
    assert panel._detail.value.count("<audio") == 1  # The agent's sound was not kept.


def test_the_events_and_one_events_json():
    log = conversation()
    log.add("adk", "tool_result", t=20.0, turn=1, tool="odd", result={"html": "<img src=x>"})
    panel = inspect(log)
    grid = show(panel, EVENTS)
    assert [row["kind"] for row in rows(grid)] == [row.kind for row in log]
    grid.table.selected_rows = [len(log) - 1]
    shown = detail(panel)
    assert (shown["kind"], shown["seq"], shown["result"]) == (
        "tool_result", len(log) - 1, {"html": "<img src=x>"},
    )  # fmt: skip
    assert set(shown) >= {"session_id", "time", "t", "invocation_id", "args", "error"}
    assert "<img" not in panel._detail.value


def test_the_events_of_some_kinds():
    panel = inspect(conversation(2))
    grid = show(panel, EVENTS)
    panel.kind.label = "tools"
    assert [row["kind"] for row in rows(grid)] == ["tool_call", "tool_result"] * 2
    panel.kind.label = "interrupted"
    assert {row["kind"] for row in rows(grid)} == {"interrupted"}
    grid.table.selected_rows = [1]
    assert (detail(panel)["kind"], detail(panel)["turn"]) == ("interrupted", 2)
    panel.kind.label = "error"
    assert rows(grid) == []
    assert detail(panel)["kind"] == "interrupted"  # What was looked at stays.


def test_which_kinds_of_events_can_be_chosen():
    panel = inspect(conversation())
    groups = {name: kinds for name, kinds in panel.kind.options if kinds != (name,)}
    assert groups == {
        "all": (),
        "what was said": ("user_text", "user_transcript", "agent_text", "agent_transcript"),
        "tools": ("tool_call", "tool_result"),
        "sound": ("user_audio", "agent_audio", "mic_on", "mic_off"),
        "playback": ("playback_started", "playback_drained", "playback_flushed", "playback_moved",
                     "interrupted"),
        "changes": ("agent_swapped", "agent_transfer", "connected", "disconnected"),
    }  # fmt: skip
    assert [name for name, kinds in panel.kind.options if kinds == (name,)] == list(KINDS)


def test_the_columns_of_the_tables():
    log = conversation()
    log.add("bridge", "usage", t=20.0, turn=1, total_tokens=5, error="odd", agent="a")
    log.add("bridge", "error", t=20.5, turn=1, error="broken")
    panel = inspect(log)
    assert list(show(panel, EVENTS).table.df.columns) == [
        "seq", "t", "source", "kind", "turn", "agent", "text", "audio_ms", "tool", "args",
        "result", "error",
    ]  # fmt: skip
    assert list(show(panel, TURNS).table.df.columns) == [
        "turn", "agent", "user_text", "agent_text", "tools", "tool_ms", "first_audio_ms",
        "first_heard_ms", "interrupted", "total_tokens", "error",
    ]  # fmt: skip


def test_each_table_keeps_what_was_selected_in_it():
    panel = inspect(conversation(2))
    show(panel, TURNS).table.selected_rows = [1]
    show(panel, EVENTS).table.selected_rows = [0]
    assert detail(panel)["kind"] == "connected"
    show(panel, TURNS)
    assert detail(panel)["turn"] == 2
    show(panel, EVENTS)
    assert detail(panel)["kind"] == "connected"


def test_the_timeline_is_drawn_when_it_is_looked_at():
    panel = inspect(conversation())
    assert panel._chart.outputs == ()
    show(panel, TIMELINE)
    (output,) = panel._chart.outputs
    assert "application/vnd.vegalite.v5+json" in output["data"]


def test_it_follows_a_session_until_that_is_closed():
    with live_session() as session:
        session.say("one")
        panel = inspect(session)
        turns = show(panel, TURNS)
        assert [row["user_text"] for row in rows(turns)] == ["one"]
        assert panel.following
        session.say("two")
        wait_for(lambda: len(rows(turns)) == 2)
        wait_for(lambda: "ready, 2 turns" in panel._head.value)
        events = show(panel, EVENTS)
        panel.kind.label = "user_text"
        events.table.selected_rows = [1]
        session.say("three")
        wait_for(lambda: len(rows(events)) == 3)
        assert events.table.selected_rows == [1]
        assert detail(panel)["text"] == "two"
    wait_for(lambda: not panel.following)
    assert panel not in session.log.sinks
    wait_for(lambda: "closed, 3 turns" in panel._head.value)
    assert panel._follow.layout.display == "none"


def test_it_stops_when_its_button_is_let_go_and_goes_on_when_it_is_pressed():
    with live_session() as session:
        panel = inspect(session)
        panel._follow.value = False
        assert not panel.following
        assert panel not in session.log.sinks
        session.say("one")
        time.sleep(4 * inspector.REFRESH_S)
        assert rows(panel._turns) == []
        panel._follow.value = True
        wait_for(lambda: len(rows(panel._turns)) == 1)
        assert panel._follow.layout.display is None


def test_closing_the_panel_leaves_nothing():
    with live_session() as session:
        panel = inspect(session)
        panel.close()
        assert not panel.following
        assert panel not in session.log.sinks
        assert panel._events.table.comm is None
        session.say("one")


def test_a_cell_that_is_run_again_closes_its_earlier_panel(monkeypatch):
    running = ["cell", "first"]
    monkeypatch.setattr("adk_nb.cells.running_cell", lambda: tuple(running))
    with live_session() as session:
        one, two = inspect(session), inspect(session)
        assert one.following
        assert two.following
        running[1] = "second"
        three = inspect(session)
        assert (one.following, two.following, three.following) == (False, False, True)
        three.close()


def test_a_closed_session_and_a_recording_are_shown_as_they_are(tmp_path):
    with live_session() as session:
        session.say("one")
    path = save(session.log, tmp_path)
    for source, state in ((session, "closed"), (path, "recorded"), (str(path), "recorded")):
        panel = inspect(source)
        assert not panel.following
        assert panel._follow.layout.display == "none"
        assert f"{state}, 1 turns" in panel._head.value
        assert rows(panel._turns)[0]["agent_text"] == "You said one."


def test_an_empty_session():
    panel = inspect(EventLog("empty"))
    for tab in (EVENTS, TIMELINE, TURNS):
        show(panel, tab)
    assert rows(panel._turns) == []


def test_it_shows_one_session():
    with pytest.raises(AdkNbError, match="one session, and these are 2"):
        inspect([EventLog("a"), EventLog("b")])
    with pytest.raises(AdkNbError, match="There are no events in a int"):
        inspect(3)


def test_a_long_session_shows_its_newest_and_nothing_is_warned_of():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        log = conversation(200)
        panel = inspect(log)
        grid = show(panel, EVENTS)
    assert len(rows(grid)) == MAX_ROWS
    assert rows(grid)[-1]["seq"] == len(log) - 1
    grid.table.selected_rows = [0]
    assert detail(panel)["seq"] == len(log) - MAX_ROWS
    # All of them are in the page: itables would leave some out of a large table.
    assert "downsampling" not in str(grid.table._dt_args.get("downsampling_warning", ""))


def test_updates_are_few_however_many_rows_come(monkeypatch):
    drawn = []
    refresh = inspector.Inspector.refresh
    monkeypatch.setattr(
        inspector.Inspector, "refresh", lambda self: (drawn.append(time.monotonic()), refresh(self))
    )
    monkeypatch.setattr(inspector, "REFRESH_S", 0.2)
    with live_session() as session:
        inspect(session)
        drawn.clear()
        rows = 0
        while len(drawn) < 4:
            session.log.add("client", "usage")
            rows += 1
            time.sleep(0.001)
    assert rows > 20
    assert all(after - before >= 0.2 for before, after in itertools.pairwise(drawn))


def test_a_conversation_with_tools_while_it_follows():
    def roll(sides: int) -> int:
        """Rolls."""
        return sides

    def answer(came):
        if text_of(came):
            return [call("roll", sides=6), DONE]
        if result_of(came):
            return [audio(100), said("Six.", finished=True), DONE]
        return []

    with live_session(answer, roll) as session:
        panel = inspect(session)
        show(panel, EVENTS)
        panel.kind.label = "tools"
        session.say("roll")
        wait_for(lambda: len(rows(panel._events)) == 2)
        called, returned = rows(panel._events)
    assert (called["args"], returned["result"]) == ('{"sides": 6}', "6")
