"""Agents, tools and histories changed between turns."""

import asyncio
import contextlib
import threading
import time

import pytest
from google.adk.agents import Agent, SequentialAgent
from google.adk.tools import FunctionTool
from google.genai import types
from scripted import DONE, Scripted, audio, call, echo, heard, result_of, said, text_of
from sessions import attach, do, kinds, wait_for

import adk_nb
from adk_nb import LiveSession
from adk_nb.adk import agents
from adk_nb.exceptions import AdkNbError, SessionClosedError, SwapError
from adk_nb.wire import protocol


def says(answer):
    """Answers every text with the same words."""
    return lambda came: [audio(20), said(answer, finished=True), DONE] if text_of(came) else []


def one(name, answer, *tools, **options):
    script = says(answer) if isinstance(answer, str) else answer
    return Agent(name=name, model=Scripted(script), tools=list(tools), **options)


def add(a: int, b: int) -> int:
    """Adds two numbers."""
    return a + b


def subtract(a: int, b: int) -> int:
    """Subtracts."""
    return a - b


def history(agent, index=-1):
    """The words that a model was given when it was connected, in order."""
    histories = agent.model.histories
    return [part.text for content in histories[index] for part in content.parts if part.text]


def declared(model, index=-1):
    """The tools that a model was told of when it was connected."""
    config = model.connects[index].config
    return [f.name for tool in config.tools or [] for f in tool.function_declarations or []]


def test_another_agent_answers_and_knows_what_was_said():
    first, second = one("first", "First here."), one("second", "Second here.")
    with LiveSession(first) as session:
        page = attach(session)
        session.say("my name is Ann")
        began = time.monotonic()
        swap = session.swap(second)
        took_ms = (time.monotonic() - began) * 1000
        turn = session.say("who am I?")
        assert session.agent is second
        assert (swap.agent, swap.history, swap.tools) == ("second", "keep", [])
        assert 0 < swap.ms <= took_ms
        assert "second answers in place of first." in repr(swap)
    assert (turn.agent, turn.agent_text) == ("second", "Second here.")
    words = " ".join(history(second))
    assert "my name is Ann" in words
    assert "First here." in words
    assert [t.agent for t in session.turns] == ["first", "second"]
    assert session.turns_df().agent.tolist() == ["first", "second"]
    (row,) = [row for row in session.log if row.kind == "agent_swapped"]
    assert (row.source, row.agent, row.model) == ("bridge", "second", "scripted")
    assert row.args["before"] == "first"
    changed = [m for m in page.messages if isinstance(m, protocol.AgentChanged)]
    assert [m.agent for m in changed] == ["second"]
    assert [m.kind for m in page.messages if isinstance(m, protocol.Note)] == ["swap"]


def test_tools_instruction_and_model_are_changed_on_a_copy():
    agent = one("calc", "Ok.", add, instruction="Add.")
    model = Scripted(says("Another."))
    with LiveSession(agent) as session:
        session.say("hi")
        assert declared(agent.model) == ["add"]
        swap = session.swap(tools=[subtract], instruction="Subtract.", model=model)
        assert session.say("hi").agent_text == "Another."
        assert declared(model) == ["subtract"]
        assert "Subtract." in str(model.connects[-1].config.system_instruction)
        assert session.agent.tools == [subtract]
    assert agent.tools == [add]
    assert agent.instruction == "Add."
    assert {"Added: subtract.", "Removed: add.", "Its instruction is another."} <= set(swap.changes)


def test_a_tool_that_was_defined_again_is_used():
    def version() -> str:
        """Tells its version."""
        return "one"

    def use(came):
        if text_of(came):
            return [call("version"), DONE]
        if result_of(came) is not None:
            return [said(result_of(came)["result"], finished=True), DONE]
        return []

    with LiveSession(one("v", use, version)) as session:
        assert session.say("?").agent_text == "one"

        def version() -> str:
            """Tells its version."""
            return "two"

        swap = session.swap(tools=[version])
        assert swap.changes == ["Redefined: version."]
        assert session.say("?").agent_text == "two"


