"""ADK's sessions behind a live one: kept on disk, their state, their artifacts, who speaks."""

import threading

import pytest
from google.adk.agents import Agent
from google.adk.events import Event
from google.adk.plugins.base_plugin import BasePlugin
from google.adk.sessions.sqlite_session_service import SqliteSessionService
from google.adk.tools import ToolContext
from google.genai import types
from scripted import DONE, Scripted, audio, call, heard, result_of, said, text_of
from sessions import attach, do, kinds, wait_for

from adk_nb import LiveSession
from adk_nb.exceptions import AdkNbError
from adk_nb.live.histories import APP_NAME
from adk_nb.live.session_services import service_of
from adk_nb.wire import protocol


def yes(came):
    return [audio(20), said("Yes.", finished=True), DONE] if text_of(came) else []


def agent(answer=yes, *tools, name="tester", **options):
    return Agent(name=name, model=Scripted(answer), tools=list(tools), **options)


def words(agent):
    contents = agent.model.histories[-1]
    return [part.text for content in contents for part in content.parts if part.text]


# Session services by URI.


@pytest.mark.parametrize("scheme", ["sqlite", "sqlite+aiosqlite"])
def test_a_conversation_goes_on_after_the_kernel_was_restarted(tmp_path, monkeypatch, scheme):
    if "+" in scheme:
        pytest.importorskip("sqlalchemy")
    monkeypatch.chdir(tmp_path)
    uri = f"{scheme}:///talk.db"
    with LiveSession(agent(), sessions=uri, session_id="monday") as session:
        session.say("the word is apple")
        session.state["mood"] = "good"
        session.say("and more")
    again = agent()
    with LiveSession(again, sessions=uri, session_id="monday") as session:
        page = attach(session)
        assert session.say("which word?").index == 1
        assert {"the word is apple", "and more", "Yes."} <= set(words(again))
        assert session.state["mood"] == "good"

        async def attached():
            return session.pages.attach(page)

        history = session.bridge.call(attached()).history
        shown = [(m["turn"], m["text"]) for m in history if m["type"] == "transcript"]
        assert shown == [
            (-1, "the word is apple"), (-1, "Yes."), (0, "and more"), (0, "Yes."),
            (1, "which word?"), (1, "Yes."),
        ]  # fmt: skip
        assert [m["kind"] for m in history if m["type"] == "note"] == ["history"]
        session.swap(history="fork")
        assert "which word?" in words(again)
        assert session.say("on").error is None
    assert (tmp_path / "talk.db").exists()


# State.


def test_state_is_read_and_set_between_a_tools_calls():
    def bump(tool_context: ToolContext) -> int:
        """Counts."""
        tool_context.state["n"] = tool_context.state.get("n", 0) + 1
        return tool_context.state["n"]

    def use(came):
        if text_of(came):
            return [call("bump"), DONE]
        if result_of(came) is not None:
            return [said(str(result_of(came)["result"]), finished=True), DONE]
        return []

    with LiveSession(agent(use, bump)) as session:
        assert dict(session.state) == {}
        assert session.say("go").agent_text == "1"
        assert session.state["n"] == 1
        session.state["n"] = 10
        assert session.say("go").agent_text == "11"
        session.state = {"n": 20, "who": "Ann"}
        assert session.say("go").agent_text == "21"
        assert dict(session.state) == {"n": 21, "who": "Ann"}
        assert len(session.state) == 2
        with pytest.raises(AdkNbError, match="None"):
            del session.state["n"]
        with pytest.raises(KeyError):
            session.state["nothing"]
    assert session.state["who"] == "Ann"
    assert repr(session.state) == "{'n': 21, 'who': 'Ann'}"


def test_state_in_an_instruction_is_read_at_the_next_swap():
    one = agent(instruction="You talk to {name?}.")
    with LiveSession(one) as session:
        session.state["name"] = "Ann"
        session.swap()
        assert "talk to Ann" in str(one.model.connects[-1].config.system_instruction)


def test_state_before_the_session_is_started():
    session = LiveSession(agent())
    session.state["name"] = "Ann"
    with session:
        assert session.state["name"] == "Ann"
        assert session.say("hi").agent_text == "Yes."


# Artifacts.


def test_artifacts_are_read_and_go_with_a_fork():
    async def note(tool_context: ToolContext) -> str:
        """Saves a note."""
        part = types.Part(text=f"note {len(await tool_context.list_artifacts())}")
        await tool_context.save_artifact("note.txt", part)
        return "saved"

    def use(came):
        if text_of(came):
            return [call("note"), DONE]
        return [said("Saved.", finished=True), DONE] if result_of(came) is not None else []

    with LiveSession(agent(use, note)) as session:
        session.say("go")
        session.say("go")
        assert session.artifacts == ["note.txt"]
        assert session.artifact("note.txt").text == "note 1"
        assert session.artifact("note.txt", version=0).text == "note 0"
        assert session.artifact("nothing") is None
        session.swap(history="fork")
        assert session.artifact("note.txt").text == "note 1"
        session.swap(history="fresh")
        assert session.artifacts == []


