"""What the embedded default says where no tool is asked for, and how soon it begins.

    python benchmarks/small_talk.py [--json FILE]

Sixty sentences to four agents, in conversations of ten turns. Counted are answers with a clause
that comes twice, with more than 40 words, or that claim to have done something; measured is the
time from the words to the first clause that can be spoken, and its sound.
"""

# ruff: noqa: E402
from __future__ import annotations

import argparse
import asyncio
import json
import re
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests/local")]

from google.adk.models.llm_request import LlmRequest
from google.genai import types
from tool_set_scores import declared

from adk_nb.local import HibariTTS, LocalLlm
from adk_nb.local.small_talk import claims_action

MOST_WORDS = 40
AGENTS = {
    "dice": ("You are a cheerful game master.", "quickstart"),
    "home": ("You help at home and are brief.", "house"),
    "concierge": ("You are a polite hotel concierge.", "concierge"),
    "pirate": ("You are a grumpy pirate.", None),
}
TALK = """
Hello.|Who are you?|What can you do?|How are you?|I had a long day.|Do you like music?
Why is the sky blue?|What is the capital of France?|Tell me a joke.|I'm bored.
Good morning.|What do you think about cats?|I like dogs.|Who invented the telephone?|Do you sleep?
What is love?|Are you a robot?|That's funny.|Where do you live?|Thank you.
Hi there!|It's raining again.|I don't like rain.|What should I wear?|Do you have a favourite colour?
I'm a table.|Can you dance?|Tell me something interesting.|Really?|Why?
What's up?|I lost my keys.|I'm sad.|What is two plus two?|Are you sure?
How old are you?|Who made you?|Do you dream?|You are wrong.|I'm sorry.
My name is Peter.|What's my name?|Do you speak French?|Say something nice.|What is a black hole?
Who won the world cup?|Is there life on Mars?|I am hungry.|What a day.|Goodbye.
I had a bad day.|It is raining.|My name is Ada.|What is my name?|I passed my exam!
My cat is called Tom.|That is not true.|My grandmother died.|I like chess.|You are funny.
"""


def conversations() -> list[list[str]]:
    said = [each.strip() for each in TALK.strip().replace("\n", "|").split("|")]
    return [said[at : at + 10] for at in range(0, len(said), 10)]


def request(agent: str, contents: list[types.Content]) -> LlmRequest:
    told, group = AGENTS[agent]
    config = types.GenerateContentConfig(
        system_instruction=f'{told}\n\nYou are an agent. Your internal name is "{agent}_agent".'
    )
    if group:
        config.tools = [types.Tool(function_declarations=declared(group))]
    return LlmRequest(contents=contents, config=config)


def content(role: str, text: str) -> types.Content:
    return types.Content(role=role, parts=[types.Part(text=text)])


def repeats(text: str) -> bool:
    clauses = [
        " ".join(re.findall(r"[\w']+", each.lower())) for each in re.split(r"[,.!?;:\u2026]", text)
    ]
    known = [each for each in clauses if each]
    return len(known) > len(set(known))


async def spoken(llm: LocalLlm, voice: HibariTTS, asked: LlmRequest) -> tuple[str, float, bool]:
    """Returns the answer, the time to its first sound in seconds, and whether the model made it."""
    started = time.perf_counter()
    said, partial = "", False

    async def text():
        nonlocal said, partial
        async for response in llm.generate_content_async(asked, stream=True):
            words = "".join(part.text or "" for part in response.content.parts)
            called = [part.function_call for part in response.content.parts if part.function_call]
            if called:
                said = f"[{called[0].name}]"
            elif response.partial:
                partial = True
                said += words
                yield words
            elif not partial:
                said = words
                yield words

    first = float("nan")
    async for _ in voice(text(), cancel=asyncio.Event()):
        if first != first:  # noqa: PLR0124
            first = time.perf_counter() - started
    return said, first, partial


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", type=Path, help="a file for the figures")
    options = parser.parse_args()
    llm, voice = LocalLlm(), HibariTTS()
    llm.warm_up()
    voice.warm_up()
    answers: list[str] = []
    made: list[float] = []
    for agent in AGENTS:
        for sentences in conversations():
            history: list[types.Content] = []
            for sentence in sentences:
                history.append(content("user", sentence))
                said, first, by_model = await spoken(llm, voice, request(agent, history))
                answers.append(said)
                history.append(content("model", said))
                if by_model:
                    made.append(first)
                print(f"{agent:10} {first:5.2f} s  {sentence:36} {said}")
    made.sort()
    figures = {
        "turns": len(answers),
        "repeated": sum(map(repeats, answers)),
        "long": sum(len(each.split()) > MOST_WORDS for each in answers),
        "claims": sum(map(claims_action, answers)),
        "calls": sum(each.startswith("[") for each in answers),
        "most_words": max(len(each.split()) for each in answers),
        "by_model": len(made),
        "first_sound_p50_s": statistics.median(made),
        "first_sound_p95_s": made[round(0.95 * (len(made) - 1))],
    }
    print(json.dumps(figures, indent=1))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
