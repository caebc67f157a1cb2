"""What both ends of a connection and the relay between them keep to; it imports nothing."""

from __future__ import annotations

SUBPROTOCOL = "adk-nb.v1"
MAX_MESSAGE = 1 << 20
"""The largest message of a page (bytes); a larger one closes the connection."""
MAX_HISTORY = 4 << 20
"""The largest history in the bridge's first message (bytes)."""

CLOSE_SESSION_ENDED = 4000
CLOSE_TOO_SLOW = 4001
CLOSE_BAD_HELLO = 4400
CLOSE_BAD_TOKEN = 4401
CLOSE_NO_SESSION = 4404

HELLO_S = 5.0
"""How long a connection may take to say who it is (s)."""

RELAY_PATH = "adk-nb"
"""Where the Jupyter server relays to bridges: `{base_url}adk-nb/<kernel id>`."""
