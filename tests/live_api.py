"""A stand-in of the Gemini Live API, on this machine, for the real google-genai SDK and ADK.

    async def scenario(call: Call) -> None:
        await call.setup()
        await call.text_turn()
        await call.say("Hello.", audio_ms=300)
        await call.done()

    with LiveApi(scenario) as api:
        ...  # set api.environment, or SSL_CERT_FILE=api.certificate and base_url=api.base_url

Where its behaviours are from:
[types] docstrings of google.genai.types 2.34, [sdk] google/genai/live.py, [adk] ADK 2.13's code,
[ref] ai.google.dev/api/live, [guide] ai.google.dev/gemini-api/docs/live-api, [seen] reported from
the real service in a public issue, [guess] not known for sure.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import re
import ssl
import tempfile
import threading
import time
import uuid
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import numpy as np
import trustme
from google.genai import types
from pydantic import ValidationError
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

PATHS = re.compile(
    r"/ws/(google\.ai\.generativelanguage\.v1(alpha|beta)\.GenerativeService"
    r"\.BidiGenerateContent(Constrained)?"
    r"|google\.cloud\.aiplatform\.v1(beta1)?\.LlmBidiService/BidiGenerateContent)"
)
OLD = "gemini-2.5-flash-native-audio-preview-12-2025"
NEW = "gemini-3.1-flash-live-preview"
NEWEST = "gemini-3.8-live"
THINKING = "gemini-3.8-live-extended-thinking"
"""A model of each generation."""
RATE = 24_000  # [guide] what the model says is 16-bit PCM, little-endian, 24 kHz
MIDDLE_OF_TURN = "Request contains an invalid argument."
"""[seen] adk-python#5018: what 3.x closes with when text comes as clientContent."""
MEDIA_CHUNKS = "realtime_input.media_chunks is deprecated. Use audio, video, or text instead."
"""[seen] sokuji#150: what 3.x closes with."""
RAW_CALLS = "Request contains an invalid argument: function parts in client content."
"""[seen] what a history with raw calls is closed with (1007)."""
NO_SESSION = "BidiGenerateContent session not found"
"""[seen] yeyu2/Youtube_demos#5: what an unknown handle is closed with (1008)."""
OVERSTAYED = (
    "Connection aborted because the client failed to close the connection"
    " after receiving a GoAway signal once the session duration expired"
)
"""[seen] reachy_mini_conversation_app#357 (1008)."""


class Setup(types.LiveClientSetup):
    """What the SDK really sends: its own type leaves one field out and allows looser ones."""

    realtime_input_config: types.RealtimeInputConfig | None = None
    system_instruction: types.Content | None = None
    tools: list[types.Tool] | None = None


class ClientMessage(types.LiveClientMessage):
    setup: Setup | None = None


class InvalidMessageError(AssertionError):
    """The client sent what the API does not take."""


class GoneError(Exception):
    """The client has hung up; ends a scenario without a fuss."""


Scenario = Callable[["Call"], Awaitable[None]]


@dataclass(frozen=True)
class Refuse:
    """Answers the dial with an HTTP status and Google's JSON error body."""

    status: int
    message: str = "Refused by the test."
    reason: str = ""
    """The google.rpc.Code; by the status if empty."""

    def response(self) -> Response:
        rpc = self.reason or _RPC.get(self.status, "UNKNOWN")
        error = {"code": self.status, "message": self.message, "status": rpc}
        body = json.dumps({"error": error}).encode()
        headers = Headers({"Content-Type": "application/json", "Content-Length": str(len(body))})
        return Response(self.status, HTTPStatus(self.status).phrase, headers, body)


_RPC = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


@dataclass(frozen=True)
class Stall:
    """Takes the TCP connection and never answers the HTTP upgrade."""


Turns = list[tuple[str, str]]
"""("user" or "model", text)."""


