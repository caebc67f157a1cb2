"""What rows of sound do to their turn: when speech began and ended, what a player has played."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from adk_nb.log.log_row import LogRow
    from adk_nb.log.turn import Turn


class SoundFold:
    """Adds what is known of sound to turns, a method for each kind of row."""

    def __init__(self) -> None:
        # How often sound came too late, as the newest player's report says.
        self._underruns = 0

    def rows(self) -> dict[str, Callable[[Turn, LogRow], None]]:
        """Returns what each kind of row does."""
        return {
            "user_audio": self.user_audio,
            "user_speech": self.user_speech,
            "voice_activity": self.voice_activity,
            "agent_audio": self.agent_audio,
            "audio_lost": self.audio_lost,
            "playback_started": self.playback_started,
            "playback_drained": self.playback_drained,
            "playback_flushed": self.playback_flushed,
        }

    # The user's.

    def user_audio(self, turn: Turn, row: LogRow) -> None:
        """Sound of the microphone came."""
        turn.user_audio_ms += row.audio_ms or 0.0
        turn.loud_t = turn.loud_t if row.speech_t is None else row.speech_t

    def user_speech(self, turn: Turn, row: LogRow) -> None:
        """Speech was found in it."""
        turn.speech_start_t, turn.found_t, turn.found_by = row.t, row.speech_t, row.by

    def voice_activity(self, turn: Turn, row: LogRow) -> None:
        """The page or the service has told where a voice begins or ends."""
        if not (row.text or "").endswith("END"):
            return
        if row.source == "client":
            turn.released_t = row.t
        else:
            turn.service_t = row.t

    # The agent's.

    def agent_audio(self, turn: Turn, row: LogRow) -> None:
        """Sound of the agent came."""
        turn.agent = row.agent or turn.agent
        turn.audio_ms += row.audio_ms or 0.0
        turn.audio_t = row.t if turn.audio_t is None else turn.audio_t
        if any(call.ms is None for call in turn.tool_calls):
            turn.filler_t = row.t if turn.filler_t is None else turn.filler_t
        elif turn.answer_t is None:
            turn.answer_t = row.t

    def audio_lost(self, turn: Turn, row: LogRow) -> None:
        """Sound was lost on the way from the page, or to it."""
        if row.source == "client":
            turn.mic_lost_ms = row.audio_ms or 0.0
        else:
            turn.dropped_ms = row.audio_ms or 0.0

    # What a player reports.

    def playback_started(self, turn: Turn, row: LogRow) -> None:
        """The answer sounds."""
        self._count_underruns(turn, row)
        turn.sounds = True
        if turn.heard_t is None:
            turn.heard_t, turn.clock_error_ms = row.t, row.error_ms
            turn.heard_estimated = row.estimated

    def playback_drained(self, turn: Turn, row: LogRow) -> None:
        """All that came of it has sounded."""
        self._count_underruns(turn, row)
        turn.sounds = False
        turn.heard_ms = max(turn.heard_ms or 0.0, row.audio_ms or 0.0)

    def playback_flushed(self, turn: Turn, row: LogRow) -> None:
        """The rest of it was thrown away."""
        self.playback_drained(turn, row)
        turn.flushed = True
        if turn.cut_off and turn.resumed is None:
            turn.heard_text = turn.heard_at(row.audio_ms or 0.0)

    def _count_underruns(self, turn: Turn, row: LogRow) -> None:
        """Adds those of a turn; a player counts all since its page connected."""
        if row.underruns is None:
            return
        new = row.underruns - self._underruns if row.underruns >= self._underruns else row.underruns
        turn.underruns = (turn.underruns or 0) + new
        self._underruns = row.underruns
