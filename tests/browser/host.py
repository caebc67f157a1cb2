"""A page for the widgets of this process: to them what JupyterLab is, in a hundredth of its time.

The session, the bridge and the widget are real and run here; the page is a real browser's. Only the
notebook between them is not: comm messages take an HTTP connection. What depends on JupyterLab
itself is tested in `jupyter/`.
"""

from __future__ import annotations

import base64
import functools
import json
import queue
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import comm
from comm.base_comm import BaseComm
from driver import ROOT, SECONDS, Widget

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from playwright.sync_api import Page

    from adk_nb.widget import LiveWidget

_PAGE = Path(__file__).with_name("host.html").read_bytes()

# Instead of the browser's microphone: one that hears a quiet room, and what a test speaks into it.
_MICROPHONE = """
(() => {
  const {mediaDevices} = navigator;
  const ask = mediaDevices.getUserMedia.bind(mediaDevices);
  let microphone = null;
  mediaDevices.getUserMedia = async (constraints) => {
    if (!constraints.audio) return ask(constraints);
    const context = new AudioContext({sampleRate: 48000});
    const room = context.createBuffer(1, 48000, 48000);
    const noise = room.getChannelData(0);
    for (let at = 0; at < noise.length; at++) noise[at] = (Math.random() - 0.5) / 500;
    const hum = new AudioBufferSourceNode(context, {buffer: room, loop: true});
    const destination = new MediaStreamAudioDestinationNode(context, {channelCount: 1});
    hum.connect(destination);
    hum.start();
    microphone = {context, destination};
    return destination.stream;
  };
  window.speak = (pcm16, rate) => {
    const bytes = Uint8Array.from(atob(pcm16), (char) => char.charCodeAt(0));
    const samples = Float32Array.from(new Int16Array(bytes.buffer), (sample) => sample / 32768);
    const {context, destination} = microphone;
    const buffer = context.createBuffer(1, samples.length, rate);
    buffer.copyToChannel(samples, 0);
    const voice = new AudioBufferSourceNode(context, {buffer});
    voice.connect(destination);
    return new Promise((resolve) => {
      voice.onended = resolve;
      voice.start();
    });
  };
})();
"""


class _Comm(BaseComm):
    """The kernel's end of a comm; the other end is in the host's pages."""

    def __init__(self, host: Host, *args: Any, **options: Any) -> None:
        self._host = host
        super().__init__(*args, **options)

    def publish_msg(self, msg_type: str, data: Any = None, *_args: Any, **options: Any) -> None:
        self._host.publish(self, msg_type, data, options.get("buffers") or [])


