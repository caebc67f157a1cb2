"""The ASGI application: a page, its WebSocket, the tutorial's WebSocket, health and figures."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocketDisconnect

from adk_nb import served_page
from adk_nb.adk.plugins import uncalled
from adk_nb.exceptions import AdkNbError, AgentError, ProtocolError, RecordingError
from adk_nb.live.histories import checked_app_name
from adk_nb.page_connection import Connection
from adk_nb.serve.agents import checked, plugins_of
from adk_nb.serve.door import Door, origins_of
from adk_nb.serve.health import MODEL_S, STORE_S, Asked, ModelCheck
from adk_nb.serve.lines import AsgiLine
from adk_nb.serve.metrics import Metrics
from adk_nb.serve.passes import Passes
from adk_nb.serve.reading import read
from adk_nb.serve.recordings import RecordingsCheck, writable_folder_of
from adk_nb.serve.services import check_store, opened
from adk_nb.serve.store import Store
from adk_nb.serve.tutorial_page import TutorialPage
from adk_nb.serve.visitors import told_of
from adk_nb.serve.visits import Visits
from adk_nb.wire import protocol, terms

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection

    from starlette.requests import Request
    from starlette.websockets import WebSocket

    from adk_nb.serve.agents import Agents
    from adk_nb.serve.visits import Visit

logger = logging.getLogger(__name__)

_LONGEST_ID = 128
_LONGEST_PASS = 4096
_NAME = re.compile(r"[\w@+-][\w.@+-]*")
"""A user's or session's id as an address may name it."""
_LATER = frozenset({"busy", "sessions_failed", AgentError.code, RecordingError.code})
"""Errors that another instance need not have, or this one in a while."""
_TRY_AGAIN = 1013
_GONE_AFTER = 3
"""Rounds of the loop after which a connection that was refused is gone."""
_REASON = 100
"""Characters of the reason for which a connection is closed."""
_OWN_FILES = {"page/admission.js": "page/visit.js"}
"""Files of the page that others stand in the place of."""


class Server:
    """What the routes of one application share.

    Attributes:
        visits: Its sessions.
        metrics: What it counts.
    """

    def __init__(
        self, door: Door, agent: Agents, options: dict[str, Any], *, most: int, secret: str
    ) -> None:
        self._door = door
        store: Store | None = None
        if options.get("sessions") is not None:
            store = options["sessions"] = Store(options["sessions"])
        self.metrics = Metrics(
            lambda: len(self.visits), lambda: store.waiting if store is not None else 0
        )
        self.visits = Visits(
            agent,
            options,
            most=most,
            metrics=self.metrics,
            passes=Passes(secret),
            store=store,
        )
        self._asked = [Asked(ModelCheck(agent).problem, MODEL_S)]
        if store is not None:
            self._asked.append(Asked(store.problem, STORE_S))
        if options.get("record") is not None:
            self._asked.append(Asked(RecordingsCheck(options["record"]).problem, STORE_S))

    # Pages.

    async def page(self, request: Request) -> Response:
        """Serves the page; a token in its address becomes a cookie."""
        token = request.query_params.get("token", "")
        why = self._door.refusal(request, token)
        if why:
            logger.warning("The page is refused: %s", why)
            return PlainTextResponse(f"{why}\n", 403)
        response = _page_file("")
        if token:
            self._door.remember(request, response)
        return response

    async def file(self, request: Request) -> Response:
        """Serves a file of the page; they hold no secret and are the same for everybody."""
        return _page_file(request.path_params["path"])

    async def open(self, request: Request) -> Response:
        """Opens a session for a visitor, or finds the one of a page that comes back."""
        why = self._door.refusal(request)
        if why:
            return _refused("forbidden", why, 403)
        known = await _shown_pass(request)
        try:
            _, token = await self.visits.open_for_page(known)
        except AdkNbError as error:
            status = 503 if error.code in _LATER else 500
            message, remedy = told_of(error)
            return _refused(error.code, message, status, remedy)
        return JSONResponse({"token": token})

    # WebSockets.

    async def session(self, socket: WebSocket) -> None:
        """Serves the widget's own wire; see `docs/protocol.md`."""
        why = self._door.refusal(socket)
        if why or protocol.SUBPROTOCOL not in socket.scope["subprotocols"]:
            await _deny(socket, why or "Unknown subprotocol.", 403)
            return
        if self.visits.draining:  # A load balancer tries the next instance.
            await _deny(socket, self.visits.why_not, 503)
            return
        await socket.accept(protocol.SUBPROTOCOL)
        visit = await self._greeted(socket)
        if visit is None:
            return
        line = AsgiLine(socket)
        await self._carry(socket, visit, line, Connection(line, visit.session))

    async def _greeted(self, socket: WebSocket) -> Visit | None:
        try:
            async with asyncio.timeout(terms.HELLO_S):
                hello = protocol.decode_message(await socket.receive_text())
        except (TimeoutError, ProtocolError, KeyError):
            hello = None
        except WebSocketDisconnect:
            return None
        if not isinstance(hello, protocol.Hello):
            await socket.close(protocol.CLOSE_BAD_HELLO, "hello expected")
            return None
        try:
            visit = await self.visits.find(hello.token)
        except AdkNbError as error:  # The page tries again in a while.
            await socket.close(_TRY_AGAIN, " ".join(told_of(error))[:_REASON])
            return None
        if visit is None:
            await socket.close(protocol.CLOSE_NO_SESSION, "no such session")
        return visit

    async def tutorial(self, socket: WebSocket) -> None:
        """Serves the tutorial's protocol: one session a connection."""
        query = socket.query_params
        user, session_id = socket.path_params["user_id"], query.get("session_id")
        why = self._door.refusal(socket, query.get("token", ""))
        if why:
            await _deny(socket, why, 403)
            return
        wanted = query.get("is_audio", "false").lower()
        why = _odd_id("user", user) or (_odd_id("session", session_id) if session_id else "")
        if wanted not in ("true", "false"):
            why = "is_audio is true or false."
        if why:
            await _deny(socket, why, 400)
            return
        audio = wanted == "true"
        try:
            visit = await self.visits.open(user_id=user, session_id=session_id, audio=audio)
        except AdkNbError as error:
            await _deny(socket, " ".join(told_of(error)), 503 if error.code in _LATER else 500)
            return
        try:
            await socket.accept()
            line = AsgiLine(socket)
            page = TutorialPage(line, visit.session, audio=audio)
            await self._carry(socket, visit, line, page)
        finally:
            await self.visits.close(visit)

    async def _carry(
        self, socket: WebSocket, visit: Visit, line: AsgiLine, page: Connection | TutorialPage
    ) -> None:
        """Carries frames both ways until either end has gone."""
        session = visit.session
        bridge = await session.bridge_async()

        async def join() -> None:
            page.send(session.pages.attach(page))

        async def leave() -> None:
            session.pages.detach(page)

        with self.visits.connected(visit, line, page):
            await bridge.call_async(join())
            ends = {
                asyncio.create_task(line.pump()),
                asyncio.create_task(read(socket, bridge, visit, page, kept=self.visits.kept)),
            }
            try:
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for end in ends:
                    end.cancel()
                with contextlib.suppress(AdkNbError):  # It was closed meanwhile.
                    await bridge.call_async(leave())

    # Health.

    async def healthz(self, _request: Request) -> Response:
        """Says that the process lives."""
        return PlainTextResponse("ok\n")

    async def readyz(self, _request: Request) -> Response:
        """Says whether a session can be taken."""
        why = self.visits.why_not
        for asked in self._asked:
            why = why or await self.visits.bridge.call_async(asked.problem())
        return PlainTextResponse(f"{why or 'ok'}\n", 503 if why else 200)

    async def figures(self, _request: Request) -> Response:
        """Returns the figures for Prometheus."""
        return Response(self.metrics.text(), media_type="text/plain; version=0.0.4")


