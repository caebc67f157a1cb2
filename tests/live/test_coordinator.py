"""What the exchange does with the user's actions and ADK's events, in each state.

ADK's events are made by hand, and nothing takes from the queue: no model and no sockets.
"""

from __future__ import annotations

import asyncio

import pytest
from adk_events import (
    PCM,
    call,
    cut,
    done,
    event,
    failure,
    heard,
    result,
    said,
    sound,
    text,
    transfer,
)
from desk import LOUD, MANUAL, QUIET, Desk, cascade
from google.adk.agents import Agent
from google.genai import types
from scripted import Scripted, echo

from adk_nb.exceptions import LocalModelError, ModelError, SessionClosedError
from adk_nb.live import coordinator
from adk_nb.wire import protocol


@pytest.fixture
def desk():
    return Desk().connect()


# --- the table: in which state, what happens, what it makes

CUT_1 = ("interrupted", 1)
ENDED_1 = ("turn_ended", 1)
CLOSED_1 = ("tool_result", 1)  # The call was cut off.


def _asked():
    return Desk().connect().type("roll")


def _taken():
    desk = _asked()
    desk.take()
    return desk


def _speaking():
    return _taken()(sound(), said("A four.", final=False))


def _calling():
    return _taken()(call())


def _sounding():
    desk = _speaking()(done())
    desk.exchange.pages.played(protocol.Playback("started", 1))
    return desk


STATES = {
    "before it is connected": Desk,
    "ready": lambda: Desk().connect(),
    "asked": _asked,
    "taken": _taken,
    "speaking": _speaking,
    "a tool runs": _calling,
    "sounding": _sounding,
}

TABLE = [
    # The user types.
    ("before it is connected", "type", [(1, "started"), (1, "user", "go"), "thinking"], ["go"],
     [("user_text", 1)], "thinking"),
    ("ready", "type", [(1, "started"), (1, "user", "go"), "thinking"], ["go"],
     [("user_text", 1)], "thinking"),
    ("asked", "type",
     [(1, "unanswered"), (2, "started"), (2, "user", "go")], ["go"],
     [ENDED_1, ("user_text", 2)], "thinking"),
    ("speaking", "type",
     [(1, "agent", ""), (1, "interrupted"), (2, "started"), (2, "user", "go"), "thinking"],
     ["go"], [CUT_1, ENDED_1, ("user_text", 2)], "thinking"),
    ("a tool runs", "type",
     [(1, "interrupted"), "ToolReturned", (2, "started"), (2, "user", "go")], ["go"],
     [CUT_1, ENDED_1, CLOSED_1, ("user_text", 2)], "thinking"),
    ("sounding", "type", [(1, "interrupted"), (2, "started"), (2, "user", "go"), "thinking"],
     ["go"], [CUT_1, ("user_text", 2)], "thinking"),
    # The user interrupts.
    ("before it is connected", "cut", [], [], [], "connecting"),
    ("ready", "cut", [], [], [], "ready"),
    ("asked", "cut", [(1, "unanswered"), "ready"], [], [CUT_1, ENDED_1], "ready"),
    ("taken", "cut", [(1, "unanswered"), "ready"], [], [CUT_1, ENDED_1], "ready"),
    ("speaking", "cut", [(1, "agent", ""), (1, "interrupted"), "ready"], [], [CUT_1, ENDED_1],
     "ready"),
    ("a tool runs", "cut", [(1, "interrupted"), "ToolReturned", "ready"], [],
     [CUT_1, ENDED_1, CLOSED_1], "ready"),
    ("sounding", "cut", [(1, "interrupted")], [], [CUT_1], "ready"),
    # The model interrupts: it heard the user.
    ("ready", "the model cuts", [], [], [("interrupted", 0)], "ready"),
    ("speaking", "the model cuts", [(1, "agent", ""), (1, "interrupted"), "ready"], [],
     [CUT_1, ENDED_1], "ready"),
    ("sounding", "the model cuts", [], [], [("interrupted", 0)], "ready"),
    # The model answers, and completes.
    ("taken", "audio", ["speaking"], [], [("agent_audio", 1)], "speaking"),
    ("taken", "complete", [(1, "failed"), ("error", "empty_answer"), "ready"], [],
     [("turn_complete", 1), ENDED_1, ("error", 1)], "ready"),
    ("speaking", "complete", [(1, "agent", ""), (1, "complete"), "ready"], [],
     [("turn_complete", 1), ENDED_1], "ready"),
    ("a tool runs", "complete", [], [], [("turn_complete", 1)], "thinking"),
    ("ready", "complete", [], [], [("turn_complete", 0)], "ready"),
    ("a tool runs", "a result", ["ToolReturned"], [], [("tool_result", 1)], "thinking"),
    # It fails, or the connection does.
    ("speaking", "an error", [(1, "agent", ""), (1, "failed"), "ready",
     ("error", "model_failed")], [], [("error", 1), ENDED_1], "ready"),
    ("ready", "an error", [("error", "model_failed")], [], [("error", 1)], "ready"),
    ("speaking", "lost", [(1, "agent", ""), "reconnecting"], [], [("disconnected", 1)],
     "reconnecting"),
    ("ready", "lost", ["reconnecting"], [], [("disconnected", 0)], "reconnecting"),
    ("speaking", "a transfer", [("note", 1, "dice hands over to coin.")], [],
     [("agent_transfer", 1)], "speaking"),
    # The user speaks.
    ("before it is connected", "mic on", [], [], [("mic_on", 0)], "connecting"),
    ("before it is connected", "mic off", [], [], [("mic_off", 0)], "connecting"),
    ("ready", "mic on and speech", [], [640], [("mic_on", 0), ("user_audio", 1)], "ready"),
    ("speaking", "mic on and speech", [], [640], [("mic_on", 0), ("user_audio", 2)], "speaking"),
    ("ready", "mic on and off", [], ["audio_stream_end"], [("mic_on", 0), ("mic_off", 0)],
     "ready"),
    ("ready", "another's speech", [], [], [("mic_on", 0)], "ready"),
    ("ready", "words", [(1, "started"), (1, "user", "Hi"), "listening"], [],
     [("user_transcript", 1)], "listening"),
    ("speaking", "words", [(2, "user", "Hi"), "listening"], [], [("user_transcript", 2)],
     "listening"),
    ("speaking", "push to talk",
     [(1, "agent", ""), (1, "interrupted"), "ready"], ["audio_stream_end"],
     [CUT_1, ENDED_1, ("voice_activity", 2), ("voice_activity", 2)], "ready"),
    ("ready", "a picture", [], [3], [], "ready"),
    ("before it is connected", "a picture", [], [], [], "connecting"),
]  # fmt: skip

