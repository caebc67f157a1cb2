"""Gemini Live's configuration: the public module for `adk_nb.providers.gemini`."""

from adk_nb.exceptions import CredentialsError
from adk_nb.providers import gemini
from adk_nb.providers.gemini import Credentials, credentials, default_model, models

__all__ = ["Credentials", "CredentialsError", "credentials", "default_model", "models", "problem"]


def problem(model: object) -> CredentialsError | None:
    """Returns what is missing to reach a model; None if nothing is known to be missing.

    Args:
        model: A model's name, or an ADK model; for an agent its `canonical_live_model`. Of a
            cascade it is the text model that may lack something.
    """
    if not isinstance(model, str):
        from adk_nb.adk.text_model import text_model

        model = text_model(model)
    return gemini.problem(model)