@dataclass
class Connection:
    """What one dial brought."""

    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    refused: int | None = None
    setup: Setup | None = None
    messages: list[ClientMessage] = field(default_factory=list)
    """All that came, in order, the setup first."""
    sent: list[dict[str, Any]] = field(default_factory=list)
    chunks: list[types.Blob] = field(default_factory=list)
    """The audio as it came."""
    video: list[bytes] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    """What the user typed: no history."""
    history: list[types.Content] = field(default_factory=list)
    """What was sent as the history of an earlier conversation."""
    contents: list[types.LiveClientContent] = field(default_factory=list)
    """Every clientContent, history or not."""
    tool_responses: list[types.FunctionResponse] = field(default_factory=list)
    signals: list[str] = field(default_factory=list)
    """activity_start, activity_end, audio_stream_end."""
    turns: Turns = field(default_factory=list)
    """What the model knows: a resumed session's earlier turns too."""
    close_code: int | None = None
    close_reason: str = ""
    closed_by: str = ""
    """client, server, or nobody (no close frame)."""
    finished: bool = False
    """Whether the scenario ran to its end."""

    @property
    def key(self) -> str | None:
        """Where the SDK puts it: x-goog-api-key [sdk]; [ref] allows ?key=, Vertex AI a bearer."""
        bearer = self.headers.get("Authorization")
        return self.headers.get("x-goog-api-key") or self.query.get("key") or bearer

    @property
    def handle(self) -> str | None:
        resumption = self.setup.session_resumption if self.setup else None
        return resumption.handle if resumption else None

    @property
    def audio(self) -> bytes:
        return b"".join(chunk.data or b"" for chunk in self.chunks)

    @property
    def model(self) -> str:
        return (self.setup.model or "") if self.setup else ""

    @property
    def newer(self) -> bool:
        """Whether the model is a 3.x one, by the rule of [adk] model_name_utils."""
        name = self.model.rsplit("/", 1)[-1]
        return name.startswith("gemini-3.") and "-live" in name and "translate" not in name


