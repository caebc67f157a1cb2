from __future__ import annotations

import pytest
from google.adk.agents.run_config import RunConfig
from google.adk.models import Gemini
from google.genai import types

from adk_nb.adk.run_config import is_gemini, run_config, unsupported
from adk_nb.exceptions import AdkNbError
from adk_nb.local import local_model

NATIVE = "gemini-live-2.5-flash-native-audio"
HALF = "gemini-2.0-flash-live-001"


def test_by_default_it_speaks_and_is_transcribed():
    config = run_config()
    assert config.response_modalities == [types.Modality.AUDIO]
    assert config.input_audio_transcription is not None
    assert config.output_audio_transcription is not None
    assert config.speech_config is None
    assert config.realtime_input_config is None
    assert config.session_resumption is None


def test_every_option_has_its_field():
    config = run_config(
        voice="Puck",
        language="de-DE",
        audio=False,
        transcribe=False,
        detection="manual",
        proactive=True,
        affective=True,
        compress=20_000,
        resume="handle",
    )
    assert config.speech_config.voice_config.prebuilt_voice_config.voice_name == "Puck"
    assert config.speech_config.language_code == "de-DE"
    assert config.response_modalities == [types.Modality.TEXT]
    assert config.input_audio_transcription is config.output_audio_transcription is None
    assert config.realtime_input_config.automatic_activity_detection.disabled
    assert config.proactivity.proactive_audio
    assert config.enable_affective_dialog
    assert config.context_window_compression.trigger_tokens == 20_000
    assert config.session_resumption.handle == "handle"


def test_compression_without_a_number_leaves_it_to_the_service():
    compression = run_config(compress=True).context_window_compression
    assert compression.trigger_tokens is None
    assert compression.sliding_window is not None


def test_the_users_own_wins_and_is_not_touched():
    given = RunConfig(
        response_modalities=["TEXT"],
        speech_config=types.SpeechConfig(language_code="fr-FR"),
        input_audio_transcription=types.AudioTranscriptionConfig(),
        realtime_input_config=types.RealtimeInputConfig(
            turn_coverage=types.TurnCoverage.TURN_INCLUDES_ALL_INPUT
        ),
        proactivity=None,
        session_resumption=None,
        max_llm_calls=7,
    )
    before = given.model_dump()
    config = run_config(
        given,
        model=NATIVE,
        voice="Puck",
        language="de-DE",
        transcribe=False,
        detection="manual",
        proactive=True,
    )
    assert config.response_modalities == [types.Modality.AUDIO]  # A native-audio model.
    assert config.speech_config.language_code == "fr-FR"
    assert config.speech_config.voice_config.prebuilt_voice_config.voice_name == "Puck"
    assert config.input_audio_transcription is not None
    assert config.output_audio_transcription is None
    assert config.realtime_input_config.turn_coverage is not None
    assert config.realtime_input_config.automatic_activity_detection.disabled
    assert config.proactivity is None
    assert config.session_resumption is None
    assert config.max_llm_calls == 7
    assert given.model_dump() == before


def test_the_users_own_voice_and_detection_win():
    given = run_config(voice="Kore", detection="manual")
    config = run_config(given, voice="Puck", detection="server")
    assert config.speech_config.voice_config.prebuilt_voice_config.voice_name == "Kore"
    assert config.realtime_input_config.automatic_activity_detection.disabled


@pytest.mark.parametrize(
    ("model", "resume", "resumes"),
    [
        (NATIVE, None, True),
        (Gemini(model=NATIVE), None, True),
        (NATIVE, False, False),
        (local_model(), None, False),
        (local_model(brain="gemini-2.5-flash"), None, False),
        ("other", None, False),
        ("other", True, True),
    ],
)
def test_gemini_resumes_by_default(model, resume, resumes):
    resumption = run_config(model=model, resume=resume).session_resumption
    assert (resumption is not None) is resumes
    assert resumption is None or (resumption.handle, resumption.transparent) == (None, None)


def test_what_the_user_sets_to_none_stays_none():
    given = RunConfig(speech_config=None, realtime_input_config=None)
    config = run_config(given, voice="Puck", detection="manual")
    assert config.speech_config is config.realtime_input_config is None
    # What was left open can still be filled in later.
    assert run_config(run_config(), voice="Puck").speech_config is not None


