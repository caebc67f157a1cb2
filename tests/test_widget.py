import gc
import json
import subprocess
import sys
import threading
import weakref
from pathlib import Path

import ipywidgets
import pytest
import traitlets
from google.adk.agents import Agent
from ipywidgets.widgets.widget import _instances
from scripted import Scripted, echo
from sessions import wait_for
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

import adk_nb
from adk_nb import cells, front_end, widget
from adk_nb.server import Bridge
from adk_nb.wire import protocol

ORIGIN = "http://localhost:8888"


@pytest.fixture
def talk(monkeypatch):
    """Makes widgets whose comm messages are kept, and closes them."""
    made = []
    monkeypatch.setattr(
        widget.LiveWidget, "send", lambda self, content, buffers=None: self.sent.append(content)
    )

    def make(answer=echo, refusals=(), **options):
        agent = Agent(name="teller", model=Scripted(answer, refusals), tools=[max_of])
        live = adk_nb.talk(agent, **options)
        live.sent = []
        made.append(live)
        return live

    yield make
    for live in made:
        live.close()


def max_of(a: int, b: int) -> int:
    """Returns the larger."""
    return max(a, b)


def ask(live, origin=ORIGIN):
    """Asks for the bridge's address as a page does."""
    live._handle_custom_msg({"type": "open", "origin": origin}, [])
    return live.sent[-1]


def joined(live):
    """A page's socket, welcomed."""
    answer = ask(live)
    socket = connect(answer["url"], origin=ORIGIN, subprotocols=[protocol.SUBPROTOCOL])
    socket.send(json.dumps({"type": "hello", "token": answer["token"]}))
    assert json.loads(socket.recv())["type"] == "hello"
    return socket


def test_a_page_gets_the_address_the_token_and_the_modules(talk):
    live = talk()
    answer = ask(live)
    assert answer["type"] == "connect"
    assert answer["url"].startswith("ws://127.0.0.1:")
    assert {"screen/view.js", "sound/recorder-processor.js"} <= answer["modules"].keys()
    assert "widget.js" not in answer["modules"]
    assert (answer["kernel"], answer["transport"]) == ("", "")
    with joined(live):
        pass


def test_the_styles_come_with_the_modules_those_that_are_shared_first(talk):
    styles = ask(talk())["styles"]
    assert styles.startswith((front_end.STATIC / "widget.css").read_text())
    for path in front_end.STATIC.rglob("*.css"):
        assert path.read_text() in styles


def test_a_saved_notebook_keeps_little_of_a_widget(talk):
    """Where a kernel ends, each of its widgets stays in the notebook with its whole state."""
    state = talk().get_state()
    assert len(json.dumps(state, default=str)) < 11_000
    lines = [*state["_esm"].splitlines(), *state["_css"].splitlines()]
    assert not [line for line in lines if line.startswith(("/*", "*", "//", " "))]


def test_one_way_can_be_chosen_and_what_is_none_is_refused(talk):
    assert ask(talk(transport="relay"))["transport"] == "relay"
    before = set(threading.enumerate())
    with pytest.raises(adk_nb.AdkNbError, match="pigeon") as error:
        talk(transport="pigeon")
    assert error.value.code == "bad_option"
    assert set(threading.enumerate()) <= before


def test_the_token_is_in_no_trait(talk):
    live = talk()
    token = ask(live)["token"]
    assert len(token) > 30
    assert token not in json.dumps(live.get_state(), default=str)
    assert token not in repr(live)


def test_an_origin_is_let_in_only_once_its_page_has_asked(talk):
    live = talk()
    url = ask(live)["url"]
    elsewhere = "http://notebook.example"
    with pytest.raises(Exception, match="403"):
        connect(url, origin=elsewhere, subprotocols=[protocol.SUBPROTOCOL])
    ask(live, elsewhere)
    connect(url, origin=elsewhere, subprotocols=[protocol.SUBPROTOCOL]).close()


