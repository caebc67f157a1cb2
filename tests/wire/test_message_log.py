import logging

import pytest

from adk_nb.wire.message_log import from_agent, to_agent


@pytest.mark.parametrize(
    ("level", "lines"),
    [
        (logging.WARNING, []),
        (logging.INFO, ["[CLIENT TO AGENT]: audio/pcm: 640 bytes.",
                        "[AGENT TO CLIENT]: text: 5 characters."]),
        (logging.DEBUG, ["[CLIENT TO AGENT]: audio/pcm: 640 bytes.",
                         "[AGENT TO CLIENT]: text: 5 characters: hello"]),
    ],
)  # fmt: skip
def test_kind_and_size_are_told_content_only_where_it_is_asked_for(caplog, level, lines):
    caplog.set_level(level, "adk_nb.messages")
    to_agent("audio/pcm", 640)
    from_agent("text", 5, "characters", "hello")
    assert caplog.messages == lines


def test_clocks_would_hide_all_else(caplog):
    caplog.set_level(logging.DEBUG, "adk_nb.messages")
    to_agent("clock", 49, "characters", "{}")
    from_agent("clock", 86, "characters", "{}")
    to_agent("clock_offset", 66, "characters", "{}")
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("tell", "way"), [(to_agent, "CLIENT TO AGENT"), (from_agent, "AGENT TO CLIENT")]
)
def test_bytes_are_told_as_such_and_long_contents_by_their_beginning(caplog, tell, way):
    caplog.set_level(logging.DEBUG, "adk_nb.messages")
    tell("audio", 640)
    tell("text", 300, "characters", "x" * 300)
    assert caplog.messages == [
        f"[{way}]: audio: 640 bytes.",
        f"[{way}]: text: 300 characters: {'x' * 200}",
    ]
    assert [record.levelname for record in caplog.records] == ["INFO", "DEBUG"]


def test_what_is_said_is_one_line(caplog):
    caplog.set_level(logging.DEBUG, "adk_nb.messages")
    to_agent("text/plain", 9, "characters", "one\ntwo\x1b")
    assert caplog.messages == [r"[CLIENT TO AGENT]: text/plain: 9 characters: one\ntwo\x1b"]
