import json
import threading

import pytest
from google.adk.agents import Agent
from scripted import Scripted, echo
from sessions import wait_for
from websockets.sync.client import connect

import adk_nb
from adk_nb import cells, widget
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
    with joined(live):
        pass


def test_the_styles_are_one_text_with_those_that_are_shared_first(talk):
    styles = talk()._css
    assert styles.startswith((widget.STATIC / "widget.css").read_text())
    for path in widget.STATIC.rglob("*.css"):
        assert path.read_text() in styles


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

    monkeypatch.setattr(widget, "_modules", broken)
    answer = ask(live)
    assert (answer["type"], answer["code"]) == ("error", "bridge")
    assert "no such file" in answer["message"]


def test_what_a_saved_notebook_keeps_of_a_widget(talk):
    live = talk()
    state = live.get_state()
    own = {name for name in state if not name.startswith("_")} - {"layout", "tooltip", "tabbable"}
    assert own == {"agent_name", "error", "model_name", "status", "tool_names"}