def test_it_has_the_sessions_methods_and_shows_its_state(talk):
    live = talk()
    turn = live.say("hi")
    assert turn.agent_text == "You said hi."
    assert live.turns == live.session.turns == [turn]
    assert live.status == "ready"
    assert (live.agent_name, live.model_name, live.tool_names) == ("teller", "scripted", ["max_of"])
    live.interrupt()
    live.close()
    assert live.status == "closed"
    assert live.sent[-1] == {"type": "closed"}
    assert ask(live) == {"type": "closed"}
    assert live.turns == [turn]


def test_an_error_is_a_trait(talk):
    live = talk(refusals=[ValueError("Model not found: x")])
    wait_for(lambda: live.error)
    assert live.error["code"] == "model_not_found"
    assert "local_model" in live.error["remedy"]
    assert live.say("hi").agent_text == "You said hi."


def test_closing_leaves_no_thread_and_no_socket(talk):
    before = set(threading.enumerate())
    one, two = talk(), talk()
    first, second = joined(one), joined(two)
    one.close()
    two.close()
    assert Bridge.shared is None
    for socket, live in ((first, one), (second, two)):
        with pytest.raises(Exception, match="4000"):
            while True:
                socket.recv(timeout=60)
        assert live.session.status == "closed"
    first.close()
    second.close()
    wait_for(lambda: set(threading.enumerate()) <= before)


def test_running_a_cell_again_closes_what_it_made_and_nothing_else(talk, monkeypatch):
    def running(cell, execution):
        monkeypatch.setattr(cells, "running_cell", lambda: (cell, execution))

    running("cell-1", "a")
    first, beside = talk(), talk()
    running("cell-2", "b")
    other = talk()
    running("cell-1", "c")
    again = talk()
    assert (first.status, beside.status) == ("closed", "closed")
    assert other.session.status != "closed"
    assert again.session.status != "closed"


def test_messages_that_are_none_are_ignored(talk):
    live = talk()
    for content in (None, [], "open", {}, {"type": "dance"}, {"type": "open"}):
        live._handle_custom_msg(content, [])
    assert ask(live)["type"] == "connect"


def test_a_failure_to_read_the_modules_reaches_the_page(talk, monkeypatch):
    live = talk()

    def broken():
        raise OSError("no such file")

    monkeypatch.setattr(front_end, "modules", broken)
    answer = ask(live)
    assert (answer["type"], answer["code"]) == ("error", "bridge")
    assert "no such file" in answer["message"]


def test_what_a_saved_notebook_keeps_of_a_widget(talk):
    live = talk()
    state = live.get_state()
    own = {name for name in state if not name.startswith("_")} - {"layout", "tooltip", "tabbable"}
    assert own == {"agent_name", "error", "model_name", "status", "tool_names"}


def test_a_session_that_is_closed_by_itself_takes_its_widget_along(talk):
    live, other = talk(), talk()
    answer = ask(live)
    page = joined(live)
    live.session.close()
    with pytest.raises(ConnectionClosed):
        while True:
            page.recv()
    assert page.protocol.close_code == 4000
    wait_for(lambda: live.status == "closed")
    ask(other)  # The origin is known again, for the other one.
    with connect(answer["url"], origin=ORIGIN, subprotocols=[protocol.SUBPROTOCOL]) as late:
        late.send(json.dumps({"type": "hello", "token": answer["token"]}))
        with pytest.raises(ConnectionClosed):
            late.recv()
    assert late.protocol.close_code == 4404
    live.close()  # As often as one likes.
    live.close()
    assert ask(live) == {"type": "closed"}
    joined(other).close()


def test_an_observer_that_raises_costs_nothing_and_is_shown_everywhere(talk, caplog):
    def breaks(change):
        return 1 / 0

    live = talk()
    live.observe(breaks, "status")
    turn = live.say("hi")
    assert turn.agent_text == "You said hi."
    assert turn.error is None
    wait_for(lambda: live.error)
    assert live.error["code"] == "callback_failed"
    assert live.error["message"] == (
        "The observer breaks of status failed. ZeroDivisionError: division by zero"
    )
    assert "return 1 / 0" in caplog.text
    errors = live.events_df().query("kind == 'error'")
    assert errors.error.str.contains("breaks of status").all()
    assert len(errors) >= 1
    live.unobserve(breaks, "status")
    assert live.say("again").agent_text == "You said again."


