"""A long conversation: the rows that each step makes, and what the pages are told."""

from __future__ import annotations

import dataclasses

from adk_nb.wire import protocol

# --- every step: the rows it makes, and after ">" what the pages are told

PCM = b"\0\x10" * 2400
"""100 ms at 24 kHz."""
SOURCE = {"title": "t", "uri": "https://t"}
WHEN = {"seq", "time", "t", "ms", "level_db"}
BESIDE = (protocol.TurnFacts, protocol.Words, protocol.Heard)
STEPS = [
    (lambda turns: turns.user_typed("roll"), """
        client user_text 1 author='user' text='roll' final=True
        > turn turn=1 state='started'
        > transcript turn=1 role='user' author='user' text='roll' final=True"""),
    (lambda turns: turns.calls.tool_called(
        "dice", "c", "roll", {"sides": 6}, invocation_id="i"
    ), """
        adk tool_call 1 author='dice' invocation_id='i' tool='roll' tool_call_id='c' \
            args={'sides': 6} by='question'
        > tool_call turn=1 id='c' name='roll' args={'sides': 6}"""),
    (lambda turns: turns.calls.tool_asks("c", "Roll?"), """
        > question turn=1 id='c' name='roll' args={'sides': 6} hint='Roll?'"""),
    (lambda turns: turns.calls.tool_answered("c", approved=True), """
        bridge approval 1 text='approved' tool='roll' tool_call_id='c'
        > answer turn=1 id='c' approved=True"""),
    (lambda turns: turns.calls.tool_asks("c", "Sign in", "https://in"), """
        bridge sign_in 1 text='Sign in' tool='roll' tool_call_id='c'
        > question turn=1 id='c' name='roll' args={'sides': 6} hint='Sign in' sign_in='https://in'"""),
    (lambda turns: turns.calls.tool_answered("c", approved=None), """
        bridge approval 1 text='withdrawn' tool='roll' tool_call_id='c'
        bridge sign_in 1 text='It was withdrawn.' tool='roll' tool_call_id='c'
        > answer turn=1 id='c' approved=None"""),
    (lambda turns: turns.calls.tool_printed("c", "rolling", ["i.png"]), """
        > tool_output turn=1 id='c' text='rolling'
        > tool_output turn=1 id='c' image='i.png'"""),
    (lambda turns: turns.calls.tool_returned("c", "roll", 4, None, output="rolling"), """
        adk tool_result 1 tool='roll' tool_call_id='c' result=4 output='rolling'
        > tool_result turn=1 id='c' name='roll' result=4"""),
    (lambda turns: turns.calls.tool_ended("c", (1.0, 2.0)), """
        bridge tool_ended 1 agent='dice' tool='roll' tool_call_id='c'"""),
    (lambda turns: turns.calls.tool_told("c"), """"""),
    (lambda turns: turns.agent_audio("dice", PCM, 24_000), """
        adk agent_audio 1 audio_ms=100.0"""),
    (lambda turns: turns.transcripts.agent_said("dice", "Four", final=False), """
        adk agent_transcript 1 author='dice' text='Four' final=False audio_ms=100.0
        > transcript turn=1 role='agent' author='dice' text='Four' final=False piece=2"""),
    (lambda turns: turns.transcripts.agent_said("dice", "Four or", final=False), """
        adk agent_transcript 1 author='dice' text='Four or' final=False cumulative=True \
            audio_ms=100.0
        > transcript turn=1 role='agent' author='dice' text=' or' final=False piece=2 start=4"""),
    (lambda turns: turns.transcripts.agent_said("dice", "Four or so.", final=True), """
        adk agent_transcript 1 author='dice' text='Four or so.' final=True audio_ms=100.0
        > transcript turn=1 role='agent' author='dice' text=' so.' final=True piece=2 start=7"""),
    (lambda turns: turns.grounded([SOURCE], author="dice", queries=["q"]), """
        adk agent_text 1 author='dice' text='' final=True result={'queries': ['q'], 'sources': \
            [{'title': 't', 'uri': 'https://t'}]}
        > sources turn=1 sources=[{'title': 't', 'uri': 'https://t'}]"""),
    (lambda turns: turns.completed(author="dice"), """
        adk turn_complete 1 author='dice' turn_complete=True
        bridge turn_ended 1 status='complete'
        > turn turn=1 state='complete'"""),
    (lambda turns: turns.transcripts.agent_said("dice", " Well.", final=False), """
        adk agent_transcript 1 author='dice' text=' Well.' final=False audio_ms=100.0 by='late'
        > transcript turn=1 role='agent' author='dice' text='Well.' final=False piece=3"""),
    (lambda turns: turns.user_typed("again"), """
        client user_text 2 author='user' text='again' final=True
        > turn turn=2 state='started'
        > transcript turn=2 role='user' author='user' text='again' final=True"""),
    (lambda turns: turns.cut_in(), """
        client interrupted 2 interrupted=True
        bridge turn_ended 2 status='unanswered'
        > turn turn=2 state='unanswered'"""),
    (lambda turns: turns.transcripts.user_said("What", final=False), """
        adk user_transcript 3 author='user' text='What' final=False
        > turn turn=3 state='started'
        > transcript turn=3 role='user' author='user' text='What' final=False"""),
    (lambda turns: turns.transcripts.user_said("What is", final=False), """
        adk user_transcript 3 author='user' text='What is' final=False cumulative=True
        > transcript turn=3 role='user' author='user' text=' is' final=False start=4"""),
    (lambda turns: turns.transcripts.user_said("What is?", final=True), """
        adk user_transcript 3 author='user' text='What is?' final=True
        > transcript turn=3 role='user' author='user' text='?' final=True start=7"""),
    (lambda turns: turns.transcripts.forget_speech(), """
        bridge user_transcript 3 author='user' text='' cumulative=True
        > transcript turn=3 role='user' author='user' text='' final=False"""),
    (lambda turns: turns.transcripts.user_said("What is it?", final=True), """
        adk user_transcript 3 author='user' text='What is it?' final=True
        > transcript turn=3 role='user' author='user' text='What is it?' final=True"""),
    (lambda turns: turns.transcripts.agent_said("coin", "It", final=False, kind="agent_text"), """
        adk agent_text 3 author='coin' text='It' final=False audio_ms=0.0 by='question'
        > transcript turn=3 role='agent' author='coin' text='It' final=False piece=1"""),
    (lambda turns: turns.stopped(author="coin"), """
        adk interrupted 3 author='coin' interrupted=True
        bridge turn_ended 3 status='interrupted'
        > transcript turn=3 role='agent' author='coin' text='' final=True piece=1 start=2
        > turn turn=3 state='interrupted'"""),
    (lambda turns: turns.transcripts.heard_by_model(turns.all[-1], "coin", "It"), """
        adk agent_transcript 3 author='coin' text='It' final=True"""),
    (lambda turns: turns.user_typed("Go on.", prompt=True), """
        client prompt 4 text='Go on.'
        > turn turn=4 state='started'"""),
    (lambda turns: turns.withheld("dice", "No.", turns.current), """
        adk withheld 4 author='dice' text='No.' final=True audio_ms=0.0
        bridge turn_ended 4 status='complete' end_reason='withheld'
        > transcript turn=4 role='agent' author='dice' text='No.' final=True withheld=True
        > turn turn=4 state='complete'"""),
    (lambda turns: turns.transcripts.agent_said("dice", "Hi.", final=True), """
        adk agent_transcript 5 author='dice' text='Hi.' final=True audio_ms=0.0 by='itself'
        > turn turn=5 state='started'
        > transcript turn=5 role='agent' author='dice' text='Hi.' final=True"""),
    (lambda turns: turns.failed("bad"), """
        bridge turn_ended 5 status='failed' end_reason='bad'
        > turn turn=5 state='failed'"""),
    (lambda turns: turns.user_typed("x"), """
        client user_text 6 author='user' text='x' final=True
        > turn turn=6 state='started'
        > transcript turn=6 role='user' author='user' text='x' final=True"""),
    (lambda turns: turns.user_typed("y", wait=True), """
        client user_text 7 author='user' text='y' final=True
        > transcript turn=7 role='user' author='user' text='y' final=True"""),
    (lambda turns: turns.abandoned("session_closed"), """
        bridge turn_ended 6 status='abandoned' end_reason='session_closed'
        bridge turn_ended 7 status='abandoned' end_reason='session_closed'
        > turn turn=6 state='abandoned'
        > turn turn=7 state='abandoned'"""),
]  # fmt: skip


def _line(what, values):
    """What a row or a message says, but for when, and where nothing is said."""
    found = {
        one.name: getattr(values, one.name)
        for one in dataclasses.fields(values)
        if one.name not in WHEN and getattr(values, one.name) != one.default
    }
    if found.get("agent") == found.get("author"):
        found.pop("agent", None)
    for name in ("source", "kind", "turn") if what == "" else ():
        what = f"{what} {found.pop(name)}".strip()
    return " ".join([what, *(f"{name}={value!r}" for name, value in found.items())])


def test_every_step_of_a_long_conversation(turns, log, sent):
    for do, expected in STEPS:
        rows, messages = len(log), len(sent)
        do(turns)
        made = [_line("", row) for row in list(log)[rows:]]
        told = [_line(f"> {m.type}", m) for m in sent[messages:] if not isinstance(m, BESIDE)]
        # A long line goes on after a backslash.
        wanted = [" ".join(line.split()) for line in expected.strip().splitlines()]
        assert [" ".join(line.split()) for line in made + told] == wanted