async def _shown_pass(request: Request) -> str:
    """Returns the pass in a request's body: what is in an address gets into the logs of proxies."""
    shown = b""
    async for piece in request.stream():
        shown += piece
        if len(shown) > _LONGEST_PASS:
            return ""
    return shown.decode("ascii", "replace")


def _odd_id(whose: str, name: str) -> str:
    """Returns why an address may not name an id; empty if it may."""
    if len(name) > _LONGEST_ID:
        return f"The {whose}'s id has {len(name)} characters; {_LONGEST_ID} at most."
    if not _NAME.fullmatch(name):
        return f"The {whose}'s id has letters, digits and _ . @ + - in it, and no dot first."
    return ""


async def _deny(socket: WebSocket, why: str, status: int) -> None:
    logger.warning("A connection is refused: %s", why)
    if "websocket.http.response" in socket.scope.get("extensions", {}):
        await socket.send_denial_response(PlainTextResponse(f"{why}\n", status))
        # uvicorn takes an application that returns before the connection is gone for a failed one.
        for _ in range(_GONE_AFTER):
            await asyncio.sleep(0)
    else:
        await socket.close(1008, why[:120])


def _refused(code: str, message: str, status: int, remedy: str = "") -> Response:
    logger.warning("A session is refused: %s", message)
    return JSONResponse({"code": code, "message": message, "remedy": remedy}, status)


