import asyncio
import itertools
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from google.adk.agents import Agent
from google.adk.agents.run_config import RunConfig
from google.adk.sessions.in_memory_session_service import InMemorySessionService
from google.genai import types
from scripted import CUT, DONE, audio, call, echo, heard, result_of, said, text_of
from sessions import Page, agent, attach, do, kinds, wait_for

from adk_nb import LiveSession
from adk_nb.audio import Clip
from adk_nb.exceptions import (
    AdkNbError,
    AudioError,
    BridgeError,
)
from adk_nb.live.swaps import Swaps
from adk_nb.wire import protocol


def test_typed_turns():
    with LiveSession(agent(echo)) as session:
        page = attach(session)
        first = session.say("hi")
        second = session.say("more")
    assert (first.index, first.user_text, first.agent_text) == (1, "hi", "You said hi.")
    assert first.audio.duration_ms == pytest.approx(100, abs=1)
    assert first.audio.rate == 24_000
    assert (second.index, second.agent_text) == (2, "You said more.")
    assert session.turns == [first, second]
    assert [turn for turn, _, _ in page.audio] == [1, 2]
    assert " ".join(page.states()).startswith(
        ("thinking speaking ready", "ready thinking speaking")
    )
    assert page.states()[-1] == "closed"
    assert [k for k in kinds(session) if k != "connected"] == [
        "user_text", "agent_audio", "agent_transcript", "turn_complete", "turn_ended",
    ] * 2  # fmt: skip


async def test_the_async_twins():
    session = LiveSession(agent(echo)).start()
    try:
        turn = await session.say_async("hi")
        assert turn.agent_text == "You said hi."
        await session.interrupt_async()
    finally:
        session.close()


def test_a_blocking_call_in_the_bridge_thread_is_refused():
    with LiveSession(agent(echo)) as session:

        async def inside():
            session.say("hi")

        with pytest.raises(BridgeError, match="_async"):
            session.bridge.call(inside())


def add(a: int, b: int) -> int:
    """Adds two numbers."""
    return a + b


def with_tool(name, **args):
    def answer(came):
        if text_of(came):
            return [call(name, "c1", **args), DONE]
        if result_of(came) is not None:
            return [audio(50), said(f"It is {result_of(came)}.", finished=True), DONE]
        return []

    return answer


def test_a_tool_is_called_once_and_its_turn_is_one():
    with LiveSession(agent(with_tool("add", a=2, b=3), add)) as session:
        page = attach(session)
        turn = session.say("two and three")
    (tool,) = turn.tool_calls
    assert (tool.name, tool.args, tool.result, tool.error) == ("add", {"a": 2, "b": 3}, 5, None)
    assert turn.agent_text == "It is {'result': 5}."
    assert len(session.turns) == 1
    assert [type(m) for m in page.messages if m.type.startswith("tool")] == [
        protocol.ToolCalled, protocol.ToolReturned,
    ]  # fmt: skip
    row = next(row for row in session.log if row.kind == "tool_result")
    assert (row.tool, row.result, row.error) == ("add", 5, None)


def test_a_tool_that_raises_is_told_and_the_conversation_goes_on():
    def broken(a: int) -> int:
        """Breaks."""
        raise RuntimeError("out of dice")

    with LiveSession(agent(with_tool("broken", a=1), broken)) as session:
        page = attach(session)
        turn = session.say("break")
        assert turn.tool_calls[0].error == "RuntimeError: out of dice"
        assert "out of dice" in turn.agent_text
        returned = next(m for m in page.messages if isinstance(m, protocol.ToolReturned))
        assert returned.error == "RuntimeError: out of dice"
        assert session.say("again").index == 2


def test_audio_goes_on_while_a_sync_tool_sleeps():
    released = threading.Event()

    def sleepy() -> str:
        """Sleeps."""
        released.wait(60)
        return "slept"

    with LiveSession(agent(with_tool("sleepy"), sleepy)) as session:
        page = attach(session)
        do(session, session.pages.receive, page, protocol.Mic(on=True))
        future = session.bridge.submit(session.requests.say("sleep", 20))
        wait_for(lambda: "tool_call" in kinds(session))
        came = len(session.agent.model.came)
        for _ in range(20):
            do(session, session.pages.hear, page, bytes(640))
        # The model hears all of it while the tool still sleeps.
        wait_for(lambda: len(session.agent.model.came) >= came + 20)
        assert not future.done()
        released.set()
        turn = future.result(60)
    assert turn.tool_calls[0].result == "slept"
    assert turn.tool_calls[0].ms > 0


