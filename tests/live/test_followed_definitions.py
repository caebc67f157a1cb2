"""A session follows what cells redefine, or tells of it."""

from __future__ import annotations

import threading
from types import ModuleType

import pytest
from google.adk.agents import Agent
from IPython.core.interactiveshell import InteractiveShell
from scripted import DONE, Scripted, audio, call, result_of, said, text_of
from sessions import attach, do, kinds, wait_for
from traitlets.config import Config

from adk_nb import cells
from adk_nb.exceptions import SwapError
from adk_nb.session import LiveSession
from adk_nb.wire import protocol

TIME = 'def get_time() -> str:\n    "Tells the time."\n    return "twelve"\n'
LATER = TIME.replace("twelve", "one")
AGENT = 'agent = Agent(name="clock", model=model, tools=[get_time])\n'


def answer(came):
    result = result_of(came)
    if result is not None:
        return [audio(100), said(f"It is {result['result']}."), DONE]
    return [call("get_time")] if text_of(came) else []


@pytest.fixture
def shell(monkeypatch, tmp_path):
    """Cells, as a kernel runs them."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    config = Config({"HistoryManager": {"enabled": False}})
    made = InteractiveShell(config=config, user_module=ModuleType("__main__"))
    made.push({"Agent": Agent, "model": Scripted(answer), "LiveSession": LiveSession})
    monkeypatch.setattr(cells, "_shell", lambda: made)
    yield made
    for value in list(made.user_ns.values()):
        if isinstance(value, LiveSession):
            value.close()


def run(shell, *codes):
    for code in codes:
        shell.run_cell(code).raise_error()


def opened(shell, options=""):
    run(shell, TIME, AGENT, f"live = LiveSession(agent{options}).start()")
    return shell.user_ns["live"]


def told(page):
    return [m.names for m in page.messages if isinstance(m, protocol.Redefined)]


def test_a_tool_that_is_run_again_between_two_turns_is_told_of_and_reloaded(shell):
    live = opened(shell)
    page = attach(live)
    assert live.say("time?").agent_text == "It is twelve."
    run(shell, "x = 1", TIME)
    run(shell, LATER)
    wait_for(lambda: told(page))
    assert told(page) == [["get_time"]]
    assert do(live, live.pages.attach, attach(live)).redefined == ["get_time"]
    assert live.say("time?").agent_text == "It is twelve."
    swap = live.reload()
    assert swap.changes == ["Redefined: get_time."]
    assert live.say("time?").agent_text == "It is one."
    assert told(page) == [["get_time"], []]
    assert live.reload().changes == ["Nothing was redefined."]
    assert kinds(live).count("agent_swapped") == 1
    assert [turn.interrupted for turn in live.turns] == [False] * 3


def test_the_button_does_it_too_and_lets_the_open_turn_end(shell):
    live = opened(shell)
    page = attach(live)
    going, waits = threading.Event(), threading.Event()
    shell.user_ns["get_time"].__globals__.update(going=going, waits=waits)
    slow = TIME.replace("    return", "    going.set()\n    waits.wait(60)\n    return")
    run(shell, slow, "live.reload()")
    do(live, live.pages.receive, page, protocol.Text("time?"))
    assert going.wait(60)
    run(shell, LATER)
    do(live, live.pages.receive, page, protocol.Reload())
    waits.set()
    wait_for(lambda: kinds(live).count("agent_swapped") == 2)
    assert [(turn.agent_text, turn.interrupted) for turn in live.turns] == [
        ("It is twelve.", False)
    ]
    assert live.say("time?").agent_text == "It is one."


def test_a_session_that_follows_has_it_when_the_cell_is_over(shell):
    live = opened(shell, ", follow=True")
    page = attach(live)
    assert live.say("time?").agent_text == "It is twelve."
    run(shell, TIME, "x = 1")
    assert kinds(live).count("agent_swapped") == 0
    run(shell, LATER)
    assert live.say("time?").agent_text == "It is one."
    run(shell, TIME)
    assert live.say("time?").agent_text == "It is twelve."
    assert kinds(live).count("agent_swapped") == 2
    assert told(page) == []


def test_what_sounds_is_let_sound(shell):
    live = opened(shell, ", follow=True")
    page = attach(live)
    turn = live.say("time?")
    do(live, live.pages.playback, protocol.Playback("started", turn.index, 10))
    run(shell, LATER)
    assert kinds(live).count("agent_swapped") == 1
    assert "interrupted" not in kinds(live)
    assert "interrupted" not in [
        m.state for m in page.messages if isinstance(m, protocol.TurnState)
    ]


@pytest.mark.parametrize("options", ["", ", follow=True"])
def test_a_definition_that_fails_leaves_the_old_one(shell, options):
    live = opened(shell, options)
    page = attach(live)
    for code in ("def get_time(:\n", "1 / 0\n" + LATER, LATER + "get_time = 3"):
        shell.run_cell(code)
    run(shell, TIME)
    assert live.say("time?").agent_text == "It is twelve."
    bad = "class Odd: pass\n" + TIME.replace("()", "(odd: Odd)")
    run(shell, bad)
    wait_for(lambda: told(page))
    if not options:
        with pytest.raises(SwapError, match="get_time"):
            live.reload()
    assert "get_time" in page.errors()[-1].message
    assert live.say("time?").agent_text == "It is twelve."
    failures = len(page.errors())
    run(shell, "x = 2")
    assert len(page.errors()) == failures  # It is not tried again until it is mended.
    run(shell, LATER, "live.reload()")
    assert live.say("time?").agent_text == "It is one."
    assert told(page)[-1] == []


def test_a_tool_that_is_switched_off_stays_so(shell):
    live = opened(shell)
    run(shell, "def sing() -> str:\n    return 'la'\n", "live.swap(tools=[get_time, sing])")
    page = attach(live)
    do(live, live.pages.receive, page, protocol.ToolSwitch("sing", on=False))
    wait_for(lambda: len(live.tools) == 1)
    run(shell, LATER, "live.reload()")
    assert live.say("time?").agent_text == "It is one."
    welcome = do(live, live.pages.attach, attach(live))
    assert [(tool["name"], tool["on"]) for tool in welcome.tools] == [
        ("get_time", True), ("sing", False),
    ]  # fmt: skip
    do(live, live.pages.receive, page, protocol.ToolSwitch("sing", on=True))
    wait_for(lambda: len(live.tools) == 2)


def test_a_swap_of_the_users_own_is_no_redefinition(shell):
    live = opened(shell)
    page = attach(live)
    run(shell, "live.swap(instruction='Sing.')", "live.swap(tools=[])", AGENT, LATER)
    run(shell, "live.swap(agent)", "x = 3")
    wait_for(lambda: told(page))
    assert told(page) == [["get_time"]]  # The agent was given with the old one.
    run(shell, AGENT, "live.swap(agent)")
    wait_for(lambda: told(page)[-1] == [])
    assert live.say("time?").agent_text == "It is one."


def test_a_closed_session_is_let_go(shell):
    live = opened(shell, ", follow=True")
    assert len(shell.events.callbacks["post_run_cell"]) == 1
    live.close()
    assert shell.events.callbacks["post_run_cell"] == []
    run(shell, LATER)
    live.close()


def test_a_session_in_a_plain_program_has_nothing_to_follow(monkeypatch):
    monkeypatch.setattr(cells, "_shell", lambda: None)
    with LiveSession(Agent(name="c", model=Scripted(answer)), follow=True) as live:
        assert live.reload().changes == ["Nothing was redefined."]
