"""What a conversation leaves in a notebook."""

from __future__ import annotations

import re
from datetime import datetime
from html.parser import HTMLParser

import pytest

from adk_nb.saved_output import MAX_HTML, Heading, Outputs, ended, under_way

HEADING = Heading("dice", "smol", 2)
ENDED = "This conversation has ended. Run the cell for a new one."


def said(turn, role, text, piece=0, **more):
    author = "user" if role == "user" else "dice"
    return {
        "type": "transcript", "turn": turn, "role": role, "author": author, "text": text,
        "piece": piece, "interrupted": False, **more,
    }  # fmt: skip


def shown(markup):
    """The words of HTML as a page shows them, and whether its tags are closed as they should."""
    open_tags, text = [], []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            if tag == "br":
                text.append("\n")
            else:
                open_tags.append(tag)

        def handle_endtag(self, tag):
            assert open_tags.pop() == tag
            if tag == "div":
                text.append("\n")

        def handle_data(self, data):
            text.append(data)

    Reader().feed(markup)
    assert not open_tags
    return "".join(text)


def test_what_was_said_and_called_stands_there_as_html_and_as_text():
    bundle = ended(HEADING, [
        {"type": "note", "turn": 0, "text": "Now flip."},
        said(1, "user", "roll a die"),
        {"type": "tool_call", "turn": 1, "id": "a", "name": "roll", "args": {"sides": 20}},
        {"type": "tool_output", "turn": 1, "id": "a", "text": "rolling", "image": "data:x"},
        {"type": "tool_result", "turn": 1, "id": "a", "name": "roll", "result": 17, "error": None,
         "ms": 12.2},
        said(1, "agent", "You rolled 17.", 1),
        {"type": "tool_result", "turn": 1, "id": "b", "name": "flip", "error": "no coin"},
        {"type": "sources", "turn": 1, "sources": [{"title": "yr", "uri": "https://yr.no"}]},
        {"type": "error", "turn": 1, "message": "It broke.", "remedy": "Mend it."},
    ])  # fmt: skip
    assert bundle["text/plain"].splitlines() == [
        "A conversation with dice on smol: 2 turns.",
        "Now flip.",
        "you: roll a die",
        'tool: roll({"sides": 20})',
        "printed: rolling",
        "roll returned: 17 (12 ms)",
        "dice: You rolled 17.",
        "flip failed: no coin",
        "yr https://yr.no",
        "It broke. Mend it.",
        ENDED,
    ]
    words = shown(bundle["text/html"])
    for one in (
        "roll a die",
        'roll({"sides": 20})',
        "17",
        "You rolled 17.",
        "no coin",
        "Now flip.",
    ):
        assert one in words
    assert "data:x" not in str(bundle)


def test_a_written_answer_stands_there_with_its_markup_and_as_it_was_written():
    history = [
        said(1, "user", "**why**", piece=1),
        said(1, "agent", "**No.**", piece=1),
        {"type": "rendered", "turn": 1, "piece": 1, "html": "<p><strong>No.</strong></p>"},
        said(2, "agent", "**Yes.**", piece=1),
    ]
    bundle = ended(HEADING, history)
    assert '<b>dice</b> <div dir="auto"><p><strong>No.</strong></p></div>' in bundle["text/html"]
    assert bundle["text/html"].count("<strong>") == 1
    assert shown(bundle["text/html"]).splitlines()[1] == "you **why**"
    assert bundle["text/plain"].splitlines()[1:] == [
        "you: **why**",
        "dice: **No.**",
        "dice: **Yes.**",
        ENDED,
    ]


def test_a_question_without_an_answer_says_what_became_of_it():
    facts = {"type": "turn_facts", "latency": "", "ms": None, "sound": False, "failed": False}
    history = [
        said(1, "user", "why"),
        said(2, "user", "roll"),
        said(2, "agent", "Four."),
        {**facts, "turn": 1, "outcome": "no answer: you cut in after 0.8 s"},
        {
            **facts,
            "turn": 2,
            "outcome": "",
            "latency": "first_heard_ms",
            "ms": 153.6,
            "time": datetime(2026, 11, 27, 9, 5, 7).astimezone().timestamp(),
        },
    ]
    assert ended(HEADING, history)["text/plain"].splitlines()[1:] == [
        "turn 1",
        "you: why",
        "no answer: you cut in after 0.8 s",
        "turn 2, 09:05:07, first_heard_ms 154",
        "you: roll",
        "dice: Four.",
        ENDED,
    ]


@pytest.mark.parametrize(
    ("heard_ms", "audio_ms", "told"),
    [(2500.0, 8000.0, ["heard 2.5 of 8.0 s"]), (293.4, 300.0, ["heard 293 of 300 ms"]),
     (None, 8000.0, []), (0.0, 0.0, [])],
)  # fmt: skip
def test_how_much_was_heard_of_an_answer_that_was_cut_off(heard_ms, audio_ms, told):
    heard = {"type": "heard", "turn": 1, "unheard": [[0, 8, 17]]}
    bundle = ended(HEADING, [
        said(1, "agent", "fourteen, fifteen", interrupted=True),
        {**heard, "heard_ms": heard_ms, "audio_ms": audio_ms},
    ])  # fmt: skip
    assert bundle["text/plain"].splitlines()[1:-1] == [
        "dice: fourteen[not heard: , fifteen] (interrupted)", *told,
    ]  # fmt: skip


