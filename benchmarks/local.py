"""How soon the embedded default answers, and how soon it falls silent.

    python benchmarks/local.py [--rounds 1] [--whisper] [--json FILE]

Speech is fed in real time, in frames of 20 ms, into an ADK live session of `local_model()`.

1. End of speech (the clip's last sample above the noise) to the first audio of the agent, with a
   tool call between.
2. First sample of a word over a speaking agent to the `interrupted` event; and sounds that are no
   words, which must not interrupt.
"""

# ruff: noqa: E402
from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import resource
import statistics
import sys
import time
import wave
from pathlib import Path

import numpy as np

sys.path[:0] = [str(Path(__file__).parent.parent), str(Path(__file__).parent.parent / "tests")]

from google.adk.agents import Agent
from google.adk.agents.live_request_queue import LiveRequestQueue
from google.adk.agents.run_config import RunConfig, ToolThreadPoolConfig
from google.adk.runners import Runner
from google.adk.sessions import InMemorySessionService
from google.genai import types
from speech import cough, noise, silence, speech

from adk_nb.local import WhisperSTT, local_model
from adk_nb.local.endpointing import level_dbfs

RATE = 16_000
FRAME = RATE // 50
HUMANS = Path("/usr/share/pocketsphinx/test/data")

QUESTIONS = [
    "What time is it in Tokyo?",
    "Please roll a twenty sided dice.",
    "Please flip a coin.",
    "Please convert ten miles to kilometers.",
    "What is the weather in London?",
    "Turn on the light in the kitchen.",
    "Set a timer for five minutes.",
    "What time is it in New York?",
    "What is five times six?",
    "Please turn off the kitchen light.",
]
INTERRUPTIONS = [
    "Stop.",
    "Wait, what time is it in Paris?",
    "No, stop.",
    "Please stop.",
    "Stop, what time is it in London?",
    "What time is it in Tokyo?",
]


def get_time(city: str) -> dict:
    """Returns the current time in a city."""
    return {"city": city, "time": "3:05 PM"}


def roll_dice(sides: int = 6) -> int:
    """Rolls one die and returns the number."""
    return sides


def flip_coin() -> str:
    """Flips a coin."""
    return "heads"


def convert(value: float, from_unit: str, to_unit: str) -> str:
    """Converts a value from one unit to another."""
    return f"{value:g} {from_unit} are many {to_unit}."


def weather(city: str) -> str:
    """Weather forecast for a city."""
    return f"It is sunny in {city}."


def set_light(room: str, on: bool) -> str:
    """Switches the light in a room on or off."""
    return f"The {room} light is {'on' if on else 'off'}."


def set_timer(minutes: int) -> str:
    """Sets a timer."""
    return f"The timer is set for {minutes} minutes."


def multiply(a: float, b: float) -> float:
    """Multiplies two numbers, one times the other."""
    return a * b


def tell_story() -> str:
    """Tells a long story."""
    return " ".join(["Once upon a time there was a king who had twelve daughters."] * 12)


TOOLS = [
    get_time,
    roll_dice,
    flip_coin,
    convert,
    weather,
    set_light,
    set_timer,
    multiply,
    tell_story,
]


class Session:
    """A live session that is fed with sound in real time and notes when things happen."""

    def __init__(self, model) -> None:
        agent = Agent(name="bench", model=model, instruction="You help.", tools=TOOLS)
        self._sessions = InMemorySessionService()
        self._runner = Runner(app_name="bench", agent=agent, session_service=self._sessions)
        self._queue = LiveRequestQueue()
        self.events: list[tuple[float, str, str]] = []

    async def __aenter__(self):
        session = await self._sessions.create_session(app_name="bench", user_id="u")
        config = RunConfig(
            response_modalities=["AUDIO"], tool_thread_pool_config=ToolThreadPoolConfig()
        )
        events = self._runner.run_live(
            user_id="u",
            session_id=session.id,
            live_request_queue=self._queue,
            run_config=config,
        )
        self._reading = asyncio.create_task(self._read(events))
        return self

    async def __aexit__(self, *_) -> None:
        self._queue.close()
        self._reading.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await self._reading

    async def _read(self, events) -> None:
        async for event in events:
            now = time.perf_counter()
            parts = event.content.parts if event.content else None
            for part in parts or []:
                if part.inline_data:
                    self.events.append((now, "audio", ""))
                elif part.function_call:
                    self.events.append((now, "call", f"{part.function_call.name}"))
            heard = event.input_transcription
            if heard and heard.finished:
                self.events.append((now, "heard", heard.text))
            if event.interrupted:
                self.events.append((now, "interrupted", ""))
            if event.turn_complete:
                self.events.append((now, "complete", ""))

    async def feed(self, samples: np.ndarray) -> float:
        """Sends sound in real time; returns when its first sample was due."""
        started = time.perf_counter()
        for index, start in enumerate(range(0, len(samples), FRAME)):
            due = started + (index + 1) * FRAME / RATE
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            data = samples[start : start + FRAME].tobytes()
            blob = types.Blob(data=data, mime_type=f"audio/pcm;rate={RATE}")
            self._queue.send_realtime(blob)
        return started

    async def until(self, kind: str, since: float, within: float = 8.0) -> tuple[float, str]:
        """Feeds silence until something happens; NaN where it does not."""
        deadline = time.perf_counter() + within
        while time.perf_counter() < deadline:
            if found := self.first(kind, since):
                return found
            await self.feed(silence(0.1))
        return float("nan"), ""

    def first(self, kind: str, since: float) -> tuple[float, str] | None:
        found = [(at, text) for at, what, text in self.events if what == kind and at >= since]
        return found[0] if found else None

    def say(self, text: str) -> None:
        self._queue.send_content(types.Content(role="user", parts=[types.Part(text=text)]))