EVENTS = {
    "type": lambda desk: desk.type("go"),
    "cut": lambda desk: desk.cut(),
    "the model cuts": lambda desk: desk(cut()),
    "audio": lambda desk: desk(sound()),
    "complete": lambda desk: desk(done()),
    "a result": lambda desk: desk(result({"result": 4})),
    "an error": lambda desk: desk(failure()),
    "lost": lambda desk: desk.exchange.run_lost(ModelError("gone")),
    "a transfer": lambda desk: desk(transfer("coin")),
    "mic on": lambda desk: desk.exchange.open_microphone(1, on=True),
    "mic off": lambda desk: desk.exchange.open_microphone(1, on=False),
    "mic on and speech": lambda desk: _speech(desk, 1),
    "another's speech": lambda desk: _speech(desk, 2),
    "mic on and off": lambda desk: [
        desk.exchange.open_microphone(1, on=on) for on in (True, False)
    ],
    "words": lambda desk: desk(heard("Hi", final=False)),
    "push to talk": lambda desk: [desk.exchange.activity(begins=on) for on in (True, False)],
    "a picture": lambda desk: desk.exchange.see(b"jpg"),
}


def _speech(desk, source):
    desk.exchange.open_microphone(1, on=True)
    desk.exchange.hear(source, QUIET)


@pytest.mark.parametrize("line", TABLE, ids=lambda line: f"{line[0]}, {line[1]}")
async def test_what_an_event_makes_in_a_state(line):
    state, what, *expected = line
    desk = STATES[state]()
    assert desk.news(EVENTS[what]) == tuple(expected)


# --- what else can be seen of them


