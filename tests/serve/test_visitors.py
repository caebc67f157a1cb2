"""What visitors are told: their own errors, and of the server's no more than that there is one."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest
from google.adk.agents import Agent
from google.adk.sessions import InMemorySessionService
from scripted import DONE, call, result_of, said, text_of
from sessions import wait_for

from adk_nb.exceptions import AdkNbError, BusyError, RecordingError
from adk_nb.serve.visitors import FAILED, LATER, NOT_RECORDED, for_visitors, told_of
from adk_nb.wire import protocol

SECRET = "postgresql://u:pw@db.internal/talk"
RETURNED = protocol.ToolReturned(1, "c", "roll", 3.0)


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (protocol.Failure("model_failed", SECRET, SECRET), (FAILED, LATER)),
        (protocol.Failure("recording", SECRET, SECRET), (NOT_RECORDED, LATER)),
        (protocol.Failure("no_transcript", SECRET, SECRET),
         ("What you said was not understood.", "Say it again.")),
        (protocol.Failure("no_sound", SECRET, SECRET), ("A part of the answer has no sound.", "")),
        (protocol.Failure("bad_message", "No words.", "Send some."), ("No words.", "Send some.")),
        (protocol.Failure("busy", "About to end.", LATER), ("About to end.", LATER)),
    ],
)  # fmt: skip
def test_what_is_told_of_an_error(message, shown):
    told = for_visitors(message)
    assert (told.message, told.remedy) == shown
    assert (told.code, told.lasts) == (message.code, message.lasts)


@pytest.mark.parametrize("code", ["ignored", "unsupported", "callback_failed", "toolset_failed"])
def test_what_ends_nothing_is_not_told(code):
    assert for_visitors(protocol.Failure(code, SECRET)) is None


@pytest.mark.parametrize(
    "code",
    [
        "busy", "bad_message", "session_closed", "text_too_long", "no_turn", "no_call",
        "no_question", "no_speech", "silent",
    ],
)  # fmt: skip
def test_what_is_a_visitors_own_mistake_is_told_as_it_is(code):
    failure = protocol.Failure(code, "No words.", "Send some.")
    assert for_visitors(failure) == failure


@pytest.mark.parametrize(
    "kind", ["closed", "history", "reconnected", "silence", "swap", "transfer"]
)
def test_what_a_conversation_notes_is_told(kind):
    note = protocol.Note("1", 1, kind, "It goes on.")
    assert for_visitors(note) == note


def test_a_lasting_error_lasts():
    told = for_visitors(protocol.Failure("local_model", SECRET, lasts=True))
    assert told == protocol.Failure("local_model", FAILED, LATER, lasts=True)


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (replace(RETURNED, error=SECRET, result={"isError": SECRET}),
         replace(RETURNED, error="It failed.")),
        (replace(RETURNED, error="The user stopped this call."),
         replace(RETURNED, error="The user stopped this call.")),
        (protocol.ToolOutput(1, "c", SECRET), None),
        (protocol.ToolOutput(1, "c", SECRET, "data:x"), protocol.ToolOutput(1, "c", "", "data:x")),
        (replace(RETURNED, result={"roll": 4}), replace(RETURNED, result={"roll": 4})),
        (protocol.TurnFacts(1, 2.0, outcome=f"no answer: {SECRET}", failed=True),
         protocol.TurnFacts(1, 2.0, outcome=f"no answer: {FAILED}", failed=True)),
        (protocol.TurnFacts(1, 2.0, outcome=f"no answer: {SECRET}"), protocol.TurnFacts(1, 2.0)),
        (protocol.TurnFacts(1, 2.0, outcome="no answer: you cut in after 1.5 s"),
         protocol.TurnFacts(1, 2.0, outcome="no answer: you cut in after 1.5 s")),
        (protocol.Note("1", 0, "recording", f"It is recorded in {SECRET}."),
         protocol.Note("1", 0, "recording", "What is said is recorded.")),
        (protocol.Note("1", 0, "ignored", SECRET), None),
        (protocol.Note("1", 0, "prompt", SECRET), None),
        (protocol.Note("1", 0, "masked", SECRET), None),
        (protocol.Note("1", 1, "transfer", "a hands over to b."),
         protocol.Note("1", 1, "transfer", "a hands over to b.")),
        (protocol.State("ready"), protocol.State("ready")),
    ],
)  # fmt: skip
def test_what_is_told_of_the_rest(message, shown):
    assert for_visitors(message) == shown


def test_what_is_told_of_a_session_that_cannot_be_opened(caplog):
    assert told_of(AdkNbError(SECRET, remedy=SECRET, code="no_sessions")) == (FAILED, LATER)
    assert caplog.messages == [f"No session can be opened: {SECRET}. {SECRET}"]
    assert told_of(RecordingError(SECRET)) == (NOT_RECORDED, LATER)
    unreached = AdkNbError(SECRET, code="sessions_failed")
    assert told_of(unreached) == ("Conversations cannot be kept at the moment.", LATER)
    caplog.clear()
    assert told_of(BusyError("Full.", remedy="Later.")) == ("Full.", "Later.")
    assert caplog.messages == []


# At a server.


def everything(served, token):
    """Returns all that a page that comes now is told first."""
    with served.page(token) as page:
        return page.until(lambda _message: True)


def failing(came):
    return [ValueError(SECRET)] if text_of(came) else []


def test_a_model_that_fails_is_told_without_its_words(served, caplog):
    one = served(failing)
    token = one.http("/open", "POST").json()["token"]
    with one.page(token) as page:
        page.socket.send(json.dumps({"type": "text", "text": "hello"}))
        came = page.until(lambda message: message.get("type") == "error")
    came += everything(one, token)
    assert SECRET not in str(came)
    assert FAILED in str(came)
    assert SECRET in caplog.text
    (visit,) = one.visits._all
    assert SECRET in str(visit.session.turns[0].error)
    assert 'adk_nb_errors_total{kind="model_failed"} 1.0' in one.http("/metrics").text


def test_a_client_of_the_tutorial_is_told_before_the_turn_ends(served):
    one = served(failing)
    with one.tutorial() as client:
        client.send("text/plain", "hello")
        turn = client.turn()
    assert [piece["error"]["message"] for piece in turn.pieces] == [FAILED]
    assert turn.end == {"turn_complete": True, "interrupted": None}


def test_a_tool_that_raises_is_told_without_its_traceback(served, caplog, capsys):
    def connect() -> str:
        print("connecting")
        raise ConnectionError(SECRET)

    told = []

    def answer(came):
        if result_of(came) is not None:
            told.append(result_of(came))
            return [said("It did not work."), DONE]
        return [call("connect")] if text_of(came) else []

    one = served(answer, agent=lambda model: Agent(name="a", model=model, tools=[connect]))
    token = one.http("/open", "POST").json()["token"]
    with one.page(token) as page:
        page.socket.send(json.dumps({"type": "text", "text": "hello"}))
        came = page.until(lambda message: message.get("state") == "complete")
    (returned,) = [message for message in came if message["type"] == "tool_result"]
    assert returned["error"] == "It failed."
    came += everything(one, token)
    assert "Traceback" not in str(came)
    assert SECRET not in str(came)
    assert __file__ not in str(came)
    assert "The tool connect failed: Traceback" in caplog.text
    assert caplog.text.count(f"ConnectionError: {SECRET}") == 1
    assert told == [{"error": "an unexpected error"}]  # It would say what it knows.
    assert "connecting" not in str(came)
    assert "connecting" in capsys.readouterr().out
    (visit,) = one.visits._all
    (failed,) = visit.session.turns[0].tool_calls
    assert (failed.error, failed.output) == (f"ConnectionError: {SECRET}", "connecting\n")


def test_what_a_client_does_wrong_is_in_log_and_figures(served, caplog):
    one = served()
    with one.tutorial() as client:
        for data in ("***", "***", ""):
            client.send("audio/pcm", data)
            client.until(lambda message: "error" in message)
        (visit,) = one.visits._all
        name = visit.session.id
    assert caplog.text.count("Audio that is no base64") == 1
    assert f"Session {name}: There is no sound in the audio." in caplog.text
    wait_for(lambda: 'adk_nb_errors_total{kind="client"} 3.0' in one.http("/metrics").text)


def test_a_turn_that_is_cut_off_at_the_limit_is_no_complete_one_with_a_store_too(served):
    one = served(
        lambda came: [said("One "), 60.0, DONE] if text_of(came) else [],
        sessions=InMemorySessionService(),
    )
    with one.tutorial() as client:
        client.send("text/plain", "count")
        client.until(lambda message: message.get("data") == "One")
        draining = asyncio.run_coroutine_threadsafe(one.visits.drain(0.2), one.loop)
        end = client.until(lambda message: "turn_complete" in message)[-1]
        assert end == {"turn_complete": None, "interrupted": True}
        with pytest.raises(Exception, match="1012"):
            client.until(lambda _message: False)
        draining.result(60)


def test_a_visitor_is_told_that_it_is_recorded_and_not_where(served, tmp_path):
    one = served(record=tmp_path)
    (welcome,) = everything(one, one.http("/open", "POST").json()["token"])
    assert [note["text"] for note in welcome["history"]] == ["What is said is recorded."]
    assert str(tmp_path) not in str(welcome)


def test_what_fails_again_in_the_same_turn_is_logged_once(served, caplog):
    one = served()
    with one.tutorial() as client:
        client.send("text/plain", "hello")
        client.turn()
        (visit,) = one.visits._all
        for why in ("It broke.", "It broke.", "Otherwise.", "It broke."):
            visit.session.report(AdkNbError(why))
            client.until(lambda message: "error" in message)
        assert [one.rpartition(": ")[2] for one in caplog.messages] == [
            "It broke.",
            "Otherwise.",
            "It broke.",
        ]


def test_a_client_writes_no_lines_of_its_own_into_the_log(served, caplog):
    one = served()
    with one.tutorial() as client:
        client.send("x\nSession root: all is well \x1b[31m", "")
        client.until(lambda message: "error" in message)
    (line,) = caplog.messages
    assert "x\\nSession root: all is well \\x1b[31m" in line
    assert len(line.splitlines()) == 1
