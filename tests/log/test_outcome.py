import pytest

from adk_nb.log.outcome import is_plain, outcome
from adk_nb.log.tool_call import ToolCall
from adk_nb.log.turn import Status, Turn


def turn(status=None, **values):
    return Turn(1, "dice", status=status, **values)


CUT = "no answer: you cut in after 14.2 s"


@pytest.mark.parametrize(
    ("one", "told"),
    [
        (turn(), ""),
        (turn(Status.COMPLETE, agent_text="Four."), ""),
        (turn(Status.COMPLETE, audio_ms=900.0), ""),
        (turn(Status.COMPLETE, tool_calls=[ToolCall("c", "roll", {})]), ""),
        (turn(Status.COMPLETE), "no answer: the agent said nothing"),
        (turn(Status.COMPLETE, error="Empty. Again."), "no answer: Empty. Again."),
        (turn(Status.INTERRUPTED, agent_text="Fo", interrupted=True), ""),
        (turn(Status.UNANSWERED, t=1.0, ended_t=15.2), CUT),
        (turn(Status.UNANSWERED, t=1.0, typed_t=2.0, ended_t=16.2), CUT),
        (turn(Status.INTERRUPTED, t=1.0, ended_t=15.2, tool_calls=[ToolCall("c", "r", {})]), CUT),
        (turn(Status.UNANSWERED), "no answer: you cut in"),
        (turn(Status.UNANSWERED, end_reason="no_words"), "no answer: no words were heard in it"),
        (turn(Status.FAILED, error="It broke. Mend it."), "no answer: It broke. Mend it."),
        (turn(Status.FAILED, error="It broke.", agent_text="Fo"), "It broke."),
        (turn(Status.FAILED, end_reason="response_rejected"), "no answer: response_rejected"),
        (turn(Status.FAILED), "no answer: it failed"),
        (turn(Status.ABANDONED, end_reason="session_closed"), "no answer: the session was closed"),
        (turn(Status.FAILED, error="e", withheld=True, agent_text="No."), ""),
    ],
)
def test_what_became_of_a_question(one, told):
    assert outcome(one) == one.outcome == told


def test_a_cell_shows_it():
    assert "(no answer: you cut in)" in turn(Status.UNANSWERED)._repr_html_()


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("", True),
        ("no answer: you cut in", True),
        (CUT, True),
        ("no answer: the agent said nothing", True),
        ("no answer: the session was closed", True),
        ("no answer: you cut in after all", False),
        ("no answer: Empty. Again.", False),
        ("It broke.", False),
    ],
)
def test_whether_it_is_in_the_words_of_an_error(text, plain):
    assert is_plain(text) is plain
