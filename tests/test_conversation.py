"""What each method of a cell's asks of the session; a session of hand-made answers, no model."""

from __future__ import annotations

import asyncio
import typing

import numpy as np
import pytest
from google.adk.agents import Agent
from logs import conversation, read_recording
from scripted import Scripted, echo

from adk_nb.audio import Clip
from adk_nb.conversation import Conversation
from adk_nb.exceptions import AdkNbError
from adk_nb.live.swaps import Wish
from adk_nb.log.tool_call import ToolCall
from adk_nb.log.turn import Turn

CALL = ToolCall("c1", "roll", {})


def roll() -> int:
    """Rolls a die."""
    return 4


class Loop:
    """Runs what a cell asks for at once, and keeps how it was asked."""

    def __init__(self, ways):
        self._ways = ways

    def call(self, coroutine):
        self._ways.append("call")
        return asyncio.run(coroutine)

    async def call_async(self, coroutine):
        self._ways.append("call_async")
        return await coroutine


class Histories:
    def __init__(self):
        self.all = ["first", "second"]

    async def get(self, history):
        return ("session", history)

    async def artifact_names(self):
        return ["a.png"]

    async def artifact(self, name, version):
        return (name, version)


class Requests:
    """Keeps what is asked, and answers with the name of it."""

    def __init__(self):
        self.asked = []

    def __getattr__(self, name):
        async def run(*args, **values):
            self.asked.append((name, args, values))
            return name

        return run


class Session:
    def __init__(self):
        self.log = conversation()
        self.requests = Requests()
        self.ways, self.callbacks, self.status = [], [], "ready"
        self.bridge = Loop(self.ways)
        self.current_agent = Agent(name="dice", model=Scripted(echo), tools=[roll])
        self.all_histories = Histories()
        self.open_questions = [CALL]

    async def bridge_async(self):
        return self.bridge

    def all_turns(self):
        return [Turn(1, "dice")]

    def peek(self, coroutine):
        self.ways.append("peek")
        return asyncio.run(coroutine)


class Live(Conversation):
    def __init__(self):
        self._session = Session()

    @property
    def session(self):
        return self._session


@pytest.fixture
def live():
    return Live()


CALLS = [
    ("say", ("hi",), {}, "say", ("hi", 60, "text"), {}),
    ("say", ("hi",), {"timeout": 5}, "say", ("hi", 5, "text"), {}),
    ("say", ("hi",), {"wait": "first"}, "say", ("hi", 60, "first"), {}),
    ("speak", (Clip(b"\0\0"),), {}, "speak", (Clip(b"\0\0"), 60), {}),
    ("speak", (b"\1\0",), {"timeout": 5}, "speak", (Clip(b"\1\0"), 5), {}),
    ("interrupt", (), {}, "interrupt", (), {}),
    ("wait_for_turn", (), {}, "wait_for_turn", (None,), {}),
    ("wait_for_turn", (7,), {}, "wait_for_turn", (7,), {}),
    ("swap", (), {}, "swap", (Wish(), 60), {}),
    (
        "swap",
        ("agent",),
        {
            "tools": [roll],
            "instruction": "i",
            "model": "m",
            "history": "fork",
            "at_turn": 3,
            "timeout": 5,
        },
        "swap",
        (Wish("agent", [roll], "i", "m", "fork", 3), 5),
        {},
    ),
    ("confirm", (), {}, "confirm", (None,), {"approved": True, "payload": None}),
    (
        "confirm",
        (False,),
        {"call": CALL, "payload": 3},
        "confirm",
        ("c1",),
        {"approved": False, "payload": 3},
    ),
    ("stop_tool", ("roll",), {}, "stop_tool", ("roll",), {}),
    ("confirm", (), {"call": "c2"}, "confirm", ("c2",), {"approved": True, "payload": None}),
    ("respond", (CALL, {"a": 1}), {}, "respond", ("c1", {"a": 1}), {}),
    ("respond", ("c2", {"a": 1}), {}, "respond", ("c2", {"a": 1}), {}),
]


@pytest.mark.parametrize("line", CALLS, ids=lambda line: line[0])
@pytest.mark.parametrize("way", ["call", "call_async"])
def test_a_method_and_its_async_version_ask_the_same_of_the_session(live, line, way):
    name, args, values, *asked = line
    if way == "call":
        found = getattr(live, name)(*args, **values)
    else:
        found = asyncio.run(getattr(live, f"{name}_async")(*args, **values))
    assert live.session.requests.asked == [tuple(asked)]
    assert live.session.ways == [way]
    if name in {"say", "speak", "wait_for_turn", "swap"}:
        assert found == asked[0]


def test_setting_the_agent_or_the_tools_is_a_swap(live):
    assert live.agent is live.session.current_agent
    assert live.tools == [roll]
    live.agent = "another"
    live.tools = []
    assert live.session.requests.asked == [
        ("swap", (Wish("another"), 60), {}),
        ("swap", (Wish(tools=[]), 60), {}),
    ]


def test_callbacks_are_added_and_removed(live):
    @live.on_turn
    def told(turn):
        pass

    assert callable(told)
    assert live.session.callbacks == [told]
    assert live.on_turn(told, remove=True) is told
    assert live.session.callbacks == []


def test_setting_the_state_sets_its_keys(live):
    live.state = {"whole": 3}
    assert live.session.requests.asked == [("set_state", ({"whole": 3},), {})]


