"""Functions of the user's that fail again and again: what is printed of them."""

from __future__ import annotations

import functools
import math
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

    from adk_nb.exceptions import AdkNbError
    from adk_nb.log.redaction import Redactor


class Failing:
    """Counts how often functions have failed; a notebook is not to be filled with one error."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[int, type[BaseException]]] = Counter()
        # By their ids, which are theirs as long as they are held; not each can be hashed.
        self._functions: dict[int, object] = {}

    def warn(
        self,
        logger: logging.Logger,
        redact: Redactor,
        function: object,
        error: BaseException,
        problem: AdkNbError,
    ) -> None:
        """Logs what a function raised, and what is said of it, with secrets masked."""
        traceback = functools.partial(redact.traceback, error)
        if printed := self.printed(function, error, redact(str(problem)), traceback):
            logger.warning("%s", printed)

    def printed(
        self, function: object, error: BaseException, what: str, traceback: Callable[[], str]
    ) -> str:
        """Returns what to print of a failure; empty where that was printed often enough.

        The first one is printed with its traceback, then each tenth, hundredth, thousandth …

        Args:
            function: What failed.
            error: What it raised.
            what: The error in a line.
            traceback: Makes the traceback, where that is printed.
        """
        key = id(function), type(error)
        self._functions[id(function)] = function
        self._counts[key] += 1
        count = self._counts[key]
        if count == 1:
            return f"{what}\n{traceback()}"
        if math.log10(count).is_integer():
            return f"{what} It has failed {count} times."
        return ""
