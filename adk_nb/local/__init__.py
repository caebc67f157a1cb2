"""The embedded default: speech to text, a text model and text to speech, all on this machine.

`local_model` makes one live model of them, for any ADK agent.
"""

from __future__ import annotations

import warnings
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from google.adk.models.base_llm import BaseLlm
from google.adk.models.registry import LLMRegistry
from typing_extensions import override

from adk_nb import adk_version

try:
    from google.adk.live import CascadeLive
except ImportError as error:
    # An ADK before 2.13; or one that is broken.
    raise adk_version.unfit(adk_version.not_imported("google.adk.live", error)) from error

from adk_nb.exceptions import LocalModelError
from adk_nb.local.brain import LocalLlm, declarations, instruction
from adk_nb.local.router import Router
from adk_nb.local.stt import MoonshineSTT, WhisperSTT
from adk_nb.local.tts import HibariTTS, PicoTTS

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from google.adk.live import LiveEgress, LiveIngress
    from google.adk.models.base_llm_connection import BaseLlmConnection
    from google.adk.models.llm_request import LlmRequest

__all__ = ["HibariTTS", "LocalLlm", "MoonshineSTT", "PicoTTS", "WhisperSTT", "local_model"]


def local_model(
    brain: BaseLlm | str | None = None,
    *,
    stt: LiveIngress | None = None,
    tts: LiveEgress | None = None,
) -> CascadeLive:
    """Returns a live model that hears and speaks on this machine, with no key and no network.

    Where one of them cannot be loaded, the rest goes on: without ears what is typed is answered,
    without a voice in text, without a language model by tools.

    Args:
        brain: The text model between hearing and speaking, an ADK model or its name;
            by default a `LocalLlm`, a stand-in that calls tools by rule.
        stt: Speech to text; by default a `MoonshineSTT`, which hears English.
        tts: Text to speech; by default a `HibariTTS`, in American English.

    Raises:
        LocalModelError: The brain is no model, or has a name that ADK knows no model by.
    """
    brain, stt = _checked(brain), stt or MoonshineSTT()
    if isinstance(brain, LocalLlm) and isinstance(stt, MoonshineSTT):
        stt.hearing = stt.hearing or brain.hearing
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r".*CASCADE_LIVE", category=UserWarning)
        return _Cascade(model=brain, stt=stt, tts=tts or HibariTTS())


class _Cascade(CascadeLive):
    """A cascade whose ears know the agent's tools from the first word on."""

    @asynccontextmanager
    @override
    async def connect(self, llm_request: LlmRequest) -> AsyncGenerator[BaseLlmConnection, None]:
        """Opens a live connection; see `CascadeLive`."""
        hearing = getattr(self.stt, "hearing", None)
        if hearing is not None:
            hearing.router = Router(declarations(llm_request), instruction(llm_request))
        async with super().connect(llm_request) as connection:
            yield connection


def _checked(brain: Any) -> BaseLlm | str:
    if brain is None:
        return LocalLlm()
    if isinstance(brain, BaseLlm):
        return brain
    if not isinstance(brain, str):
        raise LocalModelError(
            f"{brain!r:.80} is no brain.",
            remedy="Give an ADK model, or the name of one: local_model(brain=LocalLlm()).",
        )
    if {"live", "audio"} & set(brain.split("-")):  # gemini-live-…, …-native-audio-…
        raise LocalModelError(
            f"{brain:.100} is a live model: it hears and speaks itself, and is no brain.",
            remedy=f'Give it to the agent: Agent(model="{brain:.100}"). A brain is a text model.',
        )
    try:
        LLMRegistry.resolve(brain)
    except (ValueError, ImportError) as error:
        # It says which package is missing.
        _, _, why = str(error).partition("\n")
        raise LocalModelError(
            f"ADK knows no model of the name {brain!r:.100}.",
            remedy=" ".join(why.split()) or f"Give an ADK model: {error}",
        ) from error
    return brain
