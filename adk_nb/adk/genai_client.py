"""Silences an error of Google's SDK that tells a user nothing."""

from __future__ import annotations

import contextlib


def install() -> None:
    """Makes a client that could not be made, as there is no key, be collected without an error.

    Such a client closes itself in a task when it is collected, on the loop that runs then, such as
    the kernel's. The task fails, as the client is incomplete, with a traceback in the notebook.
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
