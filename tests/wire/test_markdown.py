"""Written answers as HTML."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from google.adk.agents import Agent
from hypothesis import given, strategies as st
from scripted import DONE, Scripted, audio, said, text_of
from sessions import attach

from adk_nb import LiveSession
from adk_nb.log.turn import Status, Turn
from adk_nb.wire import protocol
from adk_nb.wire.markdown import rendered, rendered_messages

LINK = 'target="_blank" rel="noopener noreferrer"'


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**bold** and `x`", "<p><strong>bold</strong> and <code>x</code></p>"),
        ("1. one\n2. two", "<ol>\n<li>one</li>\n<li>two</li>\n</ol>"),
        ("~~no~~", "<p><s>no</s></p>"),
        ("[y](https://a.b)", f'<p><a href="https://a.b" {LINK}>y</a></p>'),
        ("<ada@a.b>", f'<p><a href="mailto:ada@a.b" {LINK}>ada@a.b</a></p>'),
        ("```\na < b\n```", "<pre><code>a &lt; b\n</code></pre>"),
        # What could do anything, or load anything, is text or a link.
        ("*a* <script>x()</script>", "<p><em>a</em> &lt;script&gt;x()&lt;/script&gt;</p>"),
        ("*a* <b onclick=x>", "<p><em>a</em> &lt;b onclick=x&gt;</p>"),
        ("*a* [x](javascript:x)", "<p><em>a</em> [x](javascript:x)</p>"),
        ("*a* [x](data:text/html,x)", "<p><em>a</em> [x](data:text/html,x)</p>"),
        ("*a* [x](/lab)", "<p><em>a</em> [x](/lab)</p>"),
        ("![i](http://x/y.png)", f'<p>!<a href="http://x/y.png" {LINK}>i</a></p>'),
    ],
)
def test_markdown_is_rendered_and_nothing_else(text, html):
    assert rendered(text) == html


@pytest.mark.parametrize("text", ["", "hello", 'a & b "c" <d', "it's 2 * 3", "**not closed"])
def test_plain_text_stays_as_it_is(text):
    assert rendered(text) == ""


def test_what_is_too_long_stays_as_it_was_written():
    assert rendered("**a** " * 10_000) == ""
    assert (
        rendered("[a](http://b) " * 1_400) == ""
    )  # Its HTML would be longer than four times the bound.


@pytest.mark.parametrize(("longer", "stays"), [(0, False), (1, True)])
def test_the_bounds_of_text_and_html(longer, stays):
    text = "*a*" + "b" * (protocol.MAX_SHOWN - 3 + longer)
    assert (rendered(text) == "") is stays
    signs, letters = 15_996, 4 + longer  # Each sign is five characters of HTML.
    html = f"<p><em>{'&amp;' * signs}{'b' * letters}</em></p>"
    assert len(html) == 4 * protocol.MAX_SHOWN + longer
    assert rendered(f"*{'&' * signs}{'b' * letters}*") == ("" if stays else html)


class Piece:
    def __init__(self, number, role, text):
        self.number, self.role, self.text = number, role, text


PIECES = (
    Piece(0, "user", "*write*"), Piece(1, "agent", " **No.** \n"), Piece(2, "agent", "plain"),
    Piece(4, "agent", "_pw_"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "numbers"),
    [
        ({}, [1, 4]),
        ({"audio_ms": 1.0}, []),
        ({"withheld": True}, []),
        ({"status": Status.INTERRUPTED}, []),
        ({"status": None}, []),
    ],
)
def test_the_pieces_of_an_answer_that_was_written_and_came_to_its_end(monkeypatch, facts, numbers):
    turn = Turn(7, "dice", status=Status.COMPLETE)
    monkeypatch.setattr(Turn, "pieces", PIECES)
    for name, value in facts.items():
        setattr(turn, name, value)
    html = {1: "<p><strong>No.</strong></p>", 4: "<p><em>***</em></p>"}
    shown = rendered_messages(turn, lambda text: text.replace("pw", "***"))
    assert shown == [protocol.Rendered(7, number, html[number]) for number in numbers]


TAGS = {
    "p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "strong", "em", "s", "code", "pre",
    "blockquote", "ul", "ol", "li", "a", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip


@given(st.text(alphabet="ab*_`~[]()<>!#|-\n :/\\&\"'1.", max_size=80))
def test_whatever_is_written_only_known_elements_come_of_it(text):
    html = rendered(text)
    assert set(re.findall(r"</?([a-z0-9]+)", html)) <= TAGS
    assert not re.search(r"<[^>]*\s(on\w+|src|style)=", html)


def answers(came):
    if text_of(came) == "speak":
        return [audio(50), said("**No.**", finished=True), DONE]
    return [said("**No.** Key: ab*cd*ef1234567", finished=True), DONE] if text_of(came) else []


def test_an_answer_that_is_written_is_rendered_for_pages_that_are_there_and_that_come(monkeypatch):
    monkeypatch.setenv("THE_API_KEY", "ab*cd*ef1234567")  # Markup would part it.
    agent = Agent(name="tester", model=Scripted(answers))
    with LiveSession(agent) as session:
        page = attach(session)
        session.say("write")
        session.say("speak")
        (shown,) = [one for one in page.messages if isinstance(one, protocol.Rendered)]
        assert shown.turn == 1
        assert shown.html == "<p><strong>No.</strong> Key: [THE_API_KEY]</p>"
        later = [one for one in session.pages.history() if one["type"] == "rendered"]
        assert later == [protocol.as_dict(shown)]


@pytest.mark.long
def test_the_parser_is_imported_where_something_is_written():
    code = "import adk_nb.session, sys; assert 'markdown_it' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
