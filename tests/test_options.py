import inspect
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from google.adk.agents import Agent
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from scripted import Scripted, echo
from traitlets.config import Config

import adk_nb
from adk_nb.options import SessionOptions, check_choice, checked

ROOT = Path(__file__).parents[1]


@pytest.fixture
def agent():
    return Agent(name="teller", model=Scripted(echo))


def options_of(function):
    parameters = inspect.signature(function).parameters.values()
    return {one.name: one for one in parameters if one.kind is one.KEYWORD_ONLY}


def test_a_session_and_talk_take_the_same_options_by_name_and_type():
    session, talk = options_of(adk_nb.LiveSession), options_of(adk_nb.talk)
    assert talk.pop("transport").default is None
    assert talk.pop("save_transcript").default is True
    assert talk == session
    written = {name: one.annotation.replace("config.", "") for name, one in session.items()}
    typed = {name: one.__forward_arg__ for name, one in SessionOptions.__annotations__.items()}
    assert written == typed
    kinds = {one.kind for one in inspect.signature(adk_nb.talk).parameters.values()}
    assert inspect.Parameter.VAR_KEYWORD not in kinds


@pytest.mark.parametrize("name", ["talk", "LiveSession"])
def test_an_option_that_there_is_not_is_refused_with_the_nearest(agent, name):
    with pytest.raises(adk_nb.AdkNbError, match=r"no option 'voise'. Is it voice\?") as error:
        getattr(adk_nb, name)(agent, voise="Kore")
    assert error.value.code == "bad_option"
    with pytest.raises(adk_nb.AdkNbError, match=r"There are: agent, .*on_silence"):
        getattr(adk_nb, name)(agent, xyzzy=1)


WRONG = [
    ("audio", "no", "Give True or False."),
    ("follow", "yes", "Give True or False."),
    ("shared_microphone", 1, "Give True or False."),
    ("session_id", 5, "Give a text, or None."),
    ("voice", 5, "Give a text, or True or False, or None."),
    ("compress", 2.5, "Give True or False, or a whole number."),
]


@pytest.mark.parametrize(
    ("name", "value", "remedy"), [*WRONG, ("save_transcript", "no", "Give True or False.")]
)
def test_a_value_of_a_wrong_type_is_refused(agent, name, value, remedy):
    calls = [adk_nb.talk] if name == "save_transcript" else [adk_nb.talk, adk_nb.LiveSession]
    for call in calls:
        with pytest.raises(adk_nb.AdkNbError) as error:
            call(agent, **{name: value})
        assert str(error.value) == f"{name}={value!r} is not a value that it can have. {remedy}"
        assert error.value.code == "bad_option"


def test_values_of_numpy_and_the_types_own_are_taken():
    @checked()
    def call(n: "int | None", s: "float", b: "bool", p: "str", other: "Path" = 1):
        return n, s, b, p, other

    for values in [
        (1, 2, True, "a"),
        (np.int64(1), np.float32(2), False, "b"),
        (None, 2.5, True, ""),
    ]:
        assert call(*values, other=object)[:4] == values
    for wrong in [
        (True, 1, True, "a"),
        (1.5, 1, True, "a"),
        (1, True, True, "a"),
        (1, 1, 1, "a"),
        (1, 1, True, b"a"),
    ]:
        with pytest.raises(adk_nb.AdkNbError, match="is not a value"):
            call(*wrong)


def test_a_choice_is_refused_with_the_nearest():
    check_choice("who", "user", ["user", "agent"])
    with pytest.raises(
        adk_nb.AdkNbError, match=r"who='usr' is not known. Is it 'user'\? Say 'user' or 'agent'."
    ):
        check_choice("who", "usr", ["user", "agent"])
    with pytest.raises(adk_nb.AdkNbError, match=r"who=5 is not known. Say 'a', 'b' or 'c'."):
        check_choice("who", 5, "abc")


def test_calls_of_a_conversation_refuse_what_they_cannot_take(agent):
    with adk_nb.LiveSession(agent) as session:
        session.say("hello")
        for call, told in [
            (lambda: session.swap(replcae=[]), r"no option 'replcae'. Is it replace\?"),
            (lambda: session.turn(number=True), "number=True"),
            (lambda: session.audio(1, who="usr"), r"Is it 'user'\?"),
            (lambda: session.say("hi", wait="hear"), r"Is it 'heard'\?"),
            (lambda: session.on_event(print, kinds=5), "kinds=5 names no kind"),
            (lambda: session.on_event(print, kinds=[]), r"kinds=\[\] names no kind"),
            (lambda: session.on_event(print, kinds=["tool_cal"]), "Is it tool_call"),
        ]:
            with pytest.raises(adk_nb.AdkNbError, match=told) as error:
                call()
            assert error.value.code == "bad_option"


@pytest.mark.parametrize("call", ["adk_nb.talk(agent, voi", "adk_nb.LiveSession(agent, voi"])
def test_completion_shows_the_options(monkeypatch, tmp_path, agent, call):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    config = Config({"HistoryManager": {"enabled": False}})
    shell = InteractiveShell.instance(config=config, user_module=ModuleType("cells"))
    try:
        shell.push({"adk_nb": adk_nb, "agent": agent})
        with provisionalcompleter():
            found = [one.text for one in shell.Completer.completions(call, len(call))]
    finally:
        InteractiveShell.clear_instance()
    assert found == ["voice="]


@pytest.mark.long
def test_a_type_checker_refuses_what_there_is_not(tmp_path):
    pytest.importorskip("mypy")
    calls = tmp_path / "calls.py"
    calls.write_text(
        "import adk_nb\nfrom google.adk.agents import Agent\n"
        "agent = Agent(name='a')\n"
        "adk_nb.talk(agent, voice='Kore', resume=True)\n"
        "adk_nb.LiveSession(agent, voice='Kore', resume=True)\n"
        "adk_nb.talk(agent, voise='Kore')\n"
        "adk_nb.LiveSession(agent, voise='Kore')\n"
        "adk_nb.talk(agent, greet=3.5)\n"
        "adk_nb.LiveSession(agent, greet=3.5)\n"
    )
    run = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", str(calls)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    refused = [line.split(":")[1] for line in run.stdout.splitlines() if ": error:" in line]
    assert refused == ["6", "7", "8", "9"], run.stdout + run.stderr


@pytest.mark.parametrize("name", ["talk", "LiveSession"])
@pytest.mark.parametrize("what", ["dice", None, adk_nb])
def test_what_is_no_agent_is_refused(name, what):
    with pytest.raises(adk_nb.AdkNbError, match=r"is no agent of ADK's\. Make one: Agent"):
        getattr(adk_nb, name)(what)


@pytest.mark.parametrize("text", [3, None, b"hi", ["hi"]])
def test_what_is_no_text_is_not_said(agent, text):
    with (
        adk_nb.LiveSession(agent) as session,
        pytest.raises(adk_nb.AdkNbError, match=r"is a text, and not .*\. speak\(\)"),
    ):
        session.say(text)


@pytest.mark.parametrize("name", ["on_event", "on_turn"])
def test_what_is_no_function_is_not_called(agent, name):
    session = adk_nb.LiveSession(agent)
    with pytest.raises(adk_nb.AdkNbError, match="3 is no function"):
        getattr(session, name)(3)