def test_a_tool_that_never_returns_can_be_cut_off():
    release = threading.Event()

    def stuck() -> str:
        """Sticks."""
        release.wait(30)
        return "late"

    def answer(came):
        text = text_of(came)
        if text == "stick":
            return [call("stuck", "c1"), DONE]
        return [said(f"You said {text}.", finished=True), DONE] if text else []

    try:
        with LiveSession(agent(answer, stuck)) as session:
            future = session.bridge.submit(session.requests.say("stick", 20))
            wait_for(lambda: "tool_call" in kinds(session))
            session.interrupt()
            assert future.result(5).interrupted
            turn = session.say("hello")
            assert turn.agent_text == "You said hello."
            assert session.turns[0].tool_calls[0].error == "The call was cut off."
            # ADK's history has an answer to the call, which no model would miss.
            events = session.adk_session().events
            (response,) = [one for event in events for one in event.get_function_responses()]
            assert response.response == {"error": "The call was cut off."}
    finally:
        release.set()


def test_a_model_that_cannot_connect_is_told_and_tried_again():
    refusals = [ValueError("Model not found: nope"), OSError("getaddrinfo failed")]
    with LiveSession(agent(echo, refusals=refusals)) as session:
        page = attach(session)
        wait_for(lambda: len(session.agent.model.connects) == 1)
        wait_for(lambda: "error" in kinds(session))
        failed = session.say("one")
        assert "getaddrinfo" in failed.error
        assert page.errors()[-1].code == "no_network"
        assert "local_model" in page.errors()[-1].remedy
        assert session.say("two").agent_text == "You said two."
        errors = [row.error for row in session.log if row.kind == "error"]
        assert "Model not found" in errors[0]
        assert session.status == "ready"


def test_a_model_that_dies_in_mid_turn_ends_the_turn_with_an_error():
    def dies(came):
        if text_of(came) == "die":
            return [audio(50), said("I am d", finished=False), 0.05, RuntimeError("boom")]
        return echo(came)

    with LiveSession(agent(dies)) as session:
        turn = session.say("die")
        assert "boom" in turn.error
        assert turn.agent_text == "I am d"
        assert session.say("live").agent_text == "You said live."


def test_an_error_event_is_the_turns_error():
    from google.adk.models.llm_response import LlmResponse

    def bad(came):
        error = LlmResponse(error_code="QUOTA", error_message="no more", turn_complete=True)
        return [error] if text_of(came) else []

    with LiveSession(agent(bad)) as session:
        page = attach(session)
        assert "QUOTA" in session.say("hi").error
        assert "no more" in page.errors()[0].message
        assert session.status == "ready"


def endless(came):
    text = text_of(came)
    if text == "go on":
        return [
            said("One two three. ", finished=False),
            *[step for _ in range(100) for step in (audio(100), 0.05)],
            DONE,
        ]
    return echo(came)


def test_interrupt_ends_the_turn_and_drops_the_rest_of_the_answer():
    with LiveSession(agent(endless)) as session:
        page = attach(session)
        future = session.bridge.submit(session.requests.say("go on", 20))
        wait_for(lambda: len(page.audio) > 3)
        session.interrupt()
        turn = future.result(5)
        assert turn.interrupted
        assert page.messages[-1] == protocol.State("ready")
        assert protocol.TurnState(1, "interrupted") in page.messages
        count = len(page.audio)
        time.sleep(0.3)
        assert len(page.audio) == count
        assert "interrupted" in kinds(session)


def test_a_page_says_what_was_heard():
    with LiveSession(agent(endless)) as session:
        page = attach(session)
        future = session.bridge.submit(session.requests.say("go on", 20))
        wait_for(lambda: len(page.audio) > 3)
        do(session, session.pages.playback, protocol.Playback("started", 1), None)
        session.interrupt()
        turn = future.result(5)
        do(session, session.pages.playback, protocol.Playback("flushed", 1, played_ms=0.0), None)
        assert turn.heard_text == ""
        assert turn.agent_text == "One two three."
        assert {"playback_started", "playback_flushed"} <= set(kinds(session))


