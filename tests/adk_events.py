"""Events of ADK's, made by hand."""

from __future__ import annotations

from google.adk.events import Event, EventActions
from google.genai import types

AGENT = "dice"


def event(author=AGENT, **values):
    return Event(author=author, invocation_id="i", **values)


def content(*parts, author=AGENT, **values):
    return event(author, content=types.Content(role="model", parts=list(parts)), **values)


PCM = b"\0\x10" * 240
"""10 ms of sound that can be heard, PCM16LE at 24 kHz."""


def sound(pcm=PCM, mime="audio/pcm;rate=24000"):
    return content(types.Part(inline_data=types.Blob(data=pcm, mime_type=mime)))


def text(said, author=AGENT, *, partial=False, thought=None):
    return content(types.Part(text=said, thought=thought), author=author, partial=partial)


def said(words, author=AGENT, *, final=True):
    piece = types.Transcription(text=words, finished=final)
    return event(author, output_transcription=piece, partial=not final)


def heard(words, *, final=True, **values):
    piece = types.Transcription(text=words, finished=final)
    return event("user", input_transcription=piece, partial=not final, **values)


def call(name="roll", call_id="c", *, long=False, **args):
    part = types.Part(function_call=types.FunctionCall(id=call_id, name=name, args=args))
    return content(part, long_running_tool_ids={call_id} if long else None)


def result(response, name="roll", call_id="c"):
    answer = types.FunctionResponse(id=call_id, name=name, response=response)
    return content(types.Part(function_response=answer))


def usage(prompt, response, total):
    counts = types.GenerateContentResponseUsageMetadata(
        prompt_token_count=prompt, candidates_token_count=response, total_token_count=total
    )
    return event(usage_metadata=counts)


def transfer(target):
    return event(actions=EventActions(transfer_to_agent=target))


def failure(code="BAD", message=None):
    return event(error_code=code, error_message=message)


def done(**values):
    return event(turn_complete=True, **values)


def cut():
    return event(interrupted=True)
