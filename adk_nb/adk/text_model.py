"""The text model within a cascade."""

from __future__ import annotations

from google.adk.live import CascadeLive


def text_model(model: object) -> object:
    """Returns the text model within a cascade, or its name until ADK has made it of that.

    Any other model is returned as it is.
    """
    if not isinstance(model, CascadeLive):
        return model
    return getattr(model, "_llm", None) or model.model
