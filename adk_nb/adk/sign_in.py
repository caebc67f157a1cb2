"""What a tool that asks for a credential wants of the user, and where ADK looks for the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from google.adk.auth.auth_credential import AuthCredential, OAuth2Auth
    from google.adk.auth.auth_tool import AuthConfig


def link_of(wanted: AuthConfig) -> str:
    """Returns the address at which the user signs in; empty where a key or token is wanted."""
    oauth2 = _oauth2(wanted)
    return (oauth2.auth_uri or "") if oauth2 is not None else ""


def hint_of(wanted: AuthConfig) -> str:
    """Returns what the user has to do, as sentences."""
    if link := link_of(wanted):
        return (
            f"It needs you to sign in at {urlsplit(link).netloc}. Then paste the whole address "
            "that you are sent to, or the code that you are shown."
        )
    return "It needs a key or token of yours; paste it."


def answered(wanted: AuthConfig, answer: str) -> tuple[str, Any]:
    """Returns the state's key and value in which `get_auth_response` finds an answer.

    The key is of those that ADK never stores. ADK's own code exchanges an address or a code for a
    token.

    Args:
        wanted: What the tool asked for.
        answer: The address that the user was sent to, or a code; a key or token.
    """
    key, oauth2, answer = f"temp:{wanted.credential_key}", _oauth2(wanted), answer.strip()
    if oauth2 is None or wanted.exchanged_auth_credential is None or not oauth2.auth_uri:
        return key, answer  # ADK makes a credential of it, by the scheme.
    field = "auth_response_uri" if "://" in answer else "auth_code"
    credential: AuthCredential = wanted.exchanged_auth_credential.model_copy(
        update={"oauth2": oauth2.model_copy(update={field: answer})}
    )
    return key, credential.model_dump(mode="json", by_alias=True, exclude_none=True)


def _oauth2(wanted: AuthConfig) -> OAuth2Auth | None:
    credential = wanted.exchanged_auth_credential
    return credential.oauth2 if credential is not None else None
