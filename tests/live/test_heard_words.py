import pytest
from sessions import enter

from adk_nb.live.heard_words import common_length
from adk_nb.live.turn_builder import Turns
from adk_nb.log.event_log import EventLog
from adk_nb.wire import protocol
from adk_nb.wire.page_hub import Pages

LOUD = b"\0\x10"


@pytest.fixture
def log():
    return EventLog("s")


@pytest.fixture
def pages():
    return Pages()


@pytest.fixture
def turns(log, pages):
    made = Turns(log, pages.emit)
    made.agent, made.model = "dice", "m"
    return made


@pytest.fixture
def sent(pages):
    sent = []
    pages.watchers.append(sent.append)
    return sent


def sounds(turns, ms):
    turns.agent_audio("dice", LOUD * int(ms * 24), 24_000)


def answer(turns, *words, ms=250.0):
    """Each word after its sound, as Gemini's models send them."""
    for word in words:
        sounds(turns, ms)
        turns.transcripts.agent_said("dice", word, final=False)


def known(sent):
    """What a page knows of the words, by turn and piece."""
    found = {}
    for one in sent:
        if isinstance(one, protocol.Words):
            words = found.setdefault((one.turn, one.piece), {})
            for end in [end for end in words if end > one.start]:
                del words[end]
            words |= dict(zip(one.ends, one.ms, strict=True))
    return found


def of(sent, kind):
    return [one for one in sent if isinstance(one, kind)]


def flushed(log, turn, ms):
    log.add("client", "playback_flushed", turn=turn, audio_ms=ms)


def test_each_word_is_told_with_its_time_and_not_again(turns, sent):
    turns.user_typed("hi")
    answer(turns, "One ", "two ", "three.")
    assert known(sent) == {(1, 1): {3: 250.0, 7: 500.0, 14: 750.0}}
    assert [one.start for one in of(sent, protocol.Words)] == [0, 0, 3]
    turns.transcripts.agent_said("dice", "One two three.", final=True)
    turns.completed()
    assert len(of(sent, protocol.Words)) == 3


def test_words_before_their_sound_are_told_as_it_grows(turns, sent):
    turns.user_typed("hi")
    turns.transcripts.agent_said("dice", "One two.", final=True)
    assert known(sent) == {}
    for _ in range(40):
        sounds(turns, 25)
    turns.completed()
    assert known(sent) == {(1, 1): {3: 375.0, 8: 1000.0}}
    assert len(of(sent, protocol.Words)) < 20


def test_words_before_and_after_a_call_are_two_pieces(turns, sent):
    turns.user_typed("hi")
    answer(turns, "One moment.")
    turns.calls.tool_called("dice", "c", "work", {})
    turns.calls.tool_returned("c", "work", 1, None)
    answer(turns, "Done \U0001f3b2 it.")
    first, second = known(sent).values()
    assert list(first) == [3, 11]
    assert list(second) == [4, 7, 11]  # The die counts twice, as in JavaScript.
    assert min(second.values()) > max(first.values()) == 250.0


def test_what_was_never_heard_is_told_when_the_player_says_so(turns, log, sent):
    turns.user_typed("hi")
    answer(turns, "One ", "two ", "three.")
    turns.cut_in()
    assert of(sent, protocol.Heard) == []  # The player has not told yet.
    flushed(log, 1, 500.0)
    assert turns.all[0].heard_text == "One two"
    assert of(sent, protocol.Heard) == [protocol.Heard(1, [[1, 7, 14]], 500.0, 750.0)]


@pytest.mark.parametrize(
    ("said", "heard", "unheard"),
    [
        ("今天天气很好。", "今天天气", [[1, 4, 7]]),
        ("สวัสดีครับ", "สวัสดีค", [[1, 7, 10]]),
    ],
)
def test_scripts_without_blanks(turns, log, sent, *, said, heard, unheard):
    turns.user_typed("hi")
    answer(turns, said, ms=1000.0)
    turns.cut_in()
    flushed(log, 1, 700.0)
    assert turns.all[0].heard_text == heard
    assert of(sent, protocol.Heard)[-1].unheard == unheard


def test_an_answer_that_fails_in_the_middle_was_heard_so_far(turns, log, sent):
    turns.user_typed("hi")
    answer(turns, "One ", "two ", "three.")
    turns.failed("model_failed")
    flushed(log, 1, 300.0)
    assert turns.all[0].heard_text == "One"
    assert of(sent, protocol.Heard) == [protocol.Heard(1, [[1, 3, 14]], 300.0, 750.0)]


def test_a_page_that_comes_later_is_told_the_same(turns, log, pages, sent):
    turns.user_typed("hi")
    answer(turns, "One ", "two ", "three.")
    turns.cut_in()
    flushed(log, 1, 500.0)
    told = [m for m in pages.history(turns.all) if m["type"] == "heard"]
    assert told == [protocol.as_dict(one) for one in of(sent, protocol.Heard)]


