"""Everyday tools, and what was said to them in conversations.

A conversation is the tools, and each sentence with what it asks for: calls, or None where it asks
for none (an answer or a question). Where several values of an argument are right, they are a tuple.
"""

from __future__ import annotations

from typing import Any, Literal


def add_item(item: str, quantity: int = 1) -> str:
    """Puts an item on the shopping list.

    Args:
        item: What to buy.
        quantity: How many of them.
    """


def set_light(room: Literal["living room", "bedroom", "kitchen", "hall"], on: bool) -> str:
    """Switches the light in a room on or off."""


def lock_door(door: Literal["front", "back", "garage"]) -> bool:
    """Locks a door."""


def unlock_door(door: Literal["front", "back", "garage"]) -> bool:
    """Unlocks a door."""


def convert_length(value: float, from_unit: str, to_unit: str) -> float:
    """Converts a length from one unit to another."""


def convert_currency(amount: float, source: str, target: str) -> dict:
    """Converts an amount of money between two currencies.

    Args:
        amount: The amount.
        source: Three-letter code of the currency, e.g. USD.
        target: Three-letter code of the currency to convert to.
    """


def get_weather(city: str, day: str = "today") -> dict:
    """Returns the weather report for a city."""


def search_notes(query: str, limit: int = 5) -> list:
    """Searches through the notes."""


def delete_note(note_id: int) -> str:
    """Deletes a note for good."""


def book_train(origin: str, destination: str, date: str) -> dict:
    """Books a train ticket."""


def cancel_booking(code: str) -> str:
    """Cancels a booking by its code."""


def transfer_money(recipient: str, amount: float) -> dict:
    """Transfers money to somebody.

    Args:
        recipient: Who gets the money.
        amount: Amount in pounds.
    """


def freeze_card(last_four: str) -> bool:
    """Freezes a card, by its last four digits."""


def run_experiment(
    learning_rate: float, epochs: int = 10, optimizer: Literal["sgd", "adam"] = "adam"
) -> dict:
    """Trains the model and returns its metrics."""


def fit_line(x: str, y: str) -> tuple[float, float]:
    """Fits a straight line to y over x, and returns slope and intercept."""


def send_message(to: str, text: str) -> dict:
    """Sends a text message to a contact."""


def rename_file(old_name: str, new_name: str) -> None:
    """Renames a file."""


def roll(count: int = 1, sides: int = 6) -> list[int]:
    """Rolls dice."""


def set_timer(minutes: float) -> dict:
    """Starts a countdown timer of so many minutes."""


def create_reminder(what: str, when: str) -> str:
    """Creates a reminder."""


def play(song: str = "", artist: str = "") -> str:
    """Plays music."""


def set_volume(level: int) -> str:
    """Sets the volume, from 0 to 10."""


def next_track() -> str:
    """Skips to the next track."""


def save_note(text: str, tags: list[str] = []) -> dict:  # noqa: B006
    """Saves a note."""


def remove_item(item: str) -> str:
    """Takes an item off the shopping list."""


def list_events(date: str = "today") -> list[dict]:
    """Lists the events on a day."""


def measure(sample: str, wavelength_nm: int = 600) -> float:
    """Measures the absorbance of a sample."""


def dilute(sample: str, factor: float) -> str:
    """Dilutes a sample by a factor."""


def buy_stock(symbol: str, shares: int) -> dict:
    """Buys shares of a company."""


def _called(name: str, **args: Any) -> list[tuple[str, dict[str, Any]]]:
    return [(name, args)]


_RUN = {"learning_rate": 0.0001, "epochs": 50, "optimizer": "sgd"}

# What is done must be what was said.
SURE = [
    (
        [lock_door, unlock_door],
        [
            ("don't unlock the garage", None),
            ("unlock the door", None),
            ("the garage", _called("unlock_door", door="garage")),
        ],
    ),
    ([lock_door, unlock_door], [("the garage", None)]),
    (
        [set_light],
        [
            (
                "turn off the hall and the kitchen lights",
                _called("set_light", room="hall", on=False)
                + _called("set_light", room="kitchen", on=False),
            )
        ],
    ),
    (
        [transfer_money, freeze_card],
        [
            ("Tom sent me fifty pounds", None),
            ("I owe Tom fifty pounds", None),
            (
                "send twenty quid to O'Brien",
                _called("transfer_money", recipient="O'Brien", amount=20.0),
            ),
            (
                "freeze the card ending four four double seven",
                _called("freeze_card", last_four="4477"),
            ),
        ],
    ),
    (
        [rename_file],
        [
            (
                "rename notes.txt to ideas.md",
                _called("rename_file", old_name="notes.txt", new_name="ideas.md"),
            )
        ],
    ),
    (
        [convert_length, convert_currency],
        [
            (
                "convert fifty USD to EUR",
                _called("convert_currency", amount=50.0, source="USD", target="EUR"),
            ),
            (
                "convert twelve inches, no, six feet to centimetres",
                _called("convert_length", value=6.0, from_unit="feet", to_unit="centimetres"),
            ),
        ],
    ),
    (
        [set_timer],
        [("set a timer for ten minutes, I mean twelve", _called("set_timer", minutes=12.0))],
    ),
    ([get_weather], [("will it rain in St. John's", _called("get_weather", city="St. John's"))]),
    (
        [send_message],
        [
            (
                "send a message to Dr. D'Souza saying see you at nine",
                _called("send_message", to="Dr. D'Souza", text="see you at nine"),
            )
        ],
    ),
    (
        [search_notes, delete_note],
        [
            (
                "search notes for passport, just the first three",
                _called("search_notes", query="passport", limit=3),
            ),
            ("delete note number ninety nine", _called("delete_note", note_id=99)),
        ],
    ),
    (
        [cancel_booking],
        [("cancel booking Q X seven R two one", _called("cancel_booking", code="QX7R21"))],
    ),
]

