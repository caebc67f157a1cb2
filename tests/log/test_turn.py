import base64
import copy
import dataclasses
import json
import pickle

import cloudpickle
import fastapi
import pandas as pd
import pydantic
import pytest
from fastapi.testclient import TestClient

from adk_nb.adk.agents import Swap
from adk_nb.audio import Clip
from adk_nb.exceptions import AdkNbError
from adk_nb.log.log_row import LogRow
from adk_nb.log.tool_call import ToolCall
from adk_nb.log.turn import Status, Turn
from adk_nb.log.turn_fold import TurnFold
from adk_nb.log.words import Piece


def turn(sound=None, **values):
    made = Turn(3, "dice", time=0.0, **values)
    made.keeps_sound(sound)
    return made


@pytest.mark.parametrize(
    ("values", "answered"),
    [
        ({"user_text": "hi"}, False),
        ({"agent_text": "Hello."}, True),
        ({"audio_ms": 20.0}, True),
        ({"tool_calls": [ToolCall("c", "roll", {})]}, True),
    ],
)
def test_it_is_answered_by_words_sound_or_a_call(values, answered):
    assert turn(**values).answered is answered


@pytest.mark.parametrize(
    ("calls", "repeated"),
    [
        ([], 0),
        ([("roll", {"n": 1}), ("roll", {"n": 2}), ("flip", {"n": 1})], 0),
        ([("roll", {"n": 1, "m": [2]}), ("roll", {"n": 1, "m": [2]})], 1),
        ([("roll", {})] * 4 + [("flip", {})] * 2, 4),
        ([("roll", None)] * 2, 1),
    ],
)
def test_calls_that_repeat_an_earlier_one_are_counted(calls, repeated):
    made = [ToolCall(str(n), name, args) for n, (name, args) in enumerate(calls)]
    assert turn(tool_calls=made).repeat_calls == repeated


def test_its_sound_is_that_of_its_number():
    assert turn().audio == Clip(b"")
    assert turn(lambda index: Clip(bytes(index * 2), 24_000)).audio == Clip(bytes(6), 24_000)


@pytest.mark.parametrize(
    ("played_ms", "heard"),
    [
        (0.0, ""),
        (499.0, "One two"),
        (1000.0, "One two three four."),
        (1001.0, "One two three four."),
        (1500.0, "One two three four. Five six"),
        (2000.0, "One two three four. Five six seven eight."),
        (9000.0, "One two three four. Five six seven eight."),
    ],
)
def test_whole_words_by_how_much_was_played(played_ms, heard):
    said = "One two three four. Five six seven eight."
    one = turn(agent_text=said, audio_ms=2000.0)
    # The first mark is of text that came before its sound, and says nothing.
    one.marks = [(0.0, 4), (1000.0, 20)]
    assert one.heard_at(played_ms) == heard


def test_without_sound_all_of_it_was_heard():
    assert turn(agent_text="One two.").heard_at(0.0) == "One two."


def rows(one):
    """The table that a cell shows, as names and cells."""
    shown = one._repr_html_()
    cells = [
        row.replace('<th style="text-align:left">', "").split("</th>")
        for row in shown.split("<tr>")[1:]
    ]
    start = len('<td style="text-align:left">')
    return [(name, value[start:].partition("</td></tr>")[0]) for name, value in cells]


def said(*pieces):
    """Pieces of a turn: `(role, author, text)`, or a call."""
    return [
        Piece(n, "tool", "dice", 0.0, final=True, call=one)
        if isinstance(one, ToolCall)
        else Piece(n, one[0], one[1], 0.0, one[2], final=True)
        for n, one in enumerate(pieces)
    ]


def test_a_cell_shows_all_of_it_in_order():
    roll = ToolCall("c", "roll", {"sides": 6, "name": "<d>"}, result={"n": 4}, output="o" * 3000)
    fail = ToolCall("d", "fail", None, error="e" * 600)
    one = turn(
        heard_text="A four,",
        interrupted=True,
        withheld=True,
        error="The line <broke>.",
        sound=lambda _: Clip(bytes(4), 16_000),
        sources=[{"title": "Dice", "uri": "http://dice"}, {"title": "x<y", "uri": "file:///y"}],
        tool_calls=[roll, fail],
        pieces=said(
            ("user", "user", "Roll & tell"),
            ("agent", "dice", "Let me roll. "),
            roll,
            fail,
            ("agent", "<coin>", "A four, I think."),
            ("agent", "dice", " "),
        ),
    )
    link = '<a href="http://dice" target="_blank" rel="noopener noreferrer">Dice</a>'
    table = rows(one)
    assert table[:-1] == [
        ("You", "Roll &amp; tell"),
        ("dice", "Let me roll."),
        ("Tool", "<code>roll(sides=6, name=&#x27;&lt;d&gt;&#x27;)</code> → {&quot;n&quot;: 4}"),
        ("Printed", f"<pre>{'o' * 2000}</pre>"),
        ("Tool", f"<code>fail()</code> → {'e' * 500}"),
        ("&lt;coin&gt;", "A four, I think."),
        ("", "<em>(interrupted; heard: A four,)</em>"),
        ("", "<em>(a guard withheld the answer)</em>"),
        ("Sources", f"{link}, x&lt;y"),
        ("Error", "The line &lt;broke&gt;."),
    ]
    assert table[-1][0] == "Audio"
    assert "<audio" in table[-1][1]
    assert "<caption>Turn 3</caption>" in one._repr_html_()