def test_what_the_log_says_of_a_whole_exchange(desk):
    desk.type("roll")
    desk.take()
    desk(call(), result({"result": 4})).tell()(sound(), said("A four."), done())
    desk.type("again").cut()
    rows = [(row.source, row.kind, row.turn, row.text, row.interrupted) for row in desk.log]
    assert rows == [
        ("bridge", "connected", 0, None, False),
        ("client", "user_text", 1, "roll", False),
        ("adk", "tool_call", 1, None, False),
        ("adk", "tool_result", 1, None, False),
        ("adk", "agent_audio", 1, None, False),
        ("adk", "agent_transcript", 1, "A four.", False),
        ("adk", "turn_complete", 1, None, False),
        ("bridge", "turn_ended", 1, None, False),
        ("client", "user_text", 2, "again", False),
        ("client", "interrupted", 2, None, True),
        ("bridge", "turn_ended", 2, None, False),
    ]
    ends = [(row.status, row.end_reason) for row in desk.log if row.kind == "turn_ended"]
    assert ends == [("complete", None), ("unanswered", None)]
    assert desk.page.audio == [(1, 24_000, PCM)]
    assert (desk.log[0].agent, desk.log[0].model) == ("dice", "scripted")


def test_typed_while_it_sounds_without_cutting_in_leaves_it_sounding():
    desk = _sounding()
    desk.type("go", cut_in=False)
    assert not desk.exchange.turns.all[0].interrupted
    assert desk.sent() == ["go"]


def test_halves_of_characters_are_no_matter(desk):
    assert desk.type("a\ud83d").sent() == ["a\ufffd"]


def test_what_was_not_sent_is_not_waited_for(desk):
    desk.type("roll").cut()
    assert not desk.exchange.turns.machine.answer.stop_expected
    assert desk.sent() == []
    desk(said("Still there?"), done())
    assert desk.turn.agent_text == "Still there?"
    desk.type("roll")
    desk.take()
    desk.cut()
    assert desk.exchange.turns.machine.answer.stop_expected
    desk(said("A four."))
    assert [turn.agent_text for turn in desk.exchange.turns.all] == ["", "Still there?", ""]
    assert desk.exchange.turns.machine.answer.dropping


async def test_a_tool_that_does_not_return_is_left_behind_and_its_run_goes_on(monkeypatch):
    desk, answered = _calling(), []

    async def answer(call, _running):
        answered.append(call.id)

    monkeypatch.setattr(desk.exchange.histories, "answer", answer)
    queue = desk.exchange.live.queue
    desk.cut()
    assert desk.exchange.live.queue is queue
    (one,) = desk.turn.tool_calls
    assert (one.error, desk.turn.status) == ("The call was cut off.", "interrupted")
    assert not desk.exchange.turns.calls.is_wanted("c")
    await asyncio.gather(*desk.exchange._tasks)
    assert answered == ["c"]
    await asyncio.sleep(0)
    assert not desk.exchange._tasks  # Nothing is kept of what is over.


def test_while_a_transfer_is_made_there_is_nothing_to_drop():
    desk = _speaking()(transfer("coin"))
    desk.cut()
    assert not desk.exchange.turns.machine.answer.dropping
    desk.type("flip")(said("Heads.", "coin"))
    assert desk.turn.agent_text == "Heads."


def test_words_that_are_not_final_can_be_taken_back(desk):
    desk.cut()  # Nothing was said.
    desk(heard("Er", final=False)).cut()
    assert desk.rows()[1:] == [("user_transcript", 1), CUT_1, ENDED_1]
    assert (desk.turn.status, desk.turn.interrupted) == ("unanswered", False)


def test_a_closed_session_says_so(desk):
    desk.exchange.closed = True
    with pytest.raises(SessionClosedError, match="closed"):
        desk.type("hi")
    desk.exchange.set_state("speaking")
    assert desk.exchange.status == "ready"


# --- the microphone


def test_speech_connects_again_but_not_at_once_after_a_refusal(monkeypatch):
    desk, now = Desk(), 1000.0
    monkeypatch.setattr(coordinator.time, "monotonic", lambda: now)
    exchange = desk.exchange
    exchange.open_microphone(1, on=True)
    exchange.live.queue = None  # It was refused.
    for _ in range(100):
        exchange.hear(1, QUIET)
    assert exchange.live.queue is None
    exchange.hear(2, LOUD)  # Somebody else.
    assert exchange.live.queue is None
    exchange.hear(1, LOUD)
    assert exchange.live.queue is not None
    for later, connects in ((3.0, False), (3.1, True)):
        exchange.live.queue = None
        now = 1000.0 + later
        exchange.hear(1, LOUD)
        assert (exchange.live.queue is not None) is connects


def test_a_closed_session_hears_nothing():
    desk = Desk()
    desk.exchange.open_microphone(1, on=True)
    desk.exchange.live.queue, desk.exchange.closed = None, True
    desk.exchange.hear(1, LOUD)
    assert desk.exchange.live.queue is None


