"""A language model that says at once what it always says, where SmolLM2 is not the point.

The router, the ears and the voice of the embedded default stay what they are.
"""

from __future__ import annotations

from pathlib import Path

from adk_nb import weights
from adk_nb.local import llama

SAYS = "I am only a test."


class CannedLlama:
    """What `llama.load_llama` returns, without a model."""

    def read(self, messages):
        pass

    async def chat(self, request):
        yield {"choices": [{"delta": {"content": SAYS}}]}
        yield {"usage": {"prompt_tokens": 10, "completion_tokens": 6, "total_tokens": 16}}


def install(set_attribute=setattr):
    """Puts it in place of SmolLM2; in a test, pass `monkeypatch.setattr`."""
    set_attribute(weights, "find_smollm2", lambda: Path("canned.gguf"))
    set_attribute(llama, "load_llama", lambda path: CannedLlama())
