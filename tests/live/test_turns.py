"""The turns that come of what happens, sequence by sequence: no model, no sockets, no ADK.

Each sequence states what a user, a model, its service and its tools do, and the turns that must
come of it. `u1` is the words of a question, `a1` those of its answer. The same turns must be read
back from the log.
"""

from __future__ import annotations

import itertools

import pytest

from adk_nb.live.turn_builder import Turns
from adk_nb.log.event_log import EventLog
from adk_nb.log.turns_from_log import logged_turns

LOUD = bytes([0, 16] * 240)


class Script:
    """What happens, in short words."""

    def __init__(self, model="3.1"):
        self.log = EventLog("s")
        self.sent = []
        self.turns = Turns(self.log, self.sent.append)
        self.turns.agent, self.turns.model, self.turns.transcripts.deltas = "dice", "m", True
        self.turns.machine.calls.completes_calls = model == "2.5"
        self.turns.machine.told.clock = itertools.count().__next__
        self.turns.machine.answer.clock = lambda: 0.0
        self.blocks = not model.startswith("3.8")
        self.asked = []
        self.turns.on_ask = lambda turn, text: self.asked.append((turn.index, text))

    def type(self, text, **options):
        return self.turns.user_typed(text, **options)

    def speak(self, text, *, final=True):
        self.turns.machine.utterances.speech_began()
        return self.words(text, final=final)

    def words(self, text, *, final=True):
        return self.turns.transcripts.user_said(text, final=final)

    def say(self, text, ms=100, *, final=False):
        """The model speaks, and its transcript comes with it."""
        self.sound(ms)
        self.turns.transcripts.agent_said("dice", text, final=final)

    def sound(self, ms=100):
        self.turns.agent_audio("dice", LOUD * (ms // 10), 24_000)

    def late(self, text):
        self.turns.transcripts.agent_said("dice", text, final=False)

    def call(self, call_id="c1", *, blocks=None):
        blocks = self.blocks if blocks is None else blocks
        self.turns.calls.tool_called("dice", call_id, "roll", {"of": call_id}, blocks=blocks)

    def returns(self, call_id="c1", *, told=True, reacts=True):
        self.turns.calls.tool_returned(call_id, "roll", call_id.upper(), None)
        if told and self.turns.calls.is_wanted(call_id):
            self.turns.calls.tool_told(call_id, reacts=reacts)

    def done(self, **how):
        return self.turns.completed(**how)

    def stop(self):
        self.turns.stopped()

    def cut(self):
        self.turns.cut_in()

    def lose(self):
        self.turns.machine.connection_lost()

    def rows(self):
        """What the user said, what the agent said, how it ended, and which calls were made."""
        return [
            (turn.user_text, turn.agent_text, str(turn.status or ""),
             *(call.id for call in turn.tool_calls))
            for turn in self.turns.all
        ]  # fmt: skip


@pytest.fixture
def live():
    script = Script()
    yield script
    _agrees(script)


@pytest.fixture
def old():
    script = Script("2.5")
    yield script
    _agrees(script)


@pytest.fixture
def new():
    script = Script("3.8")
    yield script
    _agrees(script)


def _agrees(script):
    """What is read back from the log is what the session knew."""
    names = (
        "index", "user_text", "agent_text", "heard_text", "interrupted", "status", "end_reason",
        "audio_ms", "error", "tools", "withheld",
    )  # fmt: skip
    known = [tuple(getattr(turn, name) for name in names) for turn in script.turns.all]
    read = [tuple(getattr(turn, name) for name in names) for turn in logged_turns(script.log)]
    assert read == [turn for turn in known if any(turn[1:3]) or turn[7] or turn[9]]


def test_1_a_question_and_its_answer(live):
    live.type("u1")
    live.say("a1")
    live.done()
    assert live.rows() == [("u1", "a1", "complete")]


def test_2_a_model_that_completes_after_a_call_and_after_the_answer(old):
    old.type("u1")
    old.call()
    old.done()
    old.returns()
    old.say("a1")
    old.done()
    assert old.rows() == [("u1", "a1", "complete", "c1")]


def test_2_whose_tool_returns_before_its_first_completion_is_read(old):
    old.type("u1")
    old.call()
    old.returns()
    old.done()
    assert old.rows() == [("u1", "", "", "c1")]
    old.say("a1")
    old.done()
    assert old.rows() == [("u1", "a1", "complete", "c1")]


def test_3_and_4_nothing_is_said_to_a_result_and_the_next_questions_have_their_own_answers(old):
    old.type("u1")
    old.call()
    old.done()
    old.returns()
    old.done()
    assert old.rows() == [("u1", "", "complete", "c1")]
    for n in (2, 3):
        old.speak(f"u{n}")
        old.say(f"a{n}")
        old.done()
    assert old.rows()[1:] == [("u2", "a2", "complete"), ("u3", "a3", "complete")]


def test_3_with_a_model_that_completes_once(live):
    live.type("u1")
    live.call()
    live.returns()
    live.done()
    assert live.rows() == [("u1", "", "complete", "c1")]


def test_5_a_filler_and_then_the_answer(new):
    turn = new.type("u1")
    new.call()
    new.say("filler")
    new.done(busy=True)
    new.returns()
    new.say("a1")
    new.done(busy=False)
    assert new.rows() == [("u1", "filler a1", "complete", "c1")]
    assert turn.filler_ms < turn.answer_ms
    assert turn.first_audio_ms == turn.filler_ms


def test_5_without_a_filler(new):
    new.type("u1")
    new.call()
    new.returns()
    new.say("a1")
    new.done()
    assert new.rows() == [("u1", "a1", "complete", "c1")]


def test_5_where_the_filler_crosses_the_result(new):
    now = [0.0]
    new.turns.machine.told.clock = lambda: now[0]
    new.type("u1")
    new.call()
    new.returns()
    new.say("filler")
    new.done()
    assert new.rows() == [("u1", "filler", "", "c1")]
    assert new.turns.machine.told.may_have_reacted
    now[0] = 0.5
    new.say("a1")
    new.done()
    assert new.rows() == [("u1", "filler a1", "complete", "c1")]


@pytest.mark.parametrize("cut", [False, True])
def test_5_that_nothing_is_in_progress_is_so_of_every_turn(new, cut):
    for n in (1, 2):
        new.type(f"u{n}")
        new.call(f"c{n}")
        new.say(f"filler{n}.")
        new.done(busy=True)
    new.returns("c1")
    new.returns("c2")
    new.say("a1.")
    if cut:
        new.turns.machine.answer.turn.cut = True
    new.done(busy=False)
    new.turns.no_reaction()
    assert new.rows() == [
        ("u1", "filler1. a1.", "complete", "c1"), ("u2", "filler2.", "complete", "c2"),
    ]  # fmt: skip


def test_5_a_turn_that_waited_for_that_alone_ends_with_it(new):
    new.type("u1")
    new.call()
    new.say("filler1.")
    new.done(busy=True)
    new.type("u2")
    new.say("a2.")
    new.done(busy=True)
    new.returns()
    new.say("a1.")
    new.done(busy=False)
    assert new.rows() == [("u1", "filler1. a1.", "complete", "c1"), ("u2", "a2.", "complete")]


def test_6_a_late_answer_is_of_the_turn_that_asked(new):
    new.type("u1")
    new.call()
    new.say("filler")
    new.done()
    new.type("u2")
    new.say("a2")
    new.done()
    new.returns()
    new.say("a1")
    new.done()
    assert new.rows() == [("u1", "filler a1", "complete", "c1"), ("u2", "a2", "complete")]


@pytest.mark.parametrize("asked", [True, False])
@pytest.mark.parametrize("filler", [True, False])
def test_a_tool_that_the_model_does_not_wait_for_outlives_the_users_cut(new, filler, asked):
    new.type("u1")
    new.call()
    if filler:
        new.say("filler")
    new.cut()
    if filler:
        new.stop()
    if asked:
        new.type("u2")
        new.say("a2")
        new.done()
    assert new.turns.calls.is_wanted("c1")
    new.returns()
    new.say("a1")
    new.done()
    said = "filler a1" if filler else "a1"
    assert new.rows()[0] == ("u1", said, "interrupted", "c1")
    assert new.rows()[1:] == [("u2", "a2", "complete")] * asked
    assert new.turns.all[0].heard_text == said
    states = [message.state for message in new.sent if message.type == "turn" and message.turn == 1]
    assert states == ["started", "interrupted", "resumed"]


def test_6_where_an_earlier_result_may_have_been_answered(new):
    new.turns.machine.told.clock = lambda: 0.0
    new.type("u1")
    new.call("c1")
    new.returns("c1")
    new.say("a1.")
    new.done()
    new.type("u2")
    new.call("c2")
    new.type("u3")
    new.say("a3.")
    new.done()
    new.returns("c2")
    new.say("a2.")
    new.done()
    new.turns.no_reaction()
    assert new.rows() == [
        ("u1", "a1.", "complete", "c1"), ("u2", "a2.", "complete", "c2"), ("u3", "a3.", "complete"),
    ]  # fmt: skip


def test_6_a_late_reaction_that_is_another_call_takes_no_answer_of_the_next_question(new):
    new.type("u1")
    new.call("c1")
    new.cut()
    new.returns("c1")
    new.call("c2")
    new.type("u2")
    new.say("a2")
    new.done()
    assert new.rows() == [("u1", "", "interrupted", "c1", "c2"), ("u2", "a2", "complete")]


def test_7_a_result_that_comes_between_a_question_and_its_answer(new):
    new.type("u1")
    new.call()
    new.say("filler")
    new.done()
    new.type("u2")
    new.returns()
    new.say("a2")
    new.done()
    new.say("a1")
    new.done()
    assert new.rows() == [("u1", "filler a1", "complete", "c1"), ("u2", "a2", "complete")]
    assert [row.ambiguous for row in new.log if row.by == "question"][-1]


def test_8_a_result_that_nothing_is_said_to(new):
    new.type("u1")
    new.call()
    new.say("a1")
    new.done()
    assert new.rows() == [("u1", "a1", "", "c1")]
    new.returns(reacts=False)
    assert new.rows() == [("u1", "a1", "complete", "c1")]
    assert new.turns.all[0].tool_calls[0].result == "C1"


def test_8_where_that_shows_only_after_a_while(new):
    new.type("u1")
    new.call()
    new.say("a1")
    new.done()
    new.returns()
    new.turns.no_reaction()
    assert new.rows() == [("u1", "a1", "complete", "c1")]
    assert new.turns.all[0].end_reason == "no_reaction"


def test_9_cut_off_in_the_middle(live):
    turn = live.type("u1")
    live.sound(2000)
    live.say("one two three four", 2000)
    live.cut()
    live.log.add("client", "playback_flushed", turn=1, audio_ms=1200.0)
    live.say(" five")
    live.stop()
    live.done()
    assert live.rows() == [("u1", "one two three four", "interrupted")]
    assert turn.heard_text == "one"


def test_10_cut_before_any_answer(live):
    live.type("u1")
    live.cut()
    live.type("u2")
    live.say("a2")
    live.done()
    assert live.rows() == [("u1", "", "unanswered"), ("u2", "a2", "complete")]


def test_10_whose_answer_comes_all_the_same(live):
    live.type("u1")
    live.cut()
    live.say("a1")
    live.done()
    live.type("u2")
    live.say("a2")
    live.done()
    assert live.rows() == [("u1", "", "unanswered"), ("u2", "a2", "complete")]


@pytest.mark.parametrize("model", ["2.5", "3.1", "3.8"])
@pytest.mark.parametrize("begun", [False, True])
def test_10_whose_call_comes_all_the_same(model, begun):
    script = Script(model)
    script.type("u1")
    if begun:
        script.say("a1")
    script.cut()
    script.call()
    if model != "3.1":
        script.done()
    assert not script.turns.calls.is_wanted("c1")
    script.returns()
    script.say("more")
    script.done()
    status = "interrupted" if begun else "unanswered"
    first = ("u1", "a1" if begun else "", status, "c1")
    assert script.rows() == [first]
    script.type("u2")
    script.say("a2")
    script.done()
    assert script.rows() == [first, ("u2", "a2", "complete")]
    _agrees(script)


def test_11_speaking_over_a_tool(live):
    live.type("u1")
    live.call()
    live.speak("u2", final=False)
    live.turns.tools_cancelled(["c1"])
    live.words("u2")
    live.returns()
    live.say("a2")
    live.done()
    assert live.rows() == [("u1", "", "interrupted", "c1"), ("u2", "a2", "complete")]


def test_11_where_the_service_only_cancels_or_only_stops(live):
    live.type("u1")
    live.call()
    live.stop()
    live.speak("u2")
    live.say("a2")
    live.done()
    live.type("u3")
    live.call("c3")
    live.turns.tools_cancelled(["c3"])
    live.speak("u4")
    live.say("a4")
    live.done()
    assert live.rows() == [
        ("u1", "", "interrupted", "c1"), ("u2", "a2", "complete"),
        ("u3", "", "interrupted", "c3"), ("u4", "a4", "complete"),
    ]  # fmt: skip


def test_11_with_a_model_that_says_nothing_of_it(live):
    live.type("u1")
    live.call()
    live.speak("u2")
    live.say("a2")
    live.done()
    assert live.rows() == [("u1", "", "interrupted", "c1"), ("u2", "a2", "complete")]
    assert not live.turns.calls.is_wanted("c1")


@pytest.mark.parametrize("before", [True, False])
def test_12_and_13_lost_around_a_tool(live, before):
    live.type("u1")
    live.call()
    if before:
        live.returns()
    live.lose()
    if not before:
        live.returns()
    live.say("a1")
    live.done()
    assert live.rows() == [("u1", "a1", "complete", "c1")]


def test_14_lost_and_asked_again(live):
    live.type("u1")
    live.lose()
    live.say("a1")
    live.done()
    assert live.rows() == [("u1", "a1", "complete")]


def test_15_withheld(live):
    turn = live.type("u1")
    live.say("the secret is")
    live.turns.withheld("dice", "r1", live.turns.answering)
    assert live.rows() == [("u1", "r1", "complete")]
    assert (turn.withheld, turn.audio_ms) == (True, 100)


def test_16_words_that_become_final_after_the_user_typed_instead(old):
    old.speak("ehm can you", final=False)
    old.type("t2")
    old.say("a2")
    old.words("ehm can you")
    old.done()
    assert old.rows() == [("ehm can you", "", "unanswered"), ("t2", "a2", "complete")]


def test_17_rejected(live):
    live.type("u1")
    live.done(failed="response_rejected")
    assert live.rows() == [("u1", "", "failed")]
    assert live.turns.all[0].end_reason == "response_rejected"


def test_18_a_preamble_a_call_and_an_answer_in_their_order(live):
    turn = live.type("u1")
    live.say("Let me look that up.")
    live.call()
    live.returns()
    live.say("It is noon.")
    live.turns.transcripts.agent_said("dice", "Let me look that up.It is noon.", final=True)
    live.done()
    assert live.rows() == [("u1", "Let me look that up. It is noon.", "complete", "c1")]
    assert [(piece.role, piece.text) for piece in turn.pieces] == [
        ("user", "u1"), ("agent", "Let me look that up."), ("tool", ""), ("agent", "It is noon."),
    ]  # fmt: skip


def test_19_nothing_for_too_long(live):
    live.type("u1")
    live.turns.failed("silent")
    live.type("u2")
    live.say("a2")
    live.done()
    assert live.rows() == [("u1", "", "failed"), ("u2", "a2", "complete")]


def test_20_a_greeting(live):
    live.say("a0")
    live.done()
    live.speak("u1")
    live.say("a1")
    live.done()
    assert live.rows() == [("", "a0", "complete"), ("u1", "a1", "complete")]


def test_21_a_swap_in_the_middle(live):
    live.type("u1")
    live.say("a1")
    live.cut()
    live.turns.machine.answer.dropped()
    live.turns.agent = "other"
    live.type("u2")
    live.turns.transcripts.agent_said("other", "a2", final=True)
    live.done()
    assert live.rows() == [("u1", "a1", "interrupted"), ("u2", "a2", "complete")]
    assert [turn.agent for turn in live.turns.all] == ["dice", "other"]


def test_22_what_a_kernel_leaves_that_was_killed(live):
    live.type("u1")
    live.call()

    class Recorded:
        session_id, run_id = "s", "r"
        __iter__ = live.log.__iter__
        clip = live.log.clip

    (turn,) = logged_turns(Recorded())
    assert (turn.status, turn.tool_calls[0].ms, turn.tool_calls[0].result) == (
        "abandoned",
        None,
        None,
    )


def test_23_a_question_that_is_never_answered_and_two_more(live):
    for text in ("u1", "u2"):
        live.type(text)
    live.say("a2")
    live.done()
    live.type("u3")
    live.say("a3")
    live.done()
    assert live.rows() == [
        ("u1", "", "unanswered"), ("u2", "a2", "complete"), ("u3", "a3", "complete"),
    ]  # fmt: skip


def test_24_two_texts_at_once_over_an_answer(live):
    live.type("u1")
    live.say("a1")
    live.type("u2")
    live.type("u3")
    live.say("more of a1")
    live.stop()
    live.done()
    live.stop()
    live.say("a3")
    live.done()
    assert live.rows() == [
        ("u1", "a1", "interrupted"), ("u2", "", "unanswered"), ("u3", "a3", "complete"),
    ]  # fmt: skip


def test_24_where_the_answer_to_the_first_has_begun(live):
    live.type("u1")
    live.say("a1")
    live.type("u2")
    live.type("u3")
    live.stop()
    live.say("a2")
    live.stop()
    live.say("a3")
    live.done()
    assert live.rows() == [
        ("u1", "a1", "interrupted"), ("u2", "", "unanswered"), ("u3", "a3", "complete"),
    ]  # fmt: skip


@pytest.mark.parametrize("model", ["2.5", "3.1"])
@pytest.mark.parametrize("stops", [True, False])
def test_24_where_the_first_has_called_a_tool(model, stops):
    script = Script(model)
    script.type("u1")
    script.type("u2")
    script.say("p1")
    script.call()
    if model == "2.5":
        script.done()
    script.turns.tools_cancelled(["c1"])
    if stops:
        script.stop()
        script.done()
    assert not script.turns.calls.is_wanted("c1")
    script.returns()
    script.say("a2")
    script.done()
    assert script.rows() == [("u1", "", "unanswered"), ("u2", "a2", "complete", "c1")]
    _agrees(script)


def test_25_words_that_come_after_the_end(live):
    live.type("u1")
    live.say("It is sunny and ")
    live.done()
    live.late("warm.")
    live.type("u2")
    live.say("It is noon.")
    live.turns.transcripts.agent_said("dice", "warm.It is noon.", final=True)
    live.done()
    assert live.rows() == [
        ("u1", "It is sunny and warm.", "complete"), ("u2", "It is noon.", "complete"),
    ]  # fmt: skip


def test_25_even_after_the_next_question(live):
    live.type("u1")
    live.say("It is sunny and ")
    live.done()
    live.type("u2")
    live.late("warm.")
    live.say("It is noon.")
    live.turns.transcripts.agent_said("dice", "warm.It is noon.", final=True)
    live.done()
    assert live.rows() == [
        ("u1", "It is sunny and warm.", "complete"), ("u2", "It is noon.", "complete"),
    ]  # fmt: skip


def test_25_but_not_where_the_model_has_said_that_those_were_all(live):
    live.type("u1")
    live.sound()
    live.turns.transcripts.agent_said(
        "dice", "It is four", final=True
    )  # Not all end with a full stop.
    live.done()
    live.type("u2")
    live.turns.transcripts.agent_said(
        "dice", "It is five", final=True
    )  # Its words come before its sound.
    live.sound()
    live.done()
    assert live.rows() == [("u1", "It is four", "complete"), ("u2", "It is five", "complete")]


@pytest.mark.parametrize("end", ["", "🙂", "।", "ครับ"])
def test_25_but_not_long_after_the_next_question(live, end):
    now = [0.0]
    live.turns.machine.answer.clock = lambda: now[0]
    live.turns.transcripts.ends_with_final = False
    answers = [f"It is four{end}", f"It is five{end}", f"It is six{end}"]
    for number, answer in enumerate(answers):
        live.type(f"u{number}")
        now[0] += 0.4
        live.turns.transcripts.agent_said("dice", answer, final=False)
        live.sound()
        live.turns.transcripts.agent_said("dice", answer, final=True)
        live.done()
    assert live.rows() == [
        (f"u{number}", answer, "complete") for number, answer in enumerate(answers)
    ]


def test_25_nor_long_after_the_end(live):
    now = [0.0]
    live.turns.machine.answer.clock = lambda: now[0]
    live.type("u1")
    live.say("a1.")
    live.done()
    now[0] = 3.0
    live.late("By the way.")
    live.sound()
    live.done()
    assert live.rows() == [("u1", "a1.", "complete"), ("", "By the way.", "complete")]
    assert [turn.audio_ms for turn in live.turns.all] == [100.0, 100.0]


def test_25_where_that_answer_was_cut_off(live):
    live.type("u1")
    live.say("a1 ")
    live.cut()
    live.say("and ")
    live.done()
    live.late("more.")
    live.speak("u2")
    live.say("a2")
    live.turns.transcripts.agent_said("dice", "more.a2", final=True)
    live.done()
    assert live.rows() == [("u1", "a1", "interrupted"), ("u2", "a2", "complete")]


def test_25_where_the_result_may_still_be_answered(new):
    now = [0.0]
    new.turns.machine.told.clock = lambda: now[0]
    new.type("u1")
    new.call()
    new.returns()
    new.say("a1 ")
    new.done()
    new.late("end.")
    now[0] = 2.0
    new.turns.no_reaction()
    assert new.rows() == [("u1", "a1 end.", "complete", "c1")]


def test_25_where_a_result_of_an_earlier_turn_is_not_answered(new):
    new.type("u1")
    new.call()
    new.say("filler.")
    new.done()
    new.speak("u2")
    new.say("a2 ")
    new.returns()
    new.done()
    new.late("end.")
    assert new.rows() == [("u1", "filler.", "complete", "c1"), ("u2", "a2 end.", "complete")]


def test_25_of_an_answer_that_came_late_itself(new):
    new.turns.machine.told.clock = lambda: 0.0
    new.type("u1")
    new.call()
    new.say("filler.")
    new.done()
    new.returns()
    new.type("u2")
    new.say("a2.")
    new.done()
    new.say("a1 ")
    new.done()
    new.late("end.")
    new.speak("u3")
    new.say("a3.")
    new.done()
    assert new.rows() == [
        ("u1", "filler. a1 end.", "complete", "c1"), ("u2", "a2.", "complete"),
        ("u3", "a3.", "complete"),
    ]  # fmt: skip


def test_26_final_words_after_the_first_sound(live):
    live.turns.machine.utterances.speech_began()
    live.say("a1 ")
    live.words("u1")
    live.done()
    live.turns.machine.utterances.speech_began()
    live.say("a2")
    live.words("u2")
    live.done()
    assert live.rows() == [("u1", "a1", "complete"), ("u2", "a2", "complete")]


def test_26_with_words_after_the_answer_is_over(live):
    live.turns.machine.utterances.speech_began()
    live.say("a1.")
    live.done()
    live.words("u1")
    live.speak("u2")
    live.say("a2")
    live.done()
    assert live.rows() == [("u1", "a1.", "complete"), ("u2", "a2", "complete")]


def test_26_where_nobody_was_heard_to_speak(live):
    live.say("a1")
    live.words("u1")
    live.done()
    assert live.rows() == [("u1", "a1", "complete")]


@pytest.mark.parametrize("final", [True, False])
def test_words_that_never_come_leave_those_of_the_next_where_they_belong(live, final):
    live.turns.machine.utterances.speech_began()
    live.say("a1.")
    live.done()
    for n in (2, 3):
        live.speak(f"u{n}", final=final)
        live.say(f"a{n}.")
        live.done()
    assert live.rows() == [
        ("", "a1.", "complete"), ("u2", "a2.", "complete"), ("u3", "a3.", "complete"),
    ]  # fmt: skip


def test_words_that_never_come_of_an_answer_that_is_talked_over(live):
    live.turns.machine.utterances.speech_began()
    live.say("a1")
    live.turns.machine.utterances.speech_began()
    live.stop()
    live.done()
    live.words("u2")
    live.say("a2")
    live.done()
    assert live.rows() == [("", "a1", "interrupted"), ("u2", "a2", "complete")]


def test_speech_over_a_text_that_has_no_answer_yet(old):
    old.type("u1")
    old.speak("u2", final=False)
    old.say("a2")
    old.words("u2")
    old.done()
    assert old.rows() == [("u1", "", "unanswered"), ("u2", "a2", "complete")]


def test_words_of_speech_before_a_text_do_not_take_its_answer(old):
    old.turns.machine.utterances.speech_began()
    old.type("t1")
    old.words("u0", final=False)
    old.say("a1")
    old.done()
    assert ("t1", "a1", "complete") in old.rows()


@pytest.mark.parametrize("lost", [True, False])
def test_a_reaction_that_is_talked_over_takes_no_later_answer(new, lost):
    new.turns.machine.told.clock = lambda: 0.0
    new.type("u1")
    new.call()
    new.returns()
    new.say("a1")
    new.type("u2")
    new.stop()
    new.done()
    new.say("a2 ")
    if lost:
        new.lose()
    else:
        new.call("c2")
    new.say("more")
    new.done()
    second = ("u2", "a2 more", "complete") + (() if lost else ("c2",))
    assert new.rows()[0] == ("u1", "a1", "interrupted", "c1")
    assert new.rows()[1][:2] == second[:2]
    if not lost:
        new.returns("c2", reacts=False)


def test_a_result_that_a_lost_connection_was_told_takes_no_later_answer(new):
    new.type("u1")
    new.call()
    new.say("filler")
    new.done()
    new.type("u2")
    new.returns()
    new.lose()
    new.say("a2")
    new.done()
    new.say("by itself")
    new.done()
    assert new.rows() == [
        ("u1", "filler", "complete", "c1"), ("u2", "a2", "complete"), ("", "by itself", "complete"),
    ]  # fmt: skip


@pytest.mark.parametrize("calls", [True, False])
def test_14_what_was_said_before_the_loss_is_kept(live, calls):
    live.type("u1")
    live.say("One moment.")
    if calls:
        live.call()
        live.returns()
    live.log.add("bridge", "disconnected", turn=1)
    live.lose()
    live.say("It is noon.")
    live.turns.transcripts.agent_said("dice", "It is noon.", final=True)
    live.done()
    (row,) = live.rows()
    assert row[1] == "One moment. It is noon."


def test_27_lost_twice(live):
    turn = live.type("u1")
    live.lose()
    live.log.add("bridge", "error", turn=1, error="lost")
    live.lose()
    live.log.add("bridge", "error", turn=1, error="lost twice")
    live.turns.failed("connection_lost")
    assert live.rows() == [("u1", "", "failed")]
    assert turn.error == "lost lost twice"


def test_28_what_is_typed_after_speech_waits_for_its_answer(live):
    live.turns.machine.utterances.speech_began()
    live.turns.machine.utterances.spoke_unheard()
    live.type("t2", wait=True)
    live.words("u1")
    live.say("a1")
    assert live.asked == []
    live.done()
    assert live.asked == [(2, "t2")]
    live.say("a2")
    live.done()
    assert live.rows() == [("u1", "a1", "complete"), ("t2", "a2", "complete")]


# --- words of the user


def test_a_repeated_word_is_no_repetition(live):
    live.speak("four two")
    live.words("two")
    live.words("seven")
    assert live.rows() == [("four two two seven", "", "")]


def test_chinese_pieces_have_no_blanks_between_them(live):
    live.speak("今天")
    live.words("天气好")
    assert live.rows()[0][0] == "今天天气好"


def test_repeated_pieces_of_a_model_that_sends_what_is_new_are_kept(live):
    live.type("sing")
    for _ in range(2):
        live.say("bye ")
    live.done()
    assert live.rows()[0][1] == "bye bye"


def test_what_is_said_again_to_another_model_is_there_once(live):
    live.speak("u1")
    live.lose()
    live.turns.transcripts.forget_speech()
    live.words("u1")
    live.say("a1")
    live.done()
    assert live.rows() == [("u1", "a1", "complete")]


def test_in_pieces_too(old):
    old.speak("what is ", final=False)
    old.lose()
    old.turns.transcripts.forget_speech()
    old.words("what ", final=False)
    old.words("is it", final=False)
    old.words("what is it")
    old.say("a1")
    old.done()
    assert old.rows() == [("what is it", "a1", "complete")]


def test_a_new_utterance_after_one_that_nobody_answered(live):
    live.speak("u1")
    live.speak("u2")
    live.say("a2")
    live.done()
    assert live.rows() == [("u1", "", "unanswered"), ("u2", "a2", "complete")]


def test_escape_takes_back_what_is_still_being_said(old):
    old.speak("u1", final=False)
    old.cut()
    old.type("t2")
    old.say("a2")
    old.words("u1 and more")
    old.done()
    assert old.rows() == [("u1 and more", "", "unanswered"), ("t2", "a2", "complete")]


def test_an_interruption_by_speech(live):
    live.speak("u1")
    live.say("a1")
    live.speak("u2", final=False)
    live.stop()
    live.done()
    live.words("u2")
    live.say("a2")
    live.done()
    assert live.rows() == [("u1", "a1", "interrupted"), ("u2", "a2", "complete")]


def test_an_interruption_whose_words_come_last(live):
    live.speak("u1")
    live.say("a1")
    live.turns.machine.utterances.speech_began()
    live.stop()
    live.done()
    live.say("a2")
    live.words("u2")
    live.done()
    assert live.rows() == [("u1", "a1", "interrupted"), ("u2", "a2", "complete")]
