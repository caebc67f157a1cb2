"""The options of a session, by name and type: what `talk` and `LiveSession` take."""

from __future__ import annotations

import difflib
import functools
import inspect
import math
from numbers import Integral, Real
from types import NoneType
from typing import TYPE_CHECKING, ParamSpec, TypedDict, TypeVar

from adk_nb.exceptions import AdkNbError, nearest

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Collection, Iterable, Mapping

    from google.adk.agents.run_config import RunConfig
    from google.adk.artifacts import BaseArtifactService
    from google.adk.memory.base_memory_service import BaseMemoryService
    from google.adk.plugins.base_plugin import BasePlugin
    from google.adk.sessions import BaseSessionService

    from adk_nb.adk.run_config import Detection
    from adk_nb.live.silence import OnSilence, Silence

P = ParamSpec("P")
T = TypeVar("T")


class SessionOptions(TypedDict, total=False):
    """The options of `LiveSession`, which says what each is; `talk` takes them too."""

    run_config: RunConfig | None
    sessions: BaseSessionService | str | None
    session_id: str | None
    user_id: str | int
    app_name: str
    artifacts: BaseArtifactService | None
    memory: BaseMemoryService | None
    plugins: Iterable[BasePlugin]
    voice: str | bool | None
    language: str | None
    audio: bool
    video: bool | None
    transcribe: bool
    detection: Detection | None
    proactive: bool | None
    affective: bool | None
    compress: bool | int
    resume: bool | str | None
    tools_block: bool | None
    greet: bool | str
    record: str | os.PathLike[str] | bool | None
    tags: Mapping[str, str] | None
    keep_withheld: bool
    mask: Mapping[str, bool] | None
    shared_microphone: bool
    silence: Silence | None
    on_silence: OnSilence
    follow: bool


# What a value is, for each type that an annotation may name, and how an error calls it. A number of
# NumPy's is one too; True and False are none, though Python counts with them.
_KINDS: dict[str, tuple[type, str]] = {
    "bool": (bool, "True or False"),
    "int": (Integral, "a whole number"),
    "float": (Real, "a number"),
    "str": (str, "a text"),
    "None": (NoneType, "None"),
}


def checked(
    *others: Callable[..., object], values: bool = True
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Makes a function refuse an option that there is not, and a value of a wrong type.

    Values are held against the annotations that are made of `bool`, `int`, `float`, `str` and
    `None` alone.

    Args:
        *others: Functions whose options are part of its signature, in place of its `**options`.
        values: Whether values are checked; a function may know better what is wrong with one.
    """

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        signature = _signature(function, others)
        known = [name for name in signature.parameters if name != "self"]
        kinds = {
            name: _kinds(one.annotation) if values else []
            for name, one in signature.parameters.items()
        }

        @functools.wraps(function)
        def called(*args: P.args, **options: P.kwargs) -> T:
            for name in options:
                if name not in known:
                    raise _unknown(name, known)
            for name, value in [*zip(signature.parameters, args, strict=False), *options.items()]:
                _check(name, value, kinds[name])
            return function(*args, **options)

        called.__signature__ = signature  # type: ignore[attr-defined]
        return called

    return decorate


def _kinds(annotation: object) -> list[str]:
    """Returns the types that an annotation names; none where some are not known here."""
    names = [name.strip() for name in str(annotation).split("|")]
    return names if all(name in _KINDS for name in names) else []


def _check(name: str, value: object, kinds: list[str]) -> None:
    if not kinds or ("bool" in kinds and isinstance(value, bool)):
        return
    if not isinstance(value, bool) and isinstance(value, tuple(_KINDS[kind][0] for kind in kinds)):
        return
    raise AdkNbError(
        f"{name}={value!r:.80} is not a value that it can have.",
        remedy=f"Give {', or '.join(_KINDS[kind][1] for kind in kinds)}.",
        code="bad_option",
    )


def seconds(timeout: float | None) -> float:
    """Returns how long to wait (s): without an end for None.

    Raises:
        AdkNbError: It is no number.
    """
    _check("timeout", timeout, ["float", "None"])
    return math.inf if timeout is None else float(timeout)


def check_choice(name: str, value: object, choices: Iterable[str]) -> None:
    """Raises an `AdkNbError` where a value is none of some texts; it names the nearest."""
    there = list(choices)
    if value in there:
        return
    near = difflib.get_close_matches(str(value), there, 1)
    known = " or ".join([", ".join(map(repr, there[:-1])), repr(there[-1])])
    raise AdkNbError(
        f"{name}={value!r:.80} is not known.",
        remedy=f"{f'Is it {near[0]!r}? ' if near else ''}Say {known}.",
        code="bad_option",
    )


def _signature(
    function: Callable[..., object], others: Iterable[Callable[..., object]]
) -> inspect.Signature:
    own = inspect.signature(function)
    options = {
        name: one
        for each in (function, *others)
        for name, one in inspect.signature(each).parameters.items()
        if name in own.parameters or one.kind is inspect.Parameter.KEYWORD_ONLY
        if one.kind is not inspect.Parameter.VAR_KEYWORD
    }
    return own.replace(parameters=list(options.values()))


def _unknown(name: str, known: Collection[str]) -> AdkNbError:
    return AdkNbError(
        f"There is no option {name!r}.", remedy=nearest(name, known), code="bad_option"
    )
