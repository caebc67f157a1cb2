"""What the frames say of turns and how they ended, against stamps before and after.

A stamp of the test or of the model is taken just before, and one of a page just after, what a
frame has the time of. How far the two are apart is how exactly the machine can tell at the moment,
some milliseconds where it is idle; the frame's time lies between them.
"""

from __future__ import annotations

import asyncio
import json
import time

import pytest
from bridges import Opened
from google.adk.agents import Agent
from google.adk.models.llm_response import LlmResponse
from google.adk.sessions import InMemorySessionService
from google.genai import types
from scripted import CUT, DONE, OPENED, Opening, Scripted, audio, call, result_of, said, text_of
from sessions import Page, do, wait_for
from wire_frames import encode_message

import adk_nb
from adk_nb import LiveSession, events_df, turns_df
from adk_nb.wire import protocol

CLOCKS_MS = 1.0
"""How far two readings of clocks may part (ms)."""
AHEAD_MS = 86_400_000.0
"""The page's clock is a day ahead (ms)."""
ANSWER = [0.1, "text", said("Yes."), 0.15, "sound", audio(300), said("Yes.", finished=True), DONE]


class Script:
    """Answers as it says, and notes when each step was taken (monotonic, s)."""

    def __init__(self, **steps):
        self.steps, self.at = steps, {}

    def __call__(self, came):
        name = "opened" if came is OPENED else text_of(came)
        name = name or ("result" if result_of(came) is not None else "")
        for step in self.steps.get(name, []):
            if isinstance(step, str):
                self.at[step] = time.monotonic()
            else:
                yield step


class Tap(Page):
    """A page that notes when it was told the first of each kind in each turn (monotonic, s)."""

    def __init__(self):
        super().__init__()
        self.at = {}

    def _note(self, *what):
        self.at.setdefault(what, time.monotonic())

    def send_audio(self, turn, rate, pcm):
        self._note("sound", turn)

    def send(self, message):
        super().send(message)
        if isinstance(message, protocol.Transcript) and message.role == "agent":
            self._note("text", message.turn)


def opened(model, record, **options):
    """Opens a session that a page looks on at."""
    model = model if isinstance(model, Scripted) else Scripted(model)
    agent = Agent(name="a", model=model, **options.pop("agent", {}))
    session, tap = LiveSession(agent, record=record, **options).start(), Tap()
    do(session, session.pages.attach, tap)
    return session, tap


def ask(session, text, turn=1):
    """Types a question and waits for the turn to end; returns when it was typed."""
    typed = time.monotonic()
    do(session, lambda: session._exchange.text_input.typed(text, cut_in=False))
    wait_for(lambda: len(session.turns) >= turn and session.turns[turn - 1].ended)
    return typed


def row(source, columns, turn=1):
    (found,) = turns_df(source, ["turn", *columns]).query(f"turn == {turn}").to_dict("records")
    return found


def between(ms, low_s, high_s):
    """Whether a time (ms) lies between two others (s)."""
    return low_s * 1000 - CLOCKS_MS <= ms <= high_s * 1000 + CLOCKS_MS


def on_clock(session, *monotonic):
    """Converts stamps to the session's clock (s)."""
    return [session.log.to_t(stamp * 1000) for stamp in monotonic]


def test_a_typed_turn(tmp_path):
    script = Script(hi=["asked", *ANSWER])
    session, tap = opened(script, tmp_path)
    wall = time.time()
    with session:
        typed = ask(session, "hi")
        sent = on_clock(session, typed, script.at["asked"])
    asked = script.at["asked"]
    columns = ["speech_end_t", "t", "time", "first_text_ms", "first_audio_ms", "answer_ms",
               "filler_ms", "status", "agent_audio_ms", "heard_ms", "first_heard_ms"]  # fmt: skip
    for source in (session, tmp_path):
        found = row(source, columns)
        assert between(found["speech_end_t"] * 1000, *sent)
        assert between(found["t"] * 1000, *sent)
        assert wall - 0.1 < found["time"].timestamp() < wall + (asked - typed) + 0.1
        for column, what in (("first_text_ms", "text"), ("first_audio_ms", "sound")):
            assert between(found[column], script.at[what] - asked, tap.at[what, 1] - typed)
        assert found["answer_ms"] == found["first_audio_ms"]
        assert (found["status"], found["agent_audio_ms"]) == ("complete", 300.0)
        # Nothing was a filler, and nobody played it.
        for missing in ("filler_ms", "heard_ms", "first_heard_ms"):
            assert found[missing] != found[missing]


