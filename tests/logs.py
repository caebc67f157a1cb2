"""Logs of conversations that nobody had, with known times."""

from __future__ import annotations

import numpy as np

from adk_nb.log.event_log import EventLog
from adk_nb.log.recording_reader import find_recordings, read_folder, warn_of
from adk_nb.log.turns_from_log import logged_turns


def voice(seconds):
    """White noise, as loud as speech."""
    return np.random.default_rng(1).normal(0, 3000, int(seconds * 16_000)).astype(np.int16)


def quiet(seconds):
    return np.random.default_rng(2).normal(0, 20, int(seconds * 16_000)).astype(np.int16)


def spoken_turn(log, turn, t):
    """A turn of 8 s: spoken from t + 0.5 to t + 1.5, a tool, and an answer that is cut off."""
    samples = np.concatenate([quiet(0.5), voice(1), quiet(1)])
    log.sounds.add("user_audio", turn, samples.tobytes(), 16_000)
    log.add("client", "user_audio", t=t, turn=turn, audio_ms=2500.0, speech_t=t + 1.5)
    log.add("adk", "user_transcript", t=t + 1.8, turn=turn, text="What time is it?", final=True)
    log.add("adk", "tool_call", t=t + 2, turn=turn, agent="clock", tool="get_time",
            tool_call_id=f"c{turn}", args={"city": "Rome"})  # fmt: skip
    log.add("adk", "tool_result", t=t + 2.4, turn=turn, tool="get_time",
            tool_call_id=f"c{turn}", result="noon")  # fmt: skip
    log.add("adk", "agent_audio", t=t + 2.5, turn=turn, audio_ms=4000.0)
    log.add("adk", "agent_transcript", t=t + 2.51, turn=turn, agent="clock",
            text="It is noon in Rome.", final=True, audio_ms=4000.0)  # fmt: skip
    log.add("client", "playback_started", t=t + 2.6, turn=turn, audio_ms=0.0)
    log.add("client", "interrupted", t=t + 4.6, turn=turn, interrupted=True)
    log.add("client", "playback_flushed", t=t + 4.62, turn=turn, audio_ms=2000.0)


def conversation(turns=1, session_id="s"):
    log = EventLog(session_id)
    log.add("bridge", "connected", t=0.1, agent="clock", model="scripted")
    for n in range(1, turns + 1):
        spoken_turn(log, n, 8.0 * n)
    return log


class Told:
    """A log whose rows are a second apart."""

    def __init__(self):
        self.log = EventLog("s")

    def __call__(self, kind, turn=1, source="adk", **values):
        self.log.add(source, kind, t=float(len(self.log)), turn=turn, **values)
        return self

    def turns(self):
        return logged_turns(self.log)

    @property
    def turn(self):
        (turn,) = self.turns()
        return turn


def read_recording(path):
    """The log of a recording; warns of what cannot be read, where it was called."""
    log = read_folder(find_recordings(path)[0])
    warn_of(log.faults, 3)
    return log
