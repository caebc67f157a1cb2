import json
import subprocess
import sys

import pytest
from google.adk.agents import Agent
from late import Late
from logs import conversation
from scripted import DONE, Scripted, audio, call, result_of, said, text_of

from adk_nb import LiveSession
from adk_nb.data.timeline import MAX_SESSIONS, Chart, timeline, timeline_spec
from adk_nb.data.vega import MIME
from adk_nb.exceptions import AdkNbError
from adk_nb.log.event_log import EventLog
from adk_nb.log.recording import save

alt = Late("altair")
charts = Late("adk_nb.data.altair_chart")


@pytest.fixture
def no_altair(monkeypatch):
    monkeypatch.setitem(sys.modules, "altair", None)


@pytest.mark.usefixtures("no_altair")
def test_without_altair_it_shows_itself_all_the_same():
    chart = timeline(conversation())
    assert type(chart) is Chart
    data, metadata = chart._repr_mimebundle_()
    assert data == {MIME: timeline_spec(conversation()), "text/plain": "<Timeline>"}
    assert MIME in metadata
    assert chart.to_dict() == data[MIME]


@pytest.mark.usefixtures("no_altair")
def test_without_altair_what_only_altair_can_names_the_extra():
    chart = timeline(conversation())
    with pytest.raises(AttributeError, match=r"'save'.* pip install 'adk-nb\[plots\]'"):
        chart.save("timeline.html")
    assert not hasattr(chart, "_ipython_display_")
    assert repr(chart) == "<Timeline>"


@pytest.mark.long
@pytest.mark.parametrize("source", [conversation(), [conversation(1, "a"), conversation(1, "b")]])
def test_with_altair_it_is_the_same_chart_as_altairs(source):
    chart = timeline(source)
    assert isinstance(chart, charts.Timelines if isinstance(source, list) else charts.Timeline)
    assert isinstance(chart, alt.TopLevelMixin)
    data, _ = chart._repr_mimebundle_()
    assert _unnamed(data[MIME]) == _unnamed(timeline_spec(source))
    whole = chart.to_dict()  # Altair's own checks pass.
    assert whole["datasets"] == data[MIME]["datasets"]
    assert "<script" in chart.to_html()


def _unnamed(spec):
    """A specification without what Altair sets for each chart of its own accord."""
    spec = json.loads(json.dumps(spec))
    for chart in [spec, *spec.get("vconcat", ())]:
        chart.get("config", {})["view"] = None
    return spec


def test_importing_it_loads_no_altair():
    code = (
        "import sys; from adk_nb.data import timeline; from adk_nb.notebook import inspector;"
        "print([m for m in ('altair',) if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_another_renderer_of_altairs_is_left_alone():
    with alt.renderers.enable("mimetype"):
        bundle = timeline(conversation())._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert MIME not in data or alt.SCHEMA_VERSION.startswith("v5")


def test_a_chart_can_be_changed_and_still_shows_itself():
    changed = timeline(conversation()).properties(width=300)
    data, _ = changed._repr_mimebundle_()
    assert data[MIME]["width"] == 300
    assert data[MIME]["datasets"]["speech_0"]


def test_several_sessions_are_below_each_other_and_too_many_are_refused(tmp_path):
    logs = [conversation(1, f"s{n}") for n in range(3)]
    chart = timeline(logs)
    assert isinstance(chart, charts.Timelines)
    spec = chart.to_dict()
    assert [one["title"] for one in spec["vconcat"]] == [f"session s{n}" for n in range(3)]
    assert len({param["name"] for param in spec["params"]}) == 3
    with pytest.raises(AdkNbError, match="too many"):
        timeline([EventLog(str(n)) for n in range(MAX_SESSIONS + 1)])


def test_a_recording_gives_the_same_chart(tmp_path):
    log = conversation()
    path = save(log, tmp_path)
    mine, read = (timeline_spec(source)["datasets"] for source in (log, path))
    assert read == json.loads(json.dumps(mine))


def test_a_live_session_with_a_tool():
    def roll() -> int:
        """Rolls."""
        return 4

    def answer(came):
        if text_of(came):
            return [call("roll"), DONE]
        return [audio(200), said("Four.", finished=True), DONE] if result_of(came) else []

    agent = Agent(name="dice", model=Scripted(answer), tools=[roll])
    with LiveSession(agent) as session:
        session.say("roll")
        while_open = timeline_spec(session)["datasets"]
    assert while_open["tools_0"][0]["tool"] == "roll"
    assert timeline_spec(session)["datasets"]["tools_0"] == while_open["tools_0"]


def test_importing_it_is_left_to_its_use():
    code = "import sys, adk_nb; print([m for m in ('altair', 'itables') if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