def test_a_filler_and_the_answer_after_the_tool(tmp_path):
    async def look():
        """Looks."""
        await asyncio.sleep(0.2)
        return "done"

    script = Script(
        hi=["asked", 0.1, "filler", audio(100), said("One moment."), call("look")],
        result=["answering", 0.1, "answer", audio(100), said("Done.", finished=True), DONE],
    )
    session, tap = opened(script, tmp_path, agent={"tools": [look]})
    with session:
        typed = ask(session, "hi")
        ended = time.monotonic()
    asked = script.at["asked"]
    for source in (session, tmp_path):
        found = row(source, ["first_audio_ms", "filler_ms", "answer_ms"])
        assert found["filler_ms"] == found["first_audio_ms"]
        assert between(found["filler_ms"], script.at["filler"] - asked, tap.at["sound", 1] - typed)
        assert between(found["answer_ms"], script.at["answer"] - asked, ended - typed)


async def test_an_interrupted_turn_and_the_next_one_as_a_page_played_them(tmp_path):
    script = Script(
        story=["asked", 0.1, audio(4000), said("Once upon a time there was a fox.")],
        enough=[CUT, "again", 0.1, audio(200), said("Ok.", finished=True), DONE],
    )
    made = Opened(LiveSession(Agent(name="a", model=Scripted(script)), record=tmp_path).start())

    async def report(page, event, turn, ms):
        now = time.monotonic()
        told = protocol.Playback(event, turn, ms, clock=now * 1000 + AHEAD_MS, underruns=0)
        await page.send(encode_message(told))
        return now

    async def type_(page, text):
        now = time.monotonic()
        await page.send(json.dumps({"type": "text", "text": text}))
        return now

    def came(turn):
        turns = made.session.turns
        return len(turns) >= turn and turns[turn - 1].agent_text

    def drained():
        return any(one.kind == "playback_drained" for one in made.session.log)

    try:
        async with made.page(close_timeout=0.1) as page:
            offset = {"type": "clock_offset", "offset_ms": -AHEAD_MS, "error_ms": 0.5}
            await page.send(json.dumps(offset))
            typed = [await type_(page, "story")]
            await asyncio.to_thread(wait_for, lambda: came(1))
            heard = [await report(page, "started", 1, 0.0)]
            typed.append(await type_(page, "enough"))
            await report(page, "flushed", 1, 1234.0)
            await asyncio.to_thread(wait_for, lambda: came(2))
            heard.append(await report(page, "started", 2, 0.0))
            await report(page, "drained", 2, 200.0)
            await asyncio.to_thread(wait_for, drained)
    finally:
        made.close()
    columns = ["status", "heard_ms", "first_heard_ms"]
    for source in (made.session, tmp_path):
        first, second = row(source, columns), row(source, columns, 2)
        assert (first["status"], first["heard_ms"]) == ("interrupted", 1234.0)
        assert (second["status"], second["heard_ms"]) == ("complete", 200.0)
        for found, sent, asked, sounded in zip(
            (first, second), typed, ("asked", "again"), heard, strict=True
        ):
            latest = sounded - script.at[asked]
            assert between(found["first_heard_ms"], latest, sounded - sent)


