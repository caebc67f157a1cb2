"""Random conversations through the real SDK and ADK: what a model does in each turn, and drops.

A plan says of each turn what the service does with it: answer, call a tool first, say a filler, say
nothing, lose the connection at some moment, cut itself off. The service finds the question in what
it gets, by its name. Whatever the plan, each question is one row, with its own answer or none, no
tool runs twice, and the frames read the same from the log.
"""

from __future__ import annotations

import os
import random
import re

import live_api as live
import pytest
from google.adk.agents import Agent
from live_api import NEW, NEWEST, OLD
from sessions import wait_for

from adk_nb import LiveSession
from adk_nb.log.turns_from_log import logged_turns

SEEDS = int(os.environ.get("ADK_NB_FUZZ_CASES", "12000")) // 600
NAME = re.compile(r"\bq\d+\b")


def plan_of(rng):
    """What the service does in one turn."""
    call = rng.random() < 0.5
    return {
        "call": call,
        "filler": call and rng.random() < 0.5,
        "silent": rng.random() < 0.15,
        "lost": rng.choice([None] * 3 + (["asked", "called", "told"] if call else ["asked"])),
    }


class Service:
    """Plays the plan, over however many connections it takes."""

    def __init__(self, plans, model):
        self.plans, self.model = plans, model
        self.lost, self.called = set(), set()

    async def __call__(self, call):
        await call.setup()
        while True:
            text = await call.text_turn(timeout=None)
            told = text if text != "." else " ".join(text for _, text in call.connection.turns)
            await self.turn(call, NAME.findall(told)[-1], text)

    async def turn(self, call, name, text):
        plan = self.plans[name]
        await self.lose(call, name, "asked", plan)
        if plan["call"] and name not in self.called:
            self.called.add(name)
            await call.tool_call(("work", {"name": name}))
            await self.lose(call, name, "called", plan)
            if plan["filler"] and self.model == NEWEST:
                await call.say(f"Filler {name}. ")
                await call.turn_complete()
            await call.tool_response()
            await self.lose(call, name, "told", plan)
        if not plan["silent"]:
            await call.say(f"Answer {name}.")
        await call.turn_complete()

    async def lose(self, call, name, moment, plan):
        if plan["lost"] == moment and name not in self.lost:
            self.lost.add(name)
            await call.sleep(0.05)
            await call.drop()
            raise live.GoneError


@pytest.mark.parametrize("model", [OLD, NEW, NEWEST])
@pytest.mark.parametrize("seed", range(SEEDS))
def test_whatever_the_service_does_each_question_is_one_row(serve, model, seed):
    rng = random.Random(f"{model} {seed}")
    plans = {f"q{n}": plan_of(rng) for n in range(4)}
    runs = []

    def work(name: str) -> str:
        """Works."""
        runs.append(name)
        return f"done {name}"

    service = Service(plans, model)
    serve([service] * 12)
    with LiveSession(
        Agent(name="tester", model=model, tools=[work]), resume=rng.random() < 0.5
    ) as session:
        for name in plans:
            session.say(name, timeout=30)
        wait_for(lambda: all(turn.ended for turn in session.turns))
        rows = [(turn.user_text, turn.agent_text) for turn in session.turns]
        assert [text for text, _ in rows] == list(plans), (plans, rows)
        for name, said in rows:
            assert set(NAME.findall(said)) <= {name}, (plans, rows)
            if not plans[name]["silent"]:
                assert f"Answer {name}." in said, (plans, rows)
        assert sorted(runs) == sorted(set(runs)), (plans, runs)
        read = [
            (turn.user_text, turn.agent_text, turn.status) for turn in logged_turns(session.log)
        ]
        assert read == [(turn.user_text, turn.agent_text, turn.status) for turn in session.turns]
