"""What a run of ADK's reports to its session, and asks it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from adk_nb.adk.session_context import Knowing

if TYPE_CHECKING:
    from google.adk.events import Event
    from google.genai import types

    from adk_nb.exceptions import AdkNbError, LocalModelError


class RunOwner(Knowing, Protocol):
    """What a `LiveRun` reports to its session."""

    def run_begins(self) -> None:
        """A run begins; called in the context of its task."""

    def run_connected(self, *, resumed: bool | None = None) -> None:
        """The model is connected.

        Args:
            resumed: None if no connection was lost. After a loss True if the service resumed the
                session, False if the history was sent again.
        """

    def run_lost(self, error: AdkNbError | None) -> None:
        """The connection is lost or being replaced; another will be made."""

    def run_event(self, event: Event) -> None:
        """An event came."""

    def run_streamed(self, content: types.Content) -> None:
        """A tool's response was sent to the model."""

    def run_told(self, content: types.Content) -> None:
        """A model takes a content."""

    def run_failed(self, error: AdkNbError) -> None:
        """The run, or loading the model, failed."""

    def run_warned(self, error: AdkNbError) -> None:
        """Something went wrong that does not end the run."""

    def run_lacks(self, error: LocalModelError) -> None:
        """Parts of the embedded default are not there; the run goes on without them."""

    def run_awaited(self) -> bool:
        """Returns whether the user waits for the answer to what they said."""

    async def run_ended(self) -> None:
        """The run has ended; called before the next one begins."""
