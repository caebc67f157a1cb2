"""ADK's Gemini against the Live API's stand-in, through whole sessions."""

from __future__ import annotations

import time

import live_api as live
import pytest
from google.adk.agents import Agent
from google.adk.agents.run_config import RunConfig
from google.adk.tools import google_search
from google.genai import types
from live_api import NEW, OLD
from sessions import attach, do, kinds, wait_for

from adk_nb import LiveSession
from adk_nb.adk.gemini_connection import LongConnection
from adk_nb.wire import protocol

BOTH = pytest.mark.parametrize("model", [OLD, NEW])
RATE = 16_000


def agent(model=NEW, *tools, name="tester", **options):
    return Agent(name=name, model=model, tools=list(tools), **options)


@BOTH
def test_typed_turns(serve, model):
    api = serve(live.echo_text)
    with LiveSession(agent(model)) as session:
        page = attach(session)
        turn = session.say("hi")
        assert (turn.agent_text, turn.error) == ("You said hi.", None)
        assert turn.audio.rate == 24_000
        assert page.audio
        assert session.say("more").agent_text == "You said more."
    assert len(api.connections) == 1
    assert api.connections[0].setup.session_resumption is not None


def add(a: int, b: int) -> int:
    """Adds two numbers."""
    return a + b


@BOTH
def test_a_tool_is_called_and_answered_in_one_turn(serve, model):
    serve(live.tool_user("add", {"a": 2, "b": 3}))
    with LiveSession(agent(model, add)) as session:
        turn = session.say("two and three")
        assert (turn.agent_text, turn.tool_calls[0].result) == ("It says 5.", 5)
        assert session.say("again").agent_text == "It says 5."
        assert len(session.turns) == 2


@BOTH
def test_speech_arrives_sample_by_sample(serve, model):
    api = serve(live.listener(["What time is it?"], answer="It is noon."))
    with LiveSession(agent(model)) as session:
        page = object()
        wait_for(lambda: session.status == "ready")
        do(session, lambda: session._exchange.realtime_input.open_microphone(page, on=True))
        sound = live.tone(600, RATE) + bytes(RATE * 2)
        for start in range(0, len(sound), 640):
            do(session, session.pages.hear, page, sound[start : start + 640])
        wait_for(lambda: session.turns and session.turns[0].ended)
        (turn,) = session.turns
        assert (turn.user_text, turn.agent_text) == ("What time is it?", "It is noon.")
        wait_for(lambda: len(api.connections[0].audio) == len(sound))
    assert api.connections[0].audio == sound


# What a connection does not outlive, the conversation does.


@pytest.mark.long
@BOTH
def test_a_go_away_between_turns_goes_unnoticed(serve, model):
    api = serve(live.long_session(turns=2), speed=1)
    with LiveSession(agent(model)) as session:
        for n in range(1, 6):
            assert session.say(f"text {n}").agent_text == f"Turn {n}: text {n}."
            time.sleep(0.2)  # Nobody speaks without a pause.
        assert [turn.error for turn in session.turns] == [None] * 5
        assert len(session.turns) == 5
    assert len(api.connections) >= 2
    assert api.connections[1].handle
    assert [row.error for row in session.log if row.kind == "error"] == []


@BOTH
def test_a_go_away_in_mid_answer_waits_for_its_end(serve, model):
    async def first(call):
        await call.setup()
        await call.resumable()
        await call.text_turn()
        await call.say("The first half", audio_ms=200)
        await call.go_away(50)
        await call.sleep(0.5)
        await call.say(" and the second.", audio_ms=200)
        await call.done()
        await call.resumable()
        await call.hang()

    api = serve([first, live.echo_text])
    with LiveSession(agent(model)) as session:
        assert session.say("go").agent_text == "The first half and the second."
        wait_for(lambda: len(api.connections) == 2)
        assert session.say("on").agent_text == "You said on."


