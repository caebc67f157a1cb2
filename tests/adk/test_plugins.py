"""What is said of callbacks of plugins that ADK does not call in live conversations."""

from __future__ import annotations

from google.adk.agents import Agent
from google.adk.plugins.base_plugin import BasePlugin
from scripted import Scripted, echo

import adk_nb
from adk_nb.adk.plugins import uncalled


class Guard(BasePlugin):
    """Wants to see what users say."""

    def __init__(self):
        super().__init__(name="guard")
        self.asked = []

    async def on_user_message_callback(self, *, invocation_context, user_message):
        self.asked.append(user_message)


class Counter(BasePlugin):
    async def before_tool_callback(self, **_arguments):
        return None


def test_of_other_callbacks_nothing_is_said():
    assert uncalled([]) is None
    assert uncalled([BasePlugin(name="plain"), Counter(name="counter")]) is None


def test_it_is_said_of_those_that_wait_for_it():
    told = uncalled([Guard(), Counter(name="counter")])
    assert told.code == "ignored"
    assert "on_user_message_callback in live conversations: guard." in told.message


def test_a_session_says_it_in_its_log_and_to_its_pages():
    guard = Guard()
    with adk_nb.LiveSession(Agent(name="a", model=Scripted(echo)), plugins=[guard]) as session:
        session.say("hello")
        events = session.events_df()
        (error,) = events[events["kind"] == "error"]["error"]
        assert "on_user_message_callback" in error
    assert guard.asked == []  # If ADK calls it one day, nothing is to be said any more.
