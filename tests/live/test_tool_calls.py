"""What becomes of tool calls, through a whole session."""

import asyncio
import concurrent.futures
import sys
import threading
import time

import pytest
from google.adk.agents import Agent
from google.adk.agents.live_request_queue import LiveRequestQueue
from google.adk.agents.run_config import RunConfig, ToolThreadPoolConfig
from google.adk.models.llm_response import LlmResponse
from google.adk.tools import FunctionTool, LongRunningFunctionTool, ToolContext
from google.genai import types
from scripted import DONE, Scripted, audio, call, result_of, said, text_of
from sessions import attach, do, wait_for
from wire_frames import encode_message

from adk_nb import LiveSession
from adk_nb.exceptions import AdkNbError, TurnTimeoutError
from adk_nb.wire import protocol


def using(tool, **args):
    """Calls a tool for every text, and says what it returned."""

    def answer(came):
        if text_of(came):
            return [call_of(tool, args), DONE]
        if result_of(came) is not None:
            return [audio(20), said(f"It says {result_of(came)}.", finished=True), DONE]
        return []

    return answer


def call_of(name, args):
    part = types.Part(function_call=types.FunctionCall(id=name, name=name, args=args))
    return LlmResponse(content=types.Content(role="model", parts=[part]))


def agent(answer, *tools, **options):
    return Agent(name="tester", model=Scripted(answer), tools=list(tools), **options)


def of(page, kind):
    return [message for message in page.messages if isinstance(message, kind)]


def in_thread(function, *args, **options):
    """Calls it in a thread; returns a function that waits for its result."""
    results = []
    thread = threading.Thread(target=lambda: results.append(function(*args, **options)))
    thread.start()

    def joined():
        thread.join(10)
        return results[0]

    return joined


# What tools print and display.


@pytest.mark.parametrize("asynchronous", [False, True])
def test_what_a_tool_prints_is_shown_with_its_entry_and_logged(asynchronous, capsys):
    def work() -> str:
        """Prints."""
        print("looking…")
        print("oh!", file=sys.stderr)
        return "done"

    async def work_async() -> str:
        """Prints."""
        return work()

    work_async.__name__ = "work"
    tool = work_async if asynchronous else work
    with LiveSession(agent(using("work"), tool)) as session:
        page = attach(session)
        print("of a cell")
        (made,) = session.say("go").tool_calls
        assert made.output == "looking…\noh!\n"
        assert "".join(m.text for m in of(page, protocol.ToolOutput)) == made.output
        shown = [type(m) for m in page.messages if m.type.startswith("tool")]
        assert shown == [protocol.ToolCalled, protocol.ToolOutput, protocol.ToolReturned]
        (row,) = [row for row in session.log if row.kind == "tool_result"]
        assert row.output == made.output
        assert session.tools_df(["output"]).output.tolist() == [made.output]
        assert "looking" in session.turns[0]._repr_html_()

        async def attached():
            return session.pages.attach(page)

        history = session.bridge.call(attached()).history
        assert [m["type"] for m in history][1:4] == ["tool_call", "tool_output", "tool_result"]
    assert capsys.readouterr() == ("of a cell\n", "")
    assert type(sys.stdout).__module__ != "adk_nb.live.tool_output"


def test_two_tools_at_once_keep_their_prints_apart():
    both = threading.Barrier(2, timeout=60)

    def one() -> str:
        """Prints."""
        both.wait()
        for _ in range(50):
            print("one", end=" ")
            time.sleep(0.001)
        return "1"

    def two() -> str:
        """Prints."""
        both.wait()
        for _ in range(50):
            print("two", end=" ")
            time.sleep(0.001)
        return "2"

    def answer(came):
        if text_of(came):
            first, second = call("one"), call("two")
            first.content.parts += second.content.parts
            return [first, DONE]
        if result_of(came) is not None:
            return [said("Both.", finished=True), DONE]
        return []

    with LiveSession(agent(answer, one, two)) as session:
        turn = session.say("go")
        assert [c.output for c in turn.tool_calls] == ["one " * 50, "two " * 50]


def test_a_tool_that_prints_shows_it_while_it_runs():
    go_on = threading.Event()

    def work() -> str:
        """Prints."""
        print("first")
        go_on.wait(10)
        print("second")
        return "done"

    with LiveSession(agent(using("work"), work)) as session:
        page = attach(session)
        saying = in_thread(session.say, "go")
        wait_for(lambda: of(page, protocol.ToolOutput))
        assert of(page, protocol.ToolOutput)[0].text == "first\n"
        go_on.set()
        assert saying().tool_calls[0].output == "first\nsecond\n"


