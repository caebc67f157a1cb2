import json

import pytest
from late import Late
from logs import conversation

from adk_nb.data.marks import MAX_MARKS
from adk_nb.data.timeline import timeline_spec
from adk_nb.data.vega import MIME, _x, mime_bundle
from adk_nb.log.event_log import EventLog

alt = Late("altair")
jsonschema = Late("jsonschema")


def session_of_all_kinds():
    log = conversation(2)
    called = next(row for row in log if row.kind == "tool_call")
    waited = {"turn": called.turn, "tool": called.tool, "tool_call_id": called.tool_call_id}
    log.add("bridge", "approval", t=called.t, ms=100.0, text="approved", **waited)
    log.add("client", "user_text", t=30.0, turn=3, text="hi", final=True)
    log.add("bridge", "error", t=31.0, turn=3, error="The model ended the conversation.")
    return log


@pytest.mark.parametrize(
    ("kind", "source"),
    [
        ("LayerChart", session_of_all_kinds()),
        ("LayerChart", EventLog("empty")),
        ("VConcatChart", [conversation(1, "a"), conversation(40, "b")]),
    ],
    ids=["all kinds of marks", "none", "two sessions"],
)
def test_it_is_valid_vega_lite(kind, source):
    spec = timeline_spec(source)
    assert spec.pop("$schema").endswith("/v5.json")
    # Checks it against the schema that Altair brings.
    getattr(alt, kind).from_dict(spec, validate=True)


def test_a_misspelt_one_is_not():
    spec = timeline_spec(session_of_all_kinds())
    spec["layer"][0]["mark"]["heigth"] = 3
    with pytest.raises(jsonschema.ValidationError):
        alt.LayerChart.from_dict(spec, validate=True)


def test_each_kind_of_mark_has_a_layer_whose_data_is_there():
    spec = timeline_spec(session_of_all_kinds())
    drawn = {layer["data"]["name"] for layer in spec["layer"]}
    assert drawn == set(spec["datasets"])
    assert all(spec["datasets"][name] for name in drawn)


def test_jupyterlab_gets_the_vega_lite_that_it_has():
    data, metadata = mime_bundle(timeline_spec(conversation()))
    assert set(data) == {MIME, "text/plain"}
    assert metadata[MIME]["embed_options"]["actions"]["editor"] is False
    text = json.dumps(data, allow_nan=False)
    assert "container" not in text
    assert data[MIME]["config"]["background"] == "transparent"


def test_errors_have_a_lane_of_their_own_where_there_are_any():
    log = conversation()
    assert "errors" not in json.dumps(timeline_spec(log)["layer"])
    log.add("bridge", "error", t=13.0, turn=1, error="The model ended the conversation.")
    spec = timeline_spec(log)
    assert "errors" in json.dumps(spec["layer"])
    assert spec["datasets"]["errors_0"][0]["error"] == "The model ended the conversation."


def test_an_empty_session_has_empty_lanes():
    spec = timeline_spec(EventLog("empty"))
    assert not any(spec["datasets"].values())
    assert len(spec["layer"]) == 1


@pytest.mark.timeout(60)
def test_of_a_long_session_the_newest_is_drawn():
    log = conversation(turns=1200)
    spec = timeline_spec(log)
    drawn = sum(map(len, spec["datasets"].values()))
    assert MAX_MARKS * 0.99 <= drawn <= MAX_MARKS
    assert "earliest marks" in spec["title"]
    assert spec["datasets"]["speech_0"][-1]["turn"] == 1200
    assert len(json.dumps(spec)) < 2_000_000


@pytest.mark.parametrize(
    ("layers", "domain"),
    [
        ({}, [0, 1]),
        ({"a": []}, [0, 1]),
        ({"a": [{"t": 3.0}]}, [2.95, 3.05]),
        ({"a": [{"t": 3.0, "end": 5.0}, {"t": 4.0}], "b": [{"t": 13.0}]}, [2.8, 13.2]),
        ({"a": [{"t": 3.0, "end": 23.0}], "b": [{"t": 13.0, "end": 14.0}]}, [2.6, 23.4]),
    ],
)
def test_the_axis_holds_all_marks_with_a_margin(layers, domain):
    axis = _x(layers)
    assert axis["scale"] == {"domain": pytest.approx(domain), "nice": False}
    assert (axis["field"], axis["title"]) == ("t", "t (s)")
