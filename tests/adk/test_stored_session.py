"""A session that something else wrote to becomes what is stored."""

from __future__ import annotations

import pytest
from google.adk.errors._stale_session_error import StaleSessionError
from google.adk.events import Event
from google.adk.sessions import Session

from adk_nb.adk.stored_session import is_stale, read_again


@pytest.mark.parametrize(
    ("error", "stale"),
    [
        (StaleSessionError("no"), True),
        (ValueError("The stale session was refused."), True),
        (ValueError("no"), False),
    ],
)
def test_a_refusal_of_what_is_stale_is_told_apart(error, stale):
    assert is_stale(error) is stale


def session(**fields):
    return Session(id="s", app_name="a", user_id="u", **fields)


def test_the_object_that_a_run_holds_is_changed_in_place():
    held = session(state={"mine": 1, "both": 1})
    stored = session(state={"both": 2}, events=[Event(author="user")], last_update_time=3.0)
    stored._storage_update_marker = "2"
    events = held.events
    read_again(held, stored)
    assert held.events is events
    assert held.events == stored.events
    assert held.state == {"mine": 1, "both": 2}
    assert (held.last_update_time, held._storage_update_marker) == (3.0, "2")


def test_an_adk_without_the_marker_costs_no_more_than_that(monkeypatch):
    held, stored = session(), session(last_update_time=3.0)
    monkeypatch.setattr(stored, "__pydantic_private__", {})
    read_again(held, stored)
    assert held.last_update_time == 3.0
