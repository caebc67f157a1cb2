"""What stands in the place of ADK's runner, and of the services that it is made of."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import ClassVar

from google.adk.agents.run_config import RunConfig

from adk_nb.adk.session_context import SESSION

HISTORIES = SimpleNamespace(
    app_name="talks",
    sessions="sessions",
    artifacts="artifacts",
    memory="memory",
    user_id="ann",
    current=SimpleNamespace(id="monday"),
)


def configure(model):
    """Makes a configuration that tells which model it is for."""
    return RunConfig(custom_metadata={"for": type(model).__name__})


class PlayedRunner:
    """Keeps what it is asked for, yields two events, and stays for a while."""

    made: ClassVar[list[PlayedRunner]] = []
    stays_s: ClassVar[float] = 1000

    def __init__(self, **options):
        self.options, self.asked, self.closed = options, {}, False
        self.made.append(self)

    async def run_live(self, **asked):
        self.asked, self.knows = asked, SESSION.get()
        try:
            for event in ("first", "second"):
                yield event
            await asyncio.sleep(self.stays_s)
        finally:
            self.closed = True
