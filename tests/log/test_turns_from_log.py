import pytest
from logs import Told

from adk_nb.audio import Clip
from adk_nb.log.turns_from_log import logged_calls, logged_turns, utterances


@pytest.fixture
def told():
    return Told()


def test_three_turns_with_two_agents_and_all_that_is_known_of_them(told):
    told("connected", 0, "bridge", agent="dice", model="m1")
    told("user_text", 1, "client", author="user", text="roll", final=True)
    told("tool_call", 1, agent="dice", invocation_id="i1", tool="roll", tool_call_id="a", args={})
    told("tool_result", 1, tool="roll", tool_call_id="a", result=4, output="rolled")
    told("agent_audio", 1, agent="dice", audio_ms=1000.0)
    told("agent_transcript", 1, agent="dice", text="A four.", final=True, audio_ms=1000.0)
    told("playback_started", 1, "client", audio_ms=0.0, error_ms=0.5)
    told("usage", 1, prompt_tokens=10, response_tokens=3, total_tokens=13)
    told("playback_drained", 1, "client", audio_ms=1000.0)
    told("turn_complete", 1)
    told("user_audio", 2, "client", audio_ms=900.0, speech_t=9.5)
    told("user_transcript", 2, invocation_id="i1", text="Who are ", final=False)
    told("user_transcript", 2, invocation_id="i1", text="Who are you?", final=True)
    told("agent_audio", 2, agent="dice", audio_ms=2000.0)
    told("agent_transcript", 2, agent="dice", text="I am the dice.", final=True, audio_ms=2000.0)
    told("playback_started", 2, "client", audio_ms=0.0)
    told("interrupted", 2, "client", interrupted=True)
    told("playback_flushed", 2, "client", audio_ms=1000.0)
    told("agent_swapped", 3, "bridge", agent="coin", model="m2")
    told("user_text", 3, "client", author="user", text="flip", final=True)
    told("tool_call", 3, agent="coin", invocation_id="i2", tool="flip", tool_call_id="b", args={})
    told("tool_result", 3, tool="flip", tool_call_id="b", error="It rolled away.")
    told("agent_text", 3, agent="coin", invocation_id="i2", text="Sorry.", final=True)
    told("usage", 3, prompt_tokens=20, response_tokens=2, total_tokens=22)
    told("usage", 3, prompt_tokens=None, response_tokens=4, total_tokens=4)
    names = (
        "index", "agent", "model", "invocation_id", "user_text", "agent_text", "heard_text",
        "interrupted", "spoken", "tools", "t", "error",
    )  # fmt: skip
    assert [tuple(getattr(turn, name) for name in names) for turn in told.turns()] == [
        (1, "dice", "m1", "i1", "roll", "A four.", "A four.", False, False, "roll", 1.0, None),
        (2, "dice", "m1", "i1", "Who are you?", "I am the dice.", "I am", True, True, "", 11.0,
         None),
        (3, "coin", "m2", "i2", "flip", "Sorry.", "Sorry.", False, False, "flip", 19.0, None),
    ]  # fmt: skip
    measured = (
        "speech_end_t", "transcript_ms", "first_audio_ms", "first_heard_ms", "clock_error_ms",
        "tool_ms", "user_audio_ms", "audio_ms", "heard_ms", "flushed",
        "prompt_tokens", "response_tokens", "total_tokens",
    )  # fmt: skip
    assert [tuple(getattr(turn, name) for name in measured) for turn in told.turns()] == [
        (1.0, None, 3000.0, 5000.0, 0.5, 1000.0, 0.0, 1000.0, 1000.0, False, 10, 3, 13),
        (9.5, 2500.0, 3500.0, 5500.0, None, 0.0, 900.0, 2000.0, 1000.0, True, None, None, None),
        (19.0, None, None, None, None, 1000.0, 0.0, 0.0, None, False, 20, 6, 26),
    ]  # fmt: skip
    calls = [
        (c.id, c.name, c.author, c.turn.index, c.t, c.ms, c.result, c.error, c.output)
        for c in logged_calls(told.log)
    ]
    assert calls == [
        ("a", "roll", "dice", 1, 2.0, 1000.0, 4, None, "rolled"),
        ("b", "flip", "coin", 3, 20.0, 1000.0, None, "It rolled away.", ""),
    ]
    assert [c.invocation_id for c in logged_calls(told.log)] == ["i1", "i2"]
    assert {c.session_id for c in logged_calls(told.log)} == {"s"}
    said = [
        (u.turn.index, u.role, u.author, u.text, u.heard_text, u.interrupted, u.t)
        for u in utterances(told.log)
    ]
    assert said == [
        (1, "user", "user", "roll", None, False, 1.0),
        (1, "agent", "dice", "A four.", None, False, 4.0),  # No row says that it has ended.
        # What was said comes before its transcript.
        (2, "user", "user", "Who are you?", None, False, 9.5),
        (2, "agent", "dice", "I am the dice.", "I am", True, 13.0),
        (3, "user", "user", "flip", None, False, 19.0),
        (3, "agent", "coin", "Sorry.", None, False, 22.0),  # It goes on.
    ]


@pytest.mark.parametrize("kind", ["user_text", "usage", "tool_result"])
def test_rows_of_no_turn_are_no_turns(told, kind):
    assert told(kind, 0, text="hi").turns() == []


