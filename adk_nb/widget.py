"""`LiveWidget`, the widget under a cell, and `talk`, which makes one."""

from __future__ import annotations

import asyncio
import functools
import logging
import threading
import time
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Unpack, get_args

import anywidget
import traitlets

from adk_nb import bridge_file, ended_widget, front_end, observers
from adk_nb.adk.agents import model_name, tool_names
from adk_nb.adk.user_errors import describe
from adk_nb.cells import (
    MadeByCells,
    deleted_cells,
    hear_beside_cells,
    is_named,
    tell_what_waits,
)
from adk_nb.comm_line import CommPages
from adk_nb.conversation import Conversation
from adk_nb.exceptions import AdkNbError
from adk_nb.failing import Failing
from adk_nb.options import check_choice, checked
from adk_nb.own_page import page_link
from adk_nb.saved_output import Bundle, Heading, Outputs, ended, under_way
from adk_nb.server import Bridge
from adk_nb.session import LiveSession
from adk_nb.wire import protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from google.adk.agents import BaseAgent

    from adk_nb.options import SessionOptions

logger = logging.getLogger(__name__)

Transport = Literal["websocket", "relay", "comm"]
"""A way from a page to the kernel."""

UNSHOWN_S = 180.0
"""How long a widget that nothing holds may be shown by no page before it closes itself (s)."""
_LOOK_S = 5.0
"""How often that is looked at (s)."""


