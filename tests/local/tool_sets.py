"""Tools that were not written for the router: signatures and docstrings of well-known tool sets.

Each group is the tools of one agent. Names, parameters and the docstrings' wording follow the
source that is cited above them, shortened, and adapted where a parameter was an object; those of
ADK were compared with the source, the others written down from memory of it. What they do is left
out, as only their declarations are needed.
"""

from __future__ import annotations

from typing import Literal


# --- google/adk-python, contributing/samples/quickstart and hello_world ---------------------------
def get_weather(city: str) -> dict:
    """Retrieves the current weather report for a specified city.

    Args:
        city (str): The name of the city for which to retrieve the weather report.
    """


def get_current_time(city: str) -> dict:
    """Returns the current time in a specified city.

    Args:
        city (str): The name of the city for which to retrieve the current time.
    """


def roll_die(sides: int) -> int:
    """Roll a die and return the rolled result.

    Args:
        sides: The integer number of sides the die has.
    """


def check_prime(nums: list[int]) -> str:
    """Check if a given list of numbers are prime.

    Args:
        nums: The list of numbers to check.
    """


# --- google/adk-python, contributing/samples/human_in_loop, generate_image, adk_triaging_agent ----
def reimburse(purpose: str, amount: float) -> str:
    """Reimburse the amount of money to the employee."""


def generate_image(prompt: str) -> dict:
    """Generates an image based on the prompt."""


def list_issues(issue_count: int) -> dict:
    """List the most recent issues of the repository.

    Args:
        issue_count: number of issues to return
    """


def add_label_to_issue(
    issue_number: str, label: Literal["documentation", "bug", "core", "tools", "models"]
) -> dict:
    """Add the specified label to the given issue number.

    Args:
        issue_number: issue number of the GitHub issue, in string format.
        label: label to assign
    """


# --- google/adk-samples, python/agents/customer-service and travel-concierge ----------------------
def send_call_companion_link(phone_number: str) -> str:
    """Sends a link to the user's phone number to start a video session.

    Args:
        phone_number (str): The phone number to send the link to.
    """


def check_product_availability(product_id: str, store_id: str) -> dict:
    """Checks the availability of a product at a specified store (or for pickup).

    Args:
        product_id: The ID of the product to check.
        store_id: The ID of the store (or 'pickup' for pickup availability).
    """


def get_available_planting_times(date: str) -> list:
    """Retrieves available planting service time slots for a given date.

    Args:
        date: The date to check (YYYY-MM-DD).
    """


def get_product_recommendations(plant_type: str) -> dict:
    """Provides product recommendations based on the type of plant.

    Args:
        plant_type: The type of plant (e.g., 'Petunias', 'Sun-loving annuals').
    """


def approve_discount(
    discount_type: Literal["percentage", "flat"], value: float, reason: str = ""
) -> str:
    """Approve the flat rate or percentage discount requested by the user.

    Args:
        discount_type: The type of discount, either "percentage" or "flat".
        value: The value of the discount.
        reason: The reason for the discount.
    """


def flight_status_check(flight_number: str, flight_date: str = "") -> dict:
    """Checks the status of a flight, given its flight number.

    Args:
        flight_number: The number of the flight.
        flight_date: The date of the flight.
    """


def memorize(key: str, value: str) -> dict:
    """Memorize pieces of information, one key-value pair at a time.

    Args:
        key: the label indexing the memory to store the value.
        value: the information to be stored.
    """


# --- home-assistant/core, homeassistant/helpers/llm.py and its built-in intents -------------------
def turn_on(name: str) -> dict:
    """Turns on a device or entity.

    Args:
        name: Name of the device.
    """


def turn_off(name: str) -> dict:
    """Turns off a device or entity.

    Args:
        name: Name of the device.
    """


def light_set(area: str, brightness: int | None = None, color: str | None = None) -> dict:
    """Sets the brightness percentage or color of a light.

    Args:
        area: The room of the light.
        brightness: Brightness, 0 to 100.
        color: Name of the color.
    """


def climate_set_temperature(temperature: float, area: str | None = None) -> dict:
    """Sets the target temperature of a climate device or entity.

    Args:
        temperature: The target temperature.
        area: The room.
    """


