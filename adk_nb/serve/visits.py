"""The sessions of a server: one for each visitor, kept for a while when its page is gone."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from adk_nb.bridge_thread import BridgeLoop
from adk_nb.exceptions import AgentError, BusyError
from adk_nb.serve.agents import of_session
from adk_nb.serve.passes import Pass
from adk_nb.serve.tutorial_page import TutorialPage
from adk_nb.serve.visitors import MODEL_TOLD, for_visitors
from adk_nb.session import LiveSession
from adk_nb.wire import protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from adk_nb.serve.agents import Agents
    from adk_nb.serve.lines import AsgiLine
    from adk_nb.serve.metrics import Metrics
    from adk_nb.serve.passes import Passes
    from adk_nb.serve.store import Key, Store
    from adk_nb.wire.page_hub import Page

logger = logging.getLogger(__name__)

KEEP_S = 60.0
"""How long a session waits for its page to come back (s)."""
ARRIVE_S = 15.0
"""How long it waits for it to come at all (s): who only opens sessions shall not fill a server."""
CLOSE_RESTARTING = 1012
"""Closes connections of a server that is about to end: the conversation goes on at another."""
SETTLE_S = 5.0
"""How long what is not written yet may take as the server ends (s)."""
_SWEEP_S = 1.0
_POLL_S = 0.1


@dataclass(eq=False)
class Visit:
    """A visitor's session.

    Attributes:
        session: The session.
        key: The app, user and id of its conversation.
        pages: Its connections, and what the session knows each by.
        left_at: When the last of them ended (monotonic, s).
        reached: Whether it has had a connection.
        draining: Whether no more is typed in it, as the server is about to end.
        leaving: Whether nothing more is read of its clients, as the server is about to end.
    """

    session: LiveSession
    key: Key
    pages: dict[AsgiLine, Page] = field(default_factory=dict)
    left_at: float = field(default_factory=time.monotonic)
    reached: bool = False
    draining: bool = False
    leaving: bool = False

    @property
    def is_left(self) -> bool:
        """Whether its page has been gone, or awaited, for too long."""
        keep_s = KEEP_S if self.reached else ARRIVE_S
        return not self.pages and time.monotonic() - self.left_at > keep_s

    @property
    def speaks(self) -> bool:
        """Whether a turn is under way, or sounds, that somebody looks at."""
        turns = self.session.turns
        under_way = bool(turns and not turns[-1].ended) or self.session.status == "speaking"
        return bool(self.pages) and under_way


class Visits:
    """Opens and closes the sessions of a server; its methods run on the server's loop.

    Args:
        agent: The agent or App, or a function that makes one for each session.
        options: The options of each session.
        most: How many sessions there may be at once.
        metrics: Counts what happens in them.
        passes: Lets pages come back to their sessions.
        store: Where conversations are kept; None if they end with the process.

    Attributes:
        draining: Whether no more sessions are taken, as the server is about to end.
    """

    def __init__(  # noqa: PLR0913 - what a server is made of
        self,
        agent: Agents,
        options: Mapping[str, Any],
        *,
        most: int,
        metrics: Metrics,
        passes: Passes,
        store: Store | None,
    ) -> None:
        self._agent, self._options = agent, options
        self._most, self._metrics = most, metrics
        self._passes, self._store = passes, store
        self._all: set[Visit] = set()
        # The visits of pages, which come back by a pass.
        self._of_pages: dict[Pass, Visit] = {}
        # Several connections of a page that comes back open one session.
        self._returning: dict[Pass, asyncio.Task[Visit]] = {}
        # Sessions that are being opened count too.
        self._opening = 0
        self._sweeper: asyncio.Task[None] | None = None
        self._bridge: BridgeLoop | None = None
        self.draining = False

    def __len__(self) -> int:
        return len(self._all) + self._opening

    @property
    def kept(self) -> bool:
        """Whether conversations are in a store, so that they go on at another instance."""
        return self._store is not None

    @property
    def why_not(self) -> str:
        """Why no session can be opened; empty if one can be."""
        if self.draining:
            return "The server is about to end."
        return f"All {self._most} sessions are taken." if len(self) >= self._most else ""

    @property
    def bridge(self) -> BridgeLoop:
        """The bridge thread, held until the server ends: the store's connections live on it."""
        if self._bridge is None or not self._bridge.alive:
            self._bridge = BridgeLoop.acquire()
        return self._bridge

    # Opening.

    async def open(self, **options: Any) -> Visit:
        """Opens a session.

        Raises:
            BusyError: There are too many, or the server is about to end.
            AdkNbError: It cannot be opened.
        """
        _ = self.bridge
        if self.why_not:
            raise BusyError(self.why_not, remedy="Try again in a while.")
        self._opening += 1
        try:
            session = await asyncio.to_thread(self._opened, options)
        finally:
            self._opening -= 1
        histories = session.all_histories
        visit = Visit(session, (histories.app_name, histories.user_id, session.id))
        self._all.add(visit)
        if self._sweeper is None:
            self._sweeper = asyncio.create_task(self._sweep())
        return visit

    def _opened(self, options: Mapping[str, Any]) -> LiveSession:
        try:
            agent, given = of_session(self._agent, {**self._options, **options})
        except AgentError as error:  # Visitors are not told why.
            logger.exception("The agent cannot be made: %s.", type(error.__cause__).__name__)
            raise
        session = LiveSession(agent, **given)
        session.receive_visitors(for_visitors, MODEL_TOLD)
        self._metrics.follow(session)
        return session.start()

    async def open_for_page(self, shown: str = "") -> tuple[Visit, str]:
        """Opens a session for a page, or finds that of a page that comes back.

        Args:
            shown: The pass that the page has; empty for none.

        Returns:
            The session, and a new pass for it.

        Raises:
            AdkNbError: As for `open`.
        """
        visit = await self.find(shown) if shown else None
        if visit is not None:
            return visit, await self._pass(visit, shown)
        session_id = secrets.token_hex(16)
        user = str(self._options.get("user_id") or f"visitor-{secrets.token_hex(8)}")
        visit = await self.open(user_id=user, session_id=session_id)
        who = Pass(user, session_id)
        self._of_pages[who] = visit
        return visit, await self._pass(visit)

    async def _pass(self, visit: Visit, shown: str = "") -> str:
        _, user, session = visit.key
        made = self._passes.renewed(shown, Pass(user, session))
        # In a thread, as that takes long. Without its signature nobody can use a pass.
        await asyncio.to_thread(visit.session.log.keep_secret, made.partition(".")[2])
        return made

    async def find(self, shown: str) -> Visit | None:
        """Returns the session of a page's pass; None if there is none.

        A conversation that is not here, as its instance is gone, is opened from the store.

        Raises:
            AdkNbError: It cannot be opened.
        """
        who = self._passes.read(shown)
        if who is None:
            return None
        here = self._of_pages.get(who)
        if here is not None and not await self._is_elsewhere(here):
            return here
        if self._store is None:
            return None
        returning = self._returning.get(who)
        if returning is None:
            returning = self._returning[who] = asyncio.create_task(self._return(who, here))
            returning.add_done_callback(lambda _: self._returning.pop(who, None))
        return await asyncio.shield(returning)

    async def _is_elsewhere(self, visit: Visit) -> bool:
        """Returns whether a page that comes back has spoken with another instance meanwhile."""
        if self._store is None or visit.pages:
            return False
        return await self.bridge.call_async(self._store.has_more(visit.key))

    async def _return(self, who: Pass, stale: Visit | None) -> Visit:
        if stale is not None:
            await self.close(stale)
        visit = await self.open(user_id=who.user, session_id=who.session)
        self._of_pages[who] = visit
        return visit

    # Closing.

    @contextlib.contextmanager
    def connected(self, visit: Visit, line: AsgiLine, page: Page) -> Iterator[None]:
        """Keeps a visit while one of its connections is open."""
        visit.pages[line] = page
        visit.reached = True
        try:
            yield
        finally:
            visit.pages.pop(line, None)
            visit.left_at = time.monotonic()

    async def close(self, visit: Visit) -> None:
        """Closes a session."""
        if visit not in self._all:
            return
        self._all.discard(visit)
        _, user, session = visit.key
        if self._of_pages.get(Pass(user, session)) is visit:
            del self._of_pages[Pass(user, session)]
        await asyncio.to_thread(visit.session.close)
        if self._store is not None:
            self.bridge.loop.call_soon_threadsafe(self._store.forget, visit.key)

    async def _sweep(self) -> None:
        while self._all:
            await asyncio.sleep(_SWEEP_S)
            for visit in list(self._all):
                if visit.is_left or visit.session.status == "closed":
                    await self.close(visit)
        self._sweeper = None

    async def drain(self, limit_s: float) -> None:
        """Takes no more sessions, and closes each as soon as no turn is under way in it.

        Args:
            limit_s: How long turns may go on (s).
        """
        self.draining = True
        until = time.monotonic() + limit_s
        await asyncio.gather(*(self._leave(visit, until) for visit in list(self._all)))
        if self._sweeper is not None:
            self._sweeper.cancel()
        await asyncio.to_thread(self._let_go)

    def _let_go(self) -> None:
        bridge, self._bridge = self._bridge, None
        if bridge is None:
            return
        if self._store is not None and bridge.alive:
            left = bridge.call(self._end_store(self._store))
            if left:
                logger.error("The session store is gone: %d events are not written.", left)
        if bridge.alive:
            bridge.call(self._close_plugins())
        bridge.release()

    async def _close_plugins(self) -> None:
        """Closes the plugins of an App, which all sessions share, as ADK's runner does at its end.

        Those of an App that is made for each session are the business of whoever makes it.
        """
        for plugin in getattr(self._agent, "plugins", ()):
            try:
                async with asyncio.timeout(SETTLE_S):
                    await plugin.close()
            except Exception:
                logger.exception("The plugin %r could not be closed.", plugin.name)

    @staticmethod
    async def _end_store(store: Store) -> int:
        left = await store.settle(SETTLE_S)
        await store.close()
        return left

    async def _leave(self, visit: Visit, until: float) -> None:
        await self.bridge.call_async(_last_turn(visit))
        while time.monotonic() < until:
            if not visit.speaks:
                # What was read before may begin a turn yet.
                await self.bridge.call_async(_caught_up())
                if not visit.speaks:
                    break
            await asyncio.sleep(_POLL_S)
        lines = list(visit.pages)
        for line in lines:  # For its page nothing ends: it goes on at another instance.
            await self.bridge.call_async(_detach(visit, line))
        await self.close(visit)
        # Now that all is written, which another instance reads. Without a store what is typed
        # meanwhile would be lost without a word.
        for line in lines:
            line.close(CLOSE_RESTARTING, "the server is about to end")


async def _last_turn(visit: Visit) -> None:
    """Lets no turn begin after the one that is under way."""

    def told(message: protocol.Message) -> None:
        if isinstance(message, protocol.TurnState) and visit.session.turns[-1].ended:
            visit.leaving = True

    visit.draining = True
    visit.session.pages.watch(told)
    visit.leaving = not visit.speaks


async def _detach(visit: Visit, line: AsgiLine) -> None:
    page = visit.pages.get(line)
    if page is None:
        return
    if isinstance(page, TutorialPage) and visit.speaks:  # It asks for no more of the turn.
        page.cut_off()
    visit.session.pages.detach(page)


async def _caught_up() -> None:
    """Runs on the bridge thread after all that was handed over before."""