def test_the_short_forms():
    first, second = one("first", "One.", add), one("second", "Two.")
    with LiveSession(first) as session:
        assert session.tools == [add]
        session.agent = second
        assert session.say("hi").agent == "second"
        session.tools = [subtract]
        session.say("hi")
        assert declared(second.model) == ["subtract"]
        assert session.tools == [subtract]


async def test_the_async_twin():
    session = LiveSession(one("first", "One.")).start()
    try:
        await session.swap_async(one("second", "Two."), history="fresh")
        assert (await session.say_async("hi")).agent_text == "Two."
    finally:
        session.close()


def test_fresh_knows_nothing_and_one_can_go_back():
    agent = one("a", "Yes.")
    with LiveSession(agent, session_id="monday") as session:
        session.say("the word is apple")
        session.state["mood"] = "good"
        swap = session.swap(history="fresh")
        assert swap.history_id != "monday"
        assert session.state == {}
        session.say("hello")
        assert len(agent.model.histories) == 0  # There was nothing to send.
        session.swap(history="monday")
        session.say("again")
        assert "the word is apple" in " ".join(history(agent))
        assert "hello" not in history(agent)
        assert session.state["mood"] == "good"
        assert [h.turns for h in session.histories] == [[1, 3], [2]]
        assert [h.current for h in session.histories] == [True, False]


def test_a_fork_from_an_earlier_turn_leaves_the_original_as_it_was():
    def remember(topic: str, tool_context) -> str:
        """Remembers."""
        tool_context.state["topic"] = topic
        return "ok"

    def use(came):
        text = text_of(came)
        if text:
            return [call("remember", topic=text), DONE]
        if result_of(came) is not None:
            return [said("Noted.", finished=True), DONE]
        return []

    agent = one("a", use, remember)
    with LiveSession(agent, session_id="s") as session:
        session.say("apples")
        session.say("pears")
        swap = session.swap(history="fork", at_turn=1)
        assert "apples" in history(agent)
        assert "pears" not in history(agent)
        assert session.state["topic"] == "apples"
        session.say("plums")
        session.swap(history="s")
        assert {"apples", "pears"} <= set(history(agent))
        assert "plums" not in history(agent)
        assert session.state["topic"] == "pears"
        session.swap(history="fork", at_turn=3)
        assert "plums" in history(agent)
        assert "pears" not in history(agent)
        first, fork, later = session.histories
        assert (first.id, first.turns) == ("s", [1, 2])
        assert (fork.id, fork.origin, fork.turns) == (swap.history_id, "s", [1, 3])
        assert (later.origin, later.turns, later.current) == (fork.id, [1, 3], True)
        texts = [e.content.parts[0].text for e in session.adk_session("s").events if e.content]
        assert {"apples", "pears"} <= set(texts)


def test_a_fork_from_here_has_all_of_it():
    agent = one("a", "Yes.")
    with LiveSession(agent, session_id="s") as session:
        session.say("one")
        session.say("two")
        session.swap(history="fork")
        assert {"one", "two"} <= set(history(agent))
        session.say("three")
        events = session.adk_session("s").events
        assert "three" not in [e.content.parts[0].text for e in events if e.content]


def test_a_fork_of_spoken_turns_goes_by_what_adk_says():
    def answers(came):
        if isinstance(came, types.Blob) and came.data[0]:
            n = came.data[0]
            return [
                heard(f"question {n}", finished=True), audio(20),
                said(f"Answer {n}.", finished=True), DONE,
            ]  # fmt: skip
        return []

    agent = one("a", answers)
    with LiveSession(agent) as session:
        me = object()
        do(session, lambda: session._exchange.realtime_input.open_microphone(me, on=True))
        for n in (1, 2):
            wait_for(lambda: session._exchange.live.queue is not None)
            do(session, session.pages.hear, me, bytes([n]) * 640)
            wait_for(lambda n=n: len(session.turns) == n and session.turns[-1].ended)
        session.swap(history="fork", at_turn=1)
        assert history(agent) == ["question 1", "Answer 1."]
        assert session.status == "ready"


