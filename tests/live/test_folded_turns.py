"""The turns that come of the rows of a running log."""

from __future__ import annotations

from adk_nb.live.turn_state import Phase, TurnState

PCM = b"\0\x10" * 2400
"""100 ms at 24 kHz."""


def test_rows_of_sound_that_grow_count_once(turns, log):
    turn = turns.transcripts.user_said("Roll", final=True)
    for _ in range(3):
        log.add_audio("client", "user_audio", 1, bytes(640), 16_000)
    for _ in range(3):
        turns.agent_audio("dice", PCM, 24_000)
    assert [row.kind for row in log] == ["user_transcript", "user_audio", "agent_audio"]
    for one in (turn, turns.said(turn)):
        assert (one.user_audio_ms, one.audio_ms) == (60.0, 300.0)


def test_what_was_said_is_known_as_it_was_and_shown_with_secrets_masked(turns, log):
    log.keep_secret("open sesame 123")
    turn = turns.user_typed("open sesame 123")
    assert (turn.user_text, turns.said(turn).user_text) == ("[secret]", "open sesame 123")
    assert [row.text for row in log if row.kind == "user_text"] == ["[secret]"]


def test_rows_of_no_turn_and_of_turns_that_are_not_there_change_none(turns, log, sent):
    turn = turns.user_typed("roll")
    told = len(sent)
    log.add("client", "playback_drained", turn=7, audio_ms=100.0)
    log.add("client", "playback_drained", turn=0, audio_ms=100.0)
    log.add_audio("adk", "agent_audio", 7, PCM, 24_000)
    assert (turns.all, len(sent)) == ([turn], told)


def test_two_kinds_of_sound_are_counted_apart(turns, log):
    turn = turns.transcripts.user_said("Roll", final=True)
    for _ in range(2):
        log.add_audio("client", "user_audio", 1, bytes(640), 16_000)
        turns.agent_audio("dice", PCM, 24_000)
    assert (turn.user_audio_ms, turn.audio_ms) == (40.0, 200.0)


def test_the_sound_of_a_turn_is_the_logs(turns):
    turn = turns.user_typed("roll")
    turns.agent_audio("dice", PCM, 24_000)
    assert (turn.audio.pcm, turns.said(turn).audio.pcm) == (PCM, b"")


def test_of_whatever_was_said_it_is_known_how_it_was(turns, log):
    log.keep_secret("open sesame 123")
    turns.user_typed("open sesame 123", prompt=True)
    turns.transcripts.agent_said("dice", "open sesame 123", final=True)
    turns.completed()
    turns.transcripts.user_said("open sesame 123", final=True)
    turns.transcripts.agent_said("dice", "open sesame 123", final=True, kind="agent_text")
    turns.completed()
    turns.user_typed("?")
    turns.withheld("dice", "open sesame 123", None)
    for turn, names in zip(
        turns.all,
        (("prompt", "agent_text"), ("user_text", "agent_text"), ("agent_text",)),
        strict=True,
    ):
        for name in names:
            known = getattr(turns.said(turn), name)
            assert (getattr(turn, name), known) == ("[secret]", "open sesame 123")


def test_the_first_sound_of_an_answer_is_its_beginning(turns):
    turn = turns.user_typed("roll")
    turns.agent_audio("dice", PCM, 24_000)
    assert None not in (turn.audio_t, turns.said(turn).audio_t)
    assert turn.audio_t >= turn.typed_t


def test_the_pages_are_told_anew_when_words_sound_as_sound_of_the_newest_turn_comes(turns, sent):
    turns.user_typed("count")
    turns.transcripts.agent_said("dice", "One two three.", final=False)
    told = len(sent)
    for _ in range(3):
        turns.agent_audio("dice", PCM, 24_000)
    assert [m.type for m in sent[told:]].count("words") == 3


def of(sent, kind):
    return [one for one in sent if one.type == kind]


def test_a_turn_that_the_machine_says_is_spoken_is_before_any_row_of_it(turns):
    for number, spoken in enumerate((True, False), 1):
        state = TurnState(number, Phase.SAYING, spoken=spoken)
        turn = turns._folded.begin(state)
        assert (turn.index, turn.spoken, turns._folded.of(state)) == (number, spoken, turn)


def test_what_has_no_words_is_known_of_what_was_said_too(turns, log):
    turn = turns.user_typed("roll")
    turns.calls.tool_called("dice", "c", "roll", {"sides": 6})
    turns.calls.tool_returned("c", "roll", 4, None)
    log.add("client", "playback_started", turn=1)
    said = turns.said(turn)
    assert [(call.name, call.result) for call in said.tool_calls] == [("roll", 4)]
    assert said.heard_t == turn.heard_t is not None


def test_what_a_player_tells_of_each_turn_is_told_of_that_turn(turns, log, sent):
    for text in ("one", "two"):
        turns.user_typed(text)
        turns.agent_audio("dice", PCM, 24_000)
        turns.transcripts.agent_said("dice", "One two three.", final=False)
        turns.cut_in()
    for number in (1, 2):
        log.add("client", "playback_flushed", turn=number, audio_ms=50.0)
        assert [message.turn for message in of(sent, "heard")] == [*range(1, number + 1)]


def test_sound_of_no_turn_is_nobodys(turns, log, sent):
    log.add_audio("adk", "agent_audio", 0, PCM, 24_000)
    log.add_audio("adk", "agent_audio", 1, PCM, 24_000)
    log.add("client", "playback_flushed", turn=0, audio_ms=50.0)
    log.add("client", "playback_flushed", turn=1, audio_ms=50.0)
    assert (turns.all, sent) == ([], [])


def test_sound_of_an_earlier_turn_moves_its_words(turns, log, sent):
    turns.user_typed("one")
    turns.transcripts.agent_said("dice", "One two three.", final=False)
    turns.user_typed("two")
    told = len(of(sent, "words"))
    log.add_audio("adk", "agent_audio", 1, PCM, 24_000)
    assert {message.turn for message in of(sent, "words")[told:]} == {1}
