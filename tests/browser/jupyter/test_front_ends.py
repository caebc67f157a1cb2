"""The widget in other front ends than JupyterLab in Chromium: `make test-front-ends`.

They come with packages that would change JupyterLab's own tests, so they have an environment of
their own.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from driver import ROOT, Widget
from firefox import Firefox, Sound, missing
from front_ends import Marimo, Notebook7, Voila
from lab import JupyterServer, Lab
from speech import microphone, silence, speech
from transports import AGENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def show(transport: str = "") -> str:
    """The cell that shows the widget; the page finds the way where none is named."""
    options = f", transport={transport!r}" if transport else ""
    return f"live = adk_nb.talk(make('first'){options})\nlive"


def answers(widget: Widget, transport: str) -> None:
    """A widget that has taken that way, and says so, answers what is typed."""
    widget.wait_for_state("ready")
    assert widget.transport == transport
    assert widget.root.get_by_text(transport, exact=True).is_visible()
    widget.type("hello")
    widget.wait_for_entry("agent", "You said hello")
    widget.wait_for_state("ready")


@pytest.fixture(scope="module")
def server() -> Iterator[JupyterServer]:
    """What `jupyter notebook` starts, which serves JupyterLab's and Voilà's pages too."""
    server = JupyterServer(module="notebook")
    yield server
    server.close()


@pytest.fixture
def page(browsers) -> Iterator[Page]:
    page = browsers(None).new_page()
    yield page
    page.close()


@pytest.mark.parametrize(("asked", "taken"), [("", "websocket"), ("relay", "relay")])
def test_notebook_7(server, page, opened, asked, taken):
    notebook = Notebook7(server, page)
    opened.append(notebook)
    notebook.open([AGENT, show(asked)])
    notebook.run_all()
    answers(notebook.widget(), taken)
    opened.remove(notebook)
    notebook.close()


def test_voila(page):
    server = Voila([AGENT, show()])
    try:
        page.goto(server.url)
        answers(Widget(page, page.locator(ROOT)), "websocket")
    finally:
        server.close()


def test_voila_as_an_extension_of_the_jupyter_server(server, page):
    """Voilà's own server loads no extensions, and so has no relay."""
    path = server.write("voila", [AGENT, show("relay")])
    page.goto(f"{server.url}voila/render/{path}?token={server.token}")
    answers(Widget(page, page.locator(ROOT)), "relay")


@pytest.mark.parametrize(("asked", "taken"), [("", "websocket"), ("comm", "comm")])
def test_marimo(page, asked, taken):
    server = Marimo([AGENT, show(asked)], ["adk_nb, make", "live"])
    try:
        page.goto(server.url)
        answers(Widget(page, page.locator(ROOT)), taken)
    finally:
        server.close()


def test_marimo_runs_the_cell_again(page):
    kept = f"{AGENT}\nfrom adk_nb.cells import is_named\nmade = []"
    # What no name holds would be closed when no page has shown it for a while.
    look = "f'named: {is_named(live)}, earlier: ' + ' '.join(one.status for one in made[:-1])"
    cells = [kept, f"{show()}\nmade.append(live.session)\nlive", look]
    server = Marimo(cells, ["adk_nb, make, is_named, made", "live", ""])
    try:
        page.goto(server.url)
        widget = Widget(page, page.locator(ROOT))
        answers(widget, "websocket")
        page.locator(".cm-content").nth(1).click()
        page.keyboard.press("Control+Enter")
        page.get_by_text("named: True, earlier: closed").wait_for()
        answers(widget, "websocket")
        assert len(widget.entries("agent")) == 1
    finally:
        server.close()


@pytest.fixture
def sound() -> Iterator[Sound]:
    if (lacking := missing()) and not os.environ.get("CI"):
        pytest.skip(f"there is no {lacking}; as root `make test-front-ends` installs it on Debian")
    sound = Sound()
    yield sound
    sound.close()


@pytest.fixture
def firefox(sound) -> Iterator[Firefox]:
    firefox = Firefox(sound)
    yield firefox
    firefox.close()


def test_jupyterlab_in_firefox(server, sound, firefox, tmp_path):
    path = server.write("firefox", [AGENT, show()])
    firefox.do("open", f"{server.url}lab/tree/{path}?reset&token={server.token}")
    firefox.wait_for(
        f"""(() => {{
          const panel = window.jupyterapp?.shell.currentWidget;
          return panel?.context?.path === {json.dumps(path)} && panel.context.isReady
            && panel.sessionContext.session?.kernel?.status === "idle";
        }})()"""
    )
    firefox.do(
        "evaluate", 'window.jupyterapp.commands.execute("notebook:run-all-cells").then(() => null)'
    )
    firefox.until_state("ready")
    status = 'root.querySelector(`[data-adk-nb="status"]`).dataset.transport'
    assert firefox.look(f"root => {status}") == "websocket"

    firefox.do("type", '[data-adk-nb="text"]', "hello\n")
    firefox.until("root => root.innerText.includes('You said hello')")
    firefox.until_state("ready")

    firefox.click("mic")
    firefox.until("(root, adkNb) => adkNb.microphone")
    sound.play(microphone(tmp_path, speech("What time is it?"), silence(60)))
    firefox.until("root => root.innerText.includes('It is noon.')")
    firefox.click("mic")
    firefox.until_state("ready")
    assert sound.heard_ms() > 300
    server.shut_down(path)


# --- two browsers on one notebook ---


@pytest.fixture(scope="module")
def shared() -> Iterator[JupyterServer]:
    """A JupyterLab whose notebooks are shared by those who open them."""
    server = JupyterServer(shared=True)
    yield server
    server.close()


@pytest.fixture
def labs(shared, browsers, opened) -> Iterator[list[Lab]]:
    """One notebook in two browsers, both of which opened it before anything ran."""
    contexts = [browsers(None).browser.new_context() for _ in range(2)]
    labs = [Lab(shared, context.new_page()) for context in contexts]
    opened += labs
    labs[0].open([AGENT, show()])
    labs[1].path = labs[0].path
    labs[1].load()
    yield labs
    for lab in labs:
        opened.remove(lab)
    labs[0].close()
    for context in contexts:
        context.close()


def test_two_browsers_on_a_shared_notebook(labs):
    first, second = labs
    first.run_cell(0)
    first.run_cell(1)
    answers(first.widget(), "websocket")

    # The second browser does not trust what it has not run, as the file is not one of this
    # server's; it says what is there, and what to do.
    second.cell(1).get_by_text("Trust Notebook").wait_for()
    assert "LiveWidget object at" not in second.output(1)
    second.page.evaluate("() => void window.jupyterapp.commands.execute('notebook:trust')")
    second.page.locator(".jp-Dialog .jp-mod-accept").click()

    # Both have the one conversation.
    second.widget().wait_for_entry("agent", "You said hello")
    second.widget().type("good morning")
    for lab in labs:
        lab.widget().wait_for_entry("agent", "You said good morning")
    first.widget().wait_for_state("ready")

    # The cell run again by the other: both see the new one, and no dead one.
    second.run_cell(1)
    for lab in labs:
        lab.page.wait_for_function(
            """() => {
              const widgets = [...document.querySelectorAll(".adk-nb")];
              return widgets.length === 1 && widgets[0].adkNb?.state === "ready"
                && !widgets[0].innerText.includes("You said");
            }"""
        )
    first.widget().type("once more")
    second.widget().wait_for_entry("agent", "You said once more")