def test_the_answer_to_a_question_stands_there():
    for approved, told in [(True, ["approved"]), (False, ["rejected"]), (None, [])]:
        answer = {"type": "answer", "turn": 1, "id": "a", "approved": approved, "ms": 7.0}
        assert ended(HEADING, [answer])["text/plain"].splitlines()[1:-1] == told


def test_words_that_were_never_heard_are_struck_through():
    text = "Ä 🎲 one two three four"
    units = [len(part.encode("utf-16-le")) // 2 for part in ("Ä 🎲 one two ", text)]
    bundle = ended(HEADING, [
        said(1, "user", "count", 0),
        said(1, "agent", text, 1, interrupted=True),
        {"type": "heard", "turn": 1, "unheard": [[1, *units]], "heard_ms": 1.0, "audio_ms": 2.0},
    ])  # fmt: skip
    (struck,) = re.findall(r'<del data-adk-nb="unheard"[^>]*>(.*?)</del>', bundle["text/html"])
    assert struck == "three four"
    assert "Ä 🎲 one two <del" in bundle["text/html"]
    assert "dice: Ä 🎲 one two [not heard: three four] (interrupted)" in bundle["text/plain"]


EVIL = '<script>alert(1)</script><img src=x onerror="alert(1)">&amp;\'"\u2028\n</div><!--'


PLACES = ["user", "agent", "author", "args", "result", "note", "source", "error"]


@pytest.mark.parametrize("place", PLACES)
def test_nothing_that_is_said_becomes_markup(place):
    history = {
        "user": [said(1, "user", EVIL)],
        "agent": [said(1, "agent", EVIL),
                  {"type": "heard", "turn": 1, "unheard": [[0, 3, 9]]}],
        "author": [said(1, "agent", "hi", author=EVIL)],
        "args": [{"type": "tool_call", "turn": 1, "name": EVIL, "args": {EVIL: EVIL}}],
        "result": [{"type": "tool_result", "turn": 1, "name": EVIL, "result": EVIL}],
        "note": [{"type": "note", "turn": 1, "text": EVIL}],
        "source": [{"type": "sources", "turn": 1, "sources": [{"title": EVIL, "uri": EVIL}]}],
        "error": [],
    }  # fmt: skip
    heading = Heading(EVIL, EVIL, 1, EVIL)
    markup = ended(heading, history[place])["text/html"] + under_way(heading)["text/html"]
    tags = set(re.findall(r"<(/?[a-zA-Z!][\w-]*)", markup))
    assert tags <= {"div", "/div", "b", "/b", "i", "/i", "code", "/code", "span", "/span", "del",
                    "/del", "br"}  # fmt: skip
    attributes = set(re.findall(r"<\w+ ([\w-]+)=", markup))
    assert attributes <= {"class", "data-adk-nb", "style", "dir"}
    shown(markup)


def test_it_is_never_large_and_the_newest_turns_stay():
    history = [said(turn, "agent", f"turn {turn} " + "é" * 3000) for turn in range(1, 200)]
    bundle = ended(Heading("dice", "", 199), history)
    assert len(bundle["text/html"].encode()) < MAX_HTML + 2000
    assert "turn 199 " in bundle["text/plain"]
    assert "turn 1 " not in bundle["text/plain"]
    assert "Earlier turns are left out" in bundle["text/html"]
    one = ended(HEADING, [said(1, "agent", "x" * 10**6)])
    assert len(one["text/html"]) < 6000
    large = {"type": "tool_result", "turn": 1, "name": "t", "result": {"a": "x" * 10**6}}
    assert len(ended(HEADING, [large])["text/html"]) < 2000


def test_the_words_can_be_kept_out():
    bundle = ended(Heading("dice", "smol", 1, "It broke."), None)
    assert bundle["text/plain"].splitlines() == [
        "A conversation with dice on smol: 1 turn.",
        "It broke.",
        "What was said is not kept in the notebook.",
        ENDED,
    ]


@pytest.fixture
def published(monkeypatch):
    found = []
    monkeypatch.setattr(
        "IPython.display.publish_display_data",
        lambda bundle, transient, update: found.append((bundle, transient["display_id"], update)),
    )
    return found


def test_each_output_has_a_display_id_of_its_own_and_is_replaced_once(published):
    outputs = Outputs()
    outputs.show({"a": 1})
    outputs.show({"a": 1})
    (_, one, _), (_, other, _) = published
    assert one != other
    outputs.replace({"a": 2})
    outputs.replace({"a": 3})
    assert published[2:] == [({"a": 2}, one, True), ({"a": 2}, other, True)]


def test_a_kernel_that_is_gone_keeps_nobody_from_closing(monkeypatch):
    def gone(*_, **__):
        raise OSError("closed")

    monkeypatch.setattr("IPython.display.publish_display_data", gone)
    outputs = Outputs()
    outputs.show({"a": 1})
    outputs.replace({"a": 2})
