"""Sentences and the calls they ask for: two tables to work with, one that was never tuned on.

Each group is the tools of one agent. A case is (sentence, tool or None, arguments).
"""

from __future__ import annotations

from typing import Literal


# --- games -----------------------------------------------------------------------------------
def roll_dice(sides: int = 6) -> int:
    """Rolls one die and returns the number.

    Args:
        sides: How many sides the die has.
    """


def flip_coin() -> str:
    """Flips a coin."""


def pick_card(suit: Literal["hearts", "spades", "clubs", "diamonds"] | None = None) -> str:
    """Draws a random playing card, from one suit if given."""


# --- travel ----------------------------------------------------------------------------------
def get_time(city: str) -> str:
    """Returns the current time in a city."""


def weather(city: str, days: int = 1) -> str:
    """Weather forecast for a city.

    Args:
        city: Name of the city.
        days: How many days to look ahead.
    """


def convert(value: float, from_unit: str, to_unit: str) -> float:
    """Converts a value from one unit to another."""


def find_flights(origin: str, destination: str, date: str = "today") -> list:
    """Searches flights between two airports or cities."""


def get_distance(start: str, end: str) -> float:
    """Distance between two places in kilometers."""


# --- home ------------------------------------------------------------------------------------
def set_light(room: Literal["kitchen", "living_room", "bedroom"], on: bool) -> str:
    """Switches the light in a room on or off."""


def set_thermostat(temperature: float, room: str = "living room") -> str:
    """Sets the heating to a temperature in degrees Celsius."""


def play_music(song: str, volume: int = 50) -> str:
    """Plays a song."""


def lock_door(locked: bool = True) -> str:
    """Locks or unlocks the front door."""


def set_timer(minutes: int) -> str:
    """Sets a timer."""


# --- office ----------------------------------------------------------------------------------
def send_message(to: str, text: str) -> str:
    """Sends a text message to a person."""


def list_files() -> list:
    """Lists the files in the working directory."""


def create_note(text: str) -> str:
    """Writes a note down."""


def book_table(name: str, people: int, outdoors: bool = False) -> str:
    """Books a table in the restaurant.

    Args:
        name: The guest's name.
        people: Number of guests.
        outdoors: Whether to sit outside.
    """


def schedule_meeting(title: str, day: str, hour: int = 9) -> str:
    """Schedules a meeting in the calendar."""


# --- research --------------------------------------------------------------------------------
def search_papers(query: str, year: int | None = None) -> list:
    """Searches scientific papers on a topic.

    Args:
        query: What the papers are about.
        year: Only papers of that year.
    """


def add(a: float, b: float) -> float:
    """Adds two numbers."""


def multiply(a: float, b: float) -> float:
    """Multiplies two numbers."""


def mean(numbers: list[float]) -> float:
    """Computes the mean, that is the average, of some numbers."""


def plot_histogram(column: str, bins: int = 10) -> str:
    """Plots a histogram of a column of the data frame."""


def train_model(
    kind: Literal["linear", "random_forest", "svm"], epochs: int = 10, shuffle: bool = False
) -> str:
    """Trains a model on the loaded data.

    Args:
        kind: The kind of model.
        epochs: How often to go through the data.
        shuffle: Whether to shuffle the data.
    """


GROUPS = {
    "games": [roll_dice, flip_coin, pick_card],
    "travel": [get_time, weather, convert, find_flights, get_distance],
    "home": [set_light, set_thermostat, play_music, lock_door, set_timer],
    "office": [send_message, list_files, create_note, book_table, schedule_meeting],
    "research": [search_papers, add, multiply, mean, plot_histogram, train_model],
}

