"""Makes ADK's `RunConfig` from a session's options, and says what a model does not support of it.

ADK 2.13's `RunConfig` has no field for thinking, media resolution, temperature and the like: ADK
takes those from the agent's `generate_content_config`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from google.adk.agents.run_config import RunConfig
from google.genai import types

from adk_nb.exceptions import AdkNbError
from adk_nb.providers import gemini

if TYPE_CHECKING:
    from collections.abc import Iterator

Detection = Literal["server", "manual"]

# Names with nothing after them; https://ai.google.dev/gemini-api/docs/models names the Live ones.
_TEXT_MODEL = re.compile(r"gemini-\d(\.\d+)?-(pro|flash|flash-lite)")


def run_config(  # noqa: PLR0913 - the options of a session, all by name
    given: RunConfig | None = None,
    *,
    model: object = None,
    voice: str | None = None,
    language: str | None = None,
    audio: bool | None = None,
    transcribe: bool = True,
    detection: Detection | None = None,
    proactive: bool | None = None,
    affective: bool | None = None,
    compress: bool | int = False,
    resume: bool | str | None = None,
) -> RunConfig:
    """Returns a copy of a `RunConfig`, with fields that it does not set taken from the options.

    Args:
        given: The user's own; every field that it sets, also to None, stays as it is.
        model: The model, or its name; decides whether resumption is on by default.
        voice: The name of a prebuilt voice.
        language: The language of speech as a BCP-47 code, such as `de-DE`.
        audio: Whether the model speaks; False asks it for text, unless it can only speak. None
            leaves it to `given`.
        transcribe: Whether the speech of both sides is transcribed.
        detection: Where the beginning and end of speech are detected: `server`, in the model's
            service, or `manual`, by the page's push to talk; None leaves it to the service.
        proactive: Whether the model may stay silent when it is not addressed.
        affective: Whether the model's tone follows the user's.
        compress: Whether the service drops the oldest content when the context is full, which
            removes the limit of a session's length; a number is the threshold in tokens.
        resume: Whether a lost connection is resumed; a text is the handle of a session to resume.
            By default on for Gemini models.

    Raises:
        AdkNbError: An option has a value that is not allowed.
    """
    config = given.model_copy() if given is not None else RunConfig()
    if len(config.response_modalities or ()) < 2:  # Two at once are the user's own affair.
        wanted_text = asks_for_text(given) if audio is None else not audio
        speaks = not wanted_text or only_speaks(model)
        config.response_modalities = [types.Modality.AUDIO if speaks else types.Modality.TEXT]
    free = set(RunConfig.model_fields) - (given.model_fields_set if given is not None else set())
    if resume is None:
        resume = is_gemini(model)
    wanted = _features(transcribe, proactive, affective, compress, resume)
    # Of these fields the user may have set a part.
    parts = {
        "speech_config": _speech(config.speech_config, voice, language),
        "realtime_input_config": _realtime(config.realtime_input_config, detection),
    }
    wanted |= {name: value for name, value in parts.items() if value is not None}
    for name, value in wanted.items():
        if name in free or (name in parts and getattr(config, name) is not None):
            setattr(config, name, value)
    return config


def asks_for_text(given: RunConfig | None) -> bool:
    """Returns whether a `RunConfig` of the user's wants text alone."""
    asked = given.response_modalities if given is not None else None
    return [_modality(one) for one in asked or ()] == ["TEXT"]


def only_speaks(model: object) -> bool:
    """Returns whether a model refuses to answer in writing; its words are transcribed."""
    return is_gemini(model) and gemini.kind(_name(model)) == "native audio"


def writes_instead(model: object) -> bool:
    """Returns whether a connection to a model is made for either speech or text."""
    return is_gemini(model) and not only_speaks(model)


def _modality(one: object) -> str:
    return str(getattr(one, "value", one)).upper()


def is_gemini(model: object) -> bool:
    """Returns whether a model, or the model of that name, is a Gemini model of ADK's."""
    if model is None or _cascades(model):
        return False
    from google.adk.models import Gemini

    return isinstance(model, Gemini) or _name(model).startswith("gemini")


def unsupported(model: object, config: RunConfig, *, audio: bool = True) -> list[str]:
    """Returns what a model will refuse or ignore, in sentences; only what is certain.

    Args:
        model: The model, or its name; for an agent its `canonical_live_model`.
        config: What the session runs with.
        audio: Whether the agent is to speak.
    """
    if _cascades(model):
        return list(_of_cascade(config))
    if not is_gemini(model):
        return []
    name = _name(model)
    if _TEXT_MODEL.fullmatch(name):
        return [f"{name} is a text model, not a Live one; adk_nb.models() lists those."]
    return [
        *_of_modalities(name, config, audio=audio),
        *_of_features(name, config),
        *_of_resumption(config),
    ]


def _features(
    transcribe: bool,
    proactive: bool | None,
    affective: bool | None,
    compress: bool | int,
    resume: bool | str,
) -> dict[str, Any]:
    """Returns the fields that the options set."""
    wanted: dict[str, Any] = {}
    if not transcribe:
        wanted |= {"input_audio_transcription": None, "output_audio_transcription": None}
    if proactive is not None:
        wanted["proactivity"] = types.ProactivityConfig(proactive_audio=proactive)
    if affective is not None:
        wanted["enable_affective_dialog"] = affective
    if compress:
        wanted["context_window_compression"] = _compression(compress)
    if resume:
        handle = resume if isinstance(resume, str) else None
        wanted["session_resumption"] = types.SessionResumptionConfig(handle=handle)
    return wanted


