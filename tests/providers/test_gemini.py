from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
import types

import pytest
from google.adk.agents import Agent
from google.adk.live._cascade_live import CascadeLive
from google.adk.models import Gemini
from google.genai import types as genai_types

import adk_nb
from adk_nb.exceptions import CredentialsError
from adk_nb.local import HibariTTS, MoonshineSTT, local_model
from adk_nb.log.redaction import Redactor
from adk_nb.providers import env_file, gemini
from adk_nb.providers.gemini import credentials, default_model, problem

KEY = "AIzaSyA-0123456789abcdefghijklmnopqrstu"
NAMES = [
    "GOOGLE_API_KEY",
    "GEMINI_API_KEY",
    "GOOGLE_GENAI_USE_VERTEXAI",
    "GOOGLE_GENAI_USE_ENTERPRISE",
    "GOOGLE_CLOUD_PROJECT",
    "GOOGLE_CLOUD_LOCATION",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_GEMINI_BASE_URL",
    "GOOGLE_VERTEX_BASE_URL",
    "SSL_CERT_FILE",
    "ADK_NB_MODEL",
    "JPY_SESSION_NAME",
]
VERTEX = {
    "GOOGLE_GENAI_USE_VERTEXAI": "TRUE",
    "GOOGLE_CLOUD_PROJECT": "p",
    "GOOGLE_CLOUD_LOCATION": "us-central1",
}


