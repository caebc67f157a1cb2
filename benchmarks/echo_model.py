"""A live model that sends every audio blob straight back: the least that ADK can do."""

from __future__ import annotations

import asyncio
import contextlib

from google.adk.models.base_llm import BaseLlm
from google.adk.models.base_llm_connection import BaseLlmConnection
from google.adk.models.llm_response import LlmResponse
from google.genai import types


class EchoConnection(BaseLlmConnection):
    def __init__(self, mime_type=None):
        self._out = asyncio.Queue()
        self._mime_type = mime_type

    async def send_history(self, history):
        pass

    async def send_content(self, content):
        self._out.put_nowait(LlmResponse(turn_complete=True))

    async def send_realtime(self, blob):
        if isinstance(blob, types.Blob):
            if self._mime_type is not None:
                blob = types.Blob(data=blob.data, mime_type=self._mime_type)
            content = types.Content(role="model", parts=[types.Part(inline_data=blob)])
            self._out.put_nowait(LlmResponse(content=content))

    async def receive(self):
        while (response := await self._out.get()) is not None:
            yield response

    async def close(self):
        self._out.put_nowait(None)


class Echo(BaseLlm):
    model: str = "echo"
    # What it says that its sound is; by default what it was told.
    mime_type: str | None = None

    async def generate_content_async(self, llm_request, stream=False):
        raise NotImplementedError
        yield

    @contextlib.asynccontextmanager
    async def connect(self, llm_request):
        connection = EchoConnection(self.mime_type)
        try:
            yield connection
        finally:
            await connection.close()
