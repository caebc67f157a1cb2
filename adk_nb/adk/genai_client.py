"""Silences an error of Google's SDK that tells a user nothing."""

from __future__ import annotations

import contextlib


def install() -> None:
    """Lets a client whose constructor failed, for want of a key, be collected without an error.

    When it is collected, it closes itself in a task on whatever loop runs then, such as the
    kernel's. As it has no attributes yet, that task fails, with a traceback in the notebook.
    """
    with contextlib.suppress(ImportError):
        from google.genai._api_client import BaseApiClient
        from google.genai.types import HttpOptions

        unmade = {
            "_http_options": HttpOptions(),
            "_async_httpx_client": None,
            "_aiohttp_sessions": None,
        }
        for name, value in unmade.items():
            if not hasattr(BaseApiClient, name):
                setattr(BaseApiClient, name, value)
