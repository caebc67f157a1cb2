from __future__ import annotations

import asyncio
import logging
import sys
from contextlib import aclosing
from types import SimpleNamespace

import pytest
from google.adk.agents import Agent
from google.adk.models.llm_request import LlmRequest
from google.adk.runners import InMemoryRunner
from google.adk.tools import FunctionTool
from google.genai import types

from adk_nb import weights
from adk_nb.exceptions import LocalModelError
from adk_nb.local import LocalLlm, brain, llama

pytestmark = pytest.mark.models


def roll_dice(sides: int = 6) -> int:
    """Rolls one die and returns the number."""
    return sides


def get_time(city: str) -> dict:
    """Returns the current time in a city."""
    return {"city": city, "time": "3:05 PM"}


def user(text):
    return types.Content(role="user", parts=[types.Part(text=text)])


def model(text):
    return types.Content(role="model", parts=[types.Part(text=text)])


def call(name, args, **more):
    part = types.Part(function_call=types.FunctionCall(name=name, args=args, **more))
    return types.Content(role="model", parts=[part])


def result(name, response, **more):
    function_response = types.FunctionResponse(name=name, response=response, **more)
    return types.Content(role="user", parts=[types.Part(function_response=function_response)])


def request(*contents, tools=(roll_dice, get_time), instruction="You roll dice."):
    declarations = [FunctionTool(tool)._get_declaration() for tool in tools]
    config = types.GenerateContentConfig(system_instruction=instruction)
    if declarations:
        config.tools = [types.Tool(function_declarations=declarations)]
    return LlmRequest(model="adk-nb-local", contents=list(contents), config=config)


async def answer(llm_request, *, stream=True, **options):
    llm = LocalLlm(**options)
    return [each async for each in llm.generate_content_async(llm_request, stream=stream)]


def text_of(response):
    return "".join(part.text or "" for part in response.content.parts)


# --- the router's part ---------------------------------------------------------------------------


async def test_calls_a_tool():
    (response,) = await answer(request(user("What time is it in Tokyo?")))
    found = response.content.parts[0].function_call
    assert (found.name, found.args) == ("get_time", {"city": "Tokyo"})
    assert found.id
    assert not response.partial
    assert response.usage_metadata.total_token_count == 0


async def test_speaks_a_result():
    contents = [
        user("What time is it in Tokyo?"),
        call("get_time", {"city": "Tokyo"}, id="1"),
        result("get_time", {"city": "Tokyo", "time": "3:05 PM"}, id="1"),
    ]
    (response,) = await answer(request(*contents))
    assert text_of(response) == "The time in Tokyo is 3:05 PM."


async def test_joins_a_sentence_that_was_cut():
    contents = [model("Hello!"), user("What time is it"), user("in Tokyo?")]
    (response,) = await answer(request(*contents))
    assert response.content.parts[0].function_call.args == {"city": "Tokyo"}


async def test_what_other_agents_said_is_no_request():
    *_, newest = brain.exchanges(
        [user("Hi."), model("Hello."), user("For context: [a] said: roll a die"), user("Thanks.")]
    )
    words = list(newest.said)
    assert words == ["Thanks."]


async def test_works_in_a_runner_outside_live_mode():
    agent = Agent(name="dice", model=LocalLlm(), tools=[roll_dice], instruction="You roll dice.")
    runner = InMemoryRunner(agent)
    session = await runner.session_service.create_session(app_name=runner.app_name, user_id="u")
    events = [
        event
        async for event in runner.run_async(
            user_id="u", session_id=session.id, new_message=user("Roll a twenty sided die.")
        )
    ]
    assert text_of(events[-1]) == "You rolled 20."


async def test_two_calls_of_a_sentence_are_one_response():
    (response,) = await answer(request(user("Roll two dice.")))
    calls = [part.function_call for part in response.content.parts]
    assert [call.name for call in calls] == ["roll_dice"] * 2
    assert len({call.id for call in calls}) == 2