class Call:
    """The server's end of one connection, for a scenario to act with."""

    def __init__(self, api: LiveApi, ws: ServerConnection, connection: Connection) -> None:
        self.api = api
        self.connection = connection
        self._ws = ws
        self._inbox: deque[tuple[str, ClientMessage]] = deque()
        self._came = asyncio.Event()
        self._gone = False
        self._seeding = False
        self._issued: set[str] = set()
        self._started = time.monotonic()

    # What comes.

    async def read(self) -> None:
        """Takes what comes until the client hangs up."""
        try:
            async for frame in self._ws:
                await self._take(frame)
        except ConnectionClosed:
            pass
        finally:
            self._gone = True
            self._came.set()

    async def _take(self, frame: str | bytes) -> None:
        try:
            message = _parse(frame)
            kinds = self._record(message)
        except InvalidMessageError as invalid:
            self.api.errors.append(invalid)
            # [seen] 1007 is what the API closes with when it cannot parse a message.
            await self.close(1007, str(invalid))
            return
        self._inbox.extend((kind, message) for kind in kinds)
        self._came.set()

    def _record(self, message: ClientMessage) -> list[str]:
        record = self.connection
        if (record.setup is None) != (message.setup is not None):
            # [ref] The setup is the first message and only that.
            raise InvalidMessageError("setup has to come first and once")
        record.messages.append(message)
        if message.setup is not None:
            return self._take_setup(message.setup)
        if message.client_content is not None:
            return self._take_content(message.client_content)
        if message.realtime_input is not None:
            return self._take_realtime(message.realtime_input)
        if message.tool_response is not None:
            return self._take_response(message.tool_response)
        return ["context_update"]

    def _take_setup(self, setup: Setup) -> list[str]:
        self.connection.setup = setup
        config = setup.history_config
        self._seeding = bool(config and config.initial_history_in_client_content)
        if not setup.model:
            raise InvalidMessageError("the setup names no model")
        return ["setup"]

    def _take_content(self, content: types.LiveClientContent) -> list[str]:
        record = self.connection
        if record.newer and not self._seeding:
            # [guide] 3.x takes clientContent for the initial history alone.
            raise InvalidMessageError(MIDDLE_OF_TURN)
        record.contents.append(content)
        turns = content.turns or []
        if any(
            part.function_call or part.function_response
            for turn in turns
            for part in turn.parts or ()
        ):
            # [seen] The service closes for good where calls or results come as content.
            raise InvalidMessageError(RAW_CALLS)
        if self._seeding:
            record.history += turns
            self._seeding = record.newer and not content.turn_complete
        else:
            record.texts += [_text(turn) for turn in turns if turn.role != "model" and _text(turn)]
        record.turns += [(turn.role or "user", _text(turn)) for turn in turns if _text(turn)]
        # [types] HistoryConfig: the initial history "will not trigger a model call". [adk] counts
        # on it for 3.x (it sends "." after it) and on the contrary for earlier models, which have
        # no such mode in [guide]. [guess] So earlier models answer a completed turn always.
        answers = bool(content.turn_complete) and not record.newer
        return ["client_content", "turn"] if answers else ["client_content"]

    def _take_realtime(self, came: types.LiveClientRealtimeInput) -> list[str]:
        record = self.connection
        if self._seeding and self.api.history_waits:
            return ["ignored"]
        # [guess] Without history_waits whatever is said ends the history: ADK sends it so.
        self._seeding = False
        if record.newer and came.media_chunks:
            raise InvalidMessageError(MEDIA_CHUNKS)
        kinds = [name for name in _SIGNALS if getattr(came, name) is not None]
        record.signals += kinds
        for blob in [came.audio, came.video, *(came.media_chunks or [])]:
            kinds += [self._take_blob(blob)] if blob else []
        if came.text is not None:
            record.texts.append(came.text)
            record.turns.append(("user", came.text))
            kinds += ["text", "turn"]
        return kinds

    def _take_blob(self, blob: types.Blob) -> str:
        mime, data = blob.mime_type or "", blob.data or b""
        if mime.startswith("image/"):
            self.connection.video.append(data)
            return "video"
        # [guide] Input audio is raw 16-bit PCM, audio/pcm;rate=16000. An odd chunk is a bug of
        # ours whether or not the API takes it [guess].
        if not mime.startswith("audio/pcm") or len(data) % 2:
            raise InvalidMessageError(f"{len(data)} bytes of {mime!r} are no PCM16 audio")
        self.connection.chunks.append(blob)
        return "audio"

    def _take_response(self, came: types.LiveClientToolResponse) -> list[str]:
        responses = came.function_responses or []
        self.connection.tool_responses += responses
        for response in responses:
            # [types] Responses are matched to the calls by id. What the API does with an unknown
            # one is not known; here the test fails.
            if response.id not in self._issued:
                self.api.errors.append(InvalidMessageError(f"no call has the id {response.id!r}"))
        return ["tool_response"]

    async def next(self, *kinds: str, timeout: float | None = 10) -> ClientMessage:  # noqa: ASYNC109
        """Waits for the next message of a kind; passes over others (they are recorded).

        Kinds: setup, turn (something typed that the model answers), text (realtime),
        client_content, audio, video, activity_start, activity_end, audio_stream_end,
        tool_response, context_update, ignored. None named means any.
        """
        try:
            async with asyncio.timeout(timeout):
                return (await self._next(kinds))[1]
        except TimeoutError:
            came = [sorted(m.model_fields_set) for m in self.connection.messages]
            raise AssertionError(f"waited {timeout} s for {kinds}; all that came: {came}") from None

    async def _next(self, kinds: Sequence[str]) -> tuple[str, ClientMessage]:
        while True:
            while self._inbox:
                kind, message = self._inbox.popleft()
                if not kinds or kind in kinds:
                    return kind, message
            if self._gone:
                raise GoneError
            self._came.clear()
            await self._came.wait()

    async def setup(self, timeout: float | None = 10) -> Setup:  # noqa: ASYNC109
        """Takes the setup and completes it; refuses a handle that nobody was given."""
        setup = (await self.next("setup", timeout=timeout)).setup
        assert setup is not None
        handle = self.connection.handle
        if handle and handle not in self.api.sessions:
            await self.close(1008, NO_SESSION)
            raise GoneError
        if handle:
            self.connection.turns[:0] = self.api.sessions[handle]
        # [types] LiveServerSetupComplete.session_id exists; [ref] shows the message empty.
        # [guess] Where there is one, it is another for each connection.
        named = {"sessionId": f"session-{uuid.uuid4().hex[:8]}"} if self.api.session_ids else {}
        await self.send({"setupComplete": named})
        return setup

    async def text_turn(self, timeout: float | None = 10) -> str:  # noqa: ASYNC109
        """Waits for a typed turn that the model has to answer; returns its text."""
        return _typed(await self.next("turn", timeout=timeout))

    async def utterance(
        self,
        *,
        loud: float = 0.02,
        least_ms: float = 100,
        silence_ms: float = 300,
        timeout: float | None = 10,  # noqa: ASYNC109
    ) -> bytes:
        """Imitates the server's voice detection: returns what was said, once silence follows.

        With automatic detection disabled, activity_start and activity_end say it instead [types].
        """
        async with asyncio.timeout(timeout):
            if self.manual:
                return await self._marked()
            return await self._spoken(loud, least_ms, silence_ms)

    async def _marked(self) -> bytes:
        await self._next(["activity_start"])
        said = b""
        while True:
            kind, message = await self._next(["audio", "activity_end"])
            if kind == "activity_end":
                return said
            said += _pcm(message)[0]

    async def _spoken(self, loud: float, least_ms: float, silence_ms: float) -> bytes:
        said, spoken, quiet = b"", 0.0, 0.0
        while True:
            kind, message = await self._next(["audio", "audio_stream_end"])
            # [types] audio_stream_end: the microphone was turned off; what was said is complete.
            if kind == "audio_stream_end":
                if spoken >= least_ms:
                    return said
                continue
            pcm, ms = _pcm(message)
            if loudness(pcm) >= loud:
                spoken, quiet = spoken + ms, 0.0
            elif spoken:
                quiet += ms
            said += pcm if spoken else b""
            if spoken >= least_ms and quiet >= silence_ms:
                return said

    async def barge_in(self, *, loud: float = 0.02) -> None:
        """Waits for what interrupts the model: speech, activity_start, or a typed turn [types]."""
        while True:
            kind, message = await self._next(["audio", "activity_start", "turn"])
            voice = kind == "audio" and not self.manual and loudness(_pcm(message)[0]) >= loud
            if kind == "audio" and not voice:
                continue
            self._inbox.appendleft((kind, message))
            self._came.set()
            return

    # What the setup asked for.

    def _realtime(self) -> types.RealtimeInputConfig:
        setup = self.connection.setup
        return (setup and setup.realtime_input_config) or types.RealtimeInputConfig()

    @property
    def manual(self) -> bool:
        detection = self._realtime().automatic_activity_detection
        return bool(detection and detection.disabled)

    @property
    def interruptible(self) -> bool:
        return self._realtime().activity_handling != types.ActivityHandling.NO_INTERRUPTION

    @property
    def speaks(self) -> bool:
        """Whether the answer is audio: [ref] the default; TEXT is for the older models."""
        config = self.connection.setup and self.connection.setup.generation_config
        modalities = (config and config.response_modalities) or [types.Modality.AUDIO]
        return types.Modality.AUDIO in modalities

    # What goes.

    async def send(self, message: dict[str, Any]) -> None:
        """Sends a message that the SDK's own type has to know, in a binary frame as the API does.

        [sdk] reads with recv(decode=False), which takes both kinds of frame.
        """
        types.LiveServerMessage.model_validate_json(json.dumps(message))
        self.connection.sent.append(message)
        await self.raw(json.dumps(message).encode())

    async def raw(self, frame: bytes | str) -> None:
        """Sends anything: no JSON, an unknown field, an error body."""
        try:
            await self._ws.send(frame)
        except ConnectionClosed:
            raise GoneError from None

    async def content(self, **fields: Any) -> None:
        await self.send({"serverContent": fields})

    async def audio(self, ms: float = 100, pcm: bytes | None = None) -> None:
        """Sends one chunk of speech: a tone, if no PCM is given."""
        data = base64.b64encode(tone(ms) if pcm is None else pcm).decode()
        blob = {"mimeType": f"audio/pcm;rate={RATE}", "data": data}
        await self.content(modelTurn={"role": "model", "parts": [{"inlineData": blob}]})

    async def text(self, text: str, *, thought: bool = False) -> None:
        part = {"text": text, "thought": True} if thought else {"text": text}
        await self.content(modelTurn={"role": "model", "parts": [part]})

    async def said(self, piece: str) -> None:
        """Sends a piece of the output's transcription, if the setup asked for it.

        [types] knows `finished`; the API is not known to send it, and [adk] says that it "might
        not". So it never comes from here, nor with the user's.
        """
        setup = self.connection.setup
        if setup and setup.output_audio_transcription is not None:
            await self.content(outputTranscription={"text": piece})

    async def heard(self, text: str) -> None:
        """Sends the transcription of what the user said, if asked for: 3.x at once [adk]."""
        setup = self.connection.setup
        self.connection.turns.append(("user", text))
        if setup and setup.input_audio_transcription is not None:
            for piece in [text] if self.connection.newer else pieces(text):
                await self.content(inputTranscription={"text": piece})

    async def say(
        self, text: str, audio_ms: float = 300, *, chunk_ms: float = 100, pace: float = 0
    ) -> None:
        """Says it: audio with the transcription between the chunks; only text if TEXT was asked.

        [types] Content comes "as quickly as possible, and not in real time": pace=0. With pace=1
        it takes as long as it sounds (by api.speed).
        """
        words = pieces(text)
        chunks = max(1, round(audio_ms / chunk_ms))
        for chunk in range(chunks):
            due = words[len(words) * chunk // chunks : len(words) * (chunk + 1) // chunks]
            if self.speaks:
                await self.audio(audio_ms / chunks)
            for word in due:
                await (self.said(word) if self.speaks else self.text(word))
            await self.sleep(pace * audio_ms / chunks / 1000)
        self.connection.turns.append(("model", text))

    async def say_until_interrupted(self, text: str, audio_ms: float, *, pace: float = 1) -> bool:
        """Says it in real time; True if the user broke in, which is then answered by `cut`."""
        saying = asyncio.ensure_future(self.say(text, audio_ms, pace=pace))
        breaking = asyncio.ensure_future(self.barge_in() if self.interruptible else _never())
        both = {saying, breaking}
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        cut = breaking.done() and not saying.done()
        for task in both:
            if not task.done():
                task.cancel()
        for result in await asyncio.gather(*both, return_exceptions=True):
            if isinstance(result, Exception):
                raise result
        if cut:
            await self.cut()
        return cut

    async def cut(self) -> None:
        """[types] interrupted, then turnComplete, and no generationComplete."""
        await self.content(interrupted=True)
        await self.content(turnComplete=True)

    async def voice_activity(self, kind: str) -> None:
        """Says that the service hears speech: ACTIVITY_START or ACTIVITY_END [types]."""
        # [sdk] _VoiceActivity_from_mldev: on the wire it is `type`.
        await self.raw(json.dumps({"voiceActivity": {"type": kind}}).encode())

    async def generation_complete(self) -> None:
        await self.content(generationComplete=True)

    async def turn_complete(self, *, reason: str = "", status: str = "", **usage: Any) -> None:
        """Ends the turn; [ref] usageMetadata comes beside the message's own field.

        Args:
            reason: [types] TurnCompleteReason.
            status: [types] InteractionStatus: IN_PROGRESS or IDLE; the newest models send one.
            **usage: Counts of tokens.
        """
        content: dict[str, Any] = {"turnComplete": True}
        content |= {"turnCompleteReason": reason} if reason else {}
        content |= {"interactionStatus": status} if status else {}
        message: dict[str, Any] = {"serverContent": content}
        await self.send({**message, "usageMetadata": usage} if usage else message)

    async def done(self) -> None:
        """[types] generationComplete, then turnComplete once it is assumed played; with usage."""
        await self.generation_complete()
        await self.turn_complete(
            promptTokenCount=10,
            responseTokenCount=20,
            totalTokenCount=30,
            responseTokensDetails=[{"modality": "AUDIO", "tokenCount": 20}],
        )

    async def tool_call(self, *calls: tuple[str, dict[str, Any]]) -> list[str]:
        """Asks for (name, args) calls in one message; returns their ids.

        [adk] Before 3.x turnComplete follows it; 3.x sends none until it has the response.
        """
        ids = [f"function-call-{uuid.uuid4().int % 10**19}" for _ in calls]
        self._issued.update(ids)
        asked = [
            {"id": i, "name": name, "args": args}
            for i, (name, args) in zip(ids, calls, strict=True)
        ]
        await self.send({"toolCall": {"functionCalls": asked}})
        if not self.connection.newer:
            await self.turn_complete()
        return ids

    async def tool(self, name: str, timeout: float = 10, **args: Any) -> dict[str, Any]:  # noqa: ASYNC109
        """Calls a tool and returns what it answered."""
        (wanted,) = await self.tool_call((name, args))
        while True:
            came = (await self.next("tool_response", timeout=timeout)).tool_response
            for response in (came and came.function_responses) or []:
                if response.id == wanted:
                    return response.response or {}

    async def tool_response(self, timeout: float = 10) -> types.FunctionResponse:  # noqa: ASYNC109
        """Waits for the result of a call that was made before."""
        came = (await self.next("tool_response", timeout=timeout)).tool_response
        assert came is not None
        (response,) = came.function_responses or []
        return response

    async def tool_cancel(self, ids: Iterable[str]) -> None:
        await self.send({"toolCallCancellation": {"ids": list(ids)}})

    async def go_away(self, time_left: float = 50) -> None:
        """[ref] timeLeft is a Duration; [seen] sokuji#179: "50s"."""
        await self.send({"goAway": {"timeLeft": f"{time_left:g}s"}})

    async def resumable(self) -> str:
        """Gives the handle of the session as it is now; only if the setup asked [types]."""
        handle = "resume-" + uuid.uuid4().hex
        self.api.sessions[handle] = list(self.connection.turns)
        await self._resumption({"newHandle": handle, "resumable": True})
        return handle

    async def not_resumable(self) -> None:
        """[types] "at some points", as while generating or in a tool call: no handle, false."""
        await self._resumption({})

    async def _resumption(self, update: dict[str, Any]) -> None:
        asked = self.connection.setup and self.connection.setup.session_resumption
        if not asked:
            return
        if asked.transparent:  # [types] Vertex AI alone; proto3's JSON writes an int64 as a string
            index = len(self.connection.messages) - 1
            update = {**update, "lastConsumedClientMessageIndex": str(index)}
        await self.send({"sessionResumptionUpdate": update})

    async def usage(self, **counts: Any) -> None:
        await self.send({"usageMetadata": counts})

    async def grounding(
        self, text: str, sources: Iterable[tuple[str, str]], queries: Iterable[str] = ()
    ) -> None:
        """Sends the google_search sources, (title, uri) each, of what was said.

        [types] for the fields; [guess] that it comes in a serverContent of its own at the end.
        """
        chunks = [{"web": {"title": title, "uri": uri}} for title, uri in sources]
        support = {
            "segment": {"startIndex": 0, "endIndex": len(text.encode()), "text": text},
            "groundingChunkIndices": list(range(len(chunks))),
        }
        metadata = {
            "webSearchQueries": list(queries),
            "groundingChunks": chunks,
            "groundingSupports": [support],
            "searchEntryPoint": {"renderedContent": "<div>Google Search</div>"},
        }
        await self.content(groundingMetadata=metadata)

    # How it ends.

    async def sleep(self, seconds: float) -> None:
        """Waits, by api.speed."""
        await asyncio.sleep(seconds / self.api.speed)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Closes; a frame holds 123 bytes of reason, and the API's are cut there [seen]."""
        await self._ws.close(code, reason.encode()[:123].decode(errors="ignore"))

    async def drop(self) -> None:
        """Drops the TCP connection: no close frame."""
        self._ws.transport.abort()
        await self._ws.wait_closed()

    async def hang(self) -> None:
        """Says nothing more until the client hangs up."""
        await self.next("nothing", timeout=None)


class LiveApi:
    """Serves a scenario (or one for each dial, the last for all further) on 127.0.0.1."""

    def __init__(
        self,
        scenario: Scenario | Refuse | Stall | Sequence[Scenario | Refuse | Stall],
        *,
        speed: float = 1,
        history_waits: bool = False,
        session_ids: bool = False,
    ) -> None:
        self.scenarios = list(scenario) if isinstance(scenario, Sequence) else [scenario]
        self.speed = speed
        self.history_waits = history_waits
        self.session_ids = session_ids
        """Whether [types] HistoryConfig is taken at its word: nothing said is heard before a
        turnComplete ends the history. ADK sends none if the model spoke last."""
        self.connections: list[Connection] = []
        self.sessions: dict[str, Turns] = {}
        """What a resumption handle remembers; clear it and every handle is unknown."""
        self.errors: list[Exception] = []
        self.port = 0
        self._calls: dict[ServerConnection, tuple[Connection, Any]] = {}
        self._ready = threading.Event()
        self._cleanup = contextlib.ExitStack()

    @property
    def base_url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """With these a plain Agent(model="gemini-...") reaches it, in this or another process."""
        return {
            "SSL_CERT_FILE": str(self.certificate),
            "GOOGLE_API_KEY": "stand-in",
            "GOOGLE_GENAI_USE_ENTERPRISE": "false",
            "GOOGLE_GEMINI_BASE_URL": self.base_url,
            "GOOGLE_VERTEX_BASE_URL": self.base_url,
            "NO_PROXY": "127.0.0.1,localhost",
        }

    def __enter__(self) -> Self:
        folder = self._cleanup.enter_context(tempfile.TemporaryDirectory())
        authority = trustme.CA()
        self.certificate = Path(folder) / "ca.pem"
        authority.cert_pem.write_to_path(self.certificate)
        self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("127.0.0.1", "localhost").configure_cert(self._tls)
        self._thread = threading.Thread(target=self._run, name="LiveApi", daemon=True)
        self._thread.start()
        if not self._ready.wait(10) or self._failed:
            raise self._failed or TimeoutError("the stand-in did not start")
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        self._cleanup.close()
        if error is not None:
            for own in self.errors:
                error.add_note(f"LiveApi: {own!r}")
        elif self.errors:
            raise ExceptionGroup("the Live API's stand-in", self.errors)

    _failed: Exception | None = None

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as failed:
            self._failed = failed
            self.errors.append(failed)
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with serve(
            self._handle,
            "127.0.0.1",
            self.port,
            ssl=self._tls,
            process_request=self._upgrade,
            max_size=None,
            close_timeout=1,
        ) as server:
            self.port = server.sockets[0].getsockname()[1]
            self._ready.set()
            await self._stop.wait()
            # What waits for an upgrade that never comes would keep it from ending.
            server.close()
            for ws in [w for w, (_, scenario) in self._calls.items() if scenario == Stall()]:
                ws.transport.abort()

    async def _upgrade(self, ws: ServerConnection, request: Request) -> Response | None:
        url = urlsplit(request.path)
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        connection = Connection(url.path, query, request.headers)
        scenario = self.scenarios[min(len(self.connections), len(self.scenarios) - 1)]
        self.connections.append(connection)
        self._calls[ws] = connection, scenario
        if not PATHS.fullmatch(url.path):
            self.errors.append(InvalidMessageError(f"the API has no {url.path}"))
            scenario = Refuse(404)
        if isinstance(scenario, Stall):
            await self._stop.wait()
            scenario = Refuse(503)
        if isinstance(scenario, Refuse):
            connection.refused = scenario.status
            return scenario.response()
        return None

    async def _handle(self, ws: ServerConnection) -> None:
        connection, scenario = self._calls[ws]
        call = Call(self, ws, connection)
        reading = asyncio.create_task(call.read())
        playing = asyncio.create_task(self._play(call, scenario))
        await asyncio.wait({reading})
        # A moment for a scenario to take what came before the end.
        await asyncio.wait({playing}, timeout=0.2)
        playing.cancel()
        connection.close_code, connection.close_reason = ws.close_code, ws.close_reason or ""
        connection.closed_by = _closer(ws)

    async def _play(self, call: Call, scenario: Scenario) -> None:
        try:
            await scenario(call)
            call.connection.finished = True
        except (GoneError, asyncio.CancelledError):
            pass
        except Exception as error:
            self.errors.append(error)
            await call.close(1011, "the scenario failed")

    async def until(self, holds: Callable[[], Any], timeout: float = 5) -> Any:  # noqa: ASYNC109
        """Waits in an event loop for what the server is to see."""
        end = time.monotonic() + timeout
        while not (value := holds()):
            if time.monotonic() > end:
                raise TimeoutError(f"not in {timeout} s; errors: {self.errors}")
            await asyncio.sleep(0.01)
        return value

    def wait(self, holds: Callable[[], Any], timeout: float = 5) -> Any:
        """Waits in a thread without a loop."""
        return asyncio.run(self.until(holds, timeout))


_SIGNALS = ("activity_start", "activity_end", "audio_stream_end")


def _parse(frame: str | bytes) -> ClientMessage:
    try:
        message = ClientMessage.model_validate_json(frame)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(at) for at in first["loc"])
        raise InvalidMessageError(
            f"Invalid JSON payload received. {where}: {first['msg']}"
        ) from error
    if len(message.model_fields_set) != 1:
        # [ref] Exactly one of the fields.
        raise InvalidMessageError(f"one field has to be set: {sorted(message.model_fields_set)}")
    return message


