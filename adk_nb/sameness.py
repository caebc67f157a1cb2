"""Whether two objects do the same, as far as can be told: a cell that is run again makes new ones.

Functions are compared by what they were compiled to, so that comments, blank lines and the place in
a cell do not count. Of what cannot be looked into (a socket, an array) only the type counts.
"""

from __future__ import annotations

import functools
import types
from typing import Any

_DEEPEST = 8
_MOST = 5000
"""How many pairs are compared at most; beyond them everything counts as the same."""
_PLAIN = (str, bytes, int, float, complex, bool, type(None), range, type(...))
_ATTRIBUTES: dict[type | tuple[type, ...], tuple[str, ...]] = {
    types.MethodType: ("__func__", "__self__"),
    functools.partial: ("func", "args", "keywords"),
    types.CodeType: (
        "co_code", "co_consts", "co_names", "co_varnames", "co_freevars", "co_cellvars", "co_flags",
        "co_argcount", "co_posonlyargcount", "co_kwonlyargcount",
    ),
    property: ("fget", "fset", "fdel"),
    (staticmethod, classmethod): ("__func__",),
    types.ModuleType: ("__name__",),
}  # fmt: skip
"""What makes an object of a kind."""
_OF_CLASSES = {"__dict__", "__weakref__", "__module__", "__firstlineno__", "__static_attributes__"}


def same(one: Any, other: Any, *, also: str = "") -> bool:
    """Returns whether two objects do the same; True where that cannot be told.

    Args:
        one: An object.
        other: Another one.
        also: An attribute that counts although its name begins with an underscore.
    """
    return _Comparison(also).same(one, other)


def declares(function: Any) -> tuple[Any, ...]:
    """Returns what a model is told of a function: its name, text, parameters and types."""
    code = getattr(function, "__code__", None)
    names = () if code is None else (code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
    return (
        getattr(function, "__name__", ""),
        getattr(function, "__doc__", None),
        names,
        getattr(function, "__defaults__", None),
        dict(getattr(function, "__kwdefaults__", None) or {}),
        _annotations(function),
    )


def _annotations(function: Any) -> dict[str, Any]:
    try:
        return dict(getattr(function, "__annotations__", None) or {})
    except Exception:  # They are evaluated when they are asked for, from Python 3.14 on.
        return {}


class _Comparison:
    def __init__(self, also: str) -> None:
        self._also = also
        self._left = _MOST
        # Pairs that are being compared, or were.
        self._seen: set[tuple[int, int]] = set()

    def same(self, one: Any, other: Any, depth: int = 0) -> bool:
        pair = (id(one), id(other))
        if one is other or pair in self._seen or depth > _DEEPEST or self._left <= 0:
            return True
        self._left -= 1
        if isinstance(one, _PLAIN) or isinstance(other, _PLAIN):
            return type(one) is type(other) and bool(one == other)
        self._seen.add(pair)
        if isinstance(one, type) and isinstance(other, type):
            return self._classes(one, other, depth)
        if not self.same(type(one), type(other), depth + 1):
            return False
        return self._inside(one, other, depth + 1)

    def _inside(self, one: Any, other: Any, depth: int) -> bool:
        for kinds, names in _ATTRIBUTES.items():
            if isinstance(one, kinds):
                return self._named(one, other, names, depth)
        match one:
            case types.FunctionType():
                return self._functions(one, other, depth)
            case types.CellType():
                return self._cells(one, other, depth)
            case list() | tuple():
                return len(one) == len(other) and all(
                    self.same(a, b, depth) for a, b in zip(one, other, strict=True)
                )
            case set() | frozenset():
                return len(one) == len(other) and all(item in other for item in one)
        if not isinstance(one, dict):
            one, other = self._attributes(one), self._attributes(other)
        return self._mappings(one, other, depth)

    def _named(self, one: Any, other: Any, names: tuple[str, ...], depth: int) -> bool:
        return all(self.same(getattr(one, name), getattr(other, name), depth) for name in names)

    def _functions(self, one: Any, other: Any, depth: int) -> bool:
        return (
            self._named(one, other, ("__code__", "__defaults__", "__kwdefaults__"), depth)
            and one.__name__ == other.__name__
            and one.__doc__ == other.__doc__
            and self.same(_annotations(one), _annotations(other), depth)
            and self.same(one.__closure__, other.__closure__, depth)
            and self.same(vars(one), vars(other), depth)
        )

    def _cells(self, one: types.CellType, other: types.CellType, depth: int) -> bool:
        try:
            return self.same(one.cell_contents, other.cell_contents, depth)
        except ValueError:  # One of them is empty.
            return True

    def _mappings(self, one: dict[Any, Any], other: dict[Any, Any], depth: int) -> bool:
        return one.keys() == other.keys() and all(
            self.same(value, other[key], depth) for key, value in one.items()
        )

    def _attributes(self, thing: Any) -> dict[str, Any]:
        """Returns those of an object, but for those that hold what it has come to know."""
        held = getattr(thing, "__dict__", None)
        if not isinstance(held, dict):
            return {}
        return {
            name: value
            for name, value in held.items()
            if not str(name).startswith("_") or name == self._also
        }

    def _classes(self, one: type, other: type, depth: int) -> bool:
        if one.__qualname__ != other.__qualname__ or one.__module__ != other.__module__:
            return False
        ours = {name: value for name, value in vars(one).items() if _is_written(name, value)}
        theirs = {name: value for name, value in vars(other).items() if _is_written(name, value)}
        return self._mappings(ours, theirs, depth + 1)


def _is_written(name: str, value: Any) -> bool:
    """Returns whether something in a class was written there, rather than made of it."""
    made = name in _OF_CLASSES or name.startswith(("_abc_", "__pydantic", "model_", "_pydantic"))
    return not made and not isinstance(
        value, types.GetSetDescriptorType | types.MemberDescriptorType
    )
