"""What the reader makes of ADK's events: rows, turns and reports. No model and no sockets."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile
from adk_events import (
    call,
    content,
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
    usage,
)
from google.genai import types

from adk_nb.data.tables import turns_df
from adk_nb.live.event_reader import EventReader
from adk_nb.live.tool_calls import ToolCalls
from adk_nb.live.turn_builder import Turns
from adk_nb.log.event_log import EventLog
from adk_nb.wire import protocol


class Desk:
    """A reader with its log, turns, and what it reports to its session."""

    def __init__(self, *, voice=True):
        self.voice = voice
        self.log = EventLog("s")
        self.messages, self.reports = [], []
        self.microphone, self.takes_over = True, ""
        self.turns = Turns(self.log, self.messages.append)
        self.calls = ToolCalls(self.turns.calls, self.log.redact)
        self.reader = EventReader(self.log, self.turns, self, calls=self.calls)
        self.reader.begin()

    def __call__(self, *events):
        for one in events:
            self.reader.read(one)
        return self

    def type(self, words):
        self.turns.user_typed(words)
        return self

    def cut(self):
        """The user interrupts, as the coordinator does it."""
        self.turns.cut_in()
        return self

    def told(self, call_id="c"):
        """The model is told a result, as the coordinator does it."""
        self.turns.calls.tool_told(call_id)
        return self

    # What the reader reports.

    def agent_audio(self, turn, rate, pcm):
        self.reports.append(("audio", turn.index, rate, len(pcm)))

    def set_state(self, state):
        self.reports.append(state)

    def fail(self, error, turn):
        self.reports.append(("failed", error.message, turn and turn.index))

    def report(self, error, index):
        self.reports.append(("told", error.message, index))

    def listens(self):
        return self.microphone

    def run_failed(self, error):
        turn = self.turns.current
        self.log.add("bridge", "error", turn=self.turns.index, error=str(error))
        self.turns.failed(error.code)
        self.reports.append(("failed", error.message, turn and turn.index))

    def blocks(self, name):
        return True

    def transferred(self, turn, source, target):
        self.reports.append(("transferred", turn and turn.index, source, target))
        return self.takes_over

    def still_talking(self):
        self.reports.append("still talking")

    # What can be seen.

    def rows(self, *names):
        return [(row.kind, row.turn, *(getattr(row, name) for name in names)) for row in self.log]

    def shown(self):
        names = ("index", "agent", "user_text", "agent_text", "heard_text", "interrupted", "error")
        return [tuple(getattr(turn, name) for name in names) for turn in self.turns.all]


@pytest.fixture
def desk():
    return Desk()


def test_three_turns_of_two_agents_row_by_row(desk):
    desk.type("roll")(
        call(sides=6), result({"result": 4}),
    ).told()(
        sound(), said("A four.", final=False), said("A four."), usage(10, 3, 13), done(),
    )  # fmt: skip
    desk(heard("The coin", final=False), heard("The coin, please."), transfer("coin"))
    desk(sound(), said("Heads.", "coin"), usage(20, 2, 22), done())
    desk.type("again")(text("Ta", "coin", partial=True), text("Tails.", "coin"), done())
    assert desk.rows("author", "text", "final") == [
        ("user_text", 1, "user", "roll", True),
        ("tool_call", 1, "dice", None, None),
        ("tool_result", 1, "dice", None, None),
        ("agent_audio", 1, None, None, None),
        ("agent_transcript", 1, "dice", "A four.", False),
        ("agent_transcript", 1, "dice", "A four.", True),
        ("usage", 1, "dice", None, None),
        ("turn_complete", 1, "dice", None, None),
        ("turn_ended", 1, None, None, None),
        ("user_transcript", 2, "user", "The coin", False),
        ("user_transcript", 2, "user", "The coin, please.", True),
        ("agent_transfer", 2, "dice", "coin", None),
        ("agent_audio", 2, None, None, None),
        ("agent_transcript", 2, "coin", "Heads.", True),
        ("usage", 2, "dice", None, None),
        ("turn_complete", 2, "dice", None, None),
        ("turn_ended", 2, None, None, None),
        ("user_text", 3, "user", "again", True),
        ("agent_text", 3, "coin", "Ta", False),
        ("agent_text", 3, "coin", "Tails.", True),
        ("turn_complete", 3, "dice", None, None),
        ("turn_ended", 3, None, None, None),
    ]
    assert desk.shown() == [
        (1, "dice", "roll", "A four.", "A four.", False, None),
        (2, "coin", "The coin, please.", "Heads.", "Heads.", False, None),
        (3, "coin", "again", "Tails.", "Tails.", False, None),
    ]
    assert desk.reports == [
        "thinking", "speaking", ("audio", 1, 24_000, 480), "ready",
        "listening", "thinking", ("transferred", 2, "dice", "coin"),
        "speaking", ("audio", 2, 24_000, 480), "ready",
        "writing", "writing", "ready",
    ]  # fmt: skip
    assert {row.invocation_id for row in desk.log if row.author == "dice"} == {"i"}
    frame = turns_df(desk.log)
    assert frame["agent_text"].to_list() == ["A four.", "Heads.", "Tails."]
    assert frame["total_tokens"].fillna(0).to_list() == [13, 22, 0]


@pytest.mark.parametrize(
    ("given", "kinds"),
    [
        (event(), []),
        (content(), []),
        (content(types.Part()), []),
        (text("Let me think.", thought=True), []),
        (text(""), []),
        (sound(b""), []),
        (sound(b"\xff\xd8", "image/jpeg"), []),
        (sound(b"\0"), []),
        (sound(b"\0\xff", "audio/basic"), ["agent_audio"]),
        (said("", final=False), []),
        (heard("", final=False), []),
        (usage(3, 0, 0), []),
        (usage(3, 0, 3), ["usage"]),
        (said("", final=True), ["agent_transcript"]),
        (heard("", final=True), ["user_transcript"]),
        (text("typed", "user"), []),
        (done(), ["turn_complete"]),
        (cut(), ["interrupted"]),
    ],
)
def test_which_events_make_a_row(desk, given, kinds):
    assert [kind for kind, _ in desk(given).rows()] == kinds


def test_a_session_without_sound_takes_none():
    desk = Desk(voice=False)
    assert desk(sound()).rows() == []
    assert desk.reports == []


@pytest.mark.parametrize(
    ("response", "value", "error"),
    [
        ({"result": 4}, 4, None),
        ({"result": 4, "unit": "m"}, {"result": 4, "unit": "m"}, None),
        ({"isError": False}, {"isError": False}, None),
        ({"isError": True}, None, "The tool failed."),
        ({"isError": True, "content": [{"data": 1}]}, None, "The tool failed."),
        ({"isError": True, "content": [{"text": "no "}, {"text": "disk"}, "?"]}, None, "no  disk"),
        (None, None, None),
    ],
)
def test_what_a_tools_response_says(desk, response, value, error):
    desk.type("go")(call(), result(response))
    (one,) = desk.turns.all[0].tool_calls
    assert (one.result, one.error) == (value, error)
    assert desk.rows("result", "error")[-1] == ("tool_result", 1, value, error)


def test_a_result_that_the_model_is_told_is_nothing_is_what_the_tool_returned(desk):
    desk.calls.empty["c"] = ([],)
    desk.type("go")(call(), result({"result": "nothing was found"}), result({"result": 1}))
    assert desk.rows("result")[-2:] == [("tool_result", 1, []), ("tool_result", 1, 1)]


def test_an_error_that_a_tool_raised_is_its_result_once(desk):
    desk.calls.raised["c"] = "It rolled away."
    desk.type("go")(call(), result({"error": "for the model"}), result({"result": 1}))
    assert desk.rows("result", "error")[-2:] == [
        ("tool_result", 1, None, "It rolled away."), ("tool_result", 1, 1, None),
    ]  # fmt: skip


def test_a_long_running_tool_does_not_hold_the_turn_open(desk):
    desk.type("go")(call(long=True))
    assert desk.turns.all[0].tool_calls[0].long_running
    assert not desk.turns.all[0].ended  # What it returns at once is still to come.
    desk.turns.calls.tool_deferred("c")
    assert desk.turns.all[0].status == "complete"


def test_what_a_streaming_tool_gives_is_a_result_each_time(desk):
    desk.calls.streaming.add("c")
    desk.type("count")(call(), result({"status": "begun"}))
    (one,) = desk.turns.all[0].tool_calls
    assert one.result == {"status": "begun"}

    def streamed(response, call_id="c"):
        answer = types.FunctionResponse(id=call_id, name="roll", response=response)
        part = types.Part(function_response=answer)
        desk.reader.streamed(types.Content(parts=[types.Part(text="x"), part]))

    streamed({"result": 1})
    streamed({"status": "begun"})  # ADK has an event for this one.
    streamed({"result": 9}, "of another")
    streamed({"result": 2})
    desk.reader.streamed(types.Content())
    desk(result({"status": "begun"}))  # It comes too late to count.
    assert one.result == 2
    assert desk.rows("result", "agent")[2:] == [
        ("tool_result", 1, {"status": "begun"}, "dice"),
        ("tool_result", 1, 1, "dice"),
        ("tool_result", 1, 2, "dice"),
    ]


def test_a_stream_of_no_call_is_of_no_agent(desk):
    desk.calls.streaming.add("c")
    answer = types.FunctionResponse(id="c", name="roll", response={"result": 1})
    desk.reader.streamed(types.Content(parts=[types.Part(function_response=answer)]))
    assert desk.rows("author", "agent", "result") == [("tool_result", 1, None, None, 1)]


class Printed:
    """What a call printed."""

    def __init__(self, text, cut=""):
        self.text, self.cut = text, cut

    def take(self):
        return self.text, []


def test_what_a_call_printed_is_in_its_row_and_read_once(desk):
    desk.calls.outputs["c"] = Printed("hello")
    desk.calls.outputs["d"] = Printed("")
    desk.type("go")(call(), result({"result": 1}), result({"result": 2}))
    desk(call(call_id="d"), result({"result": 3}, call_id="d"))
    assert [row.output for row in desk.log if row.kind == "tool_result"] == ["hello", None, None]
    assert desk.turns.all[0].tool_calls[0].output == "hello"
    desk.calls.outputs["e"], desk.calls.streaming = Printed("more"), {"e"}
    assert [desk.reader.printed("e") for _ in range(2)] == ["more", "more"]


KEY = "sk-" + "0123456789abcdefghijklmno"


def test_half_a_key_at_the_cut_of_what_was_printed_is_shown_nowhere(desk):
    desk.calls.outputs["c"] = Printed(f"log {KEY[:12]}", cut="… (9 more)")
    desk.type("go")(call(), result({"result": 1}))
    assert [row.output for row in desk.log if row.kind == "tool_result"] == ["log … (9 more)"]
    assert desk.turns.all[0].tool_calls[0].output == "log "


def test_a_key_that_a_streaming_tool_prints_in_pieces_is_shown_nowhere(desk):
    desk.calls.streaming.add("c")
    desk.type("go")(call())
    shown, printed = [], ""
    for piece in ("first ", KEY[:9], KEY[9:], " last"):
        printed += piece
        desk.calls.outputs["c"] = Printed(printed)
        desk.calls.outputs["c"].take = lambda piece=piece: (piece, [])
        desk(result({"result": piece}))
        shown.append(desk.turns.all[0].tool_calls[0].output)
    assert shown == ["first ", "first ", "first ", "first [secret] last"]
    rows = [row.output for row in desk.log if row.kind == "tool_result"]
    assert rows == ["first ", "first ", "first ", "first [secret] last"]


@pytest.mark.parametrize("made", [lambda text: text, lambda text: {"n": 1, "delta": text}])
def test_a_key_that_a_streaming_tool_gives_in_pieces_is_shown_nowhere(desk, made):
    desk.calls.streaming.add("c")
    desk.type("go")(call())
    for piece in ("It is ", KEY[:9], KEY[9:], " and s"):
        response = types.FunctionResponse(id="c", name="f", response={"result": made(piece)})
        desk.reader.streamed(types.Content(parts=[types.Part(function_response=response)]))
    for _ in range(2):
        desk.reader.streams_end()
    shown = [row.result for row in desk.log if row.kind == "tool_result"]
    texts = [one["delta"] if isinstance(one, dict) else one for one in shown]
    assert "".join(texts) == "It is [secret] and s"


@pytest.mark.parametrize("result", [{"n": 1}, {"a": "x sk-0", "b": "y sk-0"}, {}, ["sk-0"], None])
def test_what_a_streaming_tool_gives_that_is_no_one_text_is_shown_at_once(desk, result):
    desk.calls.streaming.add("c")
    desk.type("go")(call())
    response = types.FunctionResponse(id="c", name="f", response={"result": result})
    desk.reader.streamed(types.Content(parts=[types.Part(function_response=response)]))
    assert desk.rows("result")[-1] == ("tool_result", 1, result)


def test_sources_of_an_answer_are_a_row_of_their_own_and_each_counts_once(desk):
    web = types.GroundingChunk(web=types.GroundingChunkWeb(title="Dice", uri="https://dice"))
    bare = types.GroundingChunk(
        retrieved_context=types.GroundingChunkRetrievedContext(uri="https://bare")
    )
    chunks = [web, bare, types.GroundingChunk()]
    grounded = event(
        grounding_metadata=types.GroundingMetadata(
            grounding_chunks=chunks, web_search_queries=["dice"]
        )
    )
    desk.type("q")(text("Yes."), grounded, grounded, event(grounding_metadata={}))
    sources = [
        {"title": "Dice", "uri": "https://dice"},
        {"title": "https://bare", "uri": "https://bare"},
    ]
    assert desk.turns.all[0].sources == sources
    assert desk.rows("text", "result")[2:] == [
        ("agent_text", 1, "", {"queries": ["dice"], "sources": sources})
    ]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (failure("BAD", "No idea."), "The model reported BAD: No idea."),
        (failure("BAD"), "The model reported BAD: BAD"),
    ],
)
def test_a_failure_ends_the_turn_with_its_error(desk, given, words):
    desk.type("go")(given)
    assert desk.reports == [("failed", words, 1)]
    remedy = "The kernel's log has the details; the next turn tries again."
    assert desk.shown() == [(1, "", "go", "", "", False, f"{words.rstrip('.')}. {remedy}")]
    assert (desk.turns.all[0].status, desk.turns.all[0].end_reason) == ("failed", "model_failed")


def test_a_failure_without_a_turn_is_of_none(desk):
    assert desk(failure()).reports == [("failed", "The model reported BAD: BAD", None)]


def test_what_cannot_be_played_may_be_of_no_turn(desk):
    desk(sound(b"\xff\xf1", "audio/aac"))
    assert [(one[0], one[2]) for one in desk.reports] == [("told", 0)]


def test_a_transfer_without_a_turn_is_told_all_the_same(desk):
    assert not desk.reader.silent
    assert desk(transfer("coin")).reports == [("transferred", None, "dice", "coin")]
    assert desk.reader.silent
    assert not desk(text("Hi.", "coin")).reader.silent


def test_a_handle_makes_a_run_resumable(desk):
    update = types.LiveServerSessionResumptionUpdate(new_handle="h", resumable=True)
    assert not desk(text("Hi.")).reader.resumable
    assert desk(event(live_session_resumption_update=update)).reader.resumable
    desk.reader.begin()
    assert not desk.reader.resumable


def test_each_event_is_of_a_turn_and_in_its_row(desk):
    events = {
        "heard": heard("Roll", final=False),
        "call": call(),
        "result": result({"result": 4}),
        "said": said("A four.", final=False),
        "text": text("A four.", partial=True),
        "usage": usage(1, 1, 2),
        "transfer": transfer("coin"),
        "sources": event(
            grounding_metadata=types.GroundingMetadata(
                grounding_chunks=[{"web": {"title": "t", "uri": "https://t"}}]
            )
        ),
        "done": done(),
    }
    desk.type("hi")(text("Hello."), done())
    for one in events.values():
        desk(one)
        if one is events["result"]:
            desk.told()
    events["cut"] = cut()
    desk.type("stop")(said("One two.", final=False), events["cut"])
    heard_of = said("One")
    desk.type("stop")(said("One two.", final=False)).cut()(heard_of)
    turns = {name: desk.reader.turn_of.get(one.id) for name, one in events.items()}
    assert turns == {**dict.fromkeys(events, 2), "cut": 3}
    assert desk.reader.turn_of[heard_of.id] == 4
    names = ("agent", "invocation_id", "event_id")
    rows = {row.event_id: tuple(getattr(row, name) for name in names) for row in desk.log}
    for name, one in events.items():
        assert rows[one.id] == ("dice" if name != "heard" else None, "i", one.id)


def test_a_call_is_of_its_tool_and_id(desk):
    desk.type("roll")(call("flip", "x", side="h"), result({"result": 1}, "flip", "x"))
    part = types.Part(function_response=types.FunctionResponse(response={"result": 2}))
    desk(content(part))  # Of no call.
    assert desk.rows("tool", "tool_call_id", "args")[1:] == [
        ("tool_call", 1, "flip", "x", {"side": "h"}),
        ("tool_result", 1, "flip", "x", None),
        ("tool_result", 1, "", "", None),
    ]


def test_what_was_held_back_of_a_print_is_shown_at_its_end(desk):
    desk.calls.outputs["c"] = Printed("to be continued sk-0")
    desk.type("go")(call(), result({"result": 1}))
    shown = [m.text for m in desk.messages if isinstance(m, protocol.ToolOutput)]
    assert "".join(shown) == "to be continued sk-0"
    assert desk.rows("output")[-1] == ("tool_result", 1, "to be continued sk-0")
    assert "c" not in desk.calls.outputs


def test_a_transfer_is_a_row_with_the_model_of_who_takes_over(desk):
    desk.takes_over = "other"
    desk.type("flip")(transfer("coin"))
    assert desk.rows("author", "text", "model")[-1] == (
        "agent_transfer", 1, "dice", "coin", "other",
    )  # fmt: skip


# --- interruptions


def test_one_interruption_marks_its_own_turn_alone(desk):
    for number in (1, 2, 3):
        desk.type(f"q{number}")(text(f"a{number}."))
        if number < 3:
            desk(done())
    desk(cut(), done())
    assert [turn.interrupted for turn in desk.turns.all] == [False, False, True]
    assert turns_df(desk.log)["interrupted"].to_list() == [False, False, True]
    assert desk.rows()[-1] == ("turn_complete", 0)
    assert desk.reports[-1] == "listening"


def test_after_the_user_cuts_in_the_rest_of_the_answer_is_dropped(desk):
    desk.type("count")(sound(), said("One", final=False)).cut()
    desk.reports.clear()
    desk(sound(), text("two"), said("two", final=False))
    assert desk.turns.machine.answer.dropping
    desk(cut())
    assert desk.reports == ["still talking"]
    assert desk.rows()[-2:] == [("interrupted", 1), ("turn_ended", 1)]
    assert desk.shown() == [(1, "dice", "count", "One", "One", True, None)]
    assert not desk.turns.machine.answer.dropping
    # What comes now is the next turn's; the end of the one that was cut off is of none.
    desk.type("go on")(done(), sound(), said("Three."), done())
    assert desk.shown()[1] == (2, "dice", "go on", "Three.", "Three.", False, None)
    assert [turn for kind, turn in desk.rows() if kind == "turn_complete"] == [0, 2]


def test_what_a_model_says_was_heard_is_of_the_turn_that_was_cut(desk):
    desk.type("count")(sound(), said("One two.", final=False)).cut()
    desk(said("One", final=True))
    assert desk.turns.all[0].heard_text == "One"
    assert desk.rows("text")[-1] == ("agent_transcript", 1, "One")
    desk.log.add("client", "playback_flushed", turn=1, audio_ms=0.0)
    desk(said("One two", final=True))  # The player knows better.
    assert desk.turns.all[0].heard_text == ""
    assert desk.rows("text")[-1] == ("agent_transcript", 1, "One two")
    desk(said("", final=True), said("One", final=False))  # Only the last word counts.
    assert desk.rows("text")[-1] == ("agent_transcript", 1, "")


def test_the_end_of_an_answer_that_was_cut_off_ends_the_dropping(desk):
    desk.type("count")(said("One", final=False)).cut()
    assert desk.turns.machine.answer.dropping
    desk(done())
    assert not desk.turns.machine.answer.dropping
    assert desk.rows()[-2:] == [("interrupted", 1), ("turn_ended", 1)]


def test_what_goes_on_is_of_the_answer_that_was_cut_off_until_the_model_completes_it(desk):
    desk.type("count")(said("One", final=False)).cut().type("go on")
    desk(said("two", final=False))
    assert desk.turns.all[1].agent_text == ""
    desk(done(), said("Other.", final=True), done())
    assert [turn[2:6] for turn in desk.shown()] == [
        ("count", "One", "One", True), ("go on", "Other.", "Other.", False),
    ]  # fmt: skip


def test_what_goes_on_is_forgotten_with_an_interruption_or_a_lost_connection(desk):
    for end in (lambda: desk(cut()), desk.turns.machine.connection_lost):
        desk.type("count")(said("One", final=False)).cut().type("go on")
        desk(said("two", final=False))
        end()
        desk(said("New.", final=True), done())
        assert desk.turns.last.agent_text == "New."


def test_a_cascade_keeps_nothing_back(desk):
    desk.reader.cumulative = True
    desk.type("count")(said("One", final=False)).cut().type("go on")
    desk(sound(), cut(), said("Two.", final=True))
    assert desk.turns.last.agent_text == "Two."
    assert "still talking" in desk.reports


def test_cumulative_transcripts_are_said_to_be_so(desk):
    desk.reader.cumulative = True
    desk(heard("Watt", final=False), heard("What time", final=False), heard("What time?"))
    assert desk.rows("text", "cumulative") == [
        ("user_transcript", 1, "Watt", True),
        ("user_transcript", 1, "What time", True),
        ("user_transcript", 1, "What time?", True),
    ]
    assert desk.turns.all[0].user_text == "What time?"
    assert desk.reports == ["listening", "listening", "thinking"]


def test_words_over_an_answer_do_not_change_what_the_session_does(desk):
    desk.type("count")(text("One."), heard("Stop", final=False))
    assert desk.reports == ["writing", "listening"]
    desk(cut())
    assert [turn.user_text for turn in desk.turns.all] == ["count", "Stop"]


def test_a_turn_began_when_adk_says_so(desk):
    desk(heard("Hi", timestamp=5.0), heard("Hi", timestamp=9.0))
    assert desk.reader.began(desk.turns.all[0]) == 5.0


# --- which events belong to which turns, for forks


def test_events_are_kept_up_to_a_turn(desk):
    first, second = text("1."), text("2.")
    desk.type("one")(first, done()).type("two")(second, done())
    kept = desk.reader.kept_until(1)
    assert (kept(first), kept(second)) == (True, False)
    desk.turns.all[1].time = 100.0
    for timestamp, expected in ((99.0, True), (100.0, False)):
        assert desk.reader.kept_until(1)(event("user", timestamp=timestamp)) is expected
    assert desk.reader.kept_until(2)(event("user", timestamp=1e12))


def test_words_after_the_end_of_a_turn_are_the_turns_and_nobody_speaks(desk):
    desk.type("hi")(text("Hello", partial=True), done(), text("Hello there."))
    assert desk.shown() == [(1, "dice", "hi", "Hello there.", "Hello there.", False, None)]
    assert desk.reports == ["writing", "ready"]
    desk(text("Still there?"))  # Other words are said without being asked for.
    assert desk.shown()[1] == (2, "dice", "", "Still there?", "Still there?", False, None)


def test_an_answer_that_is_none_is_told_with_its_reason(desk):
    desk.type("hi")(done())
    desk.type("hi")(sound(bytes(480)), done())
    desk.type("hi")(done(turn_complete_reason="RESPONSE_REJECTED"))
    desk.type("hi")(said("Hello."), done(turn_complete_reason="NEED_MORE_INPUT"))
    assert [(turn.status, turn.end_reason) for turn in desk.turns.all] == [
        ("failed", "empty"),
        ("failed", "inaudible"),
        ("failed", "response_rejected"),
        ("complete", None),
    ]
    told = [one[1:] for one in desk.reports if one[0] == "failed"]
    assert told == [
        ("The model completed its turn and said nothing.", 1),
        ("The model's answer is sound that nobody can hear.", 2),
        ("The service withheld the model's answer.", 3),
    ]


@pytest.mark.parametrize("reason", ["TURN_COMPLETE_REASON_UNSPECIFIED", "NEED_MORE_INPUT"])
def test_reasons_that_are_no_failure(desk, reason):
    desk.type("hi")(said("Hello."), done(turn_complete_reason=reason))
    assert (desk.turns.all[0].status, desk.turns.all[0].end_reason) == ("complete", None)
    assert desk.rows("end_reason")[-2:] == [("turn_complete", 1, None), ("turn_ended", 1, None)]


def test_an_interaction_that_requires_an_action_holds_the_turn_open(desk):
    desk.type("hi")(said("One moment."), done(interaction_status="REQUIRES_ACTION"))
    assert not desk.turns.all[0].ended


def test_an_interaction_that_is_in_progress_holds_the_turn_open(desk):
    desk.type("hi")(said("One moment."), done(interaction_status="IN_PROGRESS"))
    assert not desk.turns.all[0].ended
    desk(said("Hello."), done(interaction_status="IDLE"))
    assert desk.shown()[0][3] == "One moment. Hello."
    assert desk.turns.all[0].status == "complete"
    assert desk.rows("status") == [
        ("user_text", 1, None),
        ("agent_transcript", 1, None),
        ("turn_complete", 1, "IN_PROGRESS"),
        ("agent_transcript", 1, None),
        ("turn_complete", 1, "IDLE"),
        ("turn_ended", 1, "complete"),
    ]


def test_when_the_service_hears_the_user_is_a_row(desk):
    for kind in ("ACTIVITY_START", "ACTIVITY_END"):
        desk(event("user", voice_activity=types.VoiceActivity(voice_activity_type=kind)))
    assert desk.rows("author", "text") == [
        ("voice_activity", 1, "user", "ACTIVITY_START"),
        ("voice_activity", 1, "user", "ACTIVITY_END"),
    ]


def test_an_interruption_that_the_user_has_made_is_known_already(desk):
    desk.type("hi").cut()
    desk.reports.clear()
    desk(cut())
    assert desk.reports == []
    assert desk.rows()[-2:] == [("interrupted", 1), ("turn_ended", 1)]


def test_a_correction_of_words_that_are_being_answered_changes_no_state(desk):
    desk(heard("Watt", final=False), sound(), heard("What?"))
    assert desk.shown() == [(1, "dice", "What?", "", "", False, None)]
    assert desk.reports == ["listening", "speaking", ("audio", 1, 24_000, 480)]


def test_sound_of_any_kind_is_a_row_of_pcm16(desk):
    desk.type("go")(sound(b"\x80\xff\0", "AUDIO/PCMU"), done())
    desk.type("go")(sound(b"\1\0\2", "AUDIO/PCM"), sound(b"\0\3\0", "AUDIO/PCM"), done())
    assert [report for report in desk.reports if report[0] == "audio"] == [
        ("audio", 1, 8_000, 6), ("audio", 2, 24_000, 2), ("audio", 2, 24_000, 4),
    ]  # fmt: skip
    assert np.frombuffer(desk.turns.all[0].audio.pcm, "<i2").tolist() == [32124, 0, -32124]
    assert desk.turns.all[1].audio.pcm == b"\1\0\2\0\3\0"


@pytest.mark.parametrize("ends", [lambda desk: desk(cut()), lambda desk: desk.cut()(cut())])
def test_half_a_sample_is_not_joined_to_another_answer(desk, ends):
    desk.type("one")(sound(b"\1\0\2"))
    ends(desk)
    desk.type("two")(sound(b"\3\0\4"), done())
    desk.type("three")(sound(b"\5\0"), done())
    assert [turn.audio.pcm for turn in desk.turns.all] == [b"\1\0", b"\3\0", b"\5\0"]


def test_half_a_sample_before_a_call_is_not_joined_to_the_answer_of_the_next_question(desk):
    desk.type("one")(sound(b"\1\0\2"), call())
    desk.type("two")(sound(b"\3"), sound(b"\0\4\5"), done())
    assert [turn.audio.pcm for turn in desk.turns.all] == [b"\1\0", b"\3\0\4\5"]


def test_what_cannot_be_played_is_told_once_a_turn_by_its_name(desk):
    said = "The model sends sound as 'audio/aac', which cannot be played here."
    aac = sound(b"\xff\xf1", "audio/aac")
    for _ in range(2):
        desk.type("go")(aac, aac, aac, text("It goes."), done())
    assert [report for report in desk.reports if report[0] == "told"] == [
        ("told", said, 1), ("told", said, 2),
    ]  # fmt: skip
    assert [turn.status for turn in desk.turns.all] == ["complete", "complete"]
    assert {kind for kind, _ in desk.rows()} >= {"agent_text"}
    assert "agent_audio" not in {kind for kind, _ in desk.rows()}


def test_a_file_that_is_whole_only_at_the_end_sounds_before_the_turn_is_over(desk):
    file = io.BytesIO()
    soundfile.write(file, np.sin(np.arange(2400) / 9).astype("f4"), 24_000, format="MP3")
    mp3 = file.getvalue()
    desk.type("go")(sound(mp3[:300], "audio/mpeg"), sound(mp3[300:], "audio/mpeg"), done())
    assert [report if isinstance(report, str) else report[0] for report in desk.reports] == [
        "speaking", "audio", "ready",
    ]  # fmt: skip
    assert desk.turns.all[0].audio.duration_ms == 100.0
    desk.type("go")(sound(b"no mp3", "audio/mpeg"), done())
    assert "told" in [report[0] for report in desk.reports]


def test_an_interruption_after_the_end_listens_only_with_an_open_microphone(desk):
    desk.type("go")(sound(), said("Yes."), done())
    desk.microphone = False
    desk(cut())
    assert desk.reports[-1] == "ready"
    desk.microphone = True
    desk(cut())
    assert desk.reports[-1] == "listening"


def test_a_cut_by_the_service_does_not_listen_with_a_closed_microphone(desk):
    desk.microphone = False
    desk.type("go")(sound(), cut())
    assert desk.reports[-1] == "ready"


def test_the_half_of_a_sample_before_a_call_is_not_of_the_next_questions_answer(desk):
    desk.type("roll")(sound(b"\x07"), call())
    desk.type("and again")(sound(b"\x01\x02\x03\x04"), said("Two."), done())
    assert [one for one in desk.reports if one[0] == "audio"] == [("audio", 2, 24_000, 4)]
    assert desk.log.clip("agent_audio", 2).pcm == b"\x01\x02\x03\x04"


def test_a_sample_that_a_call_parts_stays_whole(desk):
    desk.type("roll")(sound(b"\x01"), call(), sound(b"\x02\x03\x04"), done())
    assert desk.log.clip("agent_audio", 1).pcm == b"\x01\x02\x03\x04"
