"""Histories alone, without a live session: what is found, copied, added and answered."""

from __future__ import annotations

import pytest
from google.adk.artifacts import InMemoryArtifactService
from google.adk.events import Event
from google.adk.sessions import InMemorySessionService
from google.genai import types

from adk_nb.exceptions import AdkNbError, SwapError
from adk_nb.live.histories import Histories, History
from adk_nb.live.history_events import state_change, words
from adk_nb.log.tool_call import ToolCall
from adk_nb.log.turn import Turn

NAMES = {"app_name": "adk_nb", "user_id": "u"}


@pytest.fixture
def histories():
    return Histories(InMemorySessionService(), InMemoryArtifactService(), user_id="u", first="s")


async def said(histories, history_id=None):
    """What the events of a history say, by author, with the calls and the responses."""
    session = await histories.get(history_id)
    return [
        (event.author, part.text or part.function_call or part.function_response)
        for event in session.events
        for part in (event.content.parts if event.content else ())
    ]


# --- which history ---


def test_a_history_is_found_by_a_turn_and_the_earliest_counts(histories):
    first, other = histories.current, History("s2", "s", [1, 2, 3])
    first.turns += [1, 2]
    assert History("x") == History("x", origin="", turns=[], current=False)
    histories.enter(other)
    assert (histories.all, histories.current) == ([first, other], other)
    found = [histories.of_turn(index) for index in (1, 2, 3)]
    assert found == [first, first, other]
    assert found[0] is first
    histories.enter(first)
    assert (histories.current, len(histories.all)) == (first, 2)
    assert [one.current for one in histories.all] == [True, False]
    with pytest.raises(SwapError, match=r"no turn 4 to fork from"):
        histories.of_turn(4)


def test_a_history_is_found_by_its_id_and_the_error_names_those_there_are(histories):
    other = histories.fresh()
    histories.enter(other)
    assert histories.named("s").id == "s"
    assert histories.named(other.id) is other
    with pytest.raises(SwapError) as error:
        histories.named("t")
    assert error.value.remedy.endswith(f"one of 's', {other.id!r}.")


def test_new_ids_begin_with_the_first_and_differ(histories):
    ids = {histories.fresh().id for _ in range(20)}
    assert len(ids) == 20
    assert all(one.startswith("s-") and len(one) == 8 for one in ids)


# --- forks ---


async def test_a_fork_has_the_events_that_are_kept_and_the_state_they_make(histories):
    service = histories.sessions
    state = {"given": 1, "changed": 1, "user:name": "Ann", "app:lang": "en"}
    made = await service.create_session(**NAMES, session_id="s", state=state)
    for event in (words("user", "one"), state_change({"changed": 2, "later": 1}), words("a", "1")):
        await histories.append(event, made)
    await histories.append(state_change({"later": 2}))
    await histories.append(words("user", "two"))
    for name in ("note.txt", "user:photo.png"):
        await histories.artifacts.save_artifact(
            **NAMES, session_id="s", filename=name, artifact=types.Part(text=name)
        )
    kept = (await histories.get("s")).events[:3]
    fork = await histories.fork(
        histories.current, lambda event: event.id in {e.id for e in kept}, [1]
    )
    assert (fork.origin, fork.turns, fork.current) == ("s", [1], False)
    assert histories.all == [histories.current]  # It is entered by a swap that succeeds.
    assert await said(histories, fork.id) == [("user", "one"), ("a", "1")]
    copy = await histories.get(fork.id)
    assert copy.state == {
        "given": 1, "changed": 2, "later": 1, "user:name": "Ann", "app:lang": "en",
    }  # fmt: skip
    assert (await histories.get("s")).state["later"] == 2
    # What is the user's is there anyway.
    keys = histories.artifacts.artifacts
    assert sorted(key.rpartition("/")[2] for key in keys if fork.id in key) == ["note.txt"]
    assert {len(versions) for versions in keys.values()} == {1}
    assert (await histories.artifact("note.txt", session_id=fork.id)).text == "note.txt"
    copy.events[0].content.parts[0].text = "changed"
    assert (await said(histories, "s"))[0] == ("user", "one")


async def test_a_fork_of_what_adk_has_not_begun_is_empty(histories):
    fork = await histories.fork(histories.current, lambda _: True, [])
    assert fork.origin == "s"
    assert await histories.get(fork.id) is None


async def test_the_history_of_a_failed_swap_goes_with_its_session(histories):
    await histories.append(words("user", "one"))
    fork = await histories.fork(histories.current, lambda _: True, [])
    histories.all.append(fork)
    await histories.drop(fork)
    assert (await histories.get(fork.id), len(histories.all)) == (None, 1)
    assert await said(histories, "s") == [("user", "one")]


# --- what is added ---


