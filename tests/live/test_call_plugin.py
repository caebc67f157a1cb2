"""The plugin for tool calls alone, called as ADK calls it: rule by rule, without a session."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from google.adk.auth import auth_tool

import adk_nb
from adk_nb.adk.stoppable import StoppedError
from adk_nb.exceptions import AdkNbError
from adk_nb.live import tool_calls
from adk_nb.live.tool_calls import ToolCalls
from adk_nb.log.event_log import EventLog
from adk_nb.log.tool_call import ToolCall

NOTHING = {"status": "It is done; there is no result."}


class Owner:
    """Notes what the plugin reports."""

    def __init__(self):
        self.told = []

    def __getattr__(self, name):
        return lambda *args: self.told.append((name.removeprefix("tool_"), *args))


class Tool:
    """A tool as the plugin sees it."""

    def __init__(self, name="roll", *returns, asks=False, long=False):
        self.name, self.is_long_running, self.asks = name, long, asks
        self.returns, self.ran = list(returns), []

    async def check_require_confirmation(self, args, _context):
        if isinstance(self.asks, BaseException):
            raise self.asks
        return self.asks

    async def run_async(self, *, args, tool_context):
        self.ran.append((args, tool_context.tool_confirmation))
        value = self.returns.pop(0)
        if isinstance(value, BaseException):
            raise value
        return value


class Context:
    """A call's context; within a tool that is an agent there is no live queue."""

    def __init__(self, call_id="c", *, within=False, agent=None):
        self.function_call_id, self.agent_name, self.state = call_id, "dice", {}
        self.tool_confirmation = None
        self.actions = SimpleNamespace(
            requested_auth_configs={}, requested_tool_confirmations={}, skip_summarization=True
        )
        queue = None if within else object()
        self._invocation = SimpleNamespace(live_request_queue=queue, agent=agent, session="s")

    def get_invocation_context(self):
        return self._invocation


@pytest.fixture
def owner():
    return Owner()


@pytest.fixture
def calls(owner):
    return ToolCalls(owner)


async def before(calls, tool, context=None, **args):
    return await calls.before_tool_callback(
        tool=tool, tool_args=args, tool_context=context or Context()
    )


async def after(calls, tool, result, context=None, **args):
    return await calls.after_tool_callback(
        tool=tool, tool_args=args, tool_context=context or Context(), result=result
    )


async def until(condition):
    for _ in range(100):
        if condition():
            return
        await asyncio.sleep(0)
    pytest.fail("it never came")


def made(call_id="c", **values):
    return ToolCall(call_id, "roll", **({"args": {"n": 0}} | values))


# --- results


@pytest.mark.parametrize("empty", [None, "", [], {}, ()], ids=repr)
@pytest.mark.parametrize("wrapped", [True, False])
async def test_an_empty_result_is_told_in_words(calls, empty, wrapped):
    tool = Tool()
    await before(calls, tool)
    given = {"result": empty} if wrapped else empty
    assert await after(calls, tool, given) == NOTHING
    assert calls.empty == {"c": ([] if empty == () else empty,)}
    assert calls.outcomes([made()]) == [("roll", {}, NOTHING)]


@pytest.mark.parametrize("result", [{"result": 0}, {"result": False}, {"a": None}, {"result": "x"}])
async def test_a_result_that_is_something_stays_as_it_is(calls, result):
    tool = Tool()
    await before(calls, tool, n=1)
    assert calls.outcomes([made()]) == [("roll", {"n": 1}, None)]
    assert await after(calls, tool, result) is None
    assert (calls.empty, calls.outcomes([made()])) == ({}, [("roll", {"n": 1}, result)])


async def test_a_streaming_tool_may_give_nothing(calls):
    tool = Tool()
    calls.streaming.add("c")
    assert await after(calls, tool, {"result": ""}) is None
    assert calls.empty == {}


@pytest.mark.parametrize(("result", "deferred"), [(None, True), ({}, True), ({"n": 1}, False)])
async def test_a_long_running_tool_that_says_nothing_is_told_later(calls, owner, result, deferred):
    assert await after(calls, Tool(long=True), result) is None
    assert (owner.told, calls.empty) == ([("deferred", "c")] if deferred else [], {})


@pytest.mark.parametrize(
    ("result", "told"),
    [({1: "a"}, {"1": "a"}), ((1, 2), {"result": [1, 2]}), ({"n": 1}, None)],
)
async def test_what_is_no_json_is_made_plain(calls, result, told):
    assert await after(calls, Tool(), result) == told


