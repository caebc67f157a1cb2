"""The columns of events: each is read of a row, and each of a row's attributes is one."""

from __future__ import annotations

from adk_nb.data.event_columns import EVENT_COLUMNS, EVENT_MORE, Events
from adk_nb.log.event_log import EventLog
from adk_nb.log.log_row import LogRow


def test_each_attribute_of_a_row_is_read_alike_one_by_one_and_at_once():
    log = EventLog("s1")
    log.add("adk", "tool_call", turn=2, tool="f", args={"a": 1})
    log.add("bridge", "connected", model="m")
    events = Events(log)
    assert events.attribute("session_id") == ["s1", "s1"]
    for name in Events._READ:
        plain = [getattr(row, name) for row in log]
        wanted = [value or None for value in plain] if name == "turn" else plain
        assert events.attribute(name) == wanted, name
    assert events.attribute("model") == [None, "m"]


def test_every_attribute_of_a_row_is_a_column():
    offered = {column.name for column in EVENT_COLUMNS + EVENT_MORE}
    assert offered - {"session_id", "run_id", "tags"} == set(LogRow.__dataclass_fields__)
