"""The relay in a real Jupyter server, with real kernels behind it."""

import asyncio
import contextlib
import json
import os
import random
import secrets
import urllib.error
import urllib.request
from http.cookiejar import CookieJar

import pytest
from server import Server
from sessions import wait_for
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from adk_nb import bridge_file
from adk_nb.wire import protocol

BASE = "/user/ada/"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("home"), f"--ServerApp.base_url={BASE}")
    yield server
    server.close()


@pytest.fixture(scope="module")
def kernel(server):
    """A kernel with a session: its id and the session's token."""
    kernel_id = server.start_kernel()
    return kernel_id, server.talk(kernel_id)


def dial(server, kernel_id, *, login=True, query="", **options):
    headers = {"Authorization": f"token {server.token}"} if login else {}
    options = {
        "origin": server.origin,
        "subprotocols": [protocol.SUBPROTOCOL],
        "additional_headers": headers,
        "max_size": None,
        "max_queue": None,  # What is not read would keep the closing handshake waiting for 10 s.
    } | options
    return connect(server.relay(kernel_id, query), **options)


@contextlib.asynccontextmanager
async def page(server, kernel, **options):
    kernel_id, token = kernel
    async with dial(server, kernel_id, **options) as socket:
        await socket.send(json.dumps({"type": "hello", "token": token, "clock": 0}))
        welcome = json.loads(await socket.recv())
        assert welcome["type"] == "hello"
        yield socket


async def refused(server, kernel_id, **options):
    with pytest.raises(InvalidStatus) as answer:
        async with dial(server, kernel_id, **options):
            pass
    return answer.value.response


def test_the_bridges_file_is_its_owners_alone(server, kernel):
    file = server.bridge_file(kernel[0])
    assert file.stat().st_mode & 0o777 == 0o600
    assert set(json.loads(file.read_text())) == {"port"}


async def test_a_turn_and_sound_under_a_base_url(server, kernel):
    async with page(server, kernel) as socket:
        assert BASE in server.url
        assert socket.subprotocol == protocol.SUBPROTOCOL
        assert "Sec-WebSocket-Extensions" not in socket.response.headers
        await socket.send(json.dumps({"type": "text", "text": "hi"}))
        said, sound = "", 0
        async with asyncio.timeout(60):
            while said != "You said hi." or not sound:
                data = await socket.recv()
                if isinstance(data, bytes):
                    sound += len(protocol.decode_audio(data).samples)
                elif json.loads(data)["type"] == "transcript":
                    said = json.loads(data)["text"]
        await socket.send(json.dumps({"type": "mic", "on": True}))
        sent = [random.randbytes(640) for _ in range(50)]
        for seq, pcm in enumerate(sent):
            frame = protocol.AudioFrame(protocol.MICROPHONE, seq, 0, 16_000, 1.0, pcm)
            await socket.send(protocol.encode_audio(frame))
        got = []
        async with asyncio.timeout(60):
            while len(got) < 50:
                data = await socket.recv()
                if isinstance(data, bytes):
                    got.append(protocol.decode_audio(data).samples)
        assert got[-50:] == sent


async def test_a_token_in_the_address_is_a_login(server, kernel):
    async with page(server, kernel, login=False, query=f"?token={server.token}"):
        pass


async def test_who_is_not_logged_in_learns_nothing(server, kernel):
    answers = [
        await refused(server, kernel_id, login=False) for kernel_id in (kernel[0], "no-such-kernel")
    ]
    wrong = await refused(server, kernel[0], login=False, query=f"?token={secrets.token_hex(16)}")
    assert [answer.status_code for answer in [*answers, wrong]] == [403] * 3
    assert answers[0].body == answers[1].body
    assert server.request("adk-nb/version", login=False)[0] == 403


async def test_another_kernel_is_not_found_and_one_without_a_bridge_is_none(server, kernel):
    unknown = await refused(server, "0a1b2c3d-0000-4000-8000-000000000000")
    silent = await refused(server, server.start_kernel())
    assert (unknown.status_code, silent.status_code) == (404, 404)
    assert unknown.body == silent.body


async def test_a_file_that_names_a_kernel_which_is_not_the_servers_opens_nothing(server, kernel):
    other = "11111111-2222-4333-8444-555555555555"
    bridge_file.write(server.bridge_file(other), bridge_file.read(server.bridge_file(kernel[0])))
    assert (await refused(server, other)).status_code == 404


