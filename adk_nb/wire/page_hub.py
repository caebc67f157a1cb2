"""The pages of a session: the messages to them, and the reports of their players."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Protocol

from adk_nb.log.tool_call import ANSWERS
from adk_nb.plain import to_json
from adk_nb.wire import protocol
from adk_nb.wire.facts import facts_message
from adk_nb.wire.heard import heard_message, words_messages
from adk_nb.wire.markdown import rendered_messages
from adk_nb.wire.outgoing import bounded, masked
from adk_nb.wire.playout import Playout, Sounding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from adk_nb.log.tool_call import ToolCall
    from adk_nb.log.turn import Turn

_HISTORY_TURNS = 200
MOST_AT_ONCE = 5 << 20
"""The most sound that a page is sent at once (bytes): well under what may wait for it."""
_SPOKEN = {"transcript", "question", "note", "heard"}
"""What is kept of a turn that is too large to be shown again."""
_LEFT_OUT = protocol.Note(
    "earlier",
    0,
    "history",
    "What was said before is too much to be shown again; live.transcript_df() has all of it.",
)


class Page(Protocol):
    """What a session tells whoever shows it: the bridge's connections are some, yours another.

    Its methods are called on the bridge thread, where all conversations wait for them: hand on
    what comes, and return. If one raises, the page is taken off. Where nobody reports by
    `Playback` what has sounded, give it the attribute `plays = False`: `heard_text` and the like
    then say no more than without a page.
    """

    def send(self, message: protocol.Message) -> None:
        """Takes a message of `adk_nb.wire.protocol`, such as `Transcript`, `TurnState`, `Failure`.

        `docs/protocol.md` says what each means. Ignore those that you do not know.
        """

    def send_audio(self, turn: int, rate: int, pcm: bytes) -> None:
        """Takes a piece of the agent's sound, if this is the page that plays: the first that came.

        Args:
            turn: The number of its turn.
            rate: Samples a second.
            pcm: PCM16LE mono; it may come faster than it sounds.
        """


class Pages:
    """The pages that show a session, on the bridge thread.

    Attributes:
        all: The pages.
        watchers: Called with every message, as the widget does.
        sounding: The number of the turn that a player plays; 0 if none does.
        earlier: The messages of a conversation that was resumed.
        notes: The lines between the turns.
        redefined: The names that were redefined, and that the agent does not have yet.
        speaker: The page that plays; None if there is none just now.
        microphone: The page whose microphone is open; None if there is none.
        playout: What of the sound has not sounded yet.
        on_cut: Called with the sound of a turn that was cut off while no page played it.
        on_moved: Called with the sound of a turn that another page goes on with.
        on_lost: Called with a turn and how much of its sound no page gets (ms).
        on_back: Called with the page that played and is back, its player going on, and its hello.
    """

    def __init__(
        self,
        mask: Callable[[Any], Any] | None = None,
        sound: Callable[[int], tuple[int, bytes]] = lambda _: (0, b""),
        words: Callable[[int], Iterable[protocol.Words]] = lambda _: (),
    ) -> None:
        self._mask = mask
        # Returns when the words of a turn sound.
        self._words = words
        # Returns the rate and the samples of a turn's sound.
        self._sound = sound
        self.speaker: Page | None = None
        self.microphone: Page | None = None
        self.playout = Playout()
        self.on_cut: Callable[[Sounding], None] = lambda _: None
        self.on_moved: Callable[[Sounding], None] = lambda _: None
        self.on_lost: Callable[[int, float], None] = lambda *_: None
        # What sounded when the page that played went.
        self._stopped: list[Sounding] = []
        self.on_back: Callable[[Page, protocol.Hello], None] = lambda *_: None
        # What the pages said of themselves.
        self._hellos: dict[Page, protocol.Hello] = {}
        # The view that played last.
        self._played_in = ""
        # The page that is to play as soon as it has been welcomed.
        self._next: Page | None = None
        # Whether a page plays or is awaited: without, no sound is kept for one.
        self._listened = False
        # Whether the page with the microphone went while that was open, and its view.
        self._microphone_gone = False
        self._spoken_in = ""
        # What each page was told of who plays.
        self._told: dict[Page, protocol.Place] = {}
        self.all: list[Page] = []
        self.watchers: list[Callable[[protocol.Message], None]] = []
        # What pages get of a message; None if nothing. Watchers are told all.
        self.shown: Callable[[protocol.Message], protocol.Message | None] = lambda message: message
        self.sounding = 0
        self.earlier: list[protocol.Message] = []
        self.notes: list[protocol.Note] = []
        self.redefined: list[str] = []
        # The newest report: turn, how much of it has sounded (ms), monotonic time (s).
        self._played = (0, 0.0, 0.0)

    def emit(self, message: protocol.Message) -> None:
        """Sends a message to every page and watcher; long values are shortened."""
        message = self._ready(message)
        if isinstance(message, protocol.TurnState):
            self._became(message)
        shown = self.shown(message)
        if shown is not None:
            for page in self.all[:]:
                page.send(shown)
        self.tell(message)

    def _shown(self, messages: Iterable[protocol.Message]) -> list[protocol.Message]:
        ready = (self.shown(self._ready(message)) for message in messages)
        return [message for message in ready if message is not None]

    def _ready(self, message: protocol.Message) -> protocol.Message:
        """Returns a message as pages get it: masked first, so that no cut hides a secret's end."""
        return bounded(message if self._mask is None else masked(message, self._mask))

    def tell(self, message: protocol.Message) -> None:
        """Tells the watchers what only they are to know."""
        for watcher in self.watchers:
            watcher(message)

    def send_audio(self, turn: int, rate: int, pcm: bytes) -> None:
        """Sends agent audio to the page that plays; what nobody plays waits for the next page."""
        self.playout.sent(turn, len(pcm) * 500 / rate, lost=not self._listened)
        if self.speaker is not None:
            self.speaker.send_audio(turn, rate, pcm)

    # Who plays.

    def add(self, page: Page, hello: protocol.Hello | None = None) -> bool:
        """Adds a page; returns whether it plays, once `welcomed` is called.

        A page plays if no other does; the one that played last does so again if it is back before
        another has taken its place.
        """
        self.all.append(page)
        if hello is not None:
            self._hellos[page] = hello
        if self.speaker is not None and self._is_back(page):
            self._silent()  # Its earlier connection is dead, and not known to be.
        if self.speaker is None and self._next is None:
            self._next = page
        return page is self._next

    def welcomed(self, page: Page) -> None:
        """The page has its welcome: it gets the sound that is to be heard in it, and who plays."""
        if page is self._next and page in self.all:
            self.give(page)
        else:
            self._tell_places()

    def give(self, page: Page) -> None:
        """Has a page play, from where the sound had come to; the one before falls silent."""
        if page not in self.all or page is self.speaker:
            return
        hello = self._hellos.get(page)
        back = self.speaker is None and self._is_back(page)
        if self.speaker is not None:
            self._silent()
        stopped, self._stopped = self._stopped, []
        self.speaker, self._next, self._listened = page, None, True
        self._played_in = self._view(page)
        self._tell_places()
        if back and hello is not None:
            self.on_back(page, hello)
            return
        for one in stopped:
            self.on_moved(one)
        for one in self.playout.waiting():
            for message in self._words(one.turn):
                page.send(message)
            page.send(protocol.Position(one.turn, one.played_ms, sounding=True))
            page.send(protocol.Continue(one.turn, one.played_ms))
            rate, pcm = self._sound(one.turn)
            rest = pcm[2 * int(one.played_ms / 1000 * rate) :]
            if len(rest) > MOST_AT_ONCE:
                self.on_lost(one.turn, (len(rest) - MOST_AT_ONCE) / 2 / rate * 1000)
            if rest:
                page.send_audio(one.turn, rate, rest[:MOST_AT_ONCE])
            if one.complete:
                page.send(protocol.TurnState(one.turn, "complete"))

    def _is_back(self, page: Page) -> bool:
        """Returns whether this page played last, and its player goes on."""
        hello = self._hellos.get(page)
        if hello is None or hello.turn is None:
            return False
        return self._listened and hello.view == self._played_in

    def _silent(self) -> None:
        """The page that played does so no more."""
        self.speaker, self.sounding = None, 0
        self._stopped = self.playout.stop()

    def hand_over(self) -> None:
        """The page that played is not back: another one plays, if there is one."""
        if self.speaker is None and self.all:
            self.give(self.all[0])

    def give_up(self) -> None:
        """No page has come: what has not sounded is heard by nobody."""
        if self.speaker is None:
            self._listened = False
            for one in self.playout.waiting():
                if one.waits:
                    one.cut = True
                    self.on_cut(one)

    def plays(self, page: Page) -> bool:
        """Returns whether it is this page whose reports count."""
        return page is self.speaker

    def hears(self, page: Page | None) -> None:
        """Tells the pages which of them has the microphone now."""
        self.microphone, self._microphone_gone = page, False
        self._tell_places()

    def unspoken(self) -> None:
        """The user types: that a microphone went with its page is of no interest any more."""
        self._microphone_gone = False
        self._tell_places()

    def _became(self, message: protocol.TurnState) -> None:
        cut = self.playout.became(message.turn, message.state)
        if cut is not None and self.speaker is None:
            self.on_cut(cut)

    def _tell_places(self) -> None:
        for page in self.all[:]:
            place = protocol.Place(_where(self.speaker, page), self._microphone_of(page))
            alone = protocol.Place("here", "none")
            if self._told.get(page, alone) != place:
                self._told[page] = place
                page.send(place)

    def _microphone_of(self, page: Page) -> protocol.Where:
        if not self._microphone_gone:
            return _where(self.microphone, page)
        # The view itself, back after a break, opens it again without being asked.
        return "none" if self._spoken_in and self._view(page) == self._spoken_in else "gone"

    def _view(self, page: Page) -> str:
        hello = self._hellos.get(page)
        return hello.view if hello is not None else ""

    def note(self, turn: int, kind: str, text: str) -> None:
        """Shows a line after a turn."""
        note = protocol.Note(str(len(self.notes) + 1), turn, kind, text)
        self.notes.append(note)
        self.emit(note)

    def tell_redefined(self, names: list[str]) -> None:
        """Tells every page, and later ones, which names were redefined."""
        names = [name[: protocol.MAX_NAME] for name in names[: protocol.MAX_TOOLS]]
        if names != self.redefined:
            self.redefined = names
            self.emit(protocol.Redefined(names))

    def remove(self, page: Page) -> bool:
        """Removes a page; returns whether it was there."""
        if page not in self.all:
            return False
        self.all.remove(page)
        if page is self.microphone:
            self.microphone, self._microphone_gone = None, True
            self._spoken_in = self._view(page)
        self._told.pop(page, None)
        self._hellos.pop(page, None)
        self._next = None if page is self._next else self._next
        if page is self.speaker:
            self._silent()
        self._tell_places()
        return True

    def played(self, report: protocol.Playback) -> None:
        """Takes a report of the page that plays."""
        self.playout.reported(report)
        self._played = (report.turn, report.played_ms, time.monotonic())
        if report.event in ("started", "progress"):
            self.sounding = report.turn
        else:
            self.sounding = 0
        if len(self.all) > 1:  # The one that plays knows better.
            sounds = report.event in ("started", "progress")
            self.emit(protocol.Position(report.turn, report.played_ms, sounding=sounds))

    def position(self, turn: Turn | None) -> tuple[float, float] | None:
        """Returns how much of a turn has sounded, and its length (ms); None if no page."""
        if turn is None or not any(getattr(page, "plays", True) for page in self.all):
            return None  # Nobody says what has sounded.
        index, played_ms, at = self._played
        if index != turn.index:
            return 0.0, turn.audio_ms
        if self.sounding == index:
            played_ms += (time.monotonic() - at) * 1000
        return min(played_ms, turn.audio_ms), turn.audio_ms

    def owes(self, turn: Turn) -> bool:
        """Returns whether a page has yet to say how much sounded of a turn that was cut off."""
        if turn.flushed or not turn.cut_off or self.speaker is None:
            return False
        return getattr(self.speaker, "plays", True) and self.playout.owes(turn.index)

    def history(self, turns: Iterable[Turn]) -> list[dict[str, Any]]:
        """Returns the conversation so far, as messages for a new page.

        If it is too much, the oldest turns are left out, and images before words.
        """
        before = [*self.earlier, *(note for note in self.notes if note.turn < 1)]
        parts = [before] if before else []
        for turn in turns:
            notes = [note for note in self.notes if note.turn == turn.index]
            rendered = rendered_messages(turn, self._mask or (lambda text: text))
            parts.append([*turn_messages(turn), *rendered, *self._sounding(turn), *notes])
        kept: list[list[dict[str, Any]]] = []
        room = protocol.MAX_HISTORY
        for part in reversed(parts):
            messages = _fitting(self._shown(part), room)
            if messages is None or len(kept) >= _HISTORY_TURNS:
                kept.append([protocol.as_dict(_LEFT_OUT)])
                break
            room -= sum(map(_size, messages))
            kept.append(messages)
        return [message for messages in reversed(kept) for message in messages]

    def facts(self, turns: Iterable[Turn]) -> list[dict[str, Any]]:
        """Returns what is known of the newest turns beside their words, for a new page."""
        known = [turn for turn in turns if turn.begun][-_HISTORY_TURNS:]
        return [protocol.as_dict(message) for message in self._shown(map(facts_message, known))]

    def _sounding(self, turn: Turn) -> list[protocol.Message]:
        """Returns which words of a turn have sounded, while another page plays it."""
        position = self.position(turn)
        if self.sounding != turn.index or position is None:
            return []
        words = words_messages(turn.index, turn.piece_words())
        return [*words, protocol.Position(turn.index, position[0], sounding=True)]


