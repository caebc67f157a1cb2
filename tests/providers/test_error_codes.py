"""The codes of errors; `test_explain.py` has them with what is said of each."""

from __future__ import annotations

import errno
import ssl

import pytest
from google.genai.errors import APIError, ClientError
from service_errors import api, closed, refused

from adk_nb.providers.error_codes import code_of
from adk_nb.providers.explain import explain


def test_details_of_any_shape_are_read_as_far_as_they_go():
    error = {"code": 400, "status": "INVALID_ARGUMENT", "message": "no"}
    for details in ("text", ["API_KEY_INVALID", {"reason": 3}, {}], {"reason": "API_KEY_INVALID"}):
        assert explain(ClientError(400, {"error": error | {"details": details}})).code == (
            "invalid_argument"
        )
    details = [{}, {"reason": "API_KEY_INVALID"}]
    told = explain(ClientError(400, {"error": error | {"details": details}}))
    assert told.code == "bad_credentials"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (closed(1008, "Requested entity was not found."), "connection_refused"),
        (APIError(1008, "Requested entity was not found."), "model_not_found"),
        (api(418, "TEAPOT", "quota"), "quota"),
        (api(599, "ODD", "No."), "internal_error"),
        (api(418, "TEAPOT", "No."), ""),
        (refused(403, b"API_KEY_INVALID"), "bad_credentials"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "no"), "no_network"),
        (ssl.SSLError(1, "handshake"), "certificate"),
        (TimeoutError("connection refused"), "timeout"),
        (OSError("quota"), ""),
        (KeyError("city"), ""),
    ],
    ids=repr,
)
def test_an_errors_structure_comes_before_its_words(error, code):
    assert code_of(error) == code