def test_an_unknown_detection_is_refused():
    with pytest.raises(AdkNbError, match='"server" or "manual"'):
        run_config(detection="auto")


def test_what_is_a_gemini_model():
    assert is_gemini("models/gemini-3.8-live")
    assert not is_gemini("local")
    assert not is_gemini(None)


# --- what a model does not do ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "options", "said"),
    [
        (NATIVE, {"audio": False}, "only speaks"),
        ("gemini-3.8-live", {"audio": False}, "only speaks"),
        ("gemini-3.1-flash-live-preview", {"audio": False}, "only speaks"),
        (NATIVE, {"language": "de-DE"}, "finds the language"),
        ("gemini-2.5-flash", {"audio": False}, "text model"),
        (HALF, {"proactive": True}, "native-audio model"),
        (HALF, {"affective": True}, "native-audio model"),
        (HALF, {"audio": False, "voice": "Puck"}, "say nothing"),
        ("gemini-3.1-flash-live-preview", {"affective": True}, "left out"),
        ("gemini-3.8-live", {"affective": True}, "left out"),
        ("gemini-3.8-live", {"proactive": False}, "always proactive"),
        (local_model(), {"voice": "Puck"}, "text-to-speech"),
        ("local", {"proactive": True}, "cascade"),
        ("adk-nb-local", {"compress": True}, "compress"),
        (local_model(), {"resume": "h"}, "no sessions"),
    ],
)
def test_what_is_not_supported_is_said(model, options, said):
    audio = options.get("audio", True)
    (sentence,) = unsupported(model, run_config(model=model, **options), audio=audio)
    assert said in sentence


@pytest.mark.parametrize(
    ("model", "options"),
    [
        (NATIVE, {"voice": "Puck", "proactive": True, "affective": True, "compress": True}),
        (HALF, {"audio": False, "proactive": False, "affective": False}),
        (HALF, {"voice": "Puck", "language": "de-DE"}),
        ("gemini-3.8-live", {"voice": "Puck", "proactive": True}),
        (local_model(), {"audio": False, "detection": "manual", "transcribe": False}),
        ("gemini-9-live", {"audio": False, "proactive": True, "affective": True}),
        ("somebody's", {"audio": False, "proactive": True, "language": "de-DE"}),
        (None, {"audio": False}),
    ],
)
def test_what_is_supported_or_unsure_is_not(model, options):
    assert unsupported(model, run_config(model=model, **options)) == []


def test_two_modalities_and_transparent_resumption(monkeypatch):
    monkeypatch.setenv("GOOGLE_GENAI_USE_ENTERPRISE", "0")
    given = RunConfig(
        response_modalities=["TEXT", "AUDIO"],
        session_resumption=types.SessionResumptionConfig(transparent=True),
    )
    first, second = unsupported(NATIVE, run_config(given, model=NATIVE))
    assert "not with both" in first
    assert "Vertex AI" in second
    monkeypatch.setenv("GOOGLE_GENAI_USE_ENTERPRISE", "1")
    assert len(unsupported(NATIVE, given)) == 1


TEXT, AUDIO = [types.Modality.TEXT], [types.Modality.AUDIO]


@pytest.mark.parametrize(
    ("given", "audio", "model", "asked"),
    [
        (None, None, HALF, AUDIO),
        (None, False, HALF, TEXT),
        (None, False, NATIVE, AUDIO),
        (RunConfig(response_modalities=["TEXT"]), None, HALF, TEXT),
        (RunConfig(response_modalities=["TEXT"]), True, HALF, AUDIO),
        (RunConfig(response_modalities=["AUDIO"]), False, HALF, TEXT),
        (RunConfig(response_modalities=["TEXT", "AUDIO"]), False, HALF, ["TEXT", "AUDIO"]),
    ],
)
def test_a_model_is_asked_for_text_where_it_can_write_and_is_not_to_speak(
    given, audio, model, asked
):
    assert run_config(given, model=model, audio=audio).response_modalities == asked