@pytest.mark.parametrize(
    ("result", "changed", "told"),
    [
        ({"result": ""}, {"said": "nothing"}, {"said": "nothing"}),
        ({"result": ""}, None, NOTHING),
        ({"result": ""}, {"result": None}, NOTHING),
        ({1: "a"}, {"b": 2}, {"b": 2}),
        ({"n": 1}, {"b": 2}, None),  # ADK asks the agent itself.
    ],
)
async def test_the_agents_callback_sees_what_the_plugin_has_changed(calls, result, changed, told):
    agent = SimpleNamespace(canonical_after_tool_callbacks=[lambda **_: changed])
    assert await after(calls, Tool(), result, Context(agent=agent)) == told


# --- calls that were made before


@adk_nb.retriable
def look():
    """Changes nothing."""


@pytest.mark.parametrize(
    ("why", "repeated"),
    [
        ("the same call", True),
        ("not continued", False),
        ("over", False),
        ("another turn's is over", False),
        ("another tool", False),
        ("other arguments", False),
        ("still running", False),
        ("retriable", False),
        ("the same id", False),
    ],
)
async def test_a_call_that_a_new_connection_repeats_is_not_made_again(calls, why, repeated):
    tool = Tool()
    if why == "retriable":
        tool.func = look
    await before(calls, tool, n=1)
    if why != "still running":
        await after(calls, tool, {"result": 4}, n=1)
    if why != "not continued":
        calls.continued()
    if "over" in why:
        calls.forget(["c"] if why == "over" else ["x"])
    again = Tool("flip") if why == "another tool" else tool
    context = Context("c" if why == "the same id" else "d")
    told = await before(calls, again, context, n=2 if why == "other arguments" else 1)
    assert told == ({"result": 4} if repeated else None)


async def test_what_may_be_asked_again_is_what_may_run_again(calls):
    retriable = Tool("look")
    retriable.func = look
    await before(calls, retriable, Context("a"))
    await before(calls, Tool(), Context("b"))
    found = {
        ids: calls.must_not_run_again([made(call_id) for call_id in ids])
        for ids in ("", "a", "b", "ab", "x")
    }
    assert found == {"": False, "a": False, "b": True, "ab": True, "x": True}
    calls.forget(["a"])
    assert calls.must_not_run_again([made("a")])


@pytest.mark.parametrize(
    ("call", "outcome"),
    [
        (made("x", result=4), ("roll", {"n": 0}, 4)),
        (made("x", error="no"), ("roll", {"n": 0}, "no")),
        (made("x", args=None), ("roll", {}, None)),
    ],
)
def test_what_is_known_of_a_call_of_which_nothing_is_kept(calls, call, outcome):
    assert calls.outcomes([call]) == [outcome]


# --- failures


@pytest.mark.parametrize("within", [False, True])
async def test_an_error_is_the_models_result_and_is_kept_by_its_call(calls, caplog, within):
    context, tool = Context(within=within), Tool()
    await before(calls, tool, context)
    told = await calls.on_tool_error_callback(
        tool=tool, tool_args={}, tool_context=context, error=ValueError("no dice")
    )
    assert told == {"error": "ValueError: no dice"}
    assert calls.raised == ({} if within else {"c": "ValueError: no dice"})
    assert "The tool roll failed" in caplog.text
    if not within:
        assert calls.outcomes([made()]) == [("roll", {}, told)]


async def test_a_call_that_the_user_stopped_is_no_failure_to_log(calls, caplog):
    told = await calls.on_tool_error_callback(
        tool=Tool(), tool_args={}, tool_context=Context(), error=StoppedError()
    )
    said = "The user stopped this call."
    assert (told, calls.raised, caplog.text) == ({"error": said}, {"c": said}, "")


async def test_secrets_are_in_no_log_of_a_failure(owner, caplog):
    log = EventLog("s")
    log.keep_secret("hunter2hunter2")
    calls = ToolCalls(owner, log.redact)
    await calls.on_tool_error_callback(
        tool=Tool("hunter2hunter2"),
        tool_args={},
        tool_context=Context(),
        error=ValueError("not hunter2hunter2"),
    )
    assert "The tool [secret] failed" in caplog.text
    assert "hunter2" not in caplog.text


async def test_a_cancellation_is_no_error(calls):
    told = await calls.on_tool_error_callback(
        tool=Tool(), tool_args={}, tool_context=Context(), error=asyncio.CancelledError()
    )
    assert (told, calls.raised) == (None, {})


