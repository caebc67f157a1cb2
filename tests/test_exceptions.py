"""The errors: their texts, codes and remedies."""

from __future__ import annotations

import inspect

import pytest

from adk_nb import exceptions
from adk_nb.exceptions import (
    AdkNbError,
    AdkVersionError,
    LocalModelError,
    TurnTimeoutError,
    together,
)

ERRORS = [one for _, one in inspect.getmembers(exceptions, inspect.isclass)]


@pytest.mark.parametrize(
    ("message", "told"),
    [("RuntimeError: no", "RuntimeError: no. Mend it."), ("Why?", "Why? Mend it."),
     ("", "Mend it."),
     ("(no)", "(no) Mend it."), ("It broke. ", "It broke. Mend it.")],
)  # fmt: skip
def test_what_happened_and_what_to_do_are_two_sentences(message, told):
    assert str(AdkNbError(message, remedy="Mend it.")) == told
    assert str(AdkNbError("no stop")) == "no stop"


def test_an_error_says_what_happened_and_what_to_do():
    error = AdkNbError("It broke.", remedy="Mend it.")
    assert (str(error), error.message, error.remedy) == (
        "It broke. Mend it.",
        "It broke.",
        "Mend it.",
    )
    assert (error.code, str(AdkNbError("It broke."))) == ("error", "It broke.")


@pytest.mark.parametrize("kind", ERRORS)
def test_each_has_a_code_of_its_own_which_one_error_may_replace(kind):
    assert issubclass(kind, AdkNbError)
    assert [one for one in ERRORS if one.code == kind.code] == [kind]
    assert kind("a", code="other").code == "other"
    assert kind("a").code == kind.code


def test_they_can_be_caught_as_pythons_own():
    assert issubclass(AdkVersionError, ImportError)
    assert issubclass(TurnTimeoutError, TimeoutError)


def test_several_are_told_as_one_with_each_remedy_once():
    errors = [
        LocalModelError("No ears.", remedy="Install it."),
        LocalModelError("No voice.", remedy="Install it."),
        LocalModelError("No brain."),
        LocalModelError("No room.", remedy="Make room."),
    ]
    error = together(errors)
    assert error.message == "No ears. No voice. No brain. No room."
    assert error.remedy == "Install it. Make room."
