"""What the frames say of tools, against what the tools measured themselves."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
from google.adk.agents import Agent
from google.adk.models.llm_response import LlmResponse
from google.adk.plugins.base_plugin import BasePlugin
from google.adk.tools import LongRunningFunctionTool
from google.genai import types
from pydantic import BaseModel, Field
from scripted import DONE, Scripted, audio, call, result_of, said, text_of
from sessions import do, wait_for

from adk_nb import LiveSession, events_df, tools_df, turns_df

OFF_MS = 25.0
"""How far a time may be off that a busy machine measures (ms)."""


class Stamps:
    """Tools that note when they ran."""

    def __init__(self):
        self.ran = {}

    def tool(self, name, seconds, result="done"):
        async def run():
            began = time.monotonic()
            await asyncio.sleep(seconds)
            self.ran[name] = (began, time.monotonic())
            return result() if callable(result) else result

        run.__name__ = name
        return run

    def ms(self, name):
        began, ended = self.ran[name]
        return (ended - began) * 1000


def model(**scripts):
    """Calls the tools that a text names, all at once, and then says that it is done."""

    def answer(came):
        text = text_of(came)
        if text is not None:
            parts = [call(name, f"{name}-{text}").content.parts[0] for name in scripts[text]]
            return [LlmResponse(content=types.Content(role="model", parts=parts)), DONE]
        if result_of(came) is not None:
            return [audio(20), said("Done.", finished=True), DONE]
        return []

    return Scripted(answer)


def talk(stamps, tools, tmp_path=None, plugins=(), callbacks=None, **scripts):
    agent = Agent(name="tester", model=model(**scripts), tools=tools, **callbacks or {})
    return LiveSession(agent, record=tmp_path, plugins=plugins)


def test_tools_side_by_side_have_their_own_times_and_the_turn_their_union(tmp_path):
    stamps = Stamps()
    tools = [stamps.tool("quick", 0.1), stamps.tool("slow", 0.6)]
    with talk(stamps, tools, tmp_path / "talk", both=["quick", "slow"]) as session:
        session.say("both", timeout=20)
    for source in (session, tmp_path / "talk"):
        frame = tools_df(source)
        assert frame.tool.tolist() == ["quick", "slow"]
        for name, ms in zip(frame.tool, frame.ms, strict=True):
            assert ms == pytest.approx(stamps.ms(name), abs=OFF_MS)
        (turn,) = turns_df(source, ["tool_ms", "tool_sum_ms"]).itertuples(index=False)
        began, ended = zip(*stamps.ran.values(), strict=True)
        assert turn.tool_ms == pytest.approx((max(ended) - min(began)) * 1000, abs=OFF_MS)
        assert turn.tool_sum_ms == pytest.approx(sum(map(stamps.ms, stamps.ran)), abs=OFF_MS)


def test_a_tool_that_changes_what_it_returned_changes_no_row(tmp_path):
    cart = []

    def add() -> dict:
        """Adds one more."""
        cart.append(len(cart))
        return {"cart": cart}

    with talk(None, [add], tmp_path / "talk", a=["add"], b=["add"], c=["add"]) as session:
        for text in "abc":
            session.say(text, timeout=20)
        expected = [{"cart": [0]}, {"cart": [0, 1]}, {"cart": [0, 1, 2]}]
        assert tools_df(session).result.tolist() == expected
        # Nor does one who changes what a frame or a turn has.
        tools_df(session).result.map(lambda result: result.pop("cart"))
        session.events_df().result.dropna().map(lambda result: result.pop("cart"))
        session.turns[0].tool_calls[0].result.clear()
        told = [
            part.function_response.response
            for event in session.adk_session().events
            for part in (event.content.parts if event.content else ())
            if part.function_response
        ]
        assert told == expected
    for source in (session, tmp_path / "talk"):
        assert tools_df(source).result.tolist() == expected


def test_what_is_changed_by_another_tool_meanwhile_is_what_was_returned():
    found = []
    stamps = Stamps()

    def fill():
        found.append("late")
        return "filled"

    tools = [stamps.tool("look", 0.0, lambda: found), stamps.tool("fill", 0.2, fill)]
    with talk(stamps, tools, both=["look", "fill"]) as session:
        session.say("both", timeout=20)
        assert tools_df(session).result.tolist() == [[], "filled"]


def test_a_result_that_a_thread_goes_on_filling_ends_nothing():
    stop = threading.Event()
    found = {}

    def look() -> dict:
        """Looks."""

        def fill():
            while not stop.is_set():
                found[str(len(found) % 5000)] = 1
                found.pop(str(len(found) - 1), None)

        threading.Thread(target=fill, daemon=True).start()
        return found

    try:
        with talk(None, [look], look=["look"]) as session:
            turn = session.say("look", timeout=20)
            assert (str(turn.status), turn.error) == ("complete", None)
    finally:
        stop.set()


def test_a_turn_that_is_open_has_no_times_yet():
    goes_on = threading.Event()

    def wait() -> str:
        """Waits."""
        goes_on.wait(20)
        return "done"

    with talk(None, [wait], wait=["wait"]) as session:
        asking = threading.Thread(target=lambda: session.say("wait", 20))
        asking.start()
        while not (session.turns and session.turns[0].tool_calls):
            time.sleep(0.01)
        columns = ["status", "tool_ms", "heard_text", "tool_sum_ms"]
        assert turns_df(session, columns).isna().iloc[0].tolist() == [False, True, True, True]
        assert turns_df(session).status.tolist() == ["open"]
        goes_on.set()
        asking.join()
        assert turns_df(session).status.tolist() == ["complete"]


class Cart(BaseModel):
    """What a tool goes on changing."""

    items: list[int] = Field(default_factory=list)
    seen: dict[str, int] = Field(default_factory=dict)


def told_later(session):
    """Returns what a new connection is told that the tools returned."""
    session.swap(instruction="Go on.")
    session.say("a", timeout=20)
    told = [part for content in session.agent.model.histories[-1] for part in content.parts]
    return [part.function_response.response for part in told if part.function_response][:3]


@pytest.mark.parametrize("inside", [False, True], ids=["itself", "in a dict"])
def test_a_model_that_its_tool_goes_on_changing_is_told_as_it_was_returned(inside, tmp_path):
    cart = Cart()

    def add():
        """Adds one more."""
        cart.items.append(len(cart.items))
        return {"cart": cart, "n": 1} if inside else cart

    with talk(None, [add], tmp_path / "talk", a=["add"], b=["add"], c=["add"]) as session:
        for text in "abc":
            session.say(text, timeout=20)
        carts = [{"items": list(range(n)), "seen": {}} for n in (1, 2, 3)]
        expected = [{"cart": one, "n": 1} if inside else one for one in carts]
        assert tools_df(session).result.tolist() == expected
        told = expected if inside else [{"result": one} for one in expected]
        assert told_later(session) == told
    assert tools_df(tmp_path / "talk").result.tolist()[:3] == expected


def test_a_model_that_a_thread_goes_on_filling_is_told_as_it_is_logged():
    stop = threading.Event()
    cart = Cart()
    filling = threading.Event()

    def fill():
        while not stop.is_set():
            cart.seen[str(len(cart.seen))] = 1
            filling.set()

    def look():
        """Looks."""
        threading.Thread(target=fill, daemon=True).start()
        filling.wait(20)
        return cart

    try:
        with talk(None, [look], look=["look"]) as session:
            turn = session.say("look", timeout=20)
            (told,) = [one for one in map(result_of, session.agent.model.came) if one]
            assert told == {"result": turn.tool_calls[0].result}
    finally:
        stop.set()


def test_a_callback_has_the_model_that_the_tool_returned():
    def add():
        """Adds one more."""
        return Cart(items=[1])

    def after(tool, args, tool_context, tool_response):
        del tool, args, tool_context
        kept.append(tool_response)
        tool_response.items.append(2)
        return tool_response

    kept = []
    with talk(None, [add], callbacks={"after_tool_callback": after}, a=["add"]) as session:
        assert session.say("a", timeout=20).tool_calls[0].result == {"items": [1, 2], "seen": {}}
        kept[0].items.clear()  # What a callback keeps is its own.
        assert told_later(session)[0] == {"result": {"items": [1, 2], "seen": {}}}


def boom():
    """Fails."""
    raise ValueError("boom")


@pytest.mark.parametrize(
    ("by", "plugin"),
    [
        ("before_tool_callback", False),
        ("before_tool_callback", True),
        ("on_tool_error_callback", True),
    ],
)
def test_what_a_callback_goes_on_changing_is_told_as_it_was_returned(by, plugin):
    cache = {"items": []}

    def answer():
        cache["items"].append(len(cache["items"]))
        return cache

    async def in_plugin(**_):
        return answer()

    own = BasePlugin("cache")
    setattr(own, by, in_plugin)
    options = {"plugins": [own]} if plugin else {"callbacks": {by: lambda *_, **__: answer()}}
    with talk(None, [boom], a=["boom"], b=["boom"], c=["boom"], **options) as session:
        for text in "abc":
            session.say(text, timeout=20)
        expected = [{"items": list(range(n))} for n in (1, 2, 3)]
        assert tools_df(session).result.tolist() == expected
        assert told_later(session) == expected


def test_an_outcome_that_goes_on_changing_is_told_as_it_was_given():
    outcome = {"items": [1]}

    def order() -> None:
        """Orders."""

    with talk(None, [LongRunningFunctionTool(order)], a=["order"]) as session:
        asking = threading.Thread(target=lambda: session.say("a", 20))
        asking.start()
        wait_for(lambda: session.turns and session.turns[0].tool_calls)
        session.respond(session.turns[0].tool_calls[0], outcome)
        asking.join()
        outcome["items"].append(2)
        assert tools_df(session).result.tolist() == [{"items": [1]}]
        assert told_later(session)[-1] == {"items": [1]}


@pytest.mark.long
@pytest.mark.parametrize("ends", ["returns", "raises", "is cut off"])
def test_a_streaming_tool_has_no_time_until_it_has_ended(ends, tmp_path):
    ran, first = [], threading.Event()
    goes_on = asyncio.Event()

    async def watch():
        """Watches."""
        began = time.monotonic()
        try:
            yield {"price": 1}
            first.set()
            await goes_on.wait()
            if ends == "raises":
                raise ValueError("gone")
            yield {"price": 2}
        finally:
            ran.append((time.monotonic() - began) * 1000)

    with talk(None, [watch], tmp_path / "talk", watch=["watch"], b=[]) as session:
        turn = session.say("watch", timeout=20)
        assert first.wait(20)
        assert tools_df(session).ms.isna().all()
        assert turns_df(session, ["tool_ms", "answer_ms", "tool_sum_ms"]).isna().all(axis=None)
        time.sleep(0.3)  # So that it takes longer than what is begun in this time.
        if ends == "is cut off":
            session.swap(instruction="Go on.")
        else:
            do(session, goes_on.set)
        wait_for(lambda: turn.tool_ms is not None)
        assert ran[0] > 300
        if ends == "returns":
            wait_for(lambda: turn.answer_ms is not None)
            assert turn.answer_ms > turn.filler_ms
    for source in (session, tmp_path / "talk"):
        (call,) = tools_df(source).itertuples()
        assert call.ms == pytest.approx(ran[0], abs=OFF_MS)
        assert turns_df(source).tool_ms.tolist() == [call.ms]
        assert events_df(source).kind.tolist().count("tool_ended") == 1


def test_a_turn_that_closing_ends_is_returned_with_what_became_of_its_calls(tmp_path):
    began = threading.Event()

    async def wait() -> str:
        """Waits, and takes a while to stop."""
        began.set()
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.2)

    found = []

    def ask():
        turn = session.say("wait", timeout=60)
        found.append([str(turn.status), turn.tool_calls[0].ms, turn.tool_calls[0].error])

    with talk(None, [wait], tmp_path / "talk", wait=["wait"]) as session:
        asking = threading.Thread(target=ask)
        asking.start()
        assert began.wait(20)
    asking.join()
    for source in (session, tmp_path / "talk"):
        (call,) = tools_df(source).itertuples()
        status = str(turns_df(source).status[0])
        assert [[status, pytest.approx(call.ms), call.error]] == found
    assert found[0][2] == "The call was cut off."
