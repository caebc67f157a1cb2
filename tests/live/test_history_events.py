"""Events that are added to a history, and what was said in those before."""

from __future__ import annotations

from google.adk.events import Event, EventActions
from google.genai import types

from adk_nb.live.history_events import earlier, response, state_change, text_of, words
from adk_nb.log.tool_call import ToolCall


def called(call_id="c", **values):
    part = types.Part(function_call=types.FunctionCall(id=call_id, name="roll", args={}))
    return Event(author="b", content=types.Content(role="model", parts=[part]), **values)


def test_a_response_to_a_call_that_is_not_there_is_its_agents():
    event = response(ToolCall("c", "roll", {}, author="x"), {"result": 1}, [called("d")])
    assert (event.author, event.invocation_id, event.content.role) == ("x", "", "user")


def test_pieces_of_an_earlier_turn_are_one_text_by_author_and_thoughts_are_none():
    thought = words("a", "Hm.")
    thought.content.parts = [types.Part(text="Hm.", thought=True), types.Part(text="Ja.")]
    empty = Event(author="user", input_transcription=types.Transcription(text=""))
    events = [words("user", "Hi"), words("a", "One"), thought, words("b", "Two"), empty]
    events += [words("user", "And?"), Event(author="a"), words("a", "Three")]
    shown = [(one.turn, one.role, one.author, one.text, one.final) for one in earlier(events)]
    assert shown == [
        (-1, "user", "user", "Hi", True), (-1, "agent", "a", "One Ja.", True),
        (-1, "agent", "b", "Two", True), (0, "user", "user", "And?", True),
        (0, "agent", "a", "Three", True),
    ]  # fmt: skip


def test_earlier_turns_are_numbered_below_one():
    def event(author, text):
        role = "user" if author == "user" else "model"
        return Event(author=author, content=types.Content(role=role, parts=[types.Part(text=text)]))

    spoken = Event(author="user", input_transcription=types.Transcription(text="Hi?"))
    answer = Event(author="a", output_transcription=types.Transcription(text="Hello."))
    more = event("b", "And me.")
    state = Event(author="user", actions=EventActions(state_delta={"a": 1}))
    messages = earlier([event("a", "Welcome."), spoken, state, answer, more])
    assert [(m.turn, m.role, m.author, m.text) for m in messages] == [
        (-1, "agent", "a", "Welcome."), (0, "user", "user", "Hi?"),
        (0, "agent", "a", "Hello."), (0, "agent", "b", "And me."),
    ]  # fmt: skip
    assert earlier([]) == []


def test_the_words_of_somebody_are_the_users_or_the_models():
    ours, theirs = words("user", "Hi"), words("dice", "Four.")
    assert [(one.author, one.content.role, text_of(one)) for one in (ours, theirs)] == [
        ("user", "user", "Hi"), ("dice", "model", "Four."),
    ]  # fmt: skip


def test_a_change_of_the_state_says_nothing():
    event = state_change({"a": 1})
    assert (event.author, event.actions.state_delta, text_of(event)) == ("user", {"a": 1}, "")