def test_a_cell_shows_nothing_that_is_not_there():
    one = turn(pieces=said(("agent", "dice", "Hm.")), interrupted=True)
    assert rows(one) == [("dice", "Hm."), ("", "<em>(interrupted; heard: nothing)</em>")]
    one.sounds = True  # The page has not said yet.
    assert rows(one) == [("dice", "Hm."), ("", "<em>(interrupted)</em>")]
    assert rows(turn(pieces=said(("user", "user", "hi")))) == [("You", "hi")]
    assert rows(turn()) == []


def told():
    """A turn with a call, as a session makes them."""
    fold = TurnFold("s", lambda index: Clip(bytes(index * 2), 24_000))
    rows = [
        ("user_text", {"text": "roll"}),
        ("tool_call", {"tool": "roll", "tool_call_id": "c", "args": {"sides": 6}}),
        ("tool_result", {"tool_call_id": "c", "result": {"n": 4}, "ms": 5.0}),
        ("agent_text", {"text": "Four.", "agent": "dice", "final": True}),
    ]
    for seq, (kind, values) in enumerate(rows):
        fold.add(LogRow(seq, 0.0, float(seq), "adk", kind, 1, **values))
    return fold.turn(1)


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))]
)
def test_a_copy_has_all_but_the_sound(copied):
    made, turn = copied(told()), told()
    assert dataclasses.asdict(made) == dataclasses.asdict(turn)
    assert made.tool_calls[0].turn.index == 1
    assert (len(turn.audio.pcm), len(made.audio.pcm)) == (2, 0)


def test_turns_and_calls_are_rows_of_a_plain_dataframe():
    frame = pd.DataFrame([told()])
    assert (frame.user_text[0], frame.agent_text[0]) == ("roll", "Four.")
    assert pd.DataFrame(told().tool_calls).ms.tolist() == [5.0]


def test_a_web_service_can_return_a_turn():
    app = fastapi.FastAPI()

    @app.get("/turn")
    def turn() -> Turn:
        return told()

    answer = TestClient(app).get("/turn").json()
    assert (answer["agent_text"], answer["tool_calls"][0]["result"]) == ("Four.", {"n": 4})


@pytest.mark.parametrize("declared", [Clip, None])
def test_a_web_service_can_return_a_clip(declared):
    app = fastapi.FastAPI()
    clip = Clip(bytes(range(256)), 24_000)

    @app.get("/clip", response_model=declared)
    def sound():
        return clip

    answer = TestClient(app).get("/clip").json()
    assert Clip(base64.urlsafe_b64decode(answer["pcm"]), answer["rate"]) == clip
    assert pydantic.TypeAdapter(Clip).validate_json(json.dumps(answer)) == clip


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("dumps", [pickle.dumps, pickle._dumps, cloudpickle.dumps])
def test_values_are_pickled_as_joblib_and_others_do(dumps, protocol):
    clip = Clip(b"\x80\xff" * 3, 24_000)
    swap = Swap("dice", "m", ["roll"], "keep", "s", ["The tools."], 5.0)
    error = AdkNbError("No.", remedy="Do.", code="c")
    values = [told(), clip, swap, error]
    turn, *others, raised = pickle.loads(dumps(values, protocol=protocol))
    assert dataclasses.asdict(turn) == dataclasses.asdict(told())
    assert others == [clip, swap]
    assert (type(others[0].pcm), others[0].level_db) == (type(clip.pcm), clip.level_db)
    assert (raised.message, raised.remedy, raised.code) == ("No.", "Do.", "c")


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))]
)
def test_a_turn_can_be_added_to(copied):
    turn = Turn(3, user_text="hi")
    turn.score = 5
    again = copied(turn)
    assert (again.score, again.index, again.user_text) == (5, 3, "hi")
    assert str(again.said) == ""


