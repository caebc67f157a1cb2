"""Random interleavings of what a user, a model, its tools and the network do.

Nothing here knows the rules of the turns. A service of a few lines answers questions one after the
other, as the real one does: it stops where the user cuts in, it completes, it calls tools and goes
on, or says nothing. What it says bears the question's name, so that every answer can be told from
every other. Whatever happens, each question is one row, with its own answer, and every turn ends.
"""

from __future__ import annotations

import itertools
import os

from hypothesis import HealthCheck, given, settings, strategies as st

from adk_nb.live.turn_builder import Turns
from adk_nb.log.event_log import EventLog
from adk_nb.log.turns_from_log import logged_turns

CASES = int(os.environ.get("ADK_NB_FUZZ_CASES", "10000")) // 2
LOUD = bytes([0, 16] * 240)


class Service:
    """Answers questions, one at a time."""

    def __init__(self, turns, model):
        self.turns, self.model = turns, model
        self.question = None  # what is being answered
        self.begun = False
        self.calls = []  # of the question that is being answered
        self.owed = []  # results that are to be answered later: questions

    def asks(self, name, *, speech):
        """A question reaches the service, and cuts off what it says."""
        if self.begun:
            self.turns.stopped()
            if self.model == "2.5":
                self.turns.completed()
        elif self.calls and self.model != "3.8":
            self.turns.tools_cancelled(list(self.calls))
            self.calls = []
        self.question, self.begun = name, False
        if speech and self.model == "2.5":
            self.turns.transcripts.user_said(name, final=False)
        if speech:
            self.turns.transcripts.user_said(name, final=True)

    def says(self):
        if self.question is None or (self.calls and self.model != "3.8"):
            return
        self.begun = True
        self.turns.agent_audio("dice", LOUD, 24_000)
        self.turns.transcripts.agent_said("dice", f"<{self.question}>.", final=False)

    def completes(self):
        if self.question is None or (self.calls and self.model != "3.8"):
            return
        self.turns.completed()
        self.question, self.begun = None, False

    def call(self, call_id):
        if self.question is None or self.calls:
            return
        blocks = self.model != "3.8"
        self.turns.calls.tool_called("dice", call_id, "f", {"id": call_id}, blocks=blocks)
        self.calls.append(call_id)
        self.begun = self.begun and not blocks
        if self.model == "2.5":
            self.turns.completed()


class World:
    """One session, with its user, service and tools."""

    def __init__(self, model):
        self.log = EventLog("s")
        self.turns = Turns(self.log, lambda _message: None)
        self.turns.agent, self.turns.model, self.turns.transcripts.deltas = "dice", "m", True
        self.turns.machine.calls.completes_calls = model == "2.5"
        self.turns.machine.told.clock = itertools.count().__next__
        self.service = Service(self.turns, model)
        self.asked, self.running, self.of_call, self.told = [], [], {}, set()

    def type(self):
        name = f"t{len(self.asked)}"
        self.asked.append(name)
        self.turns.user_typed(name)
        self.service.asks(name, speech=False)

    def speak(self):
        name = f"s{len(self.asked)}"
        self.asked.append(name)
        self.turns.machine.utterances.speech_began()
        self.service.asks(name, speech=True)

    def says(self):
        self.service.says()

    def completes(self):
        self.service.completes()

    def call(self):
        call_id = f"c{len(self.of_call)}"
        question = self.service.question
        self.service.call(call_id)
        if call_id in self.service.calls:
            self.of_call[call_id] = question
            self.running.append(call_id)

    def returns(self):
        if not self.running:
            return
        call_id = self.running.pop(0)
        self.turns.calls.tool_returned(call_id, "f", 1, None)
        if not self.turns.calls.is_wanted(call_id):
            return
        self.turns.calls.tool_told(call_id)
        self.told.add(call_id)
        if call_id in self.service.calls:
            self.service.calls.remove(call_id)

    def cut(self):
        """Escape: the service learns nothing of it."""
        self.turns.cut_in()


STEPS = st.lists(
    st.sampled_from(["type", "speak", "says", "says", "completes", "call", "returns", "cut"]),
    max_size=30,
)


def play(model, steps):
    world = World(model)
    for step in steps:
        getattr(world, step)()
    world.turns.abandoned("over")
    return world


def complaints(world):
    """Returns what is wrong with the turns, if anything is."""
    turns = world.turns.all
    for name in world.asked:
        rows = [turn.index for turn in turns if name in turn.user_text.split()]
        if len(rows) != 1:
            yield f"{name} is in the rows {rows}"
    for turn in turns:
        yield from of_turn(world, turn)
    for turn in logged_turns(world.log):
        live = turns[turn.index - 1]
        for name in ("user_text", "agent_text", "status", "audio_ms", "end_reason", "heard_text"):
            if getattr(turn, name) != getattr(live, name):
                yield f"turn {turn.index} is read back with another {name}"


def of_turn(world, turn):
    """Returns what is wrong with one of them."""
    if turn.status is None:
        yield f"turn {turn.index} has not ended"
    words = turn.user_text.split()
    if len(words) > 1:
        yield f"turn {turn.index} has the questions {words}"
    answers = {word.strip("<>.") for word in turn.agent_text.replace(">.<", ">. <").split()}
    if words and answers - set(words):
        yield f"turn {turn.index} ({words}) has the answers {answers}"
    for call in turn.tool_calls:
        if words and world.of_call[call.id] not in words:
            yield f"the call {call.id} of {world.of_call[call.id]} is in turn {turn.index}"


@settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck))
@given(model=st.sampled_from(["2.5", "3.1", "3.8"]), steps=STEPS)
def test_every_question_is_one_row_with_its_own_answer(model, steps):
    world = play(model, steps)
    assert list(complaints(world)) == [], [
        (turn.user_text, turn.agent_text, str(turn.status)) for turn in world.turns.all
    ]