# Numbers as they are said and written.
NUMBERS = [
    (
        [roll],
        [
            ("roll 3d6", _called("roll", count=3)),
            ("roll two d twenty", _called("roll", count=2, sides=20)),
        ],
    ),
    (
        [run_experiment],
        [
            (
                "run experiment with learning rate 0.01",
                _called("run_experiment", learning_rate=0.01),
            ),
            (
                "run an experiment with learning rate 3e-5",
                _called("run_experiment", learning_rate=3e-5),
            ),
        ],
    ),
    (
        [transfer_money],
        [
            ("send money to Tom", None),
            ("forty five pounds twenty", _called("transfer_money", recipient="Tom", amount=45.2)),
        ],
    ),
    (
        [run_experiment],
        [("run an experiment", None), ("point one", _called("run_experiment", learning_rate=0.1))],
    ),
]

# Answers, and what goes on from the last call.
GOING_ON = [
    (
        [book_train],
        [
            ("book a train to Glasgow", None),
            ("Carlisle", None),
            (
                "the day after tomorrow",
                _called(
                    "book_train",
                    origin="Carlisle",
                    destination="Glasgow",
                    date=("the day after tomorrow", "2026-03-06"),
                ),
            ),
        ],
    ),
    (
        [get_weather],
        [
            ("what's the weather", None),
            ("New York City", _called("get_weather", city="New York City")),
        ],
    ),
    (
        [add_item],
        [
            ("add bread", _called("add_item", item="bread")),
            ("no, two", _called("add_item", item="bread", quantity=2)),
            ("and cheese", _called("add_item", item="cheese")),
        ],
    ),
    (
        [run_experiment, fit_line],
        [
            ("fit a line of weight", None),
            ("run an experiment", None),
            ("0.5", _called("run_experiment", learning_rate=0.5)),
            (
                "run it with a learning rate of 0.001 for fifty epochs with sgd",
                _called("run_experiment", **{**_RUN, "learning_rate": 0.001}),
            ),
            ("run it again with learning rate 1e-4", _called("run_experiment", **_RUN)),
        ],
    ),
]

# Times, titles and objects that a tool leaves open.
OPEN = [
    (
        [create_reminder],
        [
            (
                "remind me to water the plants at six",
                _called("create_reminder", what="water the plants", when="six"),
            ),
            (
                "remind me tomorrow morning to call the bank",
                _called("create_reminder", what="call the bank", when="tomorrow morning"),
            ),
            ("remind me to pay rent", None),
            ("on the first", _called("create_reminder", what="pay rent", when="the first")),
        ],
    ),
    (
        [play, set_volume, next_track],
        [
            (
                "play Yesterday by the Beatles",
                _called("play", song="Yesterday", artist="Beatles"),
            ),
            ("play some music", _called("play")),
            ("skip this one", _called("next_track")),
            (
                "set the volume to three and play Jolene",
                _called("set_volume", level=3) + _called("play", song="Jolene"),
            ),
        ],
    ),
    (
        [save_note],
        [
            (
                "save the note 'pick up Tom' with tags family and urgent",
                _called("save_note", text="pick up Tom", tags=["family", "urgent"]),
            )
        ],
    ),
    (
        [add_item, remove_item],
        [
            ("take the eggs off the list", _called("remove_item", item="eggs")),
            ("get rid of the milk", _called("remove_item", item="milk")),
        ],
    ),
    (
        [list_events],
        [
            (
                "what's on my calendar tomorrow",
                _called("list_events", date=("tomorrow", "2026-03-05")),
            ),
            ("and on Friday?", _called("list_events", date=("Friday", "2026-03-06"))),
        ],
    ),
]

# "It", advice, and what is not to be done.
POINTING = [
    (
        [measure, dilute],
        [
            ("measure sample S-12", _called("measure", sample="S-12")),
            (
                "again at 450 nanometres",
                _called("measure", sample="S-12", wavelength_nm=450),
            ),
            ("take another one", _called("measure", sample="S-12", wavelength_nm=450)),
            ("dilute it", None),
            ("two point five", _called("dilute", sample="S-12", factor=2.5)),
            ("dilute it", None),
            (
                "dilute sample S-13 by ten and measure it",
                _called("dilute", sample="S-13", factor=10.0) + _called("measure", sample="S-13"),
            ),
        ],
    ),
    (
        [buy_stock],
        [
            ("should I buy ten shares of Tesla?", None),
            ("buy Tesla", None),
            ("Warren bought shares", None),
            ("never buy Tesla", None),
            ("buy ten shares of Apple", _called("buy_stock", symbol="Apple", shares=10)),
        ],
    ),
]
