"""What a server of an agent serves, in a browser: its own page, and one written to the tutorial."""

from __future__ import annotations

import pytest
from driver import ROOT, Widget
from google.genai import types
from scripted import DONE, audio, said, text_of
from served import Served
from starlette.responses import HTMLResponse
from starlette.routing import Route

pytestmark = pytest.mark.browser

# What the tutorial describes, in as few lines: a page that reconnects in audio mode for speech.
TUTORIAL = """<!doctype html>
<div id="messages"></div><input id="message"><button id="audio">Start Audio</button>
<script>
let is_audio = false, socket, paragraph = null, heard = 0;
const show = (text) => messages.appendChild(document.createElement("p")).textContent = text;
const send = (mime_type, data) => socket.send(JSON.stringify({mime_type, data}));
function connect() {
  socket?.close();
  socket = new WebSocket(`ws://${location.host}/ws/${Math.random().toString().substring(10)}?is_audio=${is_audio}`);
  socket.onopen = () => { show(`Connection opened ${is_audio}`); };
  socket.onmessage = (event) => {
    const message = JSON.parse(event.data);
    if (message.turn_complete) { paragraph = null; show("(complete)"); return; }
    if (message.mime_type == "audio/pcm") document.title = heard += atob(message.data).length;
    if (message.mime_type == "text/plain") {
      paragraph ??= messages.appendChild(document.createElement("p"));
      paragraph.textContent += message.data;
    }
  };
}
message.onchange = () => { send("text/plain", message.value); };
audio.onclick = () => {
  is_audio = true;
  connect();
  const pcm = String.fromCharCode(...new Uint8Array(640).map((_, at) => at % 7));
  socket.addEventListener("open", () => setInterval(() => send("audio/pcm", btoa(pcm)), 20));
};
connect();
</script>
"""


def answer(came):
    text = text_of(came)
    if text is not None:
        return [said(f"You said {text}."), DONE]
    return [audio(20), DONE] if isinstance(came, types.Blob) else []


@pytest.fixture(scope="module")
def served():
    one = Served(answer)
    # A page that Playwright makes up may not connect to this machine.
    route = Route("/tutorial.html", lambda _request: HTMLResponse(TUTORIAL))
    one.app.router.routes.insert(0, route)
    yield one
    one.close()


@pytest.fixture
def opened_at(browsers):
    pages = []

    def open_at(address):
        page = browsers(None).new_page()
        pages.append(page)
        page.printed = []
        page.on("console", lambda message: page.printed.append(message.text))
        page.goto(address)
        return page

    yield open_at
    for page in pages:
        page.close()


def test_the_servers_own_page_speaks_with_a_session_of_its_own(served, opened_at):
    page = opened_at(f"http://{served.host}/")
    widget = Widget(page, page.locator(ROOT))
    widget.wait_for_state("ready")
    widget.type("hello")
    widget.wait_for_entry("agent", "You said hello.")
    page.reload()
    widget.wait_for_entry("agent", "You said hello.")
    printed = "\n".join(page.printed)
    assert "[CLIENT TO AGENT]: text: " in printed
    assert "[AGENT TO CLIENT]: transcript: " in printed
    assert "You said" not in printed


def test_an_open_page_begins_anew_at_a_server_that_was_started_again(opened_at):
    first = Served(answer)
    port = int(first.host.rpartition(":")[2])
    try:
        page = opened_at(f"http://{first.host}/")
        widget = Widget(page, page.locator(ROOT))
        widget.type("hello")
        widget.wait_for_entry("agent", "You said hello.")
    finally:
        first.close()
    widget.wait_for_state("reconnecting")
    second = Served(answer, port=port)
    try:
        widget.wait_for_state("ready")
        widget.type("again")
        widget.wait_for_entry("agent", "You said again.")
        widget.wait_for_entry("agent", "You said hello.")  # It stays above.
        widget.wait_for_entry("note", "a new conversation begins")
        shown = page.locator("body").inner_text()
        assert "kernel" not in shown
        assert "cell" not in shown
    finally:
        second.close()


def test_a_page_that_is_written_to_the_tutorial_works(served, opened_at):
    page = opened_at(f"http://{served.host}/tutorial.html")
    page.get_by_text("Connection opened false").wait_for()
    page.locator("#message").fill("hello")
    page.locator("#message").press("Enter")
    page.get_by_text("You said hello.").wait_for()
    page.get_by_text("(complete)").wait_for()
    page.locator("#audio").click()
    page.get_by_text("Connection opened true").wait_for()
    page.wait_for_function("Number(document.title) > 5000")
