"""The events that are added to a history here, and what is read of those that are in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.adk.events import Event, EventActions
from google.genai import types

from adk_nb.log.word_boundaries import joined
from adk_nb.wire import protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adk_nb.log.tool_call import ToolCall


def words(author: str, text: str) -> Event:
    """Returns an event in which someone says something."""
    role = "user" if author == "user" else "model"
    content = types.Content(role=role, parts=[types.Part(text=text)])
    return Event(author=author, content=content)


def response(call: ToolCall, result: dict[str, Any], events: Sequence[Event] = ()) -> Event:
    """Returns the event of a tool's response.

    Args:
        call: The call.
        result: What it returned.
        events: Those of ADK's session. ADK drops a response that is not of the invocation and the
            live session of its call.
    """
    part = types.FunctionResponse(id=call.id, name=call.name, response=result)
    content = types.Content(role="user", parts=[types.Part(function_response=part)])
    event = Event(author=call.author, content=content)
    made = next((one for one in reversed(events) if _calls(one, call.id)), None)
    if made is not None:
        event.author, event.branch = made.author, made.branch
        event.invocation_id, event.live_session_id = made.invocation_id, made.live_session_id
    return event


def _calls(event: Event, call_id: str) -> bool:
    return any(call.id == call_id for call in event.get_function_calls())


def state_change(delta: dict[str, Any]) -> Event:
    """Returns the event of a change to ADK's session state."""
    return Event(author="user", actions=EventActions(state_delta=delta))


def earlier(events: Sequence[Event]) -> list[protocol.Message]:
    """Returns what was said in a conversation that is resumed, for a page to show.

    Its turns have numbers below 1, so that this session's own begin at 1.
    """
    turns: list[list[tuple[str, str]]] = []
    for event in events:
        text = text_of(event)
        if not text:
            continue
        if event.author == "user" or not turns:
            turns.append([])
        turns[-1].append((event.author, text))
    messages: list[protocol.Message] = []
    for index, turn in enumerate(turns, 1 - len(turns)):
        by_author: dict[str, str] = {}
        for author, text in turn:
            by_author[author] = joined([by_author.get(author, ""), text])
        messages += [
            protocol.Transcript(
                index, "user" if author == "user" else "agent", author, text, final=True
            )
            for author, text in by_author.items()
        ]
    return messages


def text_of(event: Event) -> str:
    """Returns what somebody says in an event; empty if nobody does."""
    said = event.input_transcription or event.output_transcription
    if said is not None and said.text:
        return said.text
    parts = (event.content.parts or ()) if event.content else ()
    return joined(part.text for part in parts if part.text and not part.thought)
