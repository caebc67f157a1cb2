"""The sound of answers, piece by piece: what is played, dropped and refused."""

from __future__ import annotations

import pytest
from google.genai import types

from adk_nb.live.answer_sound import AnswerSound
from adk_nb.live.turn_builder import Turns
from adk_nb.log.event_log import EventLog

PCM = "audio/pcm;rate=24000"


class Heard:
    """Turns and their sound, and what is reported of it."""

    def __init__(self):
        self.voice, self.told = True, []
        self.turns = Turns(EventLog("s"), lambda _message: None)
        self.sound = AnswerSound(self.turns, self)
        self.turns.user_typed("hi")

    def came(self, data, mime=PCM):
        self.sound.came("dice", types.Blob(data=data, mime_type=mime))
        return self

    def agent_audio(self, turn, rate, pcm):
        self.told.append((turn.index, rate, pcm))

    def set_state(self, state):
        self.told.append(state)

    def report(self, error, index=0):
        self.told.append((error.code, index))

    def still_talking(self):
        self.told.append("still talking")


@pytest.fixture
def heard():
    return Heard()


def test_a_piece_is_the_open_turns_and_is_said_to_sound(heard):
    heard.came(b"\1\0" * 240)
    assert heard.told == ["speaking", (1, 24_000, b"\1\0" * 240)]


@pytest.mark.parametrize(
    ("data", "mime"), [(b"", PCM), (b"\1\0", "text/plain"), (b"\1\0", "image/png")]
)
def test_what_is_no_sound_is_left_alone(heard, data, mime):
    assert heard.came(data, mime).told == []


def test_an_agent_that_only_writes_has_no_sound(heard):
    heard.voice = False
    assert heard.came(b"\1\0").told == []


def test_half_a_sample_waits_for_its_other_half_or_is_dropped(heard):
    heard.came(b"\1").came(b"\0")
    assert heard.told == ["speaking", (1, 24_000, b"\1\0")]
    heard.came(b"\2").sound.drop()
    heard.came(b"\3\0")
    assert heard.told[2:] == ["speaking", (1, 24_000, b"\3\0")]


def test_after_the_user_cut_in_the_model_is_said_to_go_on(heard):
    heard.came(b"\1\0")
    heard.turns.cut_in()
    heard.came(b"\2\0")
    assert heard.told[2:] == ["still talking"]


def test_what_cannot_be_played_is_told_once_a_turn(heard):
    heard.came(b"odd", "audio/unheard-of").came(b"odd", "audio/unheard-of")
    assert [told[0] for told in heard.told] == ["bad_audio"]
    heard.sound.finish("dice")
    assert len(heard.told) == 1