class LiveWidget(Conversation, observers.Observed, anywidget.AnyWidget):
    """The widget of a `LiveSession`: microphone, text box and transcript.

    Make one with `talk`. It has the methods of `Conversation`, such as `say` and `turns_df`.

    Attributes:
        session: The `LiveSession` behind it.
        status: What the session does: `connecting`, `ready`, `listening`, `thinking`, `speaking`,
            `writing`, `reconnecting` or `closed`.
        error: The newest error as `{code, message, remedy}`; empty if there was none.
        agent_name: The name of the current agent.
        model_name: The name of its model.
        tool_names: The names of its tools.
    """

    # As text: anywidget follows a file with a connection that would keep every widget alive.
    _esm = front_end.entry()
    _css = front_end.entry_styles()

    status = observers.Unicode("connecting", read_only=True).tag(sync=True)
    error = observers.Dict(read_only=True).tag(sync=True)
    agent_name = observers.Unicode(read_only=True).tag(sync=True)
    model_name = observers.Unicode(read_only=True).tag(sync=True)
    tool_names = observers.List(traitlets.Unicode(), read_only=True).tag(sync=True)

    _made: ClassVar = MadeByCells()
    # What every widget has, but for what is of use here.
    _unlisted = Conversation._unlisted.union(dir(anywidget.AnyWidget)) - {  # noqa: SLF001 - its own
        "close", "layout", "observe", "unobserve",
    }  # fmt: skip

    def __init__(
        self,
        session: LiveSession,
        transport: Transport | None = None,
        *,
        save_transcript: bool = True,
    ) -> None:
        self._session = session
        # Where it is shown, and whether what was said stays there when it has ended.
        self._outputs = Outputs()
        self._save_transcript = save_transcript
        self._bridge: Bridge | None = None
        # The session's token at the bridge.
        self._token = ""
        # Closes it when nobody can use it any more.
        self._watching: asyncio.Task[None] | None = None
        # The one way that pages take; they choose where it is empty.
        self._transport = transport or ""
        # Whether no good answer ends what `error` says.
        self._lasts = False
        self._failing = Failing()
        # The id of the model that shows the transcript afterwards.
        self._left_id: str | None = None
        # The pages that come over the comm, on the bridge thread.
        self._comm_pages: CommPages | None = None
        super().__init__()
        hear_beside_cells(self.comm)
        self._name()
        tell_what_waits()
        deleted_cells.watch()
        self._made.add(self)
        # Before the start, as a session may fail at once.
        session.pages.watch(self._on_message)
        session.greets_pages = True
        session.start()
        self.set_trait("status", session.status)
        try:
            self._bridge, self._token, self._comm_pages = session.bridge.call(self._join())
        except BaseException:
            self.close()
            raise
        self.on_msg(self._on_page)

    @property
    def session(self) -> LiveSession:
        """The session behind the widget."""
        return self._session

    def close(self) -> None:
        """Ends the session and its connections; the page shows it as closed.

        Turns, sound and frames are there for whoever holds it; without that all of it is freed.
        In a tool or callback of the conversation it does so after the turn.
        """
        if self._session.requests.inside:
            self._session.after_turn(self.close)
            return
        bridge, self._bridge = self._bridge, None
        pages, self._comm_pages = self._comm_pages, None
        if bridge is not None and self._session.bridge.alive:
            self._session.bridge.call(bridge.remove(self._token), timeout=10)
            if pages is not None:
                self._session.bridge.loop.call_soon_threadsafe(pages.close)
        self._session.close()
        self._made.forget(self)
        self.set_trait("status", "closed")
        if self.comm is not None:
            bundle = self._bundle()
            self._outputs.replace(bundle)
            self.send({"type": "closed"})
            # ipywidgets holds every widget until then; whoever has this one goes on reading it.
            self._left_id = ended_widget.take_over(self, bundle["text/html"])
        self.__dict__.pop("_repr_mimebundle_", None)

    @property
    def model_id(self) -> str | None:
        """The id of its model, which goes on as a transcript when the session has ended."""
        # Without one a box that holds it could not tell its state, and no widget would be restored.
        return super().model_id if self._left_id is None else self._left_id

    def __repr__(self) -> str:
        return repr(self._session)

    # What a cell shows of it.

    def _ipython_display_(self) -> None:
        self._outputs.show(self._bundle())

    def _repr_mimebundle_(self, **_: Any) -> tuple[Bundle, dict[str, Any]]:
        return self._bundle(), {}

    def _bundle(self) -> Bundle:
        """Returns what a cell shows: the widget, or what is left of a conversation that ended."""
        error = " ".join(self.error[name] for name in ("message", "remedy") if self.error)
        turns = self._session.all_turns()
        heading = Heading(self.agent_name, self.model_name, len(turns), error)
        if self.status == "closed":
            pages = self._session.pages
            told = [*pages.history(), *pages.facts()] if self._save_transcript else None
            return ended(heading, told)
        view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        shown = {"application/vnd.jupyter.widget-view+json": view, "text/plain": repr(self)}
        return shown | under_way(heading)

    # Messages of the session, on the bridge thread.

    def _leave(self) -> None:
        """Lets no page in any more: the session was closed."""
        if self._watching is not None:
            self._watching.cancel()
        bridge, self._bridge = self._bridge, None
        pages, self._comm_pages = self._comm_pages, None
        if pages is not None:
            pages.close()
        if bridge is not None:
            bridge.remove_soon(self._token)

    def _name(self) -> None:
        agent = self._session.agent
        self.set_trait("agent_name", agent.name)
        self.set_trait("model_name", self._session.log.redact(model_name(agent)))
        self.set_trait("tool_names", tool_names(agent))

    async def _join(self) -> tuple[Bridge, str, CommPages]:
        bridge, token = await Bridge.add(self._session)
        pages = CommPages(
            token,
            functools.partial(bridge.join, token, self._session),
            functools.partial(bridge.leave, session=self._session),
            self._send_frames,
        )
        self._watching = asyncio.create_task(self._close_unshown())
        return bridge, token, pages

    async def _close_unshown(self) -> None:
        """Closes the widget when no page has shown it for a while, and nothing holds it."""
        unshown_since = time.monotonic()
        while self.status != "closed":
            await asyncio.sleep(min(_LOOK_S, UNSHOWN_S / 4))
            if self._session.is_in_use:
                unshown_since = time.monotonic()
            if time.monotonic() - unshown_since < UNSHOWN_S:
                continue
            if deleted := self._made.of(self) in deleted_cells:
                why = "its cell was deleted"
            else:
                why = "no name holds it"
            if deleted or not is_named(self, self._session):
                self._session.note_end(f"No page has shown it for {UNSHOWN_S:.0f} s, and {why}.")
                await asyncio.to_thread(self.close)
                return

    def _send_frames(self, content: dict[str, Any], buffers: list[bytes]) -> None:
        if self.comm is not None:
            self.send(content, buffers)

    def _on_message(self, message: protocol.Message) -> None:
        match message:
            case protocol.State():
                self.set_trait("status", message.state)
                if message.state == "closed":
                    self._leave()
                    self._outputs.replace(self._bundle())
            case protocol.AgentChanged():
                self._name()
            case protocol.Failure():
                self._show_error(message.code, message.message, message.remedy)
                self._lasts = message.lasts
            case protocol.PageError():
                redact = self._session.log.redact
                self._show_error(message.code, redact(message.message), redact(message.remedy))
                self._lasts = True
            case _:
                self._notice_recovery(message)

    def _notice_recovery(self, message: protocol.Message) -> None:
        """Takes the error away when what it says is true no more, as the pages do."""
        match message:
            case protocol.Transcript(role="agent") | protocol.TurnState(state="complete"):
                over = bool(self.error) and not self._lasts
            case protocol.Recovered():
                over = self.error.get("code") == message.code
            case _:
                over = False
        if over:
            self.set_trait("error", {})

    def _show_error(self, code: str, message: str, remedy: str) -> None:
        self.set_trait("error", {"code": code, "message": message, "remedy": remedy})

    def _observer_failed(
        self, observer: observers.Observer, trait: str, error: BaseException
    ) -> None:
        """Shows what an observer of the user's raised: in its cell, the widget and the log."""
        problem = AdkNbError(
            f"{observers.named(observer, trait)} failed. {describe(error)}",
            remedy="Mend it and run its cell again; live.unobserve(...) ends it.",
            code="callback_failed",
        )
        redact = self._session.log.redact
        self._failing.warn(logger, redact, observer, error, problem)
        if trait == "error":  # It would be called with its own error, and so on.
            return
        if not self._session.report(problem):
            self._show_error(problem.code, redact(problem.message), problem.remedy)

    # Messages of the page, over the comm.

    def _on_page(self, _widget: object, content: Any, buffers: Sequence[Any]) -> None:
        if not isinstance(content, dict):
            return
        if content.get("type") == "comm":
            self._on_frames(content, buffers)
        elif content.get("type") == "open":
            self._on_open(content)
        elif content.get("type") == "page":
            self._on_page_wanted()

    def _on_frames(self, content: dict[str, Any], buffers: Sequence[Any]) -> None:
        pages = self._comm_pages
        handed = pages is not None and pages.hand(
            content,
            [bytes(buffer) for buffer in buffers],
            # ipykernel 7 runs comms in a subshell, if the front end asks for one.
            threaded=threading.current_thread() is not threading.main_thread(),
            ipykernel=_ipykernel(),
        )
        if not handed:
            self.send({"type": "closed"})

    def _on_page_wanted(self) -> None:
        bridge = self._bridge
        if bridge is not None:
            link = page_link(bridge, self._token)
            self.send({"type": "page", "url": link.url, "relay": link.relay})

    def _on_open(self, content: dict[str, Any]) -> None:
        bridge = self._bridge
        if bridge is None:
            self.send({"type": "closed"})
            return
        try:
            bridge.allow(self._token, str(content.get("origin", "")))
            self.send(
                {
                    "type": "connect",
                    "url": bridge.url,
                    "token": self._token,
                    "kernel": bridge_file.own_kernel_id(),
                    "transport": self._transport,
                    "modules": front_end.modules(),
                    "styles": front_end.styles(),
                }
            )
        except (AdkNbError, OSError) as error:
            # Nothing else would show this in the page.
            self.send({"type": "error", "code": "bridge", "message": str(error), "remedy": ""})