@pytest.mark.long
def test_forty_minutes(serve):
    """Four connections of ten minutes, at 600 times the speed; a turn every two minutes."""
    api = serve(live.long_session(turns=5, time_left=60), speed=600)
    with LiveSession(agent()) as session:
        page = attach(session)
        for n in range(1, 21):
            turn = session.say(f"minute {2 * n}")
            assert (turn.index, turn.agent_text) == (n, f"Turn {n}: minute {2 * n}.")
            time.sleep(0.05)
        assert len(session.turns) == 20
        assert not any(turn.error for turn in session.turns)
        assert page.errors() == []
    assert len(api.connections) >= 4


@BOTH
@pytest.mark.parametrize("how", ["1011", "drop"])
def test_a_cut_before_the_answer_is_asked_again_once(serve, model, how):
    async def cut(call):
        await call.setup()
        await call.resumable()
        await call.text_turn()
        await (call.drop() if how == "drop" else call.close(1011, "Internal error"))

    api = serve([cut, live.echo_text])
    with LiveSession(agent(model)) as session:
        page = attach(session)
        turn = session.say("hi")
        assert (turn.agent_text, turn.error) == ("You said hi.", None)
        assert len(session.turns) == 1
        assert "reconnecting" in page.states()
        assert [m.code for m in page.errors()] == ["connection_lost"]
        assert kinds(session).count("disconnected") >= 1
        assert session.say("more").agent_text == "You said more."
    assert len(api.connections) == 2


def test_a_cut_in_mid_answer_is_asked_again_in_the_same_turn(serve):
    async def cut(call):
        await call.setup()
        await call.resumable()
        await call.text_turn()
        await call.say("You sa", audio_ms=100)
        await call.close(1011, "Internal error")

    serve([cut, live.echo_text])
    with LiveSession(agent()) as session:
        turn = session.say("hi")
        assert turn.agent_text.endswith("You said hi.")
        assert turn.error is None
        assert len(session.turns) == 1


def test_a_turn_that_breaks_every_connection_fails_and_the_next_one_works(serve):
    async def breaks(call):
        await call.setup()
        await call.resumable()
        while True:
            text = await call.text_turn(timeout=None)
            if text == "break":
                await call.close(1011, "Internal error")
                return
            await call.say(f"You said {text}.")
            await call.done()

    serve(breaks)
    with LiveSession(agent()) as session:
        turn = session.say("break")
        assert "lost twice" in turn.error
        assert session.say("hi").agent_text == "You said hi."


@BOTH
def test_without_a_handle_the_history_is_told_again(serve, model):
    async def cut(call):
        await call.setup()
        await call.text_turn()
        await call.say("Hello Ann.")
        await call.done()
        await call.drop()

    api = serve([cut, live.echo_text])
    with LiveSession(agent(model), resume=False) as session:
        assert session.say("I am Ann").agent_text == "Hello Ann."
        wait_for(lambda: len(api.connections) == 2)
        turn = session.say("who am I?")
        assert (turn.index, turn.agent_text) == (2, "You said who am I?.")
        assert len(session.turns) == 2
    told = [text for _, text in api.connections[1].turns]
    assert told[:2] == ["I am Ann", "Hello Ann."]


def test_a_refused_handle_begins_anew_with_the_history(serve):
    async def first(call):
        await call.setup()
        await call.resumable()
        await call.text_turn()
        await call.say("Hello Ann.")
        await call.done()
        call.api.sessions.clear()  # It forgets every handle.
        await call.drop()

    api = serve([first, live.echo_text])
    with LiveSession(agent()) as session:
        session.say("I am Ann")
        turn = session.say("who am I?")
        assert turn.agent_text == "You said who am I?."
        assert len(session.turns) == 2
    assert [text for _, text in api.connections[-1].turns][:2] == ["I am Ann", "Hello Ann."]