def test_the_sound_of_a_turn_is_the_agents(told):
    told("user_text", text="hi")
    told.log.add_audio("adk", "agent_audio", 1, b"\1\0" * 24, 24_000)
    told.log.add_audio("client", "user_audio", 1, b"\2\0" * 16, 16_000)
    assert told.turn.audio == Clip(b"\1\0" * 24, 24_000)


def test_who_said_nothing_has_no_utterance(told):
    told("user_text", 1, text="")("tool_call", 2, tool="t")
    assert utterances(told.log) == []


def test_words_come_after_their_sound_and_an_utterance_with_it(told):
    told("agent_audio", audio_ms=10.0)("agent_transcript", text="Hi.", final=True)
    told("agent_text", 2, agent="b", text="Ho.", final=True)
    assert [(u.t, u.author) for u in utterances(told.log)] == [(0.0, ""), (2.0, "b")]


def test_secrets_in_pieces_are_masked_by_the_logs_redactor(told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told.log.keep_secret("hunter2hunter2")
    for kind in ("user_transcript", "agent_transcript"):
        told(kind, text="hunter2h", final=False)(kind, text="unter2", final=False)
        told.log.settle()
    assert (told.turn.user_text, told.turn.agent_text) == ("[secret]", "[secret]")


# --- how a turn ended where no row says it, as in an earlier version's file ---


class Read:
    """A log that was read back: it tells no time, and nothing of it is open."""

    def __init__(self, log):
        self.session_id, self.run_id, self.rows = log.session_id, log.run_id, list(log)

    def __iter__(self):
        return iter(self.rows)

    def clip(self, kind, turn):
        return Clip(b"")


ASKED = ("user_text", {"text": "q"})
ANSWERED = ("agent_text", {"text": "a", "final": True})
CALLED = ("tool_call", {"tool_call_id": "c"})
RETURNED = ("tool_result", {"tool_call_id": "c"})
ERROR = ("error", {"error": "Broken."})
COMPLETE = ("turn_complete", {})


@pytest.mark.parametrize(
    ("rows", "last", "not_last"),
    [
        ([ASKED], "abandoned", "unanswered"),
        ([ASKED, ANSWERED], "abandoned", "complete"),
        ([ASKED, ANSWERED, COMPLETE], "complete", "complete"),
        ([ASKED, COMPLETE], "complete", "complete"),
        ([ASKED, CALLED, COMPLETE], "abandoned", "complete"),
        ([ASKED, CALLED, COMPLETE, RETURNED], "complete", "complete"),
        ([ASKED, CALLED, ERROR], "failed", "complete"),
        ([ASKED, ERROR], "failed", "failed"),
        ([ASKED, ANSWERED, ("interrupted", {}), COMPLETE], "interrupted", "interrupted"),
        ([ASKED, ANSWERED, ("turn_ended", {"status": "failed"})], "failed", "failed"),
    ],
    ids=lambda value: "+".join(kind for kind, _ in value) if isinstance(value, list) else value,
)
def test_how_a_turn_ended_that_does_not_say_so(told, rows, last, not_last):
    for kind, values in rows:
        told(kind, 1, **values)
    assert [turn.status for turn in logged_turns(Read(told.log))] == [last]
    assert told.turn.status is None or rows[-1][0] == "turn_ended"  # What goes on has not ended.
    told("user_text", 2, text="r")
    assert [turn.status for turn in logged_turns(Read(told.log))] == [not_last, "abandoned"]


def test_a_text_in_pieces_is_masked_by_the_secrets_of_now(told, tmp_path, monkeypatch):
    """What was masked row by row when it was logged may hold a secret across its rows."""
    monkeypatch.chdir(tmp_path)
    for text in ("It is hunter2h", "unter2."):
        told("agent_text", text=text, final=False, agent="a")
    told.log.settle()
    read = Read(told.log)
    assert utterances(read)[0].text == "It is hunter2hunter2."
    (tmp_path / ".env").write_text("LATE_TOKEN=hunter2hunter2\n")
    monkeypatch.setattr("adk_nb.log.redaction.time.monotonic", lambda: 1e9)
    assert utterances(read)[0].text == "It is [LATE_TOKEN]."


def test_each_piece_has_its_number_its_speaker_and_what_was_heard_of_it(told):
    told("user_transcript", text="Roll", final=True)
    told("agent_audio", audio_ms=3000.0, agent="a")
    told("agent_transcript", text="One moment.", final=True, agent="a", audio_ms=1000.0)
    told("tool_call", tool="roll", tool_call_id="c", agent="a")
    told("tool_result", tool="roll", tool_call_id="c", result=4)
    told("agent_transcript", text="You rolled four.", final=True, agent="b", audio_ms=3000.0)
    told("playback_started", source="client")
    told("interrupted", source="client")
    told("playback_flushed", source="client", audio_ms=2000.0)
    told("turn_ended", status="interrupted")
    said = [(u.role, u.author, u.text, u.interrupted, u.t, u.piece) for u in utterances(told.log)]
    assert said == [
        ("user", "user", "Roll", False, 0.0, 0),
        ("agent", "a", "One moment.", True, 1.0, 1),
        ("agent", "b", "You rolled four.", True, 5.0, 3),
    ]
    heard = [u.heard_text for u in utterances(told.log)]
    assert heard[:2] == [None, "One moment."]
    assert " ".join(heard[1:]).strip() == told.turn.heard_text
    assert "You rolled four.".startswith(heard[2])
    assert heard[2] != "You rolled four."
