"""Speech to test with, made by Pico, which sounds enough like a human for Moonshine.

`speech("Flip a coin.")` is 16 kHz mono PCM16, `wav("Flip a coin.")` the path of a WAV file of it.
Pico in British English at 0.7 of its speed is heard best, and a "please" at the start helps.
"""

from __future__ import annotations

import functools
import hashlib
import tempfile
import wave
from pathlib import Path

import numpy as np

RATE = 16_000

# Heard right, word for word (numbers may come as digits), whatever silence comes before them.
RELIABLE = (
    "What time is it in Tokyo?",
    "What time is it in London?",
    "What time is it in New York?",
    "What is the time in Tokyo?",
    "What is the weather in London?",
    "Is it raining in Paris?",
    "Please roll a twenty sided dice.",
    "Please roll the dice with twenty sides.",
    "Please roll the dice for me.",
    "Could you roll the dice?",
    "Please flip a coin.",
    "Toss a coin, please.",
    "Now flip the coin.",
    "Please convert ten miles to kilometers.",
    "Please convert five pounds to kilograms.",
    "Please multiply seven and eight.",
    "What is five times six?",
    "Turn on the light in the kitchen.",
    "Please turn off the kitchen light.",
    "Turn off the light in the bedroom.",
    "Set a timer for five minutes.",
    "Please set a timer for ten minutes.",
    "Show me the list of files.",
    "Wait, what time is it in Paris?",
    "Stop, what time is it in London?",
    "Stop.",
    "No, stop.",
    "Please stop.",
    "Good morning.",
    "What is your name?",
    "What is the capital of France?",
    "Tell me a joke.",
    "Tell me a long story.",
)
# Misheard, but near enough for the router: "Roll a twenty-sided dye", "Call that ten miles to".
# Not to be relied on: "Roll a twenty sided die.", "Roll the dice.", "Flip a coin.",
# "Convert ten miles to kilometers.", "Add three and four.", "Hello there.", "Thank you."

_folder = tempfile.TemporaryDirectory(prefix="adk-nb-speech-")


def silence(seconds: float, level: float = 20.0) -> np.ndarray:
    """Returns the quiet noise of a room; digital silence is nowhere to be heard.

    Args:
        seconds: Its duration.
        level: Standard deviation of its samples; 20 is -64 dBFS.
    """
    noise = np.random.default_rng(7).normal(0.0, level, round(seconds * RATE))
    return noise.astype(np.int16)


def noise(seconds: float, level: float = 3000.0) -> np.ndarray:
    """Returns white noise at -21 dBFS, as loud as speech."""
    return silence(seconds, level)


def cough(seconds: float = 0.25) -> np.ndarray:
    """Returns a burst of low-passed noise that dies away, much as a cough does."""
    burst = np.convolve(noise(seconds, 12_000.0), np.ones(6) / 6, "same")
    return (burst * np.exp(-np.linspace(0.0, 4.0, len(burst)))).astype(np.int16)


@functools.cache
def _synthesise(text: str, voice: str, speed: float, pitch: float, volume: float) -> bytes:
    from py_nanotts import NanoTTS

    return NanoTTS().speak(text, voice=voice, speed=speed, pitch=pitch, volume=volume)


def speech(
    text: str,
    voice: str = "en-GB",
    *,
    speed: float = 0.7,
    pitch: float = 1.0,
    volume: float = 0.5,
    lead_s: float = 0.3,
    tail_s: float = 1.0,
    rate: int = RATE,
) -> np.ndarray:
    """Returns spoken text with silence around it, as PCM16 mono samples.

    Args:
        text: What to say.
        voice: Pico's voice.
        speed: Factor on the speed.
        pitch: Factor on the pitch.
        volume: Factor on the amplitude.
        lead_s: Seconds of silence before the first sound.
        tail_s: Seconds of silence after the last sound.
        rate: Samples a second.
    """
    pcm = np.frombuffer(_synthesise(text, voice, speed, pitch, volume), np.int16)
    loud = np.flatnonzero(np.abs(pcm.astype(np.int32)) > 200)
    spoken = pcm[loud[0] : loud[-1] + 1]
    samples = np.concatenate([silence(lead_s), spoken, silence(tail_s)])
    if rate == RATE:
        return samples
    import soxr

    return soxr.resample(samples, RATE, rate)


def wav(text: str, voice: str = "en-GB", **options: float) -> Path:
    """Returns the path of a WAV file of spoken text; see `speech` for the options."""
    name = hashlib.sha256(repr((text, voice, sorted(options.items()))).encode()).hexdigest()[:16]
    path = Path(_folder.name) / f"{name}.wav"
    if not path.exists():
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(int(options.get("rate", RATE)))
            file.writeframes(speech(text, voice, **options).tobytes())
    return path


def microphone(folder: Path, *parts: np.ndarray) -> Path:
    """Writes a WAV of 16 kHz parts for Chromium's fake microphone, one after the other."""
    import soxr

    path = folder / "microphone.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes(soxr.resample(np.concatenate(parts), RATE, 48_000).tobytes())
    return path