def test_only_who_has_the_microphone_can_close_it(desk):
    desk.exchange.open_microphone(1, on=True)
    desk.exchange.open_microphone(2, on=False)
    assert desk.exchange.microphone.speaker == 1
    assert desk.sent() == []
    desk.exchange.live.queue = None
    desk.exchange.open_microphone(1, on=False)
    assert desk.exchange.microphone.speaker is None
    assert desk.sent() == []


@pytest.mark.parametrize("make", [cascade, lambda: Desk(config=MANUAL).connect()])
def test_push_to_talk_where_the_model_is_told(make):
    desk = make()
    for on in (True, False):
        desk.exchange.activity(begins=on)
    assert desk.sent() == ["activity_start", "activity_end"]
    rows = [(r.source, r.author, r.text) for r in desk.log if r.kind == "voice_activity"]
    assert rows == [("client", "user", "ACTIVITY_START"), ("client", "user", "ACTIVITY_END")]


def test_a_cascade_is_told_of_interruptions_again_but_not_all_the_time(monkeypatch):
    now = 1000.0
    monkeypatch.setattr(coordinator.time, "monotonic", lambda: now)
    desk = cascade()
    desk.type("count")
    desk.take()
    desk(said("One", final=False)).cut()
    assert desk.take() == ["activity_start"]
    for later, told in ((0.125, []), (0.25, ["activity_start"]), (0.375, [])):
        now = 1000.0 + later
        desk(sound())
        assert desk.take() == told
    desk.exchange.live.queue = None
    now += 10
    desk(sound())
    assert desk.sent() == []


def test_a_cascade_sees_nothing():
    assert not cascade().exchange.sees
    assert Desk().exchange.sees


# --- connections


def lost(desk, *, resumed, history=None):
    """A connection is lost and another is made; with a `history`, that is what it is told."""
    exchange = desk.exchange
    exchange.reader.resumable = True
    exchange.run_lost(ModelError("gone"))
    told = exchange.awaits_answer(history) if history else False
    exchange.run_connected(resumed=resumed)
    return told


def user(words):
    return types.Content(role="user", parts=[types.Part(text=words)])


def model(words):
    return types.Content(role="model", parts=[types.Part(text=words)])


def failures(desk):
    return [m.code for m in desk.page.messages if isinstance(m, protocol.Failure)]


def test_a_typed_question_is_asked_once_more_after_a_loss_and_no_more():
    desk = _taken()
    lost(desk, resumed=True)
    assert desk.take() == ["roll"]
    assert failures(desk) == ["connection_lost"]
    assert desk.exchange.status == "thinking"
    lost(desk, resumed=True)
    assert desk.sent() == []
    assert failures(desk) == ["connection_lost"] * 2
    assert desk.turn.error == (
        "The connection to the model was lost in mid-turn; it was asked again. "
        "The connection to the model was lost twice in this turn. Say it again."
    )
    assert (desk.turn.status, desk.turn.end_reason) == ("failed", "connection_lost")
    assert desk.exchange.status == "ready"


def test_a_question_that_still_waits_is_not_asked_twice():
    desk = _asked()
    lost(desk, resumed=True)
    assert desk.sent() == ["roll"]
    assert failures(desk) == []


@pytest.mark.parametrize(
    ("history", "awaited", "sent"),
    [
        ([user("roll")], True, []),
        ([user("For context: roll")], True, []),
        ([user("other")], False, ["roll"]),
        ([user("roll"), model("A four.")], False, ["roll"]),
        ([model("Hi.")], False, ["roll"]),
        ([types.Content(role="user")], False, ["roll"]),
    ],
)
def test_a_question_that_the_history_asks_is_not_asked_twice(history, awaited, sent):
    desk = _taken()
    assert lost(desk, resumed=False, history=history) is awaited
    # A history is sent to a new connection, which is no transfer within one run.
    assert desk.sent() == sent


def test_a_connection_that_was_resumed_without_a_history_is_asked_again():
    desk = _taken()
    desk.exchange.reconnection.dial.asked = False
    lost(desk, resumed=True)
    assert desk.sent() == ["roll"]