@pytest.mark.long
def test_what_the_user_says_while_there_is_no_connection_is_not_lost(serve):
    async def first(call):
        await call.setup()
        await call.resumable()
        await call.drop()

    async def slow(call):
        await call.sleep(1)
        await live.listener(["Are you there?"], answer="Yes.")(call)

    api = serve([first, slow])
    with LiveSession(agent()) as session:
        page = attach(session)
        wait_for(lambda: session.status == "reconnecting")
        do(session, lambda: session._exchange.realtime_input.open_microphone(page, on=True))
        sound = live.tone(500, RATE) + bytes(RATE)
        for start in range(0, len(sound), 640):
            do(session, session.pages.hear, page, sound[start : start + 640])
        wait_for(lambda: session.turns and session.turns[0].ended)
        assert session.turns[0].agent_text == "Yes."
    assert sound in api.connections[-1].audio


@BOTH
def test_a_swap_tells_the_history_and_the_model_does_not_speak_unasked(serve, model):
    api = serve(live.echo_text)
    with LiveSession(agent(model)) as session:
        session.say("the word is apple")
        session.swap(agent(model, name="other", instruction="Be brief."))
        time.sleep(0.3)
        turn = session.say("which word?")
        assert (turn.index, turn.agent) == (2, "other")
        assert turn.agent_text == "You said which word?."
    told = " ".join(text for _, text in api.connections[1].turns)
    assert "the word is apple" in told
    assert not api.connections[1].setup.session_resumption.handle


# Errors in the user's words.


@pytest.mark.parametrize(
    ("scenario", "code"),
    [
        (live.bad_key(), "bad_credentials"),
        (live.no_model, "model_not_found"),
        (live.over_quota(), "quota"),
        (live.closing(1007, "Request contains an invalid argument."), "invalid_argument"),
        (live.Refuse(403), "permission_denied"),
        (live.Refuse(503), "unavailable"),
    ],
)
def test_what_the_api_refuses_is_explained(serve, scenario, code):
    serve(scenario)
    with LiveSession(agent()) as session:
        page = attach(session)
        turn = session.say("hi")
        assert turn.error
        wait_for(page.errors)
        assert {m.code for m in page.errors()} == {code}
        assert page.errors()[-1].remedy
        assert "stand-in" not in " ".join(row.error or "" for row in session.log)


def test_no_key_is_told_before_anything_is_dialled(serve, monkeypatch):
    api = serve(live.echo_text)
    monkeypatch.delenv("GOOGLE_API_KEY")
    with LiveSession(agent()) as session:
        turn = session.say("hi")
        assert "GOOGLE_API_KEY" in turn.error
    assert api.connections == []


# What the setup says.


def test_every_option_reaches_the_setup(serve):
    api = serve(live.echo_text)
    given = RunConfig(
        context_window_compression=types.ContextWindowCompressionConfig(
            trigger_tokens=1000, sliding_window=types.SlidingWindow(target_tokens=500)
        ),
        proactivity=types.ProactivityConfig(proactive_audio=True),
    )
    thinking = types.GenerateContentConfig(
        thinking_config=types.ThinkingConfig(thinking_budget=64),
        media_resolution=types.MediaResolution.MEDIA_RESOLUTION_LOW,
    )
    one = agent(OLD, generate_content_config=thinking)
    with LiveSession(
        one, run_config=given, voice="Kore", language="de-DE", detection="manual", affective=True
    ) as session:
        session.say("hi")
    setup = api.connections[0].setup
    generation = setup.generation_config
    speech = generation.speech_config
    assert speech.voice_config.prebuilt_voice_config.voice_name == "Kore"
    assert speech.language_code == "de-DE"
    assert generation.response_modalities == ["AUDIO"]
    assert generation.enable_affective_dialog is True
    assert generation.thinking_config.thinking_budget == 64
    assert generation.media_resolution == "MEDIA_RESOLUTION_LOW"
    assert setup.realtime_input_config.automatic_activity_detection.disabled is True
    assert setup.context_window_compression.trigger_tokens == 1000
    assert setup.proactivity.proactive_audio is True
    assert setup.input_audio_transcription is not None
    assert setup.output_audio_transcription is not None
    assert setup.session_resumption is not None


