import os
import sys

import pytest
from google.adk.agents import Agent
from google.adk.agents.context_cache_config import ContextCacheConfig
from google.adk.apps import App, ResumabilityConfig
from google.adk.apps.app import EventsCompactionConfig
from google.adk.plugins.base_plugin import BasePlugin
from scripted import Scripted, echo

from adk_nb import serve
from adk_nb.exceptions import AdkNbError
from adk_nb.providers import gemini
from adk_nb.serve.agents import checked, load, of_session

AGENT = """
from google.adk.agents import Agent
{name} = Agent(name="{name}", model="m")
"""


@pytest.fixture(autouse=True)
def _own_path(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith("served_"):
            del sys.modules[name]


def test_a_folder_as_adk_makes_it(tmp_path):
    folder = tmp_path / "served_dice"
    folder.mkdir()
    (folder / "__init__.py").write_text("from . import agent\n")
    (folder / "agent.py").write_text(AGENT.format(name="root_agent"))
    assert load(str(folder)).name == "root_agent"
    assert load("served_dice").name == "root_agent"
    (folder / "__init__.py").write_text("")
    for name in [name for name in sys.modules if name.startswith("served_")]:
        del sys.modules[name]
    assert load(str(folder)).name == "root_agent"


def test_a_file_and_a_module_with_a_variable(tmp_path):
    path = tmp_path / "served_two.py"
    path.write_text(AGENT.format(name="agent") + AGENT.format(name="helper"))
    assert load(str(path)).name == "agent"
    assert load(f"{path}:helper").name == "helper"
    assert load("served_two:helper").name == "helper"


APP = AGENT.format(name="root_agent") + (
    "from google.adk.apps import App\n"
    "from google.adk.plugins.base_plugin import BasePlugin\n"
    "one = BasePlugin(name='one')\n"
    "app = App(name='served', root_agent=root_agent, plugins=[one])\n"
)


@pytest.mark.parametrize("init", ["from . import agent\n", "", "from .agent import app\n"])
def test_an_app_of_adks_comes_before_its_agent(tmp_path, init):
    folder = tmp_path / "served_apps"
    folder.mkdir()
    (folder / "__init__.py").write_text(init)
    (folder / "agent.py").write_text(APP)
    for name in ("served_apps", "served_apps:app", "served_apps/agent.py", "served_apps.agent"):
        found = load(name)
        assert [found.name, found.plugins[0].name] == ["served", "one"]
    for name in ("served_apps:root_agent", "served_apps/agent.py:root_agent"):
        assert load(name).name == "root_agent"


def test_an_app_of_no_agent_is_refused(tmp_path):
    (tmp_path / "served_flow.py").write_text(
        "from google.adk.apps import App\nfrom google.adk.workflow import BaseNode\n"
        "app = App(name='served', root_agent=BaseNode(name='node'))\n"
    )
    with pytest.raises(AdkNbError, match="BaseNode") as error:
        load("served_flow.py")
    assert error.value.code == "bad_option"


def test_of_an_app_a_session_has_the_plugins_and_the_name():
    agent = Agent(name="a", model="m")
    one, two = BasePlugin(name="one"), BasePlugin(name="two")
    app = App(name="served", root_agent=agent, plugins=[one])
    for given in (app, lambda: app):
        assert of_session(given, {"voice": "Puck"}) == (
            agent,
            {"voice": "Puck", "app_name": "served", "plugins": [one]},
        )
        assert of_session(given, {"app_name": "other", "plugins": [two]}) == (
            agent,
            {"app_name": "other", "plugins": [one, two]},
        )
    assert of_session(lambda: agent, {}) == (agent, {})


def test_what_of_an_app_is_not_used_is_said(caplog):
    resumable = ResumabilityConfig(is_resumable=True)
    checked(App(name="a", root_agent=Agent(name="a", model="m"), resumability_config=resumable))
    assert "resumability_config" in caplog.text


@pytest.mark.parametrize(
    ("unused", "said"),
    [
        ({}, []),
        (
            {
                "events_compaction_config": EventsCompactionConfig(
                    compaction_interval=2, overlap_size=1
                )
            },
            ["events_compaction_config"],
        ),
        ({"context_cache_config": ContextCacheConfig()}, ["context_cache_config"]),
        (
            {
                "context_cache_config": ContextCacheConfig(),
                "resumability_config": ResumabilityConfig(is_resumable=True),
            },
            ["context_cache_config and resumability_config"],
        ),
    ],
)
def test_each_part_of_an_app_that_is_not_used_is_named(caplog, unused, said):
    app = App(name="a", root_agent=Agent(name="a", model="m"), **unused)
    assert checked(app) is app
    assert caplog.messages == [
        f"Live conversations make no use of the App's {names}." for names in said
    ]


def test_what_stands_nearest_comes_before_a_module_of_its_name_elsewhere(tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    for folder, name in ((elsewhere, "far"), (tmp_path, "near")):
        folder.mkdir(exist_ok=True)
        (folder / "served_twice.py").write_text(
            f"from google.adk.agents import Agent\nagent = Agent(name='{name}', model='m')\n"
        )
        (folder / "served_pack").mkdir()
        (folder / "served_pack" / "agent.py").write_text(
            f"from google.adk.agents import Agent\nroot_agent = Agent(name='{name}', model='m')\n"
        )
    monkeypatch.syspath_prepend(str(elsewhere))
    assert [load(name).name for name in ("served_twice", "served_pack")] == ["near", "near"]
    assert sys.path[0] == str(tmp_path)


def test_a_folder_with_an_agent_of_its_own_needs_no_module_agent(tmp_path):
    folder = tmp_path / "served_own"
    folder.mkdir()
    (folder / "__init__.py").write_text(AGENT.format(name="root_agent"))
    (folder / "agent.py").write_text("raise RuntimeError('never imported')\n")
    assert load("served_own").name == "root_agent"


@pytest.mark.parametrize("name", ["served_none", "served_none.py", "served_empty.py", "json:x"])
def test_what_is_no_agent_is_named(tmp_path, name):
    (tmp_path / "served_empty.py").write_text("x = 1\n")
    with pytest.raises(AdkNbError, match=name.partition(":")[0]) as error:
        load(name)
    assert error.value.remedy
    assert error.value.code == "bad_option"


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("x = 1\nx = (\n", 2, "SyntaxError: '(' was never closed"),
        ("x = 1\n\ny = 1 / 0\n", 3, "ZeroDivisionError: division by zero"),
        ("import served_missing_package\n", 1, "No module named 'served_missing_package'"),
        ("def f():\n    raise RuntimeError('no')\n\n\nf()\n", 2, "RuntimeError: no"),
        ("import json\njson.loads('{')\n", 2, "line 1 column 2 (char 1)"),
    ],
)
@pytest.mark.parametrize("name", ["served_wrong.py", "served_wrong", "served_folder"])
def test_an_error_in_the_agents_own_file_is_told_with_its_line(tmp_path, text, line, what, name):
    (tmp_path / "served_folder").mkdir()
    (tmp_path / "served_folder" / "agent.py").write_text(text)
    path = tmp_path / "served_wrong.py"
    path.write_text(text)
    path = path if name != "served_folder" else tmp_path / "served_folder" / "agent.py"
    with pytest.raises(AdkNbError) as error:
        load(name)
    assert f"{path}, line {line}: " in error.value.message
    assert error.value.message.endswith(what)
    assert error.value.code == "bad_option"
    missing = "served_missing_package" in what
    assert error.value.remedy.startswith("Install the package" if missing else "Mend that line.")