def test_a_megabyte_of_prints_and_the_conversation_goes_on():
    def flood() -> str:
        """Prints two megabytes."""
        for _ in range(2048):
            print("x" * 1023)
        return "done"

    with LiveSession(agent(using("flood"), flood)) as session:
        page = attach(session)
        turn = session.say("go")
        assert turn.tool_calls[0].result == "done"
        assert session.say("more").error is None
        sent = sum(len(m.text) for m in of(page, protocol.ToolOutput))
        assert sent == 2 * protocol.MAX_OUTPUT
        (row, _) = [row for row in session.log if row.kind == "tool_result"]
        assert len(row.output) < 1_050_000
        assert "1048576 more characters were not kept" in row.output


# Tools that fail.


def test_a_tool_that_raises_says_so_and_the_conversation_goes_on():
    def broken() -> str:
        """Fails."""
        print("before")
        raise ValueError("no dice")

    with LiveSession(agent(using("broken"), broken)) as session:
        page = attach(session)
        turn = session.say("go")
        (made,) = turn.tool_calls
        assert (made.error, made.output) == ("ValueError: no dice", "before\n")
        assert "no dice" in turn.agent_text
        assert of(page, protocol.ToolReturned)[0].error == "ValueError: no dice"
        assert session.say("again").error is None


class Exits:
    def __getattr__(self, name):
        raise SystemExit(f"no {name}")


class Dumps:
    def model_dump(self, **_):
        raise KeyboardInterrupt


@pytest.mark.parametrize("result", [Exits(), {"m": [Dumps()]}], ids=["attributes", "dump"])
def test_a_result_that_exits_when_it_is_copied_is_the_tools_error(result):
    def odd():
        return result

    with LiveSession(agent(using("odd"), odd)) as session:
        turn = session.say("go")
        assert turn.status == "complete"
        assert session.say("again").error is None
        assert "SystemExit" in turn.tool_calls[0].error or "Keyboard" in turn.tool_calls[0].error


@pytest.mark.parametrize("call_id", ["a\ud83d", "call_12345678", "i" * 5000])
def test_a_call_whose_id_is_odd_is_answered(call_id, monkeypatch):
    monkeypatch.setenv("PIN_TOKEN", "12345678")

    def answer(came):
        if text_of(came):
            return [call("fine", call_id), DONE]
        return [said("Done.", finished=True), DONE] if result_of(came) is not None else []

    def fine():
        return 1

    with LiveSession(agent(answer, fine)) as session:
        turn = session.say("go", timeout=20)
    assert (turn.status, turn.tool_calls[0].result) == ("complete", 1)


class PanicError(BaseException):
    """As what Rust's libraries raise is: no Exception."""


ODD = [
    SystemExit(3),
    KeyboardInterrupt("stop"),
    PanicError("broken"),
    GeneratorExit("over"),
    asyncio.CancelledError("elsewhere"),
    concurrent.futures.CancelledError("elsewhere"),
    StopIteration("empty"),
    StopAsyncIteration("empty"),
    BaseExceptionGroup("several", [SystemExit(1)]),
]


@pytest.mark.parametrize("where", ["thread", "loop", "pool"])
@pytest.mark.parametrize("odd", ODD, ids=lambda odd: type(odd).__name__)
def test_whatever_a_tool_raises_is_its_error(odd, where):
    def broken() -> str:
        """Fails oddly."""
        raise odd

    async def broken_async() -> str:
        """Fails oddly."""
        raise odd

    broken_async.__name__ = "broken"
    tool = broken if where == "thread" else broken_async
    pool = RunConfig(tool_thread_pool_config=ToolThreadPoolConfig()) if where == "pool" else None
    with LiveSession(agent(using("broken"), tool), run_config=pool) as session:
        turn = session.say("go", timeout=20)
        (made,) = turn.tool_calls
        assert type(odd).__name__ in made.error
        assert type(odd).__name__ in turn.agent_text
        assert turn.error is None
        (row,) = [row for row in session.log if row.kind == "tool_result"]
        assert row.error == made.error
        assert session.say("again", timeout=20).tool_calls[0].error == made.error


def test_a_tool_that_is_interrupted_is_not_said_to_have_failed():
    begun = threading.Event()

    async def lasting() -> str:
        """Lasts."""
        begun.set()
        await asyncio.sleep(60)

    with LiveSession(agent(using("lasting"), lasting)) as session:
        saying = in_thread(session.say, "go", timeout=20)
        assert begun.wait(10)
        session.interrupt()
        turn = saying()
        assert turn.interrupted
        assert "CancelledError" not in str(turn.tool_calls[0].error)