def test_after_a_loss_between_turns_nothing_is_asked(desk):
    lost(desk, resumed=True)
    assert desk.sent() == []
    assert [row.kind for row in desk.log] == ["connected", "disconnected", "connected"]
    assert desk.log[1].error == "gone"
    assert {row.source for row in desk.log} == {"bridge"}
    assert desk.exchange.status == "ready"


def test_a_connection_may_be_lost_while_nothing_waits_for_one(desk):
    desk.exchange.live.queue = None
    desk.exchange.run_lost(ModelError("gone"))
    assert desk.rows()[-1] == ("disconnected", 0)


def test_speech_is_said_again_after_a_loss_but_not_what_still_waits(desk):
    exchange = desk.exchange
    exchange.open_microphone(1, on=True)
    for _ in range(7):
        exchange.hear(1, LOUD)
    desk(heard("Hi", final=True))
    desk.take()
    for _ in range(3):
        exchange.hear(1, LOUD)
    assert desk.sent() == [640] * 3
    lost(desk, resumed=True)
    assert desk.sent() == [3200, 1280, 640, 640, 640]  # Seven, in pieces of five, and three.


def test_of_speech_that_mostly_waits_only_its_beginning_is_said_again(desk):
    desk.exchange.open_microphone(1, on=True)
    for frame in range(10):
        if frame == 4:
            desk.take()
        desk.exchange.hear(1, LOUD)
    desk(heard("Hi", final=True))
    lost(desk, resumed=True)
    assert desk.sent() == [2560] + [640] * 6


def test_speech_that_the_history_has_is_not_said_again(desk):
    desk.exchange.open_microphone(1, on=True)
    desk.exchange.hear(1, LOUD)
    desk(heard("Hi", final=True))
    desk.take()
    assert lost(desk, resumed=False, history=[user("Hi")])
    assert desk.sent() == []
    assert desk.exchange.status == "thinking"


def test_a_transfer_is_no_loss(desk):
    desk.type("roll")
    desk.take()
    desk(transfer("coin"))
    desk.exchange.run_lost(None)
    desk.exchange.run_connected(resumed=True)
    assert desk.sent() == []
    assert "disconnected" not in [kind for kind, _ in desk.rows()]
    desk.exchange.reader.resumable = True
    desk.exchange.run_lost(None)  # The service asks for another connection.
    assert desk.rows()[-1] == ("disconnected", 1)
    assert desk.log[-1].error is None


def test_who_takes_over_is_told_once_and_their_model_is_the_turns():
    coin = Agent(name="coin", model=Scripted(echo, model="other"))
    desk = Desk(Agent(name="dice", model=Scripted(echo), sub_agents=[coin])).connect()
    desk.type("flip")(transfer("coin"))
    assert [desk.exchange.taking_over() for _ in range(2)] == [True, False]
    assert (desk.exchange.turns.agent, desk.turn.model) == ("coin", "other")
    desk(transfer("nobody"))
    assert desk.turn.model == "other"
    assert desk.exchange.turns.model == ""
    desk.exchange.run_begins()
    assert not desk.exchange.taking_over()


def test_a_transfer_before_any_turn_is_told(desk):
    desk(transfer("coin"))
    assert desk.shown()[-1] == ("note", 0, "dice hands over to coin.")


def test_a_turn_goes_on_while_it_sounds(desk):
    assert not desk.exchange.in_turn()
    assert not desk.exchange.run_awaited()
    desk.type("roll")
    assert desk.exchange.in_turn()
    assert desk.exchange.run_awaited()
    desk(said("A four."))
    assert not desk.exchange.run_awaited()
    assert _sounding().exchange.in_turn()
    assert not desk(done()).exchange.in_turn()
    assert not desk.exchange.awaits_answer([user("roll")])


def test_the_players_position_is_that_of_the_open_turn_or_of_the_one_that_was_cut():
    desk = _speaking()
    assert desk.exchange.position() == (0.0, 10.0)
    desk.exchange.pages.played(protocol.Playback("progress", 1, 4.0))
    played_ms, audio_ms = desk.exchange.position()
    assert 4.0 <= played_ms <= audio_ms == 10.0  # It goes on sounding.
    desk.cut()
    played_ms, audio_ms = desk.exchange.position()
    assert 4.0 <= played_ms <= audio_ms == 10.0
    assert Desk().exchange.position() is None


# --- the end of a run


async def test_a_run_that_ends_in_mid_answer_completes_it():
    desk = _speaking()
    desk.exchange.live.queue = None
    await desk.exchange.run_ended()
    assert desk.turn.ended
    assert desk.turn.error is None
    assert desk.exchange.status == "ready"


