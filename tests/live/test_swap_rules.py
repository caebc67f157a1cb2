"""Swaps alone: what they ask of a session and its run, in which order, and what they return."""

from __future__ import annotations

import asyncio

import pytest
from google.adk.agents import Agent
from google.adk.artifacts import InMemoryArtifactService
from scripted import Scripted, echo

from adk_nb.adk.agents import variant_of
from adk_nb.exceptions import AdkNbError, SessionClosedError, SwapError
from adk_nb.live.definitions import Renewed
from adk_nb.live.histories import Histories
from adk_nb.live.history_events import words
from adk_nb.live.swaps import Swaps, Wish


def roll() -> int:
    """Rolls a die."""
    return 4


def flip() -> str:
    """Flips a coin."""
    return "heads"


def made(name="dice", *tools, **options):
    return Agent(name=name, model=Scripted(echo), tools=list(tools), **options)


class Session:
    """A session and its run: notes what a swap asks, and connects or fails as a test says."""

    def __init__(self, agent):
        self.asked, self.adoptions, self.error, self.connects = [], [], None, True
        self.histories = Histories(None, InMemoryArtifactService(), user_id="u", first="s")
        self.loading = self
        self.swaps = Swaps(agent, self, self, self.histories)

    async def warm_up(self, agent):
        self.asked.append(("warm up", agent.name))

    async def settle(self, *, lets_sound=False):
        self.asked.append(("settle", lets_sound))

    def unheard(self):
        return [b"\0\0"]

    def kept_until(self, turn):
        turns = [1, 2, 3] if turn is None else list(range(1, turn + 1))
        return (lambda event: event.content.parts[0].text != "left out"), turns

    async def swap(self, agent, enter, leave, speech):
        self.asked.append(("swap", agent.name, speech))
        await enter()
        if self.error is not None:
            await leave()
            raise self.error
        if self.connects:
            for _ in range(2):  # The run may dial again.
                self.swaps.connected()
        else:
            await asyncio.sleep(60)

    def adopted(self, agent, before, said, variant):
        self.adoptions.append((agent.name, before.name, said, variant))


@pytest.fixture
def session():
    return Session(made("dice", roll, flip))


async def swapped(session, within=30.0, **wish):
    return await session.swaps.swap(Wish(**wish), within)


async def test_a_swap_loads_first_then_ends_the_turn_then_connects(session):
    other = made("coin", flip)
    swap = await swapped(session, agent=other)
    assert session.asked == [("warm up", "coin"), ("settle", False), ("swap", "coin", [b"\0\0"])]
    said = ["coin answers in place of dice.", "Removed: roll."]
    assert [(one[:3], one[3]) for one in session.adoptions] == [
        (("coin", "dice", said), variant_of(other))
    ]
    assert session.swaps.agent is other
    assert (swap.agent, swap.model, swap.tools, swap.history) == (
        "coin", "scripted", ["flip"], "keep",
    )  # fmt: skip
    assert (swap.history_id, swap.changes, swap.variant) == ("s", said, variant_of(other))
    assert 0 <= swap.ms < 30_000
    assert session.swaps.switches == {"flip": True}
    assert session.swaps.changes == said


@pytest.mark.parametrize(
    ("error", "message", "remedy"),
    [
        (AdkNbError("No key.", remedy="Write one."), "dice goes on. No key.", "Write one."),
        (TimeoutError(), "coin was not connected within 30 s; dice goes on.", "Wait longer"),
    ],
)
async def test_where_it_fails_the_earlier_agent_goes_on(session, error, message, remedy):
    before, session.error = session.swaps.agent, error
    with pytest.raises(SwapError) as raised:
        await swapped(session, agent=made("coin"))
    assert raised.value.message == message
    assert raised.value.remedy.startswith(remedy)
    assert (session.swaps.agent, session.adoptions, session.swaps.changes) == (before, [], [])
    session.swaps.connected()  # It is the earlier agent that is connected now.
    assert session.adoptions == []


