"""ADK's services by their URIs, as `adk web` takes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from adk_nb.exceptions import AdkNbError


def opened(kind: str, given: Any) -> Any:
    """Returns the ADK service of a URI; what is none, such as a service, as it is.

    Args:
        kind: `artifact` or `memory`.
        given: The URI, such as `gs://bucket` or `file:///folder`, or the service.

    Raises:
        AdkNbError: There is no such service, or it cannot be opened.
    """
    if not isinstance(given, str):
        return given
    from google.adk.cli.service_registry import get_service_registry

    try:
        service = getattr(get_service_registry(), f"create_{kind}_service")(given)
    except Exception as error:
        raise _refused(kind, given, f"cannot be opened: {error}") from error
    if service is None:
        raise _refused(kind, given, "names none")
    return service


def check_store(sessions: Any) -> None:
    """Refuses a database file in a folder that is not there: no waiting would bring it back.

    Raises:
        AdkNbError: It is one.
    """
    if not isinstance(sessions, str) or not sessions.startswith("sqlite"):
        return
    # After three slashes a path is relative, after four absolute.
    path = sessions.partition("///")[2].partition("?")[0]
    if path and not path.startswith(":memory:") and not Path(path).parent.is_dir():
        raise AdkNbError(
            f"The session store {sessions!r} cannot be opened: no folder {Path(path).parent}.",
            remedy="Make it, or name another one.",
            code="no_sessions",
        )


def _refused(kind: str, given: str, why: str) -> AdkNbError:
    return AdkNbError(
        f"The {kind} service {given!r} {why}.",
        remedy="Give a URI that ADK knows, or a service of ADK's as an object.",
        code="bad_option",
    )
