"""Loads the models of the embedded default, so that the first turn is quick."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from adk_nb.adk.agents import cascades
from adk_nb.adk.text_model import text_model
from adk_nb.exceptions import AdkNbError, LocalModelError, together
from adk_nb.providers.explain import explain

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from google.adk.agents import BaseAgent
    from google.adk.models.base_llm import BaseLlm

T = TypeVar("T")


class LoadingOwner(Protocol):
    """Is told what could not be loaded."""

    def run_failed(self, error: AdkNbError) -> None:
        """A language model failed to load."""

    def run_lacks(self, error: LocalModelError) -> None:
        """Parts of the embedded default are not there."""


class ModelLoading:
    """Loads the parts of cascades in threads, each once.

    Args:
        owner: Is told what could not be loaded.

    Attributes:
        tasks: Those that load something now.
    """

    def __init__(self, owner: LoadingOwner) -> None:
        self._owner = owner
        self.tasks: set[asyncio.Task[Any]] = set()
        # Models that are loaded, by id; keeping them keeps the ids valid.
        self._warm: dict[int, BaseLlm] = {}

    async def warm_up(self, agent: BaseAgent) -> None:
        """Loads the models of an agent.

        It waits for those of speech; the language model, which takes longest, may come later.
        What of the embedded default cannot be loaded is told when all is known, and missing.

        Raises:
            AdkNbError: Other speech parts failed to load.
        """
        models = [model for model in cascades(agent) if id(model) not in self._warm]
        brains = [self._begin(_load(text_model(model))) for model in models]
        parts = (part for model in models for part in (model.stt, model.tts))
        failures = list(filter(None, await asyncio.gather(*map(_load, parts))))
        self._begin(self._tell_missing(failures[:], brains))
        for failure in failures:
            if not isinstance(failure, LocalModelError):
                raise failure
        self._warm |= {id(model): model for model in models}

    async def _tell_missing(
        self, failures: list[AdkNbError], brains: list[asyncio.Task[AdkNbError | None]]
    ) -> None:
        for brain in brains:
            failure = await brain
            if isinstance(failure, LocalModelError):
                failures.append(failure)
            elif failure is not None:
                self._owner.run_failed(failure)
        missing = [failure for failure in failures if isinstance(failure, LocalModelError)]
        if missing:
            self._owner.run_lacks(together(missing))

    def _begin(self, coroutine: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task


async def _load(part: object) -> AdkNbError | None:
    """Loads a part of a cascade, off the loop; returns why it could not be loaded."""
    warm_up = getattr(part, "warm_up", None)
    if warm_up is None:
        return None
    try:
        await asyncio.to_thread(warm_up)
    except Exception as error:
        return explain(error)
    return None