def start_timer(hours: int = 0, minutes: int = 0, seconds: int = 0, name: str = "") -> dict:
    """Starts a new timer.

    Args:
        hours: Hours of the timer.
        minutes: Minutes of the timer.
        seconds: Seconds of the timer.
        name: What the timer is called.
    """


def list_add_item(item: str, list_name: str = "shopping") -> dict:
    """Add item to a todo list.

    Args:
        item: The item to add.
        list_name: The name of the list.
    """


def set_volume(volume_level: int) -> dict:
    """Sets the volume percentage of a media player."""


def broadcast(message: str) -> dict:
    """Broadcast a message through the home."""


# --- modelcontextprotocol/servers, src/time, src/filesystem, src/fetch, brave-search --------------
def convert_time(source_timezone: str, time: str, target_timezone: str) -> dict:
    """Convert time between timezones.

    Args:
        source_timezone: Source timezone.
        time: Time to convert in 24-hour format (HH:MM).
        target_timezone: Target timezone.
    """


def read_file(path: str, head: int | None = None) -> str:
    """Read the complete contents of a file from the file system.

    Args:
        path: Path of the file.
        head: If provided, returns only the first N lines of the file.
    """


def create_directory(path: str) -> str:
    """Create a new directory or ensure a directory exists."""


def move_file(source: str, destination: str) -> str:
    """Move or rename files and directories."""


def fetch(url: str, max_length: int = 5000) -> str:
    """Fetches a URL from the internet.

    Args:
        url: URL to fetch.
        max_length: Maximum number of characters to return.
    """


def brave_web_search(query: str, count: int = 10) -> list:
    """Performs a web search.

    Args:
        query: Search query.
        count: Number of results.
    """


# --- google-research-datasets/dstc8-schema-guided-dialogue, train/schema.json ---------------------
def reserve_restaurant(
    restaurant_name: str, time: str, party_size: int = 2, date: str = "today"
) -> dict:
    """Reserve a table at a restaurant.

    Args:
        restaurant_name: Name of the restaurant.
        time: Tentative time of the restaurant reservation.
        party_size: Number of people of the reservation.
        date: Tentative date of the restaurant reservation.
    """


def find_restaurants(city: str, cuisine: str) -> list:
    """Find a restaurant of a particular cuisine in a city.

    Args:
        city: City in which the restaurant is located.
        cuisine: Cuisine of food served in the restaurant.
    """


def get_ride(
    destination: str, number_of_riders: int = 1, ride_type: Literal["pool", "regular"] = "regular"
) -> dict:
    """Call a taxi to head to a given destination.

    Args:
        destination: Destination address or location of the cab.
        number_of_riders: Number of riders to book the cab for.
        ride_type: Type of cab ride.
    """


def transfer_money(
    amount: float, recipient_name: str, account_type: Literal["checking", "savings"] = "checking"
) -> dict:
    """Transfer money from one bank account to another user's account.

    Args:
        amount: The amount of money to transfer.
        recipient_name: The name of the recipient.
        account_type: The account of the sender.
    """


def check_balance(account_type: Literal["checking", "savings"]) -> dict:
    """Get the balance of an account, either checking or savings."""


def add_alarm(new_alarm_time: str, new_alarm_name: str = "New alarm") -> dict:
    """Set a new alarm.

    Args:
        new_alarm_time: Time to set for the new alarm.
        new_alarm_name: Name to use for the new alarm.
    """


def play_song(song_name: str, artist: str = "", device: str = "") -> dict:
    """Play a song.

    Args:
        song_name: Title of the song.
        artist: Performer of the song.
        device: Place to play the song.
    """


def add_event(event_name: str, event_date: str, event_time: str = "") -> dict:
    """Add an event to the user's calendar.

    Args:
        event_name: Title of the event.
        event_date: Date of the event.
        event_time: Starting time for the event.
    """


# --- openai/openai-cookbook, examples/How_to_call_functions_with_chat_models.ipynb ----------------
def get_n_day_weather_forecast(
    location: str,
    num_days: int,
    temperature_format: Literal["celsius", "fahrenheit"] = "celsius",
) -> dict:
    """Get an N-day weather forecast.

    Args:
        location: The city and state, e.g. San Francisco, CA
        num_days: The number of days to forecast
        temperature_format: The temperature unit to use.
    """