def _text(content: types.Content) -> str:
    return "".join(part.text or "" for part in content.parts or [])


def _typed(message: ClientMessage) -> str:
    if message.realtime_input is not None:
        return message.realtime_input.text or ""
    turns = (message.client_content and message.client_content.turns) or []
    return _text(turns[-1]) if turns else ""


def _pcm(message: ClientMessage) -> tuple[bytes, float]:
    """Returns a message's audio, and its milliseconds."""
    came = message.realtime_input or types.LiveClientRealtimeInput()
    blobs = [blob for blob in [came.audio, *(came.media_chunks or [])] if blob]
    data = b"".join(blob.data or b"" for blob in blobs)
    rate = re.search(r"rate=(\d+)", blobs[0].mime_type or "") if blobs else None
    return data, len(data) / 2 / int(rate[1] if rate else 16_000) * 1000


def _closer(ws: ServerConnection) -> str:
    if ws.protocol.close_rcvd is None:
        return "nobody"
    return "client" if ws.protocol.close_rcvd_then_sent else "server"


async def _never() -> None:
    await asyncio.Event().wait()


def pieces(text: str) -> list[str]:
    """Splits a text as transcriptions come: a word each, with the space before it."""
    return re.findall(r"\s*\S+", text)


def loudness(pcm: bytes) -> float:
    """Returns the root mean square of PCM16, 0 to 1."""
    samples = np.frombuffer(pcm, "<i2").astype(np.float64)
    return float(np.sqrt(np.mean(samples**2))) / 32768 if samples.size else 0.0


