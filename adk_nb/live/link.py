"""Where the connection to the model is."""

from __future__ import annotations

from enum import StrEnum


class Link(StrEnum):
    """Where the connection to the model is.

    Attributes:
        IDLE: There is none, and none is wanted: the next turn makes one.
        DIALING: One is being made.
        CONNECTED: The model takes what is said.
        LEAVING: A swap ends the run of the earlier agent.
        ENTERING: A swap connects another agent.
        ROLLING_BACK: That has failed, and the earlier agent comes back.
        STOPPED: The session is closed.
    """

    IDLE = "idle"
    DIALING = "dialing"
    CONNECTED = "connected"
    LEAVING = "leaving"
    ENTERING = "entering"
    ROLLING_BACK = "rolling back"
    STOPPED = "stopped"