# Plugins and sub-agents.


def test_plugins_come_before_ours():
    seen = []

    class Watch(BasePlugin):
        async def before_tool_callback(self, *, tool, tool_args, tool_context):
            seen.append(tool.name)

        async def on_tool_error_callback(self, *, tool, tool_args, tool_context, error):
            return {"handled": str(error)}

    def broken() -> str:
        """Fails."""
        raise ValueError("no dice")

    def use(came):
        if text_of(came):
            return [call("broken"), DONE]
        return [said("Ok.", finished=True), DONE] if result_of(came) is not None else []

    with LiveSession(agent(use, broken), plugins=[Watch(name="watch")]) as session:
        (made,) = session.say("go").tool_calls
    assert seen == ["broken"]
    assert (made.result, made.error) == ({"handled": "no dice"}, None)


def transfer(target):
    def answer(came):
        if text_of(came):
            return [
                audio(20), said("One moment.", finished=True),
                call("transfer_to_agent", agent_name=target),
            ]  # fmt: skip
        return []

    return answer


def helper(came):
    if text_of(came):
        return [audio(20), said("Helper here.", finished=True), DONE]
    return []


def greet(came):
    """Speaks up as soon as it is connected and told of the transfer, as live models do."""
    if result_of(came) is not None or text_of(came):
        return [audio(20), said("Helper here.", finished=True), DONE]
    return []


def test_after_a_transfer_the_other_agent_answers_and_the_transcript_says_who():
    below = Agent(name="helper", description="Helps.", model=Scripted(greet, model="second"))
    root = agent(transfer("helper"), sub_agents=[below])
    with LiveSession(root) as session:
        page = attach(session)
        do(session, lambda: session._exchange.text_input.typed("help", cut_in=False))
        wait_for(lambda: "agent_transfer" in kinds(session))
        # ADK waits a second before the other agent is connected.
        wait_for(lambda: below.model.histories)
        turn = session.say("and now?")
        assert (turn.agent, turn.agent_text, turn.model) == ("helper", "Helper here.", "second")
        notes = [m for m in page.messages if isinstance(m, protocol.Note)]
        assert [(m.kind, m.text) for m in notes] == [("transfer", "tester hands over to helper.")]
        said_by = {(m.author, m.text) for m in page.messages if isinstance(m, protocol.Transcript)}
        assert {("tester", "One moment."), ("helper", "Helper here.")} <= said_by
        row = next(row for row in session.log if row.kind == "agent_transfer")
        assert (row.author, row.text) == ("tester", "helper")
        authors = session.transcript_df().author.tolist()
        assert authors[-1] == "helper"
        assert session.turns_df().agent.tolist()[-1] == "helper"
        # A swap of tools starts from the root again, and ADK finds who spoke last.
        session.swap(instruction="Other.")
        assert session.say("still there?").agent == "helper"


# What was said before.


def test_speech_that_adk_did_not_keep_is_kept():
    """A model that dies in mid-answer leaves its words, and the user's, to the next one."""
    turns = []

    def dies(came):
        if text_of(came) == "go":
            turns.append(1)
            return [heard("and more"), said("I was about to "), audio(20), 0.1, RuntimeError("x")]
        return yes(came)

    one = agent(dies)
    with LiveSession(one) as session:
        assert session.say("go").error
        session.say("hello?")
    assert "I was about to" in " ".join(words(one))


def test_words_that_adk_has_kept_are_not_kept_twice():
    def spoken(came):
        if isinstance(came, types.Blob):
            return [heard("hello there", finished=True), said("Hi.", finished=True), DONE]
        return yes(came)

    one = agent(spoken)
    with LiveSession(one) as session:
        page = object()
        do(session, lambda: session._exchange.realtime_input.open_microphone(page, on=True))
        wait_for(lambda: session.status == "ready")
        do(session, session.pages.hear, page, bytes(640))
        wait_for(lambda: session.turns and session.turns[0].ended)
        session.swap()
        assert words(one).count("hello there") == 1


def test_what_a_closing_session_cuts_off_is_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def long(came):
        return [said("I was going to "), audio(20), 30] if text_of(came) else []

    with LiveSession(agent(long), sessions="sqlite:///talk.db", session_id="s") as session:
        do(session, lambda: session._exchange.text_input.typed("go", cut_in=False))
        wait_for(lambda: session.turns[0].agent_text)
    again = agent()
    with LiveSession(again, sessions="sqlite:///talk.db", session_id="s") as session:
        session.say("hi")
    assert {"go", "I was going to"} <= set(words(again))