def test_the_models_own_interruption_flushes_and_the_next_turn_is_its_own():
    def barge(came):
        if isinstance(came, types.Blob):
            if came.data[:2] == b"\x01\x00":
                return [
                    heard("First?", finished=True),
                    audio(100),
                    said("Long ans", finished=False),
                ]
            if came.data[:2] == b"\x02\x00":
                return [
                    CUT,
                    heard("Second?", finished=True),
                    audio(50),
                    said("Two.", finished=True),
                    DONE,
                ]
        return []

    with LiveSession(agent(barge)) as session:
        page = attach(session)
        do(session, session.pages.receive, page, protocol.Mic(on=True))
        do(session, session.pages.hear, page, b"\x01\x00" * 320)
        wait_for(lambda: session.turns and session.turns[0].agent_text)
        do(session, session.pages.hear, page, b"\x02\x00" * 320)
        wait_for(lambda: len(session.turns) == 2 and session.turns[1].ended)
    first, second = session.turns
    assert first.interrupted
    assert (second.user_text, second.agent_text, second.interrupted) == ("Second?", "Two.", False)
    assert protocol.TurnState(1, "interrupted") in page.messages
    row = next(row for row in session.log if row.kind == "interrupted")
    assert (row.turn, row.interrupted, row.source) == (1, True, "adk")


def test_typing_over_an_answer_cuts_it():
    cut = threading.Event()

    def answer(came):
        text = text_of(came)
        if text == "go on":  # As a service does, it says no more when it was cut off.
            return itertools.takewhile(lambda _step: not cut.is_set(), endless(came))
        if not text:
            return []
        cut.set()
        return [CUT, *echo(came)]

    with LiveSession(agent(answer)) as session:
        page = attach(session)
        do(session, session.pages.receive, page, protocol.Text("go on"))
        wait_for(lambda: page.audio)
        do(session, session.pages.receive, page, protocol.Text("stop"))
        wait_for(lambda: len(session.turns) == 2 and session.turns[1].ended)
        assert session.turns[0].interrupted
        assert session.turns[1].agent_text == "You said stop."


def test_only_who_has_the_microphone_is_heard():
    with LiveSession(agent(echo)) as session:
        one, two = attach(session), attach(session)
        do(session, session.pages.hear, one, bytes(640))
        assert session.mic_dropped == 1
        do(session, session.pages.receive, one, protocol.Mic(on=True))
        do(session, session.pages.receive, two, protocol.Mic(on=True))
        do(session, session.pages.hear, one, bytes(640))
        assert session.mic_dropped == 2
        do(session, session.pages.hear, two, bytes(640))
        wait_for(lambda: session.agent.model.came)
        do(session, session.pages.detach, two)
        assert kinds(session).count("mic_off") == 1
        assert kinds(session)[-1] == "mic_off"


def test_audio_that_no_model_takes_is_bounded_and_counted():
    from adk_nb.adk.request_queue import MAX_WAITING_MS, RequestQueue

    frames = MAX_WAITING_MS // 20

    async def fill():
        queue = RequestQueue()
        queue.send_content(types.Content(parts=[types.Part(text="first")]))
        for i in range(frames + 30):
            queue.send_realtime(types.Blob(data=i.to_bytes(640, "little"), mime_type="audio/pcm"))
        queue.send_content(types.Content(parts=[types.Part(text="last")]))
        return queue, [await queue.get() for _ in range(frames + 2)]

    queue, got = asyncio.run(fill())
    assert queue.dropped == 30
    assert got[0].content.parts[0].text == "first"
    assert got[1].blob.data == (30).to_bytes(640, "little")
    assert got[-1].content.parts[0].text == "last"


def spoken(came):
    """Answers once it has heard something loud, as a model with its own voice detection."""
    if isinstance(came, types.Blob) and max(came.data) and came.data[0] == 7:
        return [heard("Hello?", finished=True), audio(50), said("Yes.", finished=True), DONE]
    return []