@functools.cache
def _ipykernel() -> str:
    """Returns the version of ipykernel, which is read from a file: many messages name it."""
    return version("ipykernel")


@checked(LiveSession.__init__)
def talk(
    agent: BaseAgent,
    *,
    transport: Transport | None = None,
    save_transcript: bool = True,
    **options: Unpack[SessionOptions],
) -> LiveWidget:
    """Returns a widget with which to speak to an agent in this cell.

    When the cell is run again, it makes a new widget and closes the earlier one.

    Args:
        agent: The ADK agent.
        transport: The one way from the page to the kernel: `websocket` to the kernel's own port,
            `relay` through the Jupyter server, or `comm`, as the widget's messages. By default
            the page takes the first of them that works. See `docs/transports.md`.
        save_transcript: Whether the transcript takes the widget's place in the cell's output when
            the session has ended, so that it is saved with the notebook.
        **options: Those of `LiveSession`, such as `voice`, `greet`, `record` and `sessions`.

    Raises:
        BridgeError: The bridge can open no port.
        RecordingError: The recording cannot be written.
        AdkNbError: There is no such option, or one has a value that it cannot have.
    """
    if transport is not None:
        check_choice("transport", transport, get_args(Transport))
    session = LiveSession(agent, **options)
    return LiveWidget(session, transport, save_transcript=save_transcript)