DEV = {
    "games": [
        ("Roll a die.", "roll_dice", {}),
        ("Roll a twenty sided die.", "roll_dice", {"sides": 20}),
        ("Roll a twenty-sided die.", "roll_dice", {"sides": 20}),
        ("Please roll the dice with 12 sides", "roll_dice", {"sides": 12}),
        ("Could you throw a dice for me?", "roll_dice", {}),
        ("Flip a coin.", "flip_coin", {}),
        ("Toss a coin, please.", "flip_coin", {}),
        ("Draw a card.", "pick_card", {}),
        ("Pick a card of hearts", "pick_card", {"suit": "hearts"}),
        ("Hello.", None, {}),
        ("Thank you.", None, {}),
        ("What's your name?", None, {}),
        ("Tell me a joke.", None, {}),
        ("I like dice games.", None, {}),
        ("How are you today?", None, {}),
        ("That was a nice roll, thanks.", None, {}),
    ],
    "travel": [
        ("What time is it in Tokyo?", "get_time", {"city": "Tokyo"}),
        ("Wait, what time is it in Paris?", "get_time", {"city": "Paris"}),
        ("Tell me the time in New York please.", "get_time", {"city": "New York"}),
        ("what's the time in berlin", "get_time", {"city": "berlin"}),
        ("What time is it?", None, {}),
        ("What is the weather in London?", "weather", {"city": "London"}),
        ("Will it rain in Oslo?", "weather", {"city": "Oslo"}),
        (
            "Give me the forecast for San Francisco for the next three days.",
            "weather",
            {"city": "San Francisco", "days": 3},
        ),
        (
            "Convert ten miles to kilometers.",
            "convert",
            {"value": 10.0, "from_unit": "miles", "to_unit": "kilometers"},
        ),
        (
            "How many kilometers are ten miles?",
            "convert",
            {"value": 10.0, "from_unit": "miles", "to_unit": "kilometers"},
        ),
        (
            "Convert three point five pounds into kilograms",
            "convert",
            {"value": 3.5, "from_unit": "pounds", "to_unit": "kilograms"},
        ),
        (
            "Find flights from Boston to Chicago.",
            "find_flights",
            {"origin": "Boston", "destination": "Chicago"},
        ),
        (
            "How far is it from Paris to Lyon?",
            "get_distance",
            {"start": "Paris", "end": "Lyon"},
        ),
        (
            "What's the distance between Rome and Milan?",
            "get_distance",
            {"start": "Rome", "end": "Milan"},
        ),
        ("I was in Tokyo last year.", None, {}),
        ("The weather is nice today.", None, {}),
        ("What is the capital of France?", None, {}),
        ("I had a good time in Berlin.", None, {}),
        ("Good morning.", None, {}),
    ],
    "home": [
        ("Turn on the kitchen light.", "set_light", {"room": "kitchen", "on": True}),
        (
            "Turn off the light in the living room.",
            "set_light",
            {"room": "living_room", "on": False},
        ),
        ("Switch the bedroom lights off, please.", "set_light", {"room": "bedroom", "on": False}),
        ("Turn the lights on.", None, {}),
        ("Set the thermostat to 21.5 degrees.", "set_thermostat", {"temperature": 21.5}),
        (
            "Set the heating to twenty degrees in the bathroom",
            "set_thermostat",
            {"temperature": 20.0, "room": "bathroom"},
        ),
        ("Play Yesterday by the Beatles.", "play_music", {"song": "Yesterday by the Beatles"}),
        ("Play the song Yellow Submarine.", "play_music", {"song": "Yellow Submarine"}),
        ("Lock the door.", "lock_door", {}),
        ("Unlock the front door.", "lock_door", {"locked": False}),
        ("Set a timer for five minutes.", "set_timer", {"minutes": 5}),
        ("Start a timer of a hundred and twenty minutes", "set_timer", {"minutes": 120}),
        ("Set a timer for half an hour.", "set_timer", {"minutes": 30}),
        ("Set a timer.", None, {}),
        ("It is dark in here.", None, {}),
        ("I love this song.", None, {}),
        ("You are funny.", None, {}),
    ],
    "office": [
        (
            "Send a message to Anna saying I will be late.",
            "send_message",
            {"to": "Anna", "text": "I will be late"},
        ),
        (
            "Send Bob a message that dinner is ready",
            "send_message",
            {"to": "Bob", "text": "dinner is ready"},
        ),
        ("Text Maria: see you soon.", "send_message", {"to": "Maria", "text": "see you soon"}),
        ("List the files.", "list_files", {}),
        ("Which files are in the directory?", "list_files", {}),
        ("Show me my files, please.", "list_files", {}),
        ("Take a note: buy milk and eggs.", "create_note", {"text": "buy milk and eggs"}),
        (
            "Make a note that the experiment failed.",
            "create_note",
            {"text": "the experiment failed"},
        ),
        (
            "Book a table for four people under the name Smith.",
            "book_table",
            {"name": "Smith", "people": 4},
        ),
        (
            "Reserve a table outdoors for two people, name Garcia.",
            "book_table",
            {"name": "Garcia", "people": 2, "outdoors": True},
        ),
        ("Book a table.", None, {}),
        ("What's your name?", None, {}),
        ("Thanks, that's all.", None, {}),
        ("The meeting was boring.", None, {}),
        ("My name is Peter.", None, {}),
    ],
    "research": [
        (
            "Search papers about protein folding.",
            "search_papers",
            {"query": "protein folding"},
        ),
        (
            "Find papers on graph neural networks from 2021.",
            "search_papers",
            {"query": "graph neural networks", "year": 2021},
        ),
        ("Add three and four.", "add", {"a": 3.0, "b": 4.0}),
        ("What is 12 plus 30?", "add", {"a": 12.0, "b": 30.0}),
        ("What is seven times eight?", "multiply", {"a": 7.0, "b": 8.0}),
        ("Multiply 2.5 by four", "multiply", {"a": 2.5, "b": 4.0}),
        ("What is the average of 3, 5 and 10?", "mean", {"numbers": [3.0, 5.0, 10.0]}),
        ("Plot a histogram of the age column.", "plot_histogram", {"column": "age"}),
        (
            "Plot a histogram of height with twenty bins.",
            "plot_histogram",
            {"column": "height", "bins": 20},
        ),
        ("Train a linear model.", "train_model", {"kind": "linear"}),
        (
            "Train a random forest for fifty epochs",
            "train_model",
            {"kind": "random_forest", "epochs": 50},
        ),
        ("Train an SVM and shuffle the data.", "train_model", {"kind": "svm", "shuffle": True}),
        ("What do you mean?", None, {}),
        ("Who are you?", None, {}),
        ("I read a lot of papers.", None, {}),
        ("Explain what a neural network is.", None, {}),
    ],
}


