"""Whether a server can take a session: what is asked for that, and how often."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from google.adk.live import CascadeLive
from google.adk.models import Gemini, LLMRegistry
from google.genai.errors import APIError

from adk_nb.adk.agents import live_model
from adk_nb.adk.text_model import text_model
from adk_nb.exceptions import AdkNbError, AgentError, LocalModelError
from adk_nb.providers import gemini
from adk_nb.providers.explain import explain
from adk_nb.serve.agents import of_session
from adk_nb.serve.reasons import Reasons

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from google.adk.agents import BaseAgent

    from adk_nb.serve.agents import Agents

logger = logging.getLogger(__name__)

MODEL_S = 10.0
"""How long a model that could be reached counts as reachable (s)."""
STORE_S = 1.0
"""How long an answer of the session store counts (s), and one that a model cannot be reached."""
_ANSWER_S = 5.0
_BUSY = frozenset({"quota"})
"""What says that the service is there, and that it has had much to do in the last minute."""


class Asked:
    """An answer that is kept for a while, so that whoever asks often does not ask the service.

    Args:
        ask: Asks; returns what is wrong, or an empty text.
        good_s: How long a good answer counts (s).
    """

    def __init__(self, ask: Callable[[], Awaitable[str]], good_s: float) -> None:
        self._ask, self._good_s = ask, good_s
        self._answer, self._until = "", 0.0
        self._asking: asyncio.Lock | None = None

    async def problem(self) -> str:
        """Returns what is wrong, or an empty text."""
        self._asking = self._asking or asyncio.Lock()
        async with self._asking:
            if time.monotonic() >= self._until:
                self._answer = await self._ask()
                counts_s = STORE_S if self._answer else self._good_s
                self._until = time.monotonic() + counts_s
            return self._answer


class ModelCheck:
    """Asks whether an agent's model can be reached.

    Of a Gemini model its service is asked what it knows of the model, which costs no tokens: the
    network, the key and the model's name are right then. It does not tell whether the quota
    suffices for a session. Of the embedded default all parts are loaded. Of other models nothing
    is known, and they count as reachable.

    Args:
        agent: The agent or App, or a function that makes one for each session.
    """

    def __init__(self, agent: Agents) -> None:
        self._make = agent
        self._agent: BaseAgent | None = None
        self._reasons = Reasons()
        self._failure = ""

    async def problem(self) -> str:
        """Returns why the model cannot be reached, or an empty text; on the bridge thread."""
        try:
            if self._agent is None:
                self._agent = of_session(self._make, {})[0]
            model = live_model(self._agent)
            await self._load(model)
            problem = await self._gemini(text_model(model))
        except AgentError as error:
            return self._not_made(error.__cause__)
        except Exception as error:
            told = explain(error)
            if told.code in _BUSY:
                return ""
            self._reasons.tell(str(told))
            # What a library says may hold addresses and paths, and everybody may ask.
            own = isinstance(error, AdkNbError | APIError)
            return told.message if own else f"The model cannot be reached: {type(error).__name__}."
        self._reasons.tell(problem)
        self._failure = ""
        return problem

    def _not_made(self, error: BaseException | None) -> str:
        """Logs why a function makes no agent, and returns what everybody may know of it."""
        failure = repr(error)
        if failure != self._failure:  # Not as often as somebody asks.
            logger.error("No session can be taken: no agent is made.", exc_info=error)
        self._failure = failure
        return f"The agent cannot be made: {type(error).__name__}."

    async def _load(self, model: object) -> None:
        if not isinstance(model, CascadeLive):
            return
        for part in (model.stt, model.tts, text_model(model)):
            warm_up = getattr(part, "warm_up", None)
            if warm_up is None:
                continue
            try:
                await asyncio.to_thread(warm_up)
            except LocalModelError:
                continue  # It does without, and says so in the page.

    async def _gemini(self, model: object) -> str:
        if isinstance(model, str) and model:
            model = LLMRegistry.new_llm(model)
        if not isinstance(model, Gemini):
            return ""
        if missing := gemini.problem(model):
            raise missing  # The log has what to do about it too.
        async with asyncio.timeout(_ANSWER_S):
            await model.api_client.aio.models.get(model=model.model)
        return ""
