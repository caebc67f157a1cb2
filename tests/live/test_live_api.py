"""The Live API's stand-in under the real google-genai SDK and the real ADK.

What ADK and the SDK do with each failure is written down here as they do it today: a change of
theirs that fails one of these is a change that our own code has to know of.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from typing import Any

import live_api as live
import pytest
from google import genai
from google.adk.agents import Agent, LiveRequestQueue, RunConfig
from google.adk.events import Event
from google.adk.models import Gemini
from google.adk.models.llm_request import LlmRequest
from google.adk.runners import InMemoryRunner
from google.genai import errors, types
from live_api import NEW, OLD
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

BOTH = pytest.mark.parametrize("model", [OLD, NEW])
RESUMING = {"session_resumption": types.SessionResumptionConfig()}
HISTORY = [("user", "My name is Ann."), ("model", "Hello Ann.")]

Serve = Callable[..., live.LiveApi]


def typed(text: str, role: str = "user") -> types.Content:
    return types.Content(role=role, parts=[types.Part(text=text)])


def spoken(ms: int, volume: float = 0.1) -> types.Blob:
    data = live.tone(ms, 16_000, volume)
    return types.Blob(data=data, mime_type="audio/pcm;rate=16000")


async def ask(session: Any, text: str) -> list[types.LiveServerMessage]:
    await session.send_client_content(turns=typed(text))
    return [message async for message in session.receive()]


async def once(model: str = OLD, **config: Any) -> list[types.LiveServerMessage]:
    """Has one typed turn over the bare SDK."""
    async with genai.Client().aio.live.connect(model=model, config=config or None) as session:
        return await ask(session, "Hi")


def words(messages: list[types.LiveServerMessage]) -> str:
    contents = [message.server_content for message in messages if message.server_content]
    said = [content.output_transcription for content in contents if content.output_transcription]
    return "".join(piece.text or "" for piece in said)


class Talk:
    """A run_live in the background: what it yields, and how it ends."""

    def __init__(self, runner: InMemoryRunner, session_id: str, config: RunConfig) -> None:
        self.queue = LiveRequestQueue()
        self.events: list[Event] = []
        self._stream = runner.run_live(
            user_id="u", session_id=session_id, live_request_queue=self.queue, run_config=config
        )
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        async for event in self._stream:
            self.events.append(event)

    def say(self, text: str) -> None:
        self.queue.send_content(typed(text))

    async def until(self, holds: Callable[[], Any]) -> None:
        async with asyncio.timeout(60):
            while not holds():
                await asyncio.sleep(0.005)
                if self.task.done() and not holds():
                    self.task.result()
                    raise AssertionError("it ended early")

    async def turn(self, text: str) -> None:
        had = self.turns
        self.say(text)
        await self.until(lambda: self.turns > had)

    @property
    def turns(self) -> int:
        return sum(bool(event.turn_complete) for event in self.events)

    @property
    def said(self) -> list[str]:
        final = [e.output_transcription for e in self.events if not e.partial]
        return [piece.text or "" for piece in final if piece]

    @property
    def heard(self) -> list[str]:
        final = [e.input_transcription for e in self.events if not e.partial]
        return [piece.text or "" for piece in final if piece]

    async def stop(self) -> None:
        # ADK swallows a cancellation that comes while it gives up a connection, and dials again.
        while not self.task.done():
            self.task.cancel()
            await asyncio.wait({self.task}, timeout=0.2)

    async def end(self) -> None:
        async with asyncio.timeout(60):
            await self.task


async def remember(runner: InMemoryRunner, session: Any, history: list[tuple[str, str]]) -> None:
    for role, text in history:
        author = "user" if role == "user" else "helper"
        event = Event(author=author, invocation_id="earlier", content=typed(text, role))
        await runner.session_service.append_event(session, event)


@contextlib.asynccontextmanager
async def talking(
    model: str = OLD, *, tools: Any = (), history: Any = (), **config: Any
) -> AsyncIterator[Talk]:
    agent = Agent(name="helper", model=Gemini(model=model), tools=list(tools))
    runner = InMemoryRunner(agent=agent, app_name="app")
    session = await runner.session_service.create_session(app_name="app", user_id="u")
    await remember(runner, session, history)
    settings = RunConfig(response_modalities=[types.Modality.AUDIO], **config)
    talk = Talk(runner, session.id, settings)
    try:
        yield talk
    finally:
        await talk.stop()


def get_weather(city: str) -> dict[str, str]:
    """Returns the weather of a city."""
    return {"result": f"rain in {city}"}


# The SDK.


async def test_the_setup_reaches_it_as_the_sdk_encodes_it(serve: Serve) -> None:
    api = serve(live.echo_text)
    await once(
        response_modalities=["AUDIO"],
        system_instruction="Be brief.",
        tools=[get_weather, {"google_search": {}}],
        output_audio_transcription={},
        realtime_input_config={"automatic_activity_detection": {"disabled": True}},
        speech_config={"voice_config": {"prebuilt_voice_config": {"voice_name": "Puck"}}},
    )
    (connection,) = api.connections
    setup = connection.setup
    assert setup is not None
    assert setup.model == f"models/{OLD}"
    assert setup.system_instruction == typed("Be brief.")
    assert setup.generation_config is not None
    assert setup.generation_config.response_modalities == [types.Modality.AUDIO]
    assert {name for tool in setup.tools or [] for name in tool.model_fields_set} == {
        "google_search",
        "function_declarations",
    }
    assert setup.realtime_input_config is not None
    assert setup.realtime_input_config.automatic_activity_detection is not None
    assert connection.key == "stand-in"
    assert connection.query == {}
    assert ".v1beta." in connection.path


async def test_vertex_ai_dials_another_path(serve: Serve) -> None:
    api = serve(live.echo_text)
    client = genai.Client(vertexai=True, api_key="express")
    async with client.aio.live.connect(model=OLD) as session:
        await ask(session, "Hi")
    (connection,) = api.connections
    path = "/ws/google.cloud.aiplatform.v1beta1.LlmBidiService/BidiGenerateContent"
    assert connection.path == path
    assert connection.key == "express"
    assert connection.model == f"publishers/google/models/{OLD}"


async def test_a_text_turn_is_answered_with_audio_and_transcript(serve: Serve) -> None:
    api = serve(live.echo_text)
    messages = await once(output_audio_transcription={})
    assert words(messages) == "You said Hi."
    assert len(b"".join(message.data or b"" for message in messages)) == 300 * 24 * 2
    assert [m.server_content.generation_complete for m in messages[-2:] if m.server_content] == [
        True,
        None,
    ]
    assert messages[-1].usage_metadata is not None
    await api.until(lambda: api.connections[0].closed_by)
    assert (api.connections[0].close_code, api.connections[0].closed_by) == (1000, "client")
    assert api.connections[0].texts == ["Hi"]


async def test_no_transcript_comes_unasked(serve: Serve) -> None:
    serve(live.echo_text)
    assert words(await once()) == ""


async def test_text_alone_if_text_was_asked_for(serve: Serve) -> None:
    serve(live.echo_text)
    messages = await once(response_modalities=["TEXT"])
    assert "".join(message.text or "" for message in messages) == "You said Hi."
    assert not any(message.data for message in messages)


async def test_audio_and_signals_are_kept_in_order(serve: Serve) -> None:
    api = serve(live.listener())
    async with genai.Client().aio.live.connect(
        model=NEW,
        config={"realtime_input_config": {"automatic_activity_detection": {"disabled": True}}},
    ) as session:
        await session.send_realtime_input(activity_start=types.ActivityStart())
        await session.send_realtime_input(audio=spoken(100))
        await session.send_realtime_input(video=types.Blob(data=b"jpg", mime_type="image/jpeg"))
        await session.send_realtime_input(activity_end=types.ActivityEnd())
        messages = [message async for message in session.receive()]
    (connection,) = api.connections
    assert connection.audio == spoken(100).data
    assert connection.video == [b"jpg"]
    assert connection.signals == ["activity_start", "activity_end"]
    assert any(message.data for message in messages)


async def test_an_answer_without_its_field_is_an_error_of_the_sdk(serve: Serve) -> None:
    async def scenario(call: live.Call) -> None:
        await call.setup()
        await call.text_turn()
        await call.raw(b'{"somethingNew": {}}')

    serve(scenario)
    # A message of a kind that the SDK does not know yet ends it, by an accident of its own.
    with pytest.raises(TypeError, match="not supported between instances of 'int' and 'NoneType'"):
        await once()


async def test_no_json_is_a_value_error(serve: Serve) -> None:
    async def scenario(call: live.Call) -> None:
        await call.setup()
        await call.text_turn()
        await call.raw(b"<html>")

    serve(scenario)
    with pytest.raises(ValueError, match="Failed to parse response: b'<html>'"):
        await once()


# What it does not let pass.


def sent(message: dict[str, Any]) -> str:
    return json.dumps(message)


@pytest.mark.parametrize(
    ("model", "message", "why"),
    [
        (OLD, {"realtimeInput": {"sound": "x"}}, "Extra inputs are not permitted"),
        (OLD, {"setup": {"model": "again"}}, "setup has to come first and once"),
        (OLD, {"realtimeInput": {}, "clientContent": {}}, "one field has to be set"),
        (OLD, {"realtimeInput": {"audio": {"data": "AAA=", "mimeType": "audio/ogg"}}}, "no PCM16"),
        (NEW, {"clientContent": {"turnComplete": True}}, "invalid argument"),
        (
            NEW,
            {"realtimeInput": {"mediaChunks": [{"data": "AAA=", "mimeType": "audio/pcm"}]}},
            "media_chunks is deprecated",
        ),
    ],
)
async def test_a_wrong_message_fails_the_test_and_closes_with_1007(
    serve: Serve, model: str, message: dict[str, Any], why: str
) -> None:
    api = serve(live.echo_text)
    async with genai.Client().aio.live.connect(model=model) as session:
        await session._ws.send(sent(message))
        with pytest.raises(errors.APIError, match=why) as raised:
            await anext(session.receive())
    assert raised.value.code == 1007
    assert why in str(api.errors[0])
    api.errors.clear()


async def test_a_failing_scenario_fails_the_test() -> None:
    async def scenario(call: live.Call) -> None:
        raise KeyError("oops")

    async def run() -> None:
        with live.LiveApi(scenario) as api:
            context = ssl.create_default_context(cafile=api.certificate)
            url = f"wss://127.0.0.1:{api.port}/ws/google.ai.generativelanguage.v1beta"
            url += ".GenerativeService.BidiGenerateContent"
            async with connect(url, ssl=context) as ws:
                with contextlib.suppress(ConnectionClosed):
                    await ws.recv()

    with pytest.raises(ExceptionGroup, match="stand-in") as raised:
        await run()
    assert raised.group_contains(KeyError, match="oops")


async def test_a_response_to_no_call_fails_the_test(serve: Serve) -> None:
    api = serve(live.echo_text)
    async with genai.Client().aio.live.connect(model=OLD) as session:
        response = types.FunctionResponse(id="x", name="f", response={})
        await session.send_tool_response(function_responses=response)
        await api.until(lambda: api.errors)
    assert "no call has the id 'x'" in str(api.errors[0])
    api.errors.clear()


# ADK.


@BOTH
async def test_adk_text_turn(serve: Serve, model: str) -> None:
    api = serve(live.echo_text)
    async with talking(model) as talk:
        await talk.turn("one")
    assert talk.said == ["You said one."]
    (connection,) = api.connections
    assert connection.texts == ["one"]
    assert [bool(content.turn_complete) for content in connection.contents] == [True] * (
        model == OLD
    )
    assert ".v1alpha." in connection.path


@BOTH
async def test_adk_speech_is_heard_and_answered(serve: Serve, model: str) -> None:
    api = serve(live.listener(["Good morning."]))
    async with talking(model) as talk:
        for _ in range(3):
            talk.queue.send_realtime(spoken(100))
        talk.queue.send_realtime(spoken(400, volume=0))
        await talk.until(lambda: talk.turns)
    assert talk.heard == ["Good morning."]
    assert talk.said == ["I heard: Good morning."]
    assert len(api.connections[0].audio) == 700 * 16 * 2


@BOTH
async def test_adk_tool_call_and_response(serve: Serve, model: str) -> None:
    api = serve(live.tool_user("get_weather", {"city": "Oslo"}))
    async with talking(model, tools=[get_weather]) as talk:
        talk.say("How is the weather?")
        await talk.until(lambda: talk.said)
    assert talk.said == ["It says rain in Oslo."]
    (response,) = api.connections[0].tool_responses
    assert (response.name, response.response) == ("get_weather", {"result": "rain in Oslo"})


@BOTH
async def test_adk_interruption(serve: Serve, model: str) -> None:
    serve(live.interrupting("Far too much to say. " * 20, 10_000))
    async with talking(model) as talk:
        talk.say("one")
        await talk.until(lambda: talk.events)
        for _ in range(3):
            talk.queue.send_realtime(spoken(100))
        await talk.until(lambda: any(event.interrupted for event in talk.events))
        await talk.until(lambda: talk.turns)
    # The transcript so far comes whole before the interruption, and a turn_complete after it.
    kinds = [bool(e.interrupted) for e in talk.events if e.interrupted or e.turn_complete]
    assert kinds == [True, False]
    assert len(talk.said) <= 1


async def test_adk_google_search_sources(serve: Serve) -> None:
    from google.adk.tools import google_search

    serve(live.google_search())
    async with talking(tools=[google_search]) as talk:
        await talk.turn("Weather?")
    (grounded, *_) = [event for event in talk.events if event.grounding_metadata]
    (chunk,) = grounded.grounding_metadata.grounding_chunks or []
    assert chunk.web is not None
    assert chunk.web.uri == "https://www.yr.no/oslo"


async def test_adk_connection_by_itself(serve: Serve) -> None:
    api = serve(live.echo_text)
    model = Gemini(model=OLD, base_url=api.base_url)
    request = LlmRequest(model=OLD, contents=[])
    request.config.system_instruction = "Be brief."
    async with model.connect(request) as connection:
        await connection.send_content(typed("Hi"))
        responses = [response async for response in connection.receive()]
    assert responses[-1].turn_complete
    setup = api.connections[0].setup
    assert setup is not None
    assert setup.system_instruction == typed("Be brief.", "system")


# History.


async def test_adk_history_that_the_model_ended_waits_for_the_user(serve: Serve) -> None:
    api = serve(live.echo_text)
    async with talking(OLD, history=HISTORY) as talk:
        await talk.turn("one")
    (connection,) = api.connections
    assert [(turn.role, live._text(turn)) for turn in connection.history] == HISTORY
    assert [content.turn_complete for content in connection.contents] == [False, True]
    assert talk.said == ["You said one."]


async def test_adk_leaves_the_history_open_for_the_newer_models(serve: Serve) -> None:
    # HistoryConfig says that the server waits for turnComplete; ADK sends none here. If the API
    # takes it at its word, whatever the user says next is lost.
    api = serve(live.echo_text, history_waits=True)
    async with talking(NEW, history=HISTORY) as talk:
        talk.say("one")
        await api.until(lambda: len(api.connections and api.connections[0].messages) == 3)
        await asyncio.sleep(0.1)
    (connection,) = api.connections
    assert [content.turn_complete for content in connection.contents] == [False]
    assert talk.events == []


@pytest.mark.parametrize(("model", "trigger"), [(OLD, []), (NEW, ["."])])
async def test_adk_history_that_the_user_ended_makes_the_model_speak(
    serve: Serve, model: str, trigger: list[str]
) -> None:
    api = serve(live.echo_text)
    async with talking(model, history=[*HISTORY, ("user", "And now?")]) as talk:
        await talk.until(lambda: talk.turns)
    (connection,) = api.connections
    assert [content.turn_complete for content in connection.contents] == [True]
    assert connection.texts == trigger


# goAway and resumption.


@BOTH
async def test_adk_resumes_upon_go_away(serve: Serve, model: str) -> None:
    api = serve(live.long_session(turns=1))
    async with talking(model, **RESUMING) as talk:
        for text in ["one", "two", "three"]:
            await talk.turn(text)
            await api.until(lambda: (last := api.connections[-1]).setup and not last.texts)
    assert talk.said == ["Turn 1: one.", "Turn 2: two.", "Turn 3: three."]
    assert [bool(connection.handle) for connection in api.connections] == [False, True, True, True]
    assert {connection.handle for connection in api.connections[1:]} <= set(api.sessions)
    # Nothing in the stream of events says that a goAway came.
    assert not any(getattr(event, "go_away", None) for event in talk.events)


async def test_adk_forgets_upon_go_away_without_resumption(serve: Serve) -> None:
    api = serve(live.long_session(turns=1))
    async with talking(history=HISTORY) as talk:
        await talk.turn("one")
        await api.until(lambda: len(api.connections) == 2)
        await talk.turn("two")
    # The second dial brings what was known at the start; "one" and its answer are gone.
    second = api.connections[1]
    assert [(turn.role, live._text(turn)) for turn in second.history] == HISTORY
    assert talk.said == ["Turn 2: one.", "Turn 2: two."]


async def test_adk_drops_the_rest_of_an_answer_upon_go_away(serve: Serve) -> None:
    async def leaving(call: live.Call) -> None:
        await call.setup()
        await call.resumable()
        await call.text_turn()
        await call.say("Half of it")
        await call.go_away()

    api = serve([leaving, live.echo_text])
    async with talking(**RESUMING) as talk:
        talk.say("one")
        await api.until(lambda: len(api.connections) == 2)
        await talk.turn("two")
    # Neither a final transcript nor an end of the turn for what was half said.
    assert talk.said == ["You said two."]
    assert talk.turns == 1


async def test_adk_dials_at_once_while_time_is_left(serve: Serve) -> None:
    api = serve(live.long_session(turns=0, time_left=3000))
    async with talking(**RESUMING):
        await api.until(lambda: len(api.connections) >= 3)


async def test_an_overstayed_go_away_is_closed_with_1008(serve: Serve) -> None:
    serve(live.long_session(turns=0, time_left=2400), speed=24_000)  # 40 minutes in 0.1 s
    async with genai.Client().aio.live.connect(model=OLD) as session:
        stream = session.receive()
        away = await anext(stream)
        assert away.go_away == types.LiveServerGoAway(time_left="2400s")
        with pytest.raises(errors.APIError, match=r"1008 None\. Connection aborted because"):
            await anext(stream)


async def test_an_unknown_handle_is_refused_and_adk_gives_up(serve: Serve) -> None:
    api = serve(live.echo_text)
    stale = types.SessionResumptionConfig(handle="stale")
    async with talking(session_resumption=stale) as talk:
        with pytest.raises(
            errors.APIError, match=r"1008 None\. BidiGenerateContent session not fo"
        ):
            await talk.end()
    assert len(api.connections) == 1


def losing(ending: Callable[[live.Call], Any], *, blind: bool = False) -> live.Scenario:
    """Gives a handle, and ends upon the first turn."""

    async def scenario(call: live.Call) -> None:
        await call.setup()
        await call.resumable()
        await call.text_turn(timeout=None)
        if blind:
            await call.not_resumable()
        await ending(call)

    return scenario


@pytest.mark.parametrize(
    "ending",
    [lambda c: c.close(1000), lambda c: c.close(1011, "Internal error."), lambda c: c.drop()],
    ids=["1000", "1011", "dropped"],
)
async def test_adk_resumes_after_these_but_the_turn_is_lost(
    serve: Serve, ending: Callable[[live.Call], Any]
) -> None:
    api = serve([losing(ending), live.echo_text])
    async with talking(**RESUMING) as talk:
        talk.say("one")
        await api.until(lambda: len(api.connections) == 2)
        await talk.turn("two")
    assert talk.said == ["You said two."]
    assert api.connections[1].handle in api.sessions
    assert api.connections[1].texts == ["two"]


@pytest.mark.parametrize("code", [1001, 1007, 1008])
async def test_adk_gives_up_on_these_even_with_a_handle(serve: Serve, code: int) -> None:
    api = serve([losing(lambda call: call.close(code, "Over.")), live.echo_text])
    async with talking(**RESUMING) as talk:
        talk.say("one")
        with pytest.raises(errors.APIError, match=f"{code} None. Over"):
            await talk.end()
    assert len(api.connections) == 1


async def test_adk_loses_the_handle_while_the_session_cannot_be_resumed(serve: Serve) -> None:
    api = serve([losing(lambda call: call.close(1011, "Over."), blind=True), live.echo_text])
    async with talking(**RESUMING) as talk:
        talk.say("one")
        with pytest.raises(errors.APIError, match=r"1011 None\. Over"):
            await talk.end()
    assert len(api.connections) == 1


async def test_adk_dials_without_a_pause_if_each_connection_breaks(serve: Serve) -> None:
    async def breaking(call: live.Call) -> None:
        await call.setup()
        await call.resumable()
        await call.close(1011, "Over.")

    api = serve(breaking)
    async with talking(**RESUMING):
        # Its limit of 5 attempts starts anew with each connection that was set up.
        await api.until(lambda: len(api.connections) > 10)


async def test_adk_dials_five_times_more_if_the_setup_is_refused(serve: Serve) -> None:
    ending = losing(lambda call: call.close(1011, "Over."))
    api = serve([ending, live.over_quota()])
    async with talking(**RESUMING) as talk:
        talk.say("one")
        with pytest.raises(errors.APIError, match=r"1011 None\. You exceeded your current quota"):
            await talk.end()
    assert len(api.connections) == 6


async def test_adk_gives_up_if_the_dial_is_refused(serve: Serve) -> None:
    api = serve([losing(lambda call: call.drop()), live.Refuse(503)])
    async with talking(**RESUMING) as talk:
        talk.say("one")
        with pytest.raises(InvalidStatus, match="HTTP 503"):
            await talk.end()
    assert len(api.connections) == 2


# Each failure as the SDK's and ADK's exception.

CLOSES = [(1001, "Going away."), (1007, "Bad."), (1008, "Not allowed."), (1011, "Broken.")]


@pytest.mark.parametrize("after", ["setup", "turn"])
@pytest.mark.parametrize(("code", "reason"), [*CLOSES, (1011, "")])
async def test_a_close_is_an_api_error(serve: Serve, code: int, reason: str, after: str) -> None:
    serve(live.closing(code, reason, after=after))
    with pytest.raises(errors.APIError) as raised:
        await once()
    _is_close(raised.value, code, reason)
    async with talking() as talk:
        talk.say("one")
        with pytest.raises(errors.APIError) as raised:
            await talk.end()
    _is_close(raised.value, code, reason)


def _is_close(error: errors.APIError, code: int, reason: str) -> None:
    # No subclass, and the reason is in `details`, not in `message`.
    assert type(error) is errors.APIError
    assert (error.code, error.status, error.message) == (code, None, None)
    assert error.details == reason
    assert str(error) == f"{code} None. {reason}"


@pytest.mark.parametrize("after", ["setup", "turn"])
async def test_a_normal_close_ends_adk_without_a_word(serve: Serve, after: str) -> None:
    serve(live.closing(1000, after=after))
    with pytest.raises(errors.APIError) as raised:
        await once()
    _is_close(raised.value, 1000, "")
    async with talking() as talk:
        talk.say("one")
        await talk.end()
    assert talk.events == []


async def test_a_dropped_connection_is_1006(serve: Serve) -> None:
    api = serve(live.dropping)
    with pytest.raises(errors.APIError) as raised:
        await once()
    _is_close(raised.value, 1006, "abnormal closure [internal]")
    await api.until(lambda: api.connections[0].closed_by == "nobody")
    async with talking() as talk:
        talk.say("one")
        with pytest.raises(errors.APIError, match=r"1006 None\. abnormal closure"):
            await talk.end()


async def test_a_dropped_setup_is_1006(serve: Serve) -> None:
    async def scenario(call: live.Call) -> None:
        await call.next("setup")
        await call.drop()

    serve(scenario)
    with pytest.raises(errors.APIError) as raised:
        await once()
    _is_close(raised.value, 1006, "Abnormal closure.")


async def test_wrong_key_and_model_come_as_a_close(serve: Serve) -> None:
    serve([live.bad_key(), live.no_model])
    with pytest.raises(errors.APIError) as raised:
        await once()
    _is_close(raised.value, 1007, "API key not valid. Please pass a valid API key.")
    with pytest.raises(
        errors.APIError, match=r"^1008 None\. models/.* is not found for API versio"
    ):
        await once()


@pytest.mark.parametrize("status", [401, 403, 404, 429, 503])
async def test_an_http_refusal_is_websockets_own_error(serve: Serve, status: int) -> None:
    api = serve(live.Refuse(status, "No."))
    with pytest.raises(InvalidStatus) as raised:
        await once()
    assert str(raised.value) == f"server rejected WebSocket connection: HTTP {status}"
    response = raised.value.response
    assert response.status_code == status
    assert json.loads(response.body or b"")["error"]["message"] == "No."
    async with talking() as talk:
        with pytest.raises(InvalidStatus, match=f"HTTP {status}"):
            await talk.end()
    assert [connection.refused for connection in api.connections] == [status] * 2


@pytest.mark.parametrize("scenario", [live.hanging, live.Stall()], ids=["setup", "upgrade"])
async def test_a_hang_has_no_end_of_its_own(serve: Serve, scenario: Any) -> None:
    # The upgrade's has: TimeoutError("timed out during opening handshake") after 10 s.
    serve(scenario)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await once()
    async with talking() as talk:
        await asyncio.sleep(0.3)
        assert not talk.task.done()


async def test_an_untrusted_certificate(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    api = serve(live.echo_text)
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(ssl.SSLCertVerificationError, match="unable to get local issuer"):
        await once()
    async with talking() as talk:
        with pytest.raises(ssl.SSLCertVerificationError, match="CERTIFICATE_VERIFY_FAILED"):
            await talk.end()
    assert api.connections == []


async def test_nobody_listens(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(live.echo_text)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", f"https://127.0.0.1:{unused.getsockname()[1]}")
        with pytest.raises(ConnectionRefusedError, match="Connect call failed"):
            await once()
        async with talking() as talk:
            with pytest.raises(ConnectionRefusedError, match="Connect call failed"):
                await talk.end()


async def test_no_such_host(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(live.echo_text)
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "https://no-such-host.invalid")
    with pytest.raises(socket.gaierror):
        await once()


async def test_no_key(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(live.echo_text)
    monkeypatch.delenv("GOOGLE_API_KEY")
    async with talking() as talk:
        with pytest.raises(ValueError, match="No API key was provided"):
            await talk.end()