# --- tools that only the second table uses ---------------------------------------------------
def get_stock_price(symbol: str) -> float:
    """Gets the latest price of a stock.

    Args:
        symbol: Ticker symbol or company name.
    """


def translate(text: str, language: Literal["french", "german", "spanish"]) -> str:
    """Translates text into a language."""


def define_word(word: str) -> str:
    """Looks a word up in the dictionary and returns its definition."""


def random_number(minimum: int = 1, maximum: int = 100) -> int:
    """Picks a random number between a minimum and a maximum."""


def convert_temperature(value: float, to: Literal["celsius", "fahrenheit"]) -> float:
    """Converts a temperature to celsius or to fahrenheit."""


def delete_file(filename: str, force: bool = False) -> str:
    """Deletes a file."""


def load_dataset(name: Literal["iris", "titanic", "mnist"], sample: int = 100) -> str:
    """Loads one of the built-in datasets."""


def count_words(text: str) -> int:
    """Counts the words of a text."""


def order_pizza(size: Literal["small", "medium", "large"], toppings: list[str]) -> str:
    """Orders a pizza.

    Args:
        size: The pizza's size.
        toppings: What to put on it.
    """


def system_status() -> dict:
    """Reports memory and processor usage of the machine."""


SECOND_GROUPS = {
    **GROUPS,
    "desk": [get_stock_price, translate, define_word, random_number, system_status],
    "lab": [load_dataset, train_model, plot_histogram, delete_file, mean],
    "mixed": [roll_dice, get_time, order_pizza, convert_temperature, count_words],
}

