"""Stretches of time in which a tool waited for its user: no work, and nobody's latency."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

Stretch = tuple[float, float]
"""From one time to another (s on the session's clock)."""


def length_s(stretches: Iterable[Stretch]) -> float:
    """Returns how long at least one of several stretches is on (s)."""
    total, until = 0.0, float("-inf")
    for start, end in sorted(stretches):
        total += max(0.0, end - max(start, until))
        until = max(until, end)
    return total


def end_of(start: float, work_s: float, waits: Iterable[Stretch]) -> float:
    """Returns when work is done that began at a time, took so long (s), and stopped for waits."""
    end = start + work_s
    for one, two in sorted(waits):
        if one < end and two > start:
            end += two - max(one, start)
    return end


def start_of(end: float, work_s: float, waits: Iterable[Stretch]) -> float:
    """Returns when work began that is done at a time, took so long (s), and stopped for waits."""
    start = end - work_s
    for one, two in sorted(waits, reverse=True):
        if two > start and one < end:
            start -= min(two, end) - one
    return start


def within(stretches: Iterable[Stretch], start: float, end: float) -> list[Stretch]:
    """Returns what of several stretches lies between two times."""
    cut = ((max(one, start), min(two, end)) for one, two in stretches)
    return [(one, two) for one, two in cut if one < two]


def without(whole: Stretch, waits: Iterable[Stretch]) -> list[Stretch]:
    """Returns what of a stretch is left without the waits in it."""
    left, at = [], whole[0]
    for start, end in sorted(within(waits, *whole)):
        if start > at:
            left.append((at, start))
        at = max(at, end)
    return [*left, (at, whole[1])] if at < whole[1] else left