def _speech(
    given: types.SpeechConfig | None, voice: str | None, language: str | None
) -> types.SpeechConfig | None:
    if voice is None and language is None:
        return given
    speech = given.model_copy() if given is not None else types.SpeechConfig()
    several = speech.multi_speaker_voice_config
    if voice is not None and speech.voice_config is None and several is None:
        speech.voice_config = types.VoiceConfig(
            prebuilt_voice_config=types.PrebuiltVoiceConfig(voice_name=voice)
        )
    if speech.language_code is None:
        speech.language_code = language
    return speech


def _realtime(
    given: types.RealtimeInputConfig | None, detection: Detection | None
) -> types.RealtimeInputConfig | None:
    if detection not in {None, "server", "manual"}:
        raise AdkNbError(
            f"There is no activity detection {detection!r}.",
            remedy='It is "server" or "manual".',
            code="bad_option",
        )
    if detection is None or (given is not None and given.automatic_activity_detection is not None):
        return given
    realtime = given.model_copy() if given is not None else types.RealtimeInputConfig()
    realtime.automatic_activity_detection = types.AutomaticActivityDetection(
        disabled=detection == "manual"
    )
    return realtime


def _compression(compress: bool | int) -> types.ContextWindowCompressionConfig:
    # True is a number too.
    tokens = None if compress is True else int(compress)
    return types.ContextWindowCompressionConfig(
        trigger_tokens=tokens, sliding_window=types.SlidingWindow()
    )


def _cascades(model: object) -> bool:
    """Returns whether a model is a `CascadeLive`, or the embedded default's name."""
    return model in ("local", "adk-nb-local") or (hasattr(model, "stt") and hasattr(model, "tts"))


def _name(model: object) -> str:
    name = model if isinstance(model, str) else getattr(model, "model", "")
    return str(name).rsplit("/", 1)[-1]


def _of_cascade(config: RunConfig) -> Iterator[str]:
    # ADK's CascadeLiveConnection reads none of these.
    speech = config.speech_config
    if speech is not None and (speech.voice_config or speech.language_code):
        yield (
            "A cascade overlooks voice and language: its text-to-speech has its own, as in "
            "adk_nb.local_model(tts=...)."
        )
    if config.proactivity is not None or config.enable_affective_dialog:
        yield "A cascade has no proactive audio and no affective dialog."
    if config.context_window_compression is not None:
        yield "A cascade does not compress its context; its model decides what it forgets."
    if config.session_resumption is not None and config.session_resumption.handle:
        yield "A cascade has no sessions to resume; the history is what goes on."


def _of_modalities(name: str, config: RunConfig, *, audio: bool) -> Iterator[str]:
    asked = set(map(_modality, config.response_modalities or ()))
    if len(asked & {"TEXT", "AUDIO"}) > 1:
        # https://google.github.io/adk-docs/streaming/dev-guide/part4/#response-modalities
        yield "A Live model answers with speech or with text, not with both; speech is transcribed."
    # .../part5/#native-audio-models, and https://ai.google.dev/gemini-api/docs/models/
    # gemini-3.8-live#migrating; 3.1 is native audio too.
    elif not audio and gemini.kind(name) == "native audio":
        yield f"{name} only speaks: its words are shown, and its sound is left out."
    if "AUDIO" not in asked and config.speech_config is not None and asked:
        yield "Voice and language say nothing where the answer is text."


def _of_features(name: str, config: RunConfig) -> Iterator[str]:
    proactive = config.proactivity is not None and config.proactivity.proactive_audio
    affective = bool(config.enable_affective_dialog)
    if name.startswith("gemini-3.8-live"):
        # https://ai.google.dev/gemini-api/docs/models/gemini-3.8-live#migrating; ADK sends neither.
        if config.proactivity is not None and not proactive:
            yield f"{name} is always proactive; that cannot be turned off."
        if affective:
            yield f"{name} has no setting for affective dialog; it is left out."
    elif name.startswith("gemini-3.1-flash-live"):
        # https://ai.google.dev/gemini-api/docs/models/gemini-3.1-flash-live-preview#migrating
        if proactive or affective:
            yield f"{name} has no proactive audio and no affective dialog; they are left out."
    elif gemini.kind(name) == "half-cascade" and (proactive or affective):
        # https://google.github.io/adk-docs/streaming/dev-guide/part5/
        # #proactivity-and-affective-dialog
        yield f"{name} has no proactive audio and no affective dialog: a native-audio model has."
    speech = config.speech_config
    if "native-audio" in name and speech is not None and speech.language_code:
        # https://google.github.io/adk-docs/streaming/dev-guide/part5/#native-audio-models
        yield (
            f"{name} finds the language by itself and may overlook the one that is named; the "
            "agent's instruction can ask for it."
        )


def _of_resumption(config: RunConfig) -> Iterator[str]:
    resumption = config.session_resumption
    # google.adk.models.google_llm.Gemini.connect raises for it.
    if resumption is not None and resumption.transparent and not gemini.wants_vertex_ai():
        yield "Transparent session resumption is for Vertex AI; leave `transparent` out."
