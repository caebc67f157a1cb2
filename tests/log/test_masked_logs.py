"""Python's log, while a session is open."""

import io
import logging

import pytest

from adk_nb.log import masked_logs
from adk_nb.log.redaction import Redactor

SECRET = "hunter2hunter2"


@pytest.fixture
def said():
    """Installs the masking; returns what a handler writes."""
    before, redact, stream = logging.getLogRecordFactory(), Redactor([SECRET]), io.StringIO()
    handler = logging.StreamHandler(stream)
    logging.getLogger().addHandler(handler)
    masked_logs.install(redact)
    yield stream.getvalue
    masked_logs.remove(redact)
    logging.getLogger().removeHandler(handler)
    assert logging.getLogRecordFactory() is before


def fail():
    raise ValueError(f"401 for {SECRET}")


@pytest.mark.parametrize("name", ["adk_nb.bridge_thread", "google_adk.google.adk.live"])
def test_messages_arguments_and_tracebacks_are_masked(said, name):
    logger = logging.getLogger(name)
    logger.warning("a %s", SECRET)
    logger.warning("b " + SECRET)  # noqa: G003
    try:
        fail()
    except ValueError:
        logger.exception("c")
    assert SECRET not in said()
    assert said().splitlines()[:2] == ["a [secret]", "b [secret]"]
    assert "ValueError: 401 for [secret]" in said()
    assert "in fail" in said()


def test_what_others_log_stays_as_it_is(said):
    logging.getLogger("mine").warning("a %s", SECRET)
    make = logging.getLogRecordFactory()
    assert make("adk_nb", logging.WARNING, "", 1, "%d", ("no number",), None).args == ("no number",)
    assert said().startswith(f"a {SECRET}\n")


def test_a_factory_that_was_set_meanwhile_stays():
    before, redact = logging.getLogRecordFactory(), Redactor([SECRET])
    masked_logs.install(redact)

    def own(*args, **options):
        return before(*args, **options)

    logging.setLogRecordFactory(own)
    masked_logs.remove(redact)
    assert logging.getLogRecordFactory() is own
    logging.setLogRecordFactory(before)