@pytest.fixture(autouse=True)
def clean(monkeypatch, tmp_path):
    for name in NAMES:
        # Set before it is deleted, so that what the code under test sets is taken back.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setattr(env_file, "_loaded", {})
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def put(monkeypatch):
    def put(variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return put


# --- which model ----------------------------------------------------------------------------------


def test_without_credentials_the_model_is_local():
    model = default_model()
    assert isinstance(model, CascadeLive)
    assert model.model == "adk-nb-local"
    assert isinstance(model.stt, MoonshineSTT)
    assert isinstance(model.tts, HibariTTS)


@pytest.mark.parametrize(
    ("variables", "name"),
    [
        ({"GOOGLE_API_KEY": "k"}, gemini.AI_STUDIO_MODEL),
        ({"GEMINI_API_KEY": "k"}, gemini.AI_STUDIO_MODEL),
        (VERTEX, gemini.VERTEX_AI_MODEL),
        ({**VERTEX, "GOOGLE_GENAI_USE_ENTERPRISE": "0", "GOOGLE_API_KEY": "k"}, "gemini-3.8-live"),
        ({"GOOGLE_GENAI_USE_ENTERPRISE": "1", "GOOGLE_API_KEY": "k"}, gemini.VERTEX_AI_MODEL),
        ({"GOOGLE_GENAI_USE_VERTEXAI": "0", "GOOGLE_API_KEY": "k"}, gemini.AI_STUDIO_MODEL),
        ({"ADK_NB_MODEL": "my-live-model", "GOOGLE_API_KEY": "k"}, "my-live-model"),
        ({"ADK_NB_MODEL": " gemini-live ", "GOOGLE_API_KEY": "k"}, "gemini-live"),
    ],
)
def test_credentials_choose_a_live_model(put, variables, name):
    put(variables)
    assert default_model() == name


@pytest.mark.parametrize(
    "variables",
    [
        {"ADK_NB_MODEL": "local", "GOOGLE_API_KEY": "k"},
        {"ADK_NB_MODEL": "Local", "GOOGLE_GENAI_USE_VERTEXAI": "TRUE"},
        {"GOOGLE_CLOUD_PROJECT": "p"},
        {"GOOGLE_API_KEY": ""},
    ],
)
def test_what_asks_for_no_gemini(put, variables):
    put(variables)
    assert isinstance(default_model(), CascadeLive)


@pytest.mark.parametrize("name", ["GOOGLE_API_KEY", "GEMINI_API_KEY"])
@pytest.mark.parametrize(
    "placeholder",
    ["YOUR_API_KEY", "PASTE_YOUR_ACTUAL_API_KEY_HERE", "<key>", "your-api-key-here", "..."],
)
def test_a_placeholder_that_was_left_is_told(clean, name, placeholder):
    (clean / ".env").write_text(f"{name}={placeholder}\n")
    with pytest.warns(UserWarning, match=f"{name} is still a placeholder.*embedded.*.env") as told:
        assert isinstance(default_model(), CascadeLive)
    assert [one.filename for one in told] == [__file__]


def test_a_placeholder_that_is_not_needed_is_not_told(put, recwarn):
    put({"ADK_NB_MODEL": "local", "GOOGLE_API_KEY": "<key>"})
    default_model()
    put({"ADK_NB_MODEL": "", "GEMINI_API_KEY": "k"})
    assert isinstance(default_model(), str)
    assert not recwarn.list


@pytest.mark.parametrize(
    ("variables", "names"),
    [
        ({"GOOGLE_GENAI_USE_VERTEXAI": "1"}, ["GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_LOCATION"]),
        ({**VERTEX, "GOOGLE_CLOUD_LOCATION": ""}, ["GOOGLE_CLOUD_LOCATION=us-central1"]),
        ({**VERTEX, "GOOGLE_CLOUD_PROJECT": "your-project-id"}, ["GOOGLE_CLOUD_PROJECT"]),
        ({"ADK_NB_MODEL": "gemini-3.8-live"}, ["GOOGLE_API_KEY", "aistudio", "local_model"]),
        ({"GOOGLE_API_KEY": "k", "SSL_CERT_FILE": "/nowhere.pem"}, ["SSL_CERT_FILE", "certifi"]),
    ],
)
def test_gemini_is_asked_for_and_something_is_missing(put, variables, names):
    put(variables)
    with pytest.raises(CredentialsError) as caught:
        default_model()
    for name in names:
        assert name in str(caught.value)


# --- the .env file --------------------------------------------------------------------------------


def test_a_dotenv_above_the_folder_is_read(clean, monkeypatch):
    (clean / ".env").write_text("\ufeffGOOGLE_API_KEY=from-file\nUNRELATED_SECRET=x\n")
    below = clean / "notebooks"
    (below / ".env").mkdir(parents=True)  # A virtual environment of that name is none.
    monkeypatch.chdir(below)
    assert isinstance(default_model(), str)
    assert os.environ["GOOGLE_API_KEY"] == "from-file"
    assert "UNRELATED_SECRET" not in os.environ
    assert credentials().env_file == clean / ".env"


def test_a_dotenv_never_overrides(clean, put):
    (clean / ".env").write_text(
        "ADK_NB_MODEL=from-file\nGOOGLE_API_KEY=from-file\nGOOGLE_GENAI_USE_ENTERPRISE=1\n"
    )
    # The file's names would win over these, though they are others.
    put({"ADK_NB_MODEL": "mine", "GEMINI_API_KEY": "mine", "GOOGLE_GENAI_USE_VERTEXAI": "0"})
    assert default_model() == "mine"
    assert credentials().key == "GEMINI_API_KEY"
    assert credentials().platform == gemini.AI_STUDIO
    assert "GOOGLE_API_KEY" not in os.environ


def test_a_mended_dotenv_needs_no_restart(clean):
    for value in ("wrong", "right"):
        (clean / ".env").write_text(f"GOOGLE_API_KEY={value}\n")
        credentials()
        assert os.environ["GOOGLE_API_KEY"] == value


@pytest.mark.parametrize("where", ["jupyter", "vscode"])
def test_a_dotenv_beside_the_notebook(clean, monkeypatch, where):
    folder = clean / "elsewhere"
    folder.mkdir()
    (folder / ".env").write_text(f"GOOGLE_API_KEY={KEY}\n")
    cwd = clean / "here"
    cwd.mkdir()
    monkeypatch.chdir(cwd)
    assert credentials().key == ""
    notebook = str(folder / "talk.ipynb")
    if where == "jupyter":
        monkeypatch.setenv("JPY_SESSION_NAME", notebook)
    else:
        shell = types.SimpleNamespace(user_ns={"__vsc_ipynb_file__": notebook})
        monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    assert credentials().key == "GOOGLE_API_KEY"
    assert Redactor()(f"my {KEY}") == "my [GOOGLE_API_KEY]"


def test_a_dotenv_that_cannot_be_read(clean):
    (clean / ".env").write_bytes("GOOGLE_API_KEY=k".encode("utf-16"))
    with pytest.raises(CredentialsError, match="UTF-8") as caught:
        default_model()
    assert caught.value.code == "bad_env_file"
    assert problem("gemini-3.8-live").code == "bad_env_file"
    Redactor()


# --- the key stays where it is --------------------------------------------------------------------


def test_secrets_are_those_of_file_and_environment(clean, put):
    (clean / ".env").write_text("GOOGLE_API_KEY=file-key-1234\nGEMINI_API_KEY=short\n")
    put({"GEMINI_API_KEY": " env-key-1234 "})
    assert (
        Redactor()("env-key-1234 file-key-1234 short") == "[GEMINI_API_KEY] [GOOGLE_API_KEY] short"
    )


def test_the_key_is_nowhere_to_be_seen(put):
    put({"GOOGLE_API_KEY": KEY})
    assert KEY not in repr(credentials())
    put({"ADK_NB_MODEL": "gemini-3.8-live", "SSL_CERT_FILE": "/nowhere"})
    assert KEY not in str(problem("gemini-3.8-live"))
    assert KEY not in adk_nb.models().to_string()


def test_what_is_no_credential_in_the_dotenv_is_no_secret(clean):
    (clean / ".env").write_text("ADK_NB_MODEL=gemini-3.8-live\nMY_TOKEN=hunter2hunter2\n")
    assert Redactor()("gemini-3.8-live hunter2hunter2") == "gemini-3.8-live [MY_TOKEN]"


# --- what is missing ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "model",
    [
        "gemini-3.8-live",
        "models/gemini-3.8-live",
        Gemini(model="gemini-3.8-live"),
        Agent(name="a", model="gemini-3.8-live").canonical_live_model,
        Agent(name="a").canonical_live_model,
    ],
)
def test_a_gemini_model_needs_a_key(put, model):
    error = problem(model)
    assert isinstance(error, adk_nb.AdkNbError)
    assert error.code == "no_credentials"
    assert "GOOGLE_API_KEY" in error.message
    assert str(env_file.Path.cwd() / ".env") in error.remedy
    put({"GOOGLE_API_KEY": KEY})
    assert problem(model) is None