async def test_asks_for_what_is_missing_and_takes_the_answer():
    contents = [user("What time is it?")]
    (asked,) = await answer(request(*contents))
    assert text_of(asked) == "For which city?"
    (response,) = await answer(request(*contents, model(text_of(asked)), user("Tokyo")))
    assert response.content.parts[0].function_call.args == {"city": "Tokyo"}


async def test_goes_on_from_the_last_call():
    contents = [
        user("What time is it in Tokyo?"),
        call("get_time", {"city": "Tokyo"}, id="1"),
        result("get_time", {"time": "3:05 PM"}, id="1"),
        model("The time in Tokyo is 3:05 PM."),
        user("And in Paris?"),
    ]
    (response,) = await answer(request(*contents))
    assert response.content.parts[0].function_call.args == {"city": "Paris"}


async def test_says_who_it_is_and_that_it_cannot_do_everything():
    told = 'You roll dice.\n\nYou are an agent. Your internal name is "dice_agent".'
    (who,) = await answer(request(user("Who are you?"), instruction=told))
    assert text_of(who).startswith("I am dice agent, a small program on this machine. I roll dice.")
    (cannot,) = await answer(request(user("Book a flight to Mars."), instruction=told))
    assert text_of(cannot).startswith("I cannot do that")


async def test_what_is_told_is_answered_by_rule():
    conversation = [user("My name is Ada."), model("Nice to meet you, Ada.")]
    *_, said = await answer(request(*conversation[:1]))
    assert said.content.parts[0].text == "Nice to meet you, Ada."
    *_, said = await answer(request(*conversation, user("What is my name?")))
    assert said.content.parts[0].text == "Your name is Ada."


async def test_an_agents_task_is_read_before_it_talks(monkeypatch):
    read = []
    llm = LocalLlm()
    llm.warm_up()
    monkeypatch.setattr(llama.Llama, "read_later", lambda _, messages: read.append(messages))
    for told in ("You roll dice.", "You roll dice.", "You bake."):
        asked = request(user("Roll a die."), instruction=told)
        _ = [each async for each in llm.generate_content_async(asked)]
    assert ["You bake." in str(each) for each in read] == [False, True]


# --- the language model's part -------------------------------------------------------------------


async def test_small_talk_streams():
    responses = await answer(request(user("What is the capital of France?")))
    *partial, whole = responses
    assert partial
    assert all(each.partial for each in partial)
    assert not whole.partial
    assert "".join(map(text_of, partial)).strip() == text_of(whole).strip()
    assert "Paris" in text_of(whole)
    assert whole.usage_metadata.total_token_count


async def test_small_talk_without_streaming_is_one_response():
    (response,) = await answer(request(user("Hello.")), stream=False)
    assert text_of(response)
    assert not response.partial


async def test_answers_are_short_and_repeatable():
    long = request(user("Why is the sky blue?"), tools=())
    one, other = [text_of((await answer(long))[-1]) for _ in range(2)]
    assert one == other
    assert len(one.split()) < 80


async def test_closing_midway_stops_the_generation():
    llm = LocalLlm(max_tokens=2000)
    story = request(user("Count from one to one thousand in words."), tools=())
    async with aclosing(llm.generate_content_async(story, stream=True)) as responses:
        async for _ in responses:
            break
    responses = await asyncio.wait_for(answer(request(user("Hello."))), timeout=20)
    assert text_of(responses[-1])


@pytest.mark.parametrize(
    "contents",
    [
        [],
        [user("")],
        [types.Content(role="user", parts=[])],
        [types.Content(role="user")],
        [model("I was the last to speak.")],
        [user("word " * 5000)],
        [call("roll_dice", {}), user("never mind")],
    ],
    ids=["none", "empty", "no parts", "null parts", "model", "too long", "open call"],
)
async def test_odd_conversations_are_survived(contents):
    assert await answer(request(*contents))