def _page_file(path: str) -> Response:
    """Returns a file of the page, which gets in otherwise than that of a bridge."""
    file = served_page.files().get(_OWN_FILES.get(path, path))
    if file is None:
        return PlainTextResponse("Not found.\n", 404)
    headers = served_page.HEADERS | {"Content-Type": file.type}
    return Response(file.body, headers=headers)


class Application(Starlette):
    """An ASGI application with which other people speak to an agent."""

    async def drain(self, seconds: float) -> None:
        """Takes no more sessions, and closes each as soon as no turn is under way in it.

        An application in which it is mounted calls it before its server closes connections.

        Args:
            seconds: How long turns may go on (s).
        """
        await self.state.server.visits.drain(seconds)


def app(  # noqa: PLR0913 - the options of a server, all by name
    agent: Agents,
    *,
    token: str = "",
    origins: Collection[str] = (),
    local: bool = True,
    max_sessions: int = 100,
    secret: str = "",
    drain_s: float = 0.0,
    **options: Any,
) -> Application:
    """Returns an ASGI application with which other people speak to an agent.

    It can be mounted in another one. Its `state.server.visits` are the sessions.

    Args:
        agent: The ADK agent or App, or a function that makes one for each session.
        token: What a client must show, as `?token=` in the address; empty for none.
        origins: Pages of other origins that may connect, such as `https://example.org`.
        local: Whether only this machine's own names may be asked for, as by `localhost:8000`.
        max_sessions: How many sessions there may be at once; the next is told `busy`.
        secret: What all instances that share a session store have in common, and nobody else: with
            it a page goes on at another instance. At least 32 characters; empty lets pages come
            back to this process alone.
        drain_s: How long turns may go on as the lifespan ends (s), at a server that keeps
            WebSockets open until then. uvicorn does not: call `drain` before.
        **options: Those of `LiveSession`, such as `sessions`, `record` and `voice`; `artifacts` and
            `memory` may be URIs too.
    """
    for name, kind in (("artifacts", "artifact"), ("memory", "memory")):
        if options.get(name) is not None:
            options[name] = opened(kind, options[name])
    options["record"] = writable_folder_of(options.get("record"))
    check_store(options.get("sessions"))
    if options.get("app_name") is not None:
        checked_app_name(options["app_name"])
    door = Door(token, origins_of(origins), local)
    unheard = uncalled([*plugins_of(agent), *options.get("plugins", ())])
    if unheard is not None:
        logger.warning("%s", unheard)
    server = Server(door, checked(agent), options, most=max_sessions, secret=secret)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await server.visits.drain(drain_s)

    made = Application(
        lifespan=lifespan,
        routes=[
            Route("/", server.page),
            Route("/open", server.open, methods=["POST"]),
            WebSocketRoute("/session", server.session),
            WebSocketRoute("/ws/{user_id:path}", server.tutorial),
            Route("/healthz", server.healthz),
            Route("/readyz", server.readyz),
            Route("/metrics", server.figures),
            Route("/{path:path}", server.file),
        ],
    )
    made.state.server = server
    return made
