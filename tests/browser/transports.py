"""What every way to the kernel must carry: a spoken turn, an interruption and a swap."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from driver import SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from driver import Widget

AGENT = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from google.adk.agents import Agent
from google.genai import types
from scripted import DONE, Scripted, audio, heard, said, text_of
import adk_nb

frames = 0

def answer(came):
    global frames
    text = text_of(came)
    if isinstance(came, types.Blob):
        frames += 1
        if frames % 100:
            return []
        return [heard("What time is it?", finished=True), audio(1500), said("It is noon."), DONE]
    if text is None:
        return []
    if text == "long":
        return [said("This takes long."), audio(20_000), DONE]
    return [audio(300), said(f"You said {{text}}."), DONE]

def make(name):
    return Agent(name=name, model=Scripted(answer))
"""


def carries_a_conversation(widget: Widget, swap: Callable[[], None]) -> None:
    """Speaks, cuts in and swaps, in a widget of `AGENT` that is ready.

    Args:
        widget: The widget.
        swap: Makes another agent, named other, answer.
    """
    widget.tap()
    widget.part("mic").click()
    widget.wait_for_entry("user", "What time is it")
    widget.wait_for_entry("agent", "It is noon")
    widget.wait_for_state("speaking")
    _until(widget, lambda: widget.loud)
    widget.part("mic").click()
    widget.wait_for_state("ready")

    widget.note_interruption()
    widget.type("long")
    widget.wait_for_state("speaking")
    _until(widget, lambda: (widget.look("(root, adkNb) => adkNb.playback.at(-1)?.turn") or 0) >= 2)
    widget.part("interrupt").click()
    _until(widget, lambda: widget.look("root => root.cutAt.length"))
    cut_at = widget.look("root => root.cutAt[0]")
    widget.page.wait_for_timeout(200)
    assert widget.sounded_after(cut_at) < 0.1
    widget.wait_for_state("ready")

    swap()
    widget.root.get_by_text("other", exact=True).first.wait_for()
    widget.type("hello")
    widget.wait_for_entry("agent", "You said hello")
    widget.wait_for_state("ready")
    assert widget.look("(root, adkNb) => adkNb.framesDropped") == 0


def _until(widget: Widget, holds: Callable[[], object]) -> None:
    for _ in range(int(SECONDS * 20)):
        if holds():
            return
        widget.page.wait_for_timeout(50)
    raise AssertionError(f"it did not come within {SECONDS} s")