def test_an_observer_of_everything_that_raises_lets_it_be_closed(talk):
    live = talk()
    live.observe(lambda _change: 1 / 0)
    live.close()
    assert live.comm is None
    assert live.status == "closed"


def test_an_observer_of_errors_is_not_told_of_its_own(talk, caplog):
    def breaks(change):
        raise ValueError("no")

    live = talk(refusals=[ValueError("Model not found: x")])
    wait_for(lambda: live.error)
    live.observe(breaks, "error")
    assert live.say("hi").agent_text == "You said hi."
    wait_for(lambda: "breaks of error" in caplog.text)
    assert live.error == {}


def test_a_link_that_refuses_makes_no_swap_say_or_close_raise_or_wait(talk, caplog):
    live = talk()
    agents = ipywidgets.Dropdown(options=["teller"])
    states = ipywidgets.Dropdown(options=["connecting", "ready"])
    wait_for(lambda: live.status == "ready")
    traitlets.link((live, "agent_name"), (agents, "value"))
    traitlets.dlink((live, "status"), (states, "value"))
    swap = live.swap(Agent(name="other", model=Scripted(echo)))
    assert (swap.agent, live.agent.name, live.agent_name) == ("other", "other", "other")
    wait_for(lambda: "The link of" in live.error.get("message", ""))
    assert live.say("hi").agent_text == "You said hi."
    live.close()
    assert live.status == "closed"
    wait_for(lambda: "The link of status failed" in caplog.text)


def test_a_slow_observer_keeps_nobody_waiting(talk):
    go, seen = threading.Event(), []

    def slow(change):
        go.wait()
        seen.append(change.new)

    live = talk()
    wait_for(lambda: live.status == "ready")
    live.observe(slow, "status")
    try:
        assert live.say("hi").agent_text == "You said hi."
        live.swap(tools=[])
        live.close()
        assert seen == []
    finally:
        go.set()
    wait_for(lambda: seen[-1:] == ["closed"])
    assert "thinking" in seen


@pytest.fixture
def outputs(monkeypatch):
    """What cells show: bundles by display id."""
    found = {}
    monkeypatch.setattr(
        "IPython.display.publish_display_data",
        lambda bundle, transient, update: found.update({transient["display_id"]: bundle}),
    )
    return found


VIEW = "application/vnd.jupyter.widget-view+json"


def test_it_is_shown_with_a_text_for_who_cannot_show_it(talk, outputs):
    live = talk()
    live._ipython_display_()
    (bundle,) = outputs.values()
    assert bundle[VIEW]["model_id"] == live.model_id
    assert bundle["text/plain"] == repr(live) == repr(live.session)
    assert "under way" in bundle["text/html"]
    assert live._repr_mimebundle_()[0] == bundle


@pytest.mark.parametrize("who", ["widget", "session", "next"])
def test_its_transcript_takes_its_place_when_it_has_ended(talk, outputs, monkeypatch, who):
    def running(execution):
        monkeypatch.setattr(cells, "running_cell", lambda: ("cell", execution))

    running("1")
    live = talk()
    for _ in range(2):
        live._ipython_display_()
    live.say("<b>hi</b>")
    running("2")
    model_id = live.model_id
    {"widget": live.close, "session": live.session.close, "next": talk}[who]()
    wait_for(lambda: all(VIEW not in bundle for bundle in outputs.values()))
    for bundle in outputs.values():
        assert "You said &lt;b&gt;hi&lt;/b&gt;." in bundle["text/html"]
        assert "teller: You said <b>hi</b>." in bundle["text/plain"]
        assert model_id not in json.dumps(bundle)
    assert VIEW not in live._repr_mimebundle_()[0]


def test_its_words_can_be_kept_out_of_the_notebook(talk, outputs):
    live = talk(save_transcript=False)
    live._ipython_display_()
    live.say("swordfish")
    live.close()
    (bundle,) = outputs.values()
    assert "swordfish" not in json.dumps(bundle)
    assert "not kept" in bundle["text/html"]


def test_what_was_masked_is_masked_in_the_notebook(talk, outputs, monkeypatch):
    monkeypatch.setenv("DOOR_KEY", "sesame-4711-open")
    live = talk()
    live._ipython_display_()
    live.say("it is sesame-4711-open")
    live.close()
    assert "sesame-4711-open" not in json.dumps(outputs)
    assert "[DOOR_KEY]" in json.dumps(outputs)


