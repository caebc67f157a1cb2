"""What all text frames of the wire have in common, and their bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

MAX_ANSWER = 20_000
"""How long the answer of a sign-in may be (characters)."""
MAX_TYPED = 100_000
"""The longest text that a page may send (characters)."""

MAX_OUTPUT = 20_000
"""How much of a tool's printed output a page gets (characters)."""

MAX_SHOWN = 20_000
"""How much of a text, or of the JSON of arguments or a result, a page gets (characters)."""

MAX_MORE = 200_000
"""How much of a result a page gets when it asks for more (characters)."""

MAX_SOUND = 192 << 10
"""How much of a turn's sound a page gets at a time (bytes)."""
MAX_REPLAY_S = 600
"""How much of a turn a page plays again (s); `live.audio` has all of it."""

MAX_NAME = 1000
"""The longest name that is told or taken (characters)."""

MAX_TOOLS = 1000
"""How many tools a page is told of; the agent has all of them."""


@dataclass(frozen=True, slots=True)
class Message:
    """A text frame; its fields are those of the JSON object, besides `type`."""

    type: ClassVar[str] = ""
