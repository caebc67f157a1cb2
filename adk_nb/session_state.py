"""`SessionState`: ADK's session state, as a cell reads and sets it."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING, Any

from adk_nb.exceptions import AdkNbError

if TYPE_CHECKING:
    from adk_nb.driven_session import DrivenSession


class SessionState(MutableMapping[str, Any]):
    """ADK's session state as a dictionary; the agent's tools see what is set here.

    Keys with the prefix `user:` belong to all sessions of the user, those with `app:` to all users.
    """

    def __init__(self, session: DrivenSession) -> None:
        self._session = session

    def _read(self) -> dict[str, Any]:
        return self._session.peek(self._session.requests.state())

    def __getitem__(self, key: str) -> Any:
        return self._read()[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.update({key: value})

    def __delitem__(self, key: str) -> None:
        raise AdkNbError(
            "ADK's session state cannot delete a key.",
            remedy=f"Set it to nothing: live.state[{key!r}] = None.",
            code="bad_option",
        )

    def update(self, *args: Any, **values: Any) -> None:
        """Sets several keys at once, in one event."""
        self._session.peek(self._session.requests.set_state(dict(*args, **values)))

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def __repr__(self) -> str:
        return repr(self._read())
