"""The file by which a Jupyter server finds the bridge of one of its kernels.

It lies beside the kernel's connection file and, as that one, only its owner can read it. It names
a port of 127.0.0.1 and nothing else: a relay cannot be led to another machine by it.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import stat
import sys
import tempfile
from pathlib import Path

_KERNEL_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,99}", re.ASCII)
_CONNECTION_FILE = re.compile(r"kernel-(.+)\.json")
_MOST_BYTES = 200


def path_of(folder: str | os.PathLike[str], kernel_id: str) -> Path:
    """Returns where the file of a kernel is.

    Raises:
        ValueError: It is no kernel's id, as one with a slash or a dot.
    """
    if not _KERNEL_ID.fullmatch(kernel_id):
        raise ValueError(f"{kernel_id!r:.100} is no kernel's id")
    return Path(folder) / f"adk-nb-{kernel_id}.json"


def own_path() -> Path | None:
    """Returns where the file of this kernel is; None where this process is no kernel."""
    connection = _connection_file()
    if connection is None:
        return None
    named = _CONNECTION_FILE.fullmatch(connection.name)
    if named is None or not _KERNEL_ID.fullmatch(named[1]):
        return None
    return path_of(connection.parent, named[1])


def own_kernel_id() -> str:
    """Returns this kernel's id; empty where this process is no kernel."""
    path = own_path()
    return path.stem.removeprefix("adk-nb-") if path is not None else ""


def _connection_file() -> Path | None:
    # Where ipykernel does not run, importing it would make its comms everybody's.
    app = getattr(sys.modules.get("ipykernel.kernelapp"), "IPKernelApp", None)
    if app is None or not app.initialized():
        return None
    from ipykernel.connect import get_connection_file

    # A kernel that was embedded into another program may have none.
    with contextlib.suppress(OSError, RuntimeError):
        return Path(get_connection_file()).absolute()
    return None


def write(path: Path, port: int) -> None:
    """Writes the file, for its owner alone, in place of one that is there.

    Raises:
        OSError: It cannot be written.
    """
    # mkstemp makes it with mode 0600; a reader sees all of it or nothing.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-")
    try:
        with os.fdopen(handle, "w") as file:
            json.dump({"port": port}, file)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def read(path: Path) -> int:
    """Returns the port in a file that is this user's, and that nobody else can read or write.

    Raises:
        OSError: There is none, or it is a link or not a plain file.
        PermissionError: It is another user's, or others may read or write it.
        ValueError: It names no port.
    """
    # Not a link; and a pipe would be waited for.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with os.fdopen(os.open(path, flags), "rb") as file:
        _check(os.fstat(file.fileno()))
        said = json.loads(file.read(_MOST_BYTES))
    port = said.get("port") if isinstance(said, dict) else None
    if not isinstance(port, int) or isinstance(port, bool) or not 1024 <= port < 1 << 16:
        raise ValueError("it names no port")
    return port


def _check(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise OSError("it is no plain file")
    if os.name != "posix":
        return
    if status.st_uid != os.geteuid():
        raise PermissionError("it is another user's")
    if status.st_mode & 0o077:
        raise PermissionError("others than its owner may read or write it")
