"""Whether sentences that are spoken get the calls that they get when they are typed.

    python benchmarks/spoken.py [--held-out] [--voices hibari ...] [--show] [--json FILE]

Fifty sentences of the table that the rules were made with, typed, and spoken by hibari, by Pico's
British and American voices and by espeak-ng (where it is installed), through `MoonshineSTT` and
`LocalLlm`. With `--held-out` fifty to other tools, which were put aside before the work on hearing.
"""

# ruff: noqa: E402
from __future__ import annotations

import argparse
import asyncio
import io
import json
import shutil
import subprocess
import sys
import wave
from datetime import datetime
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests/local")]

import spoken_held_out
import tool_set_cases
from google.adk.live import UserTurnFinished
from google.adk.models.llm_request import LlmRequest
from google.genai import types
from speech import silence
from tool_set_scores import declared, score

from adk_nb.local import LocalLlm, MoonshineSTT
from adk_nb.local.router import Router
from adk_nb.local.speakable import speakable
from adk_nb.local.voices import hibari, pico
from adk_nb.resampling import Resampler

RATE = 16_000
SENTENCES = 50
NOW = datetime(2026, 3, 4, 10)  # noqa: DTZ001 - A Wednesday, on the user's clock.


class Brain(LocalLlm):
    """The brain on the day that the table is about."""

    def _clock(self) -> datetime:
        return NOW


def some() -> dict:
    """Returns fifty sentences, evenly out of the table."""
    rows = [(group, row) for group, each in tool_set_cases.CASES.items() for row in each]
    chosen = [rows[round(at * (len(rows) - 1) / (SENTENCES - 1))] for at in range(SENTENCES)]
    return {group: [row for name, row in chosen if name == group] for group, _ in chosen}


def espeak(text: str) -> tuple[bytes, int]:
    command = ["espeak-ng", "--stdout", "-v", "en-us", "-s", "150", text]
    sound = subprocess.run(command, capture_output=True, check=True).stdout
    with wave.open(io.BytesIO(sound)) as file:
        return file.readframes(file.getnframes() % (1 << 26)), file.getframerate()


def voices() -> dict:
    """Returns what makes PCM of a text, by name."""

    def of(synth):
        return lambda text: (synth.speak(speakable(text)), synth.rate)

    found = {
        "hibari": of(hibari().load()),
        "pico en-GB": of(pico("en-GB").load()),
        "pico en-US": of(pico("en-US").load()),
    }
    return found | ({"espeak-ng": espeak} if shutil.which("espeak-ng") else {})


def sound(voice, text: str) -> np.ndarray:
    pcm, rate = voice(text)
    samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], np.int16)
    if rate != RATE:
        samples = Resampler(rate, RATE).push(samples)
    return np.concatenate([silence(0.3), samples, silence(1.5)])


async def hear(stt: MoonshineSTT, samples: np.ndarray) -> list[str]:
    async def blobs():
        for start in range(0, len(samples), RATE // 50):
            data = samples[start : start + RATE // 50].tobytes()
            yield types.Blob(data=data, mime_type=f"audio/pcm;rate={RATE}")

    return [event.text async for event in stt(blobs()) if isinstance(event, UserTurnFinished)]


async def calls_of(brain: Brain, group: str, said: list[str]) -> list:
    tools = [types.Tool(function_declarations=declared(group))]
    contents = [types.Content(role="user", parts=[types.Part(text=text)]) for text in said]
    asked = LlmRequest(contents=contents, config=types.GenerateContentConfig(tools=tools))
    async for response in brain.generate_content_async(asked):
        parts = response.content.parts if response.content else []
        return [
            (part.function_call.name, part.function_call.args)
            for part in parts
            if part.function_call
        ]
    return []


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--show", action="store_true", help="show what was understood otherwise")
    parser.add_argument("--json", type=Path, help="a file for the figures")
    parser.add_argument("--held-out", action="store_true", help="the table that was put aside")
    parser.add_argument("--voices", nargs="*", help="only these voices")
    options = parser.parse_args()
    cases, figures = (spoken_held_out.CASES if options.held_out else some()), {}
    speakers = {
        name: voice
        for name, voice in voices().items()
        if options.voices is None or name in options.voices
    }
    for name, voice in {"typed": None, **speakers}.items():
        brain, stt = Brain(max_tokens=1), MoonshineSTT()
        stt.hearing = brain.hearing
        heard: dict[str, list[str]] = {}
        got = {}
        for group, rows in cases.items():
            brain.hearing.router = Router(declared(group), now=NOW)
            for sentence, _ in rows:
                heard[sentence] = await hear(stt, sound(voice, sentence)) if voice else [sentence]
                got[group, sentence] = await calls_of(brain, group, heard[sentence])
        total = score(cases, lambda group, sentence, got=got: got[group, sentence])
        figures[name] = {"right": total.right, "no_wrong_call": total.harmless}
        print(f"{name}: {total}")
        for sentence, _, calls in total.failures if options.show else []:
            print(f"  {sentence!r} was heard as {heard[sentence]}: {calls}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
