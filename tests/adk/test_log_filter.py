import logging

import pytest

from adk_nb.adk import guard
from adk_nb.adk.log_filter import WARNED, TellOnce
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


@pytest.mark.parametrize(
    ("module", "message", "code"),
    [
        (
            "live._live_llm_flow",
            "Agent dice sets output_schema, which is not supported in live mode.",
            "ignored",
        ),
        (
            "live._runner_utils",
            "Audio transcription is disabled while sub_agents are configured; it may not work.",
            "ignored",
        ),
        ("live._flow_utils", "Tool task t ignored cancellation and outlives its agent.", "ignored"),
        (
            "live._cascade_live_connection",
            "CascadeLive accepts only audio input; dropping image/jpeg blobs.",
            "ignored",
        ),
        (
            "models.gemini_llm_connection",
            "Blob not sent. Unknown or empty mime type for send_realtime_input: None",
            "ignored",
        ),
        (
            "live._gemini_tts",
            "Gemini TTS returned no audio for a segment; it is not recorded as spoken.",
            "no_sound",
        ),
        (
            "live._gemini_stt",
            "Gemini transcription did not end the activity; the last utterance may be lost.",
            "no_transcript",
        ),
    ],
)  # fmt: skip
def test_what_adk_goes_on_without_is_told(module, message, code):
    told: list[AdkNbError] = []
    token = WARNED.set(told.append)
    try:
        logging.getLogger(ADK + module).warning(message)
    finally:
        WARNED.reset(token)
    assert [(error.message, error.code) for error in told] == [(message, code)]
    assert told[0].remedy


def test_what_is_ignored_is_told_once_and_what_is_lost_each_time():
    told: list[AdkNbError] = []
    tell = TellOnce(told.append)
    for _ in range(3):
        tell(AdkNbError("a", code="ignored"))
        tell(AdkNbError("b", code="no_sound"))
    tell(AdkNbError("c", code="ignored"))
    assert [error.message for error in told] == ["a", "b", "b", "b", "c"]
