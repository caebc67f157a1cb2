"""Damages bytes and messages, the same way for the same seed."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random

ODD: list[Any] = [
    None, True, False, 0, 1, -1, -9, 1.5, 999, 10**30, -(10**30), 2**32, 2**53, 1e308, "NaN",
    float("nan"), float("inf"), "", "text", "\ud83d", "\0", "x" * 5000, [], [[]], {}, {"a": 1},
]  # fmt: skip
"""What a field may hold that should hold something else."""


def cases(share: float) -> int:
    """Returns how many cases a test tries: its share of all, which ADK_NB_FUZZ_CASES names."""
    return max(1, int(int(os.environ.get("ADK_NB_FUZZ_CASES", "10000")) * share))


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Returns bytes with a few things wrong."""
    out = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(out) + 1)
        end = min(len(out), at + chance.randint(1, 40))
        match chance.randrange(5):
            case 0:
                out[at:end] = b""
            case 1:
                out[at:at] = chance.randbytes(chance.randint(1, 20))
            case 2:
                out[at:at] = out[at:end]
            case 3:
                out[at:end] = bytes([chance.choice([0, 0x22, 0x5C, 0x7F, 0x80, 0xFF])])
            case _:
                del out[at:]
    return bytes(out)


def odd(message: dict[str, Any], chance: random.Random) -> str:
    """Returns the JSON of a message in which a field or two hold what they should not."""
    changed = dict(message)
    for _ in range(chance.randint(1, 2)):
        name = chance.choice([*message, "new"])
        if chance.random() < 0.15:
            changed.pop(name, None)
        else:
            changed[name] = chance.choice(ODD)
    return json.dumps(changed)
