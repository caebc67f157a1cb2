"""What the model of the current agent can do, as far as it is known without asking it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adk_nb.adk.agents import cascades, live_model, model_name
from adk_nb.adk.run_config import is_gemini
from adk_nb.exceptions import LocalModelError

if TYPE_CHECKING:
    from adk_nb.live.event_reader import EventReader
    from adk_nb.live.swaps import Swaps
    from adk_nb.live.turn_builder import Turns


class ModelCapabilities:
    """Knows the model of the current agent.

    Args:
        swaps: The current agent.
    """

    def __init__(self, swaps: Swaps) -> None:
        self._swaps = swaps

    @property
    def cascaded(self) -> bool:
        """Whether it is a cascade of speech to text, a text model and text to speech."""
        return bool(cascades(self._swaps.agent))

    @property
    def sees(self) -> bool:
        """Whether the model may be able to see pictures; a cascade is not."""
        return not self.cascaded

    @property
    def deaf(self) -> LocalModelError | None:
        """Why the model cannot hear; None if it can, as far as is known before it loads."""
        speech_to_text = getattr(live_model(self._swaps.agent), "stt", None)
        problem = getattr(speech_to_text, "problem", None)
        return problem if isinstance(problem, LocalModelError) else None

    def tell(self, turns: Turns, reader: EventReader) -> None:
        """Tells those that follow the model's answers how it makes them."""
        gemini = is_gemini(live_model(self._swaps.agent))
        cascaded = self.cascaded
        reader.cumulative = cascaded
        turns.transcripts.deltas = cascaded or gemini
        # For Gemini ADK itself makes a final text when the turn is over, and more may follow.
        turns.transcripts.ends_with_final = not gemini
        newer = gemini and "gemini-3" in model_name(self._swaps.agent)
        turns.machine.calls.completes_calls = not (cascaded or newer)


def waits_for_no_tool(model: str) -> bool:
    """Returns whether a model speaks on while a tool runs, unless it is declared as blocking.

    https://ai.google.dev/gemini-api/docs/models/gemini-3.8-live says so of 3.8.
    """
    return model.rsplit("/", 1)[-1].startswith("gemini-3.8-live")


def refuses_blocking(model: str) -> bool:
    """Returns whether a model treats every tool as NON_BLOCKING."""
    return waits_for_no_tool(model) and "extended-thinking" in model
