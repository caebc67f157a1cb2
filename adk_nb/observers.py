"""Traits whose observers are the user's code: they run beside the thread that sets the traits.

An observer that raises, or is slow, is no part of the conversation that it watches.
"""

from __future__ import annotations

import contextvars
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import traitlets

THREAD_NAME = "adk-nb-observers"
_MOST = 1000
"""How many calls of observers may wait; past it the oldest are dropped."""

Observer: TypeAlias = Callable[[Any], Any]

# The change that an observer is told of, where it runs.
_told: contextvars.ContextVar[Any] = contextvars.ContextVar("told", default=None)


class InOrder:
    """Calls functions one after the other, in a thread that lives as long as there are some."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[Callable[[], object]] = deque(maxlen=_MOST)
        self._running = False

    def add(self, function: Callable[[], object]) -> None:
        """Calls a function after those that wait; it must not raise."""
        with self._lock:
            self._waiting.append(function)
            if self._running:
                return
            self._running = True
        threading.Thread(target=self._run, name=THREAD_NAME, daemon=True).start()

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._running = False
                    return
                function = self._waiting.popleft()
            function()


@dataclass(frozen=True)
class _Beside:
    """An observer; of a trait that only the object itself sets it is called in a thread."""

    observer: Observer
    # Where it was registered: what it prints belongs to that cell.
    context: contextvars.Context = field(compare=False)

    def __call__(self, change: Any) -> None:
        owner = change["owner"]
        trait = owner.traits().get(change["name"])
        # ipywidgets' `comm` is no trait of the user's either: it goes as the widget is closed.
        if trait is not None and (trait.read_only or trait.name == "comm"):
            owner._calls.add(lambda: self.context.run(self._tell, change))  # noqa: SLF001
        else:  # The user sets it, and sees at once what that raises.
            self._observer(owner)(change)

    def _observer(self, owner: Any) -> Observer:
        # traitlets' decorator names a method, which a subclass may replace.
        name = getattr(self.observer, "name", None)
        if isinstance(self.observer, traitlets.EventHandler) and name is not None:
            method: Observer = getattr(owner, name)
            return method
        return self.observer

    def _tell(self, change: Any) -> None:
        told = _told.set(change)
        try:
            self._observer(change["owner"])(change)
        except BaseException as error:  # It may be sys.exit(), too.
            _told.reset(told)
            change["owner"]._observer_failed(self.observer, change["name"], error)  # noqa: SLF001
        else:
            _told.reset(told)


class Observed(traitlets.HasTraits):
    """An object whose read-only traits are observed from a thread of its own, in order."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self._calls = InOrder()
        super().__init__(*args, **options)

    def observe(self, handler: Observer, names: Any = traitlets.All, type: Any = "change") -> None:  # noqa: A002 - traitlets' own name
        """Calls a function when a trait changes; one that fails is reported and changes nothing.

        Args:
            handler: The function; its argument is traitlets' change.
            names: The trait, a list of traits, or all of them.
            type: The kind of change.
        """
        super().observe(_Beside(handler, contextvars.copy_context()), names, type)

    def unobserve(
        self,
        handler: Observer,
        names: Any = traitlets.All,
        type: Any = "change",  # noqa: A002 - traitlets' own name
    ) -> None:
        """Stops calling a function that was given to `observe` with the same names and type."""
        super().unobserve(_Beside(handler, contextvars.copy_context()), names, type)

    def _observer_failed(self, observer: Observer, trait: str, error: BaseException) -> None:
        """Is called, in the observers' thread, with what an observer of a trait raised."""
        raise NotImplementedError


class _AsTold(traitlets.TraitType[Any, Any]):
    """A trait that has, for an observer, the value that it is told of.

    The trait may be further on by then, and traitlets' links take that for a broken link.
    """

    def get(self, obj: Any, cls: Any = None) -> Any:
        change = _told.get()
        if change is not None and change["owner"] is obj and change["name"] == self.name:
            return change["new"]
        return super().get(obj, cls)


class Unicode(_AsTold, traitlets.Unicode[str, str]):
    """A text."""


class Dict(_AsTold, traitlets.Dict):
    """A dictionary."""


class List(_AsTold, traitlets.List):  # type: ignore[type-arg]
    """A list of texts."""


def named(observer: Observer, trait: str) -> str:
    """Returns what an error calls an observer, such as `The observer show of status`."""
    owner = getattr(observer, "__self__", None)
    if isinstance(owner, traitlets.link | traitlets.directional_link):
        return f"The link of {trait}"
    return f"The observer {getattr(observer, '__name__', repr(observer))} of {trait}"
