"""Threads for functions that are tools: on the event loop they would stop the audio."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from google.adk.utils._sync_runner import (
    _get_tool_thread_pool,
    _use_executor_for_sync_callables,
)

if TYPE_CHECKING:
    from google.adk.agents.run_config import RunConfig


def tool_threads(config: RunConfig) -> contextlib.AbstractContextManager[None]:
    """Runs tools that are plain functions in threads, while the context lasts.

    ADK's `tool_thread_pool_config` does so too, but runs coroutines in a new loop for each call, so
    that tools lose what they keep open: an MCP server would be started for every call.
    """
    if config.tool_thread_pool_config is not None:
        return contextlib.nullcontext()
    return _use_executor_for_sync_callables(_get_tool_thread_pool())
