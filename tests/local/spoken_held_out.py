"""Fifty sentences to be spoken, and their tools: put aside before the work on hearing.

The tools follow the source cited above each group, from memory and shortened, as in `tool_sets`;
none of them is in that module. A case is a sentence and the calls that it asks for; where several
values of an argument are right, they are a tuple.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from tool_set_scores import Cases


# --- home-assistant/core, intents of covers, vacuums, locks and lists -----------------------------
def open_cover(name: str) -> dict:
    """Opens a cover such as a blind, a curtain or a garage door.

    Args:
        name: Name of the cover.
    """


def vacuum_start(area: str) -> dict:
    """Starts a vacuum cleaner in an area.

    Args:
        area: The room to clean.
    """


def lock_door(door: Literal["front", "back", "garage"]) -> dict:
    """Locks a door of the house."""


def fan_set_speed(percentage: int, area: str = "") -> dict:
    """Sets the speed of a fan in percent.

    Args:
        percentage: Speed, 0 to 100.
        area: The room of the fan.
    """


# --- google-research-datasets/dstc8-schema-guided-dialogue: buses, hotels, movies, rental cars ----
def buy_bus_ticket(
    from_location: str, to_location: str, leaving_date: str, travelers: int = 1
) -> dict:
    """Buy tickets for a bus journey.

    Args:
        from_location: City where the bus is leaving from.
        to_location: City where the bus is going to.
        leaving_date: Date of the journey.
        travelers: Number of travelers.
    """


def search_hotel(location: str, number_of_rooms: int = 1) -> list:
    """Find a hotel at a given location.

    Args:
        location: City of the hotel.
        number_of_rooms: Number of rooms to reserve.
    """


def find_movies(genre: Literal["comedy", "horror", "drama", "animation"], location: str) -> list:
    """Search for movies by genre in a city.

    Args:
        genre: Genre of the movie.
        location: City where the theater is.
    """


def rent_car(
    pickup_city: str, car_type: Literal["compact", "standard", "full-size"], days: int
) -> dict:
    """Rent a car.

    Args:
        pickup_city: City in which to pick up the car.
        car_type: Type of the car.
        days: How many days the car is rented for.
    """


# --- Spotify and todo servers of modelcontextprotocol's list --------------------------------------
def play_album(album: str, artist: str = "") -> dict:
    """Play an album.

    Args:
        album: Title of the album.
        artist: Who made it.
    """


def skip_tracks(count: int = 1) -> dict:
    """Skip tracks in the queue.

    Args:
        count: How many tracks to skip.
    """


def set_repeat_mode(mode: Literal["off", "track", "playlist"]) -> dict:
    """Set the repeat mode of the player."""


def create_task(content: str, due: str = "", priority: int | None = None) -> dict:
    """Create a task in the to-do list.

    Args:
        content: What is to be done.
        due: When it is due.
        priority: Priority, 1 to 4.
    """


# --- ShishirPatil/gorilla, berkeley-function-call-leaderboard: maths, health and the kitchen ------
def calculate_factorial(number: int) -> int:
    """Calculate the factorial of a number."""


def convert_temperature(
    value: float,
    from_unit: Literal["celsius", "fahrenheit"],
    to_unit: Literal["celsius", "fahrenheit"],
) -> float:
    """Convert a temperature from one unit to the other."""


def calculate_tip(bill: float, percentage: float = 15.0) -> float:
    """Calculate the tip for a bill.

    Args:
        bill: The amount of the bill.
        percentage: The percentage of the tip.
    """


def find_recipe(ingredient: str, servings: int = 2) -> list:
    """Find a recipe with an ingredient.

    Args:
        ingredient: The main ingredient.
        servings: For how many people.
    """


def log_workout(activity: Literal["running", "swimming", "cycling", "yoga"], minutes: int) -> dict:
    """Log a workout.

    Args:
        activity: What was done.
        minutes: How long it took.
    """


# --- Google's calendar and maps servers of modelcontextprotocol's list ----------------------------
def get_directions(
    origin: str, destination: str, mode: Literal["driving", "walking", "cycling"] = "driving"
) -> dict:
    """Get directions between two places.

    Args:
        origin: Where the route starts.
        destination: Where the route ends.
        mode: How to travel.
    """


def get_elevation(place: str) -> dict:
    """Get the elevation of a place above the sea."""


def create_reminder(about: str, time: str) -> dict:
    """Create a reminder.

    Args:
        about: What to be reminded of.
        time: When to be reminded.
    """


TOOL_SETS = {
    "rooms": [open_cover, vacuum_start, lock_door, fan_set_speed],
    "journeys": [buy_bus_ticket, search_hotel, find_movies, rent_car],
    "player": [play_album, skip_tracks, set_repeat_mode, create_task],
    "sums": [
        calculate_factorial,
        convert_temperature,
        calculate_tip,
        find_recipe,
        log_workout,
    ],
    "ways": [get_directions, get_elevation, create_reminder],
}

CASES: Cases = {
    "rooms": [
        ("Open the garage door.", [("open_cover", {"name": ("garage door", "garage")})]),
        ("Open the blinds.", [("open_cover", {"name": "blinds"})]),
        ("Lock the front door.", [("lock_door", {"door": "front"})]),
        ("Please lock the back door.", [("lock_door", {"door": "back"})]),
        ("Vacuum the hallway.", [("vacuum_start", {"area": "hallway"})]),
        ("Start the vacuum in the living room.", [("vacuum_start", {"area": "living room"})]),
        ("Set the fan to forty percent.", [("fan_set_speed", {"percentage": 40})]),
        (
            "Set the fan in the bedroom to seventy five percent.",
            [("fan_set_speed", {"percentage": 75, "area": "bedroom"})],
        ),
        ("The door squeaks.", []),
        ("I cleaned the kitchen yesterday.", []),
    ],
    "journeys": [
        ("Find a hotel in Vienna.", [("search_hotel", {"location": "Vienna"})]),
        (
            "Find a hotel in Dublin with two rooms.",
            [("search_hotel", {"location": "Dublin", "number_of_rooms": 2})],
        ),
        (
            "Buy two bus tickets from Oxford to London tomorrow.",
            [
                (
                    "buy_bus_ticket",
                    {
                        "from_location": "Oxford",
                        "to_location": "London",
                        "leaving_date": "tomorrow",
                        "travelers": 2,
                    },
                )
            ],
        ),
        (
            "I need a bus ticket from Leeds to Manchester on Friday.",
            [
                (
                    "buy_bus_ticket",
                    {
                        "from_location": "Leeds",
                        "to_location": "Manchester",
                        "leaving_date": "Friday",
                    },
                )
            ],
        ),
        (
            "Are there any horror movies in Chicago?",
            [("find_movies", {"genre": "horror", "location": "Chicago"})],
        ),
        (
            "Find a comedy in San Francisco.",
            [("find_movies", {"genre": "comedy", "location": "San Francisco"})],
        ),
        (
            "Rent a compact car in Denver for three days.",
            [("rent_car", {"pickup_city": "Denver", "car_type": "compact", "days": 3})],
        ),
        (
            "Rent a standard car for four days in Seattle.",
            [("rent_car", {"pickup_city": "Seattle", "car_type": "standard", "days": 4})],
        ),
        ("I saw a good movie last night.", []),
        ("My bus was late.", []),
    ],
    "player": [
        ("Play the album Thriller.", [("play_album", {"album": "Thriller"})]),
        (
            "Play the album Abbey Road by the Beatles.",
            [("play_album", {"album": "Abbey Road", "artist": ("the Beatles", "Beatles")})],
        ),
        ("Skip two tracks.", [("skip_tracks", {"count": 2})]),
        ("Skip this track.", [("skip_tracks", {})]),
        ("Skip four tracks.", [("skip_tracks", {"count": 4})]),
        ("Set the repeat mode to playlist.", [("set_repeat_mode", {"mode": "playlist"})]),
        ("Set repeat to track.", [("set_repeat_mode", {"mode": "track"})]),
        (
            "Create a task to water the flowers tomorrow.",
            [("create_task", {"content": "water the flowers", "due": "tomorrow"})],
        ),
        (
            "Create a task called clean the windows.",
            [("create_task", {"content": "clean the windows"})],
        ),
        ("That was a nice song.", []),
    ],
    "sums": [
        ("What is the factorial of eight?", [("calculate_factorial", {"number": 8})]),
        ("Calculate the factorial of twelve.", [("calculate_factorial", {"number": 12})]),
        (
            "Convert thirty degrees Celsius to Fahrenheit.",
            [
                (
                    "convert_temperature",
                    {"value": 30.0, "from_unit": "celsius", "to_unit": "fahrenheit"},
                )
            ],
        ),
        (
            "What is one hundred Fahrenheit in Celsius?",
            [
                (
                    "convert_temperature",
                    {"value": 100.0, "from_unit": "fahrenheit", "to_unit": "celsius"},
                )
            ],
        ),
        ("What is the tip for a bill of sixty dollars?", [("calculate_tip", {"bill": 60.0})]),
        (
            "Calculate a twenty percent tip for a bill of eighty five dollars.",
            [("calculate_tip", {"bill": 85.0, "percentage": 20.0})],
        ),
        (
            "Find a recipe with chicken for four people.",
            [("find_recipe", {"ingredient": "chicken", "servings": 4})],
        ),
        ("Find a recipe with mushrooms.", [("find_recipe", {"ingredient": "mushrooms"})]),
        (
            "Log thirty minutes of swimming.",
            [("log_workout", {"activity": "swimming", "minutes": 30})],
        ),
        (
            "Log forty five minutes of yoga.",
            [("log_workout", {"activity": "yoga", "minutes": 45})],
        ),
        ("I went swimming today.", []),
    ],
    "ways": [
        (
            "Get directions from Berlin to Munich.",
            [("get_directions", {"origin": "Berlin", "destination": "Munich"})],
        ),
        (
            "How do I get from the station to the museum by walking?",
            [
                (
                    "get_directions",
                    {
                        "origin": ("station", "the station"),
                        "destination": ("museum", "the museum"),
                        "mode": "walking",
                    },
                )
            ],
        ),
        (
            "Give me cycling directions from Cambridge to Ely.",
            [
                (
                    "get_directions",
                    {"origin": "Cambridge", "destination": "Ely", "mode": "cycling"},
                )
            ],
        ),
        ("What is the elevation of Zurich?", [("get_elevation", {"place": "Zurich"})]),
        ("Get the elevation of Mount Everest.", [("get_elevation", {"place": "Mount Everest"})]),
        (
            "Remind me about the laundry at six.",
            [("create_reminder", {"about": ("the laundry", "laundry"), "time": ("six", "6")})],
        ),
        (
            "Create a reminder about the meeting at half past nine.",
            [
                (
                    "create_reminder",
                    {"about": ("the meeting", "meeting"), "time": ("half past nine",)},
                )
            ],
        ),
        ("I was in Zurich once.", []),
        ("Which way is better?", []),
    ],
}
