"""Who may come in."""

from __future__ import annotations

import pytest
from starlette.requests import HTTPConnection
from starlette.responses import Response

from adk_nb.exceptions import AdkNbError
from adk_nb.serve.door import Door, origins_of

TOKEN = "geheim ü;"


def client(host="localhost:8000", origin=None, cookies="", scheme="http"):
    """A request with these headers."""
    given = {"host": host, "origin": origin, "cookie": cookies}
    headers = [(name.encode(), of.encode()) for name, of in given.items() if of]
    return HTTPConnection({"type": "http", "headers": headers, "scheme": scheme, "path": "/",
                           "query_string": b"", "server": ("localhost", 8000)})  # fmt: skip


def cookie_of(response):
    """The name and value of the cookie that a response sets, and what else it says of it."""
    header = response.headers.get("set-cookie", "")
    pair, *rest = header.split("; ")
    return pair, rest


@pytest.mark.parametrize(
    ("host", "local", "refusal"),
    [
        ("localhost", True, ""),
        ("LOCALHOST:80", True, ""),
        ("127.0.0.1:8000", True, ""),
        ("[::1]:8000", True, ""),
        ("proxy.example", True, ""),
        ("other.example", True, "Unknown Host."),
        ("localhost.other.example", True, "Unknown Host."),
        ("127.0.0.10", True, "Unknown Host."),
        ("example", True, "Unknown Host."),
        ("", True, "Unknown Host."),
        ("other.example", False, ""),
    ],
)
def test_which_hosts_may_be_asked_for(host, local, refusal):
    door = Door("", frozenset({"https://proxy.example"}), local=local)
    assert door.refusal(client(host)) == refusal


@pytest.mark.parametrize(
    ("origin", "refusal"),
    [
        (None, ""),
        ("http://localhost:8000", ""),
        ("https://localhost:8000", ""),
        ("https://page.example", ""),
        ("http://page.example", "Unknown Origin."),
        ("http://localhost:9000", "Unknown Origin."),
        ("null", "Unknown Origin."),
    ],
)
def test_which_pages_may_connect(origin, refusal):
    door = Door("", frozenset({"https://page.example"}), local=True)
    assert door.refusal(client(origin=origin)) == refusal


@pytest.mark.parametrize(
    ("shown", "refusal"),
    [
        (TOKEN, ""),
        ("", "The token is missing or wrong."),
        ("geheim", "The token is missing or wrong."),
        ("\u2713", "The token is missing or wrong."),
    ],
)
def test_the_token_is_asked_for(shown, refusal):
    assert Door(TOKEN, frozenset(), local=True).refusal(client(), shown) == refusal


def test_who_has_shown_the_token_comes_in_by_its_cookie_until_the_token_is_another():
    door, response = Door(TOKEN, frozenset(), local=True), Response()
    door.remember(client(), response)
    pair, rest = cookie_of(response)
    assert TOKEN not in pair
    assert set(rest) == {"HttpOnly", "SameSite=strict"}
    assert door.refusal(client(cookies=pair)) == ""
    assert door.refusal(client(cookies=f"{pair}0")) == "The token is missing or wrong."
    assert door.refusal(client(cookies=pair), "wrong") == "The token is missing or wrong."
    assert Door("other", frozenset(), local=True).refusal(client(cookies=pair)) != ""


def test_a_cookie_that_came_by_https_goes_by_https_alone():
    response = Response()
    Door(TOKEN, frozenset(), local=True).remember(client(scheme="https"), response)
    assert "Secure" in cookie_of(response)[1]


def test_cookies_of_two_servers_of_one_host_are_two():
    pairs = []
    for token in ("a", "b"):
        response = Response()
        Door(token, frozenset(), local=True).remember(client(), response)
        pairs.append(cookie_of(response)[0].partition("="))
    assert pairs[0][0] != pairs[1][0]
    assert all(name.startswith("adk_nb_") for name, _, _ in pairs)
    assert all(name[7:] not in value for name, _, value in pairs)


def test_without_a_token_there_is_no_cookie():
    response = Response()
    Door("", frozenset(), local=True).remember(client(), response)
    assert "set-cookie" not in response.headers


@pytest.mark.parametrize(
    ("given", "origins"),
    [
        ([], set()),
        ("https://Page.example/", {"https://page.example"}),
        (["http://a:80", "https://b:443/", " http://c:3000 "],
         {"http://a", "https://b", "http://c:3000"}),
        (["https://d:80", "http://e:443"], {"https://d:80", "http://e:443"}),
        (["http://[::1]:5000", "vscode-webview://abc"],
         {"http://[::1]:5000", "vscode-webview://abc"}),
    ],
)  # fmt: skip
def test_origins_are_as_browsers_send_them(given, origins):
    assert origins_of(given) == origins


@pytest.mark.parametrize("given", ["", "*", "a.example", "https://a/b", "https://", "http://a b"])
def test_what_is_no_origin_is_refused(given):
    with pytest.raises(AdkNbError, match="is no origin of pages") as raised:
        origins_of([given])
    assert raised.value.code == "bad_option"
    assert raised.value.remedy