def test_a_streaming_tool_that_exits_says_so():
    async def watch(symbol: str):
        """Watches."""
        yield {"price": 1}
        sys.exit(3)

    def answer(came):
        if text_of(came):
            return [call("watch", "c1", symbol="X"), DONE]
        result = result_of(came)
        if result and "error" in result:
            return [said("It failed.", finished=True), DONE]
        return [said("I watch.", finished=True), DONE] if result else []

    with LiveSession(agent(answer, watch)) as session:
        session.say("watch it", timeout=20)
        wait_for(lambda: session.turns[-1].agent_text.endswith("It failed."))
        assert "internal error" in str(session.turns[0].tool_calls[0].result)
        assert session.say("again", timeout=20).agent_text.startswith("I watch.")


def test_a_tool_that_fails_when_it_runs_again_says_so():
    def book(tool_context: ToolContext) -> dict:
        """Books days off."""
        if tool_context.tool_confirmation is None:
            tool_context.request_confirmation(hint="Sure?")
            return {"status": "asking"}
        sys.exit("no days left")

    with LiveSession(agent(using("book"), book)) as session:
        saying = in_thread(session.say, "go", timeout=20)
        wait_for(lambda: session.questions)
        session.confirm()
        turn = saying()
        assert turn.tool_calls[0].error == "SystemExit: no days left"
        assert turn.error is None


def test_a_question_that_cannot_be_asked_is_the_tools_error():
    def sure(name):
        sys.exit("who knows")

    ran = []

    def write(name: str) -> str:
        """Writes."""
        ran.append(name)

    tool = FunctionTool(write, require_confirmation=sure)
    with LiveSession(agent(using("write", name="a"), tool)) as session:
        turn = session.say("go", timeout=20)
        assert turn.tool_calls[0].error == "SystemExit: who knows"
        assert turn.error is None
        assert ran == []


def test_a_result_that_is_no_json_is_told_as_text():
    def odd() -> object:
        """Returns a set and more."""
        return {"set": {1}, "self": threading.Lock(), 3: float("nan")}

    with LiveSession(agent(using("odd"), odd)) as session:
        page = attach(session)
        turn = session.say("go")
        assert turn.error is None
        assert "lock" in encode_message(of(page, protocol.ToolReturned)[0])
        assert session.say("again").error is None


# Tools that want confirmation.


def delete(name: str) -> str:
    """Deletes a file."""
    print("deleting")
    return f"{name} is gone"


@pytest.mark.parametrize("approved", [True, False])
def test_a_tool_that_requires_confirmation_asks_first(approved):
    tool = FunctionTool(delete, require_confirmation=True)
    with LiveSession(agent(using("delete", name="a.txt"), tool)) as session:
        page = attach(session)
        saying = in_thread(session.say, "go")
        wait_for(lambda: session.questions)
        (asked,) = session.questions
        assert (asked.name, asked.args, asked.output) == ("delete", {"name": "a.txt"}, "")
        (question,) = of(page, protocol.Question)
        assert (question.id, question.args) == (asked.id, {"name": "a.txt"})
        do(session, session.pages.receive, page, protocol.Confirm(question.id, approved=approved))
        turn = saying()
        assert of(page, protocol.Answer)[0].approved is approved
        (made,) = turn.tool_calls
        if approved:
            assert (made.result, made.output) == ("a.txt is gone", "deleting\n")
        else:
            assert "rejected" in str(made.result)
            assert made.output == ""
        assert session.questions == []
        do(session, session.pages.receive, page, protocol.Confirm(question.id, approved=True))
        assert page.errors() == []


def test_a_question_is_answered_from_a_cell():
    tool = FunctionTool(delete, require_confirmation=lambda name: name.endswith(".txt"))
    with LiveSession(agent(using("delete", name="a.txt"), tool)) as session:
        with pytest.raises(AdkNbError, match="No tool call waits"):
            session.confirm()
        do(session, session.pages.receive, object(), protocol.Text("go"))
        wait_for(lambda: session.questions)
        with pytest.raises(TurnTimeoutError, match=r"delete waits for a confirmation.*confirm"):
            session.bridge.call(session.requests._waits.finished(session.turns[0], 0.05))
        session.confirm(call=session.questions[0])
        wait_for(lambda: session.turns[0].agent_text)
        assert session.turns[0].tool_calls[0].result == "a.txt is gone"
        with pytest.raises(AdkNbError, match="waits for no confirmation"):
            session.confirm(call="c9")


