"""The state as a cell has it: a dictionary that asks the session each time."""

from __future__ import annotations

import asyncio

import pytest

from adk_nb.exceptions import AdkNbError
from adk_nb.session_state import SessionState


class Requests:
    def __init__(self):
        self.held, self.set = {"seen": 1}, []

    async def state(self):
        return self.held

    async def set_state(self, delta):
        self.set.append(delta)
        self.held |= delta


class Session:
    """Keeps a state, and what was set; a closed one can only be peeked into."""

    def __init__(self):
        self.requests = Requests()

    def peek(self, coroutine):
        return asyncio.run(coroutine)


@pytest.fixture
def session():
    return Session()


def test_it_reads_as_a_dictionary(session):
    state = SessionState(session)
    assert (dict(state), len(state), repr(state)) == ({"seen": 1}, 1, "{'seen': 1}")
    session.requests.held["new"] = 2
    assert (state["new"], list(state)) == (2, ["seen", "new"])


def test_several_keys_are_set_in_one_event(session):
    state = SessionState(session)
    state["n"] = 2
    state.update({"a": 1}, b=2)
    assert session.requests.set == [{"n": 2}, {"a": 1, "b": 2}]
    assert state["n"] == 2
    assert list(state) == ["seen", "n", "a", "b"]


def test_no_key_is_deleted(session):
    state = SessionState(session)
    with pytest.raises(AdkNbError, match=r"state\['seen'\] = None") as error:
        del state["seen"]
    assert error.value.code == "bad_option"
    assert list(state) == ["seen"]