def _where(owner: Page | None, page: Page) -> protocol.Where:
    if owner is None:
        return "none"
    return "here" if owner is page else "elsewhere"


def turn_messages(turn: Turn) -> list[protocol.Message]:
    """Returns what there is to show of a turn, as a history has it."""
    messages: list[protocol.Message] = []
    spoken = [piece for piece in turn.pieces if piece.role == "agent"]
    for piece in turn.pieces:
        if piece.call is not None:
            messages += _call_messages(turn.index, piece.call)
        elif piece.text.strip():
            cut = turn.interrupted and piece in spoken[-1:]
            text = piece.text.strip()
            said = protocol.Transcript(
                turn.index,
                piece.role,
                piece.author,
                text,
                piece.final,
                interrupted=cut,
                withheld=turn.withheld and piece.role == "agent",
                piece=piece.number,
            )
            messages.append(said)
    if turn.sources:
        messages.append(protocol.Sources(turn.index, turn.sources))
    unheard = turn.unheard_pieces()
    if unheard or (turn.flushed and turn.interrupted):
        messages.append(heard_message(turn.index, unheard, turn.heard_ms, turn.audio_ms))
    return messages


_APPROVED = {word: approved for approved, word in ANSWERS.items()}


def _call_messages(index: int, call: ToolCall) -> list[protocol.Message]:
    messages: list[protocol.Message] = [protocol.ToolCalled(index, call.id, call.name, call.args)]
    if call.output:
        messages.append(protocol.ToolOutput(index, call.id, call.output[: protocol.MAX_OUTPUT]))
    messages += [protocol.ToolOutput(index, call.id, image=image) for image in call.images]
    if call.question is not None:
        question = call.question
        messages.append(
            protocol.Question(index, call.id, call.name, call.args, question, call.sign_in)
        )
    elif call.answer:
        approved = _APPROVED.get(call.answer)
        messages.append(protocol.Answer(index, call.id, approved, call.approval_ms))
    if call.returned:
        messages.append(
            protocol.ToolReturned(
                index, call.id, call.name, call.ms or 0.0, call.result, call.error
            )
        )
    return messages


def _fitting(messages: list[protocol.Message], room: int) -> list[dict[str, Any]] | None:
    """Returns messages that fit, without images if need be; None if they do not fit."""
    whole = [protocol.as_dict(message) for message in messages]
    words = [message for message in whole if not message.get("image")]
    spoken = [message for message in whole if message["type"] in _SPOKEN]
    return next((some for some in (whole, words, spoken) if sum(map(_size, some)) <= room), None)


def _size(message: dict[str, Any]) -> int:
    return len(to_json(message).encode())
