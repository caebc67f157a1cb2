"""What it means that a model ended a turn without an answer."""

from __future__ import annotations

from typing import NamedTuple

from adk_nb.exceptions import ModelError


class _Meaning(NamedTuple):
    """What a reason means.

    Attributes:
        code: The error's code.
        message: What has happened.
        remedy: What the user can do.
    """

    code: str
    message: str
    remedy: str


_ENDS = {
    "empty": _Meaning(
        "empty_answer",
        "The model completed its turn and said nothing.",
        "Say it again, or in other words.",
    ),
    "inaudible": _Meaning(
        "inaudible_answer",
        "The model's answer is sound that nobody can hear.",
        "Say it again; live.audio(turn=...) has the sound.",
    ),
    "malformed_function_call": _Meaning(
        "malformed_function_call",
        "The model made a call of a tool that cannot be read.",
        "Say it again; a simpler signature of the tool may help.",
    ),
    "response_rejected": _Meaning(
        "response_rejected",
        "The service withheld the model's answer.",
        "Say it in other words, or see the safety settings of the model.",
    ),
    "max_regeneration_reached": _Meaning(
        "max_regeneration_reached",
        "The service gave up on an answer after several attempts.",
        "Say it in other words.",
    ),
}
_PROHIBITED = _Meaning(
    "input_refused",
    "The service refused what was said or shown ({reason}).",
    "Say it in other words, or without the picture.",
)


def explain_end(reason: str | None) -> ModelError | None:
    """Returns what the end of a turn means, by its `end_reason`; None if nothing is wrong.

    The reasons of the service are those of `google.genai.types.TurnCompleteReason`, in lower case.
    """
    if reason in (None, "went_on", "no_reaction"):
        return None
    meaning = _ENDS.get(str(reason), _PROHIBITED)
    message = meaning.message.format(reason=reason)
    return ModelError(message, remedy=meaning.remedy, code=meaning.code)