def test_what_is_switched_off_or_given_as_an_option_reaches_the_setup(serve):
    api = serve(live.echo_text)
    options = {"transcribe": False, "resume": False, "compress": 2000, "proactive": True}
    with LiveSession(agent(OLD), detection="server", **options) as session:
        wait_for(lambda: session.status == "ready")
    setup = api.connections[0].setup
    assert setup.input_audio_transcription is None
    assert setup.output_audio_transcription is None
    assert setup.session_resumption is None
    assert setup.context_window_compression.trigger_tokens == 2000
    assert setup.proactivity.proactive_audio is True
    assert setup.realtime_input_config.automatic_activity_detection.disabled is False


def test_what_a_model_does_not_support_is_said_before_it_fails(serve):
    serve(live.echo_text)
    with LiveSession(agent(OLD), audio=False) as session:
        errors = [row.error for row in session.log if row.kind == "error"]
    assert any("speak" in error for error in errors)


def test_text_alone_is_asked_for(serve):
    api = serve(live.echo_text)
    with LiveSession(agent("gemini-live-2.5-flash-preview"), audio=False) as session:
        page = attach(session)
        assert session.say("hi").agent_text == "You said hi."
        assert page.audio == []
    assert api.connections[0].setup.generation_config.response_modalities == ["TEXT"]


def test_push_to_talk_marks_the_activity(serve):
    api = serve(live.listener(["Hello."], answer="Hi."))
    with LiveSession(agent(OLD), detection="manual") as session:
        page = attach(session)
        wait_for(lambda: session.status == "ready")
        do(session, lambda: session._exchange.realtime_input.open_microphone(page, on=True))
        do(session, session.pages.receive, page, protocol.ActivityStart())
        for _ in range(10):
            do(session, session.pages.hear, page, live.tone(20, RATE))
        do(session, session.pages.receive, page, protocol.ActivityEnd())
        wait_for(lambda: session.turns and session.turns[0].ended)
        assert session.turns[0].agent_text == "Hi."
    assert api.connections[0].signals == ["activity_start", "activity_end"]


def test_pictures_arrive_as_video(serve):
    api = serve(live.echo_text)
    jpeg = b"\xff\xd8picture\xff\xd9"
    with LiveSession(agent()) as session:
        page = attach(session)
        wait_for(lambda: session.status == "ready")
        do(session, session.pages.see, page, b"of nobody")
        do(session, session.pages.receive, page, protocol.Camera("camera", on=True))
        do(session, session.pages.see, page, jpeg)
        wait_for(lambda: api.connections[0].video)
    assert api.connections[0].video == [jpeg]
    assert session.pages.images_seen == 1


def test_the_sources_of_a_search_are_kept(serve):
    serve(live.google_search())
    with LiveSession(agent(NEW, google_search)) as session:
        turn = session.say("Did it rain in Oslo?")
        assert turn.agent_text == "It rained in Oslo."
        assert turn.sources == [{"title": "yr.no", "uri": "https://www.yr.no/oslo"}]
        assert session.turns_df(["sources"]).sources.tolist() == [turn.sources]


@BOTH
def test_a_model_that_takes_the_history_at_its_word_hears_the_user(serve, model):
    api = serve(live.echo_text, history_waits=model == NEW)
    with LiveSession(agent(model)) as session:
        session.say("the word is apple")
        session.swap()
        assert session.say("which word?").agent_text == "You said which word?."
    assert len(api.connections) == 2