async def test_a_question_is_awaited_and_answered_without_blocking():
    tool = FunctionTool(delete, require_confirmation=True)
    with LiveSession(agent(using("delete", name="a.txt"), tool)) as session:
        asking = asyncio.create_task(session.say_async("go"))
        await asyncio.to_thread(wait_for, lambda: session.questions)
        await session.confirm_async(call=session.questions[0])
        assert (await asking).tool_calls[0].result == "a.txt is gone"
        with pytest.raises(AdkNbError, match="No tool call waits"):
            await session.confirm_async()


def test_a_tool_that_asks_by_itself_runs_again_with_the_answer():
    seen = []

    def book(days: int, tool_context: ToolContext) -> dict:
        """Books days off."""
        confirmation = tool_context.tool_confirmation
        seen.append(threading.current_thread().name)
        if confirmation is None:
            tool_context.request_confirmation(hint="How many?", payload={"days": days})
            return {"status": "asking"}
        return {"booked": confirmation.payload["days"], "ok": confirmation.confirmed}

    with LiveSession(agent(using("book", days=5), book)) as session:
        page = attach(session)
        saying = in_thread(session.say, "go")
        wait_for(lambda: session.questions)
        assert of(page, protocol.Question)[0].hint == "How many?"
        session.confirm(payload={"days": 3})
        (made,) = saying().tool_calls
        assert made.result == {"booked": 3, "ok": True}
        assert len(seen) == 2
        assert "adk-nb-bridge" not in seen


def test_a_question_is_withdrawn_with_its_turn():
    tool = FunctionTool(delete, require_confirmation=True)
    with LiveSession(agent(using("delete", name="a"), tool)) as session:
        page = attach(session)
        saying = in_thread(session.say, "go")
        wait_for(lambda: session.questions)
        session.interrupt()
        assert saying().interrupted
        wait_for(lambda: of(page, protocol.Answer))
        assert of(page, protocol.Answer)[0].approved is None
        assert session.questions == []


# Tools that take long.


# The user stops a tool.


@pytest.mark.parametrize("by", ["name", "id", "page"])
@pytest.mark.parametrize("where", ["coroutine", "thread"])
def test_the_user_stops_a_tool_and_the_model_is_told(by, where):
    begun, let, ended = threading.Event(), threading.Event(), []

    async def work() -> str:
        """Works for long."""
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(True)
        return "never"

    def work_in_thread() -> str:
        """Works for long."""
        begun.set()
        let.wait(60)
        return "thrown away"

    work_in_thread.__name__ = "work"
    tool = work if where == "coroutine" else work_in_thread
    with LiveSession(agent(using("work"), tool)) as session:
        said = in_thread(session.say, "go", timeout=20)
        begun.wait(20)
        (call,) = session.turns[0].tool_calls
        if by == "page":
            do(session, session.pages.receive, attach(session), protocol.Stop(call.id))
        else:
            session.stop_tool("work" if by == "name" else call)
        turn = said()
        let.set()
        (call,) = turn.tool_calls
        assert (call.error, call.result) == ("The user stopped this call.", None)
        assert str(turn.status) == "complete"
        assert "The user stopped this call." in turn.agent_text
        assert ended == [True] * (where == "coroutine")
        with pytest.raises(AdkNbError, match="does not run"):
            session.stop_tool("work")


def test_a_long_running_tool_is_told_its_outcome_later():
    def apply(days: int) -> dict:
        """Asks the boss."""
        return {"status": "pending"}

    heard = []

    def answer(came):
        if text_of(came):
            return [call("apply", days=3), DONE]
        if result_of(came) is not None:
            heard.append(result_of(came))
            return [said(f"It is {result_of(came)['status']}.", finished=True), DONE]
        return []

    tool = LongRunningFunctionTool(apply)
    with LiveSession(agent(answer, tool)) as session:
        turn = session.say("three days off")
        assert turn.agent_text == "It is pending."
        (made,) = turn.tool_calls
        assert made.long_running
        session.respond(made, {"status": "approved"})
        # The answer to it belongs to the turn that asked.
        wait_for(lambda: session.turns[0].agent_text == "It is pending. It is approved.")
        assert len(session.turns) == 1
        assert made.result == {"status": "approved"}
        assert session.tools_df().result.tolist() == [{"status": "approved"}]
        assert heard == [{"status": "pending"}, {"status": "approved"}]
        events = session.adk_session().events
        responses = [r.response for e in events for r in e.get_function_responses()]
        assert responses == heard
        with pytest.raises(AdkNbError, match="no tool call 'c9'"):
            session.respond("c9", {})


