"""Sessions as tests drive them: pages that keep what they get, calls on the bridge thread."""

from __future__ import annotations

import time

from google.adk.agents import Agent
from scripted import Scripted

from adk_nb.wire import protocol


class Page:
    """A page that keeps what it gets."""

    def __init__(self):
        self.messages = []
        self.audio = []

    def send(self, message):
        self.messages.append(message)

    def send_audio(self, turn, rate, pcm):
        self.audio.append((turn, rate, pcm))

    def states(self):
        return [m.state for m in self.messages if isinstance(m, protocol.State)]

    def errors(self):
        return [m for m in self.messages if isinstance(m, protocol.Failure)]


def agent(answer, *tools, refusals=(), **options) -> Agent:
    return Agent(name="tester", model=Scripted(answer, refusals), tools=list(tools), **options)


def enter(pages, *some):
    """Pages come to a hub, one after the other: the first of them plays."""
    for page in some:
        pages.add(page)
        pages.welcomed(page)


def attach(session) -> Page:
    page = Page()

    async def attached():
        session.pages.attach(page)

    session.bridge.call(attached())
    return page


def do(session, function, *args):
    """Calls a method of the session where pages call it: on the bridge thread."""

    async def called():
        return function(*args)

    return session.bridge.call(called())


def wait_for(condition, seconds=60):
    """Waits until something holds; how long that may take is of no interest."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.01)


def kinds(session):
    return [row.kind for row in session.log]
