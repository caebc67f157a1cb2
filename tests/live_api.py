"""A stand-in of the Gemini Live API, on this machine, for the real google-genai SDK and ADK.

    async def scenario(call: Call) -> None:
        await call.setup()
        await call.text_turn()
        await call.say("Hello.", audio_ms=300)
        await call.done()

    with LiveApi(scenario) as api:
        ...  # set api.environment, or SSL_CERT_FILE=api.certificate and base_url=api.base_url

Where its behaviours are from:
[types] docstrings of google.genai.types 2.34, [sdk] google/genai/live.py, [adk] ADK 2.13's models,
[ref] ai.google.dev/api/live, [guide] ai.google.dev/gemini-api/docs/live-session and .../live-guide,
[seen] reported from the real service in a public issue, [guess] not known for sure.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import re
import ssl
import tempfile
import threading
import time
import uuid
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import batched as _batched  # type: ignore[attr-defined,unused-ignore]
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit
