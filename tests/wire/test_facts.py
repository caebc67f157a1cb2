import pytest

from adk_nb.live.turn_builder import Turns
from adk_nb.log.event_log import EventLog
from adk_nb.log.turn import Status, Turn
from adk_nb.wire import protocol
from adk_nb.wire.facts import facts_message
from adk_nb.wire.page_hub import Pages

LOUD = b"\0\x10" * 2400


def test_the_first_latency_is_what_was_heard_or_else_what_could_be_read():
    one = Turn(2, "dice", time=5.0, typed_t=1.0, agent_t=1.25, spoken=True)
    assert facts_message(one) == protocol.TurnFacts(2, 5.0, "first_text_ms", 250.0)
    one.audio_ms = 100.0
    assert facts_message(one) == protocol.TurnFacts(2, 5.0, sound=True)  # It sounds in a moment.
    one.heard_t = 1.5
    assert facts_message(one).latency == "first_heard_ms"
    assert facts_message(one).ms == 500.0
    silent = Turn(2, "dice", time=5.0, typed_t=1.0, agent_t=1.25, audio_ms=1.0)
    silent.status = Status.COMPLETE
    assert facts_message(silent).latency == "first_text_ms"


def test_pages_are_told_as_it_goes_and_a_later_one_the_last_of_it():
    log, sent, pages = EventLog("s"), [], Pages()
    pages.watchers.append(sent.append)
    turns = Turns(log, pages.emit)
    turns.user_typed("roll")
    turns.agent_audio("dice", LOUD, 24_000)
    turns.transcripts.agent_said("dice", "Four.", final=True)
    log.add("client", "playback_started", turn=1, audio_ms=0.0)
    turns.completed()
    turns.user_typed("again")
    turns.cut_in()
    told = [one for one in sent if isinstance(one, protocol.TurnFacts)]
    assert [(one.turn, one.latency, one.sound) for one in told if one.turn == 1] == [
        (1, "", False), (1, "", True), (1, "first_heard_ms", True),
    ]  # fmt: skip
    assert told[-1].outcome.startswith("no answer: you cut in after 0.")
    last = {one.turn: protocol.as_dict(one) for one in told}
    assert pages.facts(turns.all) == list(last.values())


@pytest.mark.parametrize(
    ("turn", "sound"),
    [
        (Turn(1, "dice", spoken=True, user_audio_ms=100.0), True),
        (Turn(1, "dice", spoken=False, user_audio_ms=100.0), False),  # The microphone was open.
        (Turn(1, "dice", spoken=True), False),
        (Turn(1, "dice", audio_ms=100.0), True),
    ],
)
def test_there_is_sound_of_what_was_said_or_answered(turn, sound):
    assert facts_message(turn).sound is sound


@pytest.mark.parametrize(
    ("status", "failed"),
    [(None, False), *((one, one in (Status.FAILED, Status.ABANDONED)) for one in Status)],
)
def test_which_ends_are_errors(status, failed):
    assert facts_message(Turn(1, "dice", status=status)).failed is failed


def test_latencies_are_told_to_a_tenth():
    heard = Turn(2, "dice", typed_t=1.0, heard_t=1.23456)
    assert facts_message(heard).ms == 234.6


def test_an_error_that_is_told_after_its_turn_stands_there():
    log, sent = EventLog("s"), []
    turns = Turns(log, sent.append)
    turns.user_typed("roll")
    turns.completed(failed="response_rejected")
    log.add("bridge", "error", turn=1, error="The service withheld it. Ask again.")
    assert sent[-1].outcome == "no answer: The service withheld it. Ask again."
    assert sent[-1].failed


@pytest.fixture
def asked():
    """A log, what was told of its turns, and what adds a row and returns what it tells."""
    log, sent = EventLog("s"), []
    turns = Turns(log, sent.append)
    turns.user_typed("roll")
    asked_t = log[len(log) - 1].t

    def add(source, kind, t, **values):
        before = len(sent)
        log.add(source, kind, turn=1, t=asked_t + t, **values)
        told = [one for one in sent[before:] if isinstance(one, protocol.TurnFacts)]
        return [(one.latency, one.ms and round(one.ms), one.sound) for one in told]

    return add


@pytest.mark.parametrize(
    ("source", "kind"),
    [("adk", "agent_text"), ("adk", "agent_transcript"), ("bridge", "withheld")],
)
def test_what_the_agent_says_is_told_once(asked, source, kind):
    assert asked(source, kind, 0.5, text="Four", agent="dice") == [("first_text_ms", 500, False)]
    assert asked(source, kind, 0.75, text="teen.", agent="dice") == []


def test_what_was_spoken_is_told_by_every_row_that_says_when_it_ended():
    log, sent = EventLog("s"), []
    turns = Turns(log, sent.append)
    turns.transcripts.user_said("Roll.", final=True)
    log.add("adk", "agent_text", turn=1, t=10.0, text="Four.", agent="dice")
    log.add("adk", "voice_activity", turn=1, t=9.0, text="ACTIVITY_END")
    log.add("client", "voice_activity", turn=1, t=8.5, text="ACTIVITY_END")
    log.add("bridge", "user_speech", turn=1, t=7.0, speech_t=8.0, by="vad")
    told = [one for one in sent if isinstance(one, protocol.TurnFacts)]
    assert [one.ms for one in told[-3:]] == [1000.0, 1500.0, 2000.0]


def test_what_a_tool_waited_for_is_told_with_its_result(asked):
    asked("adk", "tool_call", 1.0, tool="pay", tool_call_id="1", agent="dice")
    assert asked("adk", "agent_text", 4.0, text="Shall I?", agent="dice") == [
        ("first_text_ms", 4000, False)
    ]
    asked("bridge", "approval", 2.0, tool_call_id="1", ms=3000.0, text="yes")
    assert asked("adk", "tool_result", 6.0, tool="pay", tool_call_id="1", result=1) == [
        ("first_text_ms", 2000, False)
    ]


@pytest.mark.parametrize(
    "begin",
    [
        lambda turns: turns.user_typed("roll"),
        lambda turns: turns.user_typed("Say hello.", prompt=True),
        lambda turns: turns.transcripts.user_said("Roll", final=False),
        lambda turns: turns.transcripts.agent_said("dice", "Hello.", final=False),
        lambda turns: turns.calls.tool_called("dice", "c", "roll", {}),
    ],
)
def test_a_turn_is_told_of_as_soon_as_it_begins(begin):
    log, sent = EventLog("s"), []
    turns = Turns(log, sent.append)
    begin(turns)
    told = [one for one in sent if isinstance(one, protocol.TurnFacts)]
    assert [(one.turn, one.time) for one in told] == [(1, turns.all[0].time)]
