"""How the tools of a run are declared to the model: whether it waits for their results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adk_nb.exceptions import AdkNbError
from adk_nb.live.model_capabilities import refuses_blocking, waits_for_no_tool

if TYPE_CHECKING:
    from collections.abc import Callable

    from adk_nb.live.model_capabilities import ModelCapabilities
    from adk_nb.live.turn_builder import Turns


class ToolDeclarations:
    """Knows how tools are declared, and so for which of them the model waits.

    Args:
        turns: The turns; they know the name of the model that answers.
        capabilities: What is known of the agent's model.
        report: Takes what is wrong with them, which ends nothing.
        blocking: Whether tools that do not say so themselves are declared as blocking; None leaves
            them as they are.

    Attributes:
        blocking: The same.
    """

    def __init__(
        self,
        turns: Turns,
        capabilities: ModelCapabilities,
        report: Callable[[AdkNbError], None],
        *,
        blocking: bool | None,
    ) -> None:
        self._turns = turns
        self._capabilities = capabilities
        self._report = report
        self.blocking = blocking
        # How the tools of the run are declared, by name: whether as blocking; None if not at all.
        self._declared: dict[str, bool | None] = {}
        # The models for which the user was told that they wait for no tool.
        self._told = set[str]()

    def declared(self, declared: dict[str, bool | None]) -> None:
        """Learns how tools are declared to the model: whether as blocking, by name."""
        self._declared = declared
        blocking = [name for name, blocks in declared.items() if blocks]
        model = self._turns.model
        if blocking and refuses_blocking(model) and model not in self._told:
            self._told.add(model)
            self._report(
                AdkNbError(
                    f"{model} waits for no tool, and may refuse what is declared as BLOCKING: "
                    f"{', '.join(blocking)}.",
                    remedy="Declare them as NON_BLOCKING, or leave tools_block out.",
                    code="unsupported",
                )
            )

    def blocks(self, name: str) -> bool:
        """Returns whether the model waits for the result of a tool."""
        declared = self._declared.get(name)
        if self._capabilities.cascaded:
            return True
        if declared is None:
            return not waits_for_no_tool(self._turns.model)
        return declared
