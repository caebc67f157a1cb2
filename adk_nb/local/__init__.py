"""The embedded default: speech, a stand-in for a language model, and speech again, offline.

`local_model` makes a live model of them for any ADK agent, and `default_model` chooses between it
and Gemini.
"""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING

from dotenv import dotenv_values, find_dotenv
from google.adk.live._cascade_live import CascadeLive

from adk_nb.local.brain import LocalLlm
from adk_nb.local.stt import MoonshineSTT
from adk_nb.local.tts import PicoTTS

if TYPE_CHECKING:
    from google.adk.live._transforms import LiveEgress, LiveIngress
    from google.adk.models.base_llm import BaseLlm

__all__ = ["LocalLlm", "MoonshineSTT", "PicoTTS", "default_model", "local_model"]


def local_model(
    brain: BaseLlm | str | None = None,
    *,
    stt: LiveIngress | None = None,
    tts: LiveEgress | None = None,
) -> CascadeLive:
    """Returns a live model that hears and speaks on this machine, with no key and no network.

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


# The Live models that Google's documentation names first, on AI Studio and on Vertex AI.
_AI_STUDIO_MODEL = "gemini-3.1-flash-live-preview"
_VERTEX_AI_MODEL = "gemini-live-2.5-flash-native-audio"

_KEYS = ("GOOGLE_API_KEY", "GEMINI_API_KEY")
_USE_VERTEX_AI = ("GOOGLE_GENAI_USE_ENTERPRISE", "GOOGLE_GENAI_USE_VERTEXAI")
_PROJECT = ("GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_LOCATION", "GOOGLE_APPLICATION_CREDENTIALS")
_MODEL = "ADK_NB_MODEL"


def default_model() -> str | BaseLlm:
    """Returns the live model that can be used here.

    That is, in this order: the model that `ADK_NB_MODEL` names ("local" for the embedded one), a
    Gemini Live model where there are credentials for AI Studio or Vertex AI, and `local_model()`.
    Variables are looked for in the environment and then in a `.env` file in the working directory
    or above it; those of a `.env` that are needed are put into the environment, where ADK reads
    them.
    """
    _load_dotenv()
    named = os.environ.get(_MODEL, "").strip()
    if named:
        return local_model() if named == "local" else named
    if _wants_vertex_ai():
        usable = os.environ.get("GOOGLE_CLOUD_PROJECT") or os.environ.get("GOOGLE_API_KEY")
        return _VERTEX_AI_MODEL if usable else local_model()
    if any(os.environ.get(key) for key in _KEYS):
        return _AI_STUDIO_MODEL
    return local_model()


def _wants_vertex_ai() -> bool:
    for name in _USE_VERTEX_AI:
        if name in os.environ:
            return os.environ[name].lower() in {"true", "1"}
    return False


def _load_dotenv() -> None:
    path = find_dotenv(usecwd=True)
    if not path:
        return
    values = dotenv_values(path)
    for name in (*_KEYS, *_USE_VERTEX_AI, *_PROJECT, _MODEL):
        if value := values.get(name):
            os.environ.setdefault(name, value)