def tone(ms: float, rate: int = RATE, volume: float = 0.1) -> bytes:
    """Returns so much of a tone as PCM16."""
    at = np.arange(round(rate * ms / 1000)) / rate
    return (np.sin(at * 2 * np.pi * 220) * volume * 32767).astype("<i2").tobytes()


# Ready-made scenarios: functions of a call, or functions that return one.


async def echo_text(call: Call) -> None:
    """Repeats what is typed, aloud and with the transcript."""
    await call.setup()
    while True:
        text = await call.text_turn(timeout=None)
        if text == ".":  # [adk] sends it after a history that asks something.
            text = next(said for who, said in reversed(call.connection.turns[:-1]) if who == "user")
        await call.say(f"You said {text}.")
        await call.done()


def listener(
    heard: Iterable[str] = ("Hello there.",),
    answer: str = "I heard: {heard}",
    audio_ms: float = 300,
) -> Scenario:
    """Listens for speech and silence; the last of `heard` is what all further speech means."""

    async def scenario(call: Call) -> None:
        await call.setup()
        for text in _repeating(heard):
            await call.utterance(timeout=None)
            await call.heard(text)
            await call.say(answer.format(heard=text), audio_ms)
            await call.done()

    return scenario


def tool_user(
    name: str, args: dict[str, Any] | None = None, answer: str = "It says {result}."
) -> Scenario:
    """Calls a tool on every typed turn and says what it answered.

    In both generations' way: see `Call.tool_call`.
    """

    async def scenario(call: Call) -> None:
        await call.setup()
        while True:
            await call.text_turn(timeout=None)
            result = await call.tool(name, **(args or {}))
            await call.say(answer.format(result=result.get("result", result)))
            await call.done()

    return scenario