class Gateway(Gemini):
    """A model with credentials of its own."""


@pytest.mark.parametrize(
    "model",
    [
        None,
        "claude-live",
        local_model(),
        Gemini(model="gemini-3.8-live", client_kwargs={"api_key": "k"}),
        Gemini(model="gemini-3.8-live", base_url="http://localhost"),
        Gemini(model="projects/p/locations/l/endpoints/e"),
        Gateway(model="gemini-3.8-live"),
    ],
)
def test_where_it_is_unsure_nothing_is_said(model):
    assert problem(model) is None


@pytest.mark.parametrize(
    ("variables", "hint"),
    [
        ({"GOOGLE_CLOUD_PROJECT": "p"}, "GOOGLE_GENAI_USE_VERTEXAI=TRUE"),
        ({"GOOGLE_GENAI_USE_VERTEXAI": "yes"}, "GOOGLE_GENAI_USE_VERTEXAI=TRUE"),
        ({"GEMINI_API_KEY": "<key>"}, "GEMINI_API_KEY is still a placeholder"),
    ],
)
def test_half_a_configuration_gets_a_hint(put, variables, hint):
    put(variables)
    assert hint in str(problem("gemini-3.8-live"))


@pytest.mark.parametrize("value", ["", "0", "false", "FALSE"])
def test_who_has_said_no_to_vertex_ai_gets_no_hint_of_it(put, value):
    put({"GOOGLE_GENAI_USE_VERTEXAI": value})
    assert "Vertex" not in problem("gemini-3.8-live").remedy


