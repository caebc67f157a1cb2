"""What the pages are told of a swap: nothing of a quick one, that it takes long, why it failed."""

from __future__ import annotations

import asyncio

import pytest
from desk import Desk

from adk_nb.exceptions import AdkNbError, SessionClosedError, SwapError
from adk_nb.live import reported_swaps
from adk_nb.live.reported_swaps import reported
from adk_nb.log.event_log import EventLog
from adk_nb.wire import protocol

SECRET = "geheimnis-12345"


@pytest.fixture
async def desk():
    return Desk().connect()


def states(desk):
    return [(one.state, one.detail) for one in desk.page.messages if type(one) is protocol.State]


async def test_of_a_quick_one_they_are_told_the_state_alone(desk):
    async def swap():
        return "done"

    before = len(states(desk))
    assert await reported(desk.exchange, swap) == "done"
    await asyncio.sleep(0)
    assert states(desk)[before:] == [(desk.exchange.status, "")]
    assert desk.page.errors() == []


async def test_one_that_takes_long_is_shown_until_it_is_over(desk, monkeypatch):
    monkeypatch.setattr(reported_swaps, "_NEWS_S", 0.0)
    before, shown, told = len(states(desk)), [], asyncio.Event()
    desk.exchange.pages.watchers.append(lambda _message: told.set())

    async def swap():
        await told.wait()
        shown.extend(states(desk)[before:])

    await reported(desk.exchange, swap)
    assert shown == [("reconnecting", "Changing the agent…")]
    assert states(desk)[before:] == [*shown, (desk.exchange.status, "")]


async def test_one_that_fails_is_told_and_raised_as_it_is(desk):
    error = AdkNbError("No.", remedy="Ask again.", code="swap_failed")

    async def swap():
        raise error

    with pytest.raises(AdkNbError) as raised:
        await reported(desk.exchange, swap)
    assert raised.value is error
    assert [one.message for one in desk.page.errors()] == ["No."]
    assert states(desk)[-1] == (desk.exchange.status, "")


async def test_what_is_raised_has_no_secret_in_it(desk, monkeypatch):
    monkeypatch.setenv("WEATHER_API_KEY", SECRET)
    desk.exchange.log.redact = EventLog("other").redact

    async def swap():
        raise AdkNbError(f"The key {SECRET} is wrong.", remedy=f"Change {SECRET}.")

    with pytest.raises(SwapError) as raised:
        await reported(desk.exchange, swap)
    assert raised.value.message == "The key [WEATHER_API_KEY] is wrong."
    assert raised.value.remedy == "Change [WEATHER_API_KEY]."
    assert raised.value.__suppress_context__
    assert raised.value.__cause__ is None


async def test_where_the_session_is_closed_nothing_is_done(desk):
    desk.exchange.closed, done, before = True, [], len(states(desk))
    with pytest.raises(SessionClosedError, match="This session is closed"):
        await reported(desk.exchange, lambda: done.append(1))
    assert (done, states(desk)[before:]) == ([], [])
