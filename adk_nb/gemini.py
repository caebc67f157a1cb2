"""Gemini Live's configuration: the public module for `adk_nb.providers.gemini`."""

from adk_nb.exceptions import CredentialsError
from adk_nb.providers.gemini import Credentials, credentials, default_model, models, problem

__all__ = ["Credentials", "CredentialsError", "credentials", "default_model", "models", "problem"]
