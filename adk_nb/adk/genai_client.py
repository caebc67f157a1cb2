"""Google's SDK, where it says what tells a user nothing."""

from __future__ import annotations

import contextlib


def install() -> None:
    """Lets a client that could not be made, for want of a key, go in silence.

    When it is collected it closes itself in a task, on whichever loop runs then, such as the
    kernel's. The task fails at what the client never got, and its traceback is in the notebook.
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
