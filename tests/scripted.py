"""A live model whose connection does what a test says, through ADK's own live flow."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Iterable
from typing import Any

from google.adk.live import LiveIngress
from google.adk.models.base_llm import BaseLlm
from google.adk.models.base_llm_connection import BaseLlmConnection
from google.adk.models.llm_request import LlmRequest
from google.adk.models.llm_response import LlmResponse
from google.genai import types
from pydantic import PrivateAttr

Answer = Callable[[Any], Iterable[Any]]
"""Takes what came (a `types.Content`, `types.Blob` or signal); yields responses, seconds to wait,
or exceptions to raise."""


def audio(ms: float, rate: int = 24_000) -> LlmResponse:
    """Returns a response with so much quiet noise."""
    pcm = bytes(range(1, 251)) * (int(rate * ms / 1000 * 2) // 250 + 1)
    pcm = pcm[: int(rate * ms / 1000) * 2]
    blob = types.Blob(data=pcm, mime_type=f"audio/pcm;rate={rate}")
    return LlmResponse(content=types.Content(role="model", parts=[types.Part(inline_data=blob)]))


def said(text: str, *, finished: bool | None = None) -> LlmResponse:
    """Returns a piece of the agent's transcript."""
    transcription = types.Transcription(text=text, finished=finished)
    return LlmResponse(output_transcription=transcription, partial=not finished)


def heard(text: str, *, finished: bool | None = None) -> LlmResponse:
    """Returns a piece of the user's transcript."""
    transcription = types.Transcription(text=text, finished=finished)
    return LlmResponse(input_transcription=transcription, partial=not finished)


def call(name: str, call_id: str = "", /, **args: Any) -> LlmResponse:
    """Returns a tool call."""
    part = types.Part(function_call=types.FunctionCall(id=call_id or name, name=name, args=args))
    return LlmResponse(content=types.Content(role="model", parts=[part]))


DONE = LlmResponse(turn_complete=True)
CUT = LlmResponse(interrupted=True)


def text_of(came: Any) -> str | None:
    """Returns the text of a typed turn; None for anything else."""
    if isinstance(came, types.Content) and came.parts and came.parts[0].text:
        return came.parts[0].text
    return None


def result_of(came: Any) -> Any:
    """Returns a tool's response; None for anything else."""
    if isinstance(came, types.Content) and came.parts and came.parts[0].function_response:
        return came.parts[0].function_response.response
    return None


class Connection(BaseLlmConnection):
    def __init__(self, model: Scripted) -> None:
        self._model = model
        self._out: asyncio.Queue[Any] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()

    def _take(self, came: Any) -> None:
        self._model.came.append(came)
        task = asyncio.create_task(self._play(self._model.answer(came)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _play(self, steps: Iterable[Any]) -> None:
        for step in steps:
            if isinstance(step, int | float):
                await asyncio.sleep(step)
            else:
                self._out.put_nowait(step)

    async def send_history(self, history: list[types.Content]) -> None:
        self._model.histories.append(list(history))

    async def send_content(self, content: types.Content) -> None:
        self._take(content)

    async def send_realtime(self, blob: Any) -> None:
        self._take(blob)

    async def receive(self) -> AsyncGenerator[LlmResponse, None]:
        while True:
            item = await self._out.get()
            if item is None:
                return
            if isinstance(item, BaseException):
                raise item
            yield item

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._out.put_nowait(None)


class Scripted(BaseLlm):
    """A live model with a script."""

    model: str = "scripted"
    _answer: Answer = PrivateAttr()
    _came: list[Any] = PrivateAttr(default_factory=list)
    _histories: list[Any] = PrivateAttr(default_factory=list)
    _connects: list[LlmRequest] = PrivateAttr(default_factory=list)
    _refusals: list[BaseException] = PrivateAttr(default_factory=list)

    def __init__(self, answer: Answer, refusals: Iterable[BaseException] = (), **data: Any) -> None:
        super().__init__(**data)
        self._answer = answer
        self._refusals = list(refusals)

    @property
    def answer(self) -> Answer:
        return self._answer

    @property
    def came(self) -> list[Any]:
        return self._came

    @property
    def histories(self) -> list[Any]:
        return self._histories

    @property
    def connects(self) -> list[LlmRequest]:
        return self._connects

    async def generate_content_async(
        self, llm_request: LlmRequest, stream: bool = False
    ) -> AsyncGenerator[LlmResponse, None]:
        raise NotImplementedError
        yield

    @contextlib.asynccontextmanager
    async def connect(self, llm_request: LlmRequest) -> AsyncGenerator[Connection, None]:
        self._connects.append(llm_request)
        if self._refusals:
            raise self._refusals.pop(0)
        connection = Connection(self)
        try:
            yield connection
        finally:
            await connection.close()


def echo(came: Any) -> Iterable[Any]:
    """Repeats what is typed, and plays back what is spoken."""
    text = text_of(came)
    if text is not None:
        return [audio(100), said(f"You said {text}."), DONE]
    if isinstance(came, types.Blob):
        blob = types.Part(inline_data=came)
        return [LlmResponse(content=types.Content(role="model", parts=[blob]))]
    return []


class Deaf(LiveIngress):
    """Speech to text that hears nothing."""

    async def __call__(self, audio):
        async for _ in audio:
            pass
        return
        yield


OPENED = object()


class Opening(Scripted):
    """Speaks as soon as it is connected, as live models do after a transfer."""

    @contextlib.asynccontextmanager
    async def connect(self, llm_request):
        async with super().connect(llm_request) as connection:
            connection._take(OPENED)
            yield connection