@pytest.mark.parametrize("mode", [0o644, 0o660, 0o602])
async def test_a_file_that_others_may_read_or_write_is_not_used(server, kernel, mode):
    file = server.bridge_file(kernel[0])
    file.chmod(mode)
    try:
        assert (await refused(server, kernel[0])).status_code == 404
    finally:
        file.chmod(0o600)
    async with page(server, kernel):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
async def test_a_file_of_another_user_is_not_used(server, kernel):
    file = server.bridge_file(kernel[0])
    os.chown(file, 12_345, -1)
    try:
        assert (await refused(server, kernel[0])).status_code == 404
    finally:
        os.chown(file, os.geteuid(), -1)


async def test_a_link_to_another_kernels_file_is_not_followed(server, kernel):
    silent = server.start_kernel()
    server.bridge_file(silent).symlink_to(server.bridge_file(kernel[0]))
    assert (await refused(server, silent)).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "..",
        "../api/status",
        "%2e%2e",
        "..%2f..%2fetc",
        "http://127.0.0.1:1/",
        "http:%2f%2f127.0.0.1:1",
        "127.0.0.1:22",
        "a/b",
        "a.b",
        "%00",
        "x" * 101,
    ],
)
async def test_no_path_leads_anywhere_else(server, kernel, path):
    answer = await refused(server, path)
    assert answer.status_code in (400, 404, 200, 302)  # Another page of the server's, or none.
    assert "upgrade" not in str(answer.headers.get("Connection", "")).lower()