SECOND = {
    "games": [
        ("Can you roll a ten sided dice?", "roll_dice", {"sides": 10}),
        ("I want you to roll a die with one hundred sides.", "roll_dice", {"sides": 100}),
        ("Okay, now flip the coin again.", "flip_coin", {}),
        ("Heads or tails? Flip a coin!", "flip_coin", {}),
        ("Give me a random card of spades.", "pick_card", {"suit": "spades"}),
        ("Do you play cards often?", None, {}),
        ("Nice to meet you.", None, {}),
        ("What can you do?", None, {}),
    ],
    "travel": [
        ("Do you know what time it is in Sydney?", "get_time", {"city": "Sydney"}),
        ("Current time in Mexico City.", "get_time", {"city": "Mexico City"}),
        ("How is the weather in Madrid?", "weather", {"city": "Madrid"}),
        (
            "What's the weather forecast for Vienna for 5 days?",
            "weather",
            {"city": "Vienna", "days": 5},
        ),
        (
            "Please convert 100 pounds to kilograms.",
            "convert",
            {"value": 100.0, "from_unit": "pounds", "to_unit": "kilograms"},
        ),
        (
            "How many feet are in two and a half meters?",
            "convert",
            {"value": 2.5, "from_unit": "meters", "to_unit": "feet"},
        ),
        (
            "I need a flight from Zurich to Lisbon.",
            "find_flights",
            {"origin": "Zurich", "destination": "Lisbon"},
        ),
        ("How far is Vienna from Prague?", "get_distance", {"start": "Vienna", "end": "Prague"}),
        ("My flight was cancelled.", None, {}),
        ("Time flies.", None, {}),
        ("Who won the world cup in 1998?", None, {}),
    ],
    "home": [
        ("Can you switch on the bedroom light?", "set_light", {"room": "bedroom", "on": True}),
        ("Lights off in the kitchen.", "set_light", {"room": "kitchen", "on": False}),
        ("Set the temperature to nineteen degrees.", "set_thermostat", {"temperature": 19.0}),
        ("Play Bohemian Rhapsody.", "play_music", {"song": "Bohemian Rhapsody"}),
        ("Could you please lock the front door?", "lock_door", {}),
        ("Put a timer on for 45 minutes.", "set_timer", {"minutes": 45}),
        ("Timer for two hours please.", "set_timer", {"minutes": 120}),
        ("I am tired.", None, {}),
        ("What a lovely kitchen.", None, {}),
        ("Goodbye.", None, {}),
    ],
    "office": [
        (
            "Tell John that the meeting is cancelled by sending him a message.",
            "send_message",
            {"to": "John", "text": "the meeting is cancelled"},
        ),
        (
            "Send a text message to Laura saying happy birthday.",
            "send_message",
            {"to": "Laura", "text": "happy birthday"},
        ),
        ("What files do we have here?", "list_files", {}),
        ("Write a note: call the dentist.", "create_note", {"text": "call the dentist"}),
        (
            "I'd like to book a table for six people under the name Miller.",
            "book_table",
            {"name": "Miller", "people": 6},
        ),
        (
            "Schedule a meeting called budget review on Monday at ten.",
            "schedule_meeting",
            {"title": "budget review", "day": "Monday", "hour": 10},
        ),
        ("I don't have a table at home.", None, {}),
        ("Did you sleep well?", None, {}),
        ("Please be quiet.", None, {}),
    ],
    "research": [
        (
            "Look for papers about quantum computing.",
            "search_papers",
            {"query": "quantum computing"},
        ),
        (
            "Show me papers on climate change from the year 2019.",
            "search_papers",
            {"query": "climate change", "year": 2019},
        ),
        ("What's five plus nine?", "add", {"a": 5.0, "b": 9.0}),
        ("Please add 1.5 and minus two.", "add", {"a": 1.5, "b": -2.0}),
        ("How much is twelve times twelve?", "multiply", {"a": 12.0, "b": 12.0}),
        (
            "Compute the mean of one, two, three and four.",
            "mean",
            {"numbers": [1.0, 2.0, 3.0, 4.0]},
        ),
        (
            "Show a histogram of the income column with 30 bins.",
            "plot_histogram",
            {"column": "income", "bins": 30},
        ),
        (
            "Train a random forest model with shuffle.",
            "train_model",
            {"kind": "random_forest", "shuffle": True},
        ),
        ("That paper is wrong.", None, {}),
        ("Let's talk about philosophy.", None, {}),
    ],
    "desk": [
        ("What is the stock price of Apple?", "get_stock_price", {"symbol": "Apple"}),
        ("How much is Tesla stock?", "get_stock_price", {"symbol": "Tesla"}),
        (
            "Translate good morning into French.",
            "translate",
            {"text": "good morning", "language": "french"},
        ),
        (
            "How do you say thank you in German?",
            "translate",
            {"text": "thank you", "language": "german"},
        ),
        ("Define the word serendipity.", "define_word", {"word": "serendipity"}),
        ("What is the definition of entropy?", "define_word", {"word": "entropy"}),
        ("Pick a random number.", "random_number", {}),
        (
            "Give me a random number between 5 and 50.",
            "random_number",
            {"minimum": 5, "maximum": 50},
        ),
        ("How much memory is the machine using?", "system_status", {}),
        ("I don't speak French.", None, {}),
        ("Hey there!", None, {}),
        ("Tell me a story about a dragon.", None, {}),
    ],
    "lab": [
        ("Load the iris dataset.", "load_dataset", {"name": "iris"}),
        (
            "Load five hundred samples of the Titanic dataset",
            "load_dataset",
            {"name": "titanic", "sample": 500},
        ),
        ("Delete the file results.csv.", "delete_file", {"filename": "results.csv"}),
        ("Now train an SVM for 25 epochs.", "train_model", {"kind": "svm", "epochs": 25}),
        ("Plot the histogram of the fare column.", "plot_histogram", {"column": "fare"}),
        ("The data looks strange.", None, {}),
        ("Why is the sky blue?", None, {}),
    ],
    "mixed": [
        (
            "Convert 30 degrees Celsius to Fahrenheit.",
            "convert_temperature",
            {"value": 30.0, "to": "fahrenheit"},
        ),
        (
            "What is 100 fahrenheit in celsius?",
            "convert_temperature",
            {"value": 100.0, "to": "celsius"},
        ),
        (
            "Order a large pizza with mushrooms and onions.",
            "order_pizza",
            {"size": "large", "toppings": ["mushrooms", "onions"]},
        ),
        ("Pizza is my favourite food.", None, {}),
        ("What is the time in Cairo right now?", "get_time", {"city": "Cairo"}),
        ("Roll an eight sided die please.", "roll_dice", {"sides": 8}),
        ("You are wrong.", None, {}),
    ],
}