@pytest.mark.parametrize("answers", [True, False])
async def test_the_agent_may_answer_in_a_tools_place(calls, answers):
    def callback(**_):
        if answers:
            return {"instead": 1}
        raise KeyError("worse")

    agent = SimpleNamespace(canonical_on_tool_error_callbacks=[callback])
    told = await calls.on_tool_error_callback(
        tool=Tool(), tool_args={}, tool_context=Context(agent=agent), error=ValueError("no")
    )
    assert told == ({"instead": 1} if answers else {"error": "KeyError: 'worse'"})
    assert calls.raised == ({} if answers else {"c": "KeyError: 'worse'"})


async def test_a_tool_that_cannot_say_whether_it_asks_has_failed(calls):
    assert await before(calls, Tool(asks=ValueError("who knows"))) == {
        "error": "ValueError: who knows"
    }


# --- questions


@pytest.mark.parametrize("approved", [True, False])
async def test_a_tool_that_needs_a_confirmation_waits_for_it(calls, owner, approved):
    context = Context()
    asking = asyncio.create_task(before(calls, Tool(asks=True), context))
    await until(lambda: calls.asking)
    assert calls.asking == ["c"]
    calls.answer(None, approved=approved, payload={"n": 1})
    with pytest.raises(AdkNbError, match="'c' waits for no confirmation"):
        calls.answer("c", approved=True)  # It has its answer, and has not gone on yet.
    assert await asking is None
    assert (context.tool_confirmation.confirmed, context.tool_confirmation.payload) == (
        approved, {"n": 1},
    )  # fmt: skip
    assert owner.told == [("asks", "c", "", None), ("answered", "c", approved)]
    assert calls.asking == []


async def test_a_question_that_is_given_up_is_withdrawn(calls, owner):
    asking = asyncio.create_task(before(calls, Tool(asks=True)))
    await until(lambda: calls.asking)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert owner.told[-1] == ("answered", "c", None)
    assert calls.asking == []


async def test_the_oldest_question_is_answered_first_or_the_one_that_is_named(calls):
    asking = {
        name: asyncio.create_task(before(calls, Tool(asks=True), Context(name)))
        for name in ("a", "b", "d")
    }
    await until(lambda: len(calls.asking) == 3)
    calls.answer("b", approved=True)
    calls.answer(None, approved=True)
    await asyncio.gather(asking["a"], asking["b"])
    assert calls.asking == ["d"]
    calls.answer("d", approved=True)
    await asking["d"]
    for call_id, says in ((None, "No tool call waits"), ("d", "'d' waits for no")):
        with pytest.raises(AdkNbError, match=says) as raised:
            calls.answer(call_id, approved=True)
        assert raised.value.code == "no_question"


@pytest.mark.parametrize("within", [True, False])
async def test_a_question_within_an_agent_that_is_a_tool_is_a_call_of_its_own(calls, owner, within):
    context, tool = Context(within=within), Tool(asks=True)
    asking = asyncio.create_task(before(calls, tool, context, n=1))
    await until(lambda: calls.asking)
    calls.answer("c", approved=True)
    await asking
    for _ in range(2):
        await after(calls, tool, {"result": 4}, context)
    questions = [("asks", "c", "", None), ("answered", "c", True)]
    beside = (
        [("called_within", "dice", "c", "roll", {"n": 1})],
        [("returned", "c", "roll", {"result": 4}, None)],
    )
    assert owner.told == ([*beside[0], *questions, *beside[1]] if within else questions)
    assert ("c" in calls.outputs) is not within


def asks_itself(context, hint="Sure?", payload=None):
    asked = SimpleNamespace(hint=hint, payload=payload)
    context.actions.requested_tool_confirmations["c"] = asked


@pytest.mark.parametrize(
    ("returns", "told"),
    [
        ({"booked": 1}, {"booked": 1}),
        (4, {"result": 4}),
        (ValueError("full"), {"error": "ValueError: full"}),
        (None, NOTHING),
    ],
)
async def test_a_tool_that_asked_by_itself_runs_again(calls, owner, returns, told):
    context, tool = Context(), Tool("roll", returns)
    asks_itself(context, payload={"n": 1})
    asking = asyncio.create_task(after(calls, tool, {"status": "asking"}, context, n=1))
    await until(lambda: calls.asking)
    calls.answer(None, approved=True)
    assert await asking == told
    ((args, confirmation),) = tool.ran
    assert (args, confirmation.confirmed, confirmation.payload) == ({"n": 1}, True, {"n": 1})
    assert owner.told == [("asks", "c", "Sure?", None), ("answered", "c", True)]
    assert context.actions.skip_summarization is None
    assert context.actions.requested_tool_confirmations == {}


async def test_the_users_own_answer_is_not_replaced(calls):
    context, tool = Context(), Tool("roll", {"n": 1})
    asks_itself(context, payload={"n": 1})
    asking = asyncio.create_task(after(calls, tool, {}, context))
    await until(lambda: calls.asking)
    calls.answer(None, approved=True, payload={"n": 2})
    await asking
    assert tool.ran[0][1].payload == {"n": 2}