def test_a_swap_in_mid_turn_ends_the_turn_first():
    def slow(came):
        return [audio(100), said("I am still ", finished=False), 30, DONE] if text_of(came) else []

    second = one("second", "Two.")
    with LiveSession(one("first", slow)) as session:
        page = attach(session)
        saying = threading.Thread(target=session.say, args=("go",))
        saying.start()
        wait_for(lambda: session.turns and session.turns[0].agent_text)
        session.swap(second)
        saying.join(5)
        assert not saying.is_alive()
        turn = session.turns[0]
        assert (turn.interrupted, turn.agent, turn.agent_text) == (True, "first", "I am still")
        order = [k for k in kinds(session) if k in ("interrupted", "agent_swapped")]
        assert order == ["interrupted", "agent_swapped"]
        cut = page.messages.index(protocol.TurnState(1, "interrupted"))
        changed = [isinstance(m, protocol.AgentChanged) for m in page.messages].index(True)
        assert cut < changed
        assert session.say("hi").agent_text == "Two."
    # What was said of the answer is known to the next agent, though ADK had kept none of it.
    assert "I am still" in " ".join(history(second))
    assert "go" in " ".join(history(second))


def test_a_swap_while_a_tool_runs_closes_its_call():
    stuck = threading.Event()

    def hang() -> str:
        """Never returns."""
        print("on it")
        stuck.wait(20)
        return "late"

    def use(came):
        return [call("hang", "c1"), DONE] if text_of(came) else []

    second = one("second", "Two.")
    with LiveSession(one("first", use, hang)) as session:
        saying = threading.Thread(target=session.say, args=("go",))
        saying.start()
        wait_for(lambda: session.turns and session.turns[0].tool_calls)
        wait_for(lambda: session.turns[0].tool_calls[0].output)
        session.swap(second)
        saying.join(5)
        (tool,) = session.turns[0].tool_calls
        assert tool.error == "The call was cut off."
        assert tool.output == "on it\n"
        assert session.say("hi").agent_text == "Two."
        stuck.set()
    responses = [p.function_response for c in second.model.histories[-1] for p in c.parts]
    # ADK tells another agent of it in words.
    assert any(responses) or "cut off" in " ".join(history(second))


def test_swaps_that_fail_leave_the_old_agent_running():
    class Odd:
        pass

    def odd(thing: Odd) -> str:
        """Takes what no model can send."""
        return "?"

    old = one("old", "Old.", add)
    refused = Agent(name="new", model=Scripted(echo, [ConnectionError("no route")]))
    missing = Agent(name="new", model="no-such-model")
    with LiveSession(old) as session:
        page = attach(session)
        session.say("hi")
        for wrong, message in (
            ({"tools": [odd]}, "odd"),
            ({"tools": [42]}, "42 is no tool"),
            ({"agent": refused}, "no route"),
            ({"agent": missing}, "no-such-model"),
            ({"history": "s9"}, "no history 's9'"),
            ({"history": "fork", "at_turn": 9}, "no turn 9"),
            ({"at_turn": 1}, "at_turn"),
        ):
            with pytest.raises(SwapError, match=message) as raised:
                session.swap(**wrong)
            assert raised.value.remedy
            assert page.errors()[-1].code == "swap_failed"
            assert session.agent is old
            assert session.say("hi").agent_text == "Old."
        assert len(session.histories) == 1
        assert "agent_swapped" not in kinds(session)
        assert len([row for row in session.log if row.kind == "error"]) == 7
        assert session.turns[-1].error is None


class Slow(Scripted):
    """Connects after a while, or fails to."""

    seconds: float = 0.4
    fails: bool = False
    dialled: bool = False

    @contextlib.asynccontextmanager
    async def connect(self, llm_request):
        self.dialled = True
        await asyncio.sleep(self.seconds)
        if self.fails:
            raise ConnectionError("no route")
        async with super().connect(llm_request) as connection:
            yield connection


