"""The brain of the embedded default: a router to tools, and a very small language model."""

from __future__ import annotations

import asyncio
import logging
import re
import uuid
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from google.adk.models.base_llm import BaseLlm
from google.adk.models.llm_response import LlmResponse
from google.genai import types
from pydantic import PrivateAttr
from typing_extensions import override

from adk_nb import weights
from adk_nb.exceptions import LocalModelError
from adk_nb.local import llama, small_talk, statements
from adk_nb.local.dialogue import LEAVE_IT, Decision, Exchange, understand
from adk_nb.local.hearing import Hearing, settled
from adk_nb.local.introduction import Persona, small_courtesy
from adk_nb.local.limits import beyond
from adk_nb.local.matching import Call
from adk_nb.local.parts import without
from adk_nb.local.results import say_results
from adk_nb.local.router import Router
from adk_nb.local.vocabulary import names_in

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from google.adk.models.llm_request import LlmRequest

_logger = logging.getLogger(__name__)

# What ADK adds to an agent's own instruction.
_IDENTITY = re.compile(r'You are an agent\. Your internal name is "(.*?)"\.')
_ADDED = re.compile(
    r"You are an agent\. Your internal name is.*|The description about you is.*"
    r"|You have a list of other agents to transfer to:.*",
    re.DOTALL,
)
_DESCRIPTION = re.compile(r'The description about you is "(.*?)"\.?\s*$', re.DOTALL | re.MULTILINE)
# The router needs no tokens; ADK warns where a response does not say how many it took.
_FREE = types.GenerateContentResponseUsageMetadata(
    prompt_token_count=0, candidates_token_count=0, total_token_count=0
)
# ADK tells an agent what other agents said in messages of the user that start so.
_CONTEXT = "For context:"


class LocalLlm(BaseLlm):
    """A stand-in to work without a key and without a network, not an assistant.

    A deterministic router looks for a tool that the user's sentence asks for and fills in its
    arguments; a tool's result is spoken as a sentence. Everything else is answered by
    SmolLM2-135M-Instruct, a language model so small that its answers are fluent and often wrong.
    It calls no tools by itself, plans nothing and follows an instruction only loosely.

    With `gguf`, the path of a model that can call tools, that model does all of it through
    llama.cpp's own tool calling, and the router is not used.

    Attributes:
        model: The name that responses and dataframes show.
        gguf: Path of a GGUF chat model that can call tools.
        max_tokens: Longest answer in tokens.
        temperature: Sampling temperature; the seed is fixed.
    """

    model: str = "adk-nb-local"
    gguf: str | None = None
    max_tokens: int = 80
    temperature: float = 0.0

    _problem: LocalModelError | None = PrivateAttr(default=None)
    _advised: bool = PrivateAttr(default=False)
    _persona: Persona = PrivateAttr(default=Persona())
    _hearing: Hearing = PrivateAttr(default_factory=Hearing)

    @property
    def hearing(self) -> Hearing:
        """What the ears may know of the tools."""
        return self._hearing

    def warm_up(self) -> None:
        """Loads the language model, 0.6 s for SmolLM2; blocks, so call it off the event loop.

        Raises:
            LocalModelError: There is none: only tools answer until there is.
        """
        self._problem = None
        try:
            model = self._load()
        except LocalModelError as error:
            self._problem = error if self.gguf else without("Only tools answer", error)
            raise self._problem from error
        if not self.gguf:
            model.read(small_talk.prefix(Persona()))

    @override
    async def generate_content_async(
        self, llm_request: LlmRequest, stream: bool = False
    ) -> AsyncGenerator[LlmResponse, None]:
        """Answers a request; see `BaseLlm`."""
        responses = self._generate(llm_request) if self.gguf else self._route(llm_request)
        try:
            async with aclosing(responses):
                async for response in responses:
                    if stream or not response.partial:
                        yield response
        except LocalModelError as error:
            # A cascade tells its user what a response says, and of an exception only that it was.
            yield LlmResponse(error_code=error.code, error_message=str(error), partial=False)

    async def _route(self, request: LlmRequest) -> AsyncGenerator[LlmResponse, None]:
        """Calls tools, speaks their results, asks; or else has the language model answer."""
        persona = persona_of(request)
        try:
            if results := say_results(request.contents):
                yield _text(results)
                return
            router = Router(declarations(request), instruction(request), self._clock())
            self._hearing.router = router
            conversation = exchanges(request.contents)
            decision = _decision(conversation, router)
            if decision.calls:
                yield _calls(decision.calls)
                return
            text = decision.text or _said_by_rule(conversation, persona, router)
            if text:
                yield _text(text)
                return
            if problem := await asyncio.to_thread(self._missing):
                yield _text(_without_model(router, "" if self._advised else problem.remedy))
                self._advised = True
                return
        finally:
            self._read_ahead(persona)
        responses = self._talk(request, persona)
        async with aclosing(responses):
            async for response in responses:
                yield response

    def _read_ahead(self, persona: Persona) -> None:
        """Has the model read an agent's task before the agent is first asked to talk."""
        if self._persona == persona or self._problem is not None:
            return
        self._persona = persona
        path = weights.find_smollm2()
        if path is not None and (model := llama.loaded(path)) is not None:
            model.read_later(small_talk.prefix(persona))

    async def _talk(
        self, request: LlmRequest, persona: Persona
    ) -> AsyncGenerator[LlmResponse, None]:
        """Streams the small model's answer, clause by clause."""
        model = await asyncio.to_thread(self._load)
        speech, answer = small_talk.Speech(), llama.Answer()
        body = {
            **small_talk.SAMPLING,
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
            "messages": small_talk.messages(persona, request.contents),
        }
        async with aclosing(model.chat(body)) as chunks:
            async for chunk in chunks:
                if text := speech.add(answer.add(chunk)):
                    yield _text(text, partial=True)
                if speech.ended:
                    break
        if text := speech.close():
            yield _text(text, partial=True)
        yield _whole(speech.said, answer.counted())

    async def _generate(self, request: LlmRequest) -> AsyncGenerator[LlmResponse, None]:
        """Streams the answer of a model that calls tools itself, then yields it as a whole."""
        model = await asyncio.to_thread(self._load)
        answer = llama.Answer()
        tools = llama.openai_tools(declarations(request))
        body: llama.Json = {
            "max_tokens": self.max_tokens,
            "temperature": self.temperature,
            "seed": 1,
            "messages": llama.openai_messages(instruction(request), request.contents),
            **({"tools": tools} if tools else {}),
        }
        async with aclosing(model.chat(body)) as chunks:
            async for chunk in chunks:
                if text := answer.add(chunk):
                    yield _text(text, partial=True)
        content = types.Content(role="model", parts=answer.parts())
        yield LlmResponse(content=content, partial=False, usage_metadata=answer.usage)

    def _clock(self) -> datetime:
        """Returns what "tomorrow" counts from, as the user's clock shows it."""
        return datetime.now()  # noqa: DTZ005

    def _load(self) -> llama.Llama:
        """Returns the language model.

        Raises:
            LocalModelError: There is none.
        """
        path = self.gguf or weights.find_smollm2()
        if path is None:
            raise llama.nothing_installed()
        return llama.load_llama(path)

    def _missing(self) -> LocalModelError | None:
        """Returns why there is no language model, and says so once; None if there is one."""
        if self._problem is None:
            try:
                self._load()
            except LocalModelError as error:
                self._problem = without("Only tools answer", error)
                _logger.warning("%s", self._problem)
        return self._problem


