"""Tells a session that a guard withheld a response: a callback's own stands in its place.

In a live run ADK shows the model's words so far to the callbacks after a model. If one returns a
response, ADK ends the turn with an event that holds it and connects anew. The event looks like any
other answer; only here is it known for certain that something was replaced, and at once. A callback
before a model that answers spoken words does the same, perhaps after the model has begun.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.adk.agents import LlmAgent
from google.adk.flows.llm_flows.base_llm_flow import BaseLlmFlow
from google.adk.plugins.base_plugin import BasePlugin
from google.genai import types

from adk_nb.adk.agents import family
from adk_nb.adk.session_context import SESSION

if TYPE_CHECKING:
    from collections.abc import Iterable

    from google.adk.agents import BaseAgent
    from google.adk.agents.invocation_context import InvocationContext
    from google.adk.events import Event
    from google.adk.models.llm_request import LlmRequest
    from google.adk.models.llm_response import LlmResponse

_after = BaseLlmFlow._handle_after_model_callback  # noqa: SLF001 - see private_names.py
_before = BaseLlmFlow._handle_before_model_callback  # noqa: SLF001 - see private_names.py


def install() -> None:
    """Has every flow of ADK's tell its session what a callback replaces; idempotent."""
    flow: Any = BaseLlmFlow
    flow._handle_after_model_callback = _after_model  # noqa: SLF001
    flow._handle_before_model_callback = _before_model  # noqa: SLF001


async def _after_model(
    self: BaseLlmFlow,
    invocation_context: InvocationContext,
    llm_response: LlmResponse,
    model_response_event: Event,
) -> LlmResponse | None:
    replacement = await _after(self, invocation_context, llm_response, model_response_event)
    if replacement is None or llm_response.output_transcription is None:
        return replacement
    _tell(invocation_context, model_response_event, begun=False)
    # It inherits from the piece that it replaces that it is partial, and ADK keeps no such event.
    return replacement.model_copy(update={"partial": False})


async def _before_model(
    self: BaseLlmFlow,
    invocation_context: InvocationContext,
    llm_request: LlmRequest,
    model_response_event: Event,
) -> LlmResponse | None:
    answer = await _before(self, invocation_context, llm_request, model_response_event)
    if answer is not None and invocation_context.live_request_queue is not None:
        _tell(invocation_context, model_response_event, begun=True)
    return answer


def _tell(context: InvocationContext, event: Event, *, begun: bool) -> None:
    session = SESSION.get()
    if session is not None and session.withholding.tell(event.id, begun=begun):
        # With `save_live_blob` ADK keeps the sound, and would put it before the next answer's.
        (context.output_realtime_cache or []).clear()


def spoken(response: LlmResponse) -> list[LlmResponse]:
    """Returns a written response as a spoken one, as ADK shows its callbacks no other.

    Whatever else it holds follows as a second response; one that is not written stays as it is.
    """
    parts = (response.content.parts or []) if response.content is not None else []
    if not parts or any(not part.text or part.thought for part in parts):
        return [response]
    text = "".join(part.text or "" for part in parts)
    said = types.Transcription(text=text, finished=not response.partial)
    words = response.model_copy(
        update={"content": None, "output_transcription": said, "partial": bool(response.partial)}
    )
    rest = response.model_copy(update={"content": None, "partial": None})
    more = rest.interrupted or rest.turn_complete or rest.error_code or rest.grounding_metadata
    return [words, rest] if more else [words]


def guarded(agent: BaseAgent, plugins: Iterable[BasePlugin] = ()) -> bool:
    """Returns whether a callback may withhold what an agent, or one below it, says."""
    watched = any(
        isinstance(one, LlmAgent) and one.canonical_after_model_callbacks for one in family(agent)
    )
    unwatched = BasePlugin.after_model_callback
    return watched or any(type(one).after_model_callback is not unwatched for one in plugins)
