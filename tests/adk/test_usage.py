"""Tokens by side and modality, of ADK's usage metadata."""

from __future__ import annotations

import pytest
from google.genai import types

from adk_nb.adk.usage import parted

Usage = types.GenerateContentResponseUsageMetadata


def of(**tokens):
    return [types.ModalityTokenCount(modality=name, token_count=n) for name, n in tokens.items()]


@pytest.mark.parametrize(
    ("usage", "parts"),
    [
        (Usage(), {}),
        (Usage(prompt_token_count=5), {"prompt": 5}),
        (
            Usage(prompt_token_count=130, prompt_tokens_details=of(TEXT=100, AUDIO=30)),
            {"prompt_text": 100, "prompt_audio": 30},
        ),
        # What no modality is told of stays under the side's own name.
        (
            Usage(candidates_token_count=21, candidates_tokens_details=of(AUDIO=20)),
            {"response": 1, "response_audio": 20},
        ),
        (
            Usage(cached_content_token_count=3, cache_tokens_details=of(TEXT=1) + of(TEXT=2)),
            {"cached_text": 3},
        ),
        # More by modality than in all: a negative rest is no number of tokens.
        (Usage(prompt_token_count=1, prompt_tokens_details=of(TEXT=2)), {"prompt_text": 2}),
        # These are told as they are, zeros too.
        (
            Usage(thoughts_token_count=0, tool_use_prompt_token_count=4),
            {"thoughts": 0, "tool_use": 4},
        ),
    ],
)
def test_tokens_are_parted_by_side_and_modality(usage, parts):
    assert parted(usage) == parts