def cookies(server):
    """What a browser that is logged in sends with every request."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar := CookieJar()))
    opener.open(f"{server.url}api/status?token={server.token}").close()
    return {"Cookie": "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)}


async def test_a_browser_is_let_in_by_its_cookie(server, kernel):
    async with page(server, kernel, login=False, additional_headers=cookies(server)):
        pass


@pytest.mark.parametrize("origin", ["http://evil.example", "null", None])
async def test_a_page_of_another_origin_is_refused(server, kernel, origin):
    logged_in = cookies(server)
    reply = await refused(server, kernel[0], additional_headers=logged_in, origin=origin)
    assert reply.status_code == 403
    # Whoever has the server's token may come from anywhere, by Jupyter's rule; not by the bridge's.
    assert (await refused(server, kernel[0], origin=origin)).status_code in (403, 502)


@pytest.mark.long
async def test_the_bridge_refuses_an_origin_that_no_widget_announced(tmp_path):
    server = Server(tmp_path / "home", "--ServerApp.allow_origin=*")
    try:
        kernel_id = server.start_kernel()
        server.talk(kernel_id, "http://notebook.example")
        assert (await refused(server, kernel_id)).status_code == 502
        async with dial(server, kernel_id, origin="http://notebook.example"):
            pass
    finally:
        server.close()


@pytest.mark.parametrize("offered", [None, ["other.v1"]])
async def test_another_subprotocol_is_refused(server, kernel, offered):
    assert (await refused(server, kernel[0], subprotocols=offered)).status_code == 400


async def test_a_port_where_something_else_listens_is_not_relayed_to(server, kernel):
    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret")

    other = await asyncio.start_server(answer, "127.0.0.1", 0)
    silent = server.start_kernel()
    bridge_file.write(server.bridge_file(silent), other.sockets[0].getsockname()[1])
    reply = await refused(server, silent)
    assert reply.status_code == 502
    assert b"secret" not in reply.body
    other.close()


@pytest.mark.long
async def test_close_codes_are_passed_on(server, kernel):
    async with dial(server, kernel[0]) as socket:
        await socket.send(json.dumps({"type": "hello", "token": "wrong"}))
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4401, "wrong token")
    own = server.start_kernel()
    token = server.talk(own)
    async with page(server, (own, token)) as socket:
        server.run(own, "session.bridge.call(bridge.remove(token))")
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                await socket.recv()
    assert closed.value.rcvd.code == 4000
    # With its bridge the file goes.
    assert not server.bridge_file(own).exists()


async def test_a_page_that_leaves_is_told_the_bridge(server, kernel):
    connected = "print(len(bridge._connections))"
    async with page(server, kernel):
        assert server.run(kernel[0], connected) == "1"
    wait_for(lambda: server.run(kernel[0], connected) == "0")


async def test_a_message_over_the_limit_closes_the_connection(server, kernel):
    async with page(server, kernel) as socket:
        await socket.send("x" * (protocol.MAX_MESSAGE + 1))
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                await socket.recv()
        assert closed.value.rcvd.code == 1009


@pytest.mark.long
async def test_so_many_connections_are_relayed_and_no_more(server):
    own = server.start_kernel()
    token = server.talk(own)
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(32):
            await stack.enter_async_context(page(server, (own, token)))
        assert (await refused(server, own)).status_code == 429
    async with asyncio.timeout(60):
        while True:  # Room is made as soon as one has gone.
            try:
                async with page(server, (own, token)):
                    return
            except InvalidStatus:
                await asyncio.sleep(0.05)


@pytest.mark.long
async def test_a_flood_does_not_grow_the_server(server, kernel):
    """A bridge that does not read holds the page back; nothing queues in between."""
    heard = asyncio.Event()

    async def deaf(socket):
        await heard.wait()

    from websockets.asyncio.server import serve

    listens = {"subprotocols": [protocol.SUBPROTOCOL], "max_queue": 1, "close_timeout": 0.1}
    async with serve(deaf, "127.0.0.1", 0, **listens) as other:
        silent = server.start_kernel()
        bridge_file.write(server.bridge_file(silent), other.sockets[0].getsockname()[1])
        async with dial(server, silent) as socket:
            try:
                # Far more than the buffers of the system hold, which it makes larger under load.
                with pytest.raises(TimeoutError):
                    for _ in range(256):
                        await asyncio.wait_for(socket.send(random.randbytes(1 << 20)), 1)
            finally:
                heard.set()


def test_the_doctor_learns_the_version(server):
    from adk_nb import __version__

    status, body = server.request("adk-nb/version")
    assert (status, json.loads(body)) == (200, {"version": __version__})


@pytest.mark.long
def test_it_is_loaded_without_what_is_heavy(server):
    code = (
        "import sys, jupyter_server.serverapp, tornado.websocket, tornado.simple_httpclient\n"
        "before = set(sys.modules)\n"
        "import adk_nb.relay, adk_nb.relay.socket, adk_nb.relay.handlers\n"
        "print(sorted({name.split('.')[0] for name in set(sys.modules) - before}))\n"
        "print(sorted(name for name in sys.modules if name.startswith('adk_nb')))"
    )
    roots, ours = server.run(server.start_kernel(), code).splitlines()[-2:]
    assert not {"google", "pydantic", "pandas", "anywidget", "websockets"} & set(eval(roots))
    assert set(eval(ours)) == {
        "adk_nb",
        "adk_nb.bridge_file",
        "adk_nb.front_end",
        "adk_nb.relay",
        "adk_nb.relay.handlers",
        "adk_nb.relay.socket",
        "adk_nb.served_page",
        "adk_nb.wire",
        "adk_nb.wire.terms",
    }


@pytest.mark.long
async def test_without_the_extension_there_is_no_relay(tmp_path):
    server = Server(tmp_path / "home", extension=False)
    try:
        assert (await refused(server, server.start_kernel())).status_code == 404
    finally:
        server.close()


def fetched(server, path, *, login=True):
    """What the server answers to a request of a page: the status, headers and body."""
    headers = {"Authorization": f"token {server.token}"} if login else {}
    request = urllib.request.Request(f"{server.url}adk-nb/{path}", headers=headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.headers, answer.read(), answer.url
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read(), error.url


def test_the_served_page_is_for_who_is_logged_in(server):
    status, headers, body, _ = fetched(server, "page/")
    assert status == 200
    assert b"page/page.js" in body
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert fetched(server, "page/screen/view.js")[1]["Content-Type"].startswith("text/javascript")
    _, _, body, url = fetched(server, "page/", login=False)
    assert "login" in url
    assert b"page/page.js" not in body


@pytest.mark.parametrize(
    "path", ["page/../version.py", "page/..%2f..%2fserver.py", "page//etc/passwd", "page/x.js"]
)
def test_no_path_leads_out_of_the_served_page(server, path):
    assert fetched(server, path)[0] == 404


async def test_a_link_lets_in_through_the_relay_once(server, kernel):
    kernel_id, token = kernel
    code = server.run(kernel_id, "print(bridge.link(token))").splitlines()[-1]
    for first in (True, False):
        async with dial(server, kernel_id) as socket:
            await socket.send(json.dumps({"type": "redeem", "code": code}))
            if first:
                assert json.loads(await socket.recv())["token"] == token
            with pytest.raises(ConnectionClosed) as closed:
                await socket.recv()
            assert closed.value.rcvd.code == (1000 if first else 4401)