@pytest.mark.long
def test_speak_feeds_a_sound_in_real_time():
    sound = np.zeros(16_000, np.int16)
    sound[8_000] = 7
    with LiveSession(agent(spoken)) as session:
        began = time.monotonic()
        turn = session.speak(sound)
        took = time.monotonic() - began
    assert (turn.user_text, turn.agent_text, turn.spoken) == ("Hello?", "Yes.", True)
    assert took >= 1.0
    assert kinds(session).count("mic_on") == kinds(session).count("mic_off") == 1
    assert session.log.clip("user_audio", 1).duration_ms >= 480


@pytest.mark.long
def test_speak_says_where_nothing_was_heard(monkeypatch):
    monkeypatch.setattr("adk_nb.live.turn_waits._UNHEARD_S", 0.2)
    with LiveSession(agent(spoken)) as session:
        with pytest.raises(AudioError, match="No speech"):
            session.speak(Clip(bytes(3200)))
        with pytest.raises(AudioError, match="There is no file"):
            session.speak("no-such-file.wav")


def test_a_new_page_gets_the_history():
    with LiveSession(agent(with_tool("add", a=1, b=1), add)) as session:
        session.say("sum")

        async def attached():
            return session.pages.attach(Page())

        welcome = session.bridge.call(attached())
    assert [m["type"] for m in welcome.history] == [
        "transcript", "tool_call", "tool_result", "transcript",
    ]  # fmt: skip
    assert welcome.tools == [{"name": "add", "on": True, "description": "Adds two numbers."}]
    assert (welcome.agent, welcome.model, welcome.turn) == ("tester", "scripted", 2)


def test_a_new_page_is_told_of_a_thousand_tools_at_most(monkeypatch):
    many = [{"name": f"t{n}", "on": True, "description": ""} for n in range(5000)]
    with LiveSession(agent(echo)) as session:
        monkeypatch.setattr(Swaps, "tools", many)

        async def attached():
            return session.pages.attach(Page())

        assert session.bridge.call(attached()).tools == many[:1000]


def test_what_the_run_config_leaves_open_is_set_for_notebooks():
    given = RunConfig()
    session = LiveSession(agent(echo), run_config=given, voice="Kore")
    config = session._exchange.live.runner.config
    assert config.response_modalities == [types.Modality.AUDIO]
    assert config.speech_config.voice_config.prebuilt_voice_config.voice_name == "Kore"
    assert given.response_modalities is None
    assert LiveSession(
        agent(echo), audio=False
    )._exchange.live.runner.config.response_modalities == ["TEXT"]


def test_text_only():
    from google.adk.models.llm_response import LlmResponse

    def answer(came):
        if not text_of(came):
            return []
        parts = [
            LlmResponse(content=types.Content(role="model", parts=[types.Part(text=t)]), partial=p)
            for t, p in [("Hel", True), ("lo.", True), ("Hello.", False)]
        ]
        return [*parts, DONE]

    with LiveSession(agent(answer), audio=False) as session:
        turn = session.say("hi")
    assert turn.agent_text == "Hello."
    assert turn.audio.pcm == b""


def test_push_to_talk_cuts_in():
    with LiveSession(agent(endless)) as session:
        page = attach(session)
        do(session, session.pages.receive, page, protocol.Text("go on"))
        wait_for(lambda: page.audio)
        do(session, session.pages.receive, page, protocol.ActivityStart())
        assert session.turns[0].interrupted
        do(session, session.pages.receive, page, protocol.ActivityEnd())


def test_an_error_of_the_page_is_in_the_log():
    with LiveSession(agent(echo)) as session:
        page = attach(session)
        do(session, session.pages.receive, page, protocol.PageError("mic_denied", "No permission."))
        assert [r.error for r in session.log if r.kind == "error"] == ["mic_denied: No permission."]


def test_a_number_is_taken_as_the_users_name():
    sessions = InMemorySessionService()
    with LiveSession(agent(echo), sessions=sessions, session_id="s", user_id=7) as session:
        assert session.say("hi").agent_text == "You said hi."
        assert session.adk_session().user_id == "7"


