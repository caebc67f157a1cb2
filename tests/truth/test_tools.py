"""What the frames say of tools, against what the tools measured themselves."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
from google.adk.agents import Agent
from google.adk.models.llm_response import LlmResponse
from google.genai import types
from scripted import DONE, Scripted, audio, call, result_of, said, text_of

from adk_nb import LiveSession, tools_df, turns_df

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


def talk(stamps, tools, tmp_path=None, **scripts):
    agent = Agent(name="tester", model=model(**scripts), tools=tools)
    return LiveSession(agent, record=tmp_path)


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