def bounds(samples: np.ndarray, level: float = -40.0) -> tuple[float, float]:
    """Returns when sound first and last is louder than a level in dBFS, in seconds."""
    frames = samples[: len(samples) // 160 * 160].reshape(-1, 160)
    loud = [i for i, frame in enumerate(frames) if level_dbfs(frame) > level]
    return (loud[0] / 100, (loud[-1] + 1) / 100) if loud else (0.0, len(samples) / RATE)


def show(name: str, values: list[float]) -> dict[str, float]:
    known = sorted(value for value in values if value == value)  # noqa: PLR0124
    if not known:
        print(f"{name}: nothing measured")
        return {}
    p95 = known[min(len(known) - 1, round(0.95 * (len(known) - 1)))]
    p50 = statistics.median(known)
    print(f"{name}: p50 {p50:.3f} s  p95 {p95:.3f} s  ({len(known)} of {len(values)})")
    return {"p50_s": p50, "p95_s": p95, "n": len(known), "of": len(values)}


async def answers(model) -> dict[str, float]:
    """Measures the end of speech to the first audio of the agent."""
    latencies = []
    async with Session(model) as session:
        await session.feed(silence(1.0))
        for question in QUESTIONS:
            samples = speech(question, tail_s=0.0)
            _, end = bounds(samples)
            started = await session.feed(samples)
            spoken = started + end
            first, _ = await session.until("audio", spoken)
            heard = session.first("heard", started) or (float("nan"), "")
            call = session.first("call", started) or (float("nan"), "none")
            print(
                f"  {first - spoken:6.3f} s  (transcript {heard[0] - spoken:.3f} s)"
                f"  {call[1]:<10} heard {heard[1]!r}"
            )
            latencies.append(first - spoken if call[1] != "none" else float("nan"))
            await session.until("complete", spoken)
            await session.feed(silence(0.3))
    return show("end of speech to first agent audio", latencies)


async def interruptions(model, sounds: dict[str, np.ndarray]) -> dict[str, float]:
    """Measures how soon sounds over a speaking agent interrupt it."""
    latencies = []
    for name, samples in sounds.items():
        async with Session(model) as session:
            await session.feed(silence(0.5))
            session.say("Tell me a long story.")
            await session.until("audio", 0.0)
            await session.feed(silence(0.7))
            start, _ = bounds(samples)
            started = await session.feed(samples)
            found = session.first("interrupted", started)
            if found is None:
                await session.feed(silence(0.6))
                found = session.first("interrupted", started)
            latency = found[0] - started - start if found else float("nan")
            print(f"  {latency:6.3f} s  {name}")
            latencies.append(latency)
    return show("first word to interrupted", latencies)


def humans() -> dict[str, np.ndarray]:
    """Returns human recordings where Debian's pocketsphinx-testdata is installed."""
    found = {}
    for path in sorted(HUMANS.glob("*/*.wav")):
        with wave.open(str(path)) as recording:
            samples = np.frombuffer(recording.readframes(recording.getnframes()), np.int16)
        found[path.stem] = samples
    return found


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=1, help="how often to ask each question")
    parser.add_argument("--whisper", action="store_true", help="hear with Whisper")
    parser.add_argument("--json", type=Path, help="a file for the figures")
    options = parser.parse_args()
    logging.disable(logging.ERROR)
    figures: dict[str, object] = {}
    model = local_model(stt=WhisperSTT() if options.whisper else None)
    for part in (model.stt, model.tts, model._resolve_llm()):  # noqa: SLF001
        started = time.perf_counter()
        await asyncio.to_thread(part.warm_up)
        figures[f"load {type(part).__name__}"] = time.perf_counter() - started
        print(f"load {type(part).__name__}: {time.perf_counter() - started:.2f} s")
    print("\nEnd of speech to the first audio of the agent, with a tool call between")
    rounds = [await answers(model) for _ in range(options.rounds)]
    figures["answer"] = rounds
    print("\nFirst word over a speaking agent to interrupted")
    voices = {text: speech(text, lead_s=0.1) for text in INTERRUPTIONS}
    figures["interrupt"] = await interruptions(model, voices)
    if recordings := humans():
        print("\nThe same with human voices (an onset is where 10 ms are louder than -40 dBFS)")
        figures["interrupt_human"] = await interruptions(model, recordings)
    print("\nNo words over a speaking agent: nothing may be measured here")
    sounds = {
        "cough": np.concatenate([cough(0.15), silence(0.1), cough(), silence(0.5)]),
        "white noise, 2 s": noise(2.0),
        "click": np.concatenate([noise(0.01, 20_000.0), silence(0.8)]),
        "speech at -50 dBFS": (speech("What time is it in Tokyo?") * 0.012).astype(np.int16),
    }
    figures["no_words"] = await interruptions(model, sounds)
    figures["memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\nmost memory: {figures['memory_mb']:.0f} MB")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
