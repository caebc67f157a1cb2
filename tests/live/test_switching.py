"""Which wish counts, of pages and cells that want tools and the voice switched."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from desk import Desk
from sessions import Page

from adk_nb.exceptions import SwapError
from adk_nb.live import switching
from adk_nb.live.swaps import Wish
from adk_nb.live.switching import SWITCH_S, Switching


class Swaps:
    """Takes wishes, and does each when the test says so."""

    def __init__(self):
        self.switches = {"roll": True, "flip": True}
        self.done, self.swapped, self.error = [], [], None
        self.may = asyncio.Event()
        self.agent = object()

    async def switch(self, name, *, on, timeout):  # noqa: ASYNC109
        await self.may.wait()
        assert timeout == SWITCH_S
        if self.error is not None:
            raise self.error
        self.switches[name] = on
        self.done.append((name, on))

    async def swap(self, wish, timeout):  # noqa: ASYNC109
        self.swapped.append((wish, timeout))


def made(voice=True):
    desk, tasks, later = Desk(), [], []
    desk.exchange.swaps = Swaps()

    def begin(coroutine):
        tasks.append(asyncio.create_task(coroutine))
        return tasks[-1]

    return (
        desk,
        Switching(desk.exchange, begin=begin, after_turn=later.append, voice=voice),
        tasks,
        later,
    )


async def test_of_what_a_page_wants_meanwhile_the_last_counts():
    desk, switch, tasks, _ = made()
    swaps = desk.exchange.swaps
    for name, on in [
        ("roll", False),
        ("flip", False),
        ("flip", True),
        ("flip", False),
        ("roll", True),
    ]:
        switch.want_tool(desk.page, name, on=on)
    assert len(tasks) == 1
    swaps.may.set()
    await tasks[0]
    # The roll is as it was: nothing is to be done for it.
    assert swaps.done == [("flip", False)]
    switch.want_tool(desk.page, "flip", on=True)
    await tasks[1]
    assert swaps.done == [("flip", False), ("flip", True)]


async def test_a_switch_that_fails_is_told_and_the_next_is_done():
    desk, switch, tasks, _ = made()
    swaps = desk.exchange.swaps
    swaps.error = SwapError("It cannot.", remedy="Leave it.")
    swaps.may.set()
    switch.want_tool(desk.page, "roll", on=False)
    await tasks[0]
    assert [one.message for one in desk.page.errors()] == ["It cannot."]
    swaps.error = None
    switch.want_tool(desk.page, "roll", on=False)
    await tasks[1]
    assert swaps.done == [("roll", False)]


async def test_a_tool_that_there_is_not_is_told_to_the_page_that_wants_it():
    desk, switch, tasks, _ = made()
    other = Page()
    desk.exchange.pages.add(other)
    switch.want_tool(other, "x" * 200, on=True)
    switch.want_tool(other, "x" * 200, on=True)
    assert [one.code for one in other.errors()] == ["swap_failed"]
    assert len(other.errors()[0].message) < 150
    assert (desk.page.errors(), tasks) == ([], [])
    (row,) = [row for row in desk.log if row.kind == "error"]
    assert row.count == 2


@pytest.mark.parametrize("writes", [True, False])
async def test_the_voice_is_as_was_wanted_last(monkeypatch, writes):
    desk, switch, tasks, later = made()
    told = []
    monkeypatch.setattr(
        desk.exchange,
        "set_voice",
        lambda *, on: told.append(on) or setattr(desk.exchange, "voice", on),
    )
    monkeypatch.setattr(switching, "live_model", lambda agent: SimpleNamespace(of=agent))
    monkeypatch.setattr(
        switching.config,
        "writes_instead",
        lambda model: writes and model.of is desk.exchange.swaps.agent,
    )
    switch.want_voice(on=False)
    switch.want_voice(on=True)
    await asyncio.gather(*tasks)
    assert (told, later, switch.voice) == ([], [], True)
    switch.want_voice(on=False)
    await tasks[-1]
    assert (told, switch.voice, len(later)) == ([False], False, int(writes))
    for again in later:
        await again()
    assert desk.exchange.swaps.swapped == [(Wish(), SWITCH_S)] * writes