async def test_it_is_given_up_after_its_time(session):
    session.connects = False
    with pytest.raises(SwapError, match=r"within 0\.01 s"):
        await swapped(session, 0.01, agent=made("coin"))


async def test_a_session_that_is_closed_meanwhile_says_so(session):
    session.error = SessionClosedError("It was closed.")
    with pytest.raises(SessionClosedError):
        await swapped(session, agent=made("coin"))


async def test_a_wrong_agent_is_told_before_anything_is_changed(session):
    with pytest.raises(AdkNbError):
        await swapped(session, tools=[3])
    assert session.asked == []


# --- histories


async def begun(session):
    for text in ("one", "left out", "three"):
        await session.histories.append(words("user", text))
    session.histories.current.turns += [1, 2]


async def texts(session):
    stored = await session.histories.get()
    return [] if stored is None else [one.content.parts[0].text for one in stored.events]


@pytest.mark.parametrize(
    ("wish", "kept", "turns"),
    [
        ({}, ["one", "left out", "three"], [1, 2]),
        ({"history": "fresh"}, [], []),
        ({"history": "fork"}, ["one", "three"], [1, 2]),
        ({"history": "fork", "at_turn": 1}, ["one", "three"], [1]),
        ({"history": "s"}, ["one", "left out", "three"], [1, 2]),
    ],
)
async def test_in_which_history_it_goes_on(session, wish, kept, turns):
    await begun(session)
    swap = await swapped(session, agent=made("coin"), **wish)
    assert (await texts(session), session.histories.current.turns) == (kept, turns)
    assert swap.history_id == session.histories.current.id
    assert (swap.history_id == "s") is (wish.get("history") in (None, "s"))
    assert swap.history == wish.get("history", "keep")


async def test_an_earlier_history_is_entered_by_its_id_and_left_where_it_fails(session):
    await begun(session)
    fork = (await swapped(session, agent=made("coin"), history="fork")).history_id
    await swapped(session, history="s")
    assert session.histories.current.id == "s"
    session.error = AdkNbError("no")
    with pytest.raises(SwapError):
        await swapped(session, history=fork)
    assert session.histories.current.id == "s"
    assert [one.id for one in session.histories.all] == ["s", fork]


@pytest.mark.parametrize("history", ["fresh", "fork"])
async def test_the_new_history_of_a_swap_that_failed_is_dropped(session, history):
    await begun(session)
    session.error = AdkNbError("no")
    with pytest.raises(SwapError):
        await swapped(session, agent=made("coin"), history=history)
    assert [(one.id, one.current) for one in session.histories.all] == [("s", True)]


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ({"at_turn": 1}, "at_turn is where a fork begins"),
        ({"at_turn": 7, "history": "fork"}, "no turn 7"),
        ({"history": "nosuch"}, "no history 'nosuch'"),
        ({"tools": [roll], "replace": roll}, "tools= are all tools"),
    ],
)
async def test_wishes_that_cannot_be_fulfilled_change_nothing(session, wish, says):
    await begun(session)
    with pytest.raises(SwapError, match=says):
        await swapped(session, **wish)
    assert session.asked == []


# --- tools


async def test_a_tool_is_switched_off_and_on_and_the_others_stay(session):
    swap = await session.swaps.switch("roll", on=False, timeout=30)
    assert (swap.tools, swap.changes, session.swaps.switches) == (
        ["flip"], ["Switched off: roll."], {"roll": False, "flip": True},
    )  # fmt: skip
    assert [(one["name"], one["on"]) for one in session.swaps.tools] == [
        ("roll", False), ("flip", True),
    ]  # fmt: skip
    assert session.swaps.whole.tools == [roll, flip]
    swap = await swapped(session, instruction="Be brief.")
    assert (swap.tools, session.swaps.switches["roll"]) == (["flip"], False)
    swap = await session.swaps.switch("roll", on=True, timeout=30)
    assert (swap.tools, swap.changes) == (["roll", "flip"], ["Switched on: roll."])
    assert session.swaps.whole is session.swaps.agent
    with pytest.raises(SwapError, match="no tool 'spin'") as raised:
        await session.swaps.switch("spin", on=True, timeout=30)
    assert raised.value.remedy == "There are: roll, flip."


