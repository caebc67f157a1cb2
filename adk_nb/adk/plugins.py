"""What of a plugin ADK leaves aside in live conversations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from google.adk.plugins.base_plugin import BasePlugin

from adk_nb.exceptions import AdkNbError

if TYPE_CHECKING:
    from collections.abc import Iterable

# `Runner.run_live` of ADK 2.13 takes no message; only `run_async` hands one to plugins.
_UNCALLED = "on_user_message_callback"


def uncalled(plugins: Iterable[BasePlugin]) -> AdkNbError | None:
    """Returns what is to be said of plugins that wait for a callback in vain; None of no such."""
    default = getattr(BasePlugin, _UNCALLED)
    waiting = [one.name for one in plugins if getattr(type(one), _UNCALLED, default) is not default]
    if not waiting:
        return None
    return AdkNbError(
        f"ADK does not call {_UNCALLED} in live conversations: {', '.join(waiting)}.",
        remedy="Guard the tools instead, or the answers in after_model_callback.",
        code="ignored",
    )