# --- tools that only the held-out table uses ---------------------------------------------------
def get_population(country: str) -> int:
    """Returns the number of inhabitants of a country."""


def currency(
    amount: float, source: Literal["EUR", "USD", "JPY"], target: Literal["EUR", "USD", "JPY"]
) -> float:
    """Converts an amount of money between currencies."""


def set_alarm(hour: int, minute: int = 0) -> str:
    """Sets an alarm clock."""


def set_volume(percent: int) -> str:
    """Sets the loudness of the speaker.

    Args:
        percent: The volume, 0 to 100.
    """


def open_window(name: str) -> str:
    """Opens a window on the desktop."""


def email(recipient: str, subject: str, urgent: bool = False) -> str:
    """Writes an email to someone."""


def simulate(steps: int, temperature: float = 1.0, seed: int | None = None) -> str:
    """Runs the simulation.

    Args:
        steps: How many steps to simulate.
        temperature: Temperature of the bath.
        seed: Seed of the random numbers.
    """


def summarize_column(column: str) -> dict:
    """Describes a column of the table: mean, minimum and maximum."""


def save_plot(filename: str) -> str:
    """Saves the current plot to a file."""


def next_slide() -> str:
    """Goes to the next slide of the presentation."""


def factorial(n: int) -> int:
    """Computes the factorial of a number."""


def find_recipe(ingredients: list[str], vegetarian: bool = False) -> str:
    """Finds a recipe with some ingredients."""


HELD_OUT_GROUPS = {
    "world": [get_population, currency, get_time, weather],
    "desk": [set_alarm, set_volume, email, open_window, set_light],
    "science": [simulate, summarize_column, save_plot, factorial, search_papers],
    "small": [roll_dice, flip_coin],
    "kitchen": [find_recipe, set_timer, next_slide],
}