@pytest.fixture
def created(monkeypatch, tmp_path):
    """A folder as `adk create served_made --api_key ...` makes it, in a folder of agents."""
    for name in ("SERVED_OWN", "SERVED_SET", "GOOGLE_API_KEY", "GEMINI_API_KEY"):
        # Set before it is deleted, so that what the code under test sets is taken back.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "0")
    monkeypatch.setenv("SERVED_SET", "mine")
    folder = tmp_path / "agents" / "served_made"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("from . import agent\n")
    (folder / "agent.py").write_text(
        "import os\nfrom google.adk.agents import Agent\n"
        "said = [os.environ.get(name) for name in ('SERVED_OWN', 'SERVED_SET')]\n"
        "root_agent = Agent(name='made', model='gemini-x', description=repr(said))\n"
    )
    return folder


ENV = "GOOGLE_API_KEY=some-key\nSERVED_OWN=own\nSERVED_SET=other\nSERVED_BARE\n"


@pytest.mark.parametrize(
    "name", ["agents/served_made", "agents/served_made/agent.py", "agents.served_made"]
)
@pytest.mark.parametrize("where", [".", ".."])
def test_the_env_file_of_the_agent_is_read_before_it(created, name, where):
    (created / where / ".env").write_text(ENV)
    assert gemini.problem("gemini-x") is not None
    assert load(name).description == "['own', 'mine']"
    assert gemini.problem("gemini-x") is None
    assert "SERVED_BARE" not in os.environ


