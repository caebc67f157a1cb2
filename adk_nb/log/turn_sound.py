"""The sound of a turn as it was: what was said and what sounded, on one clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from adk_nb.audio import Clip, at_rate

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from adk_nb.log.turn import Turn
    from adk_nb.log.turns_from_log import Log

AROUND_S = 0.3
"""How much of the sound before and after the user's words belongs to them (s)."""


class Placed(NamedTuple):
    """A piece of sound and when it was.

    Attributes:
        t: When it began (s on the session's clock).
        clip: The sound.
    """

    t: float
    clip: Clip

    @property
    def end(self) -> float:
        """When it was over (s on the session's clock)."""
        return self.t + self.clip.duration_ms / 1000


def heard(log: Log, turn: Turn) -> Clip:
    """Returns the agent's sound of a turn as far as it sounded; all of it where no page tells."""
    clip = log.clip("agent_audio", turn.index)
    return clip if turn.heard_ms is None else _until(clip, turn.heard_ms)


def utterance(log: Log, turn: Turn) -> Clip:
    """Returns the user's words of a turn, by when speech began and ended, and 0.3 s around them.

    All the user's sound of the turn where that is not known; none if the turn was typed.
    """
    clip = log.clip("user_audio", turn.index)
    start, end = turn.speech_start_t, turn.speech_end_t
    if not turn.spoken:
        return Clip(b"", clip.rate)
    if start is None or end is None:
        return clip
    return _joined(_user(log, turn, start - AROUND_S, end + AROUND_S), clip.rate)


def mix(log: Log, turn: Turn) -> Clip:
    """Returns both sides of a turn on one clock, in stereo: the user left, the agent right.

    It begins with the user's words, and has of the agent what sounded, when it sounded; where no
    page played it, all of it when it came.
    """
    since = turn.t if turn.speech_start_t is None else turn.speech_start_t - AROUND_S
    users = _user(log, turn, since, float("inf")) if turn.spoken else []
    agents = _played(log, turn) or _came(log, turn)
    parts = [*users, *agents]
    if not parts:
        return Clip(b"", channels=2)
    import numpy as np

    rate = max(part.clip.rate for part in parts)
    begin, end = min(part.t for part in parts), max(part.end for part in parts)
    both = np.zeros((round((end - begin) * rate) + 1, 2), dtype="<i2")
    for channel, of_side in enumerate((users, agents)):
        for part in of_side:
            _lay(both[:, channel], at_rate(part.clip, rate), round((part.t - begin) * rate))
    return Clip(both.tobytes(), rate, channels=2)


def _lay(onto: npt.NDArray[np.int16], clip: Clip, start: int) -> None:
    samples = clip.samples[: max(0, len(onto) - start)]
    onto[start : start + len(samples)] = samples


def _until(clip: Clip, ms: float) -> Clip:
    return Clip(clip.pcm[: round(ms * clip.rate / 1000) * 2], clip.rate)


def _part(clip: Clip, since_ms: float, ms: float) -> Clip:
    first = round(since_ms * clip.rate / 1000) * 2
    return Clip(clip.pcm[first : first + round(ms * clip.rate / 1000) * 2], clip.rate)


def _user(log: Log, turn: Turn, since: float, until: float) -> list[Placed]:
    """Returns what came of the user's microphone in a turn between two times."""
    clip, before_ms, found = log.clip("user_audio", turn.index), 0.0, []
    for row in log:
        if row.kind != "user_audio" or row.turn != turn.index:
            continue
        ms = row.audio_ms or 0.0
        skipped_ms = max(0.0, (since - row.t) * 1000)
        kept_ms = min(ms, (until - row.t) * 1000) - skipped_ms
        if kept_ms > 0:
            t = row.t + skipped_ms / 1000
            found.append(Placed(t, _part(clip, before_ms + skipped_ms, kept_ms)))
        before_ms += ms
    return found


def _played(log: Log, turn: Turn) -> list[Placed]:
    """Returns the agent's sound as a page played it, with the pauses in which it had none."""
    clip, index = heard(log, turn), turn.index
    starts = [r for r in log if r.kind == "playback_started" and r.turn == index]
    places = [*((row.audio_ms or 0.0) for row in starts), clip.duration_ms]
    return [
        Placed(row.t, _part(clip, places[n], max(0.0, places[n + 1] - places[n])))
        for n, row in enumerate(starts)
    ]


def _came(log: Log, turn: Turn) -> list[Placed]:
    """Returns the agent's sound as it came: one piece after the other where it came faster."""
    clip, before_ms, free, found = log.clip("agent_audio", turn.index), 0.0, 0.0, []
    for row in log:
        if row.kind == "agent_audio" and row.turn == turn.index:
            piece = Placed(max(row.t, free), _part(clip, before_ms, row.audio_ms or 0.0))
            before_ms += row.audio_ms or 0.0
            free = piece.end
            found.append(piece)
    return found


def _joined(parts: list[Placed], rate: int) -> Clip:
    """Returns pieces as one clip, with silence where none came."""
    out = bytearray()
    for part in parts:
        out += bytes(max(0, round((part.t - parts[0].t) * rate) * 2 - len(out)))
        out += part.clip.pcm
    return Clip(bytes(out), rate)