def test_what_can_be_read_at_any_time(live):
    assert live.turns[0].index == 1
    assert live.questions == [CALL]
    assert live.histories == ["first", "second"]
    live.histories.clear()
    assert live.histories == ["first", "second"]
    assert live.adk_session() == ("session", None)
    assert live.adk_session("second") == ("session", "second")
    assert live.artifacts == ["a.png"]
    assert live.artifact("a.png") == ("a.png", None)
    assert live.artifact("a.png", 2) == ("a.png", 2)
    assert set(live.session.ways) == {"peek"}


def test_the_frames_are_those_of_its_log(live):
    assert live.events_df()["session_id"].unique().tolist() == ["s"]
    assert live.events_df(["kind"]).columns.tolist() == ["kind"]
    assert live.turns_df(["turn"])["turn"].tolist() == [1]
    assert live.tools_df(["tool"])["tool"].tolist() == ["get_time"]
    assert live.transcript_df(["role"])["role"].tolist() == ["user", "agent"]
    assert live.spans_df().empty
    assert "get_time" in str(live.timeline().to_dict())


def test_the_sound_of_a_turn(live):
    live.session.log.sounds.add("agent_audio", 1, b"\5\0" * 160, 16_000)
    user = live.session.log.clip("user_audio", 1)
    assert live.audio(1) == live.audio(1, "agent") == Clip(b"\5\0" * 160, 16_000)
    assert live.audio(1, "user") == user
    both = live.audio(1, "both")
    assert np.array_equal(both.samples[: len(user.samples)], user.samples)
    assert both.pcm.endswith(b"\5\0" * 160)
    with pytest.raises(AdkNbError, match="who='me' is not known"):
        live.audio(1, "me")
    assert live.audio(1, "heard").pcm == b"\5\0" * 160
    assert live.audio(1, "mix").channels == 2


def test_turns_go_by_the_number_that_is_shown(live):
    assert live.turn(1).index == live.turns[0].index == 1
    for wrong in (0, 99, -1):
        with pytest.raises(AdkNbError, match="there is one") as raised:
            live.turn(wrong)
        assert raised.value.code == "no_turn"
    with pytest.raises(AdkNbError, match="There is no turn 99; there is one"):
        live.audio(turn=99)


def test_it_is_saved_as_a_recording(live, tmp_path):
    path = live.save(tmp_path)
    assert path.parent == tmp_path
    assert list(read_recording(path)) == list(live.session.log)


@pytest.mark.parametrize("on", [True, False])
def test_the_voice_is_set_on_the_session(live, on):
    asked = []
    live.session.set_voice = lambda *, on: asked.append(on)
    live.voice = on
    assert asked == [on]


FRAMES = [
    ("tables", "events_df", ()), ("tables", "events_df", (["kind"],)),
    ("tables", "turns_df", ()), ("tables", "turns_df", (["turn"], {"m": 1})),
    ("tables", "tools_df", ()), ("tables", "tools_df", (["tool"],)),
    ("tables", "transcript_df", ()), ("tables", "transcript_df", (["role"],)),
    ("spans", "spans_df", ()),
]  # fmt: skip


@pytest.mark.parametrize("how", [{}, {"json": True}, {"naive": True}])
@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame[1])
def test_a_frame_is_asked_for_as_the_cell_asks(live, monkeypatch, frame, how):
    asked, (module, name, args) = [], frame

    def answer(*given, **named):
        asked.append((given, named))
        return name

    monkeypatch.setattr(f"adk_nb.data.{module}.{name}", answer)
    assert getattr(live, name)(*args, **how) == name
    places = {"turns_df": 2, "spans_df": 0}.get(name, 1)
    whole = (live.session, *args, *[None] * (places - len(args)))
    assert asked == [(whole, {"json": False, "naive": False} | how)]


def test_pauses_are_in_the_sound_where_they_are_asked_for(live, monkeypatch):
    def gapped(_log, kind, turn):
        return Clip({"user_audio": b"\1\0", "agent_audio": b"\2\0"}[kind] * turn)

    monkeypatch.setattr("adk_nb.conversation.with_gaps", gapped)
    assert live.audio(1, gaps=True).pcm == b"\2\0"
    assert live.audio(1, "user", gaps=True).pcm == b"\1\0"
    assert live.audio(1, "both", gaps=True).pcm == b"\1\0\2\0"
    assert live.audio(1, "user").pcm == live.session.log.clip("user_audio", 1).pcm


@pytest.mark.parametrize(
    ("turns", "there"), [(0, "there are 0"), (1, "there is one"), (2, "there are 2")]
)
def test_a_turn_that_is_not_there_is_told_with_how_many_are(live, turns, there):
    live.session.all_turns = lambda: [Turn(n + 1, "dice") for n in range(turns)]
    with pytest.raises(AdkNbError) as raised:
        live.turn(3)
    assert raised.value.message == f"There is no turn 3; {there}."
    if turns:
        assert live.turn(turns).index == turns


def test_what_completion_and_help_show(live):
    names = dir(live)
    assert "say" in names
    assert "_unlisted" in names
    assert "getdoc" not in names
    assert "The calls by task:" in live.getdoc()


def test_what_is_no_function_is_no_callback(live):
    with pytest.raises(AdkNbError, match="is no function") as raised:
        live.on_turn("told")
    assert raised.value.code == "bad_option"


@pytest.mark.parametrize("function", [Conversation.say, Conversation.say_async])
def test_another_agent_may_have_it_as_a_tool(function):
    # ADK declares a tool without arguments where a type is not known at run time.
    assert set(typing.get_type_hints(function)) == {"text", "timeout", "wait", "return"}