def test_vertex_express_mode_and_gateways_need_no_project(put):
    put({"GOOGLE_GENAI_USE_VERTEXAI": "1", "GOOGLE_API_KEY": "k"})
    assert problem("gemini-3.8-live") is None
    put({"GOOGLE_API_KEY": "", "GOOGLE_VERTEX_BASE_URL": "https://gateway"})
    assert problem("gemini-3.8-live") is None


# --- which models there are -----------------------------------------------------------------------


def listed(name, *actions):
    return {"name": name, "supportedGenerationMethods": list(actions), "inputTokenLimit": 131072}


@pytest.fixture
def api(put):
    """The API's list of models; its `answer` is a status and what is sent."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            status, body = server.answer
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        put(
            {
                "GOOGLE_API_KEY": KEY,
                "GOOGLE_GEMINI_BASE_URL": f"http://127.0.0.1:{server.server_port}",
            }
        )
        yield server
        server.shutdown()


def test_the_key_is_asked_for_its_models(api):
    models = [
        listed("models/gemini-3.8-live", "bidiGenerateContent"),
        listed("models/gemini-3.8-flash", "generateContent"),
        listed("models/gemini-2.0-flash-live-001", "generateContent", "bidiGenerateContent"),
    ]
    api.answer = (200, {"models": models})
    frame = adk_nb.models()
    assert frame["model"].tolist() == ["gemini-3.8-live", "gemini-2.0-flash-live-001", "local"]
    assert frame["source"].tolist() == ["API", "API", "embedded"]
    assert frame["kind"].tolist() == ["native audio", "half-cascade", "cascade"]
    assert frame["default"].tolist() == [True, False, False]
    assert frame["input_tokens"][0] == 131072


def test_a_wrong_key_is_in_the_frame(api):
    error = {
        "code": 400,
        "status": "INVALID_ARGUMENT",
        "message": f"API key not valid: {KEY}",
        "details": [{"reason": "API_KEY_INVALID"}],
    }
    api.answer = (400, {"error": error})
    frame = adk_nb.models()
    assert "does not accept the key" in frame["note"][0]
    assert frame["source"][0] == "known"
    assert KEY not in frame.to_string()


def test_no_network_is_in_the_frame(put):
    put({"GOOGLE_API_KEY": KEY, "GOOGLE_GEMINI_BASE_URL": "http://127.0.0.1:9"})
    assert "no way to its address" in adk_nb.models()["note"][0]


def test_without_a_key_the_known_models_are_told(put):
    frame = adk_nb.models()
    assert frame["model"].tolist()[-1] == "local"
    assert frame["default"].tolist()[-1]
    assert "GOOGLE_API_KEY is not set" in frame["note"][0]
    put({"GOOGLE_GENAI_USE_VERTEXAI": "1"})
    frame = adk_nb.models()
    assert set(frame["platform"]) == {"Vertex AI", "this machine"}
    assert "GOOGLE_CLOUD_PROJECT" in frame["note"][0]
    assert not frame["default"].any()


def test_importing_it_imports_neither_adk_nor_genai():
    code = (
        "import sys, adk_nb; adk_nb.models;"
        "print([m for m in ('google.adk', 'google.genai', 'pandas') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("name", "live"),
    [
        ("publishers/google/models/gemini-live-2.5-flash-native-audio", True),
        ("publishers/google/models/gemini-3.8-live", True),
        ("gemini-2.5-flash-native-audio", True),
        ("publishers/google/models/gemini-3.8-flash", False),
        ("publishers/google/models/other-live", False),
        (None, False),
    ],
)
def test_vertex_ai_does_not_say_which_models_are_live_so_their_names_do(monkeypatch, name, live):
    models = [genai_types.Model(name=name)]

    class Client:
        def __init__(self, **_):
            self.models = types.SimpleNamespace(list=lambda: models)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    monkeypatch.setattr("google.genai.Client", Client)
    for variable, value in VERTEX.items():
        monkeypatch.setenv(variable, value)
    frame = adk_nb.models()
    assert (frame["source"][0] == "API") is live
    assert (frame["note"][0] == "The key offers no live model.") is not live
    assert frame["platform"][0] == "Vertex AI"
