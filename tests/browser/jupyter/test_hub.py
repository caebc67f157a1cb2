"""The relay behind a real JupyterHub: its proxy, its login, its prefix, and a second user."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hub import PROXY, Hub, UsersServer
from lab import Lab
from test_transports import ELSEWHERE
from transports import AGENT, carries_a_conversation
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from adk_nb.wire.terms import SUBPROTOCOL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import BrowserContext, Page

pytestmark = pytest.mark.browser

NO_SUCH_KERNEL = "0a1b2c3d-0000-4000-8000-000000000000"

# What a page of the same origin can do: it sends every cookie that it has.
DIAL = """([path, version]) => new Promise((resolve) => {
  const socket = new WebSocket(`ws://${location.host}${path}`, version);
  const told = [];
  socket.onopen = () => told.push("open");
  socket.onmessage = ({data}) => told.push(String(data));
  socket.onclose = ({code, reason}) => resolve([...told, code, reason]);
})"""


# A token for programs, as the Hub's own page makes one.
OWN_TOKEN = """async () => {
  const headers = {"X-XSRFToken": window.jhdata.xsrf_token};
  const answer = await fetch("/hub/api/users/bob/tokens", {method: "POST", headers});
  return (await answer.json()).token;
}"""


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    if not PROXY.exists() and not os.environ.get("CI"):
        pytest.skip("there is no configurable-http-proxy; `make test-js` installs it")
    hub = Hub()
    yield hub
    hub.close()


@pytest.fixture(scope="module")
def contexts(browsers, voice) -> Iterator[list[BrowserContext]]:
    """Contexts of one browser, each with its own cookies: one a user."""
    browser = browsers(voice).browser
    contexts = [browser.new_context() for _ in range(2)]
    yield contexts
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def ada(hub, contexts, opened) -> Iterator[Lab]:
    """The notebook of the first user, who is signed in by the Hub's form."""
    page = contexts[0].new_page()
    page.add_init_script(ELSEWHERE.replace("PORT", "9"))  # Nobody listens there.
    lab = Lab(UsersServer(hub, "ada"), page)
    opened.append(lab)
    hub.sign_in(page, "ada", server=True)
    lab.open([AGENT, "live = adk_nb.talk(make('first'))\nlive", "live.swap(make('other')); None"])
    lab.run_cell(0)
    lab.run_cell(1)
    lab.widget().wait_for_state("ready")
    yield lab
    opened.remove(lab)
    lab.close()


@pytest.fixture(scope="module")
def bob(hub, contexts) -> Page:
    """A page of the Hub, where the second user is signed in."""
    page = contexts[1].new_page()
    hub.sign_in(page, "bob", server=False)
    return page


def dial(url: str, origin: str, login: dict[str, str]) -> ClientConnection:
    """Connects to a relay as a client that is no browser."""
    return connect(url, subprotocols=[SUBPROTOCOL], origin=origin, additional_headers=login)


def refused(url: str, origin: str, login: dict[str, str]) -> tuple[int, bytes]:
    """What a client is told that is not let in."""
    with pytest.raises(InvalidStatus) as answer:
        dial(url, origin, login)
    return answer.value.response.status_code, answer.value.response.body


def test_a_conversation_through_the_relay(ada):
    widget = ada.widget()
    assert "/user/ada/" in ada.page.url
    assert widget.transport == "relay"
    carries_a_conversation(widget, lambda: ada.run_cell(2))


def test_another_user_is_refused_and_learns_nothing(hub, ada, bob):
    kernel_id = ada.kernel.value("adk_nb.bridge_file.own_kernel_id()")
    paths = [f"/user/ada/adk-nb/{one}" for one in (kernel_id, NO_SUCH_KERNEL)]
    # From the page that is open, with what the browser sends along.
    for path in paths:
        assert bob.evaluate(DIAL, [path, SUBPROTOCOL]) == [1006, ""]
    # With every cookie that the browser has of the Hub, also those that are for other paths, and
    # with one of them under the name of that which would let the first user in.
    kept = {cookie["name"]: cookie["value"] for cookie in bob.context.cookies()}
    cookies = "; ".join(f"{name}={value}" for name, value in kept.items())
    renamed = f"{cookies}; jupyterhub-user-ada={kept['jupyterhub-hub-login']}"
    token = bob.evaluate(OWN_TOKEN)
    urls = [f"{hub.url.replace('http', 'ws', 1).rstrip('/')}{path}" for path in paths]
    for login in (
        {"Cookie": cookies},
        {"Cookie": renamed},
        {"Authorization": f"token {token}"},  # As a program has one, that is no browser.
    ):
        answers = [refused(url, hub.origin, login) for url in urls]
        assert answers[0] == answers[1]
        assert answers[0][0] == 403
    # The first user is let in by cookies of their own.
    mine = "; ".join(f"{one['name']}={one['value']}" for one in ada.page.context.cookies())
    with dial(urls[0], hub.origin, {"Cookie": mine}) as socket:
        assert socket.subprotocol == SUBPROTOCOL