async def test_a_run_that_ends_before_an_answer_fails_the_turn():
    desk = _taken()
    desk.exchange.live.queue = None
    await desk.exchange.run_ended()
    assert desk.turn.error == "The model ended the conversation. Say it again."
    assert failures(desk) == ["model_failed"]


async def test_calls_that_a_run_leaves_open_are_cut_off_and_those_that_go_on_are_not():
    desk = _taken()(call(call_id="a"), call(call_id="b", long=True))
    await desk.exchange.run_ended()
    assert [(c.id, c.error) for c in desk.turn.tool_calls] == [
        ("a", "The call was cut off."), ("b", None),
    ]  # fmt: skip
    row = desk.log[-1]
    assert (row.source, row.kind, row.turn, row.tool, row.tool_call_id, row.error) == (
        "bridge", "tool_result", 1, "roll", "a", "The call was cut off.",
    )  # fmt: skip


async def test_a_history_that_cannot_be_completed_is_told(desk, monkeypatch):
    async def broken(_turn, _since, _others):
        raise OSError("no disk")

    monkeypatch.setattr(desk.exchange.histories, "complete", broken)
    desk.type("roll")(said("A four."), done())
    await desk.exchange.run_ended()
    assert len(failures(desk)) == 1
    assert "no disk" in desk.log[-1].error


async def test_each_turn_is_completed_beside_what_is_of_others(desk, monkeypatch):
    asked = []
    added = [event(), event()]

    async def complete(turn, _since, others):
        asked.append((turn.index, set(others)))
        return [added[turn.index - 1]]

    monkeypatch.setattr(desk.exchange.histories, "complete", complete)
    for asks in ("roll", "flip"):
        desk.type(asks)(said("Well."), done())
    read = desk.exchange.reader.turn_of
    of_first = {name for name, turn in read.items() if turn == 1}
    of_second = {name for name, turn in read.items() if turn == 2}
    await desk.exchange.run_ended()
    assert asked == [(1, of_second), (2, of_first | {added[0].id})]


async def test_what_completes_a_history_is_of_its_turn(desk, monkeypatch):
    added, closing = event(), event()

    async def complete(_turn, _since, _others):
        return [added]

    answers = [closing, None]

    async def answer(_call, _running):
        return answers.pop(0)

    monkeypatch.setattr(desk.exchange.histories, "complete", complete)
    monkeypatch.setattr(desk.exchange.histories, "answer", answer)
    desk.type("roll")(call(call_id="a"), call(call_id="b"))
    desk.cut()
    await asyncio.gather(*desk.exchange._tasks)
    await desk.exchange.run_ended()
    turns = desk.exchange.reader.turn_of
    assert (turns[added.id], turns[closing.id]) == (1, 1)


def test_problems_are_told_with_their_turn(desk):
    desk.type("roll")
    desk.exchange.run_warned(ModelError("slow", remedy="Wait."))
    assert desk.log[-1].turn == 1
    desk.exchange.run_failed(ModelError("gone", remedy="Say it again."))
    assert desk.turn.error == "slow. Wait. gone. Say it again."
    assert [(row.turn, row.error) for row in desk.log if row.kind == "error"] == [
        (1, "slow. Wait."), (1, "gone. Say it again."),
    ]  # fmt: skip
    (_, shown) = [m for m in desk.page.messages if isinstance(m, protocol.Failure)]
    assert (shown.message, shown.remedy) == ("gone", "Say it again.")


def test_secrets_are_in_no_report(desk):
    desk.log.keep_secret("hunter2hunter2")
    desk.exchange.report(ModelError("no hunter2hunter2", remedy="Change hunter2hunter2."))
    shown = desk.page.messages[-1]
    assert (shown.message, shown.remedy) == ("no [secret]", "Change [secret].")
    (row,) = [row for row in desk.log if row.kind == "error"]
    assert row.error == "no [secret]. Change [secret]."


def test_results_of_streaming_tools_come_by_the_way_of_the_queue(desk):
    desk.exchange.live.calls.streaming.add("c")
    desk.type("count")(call(), result({"status": "begun"}))
    answer = types.FunctionResponse(id="c", name="roll", response={"result": 3})
    part = types.Part(function_response=answer)
    desk.exchange.run_streamed(types.Content(parts=[part]))
    assert desk.turn.tool_calls[0].result == 3


