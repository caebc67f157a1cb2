"""Runs a GGUF model in this process with llama.cpp; converts ADK's requests for it."""

from __future__ import annotations

import asyncio
import json
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from google.genai import types

from adk_nb.exceptions import LocalModelError
from adk_nb.local.parts import Part, installed, load_first

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable

Json = dict[str, Any]

N_CTX = 2048
_SMALL = 256 << 20
"""Bytes of a model file that one core reads fast enough."""
_INSTALL = "python -m adk_nb smollm2"
_loading = threading.Lock()
_loaded: dict[str, Llama] = {}


def nothing_installed() -> LocalModelError:
    """Returns what to say where there is no SmolLM2, and perhaps no llama.cpp to run it."""
    chat = "" if installed("xllamacpp") else "pip install 'adk-nb[chat]' and "
    return LocalModelError(
        "no language model is installed.",
        remedy=f"Run {chat}{_INSTALL}, and then the agent's cell again.",
    )


class Llama:
    """One loaded model; it generates one answer at a time."""

    def __init__(self, path: str | Path) -> None:
        """Loads the model, which takes 0.6 s for one of 100 MB; see `load_llama`.

        Args:
            path: The GGUF file.

        Raises:
            LocalModelError: There is no such file, or no llama.cpp, or it cannot load the file.
        """
        if not Path(path).is_file():
            raise LocalModelError(
                f"There is no model at {path}.", remedy="Give the path of a GGUF file."
            )
        self._server = load_first(
            [Part("xllamacpp", ("xllamacpp",), "chat", partial(_serve, path))]
        )
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="adk-nb-llm")

    def read(self, messages: list[Json]) -> None:
        """Reads the start of a conversation, so that its first answer comes sooner; blocks."""
        self._thread.submit(
            self._server.handle_chat_completions, {"messages": messages, "max_tokens": 1}
        ).result()

    def read_later(self, messages: list[Json]) -> None:
        """Reads the start of a conversation when nothing else is to be done."""
        self._thread.submit(
            self._server.handle_chat_completions, {"messages": messages, "max_tokens": 1}
        )

    async def chat(self, request: Json) -> AsyncGenerator[Json, None]:
        """Generates an answer off the event loop; stops soon after the generator is closed.

        Args:
            request: An OpenAI chat completion request.

        Yields:
            OpenAI chat completion chunks.

        Raises:
            LocalModelError: llama.cpp refused the request.
        """
        loop = asyncio.get_running_loop()
        chunks: asyncio.Queue[Json | None] = asyncio.Queue()
        stop = threading.Event()

        def put(chunk: Json | None) -> None:
            try:
                loop.call_soon_threadsafe(chunks.put_nowait, chunk)
            except RuntimeError:
                # The loop has been closed, so the rest is not needed.
                stop.set()

        def take(chunk: Json) -> bool:
            put(chunk)
            return stop.is_set()

        def generate() -> None:
            try:
                if not stop.is_set():
                    self._server.handle_chat_completions(request, take)
            finally:
                put(None)

        request = {**request, "stream": True, "stream_options": {"include_usage": True}}
        generation = loop.run_in_executor(self._thread, generate)
        try:
            while (chunk := await chunks.get()) is not None:
                if "error" in chunk:
                    raise LocalModelError(f"llama.cpp: {chunk['error'].get('message', chunk)}")
                yield chunk
            await generation
        except (ValueError, RuntimeError, TypeError, AttributeError) as error:
            raise LocalModelError(f"llama.cpp refused the request: {error}") from error
        finally:
            stop.set()


def load_llama(path: str | Path) -> Llama:
    """Returns the model of a GGUF file, loaded once a process and shared; blocks."""
    with _loading:
        key = str(path)
        if key not in _loaded:
            _loaded[key] = Llama(path)
        return _loaded[key]


def loaded(path: str | Path) -> Llama | None:
    """Returns the model of a GGUF file if it is loaded; never waits for it."""
    return _loaded.get(str(path))


def _serve(path: str | Path) -> Any:
    import xllamacpp

    params = xllamacpp.CommonParams()
    # llama.cpp also listens on a port: a random key that is not kept locks it.
    params.api_keys = [secrets.token_hex(16)]
    params.model.path = str(path)
    # Threads of llama.cpp wait for each other at every step: where other work keeps the cores
    # busy, two threads take ten times as long as one.
    threads = 1 if Path(path).stat().st_size < _SMALL else 2
    _set(params, "cpuparams.n_threads", threads)
    _set(params, "cpuparams_batch.n_threads", threads)
    for names, value in _OPTIONS:
        _set(params, names, value)
    try:
        return xllamacpp.Server(params)
    except (RuntimeError, ValueError) as error:
        raise LocalModelError(
            f"llama.cpp could not load {path}: {error}.",
            remedy="Check that it is a GGUF chat model, and that llama.cpp knows its kind.",
        ) from error


# Set where they exist: releases of xllamacpp follow llama.cpp's own, which renames them.
_OPTIONS: tuple[tuple[str, Any], ...] = (
    ("n_ctx", N_CTX),
    ("n_parallel", 1),
    ("cache_ram_mib", 0),
    ("fit_params", False),
    ("verbosity", -1),
    ("hostnames", ["127.0.0.1"]),
    ("hostname", "127.0.0.1"),
    ("n_threads_http", 1),
)