async def test_without_tools_there_is_none_to_switch():
    with pytest.raises(SwapError) as raised:
        await Session(made()).swaps.switch("roll", on=True, timeout=30)
    assert raised.value.remedy == "There are: none."


@pytest.mark.parametrize("wish", [{"tools": [roll, flip]}, {"agent": made("coin", roll, flip)}])
async def test_other_tools_are_all_switched_on(session, wish):
    await session.swaps.switch("roll", on=False, timeout=30)
    swap = await swapped(session, **wish)
    assert swap.tools == ["roll", "flip"]
    assert session.swaps.switches == {"roll": True, "flip": True}


def again():
    def roll() -> int:
        """Rolls another die."""
        return 6

    return roll


@pytest.mark.parametrize("listed", [True, False])
async def test_a_tool_is_replaced_by_its_name_and_what_is_off_stays_off(session, listed):
    await session.swaps.switch("flip", on=False, timeout=30)
    new = again()
    swap = await swapped(session, replace=[new] if listed else new)
    assert (swap.tools, session.swaps.agent.tools) == (["roll"], [new])
    assert session.swaps.whole.tools == [new, flip]
    swap = await swapped(session, agent=made("coin", roll, flip), replace=new)
    assert session.swaps.agent.tools == [new, flip]


async def test_what_is_reloaded_leaves_off_what_is_off(session):
    await session.swaps.switch("flip", on=False, timeout=30)
    session.asked.clear()
    new, seen = again(), []

    def renew(agent):
        seen.append(agent.tools)
        return Renewed(agent.model_copy(update={"tools": [new, flip]}), ["roll"])

    swap = await session.swaps.reload(renew, 30)
    assert seen == [[roll, flip]]
    assert (swap.changes, swap.tools, swap.history) == (["Redefined: roll."], ["roll"], "keep")
    assert session.swaps.switches == {"roll": True, "flip": False}
    assert ("settle", True) in session.asked  # A complete answer sounds to its end.
    session.asked.clear()
    swap = await session.swaps.reload(Renewed, 30)
    assert (swap.changes, swap.ms, session.asked) == (["Nothing was redefined."], 0.0, [])


# --- variants


async def test_a_label_stays_until_the_agent_is_another(session):
    first = session.swaps.variant
    assert first == variant_of(session.swaps.agent)
    await swapped(session, instruction="Be brief.", label="brief")
    assert session.swaps.variant == "brief"
    await swapped(session, history="fresh")
    assert session.swaps.variant == "brief"
    await swapped(session, instruction="Be long.")
    assert session.swaps.variant == variant_of(session.swaps.agent) != first


@pytest.mark.parametrize(
    ("label", "fine"),
    [("a", True), ("a" * 100, True), ("a" * 101, False), ("", False), (" ", False), (3, False)],
)
async def test_what_can_name_a_variant(session, label, fine):
    if fine:
        assert (await swapped(session, label=label)).variant == label
        return
    with pytest.raises(AdkNbError, match="cannot name a variant") as raised:
        await swapped(session, label=label)
    assert raised.value.code == "bad_option"


async def test_one_swap_at_a_time(session):
    gate, running = asyncio.Event(), []

    async def settle(*, lets_sound):
        running.append(lets_sound)
        await gate.wait()

    session.settle = settle
    both = [asyncio.create_task(swapped(session, agent=made(name))) for name in ("coin", "card")]
    for _ in range(5):
        await asyncio.sleep(0)
    assert len(running) == 1
    gate.set()
    done = await asyncio.gather(*both)
    assert [swap.agent for swap in done] == ["coin", "card"]
    assert session.swaps.agent.name == "card"
