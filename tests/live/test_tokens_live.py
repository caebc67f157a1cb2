"""Tokens that the service tells, through the SDK and ADK, in frames and recordings."""

from __future__ import annotations

import pandas as pd
import pytest
from google.adk.agents import Agent
from live_api import NEW, NEWEST, OLD
from scripted import Scripted, echo

from adk_nb import LiveSession, turns_df
from adk_nb.frames import TURN_TOKENS

USAGE = {
    "promptTokenCount": 130,
    "promptTokensDetails": [
        {"modality": "TEXT", "tokenCount": 100}, {"modality": "AUDIO", "tokenCount": 30},
    ],
    "responseTokenCount": 21,
    "responseTokensDetails": [{"modality": "AUDIO", "tokenCount": 20}],
    "cachedContentTokenCount": 50,
    "thoughtsTokenCount": 7,
    "totalTokenCount": 158,
}  # fmt: skip
PRICES = {"prompt_text": 1.0, "prompt_audio": 3.0, "prompt": 1.0, "response": 10.0, "cached": 0.1}


@pytest.mark.parametrize("model", [OLD, NEW, NEWEST])
def test_a_turn_has_the_sums_of_what_its_responses_had(serve, model, tmp_path):
    async def scenario(call):
        await call.setup()
        await call.text_turn()
        await call.usage(**USAGE)
        await call.say("Four.")
        await call.turn_complete(**USAGE)
        await call.text_turn()
        await call.say("Five.")
        await call.turn_complete()
        await call.hang()

    serve(scenario)
    agent = Agent(name="tester", model=model)
    with LiveSession(agent, record=tmp_path / "talk") as session:
        session.say("roll", timeout=20)
        session.say("again", timeout=20)
    for source in (session, tmp_path / "talk"):
        frame = turns_df(source, [TURN_TOKENS, "total_tokens"], prices={model: PRICES})
        first, second = frame.iloc[0], frame.iloc[1]
        tokens = [None if pd.isna(one) else int(one) for one in first[:-2]]
        # One token of each response is of no modality that is told.
        assert tokens == [200, 60, 0, 0, None, 40, 100, 14, None]
        assert first.total_tokens == 316
        expected = 2 * (100 + 30 * 3 + 21 * 10 + 7 * 10 - 50 + 50 * 0.1) / 1e6
        assert first.cost == pytest.approx(expected)
        assert second.isna().all()


def test_a_model_that_says_nothing_of_tokens_has_none():
    with LiveSession(Agent(name="tester", model=Scripted(echo))) as session:
        session.say("hi")
        frame = session.turns_df([TURN_TOKENS], prices={"scripted": PRICES})
        assert frame.isna().all(axis=None)
        assert frame.cost.dtype == "float64"
        assert isinstance(frame.prompt_audio_tokens.dtype, pd.Int64Dtype)
