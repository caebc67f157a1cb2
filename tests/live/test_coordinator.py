"""What the exchange does with the user's actions and ADK's events, in each state.

ADK's events are made by hand, and nothing takes from the queue: no model and no sockets.
"""

from __future__ import annotations

import pytest
from adk_events import (
    PCM,
    call,
    cut,
    done,
    failure,
    heard,
    result,
    said,
    sound,
    transfer,
)
from desk import (
    CLOSED_1,
    CUT_1,
    ENDED_1,
    LOUD,
    QUIET,
    Desk,
    asked,
    calling,
    failures,
    sounding,
    speaking,
    taken,
)
from google.adk.agents import Agent
from google.genai import types
from scripted import Scripted, echo

from adk_nb.exceptions import LocalModelError, ModelError, SessionClosedError
from adk_nb.wire import protocol


@pytest.fixture
def desk():
    return Desk().connect()


# --- the table: in which state, what happens, what it makes

STATES = {
    "before it is connected": Desk,
    "ready": lambda: Desk().connect(),
    "asked": asked,
    "taken": taken,
    "speaking": speaking,
    "a tool runs": calling,
    "sounding": sounding,
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
    "mic on": lambda desk: desk.exchange.realtime_input.open_microphone(1, on=True),
    "mic off": lambda desk: desk.exchange.realtime_input.open_microphone(1, on=False),
    "mic on and speech": lambda desk: _speech(desk, 1),
    "another's speech": lambda desk: _speech(desk, 2),
    "mic on and off": lambda desk: [
        desk.exchange.realtime_input.open_microphone(1, on=on) for on in (True, False)
    ],
    "words": lambda desk: desk(heard("Hi", final=False)),
    "push to talk": lambda desk: [
        desk.exchange.realtime_input.activity(begins=on) for on in (True, False)
    ],
    "a picture": lambda desk: desk.exchange.realtime_input.see(b"jpg"),
}


def _speech(desk, source):
    desk.exchange.realtime_input.open_microphone(1, on=True)
    desk.exchange.realtime_input.hear(source, QUIET)


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


def test_a_closed_session_says_so(desk):
    desk.exchange.closed = True
    with pytest.raises(SessionClosedError, match="closed"):
        desk.type("hi")
    desk.exchange.set_state("speaking")
    assert desk.exchange.status == "ready"


# --- the microphone


# --- connections


def lost(desk, *, resumed, history=None):
    """A connection is lost and another is made; with a `history`, that is what it is told."""
    exchange = desk.exchange
    exchange.reader.resumable = True
    exchange.run_lost(ModelError("gone"))
    told = exchange.reconnection.awaits_answer(history) if history else False
    exchange.run_connected(resumed=resumed)
    return told


def user(words):
    return types.Content(role="user", parts=[types.Part(text=words)])


def model(words):
    return types.Content(role="model", parts=[types.Part(text=words)])


def test_a_typed_question_is_asked_once_more_after_a_loss_and_no_more():
    desk = taken()
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
    desk = asked()
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
    desk = taken()
    assert lost(desk, resumed=False, history=history) is awaited
    # A history is sent to a new connection, which is no transfer within one run.
    assert desk.sent() == sent


def test_a_connection_that_was_resumed_without_a_history_is_asked_again():
    desk = taken()
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
    exchange.realtime_input.open_microphone(1, on=True)
    for _ in range(7):
        exchange.realtime_input.hear(1, LOUD)
    desk(heard("Hi", final=True))
    desk.take()
    for _ in range(3):
        exchange.realtime_input.hear(1, LOUD)
    assert desk.sent() == [640] * 3
    lost(desk, resumed=True)
    assert desk.sent() == [3200, 1280, 640, 640, 640]  # Seven, in pieces of five, and three.


def test_of_speech_that_mostly_waits_only_its_beginning_is_said_again(desk):
    desk.exchange.realtime_input.open_microphone(1, on=True)
    for frame in range(10):
        if frame == 4:
            desk.take()
        desk.exchange.realtime_input.hear(1, LOUD)
    desk(heard("Hi", final=True))
    lost(desk, resumed=True)
    assert desk.sent() == [2560] + [640] * 6


def test_speech_that_the_history_has_is_not_said_again(desk):
    desk.exchange.realtime_input.open_microphone(1, on=True)
    desk.exchange.realtime_input.hear(1, LOUD)
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
    assert [desk.exchange.reconnection.taking_over() for _ in range(2)] == [True, False]
    assert (desk.exchange.turns.agent, desk.turn.model) == ("coin", "other")
    desk(transfer("nobody"))
    assert desk.turn.model == "other"
    assert desk.exchange.turns.model == ""
    desk.exchange.run_begins()
    assert not desk.exchange.reconnection.taking_over()


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
    assert sounding().exchange.in_turn()
    assert not desk(done()).exchange.in_turn()
    assert not desk.exchange.reconnection.awaits_answer([user("roll")])


def test_the_players_position_is_that_of_the_open_turn_or_of_the_one_that_was_cut():
    desk = speaking()
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
    desk = speaking()
    desk.exchange.live.queue = None
    await desk.exchange.run_ended()
    assert desk.turn.ended
    assert desk.turn.error is None
    assert desk.exchange.status == "ready"


async def test_a_run_that_ends_before_an_answer_fails_the_turn():
    desk = taken()
    desk.exchange.live.queue = None
    await desk.exchange.run_ended()
    assert desk.turn.error == "The model ended the conversation. Say it again."
    assert failures(desk) == ["model_failed"]


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
    assert desk.exchange.capabilities.deaf is problem
    silent = Desk(desk.exchange.swaps.agent, audio=False)
    assert silent.exchange.audio_use == {"output": False, **use}