def send_email(to: str, body: str, subject: str = "") -> dict:
    """Sends an email to a recipient.

    Args:
        to: The recipient.
        body: Body of the email message.
        subject: Email subject line.
    """


# --- Gemini API's documentation, function calling -------------------------------------------------
def power_disco_ball(power: bool) -> dict:
    """Powers the spinning disco ball.

    Args:
        power: Whether to turn the disco ball on or off.
    """


def start_music(energetic: bool = False, loud: bool = False) -> dict:
    """Play some music matching the specified parameters.

    Args:
        energetic: Whether the music is energetic or not.
        loud: Whether the music is loud or not.
    """


def dim_lights(brightness: float) -> dict:
    """Dim the lights.

    Args:
        brightness: The brightness of the lights, 0.0 is off, 1.0 is full.
    """


def schedule_meeting(attendees: list[str], date: str, time: str, topic: str) -> dict:
    """Schedules a meeting with specified attendees at a given time and date.

    Args:
        attendees: List of people attending the meeting.
        date: Date of the meeting (e.g., '2024-07-29')
        time: Time of the meeting (e.g., '15:00')
        topic: The subject or topic of the meeting.
    """


# --- sierra-research/tau2-bench, retail and airline domains ---------------------------------------
def get_order_details(order_id: str) -> dict:
    """Get the status and details of an order.

    Args:
        order_id: The order id, such as '#W0000000'.
    """


def cancel_pending_order(
    order_id: str, reason: Literal["no longer needed", "ordered by mistake"]
) -> dict:
    """Cancel a pending order.

    Args:
        order_id: The order id, such as '#W0000000'.
        reason: The reason for cancellation.
    """


def search_direct_flight(origin: str, destination: str, date: str) -> list:
    """Search for direct flights between two cities on a specific date.

    Args:
        origin: The origin city.
        destination: The destination city.
        date: The date of the flight.
    """


def update_reservation_baggages(reservation_id: str, total_baggages: int) -> dict:
    """Update the baggage information of a reservation.

    Args:
        reservation_id: The reservation ID, such as 'ZFA04Y'.
        total_baggages: The updated total number of baggage items.
    """


# --- ShishirPatil/gorilla, berkeley-function-call-leaderboard, simple functions -------------------
def calculate_triangle_area(base: int, height: int, unit: str = "units") -> float:
    """Calculate the area of a triangle given its base and height.

    Args:
        base: The base of the triangle.
        height: The height of the triangle.
        unit: The unit of measure.
    """


def calculate_bmi(weight: float, height: float) -> float:
    """Calculate the Body Mass Index (BMI) of a person.

    Args:
        weight: Weight of the person in kilograms.
        height: Height of the person in centimeters.
    """


def exponentiate(base: float, exponent: float) -> float:
    """Raise the base to the power of the exponent."""


def get_exchange_rate(currency_from: str, currency_to: str) -> dict:
    """Use this to get the current exchange rate.

    Args:
        currency_from: The currency to convert from (e.g., "USD").
        currency_to: The currency to convert to (e.g., "EUR").
    """


TOOL_SETS = {
    "quickstart": [get_weather, get_current_time, roll_die, check_prime],
    "work": [reimburse, generate_image, list_issues, add_label_to_issue],
    "garden": [
        send_call_companion_link,
        check_product_availability,
        get_available_planting_times,
        get_product_recommendations,
        approve_discount,
        flight_status_check,
        memorize,
    ],
    "house": [
        turn_on,
        turn_off,
        light_set,
        climate_set_temperature,
        start_timer,
        list_add_item,
        set_volume,
        broadcast,
    ],
    "servers": [
        convert_time,
        read_file,
        create_directory,
        move_file,
        fetch,
        brave_web_search,
    ],
    "concierge": [
        reserve_restaurant,
        find_restaurants,
        get_ride,
        transfer_money,
        check_balance,
        add_alarm,
        play_song,
        add_event,
    ],
    "cookbook": [
        get_n_day_weather_forecast,
        send_email,
        power_disco_ball,
        start_music,
        dim_lights,
        schedule_meeting,
    ],
    "shop": [
        get_order_details,
        cancel_pending_order,
        search_direct_flight,
        update_reservation_baggages,
    ],
    "numbers": [calculate_triangle_area, calculate_bmi, exponentiate, get_exchange_rate],
}
