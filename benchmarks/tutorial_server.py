"""The server that ADK's streaming tutorial describes, to be measured beside ours; with an echo.

A FastAPI application: each WebSocket has a runner of its own with its sessions in memory, and two
tasks, one a way. Messages are JSON with a MIME type and data, audio in base64.
"""

import asyncio
import base64
import contextlib
import json

from echo_model import Echo
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from google.adk.agents import Agent
from google.adk.agents.live_request_queue import LiveRequestQueue
from google.adk.agents.run_config import RunConfig
from google.adk.runners import InMemoryRunner
from google.genai import types

app = FastAPI()
agent = Agent(name="echo", model=Echo())


async def to_client(websocket, events):
    async for event in events:
        if event.turn_complete or event.interrupted:
            state = {"turn_complete": event.turn_complete, "interrupted": event.interrupted}
            await websocket.send_text(json.dumps(state))
            continue
        part = event.content and event.content.parts and event.content.parts[0]
        if not part:
            continue
        blob = part.inline_data
        if blob and blob.mime_type.startswith("audio/pcm"):
            data = base64.b64encode(blob.data).decode("ascii")
            await websocket.send_text(json.dumps({"mime_type": "audio/pcm", "data": data}))
        elif part.text and event.partial:
            await websocket.send_text(json.dumps({"mime_type": "text/plain", "data": part.text}))


async def to_agent(websocket, queue):
    while True:
        message = json.loads(await websocket.receive_text())
        kind, data = message["mime_type"], message["data"]
        if kind == "text/plain":
            content = types.Content(role="user", parts=[types.Part.from_text(text=data)])
            queue.send_content(content)
        else:
            queue.send_realtime(types.Blob(data=base64.b64decode(data), mime_type=kind))


@app.websocket("/ws/{user_id}")
async def conversation(websocket: WebSocket, user_id: int, is_audio: str):
    await websocket.accept()
    runner = InMemoryRunner(app_name="tutorial", agent=agent)
    session = await runner.session_service.create_session(app_name="tutorial", user_id=str(user_id))
    queue = LiveRequestQueue()
    modality = types.Modality.AUDIO if is_audio == "true" else types.Modality.TEXT
    events = runner.run_live(
        user_id=str(user_id),
        session_id=session.id,
        live_request_queue=queue,
        run_config=RunConfig(response_modalities=[modality]),
    )
    ways = [
        asyncio.create_task(to_client(websocket, events)),
        asyncio.create_task(to_agent(websocket, queue)),
    ]
    await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    queue.close()
    for way in ways:
        way.cancel()
        with contextlib.suppress(asyncio.CancelledError, WebSocketDisconnect, RuntimeError):
            await way
