"""The ways to the kernel in a real JupyterLab; and one that is reached as a remote one is."""

from __future__ import annotations

import json
import ssl
from typing import TYPE_CHECKING

import pytest
import trustme
from chromium import FLAGS, chromium_path, microphone_flags
from lab import JupyterServer, Lab
from test_transports import ELSEWHERE
from transports import AGENT, carries_a_conversation

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.browser

SWAP = "live.swap(make('other')); None"
HOST = "hub.test"


def talks(lab: Lab, options: str = "") -> None:
    """Opens a notebook of the agent, and runs it."""
    lab.open([AGENT, f"live = adk_nb.talk(make('first'){options})\nlive", SWAP])
    lab.run_cell(0)
    lab.run_cell(1)
    lab.widget().wait_for_state("ready")


@pytest.mark.parametrize("transport", ["websocket", "relay", "comm"])
def test_a_conversation(open_lab, voice, transport):
    lab = open_lab(["1"], voice)
    talks(lab, f", transport={transport!r}")
    widget = lab.widget()
    assert widget.transport == transport
    carries_a_conversation(widget, lambda: lab.run_cell(2))


@pytest.mark.parametrize("transport", ["relay", "comm"])
def test_a_busy_cell_stops_nothing(open_lab, transport):
    lab = open_lab(["1"])
    talks(lab, f", transport={transport!r}")
    widget = lab.widget()
    busy = lab.add_cell("import time; time.sleep(600)")
    lab.run_cell(busy, wait=False)
    lab.wait_until_running(busy)
    for words in ("hello", "more"):  # The second time the kernel has sent something meanwhile.
        widget.type(words)
        widget.wait_for_entry("agent", f"You said {words}")
        widget.wait_for_state("ready")
    assert lab.is_running(busy)
    lab.interrupt_kernel()
    lab.save()
    lab.load()  # The conversation goes on in the page that is loaded anew, on the same way.
    widget = lab.widget()
    widget.wait_for_state("ready")
    assert widget.transport == transport
    widget.wait_for_entry("agent", "You said hello")
    widget.type("again")
    widget.wait_for_entry("agent", "You said again")
    # The page that went is not taken for one that is there, and says nothing for a while.
    pages = lab.add_cell("print(*live.events_df().query(\"source == 'client'\")['kind'])")
    lab.run_cell(pages)
    assert "playback_drained disconnected connected" in lab.output(pages)
    lab.restart_kernel()
    widget.wait_for_state("closed", "reconnecting")


def test_where_the_port_is_out_of_reach_the_page_takes_the_relay(open_lab, tmp_path):
    """As over SSH with one forwarded port: the page is local, and the kernel is not."""
    lab = open_lab(["1"])
    lab.page.add_init_script(ELSEWHERE.replace("PORT", "9"))  # Nobody listens there.
    talks(lab)
    widget = lab.widget()
    assert widget.transport == "relay"
    assert widget.look("(root, adkNb) => adkNb.connectedAfterMs") < 2000
    widget.type("hello")
    widget.wait_for_entry("agent", "You said hello")


@pytest.fixture(scope="module")
def remote(tmp_path_factory) -> Iterator[JupyterServer]:
    """A JupyterLab over TLS, under a base URL, by a name that is not the machine's own."""
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    certificate = authority.issue_cert(HOST, "127.0.0.1")
    key, chain = folder / "key.pem", folder / "chain.pem"
    certificate.private_key_pem.write_to_path(key)
    for blob in certificate.cert_chain_pems:
        blob.write_to_path(chain, append=True)
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    server = JupyterServer(
        "--ServerApp.base_url=/user/ada/",
        f"--ServerApp.keyfile={key}",
        f"--ServerApp.certfile={chain}",
        "--ServerApp.allow_remote_access=True",
        trusted=trusted,
    )
    server.page_url = server.url.replace("127.0.0.1", HOST)
    yield server
    server.close()


def test_the_relay_under_a_base_url_with_tls(remote, voice, driver):
    browser = driver.chromium.launch(
        executable_path=chromium_path(),
        args=[*FLAGS, *microphone_flags(voice), f"--host-resolver-rules=MAP {HOST} 127.0.0.1"],
    )
    try:
        page = browser.new_context(ignore_https_errors=True).new_page()
        lab = Lab(remote, page)
        talks(lab)
        widget = lab.widget()
        assert page.url.startswith(f"https://{HOST}:")
        assert "/user/ada/" in page.url
        # Of another machine, to the browser: the kernel's own port is not even tried.
        assert widget.transport == "relay"
        carries_a_conversation(widget, lambda: lab.run_cell(2))
        lab.close()
    finally:
        browser.close()


def test_the_doctor_sees_every_way_and_the_microphone(open_lab):
    lab = open_lab(["1"])
    talks(lab, ", transport='comm'")  # So that the page's answer comes over it, in a cell.
    lab.widget().part("mic").click()
    lab.page.wait_for_function("() => document.querySelector('.adk-nb').adkNb.microphone")
    # As a cell: what listens to a kernel from elsewhere waits until it is quiet, which it never is.
    asking = lab.add_cell("print(adk_nb.doctor(live).set_index('what').verdict.to_json())")
    lab.run_cell(asking)
    found = json.loads(lab.output(asking))
    assert found["the page: websocket, to the kernel's own port"] == "ok"
    assert found["the page: relay, through the Jupyter server"] == "ok"
    assert found["the page: comm, as the notebook's messages"] == "ok"
    assert found["the page: microphone"] == "ok"
    assert found[f"the relay of {lab.server.url}"] == "ok"
    assert found["the file by which the Jupyter server finds this kernel"] == "ok"