HELD_OUT = {
    "world": [
        ("What is the population of Brazil?", "get_population", {"country": "Brazil"}),
        (
            "How many inhabitants does New Zealand have?",
            "get_population",
            {"country": "New Zealand"},
        ),
        (
            "Convert fifty dollars to euros.",
            "currency",
            {"amount": 50.0, "source": "USD", "target": "EUR"},
        ),
        (
            "How much is 20 euros in yen?",
            "currency",
            {"amount": 20.0, "source": "EUR", "target": "JPY"},
        ),
        ("What's the time in Los Angeles?", "get_time", {"city": "Los Angeles"}),
        ("Is it sunny in Lisbon?", "weather", {"city": "Lisbon"}),
        ("Tell me what time it is in Seoul.", "get_time", {"city": "Seoul"}),
        (
            "Weather in Amsterdam for the next two days.",
            "weather",
            {"city": "Amsterdam", "days": 2},
        ),
        ("I have no money.", None, {}),
        ("Have you ever been to Brazil?", None, {}),
        ("Who is the president of France?", None, {}),
        ("We had bad weather all week.", None, {}),
    ],
    "desk": [
        ("Set an alarm for seven thirty.", "set_alarm", {"hour": 7, "minute": 30}),
        ("Set the alarm to 6.", "set_alarm", {"hour": 6}),
        ("Set the volume to thirty percent.", "set_volume", {"percent": 30}),
        (
            "Write an email to Sarah about the new results.",
            "email",
            {"recipient": "Sarah", "subject": "the new results"},
        ),
        ("Open the window terminal.", "open_window", {"name": "terminal"}),
        ("Turn the kitchen light off.", "set_light", {"room": "kitchen", "on": False}),
        (
            "Please switch on the light in the living room.",
            "set_light",
            {"room": "living_room", "on": True},
        ),
        ("What's up?", None, {}),
        ("I got an email from Sarah.", None, {}),
        ("That's too loud.", None, {}),
        ("Do you like music?", None, {}),
    ],
    "science": [
        ("Run the simulation for one thousand steps.", "simulate", {"steps": 1000}),
        (
            "Simulate 200 steps at a temperature of 2.5.",
            "simulate",
            {"steps": 200, "temperature": 2.5},
        ),
        ("Simulate five hundred steps with seed 42.", "simulate", {"steps": 500, "seed": 42}),
        ("Describe the column price.", "summarize_column", {"column": "price"}),
        ("Summarize the weight column.", "summarize_column", {"column": "weight"}),
        ("Save the plot as figure.png.", "save_plot", {"filename": "figure.png"}),
        ("What is the factorial of six?", "factorial", {"n": 6}),
        ("Compute the factorial of 10, please.", "factorial", {"n": 10}),
        (
            "Find papers about black holes from 2020.",
            "search_papers",
            {"query": "black holes", "year": 2020},
        ),
        ("The simulation is slow.", None, {}),
        ("What is a black hole?", None, {}),
        ("Can you explain the results to me?", None, {}),
    ],
    "small": [
        ("Roll.", "roll_dice", {}),
        ("Roll the dice again.", "roll_dice", {}),
        ("Roll a 100 sided die.", "roll_dice", {"sides": 100}),
        ("Could you flip a coin for us?", "flip_coin", {}),
        ("Let's flip a coin.", "flip_coin", {}),
        ("How does a coin work?", None, {}),
        ("Never mind.", None, {}),
        ("Stop.", None, {}),
    ],
    "kitchen": [
        (
            "Find a recipe with tomatoes and rice.",
            "find_recipe",
            {"ingredients": ["tomatoes", "rice"]},
        ),
        (
            "I need a vegetarian recipe with beans, corn and peppers.",
            "find_recipe",
            {"ingredients": ["beans", "corn", "peppers"], "vegetarian": True},
        ),
        ("Set a timer for twenty five minutes.", "set_timer", {"minutes": 25}),
        ("Set a 10 minute timer.", "set_timer", {"minutes": 10}),
        ("Next slide, please.", "next_slide", {}),
        ("Go to the next slide.", "next_slide", {}),
        ("I am hungry.", None, {}),
        ("Thanks a lot.", None, {}),
    ],
}