def test_a_page_that_comes_while_another_plays_is_told_how_far_that_is(turns, pages, sent):
    enter(pages, Silent(), Silent())
    turns.user_typed("hi")
    answer(turns, "One ", "two ", "three.")
    pages.played(protocol.Playback("started", 1, 0.0))
    pages.played(protocol.Playback("progress", 1, 200.0))
    assert of(sent, protocol.Position) == [
        protocol.Position(1, 0.0, sounding=True), protocol.Position(1, 200.0, sounding=True),
    ]  # fmt: skip
    told = {m["type"]: m for m in pages.history(turns.all)}
    assert told["words"]["ends"] == [3, 7, 14]
    assert told["position"]["played_ms"] >= 200.0
    pages.played(protocol.Playback("drained", 1, 750.0))
    assert of(sent, protocol.Position)[-1] == protocol.Position(1, 750.0, sounding=False)
    assert "words" not in {m["type"] for m in pages.history(turns.all)}


class Silent:
    def send(self, message):
        pass

    def send_audio(self, turn, rate, pcm):
        pass


def test_a_guards_words_have_no_times(turns, sent):
    turns.user_typed("hi")
    answer(turns, "Secret ")
    turns.withheld("dice", "I may not say.", turns.current)
    assert known(sent) == {(1, 1): {6: 250.0}}
    assert of(sent, protocol.Heard) == []


def words(sent):
    """The words that were told, message by message: from where, and which with what times."""
    return [
        (one.piece, one.start, dict(zip(one.ends, one.ms, strict=True)))
        for one in of(sent, protocol.Words)
    ]


def test_a_word_of_one_letter_is_told_too(turns, sent):
    turns.user_typed("hi")
    answer(turns, "I ", "see.")
    assert words(sent) == [(1, 0, {1: 250.0}), (1, 0, {1: 250.0, 6: 500.0})]


def test_a_letter_before_its_sound_is_told_as_that_grows(turns, sent):
    turns.user_typed("hi")
    turns.transcripts.agent_said("dice", "I", final=False)
    for _ in range(8):
        sounds(turns, 25)
    # Each time that there is more than a quarter more of it.
    assert words(sent) == [(1, 0, {1: ms}) for ms in (25.0, 50.0, 75.0, 100.0, 150.0, 200.0)]


def test_words_that_are_corrected_are_told_anew_from_where_they_differ(turns, sent):
    turns.user_typed("hi")
    answer(turns, "One ", "two ", "three.")
    del sent[:]
    turns.transcripts.agent_said("dice", "One too three.", final=True)
    assert words(sent) == []  # They end where the others did.
    turns.completed()
    turns.user_typed("again")
    answer(turns, "One ", "two ", "three.")
    del sent[:]
    turns.transcripts.agent_said("dice", "One forty two.", final=True)
    assert [(start, list(ends)) for _, start, ends in words(sent)] == [(3, [9, 14])]


def test_a_shorter_text_takes_back_what_was_told(turns, sent):
    turns.user_typed("hi")
    answer(turns, "One ", "two ", "three.")
    turns.transcripts.agent_said("dice", "One two.", final=True)
    assert list(known(sent)[1, 1]) == [3, 8]


def test_what_a_player_tells_twice_is_told_once(turns, log, sent):
    turns.user_typed("hi")
    answer(turns, "One ", "two ", "three.")
    turns.cut_in()
    for _ in range(2):
        flushed(log, 1, 500.0)
    assert len(of(sent, protocol.Heard)) == 1
    flushed(log, 1, 750.0)
    assert of(sent, protocol.Heard)[1:] == [protocol.Heard(1, [], 750.0, 750.0)]


def test_an_answer_that_was_heard_to_its_end_is_told_so_when_it_was_cut_off(turns, log, sent):
    turns.user_typed("hi")
    answer(turns, "One.")
    turns.cut_in()
    flushed(log, 1, 250.0)
    assert of(sent, protocol.Heard) == [protocol.Heard(1, [], 250.0, 250.0)]


def test_of_eight_turns_the_words_are_known(turns):
    for _ in range(12):
        turns.user_typed("hi")
        answer(turns, "One ")
        turns.completed()
    assert sorted(turns._messages._heard._told) == list(range(5, 13))


@pytest.mark.parametrize(
    ("text", "other", "length"),
    [
        ("", "", 0),
        ("", "a", 0),
        ("ab", "ab", 2),
        ("ab", "abc", 2),
        ("abc", "ab", 2),
        ("ac", "bc", 0),
    ],
)
def test_how_much_of_their_beginning_two_texts_share(text, other, length):
    assert common_length(text, other) == length
