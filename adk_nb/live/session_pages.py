"""What the pages of a session do to it, on the bridge thread."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import time
from collections import deque
from typing import TYPE_CHECKING

from adk_nb.adk.agents import model_name
from adk_nb.exceptions import AdkNbError, ProtocolError
from adk_nb.live.missed_sound import MissedSound
from adk_nb.live.replays import Replays
from adk_nb.wire import protocol
from adk_nb.wire.outgoing import result_text

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from adk_nb.live.coordinator import Exchange
    from adk_nb.live.followed_definitions import FollowedDefinitions
    from adk_nb.live.switching import Switching
    from adk_nb.wire.page_hub import Page
    from adk_nb.wire.playout import Sounding

_TEXTS_KNOWN = 1000
"""So many typed texts are known by their names, as a page may send them again."""
_BACK_S = 1.0
"""How long the page that plays may be gone before another page of the session plays (s)."""
_AWAY_S = 20.0
"""How long what has not sounded waits for a page, where all are gone (s)."""
_AHEAD_S = 1.0
"""How far a report of a page may lie in the future of the bridge's clock (s)."""


class SessionPages:
    """The pages of a session: who comes and goes, what they ask, and what their players report.

    Args:
        exchange: The exchange with the model.
        definitions: What the agent was made of, which a page may ask to take over anew.
        switching: Switches tools and the voice.
        begin: Begins a task that ends with the session.
        greet: Lets the agent speak first, if it is to; a page has come that hears it.
        video: Whether pages may send pictures; None if it depends on the model.

    Attributes:
        images_seen: How many pictures were sent on.
    """

    def __init__(  # noqa: PLR0913 - what is not by name belongs to the same session
        self,
        exchange: Exchange,
        definitions: FollowedDefinitions,
        switching: Switching,
        *,
        begin: Callable[[Coroutine[Any, Any, None]], object],
        greet: Callable[[], None],
        video: bool | None,
    ) -> None:
        self._exchange = exchange
        self._log = exchange.log
        self._definitions = definitions
        self._switching = switching
        self._begin = begin
        self._greet = greet
        self._video = video
        self.images_seen = 0
        self._missed = MissedSound(self._log)
        self._replays = Replays(self._log, lambda: exchange.turns.all[:])
        # The result of which a page asked for more, and its text.
        self._more: tuple[object, str] = (object(), "")
        # The newest texts of pages, by the names that the pages gave them.
        self._texts: deque[str] = deque(maxlen=_TEXTS_KNOWN)
        # The page that switched its camera or screen on last.
        self._watched: Page | None = None
        # What happens if no page comes in the place of the one that played.
        self._awaited: list[asyncio.TimerHandle] = []
        # The newest error of each page that has one.
        self._page_errors: dict[Page, str] = {}
        # Takes the answers of the pages to `examine`.
        self._take_findings: Callable[[protocol.Findings], None] = lambda _: None
        exchange.pages.on_back = self._send_missed
        exchange.pages.on_cut = self._sound_unheard
        exchange.pages.on_moved = self._sound_moved
        exchange.pages.on_lost = self._log.audio_dropped

    @property
    def video_on(self) -> bool:
        """Whether a page may send pictures of a camera or a screen."""
        return self._exchange.capabilities.sees if self._video is None else self._video

    def attach(self, page: Page, hello: protocol.Hello | None = None) -> protocol.Welcome:
        """Adds a page; returns its first message, with the conversation so far."""
        plays = self._exchange.pages.add(page, hello)
        self._log.add("client", "connected")
        # After the welcome.
        asyncio.get_running_loop().call_soon(self._exchange.pages.welcomed, page)
        asyncio.get_running_loop().call_soon(self._greet)
        return protocol.Welcome(
            session_id=self._log.session_id[: protocol.MAX_NAME],
            agent=self._exchange.swaps.agent.name[: protocol.MAX_NAME],
            model=model_name(self._exchange.swaps.agent),
            tools=self._exchange.swaps.tools[: protocol.MAX_TOOLS],
            state=self._exchange.status,
            turn=self._exchange.turns.index,
            clock=time.monotonic() * 1000,
            history=self.history(),
            audio=self._exchange.audio_use,
            changes=self._exchange.swaps.changes,
            video=self.video_on,
            redefined=self._exchange.pages.redefined,
            plays=plays,
            facts=self.facts(),
        )

    def _send_missed(self, page: Page, hello: protocol.Hello) -> None:
        """Sends a page that is back what it has missed of the agent's sound."""
        self._missed.send(page, self._exchange.turns.all, hello)

    def examine(self, asked: int, take: Callable[[protocol.Findings], None]) -> int:
        """Asks the pages what they know of themselves; returns how many there are.

        Args:
            asked: A number that their answers carry.
            take: Is called with each answer that comes, on the bridge thread.
        """
        self._take_findings = take
        self._exchange.pages.emit(protocol.Examine(asked))
        return len(self._exchange.pages.all)

    def detach(self, page: Page) -> None:
        """Removes a page; its microphone counts as closed."""
        pages = self._exchange.pages
        played = pages.plays(page)
        if pages.remove(page):
            self._log.add("client", "disconnected")
        if played:
            self._await_page(_AWAY_S)
        self._log.forget(page)
        if page in self._page_errors:  # What is wrong in a page goes with it.
            self._exchange.pages.tell(protocol.Recovered(self._page_errors.pop(page)))
        if self._watched is page:
            self._watched = None
        if self._exchange.microphone.speaker is page:
            self._exchange.realtime_input.open_microphone(page, on=False)

    def close(self) -> None:
        """What has not sounded is heard by nobody any more."""
        self._await_page(0)
        self._exchange.pages.give_up()

    def _await_page(self, seconds: float) -> None:
        """Waits for a page that is to play; 0 ends the waiting."""
        for timer in self._awaited:
            timer.cancel()
        self._awaited.clear()
        if seconds:
            loop, pages = asyncio.get_running_loop(), self._exchange.pages
            self._awaited += [
                loop.call_later(_BACK_S, pages.hand_over),
                loop.call_later(seconds, pages.give_up),
            ]

    def _sound_moved(self, sound: Sounding) -> None:
        """Another page goes on with an answer."""
        self._playback_ended("moved", sound)

    def _sound_unheard(self, sound: Sounding) -> None:
        """The rest of an answer is heard by nobody: its page went, and no other came."""
        # A turn that is cut off just now is told after this.
        asyncio.get_running_loop().call_soon(self._tell_unheard, sound)

    def _tell_unheard(self, sound: Sounding) -> None:
        turn = self._exchange.turns.all[sound.turn - 1]
        if not turn.interrupted:
            self._exchange.interruptions.silenced(turn.index)
        self._playback_ended("flushed", sound)

    def _playback_ended(self, how: str, sound: Sounding) -> None:
        turn = self._exchange.turns.all[sound.turn - 1]
        played_ms = min(sound.played_ms, turn.audio_ms)
        t = self._log.to_t(sound.at * 1000)
        self._log.add("client", f"playback_{how}", t=t, turn=turn.index, audio_ms=played_ms)

    def watch(self, watcher: Callable[[protocol.Message], None]) -> None:
        """Calls `watcher` with every message that goes to the pages."""
        self._exchange.pages.watchers.append(watcher)

    def history(self) -> list[dict[str, Any]]:
        """Returns the conversation so far, as the messages that a new page gets."""
        return self._exchange.pages.history(self._exchange.turns.all)

    def facts(self) -> list[dict[str, Any]]:
        """Returns what is known of the turns beside their words, as messages for a new page."""
        return self._exchange.pages.facts(self._exchange.turns.all)

    def hear(
        self, source: object, pcm: bytes, captured_ms: float | None = None, lost: int = 0
    ) -> None:
        """Takes a microphone frame, PCM16LE mono at 16 kHz.

        Args:
            source: The page that has recorded it.
            pcm: The samples.
            captured_ms: When its last sample was captured, on the bridge's clock (ms), if known.
            lost: How many frames before it were lost.
        """
        self._exchange.realtime_input.hear(source, pcm, captured_ms, lost)

    def see(self, page: Page, jpeg: bytes) -> None:
        """Takes a picture, a JPEG, from the page that switched its camera or screen on last."""
        if self.video_on and page is self._watched and self._exchange.realtime_input.see(jpeg):
            self.images_seen += 1

    def receive(self, page: Page, message: protocol.Message) -> None:
        """Does what a page asks."""
        match message:
            case protocol.Text():
                self._typed(page, message)
            case protocol.Mic():
                if message.on and getattr(page, "plays", True):
                    # A browser takes the agent's voice out of the sound of the page that plays it.
                    self._exchange.pages.give(page)
                self._exchange.realtime_input.open_microphone(page, on=message.on)
            case protocol.ActivityStart() | protocol.ActivityEnd():
                self._exchange.realtime_input.activity(
                    begins=isinstance(message, protocol.ActivityStart)
                )
            case protocol.Interrupt():
                self._exchange.interruptions.cut()
            case protocol.ToolSwitch():
                self._switching.want_tool(page, message.name, on=message.on)
            case protocol.Confirm():
                self._confirm(message)
            case protocol.Voice():
                self._switching.want_voice(on=message.on)
            case protocol.Reload():
                self._begin(self._definitions.reload_after_turn())
            case _:
                self._receive_about(page, message)

    def _typed(self, page: Page, message: protocol.Text) -> None:
        """Begins a typed turn, unless it came before: a page cannot know what a break took."""
        came = message.id in self._texts
        if message.id:
            self._texts.append(message.id)
            page.send(protocol.Taken(message.id))
        if not came and message.text.strip():
            self._exchange.pages.unspoken()
            self._exchange.text_input.typed(message.text, cut_in=True)

    def _receive_about(self, page: Page, message: protocol.Message) -> None:
        """Does what a page asks that is about tools, pictures, or no part of the conversation."""
        match message:
            case protocol.Camera():
                self._watched = page if message.on else None
            case protocol.Take():
                self._exchange.pages.give(page)
            case protocol.Stop():
                with contextlib.suppress(AdkNbError):  # It may have returned meanwhile.
                    self._exchange.live.calls.stop(message.id)
            case protocol.More():
                self._show_more(page, message)
            case protocol.Play():
                self._begin(self._replays.sending(page, message))
            case protocol.Findings():
                self._take_findings(message)
            case protocol.PageError():
                error = f"{message.code}: {message.message}"
                self._log.add_error(page, message.code, error)
                self._page_errors[page] = message.code
                self._exchange.pages.tell(message)
            case protocol.Recovered():
                self._page_errors.pop(page, None)
                self._exchange.pages.tell(message)

    def _confirm(self, message: protocol.Confirm) -> None:
        with contextlib.suppress(AdkNbError):  # Another page may have answered already.
            self._exchange.live.calls.answer(
                message.id, approved=message.approved, payload=message.answer or None
            )

    def playback(
        self,
        report: protocol.Playback,
        clock_ms: float | None = None,
        error_ms: float | None = None,
        *,
        page: Page | None = None,
    ) -> None:
        """Takes a player's report; only those of the page that plays count.

        Args:
            report: What the player did.
            clock_ms: When, on the bridge's clock (ms); None if the clocks are not compared yet.
            error_ms: How far off that may be (ms).
            page: The page whose player it is, if it is any page's.

        Raises:
            ProtocolError: There is no such turn.
        """
        if page is not None and not self._exchange.pages.plays(page):
            return
        turns = self._exchange.turns.all
        if not 1 <= report.turn <= len(turns):
            raise ProtocolError(f"A playback report of turn {report.turn}, which there is not.")
        # No page can have played more than there was, before the session began, or later than now.
        played_ms = min(report.played_ms, turns[report.turn - 1].audio_ms)
        report = dataclasses.replace(report, played_ms=played_ms)
        t = self._log.to_t(clock_ms) if clock_ms is not None else None
        if t is not None and not 0 <= t <= self._log.now() + _AHEAD_S:
            t = error_ms = None
        self._exchange.pages.played(report)
        if report.event != "progress":
            self._log.add(
                "client",
                f"playback_{report.event}",
                t=t,
                turn=report.turn,
                audio_ms=report.played_ms,
                error_ms=error_ms,
                underruns=report.underruns,
                estimated=report.estimated,
            )

    def _show_more(self, page: Page, wanted: protocol.More) -> None:
        turn, call = self._exchange.turns.calls.find(wanted.id)
        if turn is None or call is None:
            raise ProtocolError("More was asked for of a tool call that there is not.")
        # Asked for piece by piece, and each time of the same result.
        if self._more[0] is not call.result:
            self._more = (call.result, result_text(call.result))
        text = self._more[1]
        piece = text[wanted.offset : wanted.offset + protocol.MAX_MORE]
        page.send(protocol.ToolMore(turn.index, call.id, wanted.offset, piece, len(text)))
