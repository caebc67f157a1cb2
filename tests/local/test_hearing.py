from __future__ import annotations

from typing import Literal

import pytest
from google.adk.models.llm_request import LlmRequest
from google.adk.tools import FunctionTool
from google.genai import types
from router_cases import flip_coin, get_time, roll_dice, weather
from tool_set_scores import declared
from tool_sets import TOOL_SETS

from adk_nb.local import LocalLlm, MoonshineSTT, local_model
from adk_nb.local.hearing import Hearing, settled
from adk_nb.local.router import Router
from adk_nb.local.sounds import SPELLED, SpelledSounds


@pytest.fixture
def router():
    tools = (roll_dice, flip_coin, get_time, weather)
    return Router([FunctionTool(tool)._get_declaration() for tool in tools])


@pytest.mark.parametrize(
    ("heard", "understood"),
    [
        ("Roll the dies.", "Roll the dice."),
        ("Roll to dice.", "Roll two dice."),
        ("What's the whether in Rome?", "What's the weather in Rome?"),
        ("What's the weather in Rome to-morrow?", "What's the weather in Rome tomorrow?"),
        ("Flip a coyn.", "Flip a coin."),
        # What asks for nothing, or asks for it already, stays as it was heard.
        ("He dies in the end.", "He dies in the end."),
        ("Flip a coin.", "Flip a coin."),
        ("It is late, good night.", "It is late, good night."),
        ("", ""),
    ],
)
def test_misheard_words_are_settled_by_the_tools(router, heard, understood):
    assert settled(heard, router) == understood


def forecast(city: str, scale: Literal["celsius", "fahrenheit"] = "celsius") -> str:
    """Weather forecast for a city."""


def reimburse(purpose: str, amount: float) -> str:
    """Reimburse the amount of money to the employee."""


def get_ride(destination: str, riders: int = 1) -> str:
    """Call a taxi to a destination."""


def play(title: str, channel: int) -> str:
    """Plays a title on a channel."""


def start_music() -> str:
    """Starts the music."""


def set_timer(minutes: int) -> str:
    """Sets a timer."""


def transfer(amount: float, recipient: str) -> str:
    """Transfers money to a recipient."""


def send_email(recipient: str, body: str) -> str:
    """Sends an email to a recipient."""


OTHERS = (forecast, reimburse, get_ride, play, start_music, set_timer, transfer)


@pytest.fixture
def others():
    return Router([FunctionTool(tool)._get_declaration() for tool in OTHERS])


@pytest.mark.parametrize(
    ("heard", "understood"),
    [
        # Several words that were one.
        ("Re in burse fifty dollars for lunch.", "Reimburse fifty dollars for lunch."),
        # The beginning, where the microphone opened late.
        ("Sat a timer for five minutes.", "Set a timer for five minutes."),
        # Numbers that sound like other words.
        ("Transfer to hundred dollars to Maria.", "Transfer two hundred dollars to Maria."),
        ("Call a taxi to Union Station 42.", "Call a taxi to Union Station for two."),
        ("Call 42 taxis to Union Station.", "Call 42 taxis to Union Station."),
        ("Hello. Call 42 taxis to the Mall.", "Hello. Call 42 taxis to the Mall."),
        # A choice that a call lacks.
        ("Forecast for Oslo in Fairenheight.", "Forecast for Oslo in Fahrenheit."),
        # The choice of a call of which there are several is nobody's.
        (
            "Forecast for Oslo in Fairenheight. Start the music.",
            "Forecast for Oslo in Fairenheight. Start the music.",
        ),
        # A place that sounds like a choice is the place.
        ("Forecast for Fairenheight.", "Forecast for Fairenheight."),
        # A verb is no other verb, and a number that must be given is none that melted.
        ("Stop the music.", "Stop the music."),
        ("Play Jolene on Channel 42.", "Play Jolene on Channel 42."),
        # What asks for nothing then either.
        ("We all burst out laughing.", "We all burst out laughing."),
        ("He transferred to another school.", "He transferred to another school."),
    ],
)
def test_words_that_sound_much_alike_are_settled_too(others, heard, understood):
    assert settled(heard, others) == understood