def test_what_nobody_can_use_any_more_closes_itself_and_says_so(talk, monkeypatch, caplog):
    monkeypatch.setattr(widget, "_LOOK_S", 0.05)
    names = {"_3": None}
    monkeypatch.setattr(cells, "namespace", lambda: names)
    names["live"] = talk()
    names["session"] = talk().session
    shown = talk()
    page = joined(shown)
    unnamed = talk()
    unnamed.say("hi")
    names["_3"] = unnamed
    monkeypatch.setattr(widget, "UNSHOWN_S", 0.2)
    wait_for(lambda: unnamed.status == "closed")
    assert "no name holds it" in caplog.text
    assert "no name holds it" in unnamed._repr_mimebundle_()[0]["text/plain"]
    assert {names["live"].status, names["session"].status, shown.status} == {"ready"}
    page.close()
    wait_for(lambda: shown.status == "closed")
    assert unnamed.turns[0].agent_text == "You said hi."


def test_a_widget_whose_cell_was_deleted_closes_itself_though_a_name_holds_it(
    talk, monkeypatch, caplog
):
    monkeypatch.setattr(widget, "UNSHOWN_S", 0.2)
    monkeypatch.setattr(widget.deleted_cells, "_ids", {"one"})
    made = []
    names = {"made": made}
    monkeypatch.setattr(cells, "namespace", lambda: names)
    for cell in ("one", "two"):
        monkeypatch.setattr(cells, "running_cell", lambda cell=cell: (cell, "1"))
        made.append(talk())
    wait_for(lambda: made[0].status == "closed")
    assert "its cell was deleted" in caplog.text
    assert made[1].status == "ready"


@pytest.mark.long
def test_conversations_that_are_closed_are_freed_and_the_rest_goes_on():
    kept = adk_nb.talk(Agent(name="teller", model=Scripted(echo)))
    freed = []
    for number in range(11):
        live = adk_nb.talk(Agent(name="teller", model=Scripted(echo)))
        live.say(f"number {number}")
        live.close()
        freed += [weakref.ref(one) for one in (live, live.session, live.session.log)]
    del live

    def are_freed():
        gc.collect()
        return all(one() is None for one in freed)

    wait_for(are_freed)  # The loop, which goes on, lets go of a timer or two later.
    assert kept.say("hi").agent_text == "You said hi."
    kept.close()


def test_a_box_with_a_conversation_that_is_closed_can_be_restored():
    live = adk_nb.talk(Agent(name="teller", model=Scripted(echo)))
    box, model_id = ipywidgets.HBox([live]), live.model_id
    live.say("hi")
    live.close()
    assert box.get_state()["children"] == [f"IPY_MODEL_{model_id}"]
    assert "You said hi." in _instances[model_id].html
    box.close()


def test_who_holds_a_conversation_that_is_closed_goes_on_reading_it():
    live = adk_nb.talk(Agent(name="teller", model=Scripted(echo)))
    turn = live.say("hi")
    live.close()
    live.close()
    gc.collect()
    assert live.turns == [turn]
    assert live.audio(1).duration_ms == turn.audio.duration_ms == 100
    assert list(live.turns_df().agent_text) == ["You said hi."]
    assert (live.status, live.comm) == ("closed", None)
    assert "text/html" in live._repr_mimebundle_()[0]


ENDS = """
from google.adk.agents import Agent
import adk_nb, ipywidgets
from scripted import Scripted, echo
for _ in range(2):
    live = adk_nb.talk(Agent(name="teller", model=Scripted(echo)))
    box = ipywidgets.HBox([live])
    live.say("hi")
    live.close()
"""


@pytest.mark.long
def test_a_program_ends_without_a_word_whatever_closed_widgets_it_holds():
    """Python takes modules apart before it lets go of widgets."""
    here = Path(__file__).parent
    command = [sys.executable, "-c", ENDS]
    run = subprocess.run(command, cwd=here, capture_output=True, text=True, check=True, timeout=120)
    assert run.stderr == ""
