"""The text model within a cascade is its instance, or its name until there is one."""

from __future__ import annotations

from google.adk.live import CascadeLive

from adk_nb.adk.text_model import text_model
from adk_nb.local import LocalLlm, local_model


def test_of_a_cascade_it_is_the_model_that_it_was_given():
    brain = LocalLlm()
    assert text_model(local_model(brain)) is brain


def test_a_name_is_a_name_until_adk_makes_the_model():
    cascade = local_model("gemini-2.5-flash")
    assert text_model(cascade) == "gemini-2.5-flash"
    made = cascade._resolve_llm()
    assert text_model(cascade) is made


def test_an_adk_that_keeps_it_elsewhere_costs_the_model_and_leaves_the_name(monkeypatch):
    cascade = local_model(LocalLlm())
    monkeypatch.delitem(CascadeLive.__private_attributes__, "_llm")
    monkeypatch.setattr(cascade, "__pydantic_private__", {})
    assert text_model(cascade) == cascade.model


def test_another_model_is_itself():
    assert text_model("gemini-3.8-live") == "gemini-3.8-live"
    assert text_model(None) is None