def test_a_model_that_never_connects_is_given_up():
    with LiveSession(one("old", "Old.")) as session:
        session.say("hi")
        with pytest.raises(SwapError, match=r"not connected within 0\.2 s; old goes on"):
            session.swap(Agent(name="new", model=Slow(echo, seconds=60)), timeout=0.2)
        assert session.say("hi").agent_text == "Old."


@pytest.mark.parametrize(("fails", "answer"), [(False, "New."), (True, "Old.")])
def test_what_is_typed_during_a_swap_goes_to_whoever_it_leaves_in_place(fails, answer):
    new = Agent(name="new", model=Slow(says("New."), fails=fails))
    with LiveSession(one("old", "Old.")) as session:
        session.say("hi")
        swapping = threading.Thread(target=swap_or_not, args=(session, new))
        swapping.start()
        wait_for(lambda: new.model.dialled)
        assert session.say("meanwhile").agent_text == answer
        swapping.join()


def swap_or_not(session, agent):
    with contextlib.suppress(AdkNbError):
        session.swap(agent)


def test_speech_under_way_is_said_again_to_the_new_agent():
    def first_half(came):
        loud = isinstance(came, types.Blob) and came.data[:2] == b"\x11\x22"
        return [heard("What is ", finished=False)] if loud else []

    got = bytearray()

    def whole(came):
        if isinstance(came, types.Blob):
            before = len(got)
            got.extend(came.data)
            if before < 6400 <= len(got):
                return [heard("What is it?", finished=True), said("That.", finished=True), DONE]
        return []

    with LiveSession(one("old", first_half)) as session:
        me = object()
        do(session, lambda: session._exchange.realtime_input.open_microphone(me, on=True))
        wait_for(lambda: session._exchange.live.queue is not None and session.status == "ready")
        for _ in range(5):
            do(session, session.pages.hear, me, b"\x11\x22" * 320)
        wait_for(lambda: session.turns and session.turns[0].user_text == "What is")
        session.swap(one("new", whole))
        for _ in range(5):
            do(session, session.pages.hear, me, b"\x11\x22" * 320)
        wait_for(lambda: session.turns[0].ended)
        (turn,) = session.turns
        assert (turn.user_text, turn.agent_text) == ("What is it?", "That.")
        assert (turn.agent, turn.interrupted) == ("new", False)
        assert bytes(got[:6400]) == b"\x11\x22" * 3200
        assert session.mic_dropped == 0


def test_tools_are_switched_off_and_on_from_a_page():
    agent = one("calc", "Ok.", add, subtract)
    with LiveSession(agent) as session:
        page = attach(session)
        session.say("hi")
        do(session, session.pages.receive, page, protocol.ToolSwitch("add", on=False))
        wait_for(lambda: declared(agent.model) == ["subtract"])
        wait_for(lambda: any(isinstance(m, protocol.AgentChanged) for m in page.messages))
        changed = [m for m in page.messages if isinstance(m, protocol.AgentChanged)][-1]
        assert [(t["name"], t["on"]) for t in changed.tools] == [("add", False), ("subtract", True)]
        assert changed.changes == ["Switched off: add."]
        do(session, session.pages.receive, page, protocol.ToolSwitch("add", on=True))
        wait_for(lambda: declared(agent.model) == ["add", "subtract"])
        do(session, session.pages.receive, page, protocol.ToolSwitch("multiply", on=True))
        wait_for(page.errors)
        assert "no tool 'multiply'" in page.errors()[-1].message
        wait_for(lambda: session.tools == [add, subtract])


def test_an_agent_without_tools_of_its_own_is_refused_them():
    whole = SequentialAgent(name="both", sub_agents=[one("a", "A."), one("b", "B.")])
    with (
        LiveSession(one("old", "Old.")) as session,
        pytest.raises(SwapError, match="has no tools of its own"),
    ):
        session.swap(whole, tools=[add])


def test_a_session_that_is_not_started_starts_with_a_swap():
    session = LiveSession(one("a", "A."))
    try:
        session.swap(one("b", "B."))
        assert session.say("hi").agent == "b"
    finally:
        session.close()


