"""What is shown of an error: its words, without keys, and not too many."""

from __future__ import annotations

import httpx
import pytest
from google.genai.errors import APIError
from hypothesis import given, strategies as st
from late import Late
from service_errors import KEY, api, closed, refused

from adk_nb.providers.error_words import mask
from adk_nb.providers.explain import explain

sqlalchemy = Late("sqlalchemy")


WORD = st.characters(codec="ascii", categories=["L", "N"], include_characters="-_")
KEYS = st.one_of(
    st.text(WORD, min_size=35, max_size=35).map(lambda tail: "AIza" + tail),
    st.text(WORD, min_size=30, max_size=60).map(lambda tail: "ya29." + tail),
)
AROUND = st.text(max_size=60)
MAKERS = st.sampled_from(
    [
        ValueError,
        OSError,
        lambda text: closed(1007, text[:30]),
        lambda text: APIError(1008, text),
        lambda text: api(400, text, text, text),
        lambda text: refused(403, text.encode()),
        httpx.ConnectError,
        lambda text: ExceptionGroup(text, [ValueError(text)]),
        lambda text: sqlalchemy.exc.StatementError(text, text, {}, ValueError(text)),
    ]
)


@given(KEYS, AROUND, AROUND, MAKERS)
def test_no_key_survives(key, before, after, make):
    error = make(f"{before}{key}{after}")
    assert key not in str(explain(error))
    assert key not in explain(error).message


@given(st.text(WORD, min_size=8, max_size=60), AROUND, AROUND, MAKERS)
def test_the_environments_own_key_does_not_survive_in_any_shape(key, before, after, make):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GEMINI_API_KEY", key)
        known = str(explain(make(f"{before} {after}")))
        said = str(explain(make(f"{before}{key}{after}")))
    # Only what is said without it may be in it.
    assert key in known or key not in said


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("wss://h/ws?key=abc123&x=1", "wss://h/ws?key=[secret]&x=1"),
        ("{'x-goog-api-key': 'abc123', 'a': 1}", "{'x-goog-api-key': '[secret]', 'a': 1}"),
        ("GOOGLE_API_KEY=abc123", "GOOGLE_API_KEY=[secret]"),
        ("Authorization: Bearer abc.123", "Authorization: Bearer [secret]"),
        (f"with{KEY}.", "with[secret]."),
        ("KeyError: 'city'", "KeyError: 'city'"),
        ("the key: city", "the key: city"),
    ],
)
def test_what_is_masked(text, masked):
    assert mask(text) == masked


def test_a_refused_handshake_says_what_the_service_said():
    body = b'{"error": {"message": "Live is not enabled for key=abc123."}}'
    assert "Live is not enabled for key=[secret]" in explain(refused(403, body)).message


def test_a_long_text_is_cut():
    assert len(explain(ValueError("x" * 5000)).message) < 700
