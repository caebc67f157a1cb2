"""The brain of the embedded default: a router to tools, and a very small language model."""

from __future__ import annotations

import asyncio
import logging
import re
import uuid
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from google.adk.models.base_llm import BaseLlm
from google.adk.models.llm_response import LlmResponse
from google.genai import types
from pydantic import PrivateAttr
from typing_extensions import override

from adk_nb import weights
from adk_nb.exceptions import LocalModelError
from adk_nb.local import llama
from adk_nb.local.parts import without
from adk_nb.local.results import say_results
from adk_nb.local.router import Call, route

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from google.adk.models.llm_request import LlmRequest

_logger = logging.getLogger(__name__)

# How much a model of 135 million parameters can make use of (characters, contents).
_LONGEST_INSTRUCTION = 600
_LONGEST_TEXT = 1000
_LAST_CONTENTS = 3
# The same for every agent, so that `warm_up` can process it in advance.
_ROLE = "You are a helpful assistant."
_EXAMPLES = {
    "What is the capital of Italy?": "The capital of Italy is Rome.",
    "Thank you.": "You are welcome!",
    "How are you?": "I am fine, thank you.",
}
_MOST_SENTENCES = 2
# What ADK adds to an agent's own instruction.
_IDENTITY = re.compile(r'You are an agent\. Your internal name is "(.*?)"\.')
_ADDED = re.compile(
    r"You are an agent\. Your internal name is.*|The description about you is.*"
    r"|You have a list of other agents to transfer to:.*",
    re.DOTALL,
)
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
            model.read(llama.openai_messages(_ROLE, _turns(_EXAMPLES)))

    @override
    async def generate_content_async(
        self, llm_request: LlmRequest, stream: bool = False
    ) -> AsyncGenerator[LlmResponse, None]:
        """Answers a request; see `BaseLlm`."""
        if self.gguf:
            responses = self._generate(llm_request, with_tools=True)
        else:
            responses = self._route(llm_request)
        try:
            async with aclosing(responses):
                async for response in responses:
                    if stream or not response.partial:
                        yield response
        except LocalModelError as error:
            # A cascade tells its user what a response says, and of an exception only that it was.
            yield LlmResponse(error_code=error.code, error_message=str(error), partial=False)

    async def _route(self, request: LlmRequest) -> AsyncGenerator[LlmResponse, None]:
        """Calls a tool, speaks a tool's result, or else has the language model answer."""
        if results := say_results(request.contents):
            yield _text(results)
            return
        call = route(newest_words(request.contents), declarations(request), instruction(request))
        if call is not None:
            yield _call(call)
            return
        if problem := await asyncio.to_thread(self._missing):
            yield _text(_without_model(request, "" if self._advised else problem.remedy))
            self._advised = True
            return
        responses = self._generate(request, with_tools=False)
        async with aclosing(responses):
            async for response in responses:
                yield response

    async def _generate(
        self, request: LlmRequest, *, with_tools: bool
    ) -> AsyncGenerator[LlmResponse, None]:
        """Streams the language model's answer, then yields it as a whole."""
        model = await asyncio.to_thread(self._load)
        answer = llama.Answer()
        chunks = model.chat(self._chat_request(request, with_tools=with_tools))
        async with aclosing(chunks):
            async for chunk in chunks:
                text = answer.add(chunk)
                if not with_tools and answer.cut(sentences=_MOST_SENTENCES):
                    break
                if text:
                    yield _text(text, partial=True)
        content = types.Content(role="model", parts=answer.parts())
        yield LlmResponse(content=content, partial=False, usage_metadata=answer.usage)

    def _chat_request(self, request: LlmRequest, *, with_tools: bool) -> llama.Json:
        body: llama.Json = {
            "max_tokens": self.max_tokens,
            "temperature": self.temperature,
            "seed": 1,
        }
        if with_tools:
            messages = llama.openai_messages(instruction(request), request.contents)
            tools = llama.openai_tools(declarations(request))
            return {**body, "messages": messages, **({"tools": tools} if tools else {})}
        return {**body, "stop": ["\n"], "messages": _small_talk(request)}

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


def newest_words(contents: list[types.Content]) -> list[str]:
    """Returns what the user said since the model last spoke, oldest first."""
    words: list[str] = []
    for content in reversed(contents):
        if content.role == "model":
            break
        texts = [part.text for part in content.parts or [] if part.text]
        if texts and not texts[0].startswith(_CONTEXT):
            words.insert(0, " ".join(texts).strip())
    return words


def _small_talk(request: LlmRequest) -> list[llama.Json]:
    """Returns examples that show the small model how to answer, then the conversation."""
    told = instruction(request)
    name = _IDENTITY.search(told)
    tools = [str(tool.name).replace("_", " ") for tool in declarations(request)]
    own = _ADDED.sub("", told).strip()[:_LONGEST_INSTRUCTION]
    examples = {
        **({f"Your task: {own}": "I understand my task."} if own else {}),
        "What is your name?": f"My name is {name[1] if name else 'Agent'}.",
        "What can you do?": f"I can {', '.join(tools) or 'answer simple questions'}.",
        "Hello.": "Hello! What can I do for you?",
    }
    spoken = [_only_text(content) for content in request.contents]
    last = [content for content in spoken if content.parts][-_LAST_CONTENTS:]
    return llama.openai_messages(_ROLE, [*_turns({**_EXAMPLES, **examples}), *last])


def _turns(examples: dict[str, str]) -> list[types.Content]:
    return [
        types.Content(role=role, parts=[types.Part(text=text)])
        for pair in examples.items()
        for role, text in zip(("user", "model"), pair, strict=True)
    ]


def _only_text(content: types.Content) -> types.Content:
    """Returns the end of what was said, as much as the model can make use of."""
    texts = [part.text for part in content.parts or [] if part.text and not part.thought]
    parts = [types.Part(text=text[-_LONGEST_TEXT:]) for text in texts]
    return types.Content(role=content.role, parts=parts)


def _text(text: str, *, partial: bool = False) -> LlmResponse:
    content = types.Content(role="model", parts=[types.Part(text=text)])
    return LlmResponse(content=content, partial=partial, usage_metadata=None if partial else _FREE)


def _call(call: Call) -> LlmResponse:
    function_call = types.FunctionCall(
        id=f"call-{uuid.uuid4().hex[:8]}", name=call.name, args=call.args
    )
    content = types.Content(role="model", parts=[types.Part(function_call=function_call)])
    return LlmResponse(content=content, partial=False, usage_metadata=_FREE)


def _without_model(request: LlmRequest, remedy: str) -> str:
    names = [str(tool.name).replace("_", " ") for tool in declarations(request)]
    tools = f"I can only use my tools here: {', '.join(names)}. " if names else ""
    return f"{tools}To talk about anything else I need a language model. {remedy}".strip()
