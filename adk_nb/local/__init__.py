"""The embedded default: speech to text, a text model and text to speech, all on this machine.

`local_model` makes one live model of them, for any ADK agent.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from google.adk.live import CascadeLive

from adk_nb.local.brain import LocalLlm
from adk_nb.local.stt import MoonshineSTT, WhisperSTT
from adk_nb.local.tts import PicoTTS

if TYPE_CHECKING:
    from google.adk.live import LiveEgress, LiveIngress
    from google.adk.models.base_llm import BaseLlm

__all__ = ["LocalLlm", "MoonshineSTT", "PicoTTS", "WhisperSTT", "local_model"]


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
        tts: Text to speech; by default a `PicoTTS`, in British English.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r".*CASCADE_LIVE", category=UserWarning)
        return CascadeLive(
            model=brain or LocalLlm(), stt=stt or MoonshineSTT(), tts=tts or PicoTTS()
        )