def interrupting(answer: str = "A very long answer. " * 20, audio_ms: float = 20_000) -> Scenario:
    """Answers a typed turn at length, in real time, until something breaks in."""

    async def scenario(call: Call) -> None:
        await call.setup()
        while True:
            kind, _ = await call._next(["turn", "activity_start", "audio"])
            if kind == "turn" and not await call.say_until_interrupted(answer, audio_ms):
                await call.done()

    return scenario


def long_session(turns: int = 3, time_left: float = 50, *, blind: bool = False) -> Scenario:
    """Gives a handle after every turn, and a goAway after so many; knows a resumed one's turns.

    With `blind` it says that it cannot be resumed while it generates [types].
    """

    async def scenario(call: Call) -> None:
        await call.setup()
        # [guess] that a handle comes at once; without, a first goAway would lose the session.
        await call.resumable()
        for _ in range(turns):
            await _remembering(call, blind=blind)
        await call.go_away(time_left)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(time_left / call.api.speed):
                while True:
                    await _remembering(call, blind=blind)
        await call.close(1008, OVERSTAYED)

    return scenario


async def _remembering(call: Call, *, blind: bool) -> None:
    text = await call.text_turn(timeout=None)
    known = sum(role == "user" for role, _ in call.connection.turns)
    if blind:
        await call.not_resumable()
    await call.say(f"Turn {known}: {text}.")
    await call.done()
    await call.resumable()


