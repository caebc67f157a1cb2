"""An exchange at which a test sits: ADK's events are made by hand, and nothing takes the queue."""

from __future__ import annotations

from adk_events import call, done, said, sound
from google.adk.agents import Agent
from google.adk.agents.run_config import RunConfig
from google.adk.artifacts import InMemoryArtifactService
from google.adk.live import CascadeLive, LiveEgress
from google.genai import types
from scripted import Deaf, Scripted, echo
from sessions import Page, enter

from adk_nb.live.coordinator import Exchange
from adk_nb.live.histories import Histories
from adk_nb.live.link import Link
from adk_nb.log.event_log import EventLog
from adk_nb.wire import protocol

LOUD = bytes([0, 64] * 320)
QUIET = bytes(640)
MANUAL = RunConfig(
    realtime_input_config=types.RealtimeInputConfig(
        automatic_activity_detection=types.AutomaticActivityDetection(disabled=True)
    )
)

_BESIDE = (protocol.TurnFacts, protocol.Words, protocol.Heard, protocol.Position)


class Desk:
    """An exchange with a page, and all that can be seen of it."""

    def __init__(self, agent=None, *, config=None, audio=True, **options):
        self.log = EventLog("s")
        self.page = Page()
        self.exchange = Exchange(
            agent or Agent(name="dice", model=Scripted(echo)),
            self.log,
            Histories(None, InMemoryArtifactService(), user_id="u", first="s"),
            configure=lambda _model, _voice: config or RunConfig(),
            plugins=(),
            audio=audio,
            **options,
        )
        enter(self.exchange.pages, self.page)

    def connect(self):
        self.exchange.queue()
        self.exchange.run_begins()
        self.exchange.run_connected()
        return self

    def __call__(self, *events):
        for one in events:
            self.exchange.run_event(one)
        return self

    def type(self, words, *, cut_in=True):
        self.exchange.text_input.typed(words, cut_in=cut_in)
        return self

    def cut(self):
        self.exchange.interruptions.cut()
        return self

    def tell(self, call_id="c"):
        """The model takes a tool's result."""
        answer = types.FunctionResponse(id=call_id, name="roll", response={})
        self.exchange.run_told(types.Content(parts=[types.Part(function_response=answer)]))
        return self

    @property
    def turn(self):
        return self.exchange.turns.last

    def sent(self):
        """What waits for the model: texts, sizes of sound, and signals by their names."""
        queue = self.exchange.live.queue
        return [] if queue is None else [_said(one) for one in queue.waiting]

    def take(self):
        """The model takes what waits."""
        queue = self.exchange.live.queue
        taken = self.sent()
        queue.send_first([], instead=True)
        return taken

    def rows(self):
        return [(row.kind, row.turn) for row in self.log]

    def shown(self):
        """What the page got, in short, but for what it shows beside the words."""
        return [_short(one) for one in self.page.messages if not isinstance(one, _BESIDE)]

    def news(self, do):
        """Returns what something adds to the messages and the log; what waits, and the status."""
        messages, rows = len(self.shown()), len(self.log)
        do(self)
        return self.shown()[messages:], self.sent(), self.rows()[rows:], self.exchange.status


def _said(request):
    if request.content is not None:
        return request.content.parts[0].text
    if request.blob is not None:
        return len(request.blob.data)
    names = ("activity_start", "activity_end", "audio_stream_end", "close")
    return next(name for name in names if getattr(request, name, None))


def _short(message):
    match message:
        case protocol.State():
            return message.state
        case protocol.TurnState():
            return (message.turn, message.state)
        case protocol.Transcript():
            return (message.turn, message.role, message.text)
        case protocol.Failure():
            return ("error", message.code)
        case protocol.Note():
            return ("note", message.turn, message.text)
        case _:
            return type(message).__name__


def connected(**options):
    """Returns a desk whose model is connected."""
    desk = Desk(**options).connect()
    desk.exchange.live.link = Link.CONNECTED
    return desk


def notes(desk):
    """Returns the lines between the turns that the page was told."""
    return [(m.turn, m.kind, m.text) for m in desk.page.messages if isinstance(m, protocol.Note)]


def states(sent):
    """Returns how turns began and ended, of messages."""
    return [(m.turn, m.state) for m in sent if isinstance(m, protocol.TurnState)]


def shown(sent, role):
    """Returns what a page shows of what a role has said, by turn."""
    pieces = {}
    for m in sent:
        if isinstance(m, protocol.Transcript) and m.role == role:
            key = (m.turn, m.piece)
            pieces[key] = pieces.get(key, "")[: m.start] + m.text
    turns = {turn for turn, _ in pieces}
    return {n: " ".join(text for (turn, _), text in pieces.items() if turn == n) for n in turns}


def cascade(**options):
    model = CascadeLive(model="gemini-2.5-flash", stt=Deaf(), tts=_Mute())
    return Desk(Agent(name="dice", model=model), **options).connect()


def failures(desk):
    """Returns the codes of the errors that the page was told."""
    return [m.code for m in desk.page.messages if isinstance(m, protocol.Failure)]


# States in which a test begins.

CUT_1 = ("interrupted", 1)
ENDED_1 = ("turn_ended", 1)
CLOSED_1 = ("tool_result", 1)  # The call was cut off.


def asked():
    """A question waits for the model."""
    return Desk().connect().type("roll")


def taken():
    """The model has taken it."""
    desk = asked()
    desk.take()
    return desk


def speaking():
    """The model answers."""
    return taken()(sound(), said("A four.", final=False))


def calling():
    """A tool runs."""
    return taken()(call())


def sounding():
    """The answer is complete, and sounds."""
    desk = speaking()(done())
    desk.exchange.pages.played(protocol.Playback("started", 1))
    return desk


class _Mute(LiveEgress):
    """A voice that says nothing."""

    async def __call__(self, text):
        async for _ in text:
            pass
        return
        yield
