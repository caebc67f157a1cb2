"""Threads for the functions that are tools, which would stall the audio on the event loop."""

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
    """Runs functions that are no coroutines in threads, as long as the context lasts.

    ADK's `tool_thread_pool_config` does so too, but runs all else in a loop of its own for each
    call, which loses what tools keep open: an MCP server would be started for every call.
    """
    if config.tool_thread_pool_config is not None:
        return contextlib.nullcontext()
    return _use_executor_for_sync_callables(_get_tool_thread_pool())
