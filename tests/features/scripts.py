"""What these tests share: a model that calls what is typed, and what it was told."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterable
from typing import Any

from google.adk.models.llm_response import LlmResponse
from google.genai import types
from scripted import DONE, Answer, Scripted, audio, call, result_of, said, text_of

_ids = itertools.count()


def finished(came: Any, who: str = "You said") -> Iterable[Any]:
    """Repeats what is typed, in a transcript that ADK keeps in its history."""
    text = text_of(came)
    return [audio(50), said(f"{who} {text}.", finished=True), DONE] if text else []


def calls(**tools: dict[str, Any]) -> Answer:
    """Calls a tool whose name is typed, says what came of it, and repeats everything else."""

    def answer(came):
        text, result = text_of(came), result_of(came)
        if text in tools:
            return [call(text, f"call-{next(_ids)}", **tools[text]), DONE]
        if result is not None:
            return [said(f"It is {result}.", finished=True), DONE]
        return finished(came)

    return answer


def text(words: str) -> types.Content:
    return types.Content(role="model", parts=[types.Part(text=words)])


def response(words: str) -> LlmResponse:
    return LlmResponse(content=text(words))


def declared(agent) -> dict[str, types.FunctionDeclaration]:
    """Returns the tools that the model was told of when it last connected, by name."""
    tools = agent.model.connects[-1].config.tools or []
    return {each.name: each for tool in tools for each in tool.function_declarations}


def parts(history: Iterable[types.Content]) -> list[tuple[str, str]]:
    """Returns who said what in a history that reached a model."""
    return [(content.role, part.text) for content in history for part in content.parts if part.text]


class Eager(Scripted):
    """Answers a history whose last word is not its own, as Gemini does."""

    @contextlib.asynccontextmanager
    async def connect(self, llm_request):
        async with super().connect(llm_request) as connection:
            send = connection.send_history

            async def send_history(history):
                await send(history)
                if history[-1].role == "user":
                    connection._take(history[-1])

            connection.send_history = send_history
            yield connection
