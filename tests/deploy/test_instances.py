"""Two instances with one database behind one load balancer: what is lost when a part of it goes."""

from __future__ import annotations

import asyncio
import time

from chromium import FLAGS, chromium_path
from driver import ROOT, Widget, screenshot
from playwright.sync_api import sync_playwright
from processes import wait_for
from visitors import visitors

COUNT = 20
BACK_S = 5
"""How long a conversation may take to go on at the other instance (s)."""


async def everybody(some, text):
    return await asyncio.gather(*(one.say(f"{text} {number}") for number, one in enumerate(some)))


def told(name, **figures):
    print(f"\n{name}: " + ", ".join(f"{key} {value}" for key, value in figures.items()))


def summary(seconds):
    ordered = sorted(seconds)
    return f"{ordered[len(ordered) // 2]:.2f} s (median), {ordered[-1]:.2f} s (longest)"


async def test_an_instance_is_killed(deployment):
    """Each conversation goes on at the other instance, with all that was finished."""
    all_ = deployment()
    first, second = all_.instances
    async with visitors(all_.nginx.url, COUNT) as some:
        await everybody(some, "one")
        await everybody(some, "two")
        moved, stayed = first.sessions(), second.sessions()
        assert moved + stayed == COUNT
        assert moved
        assert stayed
        speaking = [asyncio.create_task(one.say(f"three {at}")) for at, one in enumerate(some)]
        first.kill()
        killed = time.monotonic()
        took = []
        for task in speaking:
            task.add_done_callback(lambda _: took.append(time.monotonic() - killed))
        await asyncio.gather(*speaking)
        answers = await everybody(some, "four")
        for at, (one, answer) in enumerate(zip(some, answers, strict=True)):
            for text in (f"one {at}", f"two {at}", f"three {at}", f"four {at}"):
                assert text in answer  # The model was told all of it.
            if one.reached > 1:
                assert one.knows()[:2] == [f"one {at}", f"two {at}"]
        assert second.sessions() == COUNT
    told("killed", conversations=COUNT, moved=moved, answered_after=summary(took))
    assert max(took) < BACK_S


def test_a_page_in_a_browser_goes_on_at_the_other_instance(deployment):
    """With what was said, by itself and when it is loaded anew, and with each text once."""
    all_ = deployment()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        page = browser.new_page()
        page.goto(all_.nginx.url)
        widget = Widget(page, page.locator(ROOT))
        widget.wait_for_state("ready")
        say(widget, "one", "so far one")
        serving = next(one for one in all_.instances if one.sessions())
        serving.kill()
        killed = time.monotonic()
        widget.wait_for_state("reconnecting")
        widget.wait_for_state("ready")
        back = time.monotonic() - killed
        say(widget, "two", "so far one, two")
        screenshot(page, "served-page-at-the-other-instance")
        page.reload()
        widget.wait_for_state("ready")
        say(widget, "three", "so far one, two, three")
        browser.close()
    told("a page in a browser", back_after=f"{back:.2f} s")
    assert back < BACK_S


def say(widget, text, answer):
    widget.type(text)
    widget.wait_for_entry("agent", answer)
    said = [entry.splitlines()[-1] for entry in widget.entries("user")]
    assert (said[-1], said.count(text)) == (text, 1)


async def test_a_rolling_restart_cuts_no_turn(deployment):
    all_ = deployment(SLOW_S="0.5")
    async with visitors(all_.nginx.url, COUNT) as some:
        going = True

        async def speak(one, number):
            for said in range(10_000):
                if not going:
                    return
                await one.say(f"text {number} {said}")

        speaking = [asyncio.create_task(speak(one, at)) for at, one in enumerate(some)]
        ends = []
        for instance in all_.instances:
            await asyncio.sleep(2)  # Everybody is in the middle of something.
            ends.append(await asyncio.to_thread(instance.end))
            await asyncio.to_thread(instance.start)
        await asyncio.sleep(2)
        going = False
        await asyncio.gather(*speaking)
        answers = await everybody(some, "last")
        for one, answer in zip(some, answers, strict=True):
            for text in one.finished:
                assert text in answer
        turns = sum(len(one.finished) for one in some)
        moves = sum(one.reached - 1 for one in some)
        told("restarted", turns=turns, moves=moves, drained_in=summary(ends))
        assert [one.cut for one in some] == [[]] * COUNT
        assert moves >= COUNT


async def test_the_database_stops_and_comes_back(deployment):
    all_ = deployment()
    async with visitors(all_.nginx.url, COUNT) as some:
        await everybody(some, "one")
        await asyncio.to_thread(all_.postgres.stop)
        stopped = time.monotonic()
        for instance in all_.instances:
            await asyncio.to_thread(
                wait_for, lambda one=instance: one.status("readyz") == 503, "readyz"
            )
            assert instance.status("healthz") == 200
        noticed = time.monotonic() - stopped
        began = time.monotonic()
        await everybody(some, "two")
        answered = time.monotonic() - began
        await asyncio.to_thread(all_.postgres.start)
        back = time.monotonic()
        for instance in all_.instances:
            await asyncio.to_thread(wait_for, instance.ready, "readyz")
        recovered = time.monotonic() - back
        await asyncio.to_thread(
            wait_for, lambda: all_.logs().count("all is written") == 2, "the writing"
        )
        written = time.monotonic() - back
        await everybody(some, "three")
        # All of it is in the database: the other instance knows it.
        all_.instances[0].kill()
        answers = await everybody(some, "four")
        for at, answer in enumerate(answers):
            for text in (f"one {at}", f"two {at}", f"three {at}", f"four {at}"):
                assert text in answer
    told(
        "database stopped",
        noticed_after=f"{noticed:.2f} s",
        answers_without=f"{answered:.2f} s",
        ready_after=f"{recovered:.2f} s",
        written_after=f"{written:.2f} s",
    )