class Host:
    """Serves the page on 127.0.0.1; `comm.create_comm` is its while it is open."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pages: list[queue.SimpleQueue[dict[str, Any] | None]] = []
        self._comms: dict[str, _Comm] = {}
        self._states: dict[str, dict[str, Any]] = {}
        self._before = comm.create_comm
        comm.create_comm = functools.partial(_Comm, self)
        self._server = _Server(self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="host"
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """The page's address."""
        return f"http://127.0.0.1:{self._server.server_port}/"

    def close(self) -> None:
        """Lets the pages go."""
        comm.create_comm = self._before
        with self._lock:
            for page in self._pages:
                page.put(None)
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    # From the kernel's side, in any thread.

    def publish(
        self, sender: _Comm, kind: str, content: Any, buffers: Sequence[bytes] = ()
    ) -> None:
        """Passes a comm's message on to every page, and keeps the state for those to come."""
        with self._lock:
            self._comms[sender.comm_id] = sender
            state = self._states.setdefault(sender.comm_id, {})
            if kind == "comm_open" or content.get("method") == "update":
                state.update(content["state"])
            for page in self._pages:
                encoded = [base64.b64encode(one).decode() for one in buffers]
                page.put(
                    {"type": kind, "id": sender.comm_id, "content": content, "buffers": encoded}
                )

    # From the page's side, in the server's threads.

    def join(self) -> queue.SimpleQueue[dict[str, Any] | None]:
        """Adds a page; returns what it is sent, the widgets that there are already first."""
        page: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        with self._lock:
            for comm_id, state in self._states.items():
                content = {"state": dict(state)}
                page.put({"type": "comm_open", "id": comm_id, "content": content})
            self._pages.append(page)
        return page

    def leave(self, page: queue.SimpleQueue[dict[str, Any] | None]) -> None:
        """Takes a page away."""
        with self._lock:
            self._pages.remove(page)

    def receive(self, comm_id: str, message: dict[str, Any]) -> None:
        """Passes a page's message on to its widget."""
        buffers = [memoryview(base64.b64decode(one)) for one in message["buffers"]]
        self._comms[comm_id].handle_msg({"content": {"data": message["data"]}, "buffers": buffers})


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, host: Host) -> None:
        self.host = host
        super().__init__(("127.0.0.1", 0), _Request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Is silent: a page that is closed resets its connections."""


class _Request(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/messages":
            self._tell()
        elif self.path == "/":
            self._answer(200, _PAGE, "text/html; charset=utf-8")
        else:
            self._answer(404)

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.server.host.receive(self.path.rpartition("/")[2], json.loads(self.rfile.read(length)))
        self._answer(204)

    def log_message(self, *_args: Any) -> None:
        pass

    def _answer(self, status: int, body: bytes = b"", kind: str = "text/plain") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _tell(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.close_connection = True
        page = self.server.host.join()
        try:
            while (message := page.get()) is not None:
                self.wfile.write(f"data: {json.dumps(message)}\n\n".encode())
        finally:
            self.server.host.leave(page)


class HostPage:
    """A page of the host, with the widgets that a test shows in it.

    Attributes:
        console: What the page printed.
    """

    def __init__(self, host: Host, page: Page, *, spoken_into: bool) -> None:
        self.page = page
        self.console: list[str] = []
        self._lives: list[LiveWidget] = []
        page.set_default_timeout(SECONDS * 1000)
        page.on("console", lambda message: self.console.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.console.append(f"uncaught: {error}"))
        if spoken_into:
            page.add_init_script(_MICROPHONE)
        page.goto(host.url)

    def show(self, live: LiveWidget) -> HostedWidget:
        """Displays a widget below those that are there."""
        self._lives.append(live)
        self.page.evaluate("id => show(id)", live.model_id)
        return HostedWidget(self, live)

    def reload(self, widget: HostedWidget) -> HostedWidget:
        """Loads the page anew, and shows a widget in it again."""
        self.page.reload()
        self.page.evaluate("id => show(id)", widget.live.model_id)
        return HostedWidget(self, widget.live)

    def hide(self, widget: HostedWidget) -> None:
        """Takes a widget's view away, as a notebook does with the output of a cell."""
        self.page.evaluate("id => hide(id)", widget.live.model_id)

    def close(self) -> None:
        """Ends the widgets and the page."""
        for live in self._lives:
            live.close()
        self.page.close()


class HostedWidget(Widget):
    """A widget in the host's page.

    Attributes:
        live: The `LiveWidget` itself.
    """

    def __init__(self, host_page: HostPage, live: LiveWidget) -> None:
        page = host_page.page
        super().__init__(page, page.locator(f"#widget-{live.model_id} {ROOT}"))
        self.host_page = host_page
        self.live = live

    @property
    def kinds(self) -> list[str]:
        """The kinds of the log's rows."""
        return [row.kind for row in self.live.session.log]

    @property
    def errors(self) -> list[str]:
        """The errors in the log."""
        return [row.error for row in self.live.session.log if row.error]

    def reload(self) -> HostedWidget:
        """Loads the page anew; returns the widget in it."""
        return self.host_page.reload(self)

    def until(self, condition: Callable[[], Any], timeout: float = SECONDS) -> Any:
        """Waits until something here holds, while the page's events come in; returns its value."""
        end = time.monotonic() + timeout
        while not (value := condition()):
            assert time.monotonic() < end, f"it did not come within {timeout} s"
            self.page.wait_for_timeout(20)
        return value

    def wait_for_played(self, ms: float) -> None:
        """Waits until so much of the turn that sounds has sounded."""
        played = "(root, adkNb) => adkNb.playback.at(-1)?.played_ms ?? 0"
        self.until(lambda: self.look(played) > ms)

    def cut_off(self) -> None:
        """Breaks the connection to the bridge, as an accident does: the page is to come back."""
        loop = self.live.session.bridge.loop
        for connection in list(self.live._bridge._connections):
            loop.call_soon_threadsafe(connection.close, 1012, "again")

    def speak(self, samples: np.ndarray, rate: int = 16_000) -> None:
        """Speaks PCM16 samples into the microphone, which is on; returns when they have sounded."""
        self.page.evaluate(
            "([pcm16, rate]) => speak(pcm16, rate)",
            [base64.b64encode(samples.tobytes()).decode(), rate],
        )
