import pytest
from google.genai import types

from adk_nb.providers.turn_ends import explain_end


@pytest.mark.parametrize("reason", [None, "went_on", "no_reaction"])
def test_an_ordinary_end_is_no_error(reason):
    assert explain_end(reason) is None


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("empty", "empty_answer"),
        ("inaudible", "inaudible_answer"),
        ("malformed_function_call", "malformed_function_call"),
        ("response_rejected", "response_rejected"),
        ("max_regeneration_reached", "max_regeneration_reached"),
        ("prohibited_input_content", "input_refused"),
    ],
)
def test_what_a_reason_means(reason, code):
    error = explain_end(reason)
    assert error.code == code
    assert error.remedy.startswith("Say it")


def test_all_other_reasons_of_the_service_are_refusals_and_are_named():
    for reason in types.TurnCompleteReason:
        error = explain_end(reason.value.lower())
        assert error.code != "input_refused" or reason.value.lower() in error.message