def test_the_env_file_of_the_agent_comes_before_that_of_the_working_directory(created, tmp_path):
    (tmp_path / ".env").write_text("GOOGLE_API_KEY=wrong\nSERVED_OWN=wrong\n")
    (created / ".env").write_text("GOOGLE_API_KEY=\nSERVED_OWN=\n")
    assert load("agents/served_made").description == "['', 'mine']"
    problem = gemini.problem("gemini-x")
    assert f"into {created / '.env'}" in problem.remedy


def test_a_key_that_is_missing_is_written_into_the_agents_own_file(created):
    load("agents/served_made")
    remedy = gemini.problem("gemini-x").remedy
    assert f"into {created / '.env'}, and try again" in remedy


def test_an_env_file_that_cannot_be_read_is_named(created):
    (created / ".env").write_bytes("GOOGLE_API_KEY=x".encode("utf-16"))
    with pytest.raises(AdkNbError, match="cannot be read") as error:
        load("agents/served_made")
    assert error.value.code == "bad_env_file"
    assert str(created / ".env") in error.value.message


def test_adks_own_variable_leaves_the_env_file_unread(created, monkeypatch):
    monkeypatch.setenv("ADK_DISABLE_LOAD_DOTENV", "1")
    (created / ".env").write_text(ENV)
    assert load("agents/served_made").description == "[None, 'mine']"


CONFIG = """
# yaml-language-server: $schema=https://example.org/AgentConfig.json
name: root_agent
description: Rolls dice.
instruction: Roll dice.
model: gemini-x
tools:
  - name: served_config.tools.roll
"""


@pytest.fixture
def configured(tmp_path):
    """A folder as `adk create --type=config` makes it, with a tool."""
    folder = tmp_path / "agents" / "served_config"
    folder.mkdir(parents=True)
    (folder / "root_agent.yaml").write_text(CONFIG)
    (folder / "tools.py").write_text("def roll() -> int:\n    return 6\n")
    return folder


@pytest.mark.parametrize("name", ["agents/served_config", "agents/served_config/root_agent.yaml"])
def test_an_agent_that_is_written_as_configuration(configured, monkeypatch, name):
    monkeypatch.setenv("SERVED_OWN", "")
    monkeypatch.delenv("SERVED_OWN")
    (configured / ".env").write_text("SERVED_OWN=own\n")
    agent = load(name)
    assert (agent.name, agent.description) == ("root_agent", "Rolls dice.")
    assert [tool.__name__ for tool in agent.tools] == ["roll"]
    assert os.environ["SERVED_OWN"] == "own"


@pytest.mark.usefixtures("configured")
def test_an_adk_that_reads_no_configurations_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "google.adk.agents.config_agent_utils", None)
    with pytest.raises(AdkNbError, match="the installed ADK reads no such files") as error:
        load("agents/served_config")
    assert error.value.code == "bad_option"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("name: [", "while parsing"),
        ("", "File is empty"),
        (CONFIG.replace(".tools.", ".no."), "No module named 'served_config.no'"),
        ("agent_class: BaseNode\nname: a\n", "BaseNode"),
    ],
)
def test_what_is_wrong_with_a_configuration_is_told_with_its_file(configured, text, what):
    (configured / "root_agent.yaml").write_text(text)
    with pytest.raises(AdkNbError) as error:
        load("agents/served_config")
    assert error.value.code == "bad_option"
    assert "served_config/root_agent.yaml" in error.value.message
    assert what in error.value.message
    assert "\n" not in str(error.value)


def test_an_adk_that_reads_no_configuration_is_told(configured, monkeypatch):
    monkeypatch.setitem(sys.modules, "google.adk.agents.config_agent_utils", None)
    with pytest.raises(AdkNbError, match=r"root_agent\.yaml.*installed ADK"):
        load("agents/served_config")


def test_a_plugin_that_waits_for_a_callback_in_vain_is_told_at_the_start(caplog):
    class Guard(BasePlugin):
        async def on_user_message_callback(self, **_arguments):
            return None

    agent = Agent(name="a", model=Scripted(echo))
    serve.app(App(name="shop", root_agent=agent, plugins=[Guard(name="guard")]))
    assert "does not call on_user_message_callback in live conversations: guard." in caplog.text
    caplog.clear()
    serve.app(agent, plugins=[Guard(name="watch")])
    assert "live conversations: watch." in caplog.text
    caplog.clear()
    serve.app(agent)
    assert caplog.text == ""
