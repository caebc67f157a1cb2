"""The agent of the instances: it answers with all that it knows the user to have said."""

from __future__ import annotations

import asyncio
import contextlib
import os

from google.adk.agents import Agent
from scripted import DONE, Connection, Scripted, said, text_of

SLOW_S = float(os.environ.get("SLOW_S", "0"))


class Remembering(Connection):
    """Knows what was said before it was connected, by the history that ADK sends it."""

    def __init__(self, model):
        super().__init__(model)
        self._heard = []

    async def send_history(self, history):
        self._heard = [
            part.text
            for content in history
            for part in content.parts
            if content.role == "user" and part.text
        ]

    async def send_content(self, content):
        text = text_of(content)
        if text is None:
            return
        self._heard.append(text)
        known = f"so far {', '.join(self._heard)}."
        steps = [said("You said "), SLOW_S, said(f"You said {known}", finished=True), DONE]
        task = asyncio.create_task(self._play(steps))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class Model(Scripted):
    @contextlib.asynccontextmanager
    async def connect(self, llm_request):
        connection = Remembering(self)
        try:
            yield connection
        finally:
            await connection.close()


agent = Agent(name="remembering", model=Model(lambda _came: []))
