"""What a visitor's page shows to come back: signed, so that another instance can take it too."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import time
from typing import NamedTuple

from adk_nb.exceptions import AdkNbError

VALID_S = 24 * 3600
"""How long a pass lets a page come back (s); each visit makes a new one."""
SHORTEST_SECRET = 32
"""Characters that a secret must have at least."""
_PURPOSE = b"adk-nb visit 1"


class Pass(NamedTuple):
    """Whose conversation a page goes on with: the user and the id of an ADK session."""

    user: str
    session: str


class Passes:
    """Makes and reads the passes of one server, or of all instances that share a secret.

    Args:
        secret: What signs them; empty for one that nobody else knows.

    Raises:
        AdkNbError: The secret is too short.
    """

    def __init__(self, secret: str = "") -> None:
        if secret and len(secret) < SHORTEST_SECRET:
            raise AdkNbError(
                f"The secret has {len(secret)} characters, and could be guessed.",
                remedy="Make one: python -c 'import secrets; print(secrets.token_urlsafe(32))'",
                code="bad_option",
            )
        key = secret.encode() if secret else secrets.token_bytes(32)
        self._key = hmac.digest(key, _PURPOSE, hashlib.sha256)

    def make(self, who: Pass) -> str:
        """Returns a pass; it is valid for a day."""
        said = json.dumps([*who, int(time.time()) + VALID_S], separators=(",", ":")).encode()
        return f"{_encoded(said)}.{_encoded(self._signed(said))}"

    def read(self, shown: str) -> Pass | None:
        """Returns whose a pass is; None if it is not one of ours, or too old."""
        user, session, until = self._said(shown)
        return Pass(user, session) if time.time() < until else None

    def renewed(self, shown: str, who: Pass) -> str:
        """Returns the pass that a page has, or a new one if its time is half over."""
        if self._said(shown)[2] - time.time() > VALID_S / 2:
            return shown
        return self.make(who)

    def _said(self, shown: str) -> tuple[str, str, float]:
        """Returns user, session and the end of a pass (s since the Unix epoch, 0 if it is none)."""
        said, _, signature = shown.partition(".")
        try:
            text, given = _decoded(said), _decoded(signature)
        except (binascii.Error, ValueError):
            return "", "", 0.0
        if not hmac.compare_digest(self._signed(text), given):
            return "", "", 0.0
        user, session, until = json.loads(text)  # Nobody else can have signed it.
        return user, session, until

    def _signed(self, said: bytes) -> bytes:
        return hmac.digest(self._key, said, hashlib.sha256)


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    padded = text + "=" * (-len(text) % 4)
    return base64.b64decode(padded, altchars=b"-_", validate=True)
