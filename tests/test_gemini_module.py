"""The public module looks into a cascade for the model that may lack something."""

from __future__ import annotations

import pytest
from google.adk.models import Gemini

from adk_nb import gemini
from adk_nb.local import local_model


@pytest.fixture(autouse=True)
def no_key(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in ("GOOGLE_API_KEY", "GEMINI_API_KEY", "GOOGLE_GENAI_USE_VERTEXAI"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    "model",
    [
        "gemini-3.8-live",
        Gemini(model="gemini-3.8-live"),
        local_model(brain="gemini-2.5-flash"),
        local_model(brain=Gemini(model="gemini-2.5-flash")),
    ],
)
def test_what_a_model_or_the_text_model_of_a_cascade_lacks(model):
    error = gemini.problem(model)
    assert error is not None
    assert error.code == "no_credentials"


@pytest.mark.parametrize(
    "model",
    [
        None,
        local_model(),
        local_model(brain=Gemini(model="gemini-2.5-flash", client_kwargs={"api_key": "k"})),
    ],
)
def test_where_it_is_unsure_nothing_is_said(model):
    assert gemini.problem(model) is None
