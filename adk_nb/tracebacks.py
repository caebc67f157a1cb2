"""How IPython shows an error of ours: the user's own lines, what happened and what to do."""

from __future__ import annotations

import functools
import site
import sys
import sysconfig
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_MORE = "%tb shows where it was raised."
_OURS = f"{__name__.partition('.')[0]}."


@functools.cache
def _installed() -> frozenset[str]:
    """Returns the folders of what is installed."""
    folders = [sysconfig.get_path(name) for name in ("stdlib", "platlib", "purelib")]
    return frozenset([*folders, *site.getsitepackages(), site.getusersitepackages()])


def rendered(error: BaseException, message: str, remedy: str) -> list[str]:
    """Returns what IPython shows of an error: short as it is raised, all of it for `%tb`.

    Args:
        error: The error.
        message: What happened.
        remedy: What the user can do about it; may be empty.
    """
    from IPython.core.getipython import get_ipython

    shell: Any = get_ipython()
    formatted: Callable[..., list[str]] = shell.InteractiveTB.structured_traceback
    if sys.exc_info()[1] is not error:  # It is shown again, by %tb.
        return formatted(type(error), error, error.__traceback__)
    # Without what it was raised from, which has futures and threads in it.
    shown = type(error).__new__(type(error))
    shown.args = ("\n".join(filter(None, (message, remedy, _MORE))),)
    return formatted(type(error), shown, _users(error.__traceback__), tb_offset=0)


def _users(frames: TracebackType | None) -> TracebackType | None:
    """Returns a traceback of the frames in cells and in the user's modules alone."""
    if frames is None:
        return None
    rest = _users(frames.tb_next)
    if not is_users(frames.tb_frame):
        return rest
    return TracebackType(rest, frames.tb_frame, frames.tb_lasti, frames.tb_lineno)


def is_users(frame: FrameType) -> bool:
    """Returns whether a frame is in a cell or in a file of the user's."""
    if f"{frame.f_globals.get('__name__', '')}.".startswith(_OURS):
        return False
    # The paths of cells are made up, and some are in a folder for temporary files.
    path = Path(frame.f_code.co_filename)
    return not any(path.is_relative_to(folder) for folder in _installed())