@pytest.mark.parametrize(
    ("recorded", "added"),
    [
        ([], [("user", "what?"), ("a", "noon")]),
        (["user"], [("a", "noon")]),
        (["a"], [("user", "what?")]),
        (["user", "a"], []),
    ],
)
async def test_the_words_of_a_turn_that_adk_lacks_are_added(histories, recorded, added):
    before = words("user", "what?")
    before.timestamp = 99.0
    await histories.append(before)
    for author in recorded:
        event = words(author, "what ADK heard")
        event.timestamp = 100.0
        await histories.append(event)
    turn = Turn(1, "a", user_text="what?", heard_text="noon", agent_text="noon it is")
    events = await histories.complete(turn, since=100.0)
    told = [(event.author, event.content.parts[0].text) for event in events]
    assert told == added
    assert [event.content.role for event in events] == [
        "user" if author == "user" else "model" for author, _ in added
    ]
    assert (await said(histories))[1 + len(recorded) :] == added


async def test_what_is_added_of_one_turn_is_not_taken_for_the_words_of_the_next(histories):
    await histories.append(state_change({"n": 1}))
    turns = [Turn(n, "a", agent_text=f"answer {n}", heard_text=f"answer {n}") for n in (1, 2)]
    added = await histories.complete(turns[0], 100.0)
    added += await histories.complete(turns[1], 200.0, {event.id for event in added})
    assert [event.content.parts[0].text for event in added] == ["answer 1", "answer 2"]
    assert await histories.complete(turns[1], 200.0, {added[0].id}) == []


async def test_what_was_not_said_is_not_added(histories):
    assert await histories.complete(Turn(1, "a", user_text="what?"), since=0.0) == []
    await histories.append(state_change({"n": 1}))
    assert await histories.complete(Turn(1, "a", agent_text="unheard"), since=0.0) == []


def called(call_id="c", **values):
    part = types.Part(function_call=types.FunctionCall(id=call_id, name="roll", args={}))
    return Event(author="b", content=types.Content(role="model", parts=[part]), **values)


async def test_a_call_that_was_cut_off_is_answered_as_adk_asks(histories):
    assert await histories.answer(ToolCall("c", "roll", {}, error="cut")) is None
    place = {"invocation_id": "i", "live_session_id": "l", "branch": "a.b"}
    await histories.append(called(**place))
    await histories.append(called("d", invocation_id="j"))
    event = await histories.answer(ToolCall("c", "roll", {}, author="x", error="cut"))
    assert {name: getattr(event, name) for name in place} == place
    assert event.author == "b"
    (told,) = event.get_function_responses()
    assert (told.id, told.name, told.response) == ("c", "roll", {"error": "cut"})
    assert (await histories.get()).events[-1].get_function_responses() == [told]


# --- what is added ---


@pytest.mark.parametrize(
    ("errors", "raised"),
    [
        ([], None),
        ([ValueError("a stale session")], None),
        ([ValueError("a stale session")] * 2, AdkNbError),
        ([ValueError("no such thing")], ValueError),
        ([ValueError("a stale session"), ValueError("no such thing")], ValueError),
    ],
    ids=["no error", "stale", "stale twice", "another", "stale, then another"],
)
async def test_what_is_added_to_a_stale_session_is_tried_once_more(histories, errors, raised):
    added, told, waiting = [], [], errors[:]
    session = await histories.sessions.create_session(**NAMES, session_id="s")

    async def append(_session, event):
        if waiting:
            raise waiting.pop(0)
        added.append(event)

    histories._append, histories.on_shared = append, told.append
    event = words("a", "1")
    if raised is None:
        await histories.append(event, session)
        assert added == [event]
    else:
        with pytest.raises(raised):
            await histories.append(event, session)
    assert len(told) == ("stale" in str(errors[:1]))
    if raised is AdkNbError:
        assert told[0].code == "shared_session"


async def test_another_programs_words_and_state_are_read_before_ours_are_added(tmp_path):
    uri = f"sqlite:////{tmp_path}/talk.db"
    one = Histories(uri, InMemoryArtifactService(), user_id="u", first="s")
    other = Histories(uri, InMemoryArtifactService(), user_id="u", first="s")
    told = []
    one.on_shared = told.append
    await one.append(words("user", "one"))
    session = await one.get()
    for text in ("two", "three"):
        await other.append(words("user", text))
        await other.append(state_change({text: 1}))
        await one.append(words("a", f"after {text}"), session)
    # The run's own session object knows it all, the state too.
    assert [event.content.parts[0].text for event in session.events if event.content] == [
        "one", "two", "after two", "three", "after three",
    ]  # fmt: skip
    assert session.state == {"two": 1, "three": 1}
    assert [error.code for error in told] == ["shared_session"]  # It is told once.
    await one.close()
    await other.close()