def _set(params: Any, names: str, value: Any) -> None:
    """Sets an option, or one of an option's own, if there is such a one."""
    *path, name = names.split(".")
    for each in path:
        params = getattr(params, each, None)
    if hasattr(params, name):
        setattr(params, name, value)


def openai_tools(declarations: Iterable[types.FunctionDeclaration]) -> list[Json]:
    """Returns ADK's function declarations in OpenAI's format."""
    return [
        {
            "type": "function",
            "function": {
                "name": declaration.name,
                "description": declaration.description or "",
                "parameters": json_schema(declaration),
            },
        }
        for declaration in declarations
    ]


def json_schema(declaration: types.FunctionDeclaration) -> Json:
    """Returns a declaration's parameters as one JSON schema, whichever way it states them."""
    if declaration.parameters_json_schema:
        return dict(declaration.parameters_json_schema)
    if declaration.parameters is None:
        return {"type": "object", "properties": {}}
    return _lower(declaration.parameters.model_dump(exclude_none=True, mode="json"))


def _lower(schema: Json) -> Json:
    """Returns a `types.Schema` dump as JSON schema, whose types are written in lower case."""
    result = dict(schema)
    if "type" in result:
        result["type"] = str(result["type"]).lower()
    if "properties" in result:
        result["properties"] = {name: _lower(each) for name, each in result["properties"].items()}
    if "items" in result:
        result["items"] = _lower(result["items"])
    for key in ("any_of", "anyOf"):
        if key in result:
            result["anyOf"] = [_lower(each) for each in result.pop(key)]
    return result


def openai_messages(instruction: str, contents: Iterable[types.Content]) -> list[Json]:
    """Returns a conversation in OpenAI's format, tool calls and their results included.

    Args:
        instruction: The system's message; left out where it is empty.
        contents: The conversation.
    """
    messages: list[Json] = [{"role": "system", "content": instruction}] if instruction else []
    for content in contents:
        parts = content.parts or []
        text = "".join(part.text for part in parts if part.text and not part.thought)
        calls = [_openai_call(part.function_call) for part in parts if part.function_call]
        role = "assistant" if content.role == "model" else "user"
        if text and not calls and messages and messages[-1]["role"] == role:
            # Many chat templates insist on turns that alternate.
            messages[-1]["content"] = f"{messages[-1]['content'] or ''}\n{text}".strip()
        elif calls:
            messages.append({"role": "assistant", "content": text or None, "tool_calls": calls})
        elif text:
            messages.append({"role": role, "content": text})
        messages += [
            {
                "role": "tool",
                "tool_call_id": part.function_response.id or part.function_response.name,
                "content": json.dumps(part.function_response.response, default=str),
            }
            for part in parts
            if part.function_response
        ]
    return messages


def _openai_call(call: types.FunctionCall) -> Json:
    arguments = json.dumps(call.args or {}, default=str)
    return {
        "id": call.id or call.name,
        "type": "function",
        "function": {"name": call.name, "arguments": arguments},
    }


class Answer:
    """The answer that streams in: its text, its tool calls, its tokens."""

    def __init__(self) -> None:
        """Starts empty."""
        self.text = ""
        self.usage: types.GenerateContentResponseUsageMetadata | None = None
        self._calls: dict[int, Json] = {}
        self._deltas = 0

    def add(self, chunk: Json) -> str:
        """Takes a chat completion chunk in and returns the text that it adds."""
        if usage := chunk.get("usage"):
            self.usage = types.GenerateContentResponseUsageMetadata(
                prompt_token_count=usage.get("prompt_tokens"),
                candidates_token_count=usage.get("completion_tokens"),
                total_token_count=usage.get("total_tokens"),
            )
        choices = chunk.get("choices") or [{}]
        delta = choices[0].get("delta") or {}
        for part in delta.get("tool_calls") or []:
            call = self._calls.setdefault(part.get("index", 0), {"name": "", "arguments": ""})
            function = part.get("function") or {}
            call["id"] = part.get("id") or call.get("id")
            call["name"] += function.get("name") or ""
            call["arguments"] += function.get("arguments") or ""
        text = delta.get("content") or ""
        self.text += text
        self._deltas += bool(text)
        return text

    def counted(self) -> types.GenerateContentResponseUsageMetadata:
        """Returns the usage; of an answer that was ended early, the tokens that came."""
        return self.usage or types.GenerateContentResponseUsageMetadata(
            candidates_token_count=self._deltas, total_token_count=self._deltas
        )

    def parts(self) -> list[types.Part]:
        """Returns the whole answer; a call whose arguments are no JSON object is left out."""
        parts = [types.Part(text=self.text)] if self.text else []
        for call in self._calls.values():
            try:
                args = json.loads(call["arguments"] or "{}")
            except json.JSONDecodeError:
                continue
            if isinstance(args, dict) and call["name"]:
                function_call = types.FunctionCall(id=call["id"], name=call["name"], args=args)
                parts.append(types.Part(function_call=function_call))
        return parts