def test_a_closed_session_is_not_swapped():
    session = LiveSession(one("a", "A."))
    session.close()
    with pytest.raises(SessionClosedError):
        session.swap(one("b", "B."))


def test_a_hundred_swaps_while_audio_flows_leave_nothing_behind():
    psutil = pytest.importorskip("psutil")
    agents = [one(f"agent{n}", says("Here.")) for n in range(2)]
    with LiveSession(agents[0]) as session:
        me = object()
        do(session, lambda: session._exchange.realtime_input.open_microphone(me, on=True))
        running = True

        def talk_on():
            while running:
                do(session, session.pages.hear, me, bytes(640))
                time.sleep(0.02)

        def count():
            async def counted():
                return len(asyncio.all_tasks())

            process = psutil.Process()
            tasks = session.bridge.call(counted())
            return threading.active_count(), tasks, process.num_fds()

        talking = threading.Thread(target=talk_on)
        talking.start()
        try:
            for n in range(5):
                session.swap(agents[n % 2])
            time.sleep(0.2)
            before, memory = count(), psutil.Process().memory_info().rss
            for n in range(100):
                session.swap(agents[n % 2])
                if n % 10 == 0:
                    assert session.say(f"turn {n}").agent_text == "Here."
            wait_for(lambda: all(n <= b + more for n, b, more in
                                 zip(count(), before, (1, 2, 1), strict=True)))  # fmt: skip
        finally:
            running = False
            talking.join()
        typed = [turn for turn in session.turns if turn.user_text]
        assert len(typed) == 10
        assert not any(turn.error for turn in typed)
        assert psutil.Process().memory_info().rss - memory < 20_000_000
        assert session.mic_dropped == 0


def test_what_is_typed_over_before_it_was_sent_is_not_sent():
    def slow_echo(came):
        return [0.3, *echo(came)]

    with LiveSession(Agent(name="slow", model=Slow(slow_echo, seconds=0.5))) as session:
        page = attach(session)
        do(session, session.pages.receive, page, protocol.Text("one"))
        assert session.say("two").agent_text == "You said two."
        assert len(session.turns) == 2
        assert session.turns[0].status == "unanswered"


def test_tools_of_one_name_are_told_apart():
    def other(a: int) -> int:
        """Adds nothing."""
        return a

    other.__name__ = "add"
    assert [t["name"] for t in agents.described([add, other], {"add 2"})] == ["add", "add 2"]
    assert [t["on"] for t in agents.described([add, other], {"add 2"})] == [True, False]


def test_a_text_is_no_agent():
    with LiveSession(one("first", echo)) as session:
        with pytest.raises(SwapError, match=r"'second' is no agent\. Give the agent itself"):
            session.swap("second")
        assert session.say("hi").agent_text == "You said hi."


# One tool, and the name of what there is.


def adds(came):
    if text_of(came):
        return [call("add", a=1, b=2)]
    result = result_of(came)
    return [audio(20), said(f"It is {result['result']}.", finished=True), DONE] if result else []


def test_one_tool_is_replaced_and_the_others_stay():
    with LiveSession(one("calc", adds, add, subtract)) as session:
        assert session.say("one and two").agent_text == "It is 3."

        def replacement(a: int, b: int) -> int:
            """Adds two numbers, and a hundred."""
            return a + b + 100

        replacement.__name__ = "add"
        swap = session.swap(replace=[replacement])
        assert swap.tools == ["add", "subtract"]
        assert swap.changes == ["Redefined: add."]
        assert session.say("one and two").agent_text == "It is 103."
        session.swap(replace=add)
        assert session.say("one and two").agent_text == "It is 3."