async def test_what_llama_refuses_is_told():
    refused = (await answer(request(user("\x00\ud83d"))))[-1]
    assert refused.error_code == "local_model"
    assert "llama.cpp" in refused.error_message
    too_long = await answer(request(user("word " * 5000)), gguf=str(weights.find_smollm2()))
    assert "context" in too_long[-1].error_message


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (None, ""),
        ("a", "a"),
        (types.Content(parts=[types.Part(text="a"), types.Part(text="b")]), "a\nb"),
        ([types.Part(text="a"), "b"], "a\nb"),
    ],
)
def test_instructions_of_any_shape(given, text):
    config = types.GenerateContentConfig(system_instruction=given)
    assert brain.instruction(LlmRequest(config=config)) == text


# --- where the model is missing ------------------------------------------------------------------


async def test_without_the_model_the_router_goes_on_and_says_so(monkeypatch, caplog):
    monkeypatch.setattr(weights, "find_smollm2", lambda: None)
    llm = LocalLlm()
    with caplog.at_level(logging.WARNING):
        said = [
            text_of(each)
            for _ in range(2)
            async for each in llm.generate_content_async(request(user("Why is it so?")))
        ]
    assert "python -m adk_nb smollm2" in said[0]
    assert all(
        text.startswith("I can only use my tools here: roll dice, get time.") for text in said
    )
    assert "smollm2" not in said[1]
    assert len(caplog.records) == 1
    assert "no language model is installed" in caplog.text
    assert (await answer(request(user("Roll a die."))))[0].content.parts[0].function_call


def test_a_gguf_that_is_none_says_what_to_do(tmp_path):
    with pytest.raises(LocalModelError, match="path of a GGUF"):
        llama.load_llama(tmp_path / "none.gguf")
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(LocalModelError, match="could not load"):
        llama.load_llama(broken)


async def test_a_gguf_that_is_none_fails_each_turn_with_its_name(tmp_path):
    llm = LocalLlm(gguf=str(tmp_path / "none.gguf"))
    with pytest.raises(LocalModelError, match=r"none\.gguf"):
        llm.warm_up()
    for _ in range(2):
        asked = llm.generate_content_async(request(user("Hello.")), stream=True)
        (response,) = [each async for each in asked]
        assert "none.gguf" in response.error_message


class OtherRelease:
    """xllamacpp's parameters in another release: some options are called otherwise."""

    class CommonParams:
        __slots__ = ("api_keys", "hostname", "model", "n_ctx")

        def __init__(self):
            self.model = SimpleNamespace(path="")
            self.n_ctx, self.hostname = 0, "0.0.0.0"

    class Server:
        def __init__(self, params):
            self.params = params


def test_options_of_llama_are_set_where_they_exist(monkeypatch, tmp_path):
    gguf = tmp_path / "model.gguf"
    gguf.write_bytes(b"")
    monkeypatch.setitem(sys.modules, "xllamacpp", OtherRelease)
    params = llama.Llama(gguf)._server.params
    assert (params.n_ctx, params.hostname) == (llama.N_CTX, "127.0.0.1")
    assert params.model.path == str(gguf)
    assert len(params.api_keys[0]) == 32


def test_an_xllamacpp_that_would_listen_without_a_key_is_none(monkeypatch, tmp_path):
    gguf = tmp_path / "model.gguf"
    gguf.write_bytes(b"")
    params = type("CommonParams", (OtherRelease.CommonParams,), {"__slots__": ()})
    params.api_keys = property()
    monkeypatch.setitem(
        sys.modules,
        "xllamacpp",
        SimpleNamespace(CommonParams=params, Server=OtherRelease.Server, __spec__=object()),
    )
    with pytest.raises(LocalModelError, match=r"pip install --upgrade 'adk-nb\[chat\]'"):
        llama.Llama(gguf)