@pytest.mark.parametrize(
    ("least", "understood"), [(1, "Light in Kitchen for two."), (10, "Light in Kitchen 42.")]
)
def test_a_number_that_melted_is_parted_only_into_one_that_the_tool_takes(least, understood):
    brightness = {"type": "integer", "minimum": least}
    light = types.FunctionDeclaration(
        name="turn_on_light",
        description="Turns on the light in a room.",
        parameters_json_schema={
            "type": "object",
            "properties": {"room": {"type": "string"}, "brightness": brightness},
            "required": ["room"],
        },
    )
    assert settled("Light in Kitchen 42.", Router([light])) == understood


@pytest.mark.parametrize(
    ("heard", "understood"),
    [
        ("Write an email to Tom, lunch at twelve.", "Write an email to Tom: lunch at twelve."),
        ("I saw Tom, he was late.", "I saw Tom, he was late."),
    ],
)
def test_a_pause_before_what_is_dictated_is_no_comma(heard, understood):
    router = Router([FunctionTool(send_email)._get_declaration()])
    assert settled(heard, router) == understood


def test_what_is_typed_is_changed_only_where_it_sounds_the_same(others):
    said = "Re in burse fifty dollars for lunch."
    assert settled(said, others, only_alike=True) == said


def test_what_is_heard_is_written_as_well(others):
    hearing = Hearing()
    hearing.router = others
    assert hearing.understood("Forecast for the U.S. please.") == "Forecast for the US please."


def test_the_ears_know_the_tools_of_the_newest_request(router):
    hearing = Hearing()
    assert hearing.understood("Roll the dies.") == "Roll the dies."
    hearing.router = router
    assert hearing.understood("Roll the dies.") == "Roll the dice."


def test_how_words_sound_is_loaded_once(monkeypatch):
    loaded = []

    class Loaded(SpelledSounds):
        def __init__(self):
            loaded.append(self)

    monkeypatch.setattr("adk_nb.local.hearing.load_sounds", Loaded)
    hearing = Hearing()
    assert hearing.sounds is SPELLED
    hearing.load()
    hearing.load()
    assert [hearing.sounds] == loaded


TALK = """
I had a bad day.
It is raining.
My name is Ada.
I saw a good film last night.
We played cards with my brother.
The dies were cast long ago.
He won the race too.
She ate two apples for lunch.
I sent my mother a letter.
That light is nice.
They booked a holiday.
My son is called Tim.
The train was late again.
I was reading a book about the moon.
What a lovely song.
I'm from Bristol.
It's late, I should sleep.
You sound like my sister.
I went to the gym.
Nobody calls me.
My phone is broken.
I hate Mondays.
The soup was too hot.
That was quick.
I can't find my glasses.
We live near the station.
My cat sleeps all day.
The meeting was boring.
I was tired after work.
This is fun.
My car needs a new tyre.
I waited for hours.
The shop was closed.
I like your voice.
You are funny.
Tell me about yourself.
My flight was cancelled.
I lost ten pounds.
I paid too much for it.
The music was too loud.
There was a lot of rain.
My brother is a teacher.
My dog ate my homework.
I think so.
Not really.
Maybe later.
I don't know.
That is interesting.
I see.
Good to know.
""".strip().splitlines()


@pytest.mark.parametrize("group", TOOL_SETS)
def test_talk_becomes_no_call(group):
    router = Router(declared(group))
    for said in TALK:
        before = [call for match in router.match([said]) for call in match.calls]
        understood = settled(said, router)
        after = [call for match in router.match([understood]) for call in match.calls]
        assert bool(before) == bool(after), (said, understood, after)


@pytest.mark.filterwarnings("ignore:.*CASCADE_LIVE")
async def test_the_ears_know_the_tools_before_the_first_request():
    brain = LocalLlm()
    model = local_model(brain)
    tools = [types.Tool(function_declarations=[FunctionTool(roll_dice)._get_declaration()])]
    request = LlmRequest(config=types.GenerateContentConfig(tools=tools))
    async with model.connect(request):
        assert brain.hearing.understood("Roll the dies.") == "Roll the dice."


@pytest.mark.filterwarnings("ignore:.*CASCADE_LIVE")
def test_ears_and_brain_of_one_model_share_what_they_know():
    brain, stt = LocalLlm(), MoonshineSTT()
    local_model(brain, stt=stt)
    assert stt.hearing is brain.hearing
    assert MoonshineSTT().hearing is None
