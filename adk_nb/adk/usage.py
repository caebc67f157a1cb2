"""How many tokens a response had, as ADK's events say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from google.genai import types


def parted(usage: types.GenerateContentResponseUsageMetadata) -> dict[str, int]:
    """Returns tokens by side and modality, such as `prompt_audio`; see `LogRow.tokens`.

    Tokens of a side of which no modality is told are under the side's own name.
    """
    tokens = {
        **_side("prompt", usage.prompt_token_count, usage.prompt_tokens_details),
        **_side("response", usage.candidates_token_count, usage.candidates_tokens_details),
        **_side("cached", usage.cached_content_token_count, usage.cache_tokens_details),
    }
    others = {"thoughts": usage.thoughts_token_count, "tool_use": usage.tool_use_prompt_token_count}
    known = {kind: number for kind, number in others.items() if number is not None}
    return {kind: number for kind, number in tokens.items() if number > 0} | known


def _side(
    name: str, total: int | None, details: Iterable[types.ModalityTokenCount] | None
) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in details or ():
        kind = f"{name}_{str(getattr(one.modality, 'value', one.modality)).lower()}"
        found[kind] = found.get(kind, 0) + (one.token_count or 0)
    return {name: (total or 0) - sum(found.values()), **found}