def test_a_session_that_cannot_start_leaves_nothing_behind(tmp_path):
    before = set(threading.enumerate())
    session = LiveSession(agent(), sessions=f"sqlite:////{tmp_path}/missing/talk.db")
    for _ in range(2):
        with pytest.raises(AdkNbError):
            session.start()
    wait_for(lambda: set(threading.enumerate()) <= before)


def test_plugins_that_adk_refuses_are_told():
    with LiveSession(agent(), plugins=[BasePlugin(name="a"), BasePlugin(name="a")]) as session:
        assert "already registered" in session.say("hi").error


# A conversation that is open elsewhere too.

SERVICES = pytest.mark.parametrize("scheme", ["sqlite", "sqlite+aiosqlite"])


def elsewhere(uri, session_id):
    """Another program, which writes to a conversation."""
    service = service_of(uri)

    async def write(text):
        session = await service.get_session(
            app_name=APP_NAME, user_id="user", session_id=session_id
        )
        content = types.Content(role="user", parts=[types.Part(text=text)])
        await service.append_event(session, Event(author="user", content=content))
        await service.close()

    return write


@SERVICES
async def test_two_that_begin_one_conversation_in_the_same_moment_have_one(tmp_path, scheme):
    uri = f"{scheme}:///{tmp_path}/talk.db"
    names = {"app_name": APP_NAME, "user_id": "user", "session_id": "monday"}
    one, other = service_of(uri), service_of(uri)
    made = await one.create_session(**names)
    again = await other.create_session(**names)
    assert (made.id, again.id) == ("monday", "monday")
    for service in (one, other):
        await service.close()


@SERVICES
def test_two_sessions_on_one_conversation_lose_no_turn(tmp_path, scheme):
    uri = f"{scheme}:///{tmp_path}/talk.db"
    with (
        LiveSession(agent(), sessions=uri, session_id="monday") as one,
        LiveSession(agent(), sessions=uri, session_id="monday") as other,
    ):
        page = attach(one)
        assert one.say("first").error is None
        assert other.say("second").error is None
        assert one.say("third").error is None
        assert other.say("fourth").error is None
        (told,) = [failure for failure in page.errors() if failure.code == "shared_session"]
        assert "'monday' is open elsewhere" in told.message
    with LiveSession(agent(), sessions=uri, session_id="monday") as again:
        events = again.adk_session().events
        said = [event.content.parts[0].text for event in events if event.author == "user"]
        assert said == ["first", "second", "third", "fourth"]


@SERVICES
def test_another_program_writes_between_two_turns(tmp_path, scheme):
    uri = f"{scheme}:///{tmp_path}/talk.db"
    with LiveSession(agent(), sessions=uri, session_id="s") as session:
        write = elsewhere(uri, "s")
        session.say("here")
        session.bridge.call(write("there"))
        session.state["x"] = 1
        assert session.state["x"] == 1
        session.bridge.call(write("there again"))
        assert session.say("here again").error is None
        said = [e.content.parts[0].text for e in session.adk_session().events if e.content]
        assert [text for text in said if "ere" in text] == [
            "here", "there", "there again", "here again",
        ]  # fmt: skip


def test_a_state_that_cannot_be_set_is_an_error_of_ours(tmp_path):
    uri = f"sqlite:///{tmp_path}/talk.db"
    with LiveSession(agent(), sessions=uri, session_id="s") as session:
        session.say("here")

        async def refuses(_session, _event):
            raise ValueError("Please check if it is a stale session.")

        session.all_histories._append = refuses
        with pytest.raises(AdkNbError, match=r"'s' is open elsewhere.*take another session_id"):
            session.state["x"] = 1


def test_a_stale_service_of_the_users_own_is_told_to_be_open_elsewhere(tmp_path):
    path = f"{tmp_path}/talk.db"
    with LiveSession(agent(), sessions=SqliteSessionService(path), session_id="s") as session:
        session.say("here")
        session.bridge.call(elsewhere(f"sqlite:///{path}", "s")("there"))
        assert "open elsewhere too: close it there" in session.say("here again").error


def test_an_apps_name_that_adk_would_refuse_is_refused_at_once():
    with pytest.raises(AdkNbError, match="my app"):
        LiveSession(agent(), app_name="my app")


def test_conversations_of_two_apps_are_two(tmp_path):
    uri = f"sqlite:///{tmp_path}/talk.db"
    for name in ("first", "second"):
        with LiveSession(agent(), sessions=uri, session_id="s", app_name=name) as session:
            session.say(f"hello {name}")
            said = [e.content.parts[0].text for e in session.adk_session().events if e.content]
            assert said[0] == f"hello {name}"
