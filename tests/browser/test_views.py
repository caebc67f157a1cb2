"""Several views of one widget, views that go and come, several open microphones: in a browser."""

from __future__ import annotations

import pytest
from driver import screenshot
from google.adk.agents import Agent
from scripted import DONE, Scripted, audio, echo, said, text_of

import adk_nb
from adk_nb.live import session_pages

pytestmark = pytest.mark.browser

STORY = "One two three four five six seven eight nine ten."
MS = 8000


def story(came):
    """Tells a story that comes at once, long before it has sounded."""
    return [said(STORY), audio(MS), DONE] if text_of(came) else []


def make(name="guide"):
    return Agent(name=name, model=Scripted(story))


def ready(widget):
    widget.wait_for_state("ready")
    widget.part("transcript").click()  # Browsers play after a gesture only.
    return widget


def playback(live):
    """The playback rows of the log: kinds and ms."""
    found = [row for row in live.session.log if row.kind.startswith("playback")]
    return [(row.kind.removeprefix("playback_"), round(row.audio_ms)) for row in found]


def sounds(widget, ms):
    """Waits until this view's player has come so far."""
    widget.until(lambda: (widget.look("(_, adkNb) => adkNb?.playback.at(-1)?.played_ms ?? 0")) > ms)


def test_of_two_views_one_plays_and_the_other_can_take_it_in_the_middle(show):
    first = ready(show(adk_nb.talk(make())))
    second = show.other_page(first.live)
    second.part("places").get_by_text("The sound is in another view").wait_for()
    first.live.say("tell")
    sounds(first, 1000)
    second.wait_for_state("speaking")
    assert second.look("(_, adkNb) => adkNb.context") is None
    screenshot(second.page, "two-views-light")
    second.page.emulate_media(color_scheme="dark")
    screenshot(second.page, "two-views-dark")
    second.part("hear-here").click()
    first.part("places").get_by_text("The sound is in another view").wait_for()
    sounds(second, 3000)
    before = first.look("(_, adkNb) => adkNb.playback.length")
    second.until(lambda: playback(first.live)[-1] == ("drained", MS))
    assert first.look("(_, adkNb) => adkNb.playback.length") == before
    (_, _), (moved, to), (again, since), *_ = playback(first.live)
    assert [kind for kind, _ in playback(first.live)] == ["started", "moved", "started", "drained"]
    assert (moved, again, to) == ("moved", "started", since)
    assert 1000 < since < MS
    assert second.look("(_, adkNb) => adkNb.samplesPlayed") < (MS - since) / 1000 * 48_000 * 1.05
    assert first.live.turns[0].heard_text == STORY


def test_a_view_that_goes_is_followed_by_the_next_from_where_it_was(show):
    widget = ready(show(adk_nb.talk(make())))
    widget.live.say("tell")
    sounds(widget, 1000)
    widget.host_page.hide(widget)
    again = widget.host_page.show(widget.live)
    sounds(again, 2000)
    (_, _), (moved, to), (started, since), *_ = playback(widget.live)
    assert (moved, started, to) == ("moved", "started", since)
    assert 1000 < since < MS
    again.until(lambda: playback(widget.live)[-1] == ("drained", MS))
    turn = widget.live.turns[0]
    assert (turn.heard_text, turn.interrupted) == (STORY, False)


def test_where_no_view_comes_the_turn_says_what_sounded(show, monkeypatch):
    monkeypatch.setattr(session_pages, "_AWAY_S", 0.5)
    widget = ready(show(adk_nb.talk(make())))
    widget.live.say("tell")
    sounds(widget, 1500)
    widget.host_page.hide(widget)
    turn = widget.live.turns[0]
    widget.until(lambda: turn.flushed)
    assert turn.interrupted
    assert 1500 < turn.heard_ms < MS
    assert STORY.startswith(turn.heard_text)
    assert turn.heard_text != STORY


def test_the_newer_of_two_open_microphones_takes_it_unless_it_is_shared(show):
    older, newer = ready(show(adk_nb.talk(make("older")))), ready(show(adk_nb.talk(make("newer"))))
    shared = ready(show(adk_nb.talk(make("shared"), shared_microphone=True)))
    open_one = "(_, adkNb) => adkNb.microphone"
    for widget in (older, shared):
        widget.part("mic").click()
        widget.until(lambda widget=widget: widget.look(open_one))
    newer.part("mic").click()
    older.part("places").get_by_text("Another widget has taken the microphone").wait_for()
    assert [one.look(open_one) for one in (older, newer, shared)] == [False, True, True]
    older.until(lambda: older.kinds[-1] == "mic_off")
    screenshot(older.page, "microphone-taken-light")
    older.part("speak-here").click()
    newer.part("places").get_by_text("Another widget has taken the microphone").wait_for()
    assert older.look(open_one)
    assert older.part("places").is_hidden()


def test_an_open_microphone_in_a_hidden_output_shows_itself_and_can_be_switched_off(show):
    widget = ready(show(adk_nb.talk(make())))
    widget.part("mic").click()
    widget.until(lambda: widget.look("(_, adkNb) => adkNb.microphone"))
    hide = "root.closest('section').style.display ="
    widget.look(f"(root) => {{ {hide} 'none'; }}")
    mark = widget.page.locator("[data-adk-nb=away]")
    mark.get_by_text("guide hears you").wait_for()
    for scheme in ("light", "dark"):
        widget.page.emulate_media(color_scheme=scheme)
        screenshot(widget.page, f"hidden-microphone-{scheme}")
    widget.look(f"(root) => {{ {hide} ''; }}")
    mark.wait_for(state="detached")
    widget.look(f"(root) => {{ {hide} 'none'; }}")
    mark.get_by_role("button").click()
    mark.wait_for(state="detached")
    widget.until(lambda: widget.kinds[-1] == "mic_off")


def test_where_it_is_narrow_nothing_is_cut_off_and_the_placeholder_is_one_line(show):
    """A window of 1000 px at 200 % is one of 500 px."""
    widget = show(adk_nb.talk(Agent(name="teller", model=Scripted(echo))))
    widget.wait_for_state("ready")
    text = widget.part("text")
    assert text.get_attribute("placeholder") == "Speak, or type a message"
    for width in (400, 500, 600):
        widget.page.set_viewport_size({"width": width, "height": 450})
        text.fill("")
        empty = text.bounding_box()["height"]
        text.fill("a")
        assert empty == text.bounding_box()["height"]
        root = widget.root.bounding_box()
        boxes = [one.bounding_box() for one in widget.root.get_by_role("button").all()]
        for box in filter(None, boxes):
            assert root["x"] <= box["x"]
            assert box["x"] + box["width"] <= root["x"] + root["width"]
    widget.part("send").click()
    widget.wait_for_entry("agent", "You said a")
