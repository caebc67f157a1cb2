import logging

import pytest

from adk_nb.adk import guard
from adk_nb.adk.log_filter import WARNED
from adk_nb.exceptions import AdkNbError

ADK = "google_adk.google.adk."


@pytest.fixture(autouse=True)
def installed():
    guard.install()


@pytest.mark.parametrize(
    ("module", "message", "args"),
    [
        ("agents._agent_router", "Event from an unknown agent: %s", ("dice",)),
        ("runners", "There is no context_cache_config.", ()),
        ("runners", "Root node %s failed", ("dice",)),
        ("live._live_llm_flow", "An unexpected error occurred in live flow: %s", ("e",)),
        ("live._live_llm_flow", "APIError in live flow: %s", ("e",)),
        ("live._live_llm_flow", "Connection closed: %s.", ("e",)),
        ("live._live_llm_flow", "Max reconnection attempts reached (%s).", (5,)),
    ],
)
def test_what_is_expected_or_told_elsewhere_is_not_in_the_log(caplog, module, message, args):
    logging.getLogger(ADK + module).error(message, *args)
    assert caplog.messages == []


@pytest.mark.parametrize("module", ["agents._agent_router", "runners", "live._live_llm_flow"])
def test_all_else_is(caplog, module):
    logging.getLogger(ADK + module).error("The disk is full.")
    assert caplog.messages == ["The disk is full."]


def test_of_other_modules_everything_is(caplog):
    logging.getLogger(ADK + "tools").error("Connection closed: yes")
    assert caplog.messages == ["Connection closed: yes"]


def test_a_toolset_that_did_not_load_is_told_to_the_run_that_wanted_it():
    told: list[AdkNbError] = []
    logger = logging.getLogger(ADK + "agents.llm_agent")
    logger.error("The toolset %s failed to load", "mcp")  # Outside a run.
    token = WARNED.set(told.append)
    try:
        logger.error(" The toolset %s failed to load\n", "mcp")
        logger.error("Something else")
    finally:
        WARNED.reset(token)
    (error,) = told
    assert (error.message, error.code) == ("The toolset mcp failed to load", "toolset_failed")
    assert error.remedy == "Start its server, and run swap() to connect again."
