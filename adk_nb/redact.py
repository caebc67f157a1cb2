"""Keeps credentials out of what is logged, recorded and shown."""

from __future__ import annotations

import os
import re
from typing import Any

from adk_nb import gemini

MASK = "[secret]"
_NAMES = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL", re.IGNORECASE)
_PLAIN = {"ADK_NB_MODEL", "GOOGLE_CLOUD_LOCATION", "SSL_CERT_FILE"}
"""What a `.env` file says that is no secret, and is shown elsewhere."""
_SHORTEST = 8
"""Characters; a shorter value would mask ordinary words."""


class Redactor:
    """Replaces secret values in any text that passes through it.

    Secret are the values of environment variables whose names say so, those of the `.env` file
    beside the notebook or above it, and whatever is added.
    """

    def __init__(self) -> None:
        found = [value for name, value in os.environ.items() if _NAMES.search(name)]
        found += [value for name, value in gemini.env_values().items() if name not in _PLAIN]
        self._values = {value for value in found if len(value) >= _SHORTEST}
        self._pattern = self._compiled()

    def add(self, value: str) -> None:
        """Adds a secret."""
        self._values.add(value)
        self._pattern = self._compiled()

    def __call__(self, value: Any) -> Any:
        """Returns the value with every secret in its strings masked."""
        if self._pattern is None:
            return value
        if isinstance(value, str):
            return self._pattern.sub(MASK, value)
        if isinstance(value, dict):
            return {self(key): self(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self(item) for item in value)
        return value

    def _compiled(self) -> re.Pattern[str] | None:
        longest_first = sorted(self._values, key=len, reverse=True)
        return re.compile("|".join(map(re.escape, longest_first))) if longest_first else None