@pytest.mark.parametrize(
    ("calls", "tool_ms", "sum_ms"),
    [
        ([], 0.0, 0.0),
        ([(1.0, 500.0)], 500.0, 500.0),
        ([(1.0, 500.0), (3.0, 250.0)], 750.0, 750.0),  # one after the other
        ([(1.0, 1000.0), (1.5, 1000.0)], 1500.0, 2000.0),  # they overlap
        ([(1.5, 1000.0), (1.0, 1000.0)], 1500.0, 2000.0),  # in whatever order they are told
        ([(1.0, 2000.0), (1.5, 500.0)], 2000.0, 2500.0),  # one within the other
        ([(1.0, 500.0), (1.2, 0.0)], 500.0, 500.0),  # one took no time
        ([(1.0, 500.0), (2.0, None)], None, None),  # one still runs
    ],
)
def test_how_long_tools_ran_together_and_each(calls, tool_ms, sum_ms):
    made = [ToolCall(str(t), "t", {}, began_t=t, ms=ms) for t, ms in calls]
    one = turn(tool_calls=made)
    assert (one.tool_ms, one.tool_sum_ms) == (
        tool_ms if tool_ms is None else pytest.approx(tool_ms), sum_ms,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("values", "known"),
    [
        ({}, False),
        ({"status": Status.ABANDONED}, False),
        ({"status": Status.COMPLETE}, True),
        ({"flushed": True}, True),
        ({"interrupted": True}, True),
        ({"status": Status.ABANDONED, "flushed": True}, True),
        ({"status": Status.COMPLETE, "sounds": True}, True),
        ({"interrupted": True, "sounds": True}, False),
        ({"status": Status.FAILED, "sounds": True}, False),
    ],
)
def test_what_was_heard_is_known_at_the_end_or_once_the_player_or_the_user_has_cut_it(
    values, known
):
    assert turn(**values).heard_known is known


def test_a_new_turn_is_nothing_yet():
    one = Turn(1)
    flags = ("spoken", "interrupted", "withheld", "begun", "cold", "flushed", "ended", "answered")
    assert [name for name in flags if getattr(one, name)] == []
    assert (one.question, Turn(1, prompt="p").question) == ("", "p")
    assert Turn(1, prompt="p", user_text="u").question == "u"


@pytest.mark.parametrize(
    ("known", "end"),
    [
        ({}, (None, None)),
        ({"last_t": 6.0}, (6.0, "transcript")),
        ({"final_t": 5.0}, (5.0, "transcript")),
        ({"service_t": 4.0}, (4.0, "service")),
        ({"released_t": 3.0}, (3.0, "activity")),
        ({"loud_t": 2.0}, (2.0, "level")),
        ({"found_t": 1.0, "found_by": "vad"}, (1.0, "vad")),
        ({"typed_t": 0.0}, (0.0, None)),
    ],
)
def test_each_moment_of_the_end_of_speech_counts_before_the_ones_above_it(known, end):
    later = {"last_t": 16.0, "final_t": 15.0, "service_t": 14.0, "released_t": 13.0, "loud_t": 12.0}
    names = [*later, "found_t", "typed_t"]
    above = names[: names.index(next(iter(known)))] if known else []
    one = turn(**{name: t for name, t in later.items() if name in above} | known)
    assert (one.speech_end_t, one.speech_end_by) == end


def test_without_the_end_of_speech_there_are_no_times_from_it():
    one = turn(audio_t=1.0, agent_t=1.0, heard_t=1.5)
    assert (one.first_audio_ms, one.first_text_ms, one.first_heard_ms) == (None, None, None)
    one.typed_t = 0.5
    assert (one.first_audio_ms, one.first_text_ms, one.first_heard_ms) == (500.0, 500.0, 1000.0)


def test_its_words_and_what_was_not_heard_are_known_by_piece():
    one = turn(
        agent_text="One two. Three.",
        heard_text="One two.",
        flushed=True,
        audio_ms=1500.0,
        pieces=said(("agent", "dice", "One two."), ("agent", "dice", "Three.")),
    )
    one.marks = [(1500.0, 15)]
    assert one.piece_words() == [
        (0, "One two.", [(3, 300.0), (8, 800.0)]), (1, "Three.", [(6, 1500.0)]),
    ]  # fmt: skip
    assert one.unheard_pieces() == [(1, "Three.", 0, 6)]


@pytest.mark.parametrize(
    ("heard", "values", "unheard"),
    [
        ("One", {}, []),
        ("One", {"interrupted": True}, [(3, 14)]),
        ("One", {"flushed": True}, [(3, 14)]),
        ("", {"interrupted": True}, [(0, 14)]),
        ("One two three.", {"interrupted": True}, []),
        ("Won", {"interrupted": True}, []),  # A model reports other words than it said.
        ("One", {"resumed": ("One", 7)}, [(3, 7)]),
        ("One", {"resumed": ("One two", 7)}, []),
        ("One", {"resumed": ("Won", 7)}, []),
    ],
)
def test_what_was_never_heard_is_the_end_of_what_was_cut_off(heard, values, unheard):
    assert turn(agent_text="One two three.", heard_text=heard, **values).unheard == unheard