def google_search(
    answer: str = "It rained in Oslo.",
    sources: Sequence[tuple[str, str]] = (("yr.no", "https://www.yr.no/oslo"),),
) -> Scenario:
    """Answers with its sources, if the setup has the google_search tool."""

    async def scenario(call: Call) -> None:
        setup = await call.setup()
        searches = any(tool.google_search is not None for tool in setup.tools or [])
        while True:
            text = await call.text_turn(timeout=None)
            await call.say(answer)
            if searches:
                await call.grounding(answer, sources, [text])
            await call.done()

    return scenario


def closing(code: int, reason: str = "", *, after: str = "turn", answer: str = "") -> Scenario:
    """Closes at the "setup" (instead of completing it), once "ready", or upon a typed "turn"."""

    async def scenario(call: Call) -> None:
        if after == "setup":
            await call.next("setup")
        else:
            await call.setup()
        if after == "turn":
            await call.text_turn(timeout=None)
            if answer:
                await call.say(answer)
        await call.close(code, reason)

    return scenario


async def dropping(call: Call) -> None:
    """Drops the TCP connection upon a typed turn."""
    await call.setup()
    await call.text_turn(timeout=None)
    await call.drop()


async def hanging(call: Call) -> None:
    """Never answers the setup."""
    await call.hang()


def bad_key() -> Scenario:
    """[seen] The API takes the upgrade with any key and closes on the setup."""
    return closing(1007, "API key not valid. Please pass a valid API key.", after="setup")


async def no_model(call: Call) -> None:
    """[seen] adk-samples#23, cut at a frame's length as there."""
    model = ((await call.next("setup")).setup or Setup()).model
    reason = (
        f"{model} is not found for API version v1alpha,"
        " or is not supported for bidiGenerateContent. Call ListModels"
    )
    await call.close(1008, reason)


def over_quota() -> Scenario:
    """[seen] A spent quota closes with 1011, which says elsewhere that the service failed."""
    reason = "You exceeded your current quota, please check your plan and billing details."
    return closing(1011, reason, after="setup")


def _repeating(texts: Iterable[str]) -> Iterator[str]:
    text = ""
    for text in texts:
        yield text
    while True:
        yield text
