"""What is done to a message before a page gets it."""

from __future__ import annotations

import pytest
from wire_frames import encode_message

from adk_nb.wire import protocol
from adk_nb.wire.outgoing import bounded


@pytest.mark.parametrize(
    "message",
    [
        protocol.ToolReturned(1, "c", "ls", 1.0, error="e" * 10**6),
        protocol.Transcript(1, "user", "user", "t" * 10**6, final=True),
        protocol.ToolCalled(1, "c", "ls", {"path": "p" * 10**6, "deep": [["d"] * 10**5]}),
        protocol.ToolCalled(1, "c", "ls", {f"key {n}": n for n in range(10**5)}),
        protocol.Question(1, "c", "ls", {"path": "p" * 10**6}, "Really?"),
    ],
    ids=["error", "text", "args", "keys", "question"],
)
def test_nothing_long_goes_to_a_page_unasked(message):
    assert len(encode_message(bounded(message))) < 2 * protocol.MAX_SHOWN


def test_a_page_is_told_of_a_thousand_tools():
    tools = [{"name": f"t{n}", "on": True, "description": "d"} for n in range(5000)]
    assert bounded(protocol.AgentChanged("a", "m", tools)).tools == tools[:1000]


def test_short_arguments_stay_beside_long_ones():
    args = bounded(protocol.ToolCalled(1, "c", "put", {"n": 3, "text": "t" * 10**6})).args
    assert args["n"] == 3
    assert args["text"].endswith("(1,000,000 characters)")


def test_what_is_to_be_approved_is_shown_as_a_whole():
    question = protocol.Question(1, "c", "put", {"text": "t" * 100_000})
    assert bounded(question) == question
    long = bounded(protocol.Question(1, "c", "put", {"text": "t" * 1_000_000}, "Really?"))
    assert long.hint == (
        "Really? The arguments are shortened here; see live.questions for all of them."
    )


def test_long_hints_sources_and_names_are_cut():
    hint = bounded(protocol.Question(1, "c", "pay", {}, "h" * 9_000_000)).hint
    assert len(hint) < 21_000
    sources = [{"title": "t" * 9000, "uri": "u" * 9000}] * 500
    assert len(encode_message(bounded(protocol.Sources(1, sources)))) < 250_000
    assert len(bounded(protocol.ToolCalled(1, "c", "n" * 9000, {})).name) == 1000
    assert len(bounded(protocol.Note("1", 1, "swap", "n" * 90_000)).text) < 21_000


@pytest.mark.parametrize(
    ("message", "name", "longest"),
    [
        (protocol.Failure("c", "m" * 10**6, "r" * 10**6), "message", protocol.MAX_SHOWN),
        (protocol.Failure("c", "m" * 10**6, "r" * 10**6), "remedy", protocol.MAX_SHOWN),
        (protocol.Note("1", 1, "swap", "t" * 10**6), "text", protocol.MAX_SHOWN),
        (protocol.ToolCalled(1, "c", "n" * 10**6, {}), "name", 1000),
        (protocol.Question(1, "c", "n", {}, "h" * 10**6), "hint", protocol.MAX_SHOWN),
    ],
    ids=["message", "remedy", "note", "tool", "hint"],
)
def test_a_long_text_is_its_beginning_and_how_long_it_is(message, name, longest):
    whole, short = getattr(message, name), getattr(bounded(message), name)
    assert short[:longest] == whole[:longest]
    assert short[longest:] in ("", " … (1,000,000 characters)")


def test_what_is_just_short_enough_stays():
    for message in (
        protocol.Transcript(1, "user", "user", "t" * protocol.MAX_SHOWN, final=True),
        protocol.ToolReturned(1, "c", "ls", 1.0, result="r" * protocol.MAX_SHOWN),
        protocol.ToolReturned(1, "c", "ls", 1.0, error="r" * protocol.MAX_SHOWN),
        protocol.ToolCalled(1, "c", "ls", {"a": "t" * (protocol.MAX_SHOWN - 100)}),
    ):
        assert bounded(message) == message


def test_sources_are_fifty_at_most():
    source = {"title": "t", "uri": "u" * 10_000}
    shown = bounded(protocol.Sources(1, [source] * 60))
    assert shown.sources == [{"title": "t", "uri": "u" * 2000}] * 50
