import pytest

from adk_nb.audio import Clip
from adk_nb.log.turn import SpokenText, ToolCall, Turn


def spoken(*pieces):
    """The text of pieces; one with a `!` before it is final, with a `=` cumulative."""
    text = SpokenText()
    cuts = [
        text.add(piece.lstrip("!="), final=piece[:1] == "!", cumulative=piece[:1] == "=")
        for piece in pieces
    ]
    return str(text), cuts[-1]


@pytest.mark.parametrize(
    ("pieces", "text", "cut"),
    [
        (["It ", "is ", "noon."], "It is noon.", None),
        (["It", "It is", "It is noon."], "It is noon.", None),
        (["=Watt", "=What time"], "What time", None),
        (["It is", "!It is noon."], "It is noon.", None),
        (["It is noon.", "!"], "It is noon.", None),
        (["!It is noon.", "!It is noon."], "It is noon.", None),
        (["!It is noon.", "!noon."], "It is noon.", None),
        (["!It is noon. ", "! And late."], "It is noon. And late.", None),
        (["!One.", "!One. Two."], "One. Two.", None),
        (["!One.", "Two", "!Two."], "One. Two.", None),
        (["One two three.", "!One two"], "One two three.", "One two"),
        (["!One.", "Two three", "!Two"], "One. Two three", "Two"),
        (["One two three.", "!Other"], "Other", None),
        (["  One ", "two  "], "One two", None),
        (["!", "!One."], "One.", None),
        (["!One.", "! "], "One.", None),
    ],
    ids=repr,
)
def test_pieces_of_any_kind_make_one_text(pieces, text, cut):
    assert spoken(*pieces) == (text, cut)


def turn(**values):
    return Turn(3, "dice", at=0.0, **values)


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
    ("calls", "pending"),
    [
        ([], False),
        ([ToolCall("c", "roll", {})], True),
        ([ToolCall("c", "roll", {}, ms=0.0)], False),
        ([ToolCall("c", "roll", {}, long_running=True)], False),
        ([ToolCall("c", "roll", {}, ms=1.0), ToolCall("d", "roll", {})], True),
    ],
)
def test_a_tool_is_pending_until_it_returns_unless_it_is_long_running(calls, pending):
    assert turn(tool_calls=calls).tool_pending is pending


def test_its_sound_is_that_of_its_number():
    assert turn().audio == Clip(b"")
    assert turn(sound=lambda index: Clip(bytes(index * 2), 24_000)).audio == Clip(bytes(6), 24_000)


def test_what_each_agent_said_leaves_out_those_that_said_nothing():
    one = turn()
    for author, text in (("a", "One."), ("b", ""), ("c", "Three.")):
        one._by_author.setdefault(author, SpokenText()).add(text, final=True)
    assert one.said_by == {"a": "One.", "c": "Three."}


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
    one._marks = [(0.0, 4), (1000.0, 20)]
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


def test_a_cell_shows_all_of_it_in_order():
    one = turn(
        user_text="Roll & tell",
        agent_text="A four, I think.",
        heard_text="A four,",
        interrupted=True,
        error="The line <broke>.",
        sound=lambda _: Clip(bytes(4), 16_000),
        sources=[{"title": "Dice", "uri": "http://dice"}, {"title": "x<y", "uri": "file:///y"}],
        tool_calls=[
            ToolCall("c", "roll", {"sides": 6, "name": "<d>"}, result={"n": 4}, output="o" * 3000),
            ToolCall("d", "fail", None, error="e" * 600),
        ],
    )
    link = '<a href="http://dice" target="_blank" rel="noopener noreferrer">Dice</a>'
    table = rows(one)
    assert table[:-1] == [
        ("You", "Roll &amp; tell"),
        ("Tool", "<code>roll(sides=6, name=&#x27;&lt;d&gt;&#x27;)</code> → {&quot;n&quot;: 4}"),
        ("Printed", f"<pre>{'o' * 2000}</pre>"),
        ("Tool", f"<code>fail()</code> → {'e' * 500}"),
        ("dice", "A four, I think. <em>(interrupted; heard: A four,)</em>"),
        ("Sources", f"{link}, x&lt;y"),
        ("Error", "The line &lt;broke&gt;."),
    ]
    assert table[-1][0] == "Audio"
    assert "<audio" in table[-1][1]
    assert "<caption>Turn 3</caption>" in one._repr_html_()


def test_a_cell_shows_nothing_that_is_not_there():
    one = turn(agent_text="Hm.", interrupted=True)
    assert rows(one) == [("You", ""), ("dice", "Hm. <em>(interrupted; heard: nothing)</em>")]
    assert rows(turn(user_text="hi")) == [("You", "hi"), ("dice", "")]
