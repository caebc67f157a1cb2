"""Explains errors of a model, of ADK and of the user's own code, and what to do about them.

Whose an error is, `error_origins.py` finds; what it is if it is the model's, `error_codes.py`; what
that means, `meanings.py` says; and `error_words.py` what is shown of it, with keys masked.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adk_nb.exceptions import AdkNbError, ModelError
from adk_nb.providers.error_codes import code_of
from adk_nb.providers.error_origins import SESSIONS, origin
from adk_nb.providers.error_words import text_of
from adk_nb.providers.meanings import MEANINGS, MISSING_PACKAGE, UNKNOWN, Meaning

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEEPEST = 20
"""How many nested errors are looked at."""
_BUILT_IN = re.compile(r"tool is not supported for model")
"""What ADK's tools that Gemini runs itself, such as `google_search`, say to other models."""


def explain(error: BaseException) -> AdkNbError:
    """Returns an `AdkNbError` that explains an error of a model, of ADK or of the user's code.

    Args:
        error: The error; the errors that it wraps or that caused it are read too.
    """
    if isinstance(error, AdkNbError):
        return error
    wrapped = [one for one in _within(error, context=False) if isinstance(one, AdkNbError)]
    if wrapped:
        return wrapped[0]
    chain = list(_within(error)) or [error]
    return _not_the_models(chain) or _the_models(chain)


def _not_the_models(chain: list[BaseException]) -> AdkNbError | None:
    """Returns the explanation of an error that is not the model's; None if it is."""
    where, inner = origin(chain)
    if not where:
        return None
    said = f"The conversation failed: {where} raised {text_of(inner)}"
    if _BUILT_IN.search(str(inner)):
        raised = f"The conversation failed: {text_of(inner)}."
        remedy = (
            "It is a tool of Gemini's own, which needs a Gemini model, and that a key: write "
            "GOOGLE_API_KEY=... into a .env file beside the notebook, and make the agent anew with "
            "adk_nb.default_model(). Or leave the tool out."
        )
        return AdkNbError(raised, remedy=remedy, code="tool_needs_gemini")
    if where == SESSIONS and type(inner).__name__ == "StaleSessionError":
        remedy = "It is open elsewhere too: close it there, or take another session_id."
        return AdkNbError(said, remedy=remedy, code="shared_session")
    if where == SESSIONS:
        remedy = "The model is not to blame: check the service's address, disk and permissions."
        return AdkNbError(said, remedy=remedy, code="sessions_failed")
    remedy = "The model is not to blame: mend what the error names, and run the cell again."
    return AdkNbError(said, remedy=remedy, code="code_failed")


def _the_models(chain: list[BaseException]) -> ModelError:
    for one in chain:
        if isinstance(one, ImportError):
            return _made(MISSING_PACKAGE, one)
        if code := code_of(one):
            return _made(MEANINGS[code], one)
    return _made(UNKNOWN, chain[0])


def _made(meaning: Meaning, error: BaseException) -> ModelError:
    return ModelError(
        f"{meaning.meaning} {text_of(error)}", remedy=meaning.remedy, code=meaning.code
    )


def _within(error: BaseException, *, context: bool = True) -> Iterator[BaseException]:
    """Yields an error, the errors that it groups, and those that caused it, each once.

    Args:
        error: The error.
        context: Whether to include errors that were being handled when it was raised.
    """
    waiting, seen = [error], set[int]()
    while waiting and len(seen) < _DEEPEST:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, BaseExceptionGroup):
            # The group itself says nothing.
            waiting = [*one.exceptions, *waiting]
        else:
            yield one
        cause = one.__cause__
        if cause is None and context and not one.__suppress_context__:
            cause = one.__context__
        if cause is not None:
            waiting.append(cause)