def test_a_function_in_place_of_a_tool_that_asks_first_is_asked_for_too():
    asking = FunctionTool(add, require_confirmation=True)
    with LiveSession(one("calc", adds, asking)) as session:

        def replacement(a: int, b: int) -> int:
            """Adds two numbers, and a hundred."""
            return a + b + 100

        replacement.__name__ = "add"
        session.swap(replace=[replacement])
        saying = session.bridge.submit(session.requests.say("one and two", 60))
        wait_for(lambda: session.questions or saying.done())
        assert session.questions
        session.confirm()
        assert saying.result(60).agent_text == "It is 103."


@pytest.mark.parametrize("instruction", [5, ["Add."], b"Add."])
def test_what_is_no_instruction_is_refused_by_name(instruction):
    with LiveSession(one("calc", "Yes.", add)) as session:
        with pytest.raises(SwapError, match=r"instruction=.* is no text"):
            session.swap(instruction=instruction)
        assert session.say("hi").agent_text == "Yes."


def test_a_tool_that_is_switched_off_stays_so_when_it_is_replaced():
    with LiveSession(one("calc", "Yes.", add, subtract)) as session:
        page = attach(session)
        do(session, session.pages.receive, page, protocol.ToolSwitch("add", on=False))
        wait_for(lambda: session.tools == [subtract])
        session.swap(replace=[FunctionTool(add)])
        assert session.tools == [subtract]
        do(session, session.pages.receive, page, protocol.ToolSwitch("add", on=True))
        wait_for(lambda: len(session.tools) == 2)
        assert isinstance(session.tools[0], FunctionTool)


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ({"replace": [subtract]}, "no tool 'subtract' to replace. There are: add"),
        ({"replace": [add], "tools": [add]}, "Give one of the two"),
        ({"replace": [3]}, "3 is no tool"),
        ({"label": " "}, "at most 100 characters"),
        ({"label": "x" * 101}, "at most 100 characters"),
        ({"label": 3}, "at most 100 characters"),
    ],
)
def test_what_cannot_be_replaced_or_named_changes_nothing(wish, says):
    with LiveSession(one("calc", "Yes.", add)) as session:
        with pytest.raises(AdkNbError, match=says):
            session.swap(**wish)
        assert session.tools == [add]
        assert session.say("hi").agent_text == "Yes."


def test_every_frame_says_which_variant_it_was_also_read_back(tmp_path):
    agent = one("calc", adds, add)
    with LiveSession(agent, record=tmp_path) as session:
        session.say("one and two")
        assert session.swap(instruction="Be brief.", label="brief").variant == "brief"
        session.say("one and two")
        session.swap(history="fresh")
        session.say("one and two")
        session.swap(tools=[add, subtract])
        session.say("one and two")
    first, last = agents.variant_of(agent), session.log[len(session.log) - 1].variant
    assert last not in (first, "brief")
    expected = [first, "brief", "brief", last]
    assert [turn.variant for turn in session.turns] == expected
    for source in (session, tmp_path):
        assert list(adk_nb.turns_df(source).variant) == expected
        assert list(adk_nb.tools_df(source).variant) == expected
        said = adk_nb.transcript_df(source)
        assert list(said[said.role == "agent"].variant) == expected
        events = adk_nb.events_df(source)
        assert list(events.variant.unique()) == [first, "brief", last]
        assert events[events.kind == "agent_swapped"].variant.tolist() == ["brief", "brief", last]
    spans = session.spans_df()
    assert set(spans.variant) >= {first, "brief", last}


class Unreachable(Scripted):
    """A model that is never connected."""

    @contextlib.asynccontextmanager
    async def connect(self, llm_request):
        await asyncio.sleep(1000)
        yield


def test_who_swaps_while_the_session_is_closed_is_told_so_at_once():
    live = LiveSession(Agent(name="a", model=Scripted(echo)))
    live.say("hi")
    errors = []

    def swap():
        with pytest.raises(SessionClosedError) as raised:
            live.swap(Agent(name="b", model=Unreachable(echo)))
        errors.append(raised.value)

    swapping = threading.Thread(target=swap)
    swapping.start()
    wait_for(lambda: live._exchange.live.link == "entering")
    live.close()
    swapping.join(60)
    assert [error.message for error in errors] == ["The session was closed meanwhile."]