def _said_by_rule(conversation: list[Exchange], persona: Persona, router: Router) -> str:
    """Returns what is said without the language model; empty where it is to answer."""
    told = [each for exchange in conversation for each in exchange.said]
    said = told.pop() if told else ""
    return (
        small_courtesy(said, persona, router)
        or statements.name_asked(said, told)
        or beyond(said, router, LEAVE_IT)
        or statements.answer(said, len(conversation))
    )


def _decision(conversation: list[Exchange], router: Router) -> Decision:
    """Returns what is asked for; the tools settle what may have been misheard."""
    if not conversation:
        return Decision()
    *earlier, newest = conversation
    said = tuple(settled(each, router, only_alike=True) for each in newest.said)
    return understand([*earlier, replace(newest, said=said)], router)


def declarations(request: LlmRequest) -> list[types.FunctionDeclaration]:
    """Returns the functions that a request lets the model call."""
    tools = (request.config.tools if request.config else None) or []
    return [
        declaration
        for tool in tools
        if isinstance(tool, types.Tool)
        for declaration in tool.function_declarations or []
        if declaration.name
    ]


def instruction(request: LlmRequest) -> str:
    """Returns a request's system instruction as text; empty if there is none."""
    given: Any = request.config.system_instruction if request.config else None
    if isinstance(given, types.Content):
        given = given.parts
    pieces = given if isinstance(given, list) else [given]
    texts = [piece if isinstance(piece, str) else getattr(piece, "text", None) for piece in pieces]
    return "\n".join(text for text in texts if text).strip()


def exchanges(contents: list[types.Content]) -> list[Exchange]:
    """Returns a conversation as what the user said, and what came of it each time."""
    found: list[Exchange] = []
    is_open = False
    for content in contents:
        parts = content.parts or []
        text = " ".join(part.text for part in parts if part.text and not part.thought).strip()
        calls = tuple(
            Call(part.function_call.name or "", dict(part.function_call.args or {}))
            for part in parts
            if part.function_call
        )
        if content.role == "model" and found:
            last = found[-1]
            reply = f"{last.reply} {text}".strip()
            found[-1] = replace(last, reply=reply, calls=(*last.calls, *calls))
            is_open = False
        elif content.role != "model" and text and not text.startswith(_CONTEXT):
            if is_open:
                found[-1] = replace(found[-1], said=(*found[-1].said, text))
            else:
                found.append(Exchange((text,)))
            is_open = True
    return found if is_open else []


def persona_of(request: LlmRequest) -> Persona:
    """Returns who the agent of a request is."""
    told = instruction(request)
    name, about = _IDENTITY.search(told), _DESCRIPTION.search(told)
    own = _ADDED.sub("", told).strip()
    return Persona(name[1] if name else "", about[1].strip() if about else "", own)


def _text(text: str, *, partial: bool = False) -> LlmResponse:
    content = types.Content(role="model", parts=[types.Part(text=text)])
    return LlmResponse(content=content, partial=partial, usage_metadata=None if partial else _FREE)


def _calls(calls: list[Call]) -> LlmResponse:
    parts = [
        types.Part(
            function_call=types.FunctionCall(
                id=f"call-{uuid.uuid4().hex[:8]}", name=call.name, args=dict(call.args)
            )
        )
        for call in calls
    ]
    content = types.Content(role="model", parts=parts)
    return LlmResponse(content=content, partial=False, usage_metadata=_FREE)


def _whole(text: str, usage: types.GenerateContentResponseUsageMetadata) -> LlmResponse:
    content = types.Content(role="model", parts=[types.Part(text=text)])
    return LlmResponse(content=content, partial=False, usage_metadata=usage)


def _without_model(router: Router, remedy: str) -> str:
    names = [" ".join(names_in(tool.name)) for tool in router.tools]
    tools = f"I can only use my tools here: {', '.join(names)}. " if names else ""
    return f"{tools}To talk about anything else I need a language model. {remedy}".strip()
