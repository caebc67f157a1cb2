"""Makes ADK's runner of an agent, and takes the events of its live run."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, TypeAlias

from google.adk.apps import App
from google.adk.runners import Runner

from adk_nb.adk.agents import live_model, toolsets
from adk_nb.adk.text_model import text_model
from adk_nb.adk.tool_threads import tool_threads
from adk_nb.adk.user_errors import contained
from adk_nb.providers import gemini

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from google.adk.agents import BaseAgent
    from google.adk.agents.run_config import RunConfig
    from google.adk.events import Event
    from google.adk.plugins.base_plugin import BasePlugin
    from google.adk.tools.base_toolset import BaseToolset

    from adk_nb.adk.request_queue import RequestQueue
    from adk_nb.live.histories import Histories

logger = logging.getLogger(__name__)

_CLOSE_S = 3.0
"""How long a toolset may take to close its connections (s)."""

Configure: TypeAlias = "Callable[[object], RunConfig]"


class AdkRunner:
    """Runs ADK's `Runner.run_live` for an agent.

    Args:
        histories: The ADK sessions behind the conversation.
        plugins: ADK plugins, in their order.
        configure: Returns ADK's `RunConfig` for a model, or for the name of one.
        model: The model of the first agent.

    Attributes:
        config: ADK's configuration of the run.
    """

    def __init__(
        self,
        histories: Histories,
        plugins: Iterable[BasePlugin],
        configure: Configure,
        model: object,
    ) -> None:
        self._histories = histories
        self._plugins = list(plugins)
        self._configure = configure
        self.config = configure(model)
        # Those of all agents that have run.
        self._toolsets: dict[int, BaseToolset] = {}

    async def converse(
        self, agent: BaseAgent, queue: RequestQueue, take: Callable[[Event], None]
    ) -> None:
        """Runs an agent until its run ends.

        Args:
            agent: The agent.
            queue: The queue to its model.
            take: Takes each event.

        Raises:
            AdkNbError: Something is missing for its model.
        """
        model = live_model(agent)
        problem = gemini.problem(text_model(model))
        if problem is not None:
            raise problem
        self.config = self._configure(model)
        events = self._runner(agent).run_live(
            user_id=self._histories.user_id,
            session_id=self._histories.current.id,
            live_request_queue=queue,
            run_config=self.config,
        )
        async with contextlib.aclosing(events):
            with tool_threads(self.config):
                async for event in events:
                    take(event)

    def _runner(self, agent: BaseAgent) -> Runner:
        self._toolsets |= {id(toolset): toolset for toolset in toolsets(agent)}
        return Runner(
            app=App(
                name=self._histories.app_name,
                root_agent=agent,
                plugins=self._plugins,
            ),
            session_service=self._histories.sessions,
            artifact_service=self._histories.artifacts,
            memory_service=self._histories.memory,
            auto_create_session=True,
        )

    async def close(self) -> None:
        """Closes the toolsets of all agents that have run."""
        await asyncio.gather(*map(_closed, self._toolsets.values()))


async def _closed(toolset: BaseToolset) -> None:
    try:
        async with asyncio.timeout(_CLOSE_S):
            await contained(toolset.close())
    except Exception:
        logger.debug("A toolset did not close.", exc_info=True)
