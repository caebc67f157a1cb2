"""What a turn's tokens are: by modality, and what they cost by a table of prices.

A service says of each response how many tokens it had, and of some how they part by modality; see
`UsageMetadata` in https://ai.google.dev/api/live. A turn has the sums.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adk_nb.log.turn import Turn

Prices: TypeAlias = "Mapping[str, Mapping[str, float]]"
"""By model, and by kind of tokens: what a million of them cost, in any currency."""

_MILLION = 1e6
# By what a kind of tokens is priced that has no price of its own: thoughts are output.
_AS = {"thoughts": "response", "tool_use": "prompt"}


def count(turn: Turn, kind: str) -> int | None:
    """Returns a turn's tokens of a kind such as `prompt_audio`; None if that is not known.

    Where a service parts all tokens of a side by modality, those that it does not name are none.
    """
    known = turn.tokens.get(kind)
    side, _, modality = kind.rpartition("_")
    if known is not None or not modality or side in turn.tokens:
        return known
    return 0 if any(one.startswith(f"{side}_") for one in turn.tokens) else None


def cost(turn: Turn, prices: Prices) -> float | None:
    """Returns what a turn cost, by the prices of its model.

    Args:
        turn: The turn.
        prices: By the model's name, and by kind: `prompt`, `response`, `cached`, `thoughts`,
            `tool_use`, or one modality of these such as `prompt_audio`.

    Returns:
        The cost in the table's currency; None where a price or the tokens are not known.
    """
    table = prices.get(turn.model) or prices.get(turn.model.rpartition("/")[2])
    if table is None or not turn.tokens:
        return None
    total = 0.0
    for kind, tokens in turn.tokens.items():
        price = _price(kind, table)
        if price is None:
            return None
        total += tokens * price
        if kind.partition("_")[0] == "cached":
            # They are counted in the prompt too, where they cost less.
            full = _price(kind.replace("cached", "prompt"), table)
            if full is None:
                return None
            total -= tokens * full
    return total / _MILLION


def _price(kind: str, table: Mapping[str, Any]) -> float | None:
    if kind in table:
        return float(table[kind])
    side = kind if kind in _AS else kind.rpartition("_")[0]
    if side in table:
        return float(table[side])
    return _price(_AS[side], table) if side in _AS else None
