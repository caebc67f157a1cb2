"""`LiveWidget`, the widget under a cell, and `talk`, which makes one."""

from __future__ import annotations

import functools
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import anywidget
import traitlets

from adk_nb.adk.agents import model_name, tool_names
from adk_nb.cells import MadeByCells, tell_what_waits
from adk_nb.conversation import Conversation
from adk_nb.exceptions import AdkNbError
from adk_nb.server import Bridge
from adk_nb.session import LiveSession
from adk_nb.wire import protocol

if TYPE_CHECKING:
    from google.adk.agents import BaseAgent

logger = logging.getLogger(__name__)

STATIC = Path(__file__).parent / "static"


def _styles() -> str:
    """Returns the front end's styles as one text, which is all that anywidget takes."""
    paths = [STATIC / "widget.css", *sorted(STATIC.glob("*/**/*.css"))]
    return "\n".join(path.read_text("utf-8") for path in paths)


class LiveWidget(Conversation, anywidget.AnyWidget):
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

    _esm = STATIC / "widget.js"
    _css = _styles()

    status = traitlets.Unicode("connecting", read_only=True).tag(sync=True)
    error = traitlets.Dict(read_only=True).tag(sync=True)
    agent_name = traitlets.Unicode(read_only=True).tag(sync=True)
    model_name = traitlets.Unicode(read_only=True).tag(sync=True)
    tool_names = traitlets.List(traitlets.Unicode(), read_only=True).tag(sync=True)

    _made: ClassVar = MadeByCells()

    def __init__(self, session: LiveSession) -> None:
        self._session = session
        self._bridge: Bridge | None = None
        # The session's token at the bridge.
        self._token = ""
        super().__init__()
        self._name()
        tell_what_waits()
        self._made.add(self)
        # Before the start, as a session may fail at once.
        session.watch(self._on_message)
        session.greets_pages = True
        session.start()
        self.set_trait("status", session.status)
        try:
            self._bridge, self._token = session.bridge.call(self._join())
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

        In a tool or callback of the conversation it does so after the turn.
        """
        if self._session.inside:
            self._session.after_turn(self.close)
            return
        bridge, self._bridge = self._bridge, None
        if bridge is not None and self._session.bridge.alive:
            self._session.bridge.call(bridge.remove(self._token), timeout=10)
        self._session.close()
        self.set_trait("status", "closed")
        if self.comm is not None:
            self.send({"type": "closed"})

    # Messages of the session, on the bridge thread.

    def _name(self) -> None:
        agent = self._session.agent
        self.set_trait("agent_name", agent.name)
        self.set_trait("model_name", self._session.log.redact(model_name(agent)))
        self.set_trait("tool_names", tool_names(agent))

    async def _join(self) -> tuple[Bridge, str]:
        return await Bridge.add(self._session)

    def _on_message(self, message: protocol.Message) -> None:
        match message:
            case protocol.State():
                self.set_trait("status", message.state)
            case protocol.AgentChanged():
                self._name()
            case protocol.TurnState(state="started"):
                self.set_trait("error", {})
            case protocol.Failure():
                self.set_trait("error", {
                    "code": message.code, "message": message.message, "remedy": message.remedy,
                })  # fmt: skip

    # Messages of the page, over the comm.

    def _on_page(self, _widget: object, content: Any, _buffers: object) -> None:
        if not isinstance(content, dict) or content.get("type") != "open":
            return
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
                    "modules": _modules(),
                }
            )
        except (AdkNbError, OSError) as error:
            # Nothing else would show this in the page.
            self.send({"type": "error", "code": "bridge", "message": str(error), "remedy": ""})


@functools.cache
def _modules() -> dict[str, str]:
    """Returns the front end's modules by path, as `link/wire.js`.

    An anywidget module cannot import them by a relative path, so `widget.js` links them.
    """
    return {
        path.relative_to(STATIC).as_posix(): path.read_text("utf-8")
        for path in sorted(STATIC.glob("*/**/*.js"))
    }


def talk(agent: BaseAgent, **options: Any) -> LiveWidget:
    """Returns a widget with which to speak to an agent in this cell.

    When the cell is run again, it makes a new widget and closes the earlier one.

    Args:
        agent: The ADK agent.
        **options: Those of `LiveSession`: `run_config`, `sessions`, `session_id`, `user_id`,
            `app_name`, `artifacts`, `plugins`, `voice`, `language`, `audio`, `video`, `greet`,
            `record`, `keep_withheld`, `mask`, and those of `run_config`: `transcribe`, `detection`,
            `proactive`, `affective`, `compress`, `resume`.

    Raises:
        BridgeError: The bridge can open no port.
        RecordingError: The recording cannot be written.
        AdkNbError: An option has a wrong value.
    """
    return LiveWidget(LiveSession(agent, **options))
