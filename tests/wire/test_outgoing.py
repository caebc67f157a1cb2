"""What is done to a message before a page gets it."""

from __future__ import annotations

from dataclasses import fields

import pytest
from wire_frames import encode_message

from adk_nb.plain import to_json
from adk_nb.wire import protocol
from adk_nb.wire.outgoing import bounded, masked, result_text


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


def hidden(value):
    """Masks the word `pw` in whatever it is in."""
    if isinstance(value, str):
        return value.replace("pw", "***")
    if isinstance(value, list):
        return [hidden(one) for one in value]
    if isinstance(value, dict):
        return {name: hidden(one) for name, one in value.items()}
    return value


@pytest.mark.parametrize(
    ("message", "masks"),
    [
        (protocol.Transcript(1, "pw", "pw", "pw", final=True), {"author", "text"}),
        (protocol.ToolCalled(1, "pw", "pw", {"a": ["pw"]}), {"name", "args"}),
        (protocol.ToolReturned(1, "pw", "pw", 1.0, "pw", "pw"), {"name", "result", "error"}),
        (protocol.Question(1, "pw", "pw", {"a": "pw"}, "pw", "pw"),
         {"name", "args", "hint", "sign_in"}),
        (protocol.Note("pw", 1, "pw", "pw"), {"text"}),
        (protocol.Sources(1, [{"title": "pw", "uri": "pw"}]), {"sources"}),
        (protocol.TurnState(1, "pw"), set()),
        (protocol.TurnFacts(1, 2.0, "pw", outcome="pw"), {"outcome"}),
        (protocol.TurnSound(1, 24_000, 0, 2, "pw"), set()),
        (protocol.State("pw", "pw"), {"detail"}),
        (protocol.Failure("pw", "pw", "pw"), {"message", "remedy"}),
        (protocol.Redefined(["pw"]), {"names"}),
        (protocol.Rendered(1, 1, "<p>pw</p>"), {"html"}),
    ],
    ids=lambda one: one.type if isinstance(one, protocol.Message) else "",
)  # fmt: skip
def test_what_is_masked_and_what_pages_look_for_is_not(message, masks):
    shown = masked(message, hidden)
    assert type(shown) is type(message)
    changed = {
        one.name
        for one in fields(message)
        if getattr(shown, one.name) != getattr(message, one.name)
    }
    assert changed == masks
    assert all(getattr(shown, name) == hidden(getattr(message, name)) for name in masks)


@pytest.mark.parametrize(
    "message",
    [
        protocol.AgentChanged("a", "m", [{"name": "pw", "on": True, "description": "a pw"}]),
        protocol.Welcome("pw", "a", "m", [{"name": "pw", "on": True, "description": "a pw"}],
                         "pw", 1, 2.0, [], audio=True),
    ],
    ids=["agent", "hello"],
)  # fmt: skip
def test_a_tools_description_is_masked_and_its_name_switches_it(message):
    assert masked(message, hidden).tools == [{"name": "pw", "on": True, "description": "a ***"}]


def test_a_result_is_its_text_or_json():
    assert result_text("as it is") == "as it is"
    assert result_text({"a": [1, None]}) == '{"a": [1, null]}'


def test_a_long_result_is_its_beginning_with_its_length():
    result = ["r" * protocol.MAX_SHOWN]
    shown = bounded(protocol.ToolReturned(1, "c", "n" * 2000, 1.0, result=result))
    text = to_json(result)
    assert (shown.result, shown.length) == (text[: protocol.MAX_SHOWN], len(text))
    assert shown.name == "n" * 1000
    just = ["r" * (protocol.MAX_SHOWN - 4)]
    assert bounded(protocol.ToolReturned(1, "c", "f", 1.0, result=just)).result is just
    failed = bounded(protocol.ToolReturned(1, "c", "n" * 2000, 1.0, error="e" * 30_000))
    assert (failed.name, failed.error[-20:]) == ("n" * 1000, "… (30,000 characters)"[-20:])


def arguments(size, name="a"):
    """Arguments whose JSON has so many characters."""
    return {name: "t" * (size - len(to_json({name: ""})))}


def test_arguments_that_are_asked_about_are_whole_up_to_a_bound():
    just, more = arguments(protocol.MAX_MORE), arguments(protocol.MAX_MORE + 1)
    assert bounded(protocol.Question(1, "c", "f", just)).args is just
    shown = bounded(protocol.Question(1, "c", "f", more))
    assert shown.args != more
    assert shown.hint == "The arguments are shortened here; see live.questions for all of them."


def shortened(args):
    return bounded(protocol.ToolCalled(1, "c", "f", args)).args


def test_each_argument_is_shortened_to_its_share():
    size = protocol.MAX_SHOWN
    just = arguments(size)
    assert shortened(just) is just
    assert shortened(arguments(size + 1)) == {"a": "t" * (size - 8)}  # Its share is all of it.
    share = size // 2
    assert shortened({"a": "x" * share, "b": "y" * (share + 1)}) == {
        "a": "x" * share,
        "b": f"{'y' * share} … (10,001 characters)",
    }
    long = ["z"] * size
    assert shortened({"a": 7, "b": long}) == {
        "a": 7,
        "b": f"{to_json(long)[:share]} … ({len(to_json(long)):,} characters)",
    }


@pytest.mark.parametrize(
    ("args", "whole"),
    [
        ({f"{n:03}": "x" * 300 for n in range(100)}, False),
        ({f"{n:03}": "x" * 300 for n in range(101)}, True),
        ({"k" * protocol.MAX_SHOWN: "x"}, False),
        ({"k" * (protocol.MAX_SHOWN + 1): "x"}, True),
    ],
    ids=["100 arguments", "101", "a long name", "a longer one"],
)
def test_of_too_many_arguments_or_names_only_the_size_is_told(args, whole):
    shown = shortened(args)
    said = {"…": f"{len(to_json(args)):,} characters"}
    assert (shown == said) is whole
    if not whole:
        assert list(shown) == list(args)


def test_other_messages_are_as_they_were():
    message = protocol.State("ready", "d" * 10**6)
    assert bounded(message) is message


def test_outcomes_and_sources_are_bounded():
    assert len(bounded(protocol.TurnFacts(1, 2.0, outcome="o" * 10**6)).outcome) < 21_000
    fifty = [{"title": "t", "uri": str(n)} for n in range(51)]
    assert bounded(protocol.Sources(1, fifty)).sources == fifty[:50]