# --- what a model can hear


def test_pages_are_told_when_the_model_turns_out_to_be_deaf():
    desk = Desk()
    assert desk.exchange.audio_use is True
    problem = LocalModelError("No ears.", remedy="Install some.")
    model = Scripted(echo)
    object.__setattr__(model, "stt", type("Ears", (), {"problem": problem})())
    desk.exchange.swaps.agent = Agent(name="deaf", model=model)
    for _ in range(2):
        desk.exchange.run_lacks(problem)
    use = {"input": False, "message": "No ears.", "remedy": "Install some."}
    assert [m for m in desk.page.messages if isinstance(m, protocol.AudioUse)] == [
        protocol.AudioUse(use)
    ]
    assert desk.exchange.deaf is problem
    silent = Desk(desk.exchange.swaps.agent, audio=False)
    assert silent.exchange.audio_use == {"output": False, **use}


# --- swaps


async def test_a_swap_ends_the_turn_and_waits_for_what_a_cascade_says_was_heard(monkeypatch):
    desk = cascade()
    desk.type("count")
    desk.take()
    desk(said("One", final=False))
    settling = asyncio.create_task(desk.exchange.settle())
    await asyncio.sleep(0)
    assert not settling.done()
    desk(cut())
    await settling
    desk.type("on")
    desk.take()
    desk(said("Two", final=False))
    monkeypatch.setattr(coordinator, "_SETTLE_S", 0.0)
    await desk.exchange.settle()  # It never says so.
    assert desk.turn.interrupted
    other = _speaking()
    await other.exchange.settle()
    assert other.turn.interrupted


@pytest.mark.parametrize(
    ("state", "lets_sound", "interrupted"),
    [
        ("sounding", True, False),
        ("sounding", False, True),
        ("speaking", True, True),
        ("speaking", False, True),
        ("taken", True, True),
    ],
)
async def test_what_a_swap_cuts_off(state, lets_sound, interrupted):
    desk = STATES[state]()
    await desk.exchange.settle(lets_sound=lets_sound)
    assert (CUT_1 in desk.rows()) is interrupted


async def test_a_swap_leaves_speech_that_goes_on_to_the_next_agent(desk):
    desk(heard("What", final=False))
    await desk.exchange.settle()
    assert not desk.turn.ended


async def test_a_swap_ends_the_tools_that_run(desk):
    ended = []

    async def running():
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(True)

    async def add(_event): ...

    desk.type("roll").take()
    desk.exchange.run_tools(["c"], running(), add)
    desk(call())
    for _ in range(5):
        await asyncio.sleep(0)
    await desk.exchange.settle()
    assert ended == [True]


def test_another_agent_is_a_row_and_two_messages(desk):
    desk.type("roll")(said("A four."), done())
    coin = Agent(name="coin", model=Scripted(echo, model="other"))
    before, desk.exchange.swaps.agent = desk.exchange.swaps.agent, coin
    messages = len(desk.page.messages)
    desk.exchange.adopted(coin, before, ["Agent: coin.", "Model: other."], "v1")
    row = desk.log[-1]
    assert (row.source, row.kind, row.turn, row.agent, row.model, row.text) == (
        "bridge", "agent_swapped", 2, "coin", "other", "Agent: coin. Model: other.",
    )  # fmt: skip
    assert row.args == {"before": "dice", "tools": [], "history": "s"}
    assert desk.page.messages[messages:] == [
        protocol.AgentChanged("coin", "other", [], ["Agent: coin.", "Model: other."], video=True),
        protocol.Note("1", 1, "swap", "Agent: coin. Model: other."),
    ]
    assert (desk.exchange.turns.agent, desk.exchange.turns.model) == ("coin", "other")


def test_a_fork_keeps_what_belongs_to_its_turns(desk):
    first, second = text("1."), text("2.")
    desk.type("one")(first, done()).type("two")(second, done())
    kept, turns = desk.exchange.kept_until(None)
    assert (kept(second), turns) == (True, [1, 2])
    kept, turns = desk.exchange.kept_until(1)
    assert (kept(first), kept(second), turns) == (True, False, [1])


def test_speech_that_no_model_has_answered_goes_to_the_next(desk):
    assert desk.exchange.unheard() == []
    desk.exchange.open_microphone(1, on=True)
    desk.exchange.hear(1, LOUD)
    desk(heard("Hi", final=False))
    assert desk.exchange.unheard() == [LOUD]
