import io
import json

import pytest
from late import Late
from logs import conversation

from adk_nb.data.timeline import timeline_spec
from adk_nb.data.vega import MIME, SCHEMA

alt = Late("altair")
charts = Late("adk_nb.data.altair_chart")


def test_one_session_is_a_chart_of_layers():
    chart = charts.altair_chart(timeline_spec(conversation(1, "a")))
    assert type(chart) is charts.Timeline
    assert len(chart.layer) > 3
    assert chart.to_dict()["datasets"] == timeline_spec(conversation(1, "a"))["datasets"]


def test_several_are_one_below_the_other():
    chart = charts.altair_chart(timeline_spec([conversation(1, "a"), conversation(1, "b")]))
    assert type(chart) is charts.Timelines
    assert len(chart.vconcat) == 2
    assert all(isinstance(one, alt.LayerChart) for one in chart.vconcat)


def test_a_cell_shows_it_with_jupyterlabs_own_vega_lite():
    spec = timeline_spec(conversation())
    data, _ = charts.altair_chart(spec)._repr_mimebundle_()
    assert data[MIME]["$schema"] == SCHEMA
    assert data[MIME]["datasets"] == spec["datasets"]
    assert data["text/plain"] == "<Timeline>"


def test_a_renderer_that_the_user_chose_shows_it():
    chart = charts.altair_chart(timeline_spec(conversation()))
    with alt.renderers.enable("json"):
        shown = chart._repr_mimebundle_()
    assert "application/json" in (shown[0] if isinstance(shown, tuple) else shown)


@pytest.mark.parametrize("change", [{"width": 321}, {"title": "mine"}])
def test_it_is_changed_as_altairs_charts_are(change):
    chart = charts.altair_chart(timeline_spec(conversation())).properties(**change)
    assert change.items() <= chart.to_dict().items()


def test_a_chart_is_saved_to_a_file_that_only_its_owner_can_read(tmp_path):
    chart = charts.altair_chart(timeline_spec(conversation()))
    path = tmp_path / "chart.json"
    chart.save(path)
    assert json.loads(path.read_text()).keys() >= {"$schema", "layer"}
    assert path.stat().st_mode & 0o077 == 0
    text = io.StringIO()
    chart.save(text, format="json")
    assert json.loads(text.getvalue()) == json.loads(path.read_text())