async def test_a_session_is_an_async_context_manager_too():
    async with LiveSession(agent(echo)) as session:
        assert (await session.say_async("hi")).agent_text == "You said hi."
        assert session.id[0].isalpha()  # Or some programs would read it as a number.
    assert session.status == "closed"


def test_a_recording_goes_where_it_is_said_and_the_page_tells_where(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    with LiveSession(agent(echo), record=True, session_id="x/../../outside") as session:
        page = attach(session)
        assert session.recording.parent == Path("recordings")

        async def welcome():
            return session.pages.attach(page)

        (note,) = [m for m in session.bridge.call(welcome()).history if m["type"] == "note"]
        assert note["text"] == f"It is recorded in {session.recording}."
    with LiveSession(agent(echo), record="~/talks") as session:
        assert session.recording.parent == tmp_path / "home" / "talks"
    with LiveSession(agent(echo), record=False) as session:
        assert session.recording is None
    for odd in ("", 5, b"folder"):
        with pytest.raises(AdkNbError, match=r"record=.* names no folder"):
            LiveSession(agent(echo), record=odd)
        with pytest.raises(AdkNbError, match="names no folder"):
            session.save(odd)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "recordings"]


@pytest.mark.parametrize("on", ["Kore", 1, None])
def test_the_voice_is_on_or_off(on):
    with LiveSession(agent(echo)) as session:
        with pytest.raises(AdkNbError, match="voice is True or False") as raised:
            session.voice = on
        assert raised.value.code == "bad_option"
        assert 'talk(agent, voice="Kore")' in raised.value.remedy
        assert session.voice is True


def test_the_pages_are_told_what_is_masked(monkeypatch):
    monkeypatch.setenv("WEATHER_API_KEY", "geheimnis-12345")
    with LiveSession(agent(echo)) as session:
        page = attach(session)
        session.say("It is geheimnis-12345, and geheimnis-12345 again.")
        session.say("And sk-abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKL is one.")
        notes = [one for one in page.messages if isinstance(one, protocol.Note)]
        assert [one.text for one in notes if one.kind == "masked"] == [
            "The value of WEATHER_API_KEY is shown as [WEATHER_API_KEY].",
            "What looks like a key is shown as [secret].",
        ]
        assert session.masked == ["WEATHER_API_KEY", "secret"]


@pytest.mark.parametrize("odd", [None, "dice", Agent])
def test_what_is_no_agent_is_refused(odd):
    with pytest.raises(AdkNbError, match="is no agent of ADK's") as raised:
        LiveSession(odd)
    assert raised.value.code == "bad_option"


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"on_silence": "shout"}, "on_silence='shout'"),
        ({"silence": 5}, "silence=5"),
        ({"silence": "x"}, "silence='x'"),
    ],
)
def test_what_is_not_known_is_refused(options, name):
    with pytest.raises(AdkNbError, match=name):
        LiveSession(agent(echo), **options)


@pytest.mark.parametrize("timeout", ["x", True, [1]])
def test_what_is_no_time_to_wait_is_refused_before_anything_is_sent(timeout):
    with LiveSession(agent(echo)) as session:
        for ask in (session.say, session.prompt):
            with pytest.raises(AdkNbError, match="timeout=") as raised:
                ask("hi", timeout=timeout)
            assert raised.value.code == "bad_option"
        for change in (
            lambda: session.swap(tools=[], timeout=timeout),
            lambda: session.speak(bytes(3200), timeout=timeout),
        ):
            with pytest.raises(AdkNbError, match="timeout="):
                change()
        assert session.turns == []


def test_without_a_limit_it_waits_as_long_as_it_takes():
    with LiveSession(agent(echo)) as session:
        said = [session.say("hi", timeout=None, wait=wait) for wait in ("text", "first", "heard")]
        assert [turn.user_text for turn in said] == ["hi"] * 3
        assert session.prompt("go", timeout=None).ended
        assert session.swap(tools=[], timeout=None).tools == []


def test_a_closed_session_calls_nobody_with_turns():
    with LiveSession(agent(echo)) as session:
        told = session.on_turn(print)
    with pytest.raises(AdkNbError, match="no turn will come") as raised:
        session.on_turn(repr)
    assert raised.value.code == "session_closed"
    assert session.on_turn(told, remove=True) is told