def test_without_resumption_a_go_away_keeps_what_was_said(serve):
    async def first(call):
        await call.setup()
        await call.text_turn()
        await call.say("Hello Ann.")
        await call.done()
        await call.go_away(50)
        await call.hang()

    api = serve([first, live.echo_text])
    with LiveSession(agent(), resume=False) as session:
        session.say("I am Ann")
        wait_for(lambda: len(api.connections) == 2)
        assert session.say("hi").agent_text == "You said hi."
    assert [text for _, text in api.connections[1].turns][:2] == ["I am Ann", "Hello Ann."]


@pytest.mark.long
def test_a_service_that_ends_each_connection_is_given_up(serve):
    async def restless(call):
        await call.setup()
        await call.resumable()
        await call.close(1011, "Internal error")

    api = serve(restless)
    with LiveSession(agent()) as session:
        page = attach(session)
        wait_for(page.errors)
        assert page.errors()[-1].code == "connection_lost"
        time.sleep(1)
        assert len(api.connections) < 40
        assert session.status == "ready"


def test_a_setup_that_is_never_answered_is_given_up(serve, monkeypatch):
    monkeypatch.setattr("adk_nb.live.model_connection._CONNECT_S", 0.5)
    serve(live.hanging)
    with LiveSession(agent()) as session:
        turn = session.say("hi")
        assert "not connected within 0.5 s" in turn.error


def test_speech_connects_again_after_an_error(serve):
    api = serve([live.closing(1007, "Request contains an invalid argument."), live.listener()])
    with LiveSession(agent()) as session:
        page = attach(session)
        session.say("hi")
        assert session.turns[0].error
        do(session, lambda: session._exchange.realtime_input.open_microphone(page, on=True))
        wait_for(lambda: len(api.connections) == 2)
        for start in range(60):
            sound = live.tone(20, RATE) if start < 30 else bytes(640)
            do(session, session.pages.hear, page, sound)
        wait_for(lambda: len(session.turns) == 2 and session.turns[1].ended)
        assert session.turns[1].error is None


@BOTH
@pytest.mark.parametrize("how", ["interrupt", "typed over"])
def test_what_follows_a_cut_is_answered_in_its_own_turn(serve, model, how):
    """Of the answer that was cut off come the rest, `interrupted` and its own `turnComplete`."""

    async def scenario(call):
        await call.setup()
        await call.text_turn()
        await call.say_until_interrupted("word " * 200, 10_000)
        text = call.connection.texts[-1]
        await call.say(f"You said {text}.")
        await call.done()

    serve(scenario)
    with LiveSession(agent(model)) as session:
        page = attach(session)
        do(session, session.pages.receive, page, protocol.Text("a story"))
        wait_for(lambda: session.turns and session.turns[0].agent_text)
        if how == "interrupt":
            session.interrupt()
        turn = session.say("hello")
        assert (turn.index, turn.agent_text) == (2, "You said hello.")
        time.sleep(0.2)
        assert [t.interrupted for t in session.turns] == [True, False]


@pytest.mark.long
@BOTH
def test_a_transfer_is_no_lost_connection(serve, model):
    async def host(call):
        await call.setup()
        await call.resumable()
        await call.text_turn()
        await call.tool_call(("transfer_to_agent", {"agent_name": "helper"}))
        await call.hang()

    async def helper(call):
        await call.setup()
        await call.say("Helper here.")
        await call.done()
        await call.hang()

    api = serve([host, helper])
    below = agent(model, name="helper", description="Helps.")
    root = Agent(name="host", model=model, sub_agents=[below])
    with LiveSession(root) as session:
        page = attach(session)
        turn = session.say("help")
        assert (turn.agent, turn.agent_text, turn.error) == ("helper", "Helper here.", None)
        assert page.errors() == []
        assert "disconnected" not in kinds(session)
    assert api.connections[1].texts in ([], ["."])


def test_a_run_that_is_no_sessions_has_adks_own_connection():
    service = object()
    assert LongConnection(service)._gemini_session is service
