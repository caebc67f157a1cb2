"""What the screen says was heard, against the samples at the end of the audio graph."""

from __future__ import annotations

import pytest
from google.adk.agents import Agent
from scripted import DONE, Scripted, audio, said, text_of

import adk_nb

pytestmark = pytest.mark.browser

WORD_MS = 250
WORDS = [f"word{n}" for n in range(40)]
DENSE = "今天天气很好我们去公园散步吧然后一起吃饭"


def tell(came):
    if text_of(came) is None:
        return []
    spoken = DENSE if text_of(came) == "dense" else [f"{word} " for word in WORDS]
    return [one for word in spoken for one in (audio(WORD_MS), said(word))] + [DONE]


@pytest.fixture
def widget(show):
    widget = show(adk_nb.talk(Agent(name="teller", model=Scripted(tell))))
    widget.wait_for_state("ready")
    widget.tap()
    return widget


def parts(widget, name):
    return widget.root.locator(f'[data-role="agent"] [data-adk-nb="{name}"]').all_inner_texts()


def test_the_words_that_sounded_are_plain_and_the_rest_is_struck_through(widget, show):
    widget.type("tell")
    widget.wait_for_played(2000)
    (coming,) = parts(widget, "coming")
    assert coming.split()[-1] == WORDS[-1]
    widget.part("interrupt").click()
    widget.root.locator('[data-adk-nb="unheard"]').wait_for()
    assert parts(widget, "coming") == []
    (unheard,) = parts(widget, "unheard")
    turn = widget.live.turns[0]
    assert f"{turn.heard_text} {unheard}" == turn.agent_text  # The frame has the same.
    assert widget.live.turns_df().heard_text[0] == turn.heard_text

    # The samples that sounded tell the word, to within one.
    sounded_ms = len(widget.loud) * 128_000 / widget.look("(r, adkNb) => adkNb.context.sampleRate")
    assert abs(WORDS.index(unheard.split()[0]) - int(sounded_ms / WORD_MS)) <= 1
    heard = widget.root.locator('[data-adk-nb="heard"]').inner_text()
    assert heard == f"heard {turn.heard_ms / 1000:.1f} of 10.0 s"

    # A page that comes later shows the same.
    later = show.other_page(widget.live)
    later.wait_for_state("ready")
    assert parts(later, "unheard") == [unheard]


def test_a_cell_that_interrupts_knows_at_once_what_was_heard(widget):
    widget.type("tell")
    widget.wait_for_played(2000)
    widget.live.interrupt()
    turn = widget.live.turns[0]
    assert turn.flushed
    assert turn.heard_text == " ".join(WORDS[: len(turn.heard_text.split())])
    assert abs(len(turn.heard_text.split()) - int(turn.heard_ms / WORD_MS)) <= 1


def test_of_a_language_without_spaces_too(widget):
    widget.type("dense")
    widget.wait_for_played(1200)
    widget.part("interrupt").click()
    widget.root.locator('[data-adk-nb="unheard"]').wait_for()
    (unheard,) = parts(widget, "unheard")
    turn = widget.live.turns[0]
    assert turn.heard_text + unheard == turn.agent_text == DENSE
    sounded_ms = len(widget.loud) * 128_000 / widget.look("(r, adkNb) => adkNb.context.sampleRate")
    assert abs(len(turn.heard_text) - int(sounded_ms / WORD_MS)) <= 1


def test_while_it_speaks_the_words_follow_the_samples(widget):
    widget.type("tell")
    widget.wait_for_played(1000)
    seen = widget.look(
        """async (root, adkNb) => {
          const seen = [], {sampleRate} = adkNb.context;
          for (let look = 0; look < 20; look++) {
            await new Promise((resolve) => setTimeout(resolve, 70));
            const coming = root.querySelector('[data-adk-nb="coming"]');
            if (coming) seen.push([coming.textContent, root.tapped.length * 128000 / sampleRate]);
          }
          return seen;
        }"""
    )
    assert len(seen) > 10
    off = sorted(abs(WORDS.index(text.split()[0]) - ms / WORD_MS) for text, ms in seen)
    assert off[len(off) // 2] <= 1.0
    widget.part("interrupt").click()


def test_the_interrupted_turn_is_found_and_heard_again_in_two_clicks(widget):
    widget.type("tell")
    widget.wait_for_played(1000)
    widget.part("interrupt").click()
    widget.root.locator('[data-adk-nb="unheard"]').wait_for()
    heard_ms = widget.live.turns[0].heard_ms
    widget.look("root => { root.tapped.length = 0; }")
    play = widget.root.get_by_role("button", name="Play turn 1")
    play.click()
    widget.root.get_by_role("button", name="Stop turn 1").wait_for()
    play.wait_for()  # It is over.
    rate = widget.look("(root, adkNb) => adkNb.context.sampleRate")
    assert len(widget.loud) * 128_000 / rate == pytest.approx(heard_ms, abs=30)

    play.click()
    widget.root.get_by_role("button", name="Stop turn 1").click()
    play.wait_for()
    play.click()
    widget.type("dense")  # The agent speaks: it stops by itself.
    widget.wait_for_played(300)
    play.wait_for()
    play.click()  # Nothing is played over it.
    assert widget.root.get_by_role("button", name="Stop turn 1").count() == 0
