"""What is done to a message before a page gets it: secrets are masked, and long values cut."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from adk_nb.plain import to_json
from adk_nb.wire import protocol

if TYPE_CHECKING:
    from collections.abc import Callable

_IDENTIFIERS = {"id", "session_id", "state", "role", "kind", "code", "tools", "latency", "pcm"}
"""Fields that are never masked: a word in them may be an ordinary password, such as `postgres`."""
_MAX_URI = 2000
_MAX_ARGS = 100
"""Up to so many arguments of a call are shortened one by one."""


def masked(message: protocol.Message, mask: Callable[[Any], Any]) -> protocol.Message:
    """Returns a message with every secret masked, but for what pages send back or look for."""
    names = [one.name for one in fields(message) if one.name not in _IDENTIFIERS]
    values = {name: mask(getattr(message, name)) for name in names}
    if isinstance(message, protocol.Welcome | protocol.AgentChanged):
        values["tools"] = [
            tool | {"description": mask(tool.get("description"))} for tool in message.tools
        ]
    return replace(message, **values)


def result_text(result: Any) -> str:
    """Returns a tool's result as text."""
    return result if isinstance(result, str) else to_json(result)


def bounded(message: protocol.Message) -> protocol.Message:  # noqa: C901, PLR0911 - one a message
    """Returns a message with long values cut."""
    match message:
        case protocol.Transcript():
            return replace(message, text=_beginning(message.text))
        case protocol.Failure():
            remedy = _beginning(message.remedy)
            return replace(message, message=_beginning(message.message), remedy=remedy)
        case protocol.AgentChanged():
            return replace(message, tools=message.tools[: protocol.MAX_TOOLS])
        case protocol.Note():
            return replace(message, text=_beginning(message.text))
        case protocol.TurnFacts():
            return replace(message, outcome=_beginning(message.outcome))
        case protocol.Sources():
            return replace(message, sources=[_short_source(one) for one in message.sources[:50]])
        case protocol.ToolCalled():
            return replace(
                message, name=message.name[: protocol.MAX_NAME], args=_shorter(message.args)
            )
        case protocol.Question() if len(to_json(message.args)) > protocol.MAX_MORE:
            hint = "The arguments are shortened here; see live.questions for all of them."
            args = _shorter(message.args)
            hint = f"{_beginning(message.hint)} {hint}".strip()
            return replace(message, args=args, hint=hint)
        case protocol.Question():
            return replace(message, hint=_beginning(message.hint))
        case protocol.ToolReturned(error=str(error)):
            return replace(message, name=message.name[: protocol.MAX_NAME], error=_beginning(error))
        case protocol.ToolReturned():
            message = replace(message, name=message.name[: protocol.MAX_NAME])
            text = result_text(message.result)
            if len(text) > protocol.MAX_SHOWN:
                return replace(message, result=text[: protocol.MAX_SHOWN], length=len(text))
    return message


def _short_source(source: dict[str, str]) -> dict[str, str]:
    return {name: str(value)[:_MAX_URI] for name, value in source.items()}


def _beginning(text: str) -> str:
    if len(text) <= protocol.MAX_SHOWN:
        return text
    return f"{text[: protocol.MAX_SHOWN]} … ({len(text):,} characters)"


def _shorter(args: Any) -> Any:
    """Returns arguments, or the beginning of each if they are long."""
    size = len(to_json(args))
    if size <= protocol.MAX_SHOWN or not isinstance(args, dict):
        return args
    if len(args) > _MAX_ARGS:
        return {"…": f"{size:,} characters"}
    each = protocol.MAX_SHOWN // max(1, len(args))
    texts = {name: result_text(value) for name, value in args.items()}
    short = {
        name: args[name] if len(text) <= each else f"{text[:each]} … ({len(text):,} characters)"
        for name, text in texts.items()
    }
    return short if sum(map(len, texts)) <= protocol.MAX_SHOWN else {"…": f"{size:,} characters"}