def test_a_failed_turn_has_the_time_of_its_error_and_what_came_before(tmp_path):
    error = LlmResponse(error_code="500", error_message="no")
    script = Script(
        hi=["asked", 0.1, "begun", audio(100), said("I am"), 0.2, "failed", error],
        there=["again", *ANSWER],
    )
    session, tap = opened(script, tmp_path)
    with session:
        typed = [ask(session, "hi")]
        ended = time.monotonic()
        typed.append(ask(session, "there", 2))
        failed = on_clock(session, script.at["failed"], ended)
    for source in (session, tmp_path):
        found = row(source, ["status", "first_audio_ms", "agent_audio_ms"])
        assert (found["status"], found["agent_audio_ms"]) == ("failed", 100.0)
        low, high = script.at["begun"] - script.at["asked"], tap.at["sound", 1] - typed[0]
        assert between(found["first_audio_ms"], low, high)
        for kind in ("error", "turn_ended"):
            event = events_df(source).query(f"kind == '{kind}' and turn == 1")
            assert between(event.t.iloc[0] * 1000, *failed)
        low, high = script.at["sound"] - script.at["again"], tap.at["sound", 2] - typed[1]
        assert between(row(source, ["first_audio_ms"], 2)["first_audio_ms"], low, high)


def test_a_withheld_answer_has_the_time_of_what_stands_in_its_place(tmp_path):
    guarded = []

    def no_numbers(callback_context, llm_response):
        spoken = llm_response.output_transcription
        if spoken is None or "42" not in (spoken.text or ""):
            return None
        guarded.append(time.monotonic())
        part = types.Part(text="No numbers.")
        return LlmResponse(content=types.Content(role="model", parts=[part]))

    script = Script(hi=["asked", 0.2, said("The number is 42."), 0.2, DONE])
    session, tap = opened(script, tmp_path, agent={"after_model_callback": no_numbers})
    with session:
        typed = ask(session, "hi")
    for source in (session, tmp_path):
        found = row(source, ["withheld", "agent_text", "first_text_ms", "first_audio_ms"])
        assert (found["withheld"], found["agent_text"]) == (True, "No numbers.")
        low, high = guarded[0] - script.at["asked"], tap.at["text", 1] - typed
        assert between(found["first_text_ms"], low, high)
        assert found["first_audio_ms"] != found["first_audio_ms"]


@pytest.mark.long
def test_a_hand_over_has_its_time_and_its_answer_the_whole_latency(tmp_path):
    script = Script(hi=["asked", 0.1, "moved", call("transfer_to_agent", agent_name="b")])
    other = Script(opened=ANSWER)
    sub = Agent(name="b", model=Opening(other), description="Knows.")
    session, tap = opened(script, tmp_path, agent={"sub_agents": [sub]})
    with session:
        typed = ask(session, "hi")
        moved = on_clock(session, script.at["moved"], other.at["text"])
    for source in (session, tmp_path):
        transfer = events_df(source).query("kind == 'agent_transfer'")
        assert between(transfer.t.iloc[0] * 1000, *moved)
        low, high = other.at["sound"] - script.at["asked"], tap.at["sound", 1] - typed
        assert between(row(source, ["first_audio_ms"])["first_audio_ms"], low, high)


def test_a_conversation_that_is_taken_up_again_has_a_clock_of_its_own(tmp_path):
    service = InMemorySessionService()
    for folder in ("one", "two"):
        script = Script(hi=["asked", *ANSWER])
        session, tap = opened(script, tmp_path / folder, sessions=service, session_id="s")
        with session:
            typed = ask(session, "hi")
            sent = on_clock(session, typed, script.at["asked"])
        for source in (session, tmp_path / folder):
            found = row(source, ["speech_end_t", "first_audio_ms"])
            assert between(found["speech_end_t"] * 1000, *sent)
            low, high = script.at["sound"] - script.at["asked"], tap.at["sound", 1] - typed
            assert between(found["first_audio_ms"], low, high)
    assert adk_nb.turns_df(tmp_path).run_id.nunique() == 2
