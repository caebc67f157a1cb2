"""The page that a bridge serves: who gets in by a link, and what nobody else learns."""

import contextlib
import json
import urllib.error
import urllib.request

import pytest
from google.adk.agents import Agent
from plain_client import PlainClient, RefusedError
from scripted import Scripted, echo

import adk_nb
from adk_nb import own_page, page_links
from adk_nb.server import Bridge


@pytest.fixture
def live():
    with adk_nb.LiveSession(Agent(name="a", model=Scripted(echo))) as live:
        yield live


@pytest.fixture
def link(live, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    return adk_nb.open(live)


def get(link, path="", **headers):
    address = link.url.partition("#")[0]
    asked = urllib.request.Request(address + path, headers=headers)
    with urllib.request.urlopen(asked) as answer:
        return answer


@contextlib.contextmanager
def knocking(live, origin=None, host=None):
    """A page that was served, on its way in."""
    info = adk_nb.connect_info(live)
    port = info.url.rpartition(":")[2].strip("/")
    headers = {"Origin": origin or f"http://127.0.0.1:{port}"} | ({"Host": host} if host else {})
    with contextlib.closing(PlainClient(info, headers=headers)) as page:
        yield page


def redeemed(page, code):
    page.say(type="redeem", code=code)
    answer = page.read()
    return answer["token"] if answer is not None else page.code


def code_of(link):
    return link.url.partition("#")[2]


def test_a_link_lets_in_once(live, link):
    with knocking(live) as page:
        token = redeemed(page, code_of(link))
    with knocking(live) as page:
        assert page.hello(token)["session_id"] == live.id
    with knocking(live) as page:
        assert redeemed(page, code_of(link)) == 4401


@pytest.mark.parametrize("code", ["", "x", "../page", "é"])
def test_what_is_no_code_lets_nobody_in(live, link, code):
    with knocking(live) as page:
        assert redeemed(page, code) == 4401


def test_a_link_that_is_too_old_or_of_too_many_lets_nobody_in(live, link, monkeypatch):
    for _ in range(40):
        last = adk_nb.open(live)
    with knocking(live) as page:
        assert redeemed(page, code_of(link)) == 4401
    with knocking(live) as page:
        assert isinstance(redeemed(page, code_of(last)), str)
    monkeypatch.setattr(page_links, "VALID_S", -1.0)
    with knocking(live) as page:
        assert redeemed(page, code_of(adk_nb.open(live))) == 4401


def test_a_foreign_page_that_saw_the_link_does_not_get_in(live, link):
    with pytest.raises(RefusedError), knocking(live, origin="http://evil.example"):
        pass
    port = link.url.split(":")[2].partition("/")[0]
    with pytest.raises(RefusedError), knocking(live, host=f"evil.example:{port}"):
        pass
    with adk_nb.LiveSession(Agent(name="b", model=Scripted(echo))) as other:
        origin = "http://of-the-other.example"
        adk_nb.connect_info(other, origin)
        with knocking(live, origin=origin) as page:
            assert redeemed(page, code_of(link)) == 4401


def test_the_page_is_the_same_for_everybody_and_holds_no_secret(live, link):
    page = get(link)
    assert page.headers["Content-Type"].startswith("text/html")
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert (page.headers["Cache-Control"], page.headers["Referrer-Policy"]) == (
        "no-store", "no-referrer",
    )  # fmt: skip
    with urllib.request.urlopen(link.url.partition("#")[0]) as answer:
        body = answer.read().decode()
    token = adk_nb.connect_info(live).token
    for secret in (token, code_of(link), live.id):
        assert secret not in body
    assert get(link, "page/page.js").headers["Content-Type"].startswith("text/javascript")
    assert "Set-Cookie" not in page.headers


@pytest.mark.parametrize(
    "path",
    [
        "../server.py", "..%2fserver.py", "%2e%2e/server.py", "page/../../server.py", "/etc/passwd",
        "//evil.example/", "http://evil.example/", "widget.js/", "page", "\\..\\server.py",
    ],
)  # fmt: skip
def test_no_path_leads_out_of_the_page(live, link, path):
    with pytest.raises(urllib.error.HTTPError) as error:
        get(link, path)
    assert error.value.code == 404
    assert error.value.read() == b""


def test_another_host_gets_nothing(live, link):
    with pytest.raises(urllib.error.HTTPError) as error:
        get(link, Host="evil.example")
    assert error.value.code == 403


def test_a_code_is_of_no_use_once_a_page_is_in(live, link):
    info = adk_nb.connect_info(live)
    with contextlib.closing(PlainClient(info)) as page:
        page.hello(info.token)
        page.say(type="redeem", code=code_of(link))
        assert page.next("error")["code"] == "bad_message"


def test_with_the_session_its_links_end(link, live):
    other = adk_nb.LiveSession(Agent(name="b", model=Scripted(echo))).start()
    try:
        adk_nb.connect_info(other)
        live.close()
        with pytest.raises(RefusedError), knocking(other):
            pass  # Not even the page's origin is let in any more.
        adk_nb.open(other)
        with knocking(other) as page:
            assert redeemed(page, code_of(link)) == 4401
    finally:
        other.close()


def test_a_browser_is_opened_where_somebody_would_see_it(live, monkeypatch):
    opened = []
    monkeypatch.setattr(own_page.webbrowser, "open", opened.append)
    monkeypatch.setattr(own_page.sys, "platform", "linux")
    for environment, seen in (
        ({}, False), ({"DISPLAY": ":0"}, True), ({"DISPLAY": ":0", "SSH_CONNECTION": "x"}, False),
    ):  # fmt: skip
        for name in ("DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION"):
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        opened.clear()
        link = adk_nb.open(live)
        assert opened == ([link.url] if seen else [])
        assert code_of(link) in link._repr_html_()


def test_a_widget_gives_its_page_a_link(monkeypatch):
    sent = []
    monkeypatch.setattr(
        adk_nb.LiveWidget, "send", lambda self, content, buffers=None: sent.append(content)
    )
    monkeypatch.setattr(own_page.bridge_file, "own_kernel_id", lambda: "abc")
    with contextlib.closing(adk_nb.talk(Agent(name="a", model=Scripted(echo)))) as widget:
        widget._handle_custom_msg({"type": "page"}, [])
        assert sent[-1]["type"] == "page"
        assert sent[-1]["url"].startswith(f"http://127.0.0.1:{Bridge.shared.port}/page/#")
        assert sent[-1]["relay"].startswith("adk-nb/page/#")
        assert sent[-1]["relay"].endswith(".abc")
        assert json.dumps(sent[-1])