# --- sign-ins


@pytest.fixture
def wants(monkeypatch):
    monkeypatch.setattr(tool_calls.sign_in, "hint_of", lambda _: "Sign in.")
    monkeypatch.setattr(tool_calls.sign_in, "link_of", lambda _: "https://in")
    monkeypatch.setattr(tool_calls.sign_in, "answered", lambda _, answer: ("temp:k", answer))

    def wanted(context):
        context.actions.requested_auth_configs["c"] = auth_tool
        return context

    return wanted


@pytest.mark.parametrize("within", [False, True])
async def test_a_tool_that_wants_a_sign_in_runs_again_with_it(calls, owner, wants, within):
    context, tool = wants(Context(within=within)), Tool("roll", {"n": 1})
    asking = asyncio.create_task(after(calls, tool, {}, context, n=1))
    await until(lambda: calls.asking)
    for payload in (None, "", 3):
        with pytest.raises(AdkNbError, match="needs its answer") as raised:
            calls.answer(None, approved=True, payload=payload)
        assert raised.value.code == "bad_option"
    calls.answer(None, approved=True, payload="code")
    assert await asking == {"n": 1}
    assert context.state == {"temp:k": "code"}
    asked = [("asks", "c", "Sign in.", "https://in"), ("answered", "c", True)]
    called = ("called_within", "dice", "c", "roll", {"n": 1})
    returned = ("returned", "c", "roll", {"n": 1}, None)
    assert owner.told == ([called, *asked, returned] if within else asked)
    assert (calls._sign_ins, calls._shown) == (set(), set())


async def test_a_sign_in_that_is_refused_is_the_models_result(calls, wants):
    context, tool = wants(Context()), Tool()
    asking = asyncio.create_task(after(calls, tool, {}, context))
    await until(lambda: calls.asking)
    calls.answer(None, approved=False)
    assert await asking == {"error": "The user did not sign in."}
    assert (tool.ran, context.state) == ([], {})


async def test_a_sign_in_that_is_asked_for_again_was_not_accepted(calls, wants):
    context, tool = wants(Context()), Tool("roll", {"pending": True})

    async def run_async(*, args, tool_context):
        wants(tool_context)
        return {"pending": True}

    tool.run_async = run_async
    asking = asyncio.create_task(after(calls, tool, {}, context))
    await until(lambda: calls.asking)
    calls.answer(None, approved=True, payload="code")
    assert await asking == {"error": "The sign-in was not accepted."}
    assert context.actions.requested_auth_configs == {}


# --- runs


async def test_the_session_of_a_run_is_that_of_the_live_one(calls):
    for within in (False, True):
        invocation = Context(within=within).get_invocation_context()
        await calls.before_run_callback(invocation_context=invocation)
        assert calls.session == "s"  # An agent that is a tool has a session of its own.
        invocation.session = "other"
    calls.run_over()
    assert calls.session is None
    await calls.before_run_callback(
        invocation_context=Context(within=True).get_invocation_context()
    )
    assert calls.session is None


async def test_streaming_tools_end_with_their_run(calls):
    async def watch():
        yield 1

    streams, tool = Tool("watch"), Tool()
    streams.func = watch
    await before(calls, streams, Context("s"))
    await before(calls, tool, Context("c"))
    assert (calls.streaming, set(calls.outputs)) == ({"s"}, {"s", "c"})
    calls.run_over()
    assert (calls.streaming, set(calls.outputs)) == (set(), {"c"})


async def test_a_call_is_stopped_while_it_runs(calls):
    first, second = (asyncio.create_task(asyncio.sleep(60)) for _ in range(2))
    calls.began("c", first)
    calls.began("c", second)  # The same id once more.
    first.cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    calls.stop("c")
    with pytest.raises(asyncio.CancelledError):
        await second
    await asyncio.sleep(0)
    with pytest.raises(AdkNbError, match="'c' does not run") as raised:
        calls.stop("c")
    assert raised.value.code == "no_call"


async def test_what_a_call_prints_is_gathered_for_a_moment(calls, owner, monkeypatch):
    monkeypatch.setattr(tool_calls, "_GATHER_S", 0.0)
    await before(calls, Tool())
    output = calls.outputs["c"]
    output.write("one ")
    output.write("two")
    await asyncio.sleep(0.01)
    assert owner.told == [("printed", "c", "one two", [])]
    output.write("three")
    del calls.outputs["c"]
    await asyncio.sleep(0.01)
    assert len(owner.told) == 1
