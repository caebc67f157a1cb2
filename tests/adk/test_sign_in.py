"""What a tool that wants a credential asks of the user, and what becomes of the answer."""

from __future__ import annotations

import pytest
from fastapi.openapi.models import (
    APIKey,
    APIKeyIn,
    OAuth2,
    OAuthFlowAuthorizationCode,
    OAuthFlows,
)
from google.adk.auth.auth_credential import AuthCredential, AuthCredentialTypes, OAuth2Auth
from google.adk.auth.auth_tool import AuthConfig

from adk_nb.adk.sign_in import answered, hint_of, link_of

LINK = "https://accounts.example.com/auth?state=s"
FLOW = OAuthFlowAuthorizationCode(
    authorizationUrl="https://accounts.example.com/auth",
    tokenUrl="https://accounts.example.com/token",
    scopes={},
)
KEY = AuthConfig(
    auth_scheme=APIKey(**{"in": APIKeyIn.header, "name": "X-Key"}),
    raw_auth_credential=AuthCredential(auth_type=AuthCredentialTypes.API_KEY),
    credential_key="key",
)


def oauth(link=LINK):
    auth = OAuth2Auth(client_id="i", client_secret="s", auth_uri=link, state="s")
    credential = AuthCredential(auth_type=AuthCredentialTypes.OAUTH2, oauth2=auth)
    return AuthConfig(
        auth_scheme=OAuth2(flows=OAuthFlows(authorizationCode=FLOW)),
        raw_auth_credential=credential,
        exchanged_auth_credential=credential,
        credential_key="oauth",
    )


def test_where_to_sign_in():
    assert link_of(oauth()) == LINK
    assert "sign in at accounts.example.com." in hint_of(oauth())


@pytest.mark.parametrize("wanted", [KEY, oauth(link=None)], ids=["key", "no address"])
def test_without_an_address_a_key_or_token_is_wanted(wanted):
    assert link_of(wanted) == ""
    assert hint_of(wanted) == "It needs a key or token of yours; paste it."
    assert answered(wanted, " k \n") == (f"temp:{wanted.credential_key}", "k")


@pytest.mark.parametrize(
    ("answer", "field"),
    [("https://localhost/?code=c&state=s", "auth_response_uri"), ("4/0Ab", "auth_code")],
)
def test_an_address_and_a_code_are_put_where_adk_exchanges_them(answer, field):
    wanted = oauth()
    key, credential = answered(wanted, f" {answer} ")
    assert key == "temp:oauth"
    before = wanted.exchanged_auth_credential.oauth2.model_dump()
    assert AuthCredential.model_validate(credential).oauth2.model_dump() == before | {field: answer}
    assert getattr(wanted.exchanged_auth_credential.oauth2, field) is None