@pytest.mark.parametrize(("megabytes", "threads"), [(100, 1), (1000, 2)])
def test_a_small_model_gets_one_thread(tmp_path, monkeypatch, megabytes, threads):
    import xllamacpp

    monkeypatch.setattr(xllamacpp, "Server", lambda params: params)
    gguf = tmp_path / "model.gguf"
    with gguf.open("wb") as file:
        file.truncate(megabytes << 20)  # It takes no room.
    params = llama._serve(gguf)
    assert params.cpuparams.n_threads == params.cpuparams_batch.n_threads == threads


# --- a model that calls tools itself -------------------------------------------------------------


async def test_a_gguf_model_answers_without_the_router():
    path = str(weights.find_smollm2())
    asked = request(user("Say hello."), tools=(roll_dice,))
    responses = await answer(asked, gguf=path, max_tokens=20)
    assert responses[-1].content.parts
    assert not responses[-1].partial


def test_tools_in_openai_format(monkeypatch):
    by_json_schema = FunctionTool(get_time)._get_declaration()
    monkeypatch.setenv("ADK_DISABLE_JSON_SCHEMA_FOR_FUNC_DECL", "1")
    by_schema = FunctionTool(get_time)._get_declaration()
    bare = types.FunctionDeclaration(name="bare")
    tools = llama.openai_tools([by_json_schema, by_schema, bare])
    for tool in tools[:2]:
        parameters = tool["function"]["parameters"]
        assert parameters["type"] == "object"
        assert parameters["properties"]["city"]["type"] == "string"
        assert parameters["required"] == ["city"]
    assert tools[2]["function"]["parameters"] == {"type": "object", "properties": {}}


def test_nested_schemas_are_lower_case():
    schema = types.Schema(
        type="OBJECT",
        properties={
            "tags": types.Schema(type="ARRAY", items=types.Schema(type="STRING")),
            "either": types.Schema(
                any_of=[types.Schema(type="INTEGER"), types.Schema(type="NULL")]
            ),
        },
    )
    lowered = llama.json_schema(types.FunctionDeclaration(name="f", parameters=schema))
    assert lowered["properties"]["tags"] == {"type": "array", "items": {"type": "string"}}
    assert lowered["properties"]["either"]["anyOf"] == [{"type": "integer"}, {"type": "null"}]


def test_a_conversation_in_openai_format():
    messages = llama.openai_messages(
        "Be nice.",
        [
            user("Roll."),
            user("Please."),
            call("roll_dice", {"sides": 6}, id="c1"),
            result("roll_dice", {"result": 4}, id="c1"),
            model("You got 4."),
        ],
    )
    assert [message["role"] for message in messages] == [
        "system",
        "user",
        "assistant",
        "tool",
        "assistant",
    ]
    assert messages[1]["content"] == "Roll.\nPlease."
    assert messages[2]["tool_calls"][0]["function"]["arguments"] == '{"sides": 6}'
    assert messages[3] == {"role": "tool", "tool_call_id": "c1", "content": '{"result": 4}'}


def delta(**fields):
    return {"choices": [{"index": 0, "delta": fields}]}


def test_tool_calls_are_put_together_from_chunks():
    whole = llama.Answer()
    chunks = [
        delta(role="assistant", content=None),
        delta(tool_calls=[{"index": 0, "id": "x", "function": {"name": "get_time"}}]),
        delta(tool_calls=[{"index": 0, "function": {"arguments": '{"city"'}}]),
        delta(tool_calls=[{"index": 0, "function": {"arguments": ': "Tokyo"}'}}]),
        delta(tool_calls=[{"index": 1, "function": {"name": "bad", "arguments": "{not"}}]),
        delta(tool_calls=[{"index": 2, "function": {"name": "odd", "arguments": "[1]"}}]),
        {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}},
        {},
    ]
    assert [whole.add(chunk) for chunk in chunks] == [""] * len(chunks)
    (part,) = whole.parts()
    assert part.function_call.name == "get_time"
    assert part.function_call.args == {"city": "Tokyo"}
    assert part.function_call.id == "x"
    assert whole.usage.total_token_count == 5