def test_a_long_running_tool_that_says_nothing_yet_ends_its_turn():
    def wait_for_it() -> None:
        """Begins something."""

    tool = LongRunningFunctionTool(wait_for_it)
    with LiveSession(agent(using("wait_for_it"), tool)) as session:
        turn = session.say("go")
        assert (turn.agent_text, turn.tool_calls[0].ms) == ("", None)
        assert session.status == "ready"
        session.respond(turn.tool_calls[0], {"status": "here"})
        wait_for(lambda: session.turns[-1].agent_text)
        assert "here" in session.turns[-1].agent_text


async def test_an_outcome_is_told_without_blocking():
    def wait_for_it() -> None:
        """Begins something."""

    tool = LongRunningFunctionTool(wait_for_it)
    with LiveSession(agent(using("wait_for_it"), tool)) as session:
        turn = await session.say_async("go", timeout=5)
        await session.respond_async(turn.tool_calls[0], {"status": "here"})
        await asyncio.to_thread(wait_for, lambda: "here" in session.turns[-1].agent_text)
        with pytest.raises(AdkNbError, match="no tool call 'c9'"):
            await session.respond_async("c9", {})


@pytest.mark.long
def test_a_streaming_tool_tells_more_than_once_and_hears_what_the_user_says():
    got = []

    async def watch(symbol: str, input_stream: LiveRequestQueue):
        """Watches."""
        while len(got) < 2:
            request = await input_stream.get()
            if request.blob is not None:
                got.append(request.blob.data[:1])
                print("heard", len(got))
                yield {"price": len(got)}

    def answer(came):
        if text_of(came):
            return [call("watch", "c1", symbol="X"), DONE]
        result = result_of(came)
        if result and "price" in result:
            return [said(f"Now {result['price']}.", finished=True), DONE]
        return [said("I watch.", finished=True), DONE] if result else []

    with LiveSession(agent(answer, watch)) as session:
        turn = session.say("watch it")
        assert turn.agent_text == "I watch."
        me = object()
        do(session, lambda: session._exchange.realtime_input.open_microphone(me, on=True))
        for n in (1, 2):
            do(session, session.pages.hear, me, bytes([n]) * 640)
            wait_for(lambda n=n: turn.agent_text.endswith(f"Now {n}."))
        assert len(session.turns) == 1
        assert got == [b"\x01", b"\x02"]
        rows = [row for row in session.log if row.kind == "tool_result"]
        assert [row.result for row in rows][1:] == [{"price": 1}, {"price": 2}]
        assert turn.tool_calls[0].result == {"price": 2}
        assert turn.tool_calls[0].output == "heard 1\nheard 2\n"


def test_a_streaming_tool_that_fails_says_so():
    async def watch(symbol: str):
        """Watches."""
        yield {"price": 1}
        raise ValueError("gone")

    def answer(came):
        if text_of(came):
            return [call("watch", "c1", symbol="X"), DONE]
        result = result_of(came)
        if result and "error" in result:
            return [said("It failed.", finished=True), DONE]
        return [said("I watch.", finished=True), DONE] if result else []

    with LiveSession(agent(answer, watch)) as session:
        session.say("watch it")
        wait_for(lambda: session.turns[-1].agent_text.endswith("It failed."))
        assert "internal error" in str(session.turns[0].tool_calls[0].result)


def test_what_a_tool_displays_is_shown():
    png = "iVBORw0KGgo="
    from adk_nb.live import tool_output

    def plot() -> str:
        """Plots."""
        tool_output._CURRENT.get().show({"image/png": png, "text/plain": "<Figure>"})
        tool_output._CURRENT.get().show({"text/plain": "a table"})
        return "done"

    with LiveSession(agent(using("plot"), plot)) as session:
        page = attach(session)
        (made,) = session.say("go").tool_calls
        assert made.images == [f"data:image/png;base64,{png}"]
        assert made.output == "a table\n"
        assert [m.image for m in of(page, protocol.ToolOutput) if m.image] == made.images


def test_blobs_are_16_khz(monkeypatch):
    from adk_nb.live.microphone import blob

    assert blob(b"\0\0") == types.Blob(data=b"\0\0", mime_type="audio/pcm;rate=16000")


def test_a_long_running_tool_beside_another_leaves_the_turn_open():
    def begin() -> None:
        """Begins something."""

    def nap() -> str:
        """Takes a moment."""
        time.sleep(0.3)
        return "rested"

    def answer(came):
        if text_of(came):
            first, second = call("begin"), call("nap")
            first.content.parts += second.content.parts
            return [first, DONE]
        return [said("Done.", finished=True), DONE] if result_of(came) is not None else []

    with LiveSession(agent(answer, LongRunningFunctionTool(begin), nap)) as session:
        turn = session.say("go")
        assert turn.agent_text == "Done."
        assert len(session.turns) == 1
