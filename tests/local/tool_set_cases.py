"""Sentences for the tools of `tool_sets`: the half to work with.

A case is a sentence and the calls that it asks for; none where it asks for none, or where what
it says is not enough. Where several values of an argument are right, they are a tuple.
"""

from __future__ import annotations

from typing import Any

Call = tuple[str, dict[str, Any]]

CASES: dict[str, list[tuple[str, list[Call]]]] = {
    "quickstart": [
        ("How's the weather in New York today?", [("get_weather", {"city": "New York"})]),
        ("Check whether 4, 7 and 11 are prime.", [("check_prime", {"nums": [4, 7, 11]})]),
        ("weather for Buenos Aires please", [("get_weather", {"city": "Buenos Aires"})]),
        ("Is it raining in Glasgow right now?", [("get_weather", {"city": "Glasgow"})]),
        (
            "Roll a 6-sided die and check if 9 is prime.",
            [("roll_die", {"sides": 6}), ("check_prime", {"nums": [9]})],
        ),
        (
            "Tell me the time in Delhi and the weather in Delhi.",
            [("get_current_time", {"city": "Delhi"}), ("get_weather", {"city": "Delhi"})],
        ),
        ("Could you tell me what the weather's like in Rome?", [("get_weather", {"city": "Rome"})]),
        ("Is seventeen a prime number?", [("check_prime", {"nums": [17]})]),
        ("What's the weather in Lisbon?", [("get_weather", {"city": "Lisbon"})]),
        ("Nice to hear your voice.", []),
        ("Roll a die.", []),
        ("Thanks, that was quick.", []),
        ("The weather was awful yesterday.", []),
    ],
    "work": [
        (
            "Reimburse two thousand five hundred dollars for the conference.",
            [("reimburse", {"purpose": "conference", "amount": 2500.0})],
        ),
        (
            "Reimburse fifty dollars for the train ticket.",
            [("reimburse", {"purpose": "train ticket", "amount": 50.0})],
        ),
        (
            "Put the models label on issue 1208.",
            [("add_label_to_issue", {"issue_number": "1208", "label": "models"})],
        ),
        (
            "I need to be reimbursed 35 euros for a taxi.",
            [("reimburse", {"purpose": "taxi", "amount": 35.0})],
        ),
        (
            "Generate an image of a cat on a skateboard.",
            [("generate_image", {"prompt": "a cat on a skateboard"})],
        ),
        (
            "Label issue number seventeen as documentation.",
            [("add_label_to_issue", {"issue_number": "17", "label": "documentation"})],
        ),
        ("Show me the ten most recent issues.", [("list_issues", {"issue_count": 10})]),
        (
            "Create a picture of an old lighthouse at night",
            [("generate_image", {"prompt": "an old lighthouse at night"})],
        ),
        ("Good evening.", []),
        ("Reimburse me for lunch.", []),
    ],
    "garden": [
        (
            "Is product soil-123 available at store 17?",
            [("check_product_availability", {"product_id": "soil-123", "store_id": "17"})],
        ),
        (
            "What's the status of flight BA117?",
            [("flight_status_check", {"flight_number": "BA117"})],
        ),
        (
            "Can you check if product 456 is available at store nine?",
            [("check_product_availability", {"product_id": "456", "store_id": "9"})],
        ),
        (
            "Approve a ten percent discount.",
            [("approve_discount", {"discount_type": "percentage", "value": 10.0})],
        ),
        (
            "Which planting slots are there on Friday?",
            [("get_available_planting_times", {"date": "2026-03-06"})],
        ),
        (
            "Show me the available planting times on March 12th.",
            [("get_available_planting_times", {"date": "2026-03-12"})],
        ),
        (
            "Give me product recommendations for roses.",
            [("get_product_recommendations", {"plant_type": "roses"})],
        ),
        (
            "Is flight UA 900 on time?",
            [("flight_status_check", {"flight_number": ("UA 900", "UA900")})],
        ),
        (
            "Send a link to my phone, the number is five five five two oh one nine.",
            [("send_call_companion_link", {"phone_number": ("5552019", "555 2019", "555-2019")})],
        ),
        ("My phone is broken.", []),
        ("How do I water tomatoes?", []),
    ],
    "house": [
        ("Add olive oil to my shopping list please.", [("list_add_item", {"item": "olive oil"})]),
        (
            "Turn on the fan and turn off the TV.",
            [("turn_on", {"name": "fan"}), ("turn_off", {"name": "TV"})],
        ),
        (
            "Add eggs and add butter to the shopping list.",
            [("list_add_item", {"item": "eggs"}), ("list_add_item", {"item": "butter"})],
        ),
        (
            "Turn off the radio and also the lamp.",
            [("turn_off", {"name": "radio"}), ("turn_off", {"name": "lamp"})],
        ),
        ("Volume to sixty.", [("set_volume", {"volume_level": 60})]),
        ("Start a 45 second timer.", [("start_timer", {"seconds": 45})]),
        ("Turn the fan off, please.", [("turn_off", {"name": "fan"})]),
        ("Switch the porch light on.", [("turn_on", {"name": "porch light"})]),
        ("Turn off the TV.", [("turn_off", {"name": "TV"})]),
        ("Set a pasta timer for nine minutes.", [("start_timer", {"minutes": 9, "name": "pasta"})]),
        (
            "Broadcast that we leave in five minutes.",
            [("broadcast", {"message": "we leave in five minutes"})],
        ),
        ("Set a timer for an hour and a half.", [("start_timer", {"hours": 1, "minutes": 30})]),
        ("Start a timer for ten minutes.", [("start_timer", {"minutes": 10})]),
        (
            "Set the temperature in the bathroom to twenty three and a half degrees.",
            [("climate_set_temperature", {"temperature": 23.5, "area": "bathroom"})],
        ),
        ("Set the volume to 40 percent.", [("set_volume", {"volume_level": 40})]),
        ("What's on TV tonight?", []),
        ("I am cold.", []),
        ("The kitchen is a mess.", []),
        ("I turned off the TV already.", []),
    ],
    "servers": [
        (
            "Convert 14:30 from Berlin to Tokyo time.",
            [
                (
                    "convert_time",
                    {"source_timezone": "Berlin", "time": "14:30", "target_timezone": "Tokyo"},
                )
            ],
        ),
        (
            "Move the file plot.png into figures.",
            [("move_file", {"source": "plot.png", "destination": "figures"})],
        ),
        (
            "Create a directory called tmp and read the file a.txt.",
            [("create_directory", {"path": "tmp"}), ("read_file", {"path": "a.txt"})],
        ),
        (
            "Read the first twenty lines of the file report.md.",
            [("read_file", {"path": "report.md", "head": 20})],
        ),
        (
            "Search for cheap laptops on the web.",
            [("brave_web_search", {"query": "cheap laptops"})],
        ),
        ("Create the directory results/2026.", [("create_directory", {"path": "results/2026"})]),
        ("Make a new directory named data.", [("create_directory", {"path": "data"})]),
        (
            "Do a web search for the history of the bicycle.",
            [
                (
                    "brave_web_search",
                    {"query": ("history of the bicycle", "the history of the bicycle")},
                )
            ],
        ),
        (
            "Fetch the first 200 characters of example.org.",
            [("fetch", {"url": "example.org", "max_length": 200})],
        ),
        (
            "Search the web for electric cars, five results.",
            [("brave_web_search", {"query": "electric cars", "count": 5})],
        ),
        ("I read a book about time.", []),
        ("The file is too large.", []),
    ],
    "concierge": [
        (
            "Look for Mexican restaurants in Austin.",
            [("find_restaurants", {"city": "Austin", "cuisine": "Mexican"})],
        ),
        ("Check my checking balance.", [("check_balance", {"account_type": "checking"})]),
        (
            "Send 30 dollars to Peter.",
            [("transfer_money", {"amount": 30.0, "recipient_name": "Peter"})],
        ),
        (
            "Book a table for four at Luigi's at seven.",
            [
                (
                    "reserve_restaurant",
                    {"restaurant_name": "Luigi's", "time": ("seven", "7"), "party_size": 4},
                )
            ],
        ),
        (
            "Add dentist appointment to my calendar for Tuesday at 3 pm.",
            [
                (
                    "add_event",
                    {
                        "event_name": ("dentist appointment", "dentist"),
                        "event_date": "Tuesday",
                        "event_time": "3 pm",
                    },
                )
            ],
        ),
        (
            "Transfer two hundred dollars to Maria.",
            [("transfer_money", {"amount": 200.0, "recipient_name": "Maria"})],
        ),
        ("Call a taxi to the airport.", [("get_ride", {"destination": "airport"})]),
        (
            "What's the balance of my savings account?",
            [("check_balance", {"account_type": "savings"})],
        ),
        (
            "I need a taxi to Union Station for two.",
            [("get_ride", {"destination": "Union Station", "number_of_riders": 2})],
        ),
        (
            "Transfer $75.50 to John from my savings account.",
            [
                (
                    "transfer_money",
                    {"amount": 75.5, "recipient_name": "John", "account_type": "savings"},
                )
            ],
        ),
        (
            "Reserve a table at Nopa tomorrow at half past six for five people.",
            [
                (
                    "reserve_restaurant",
                    {
                        "restaurant_name": "Nopa",
                        "time": "half past six",
                        "party_size": 5,
                        "date": "tomorrow",
                    },
                )
            ],
        ),
        (
            "Set an alarm for 6:45 called gym.",
            [("add_alarm", {"new_alarm_time": "6:45", "new_alarm_name": "gym"})],
        ),
        (
            "Are there any Indian restaurants in Leeds?",
            [("find_restaurants", {"city": "Leeds", "cuisine": "Indian"})],
        ),
        (
            "Play the song Hey Jude in the kitchen.",
            [("play_song", {"song_name": "Hey Jude", "device": "kitchen"})],
        ),
        ("Are you a robot?", []),
        ("What's your favourite restaurant?", []),
        ("Book a table for four.", []),
        ("I had dinner at Luigi's.", []),
    ],
    "cookbook": [
        (
            "Send an email to Kim with the subject holidays saying I am back on Monday.",
            [("send_email", {"to": "Kim", "subject": "holidays", "body": "I am back on Monday"})],
        ),
        (
            "Ten day weather forecast for Salt Lake City please.",
            [("get_n_day_weather_forecast", {"location": "Salt Lake City", "num_days": 10})],
        ),
        ("Switch the disco ball off.", [("power_disco_ball", {"power": False})]),
        ("Dim the lights to zero point five.", [("dim_lights", {"brightness": 0.5})]),
        ("Start the music.", [("start_music", {})]),
        (
            "Email bob@example.com that I am running late.",
            [("send_email", {"to": "bob@example.com", "body": "I am running late"})],
        ),
        (
            "Seven day forecast for Miami in fahrenheit.",
            [
                (
                    "get_n_day_weather_forecast",
                    {"location": "Miami", "num_days": 7, "temperature_format": "fahrenheit"},
                )
            ],
        ),
        (
            "Give me the forecast for Boston for the next five days.",
            [("get_n_day_weather_forecast", {"location": "Boston", "num_days": 5})],
        ),
        (
            "Write an email to Tom: lunch at twelve?",
            [("send_email", {"to": "Tom", "body": ("lunch at twelve", "lunch at twelve?")})],
        ),
        ("Stop the disco ball please.", [("power_disco_ball", {"power": False})]),
        (
            "Schedule a meeting with Bob and Alice on March 14th at 10 am about the budget.",
            [
                (
                    "schedule_meeting",
                    {
                        "attendees": ["Bob", "Alice"],
                        "date": "2026-03-14",
                        "time": "10:00",
                        "topic": ("the budget", "budget"),
                    },
                )
            ],
        ),
        ("I love loud music.", []),
        ("I can't stand meetings.", []),
        ("Schedule a meeting with Bob.", []),
    ],
    "shop": [
        (
            "Change the baggage of reservation K1NW8N to two pieces.",
            [("update_reservation_baggages", {"reservation_id": "K1NW8N", "total_baggages": 2})],
        ),
        (
            "Update reservation ZFA04Y to three bags.",
            [("update_reservation_baggages", {"reservation_id": "ZFA04Y", "total_baggages": 3})],
        ),
        (
            "Find direct flights from Seattle to Denver on May 16th.",
            [
                (
                    "search_direct_flight",
                    {
                        "origin": "Seattle",
                        "destination": "Denver",
                        "date": ("May 16th", "May 16"),
                    },
                )
            ],
        ),
        (
            "Where is my order W six one two?",
            [("get_order_details", {"order_id": ("W612", "W 612", "#W612")})],
        ),
        (
            "Search a direct flight to Boston from Atlanta tomorrow.",
            [
                (
                    "search_direct_flight",
                    {"origin": "Atlanta", "destination": "Boston", "date": "tomorrow"},
                )
            ],
        ),
        (
            "What's the status of order W2378156?",
            [("get_order_details", {"order_id": ("W2378156", "#W2378156")})],
        ),
        ("My bag is lost.", []),
        ("Cancel order W8835847.", []),
        ("Can I talk to your boss?", []),
    ],
    "numbers": [
        (
            "What's the exchange rate from US dollars to euros?",
            [
                (
                    "get_exchange_rate",
                    {"currency_from": ("US dollars", "USD"), "currency_to": ("euros", "EUR")},
                )
            ],
        ),
        ("Raise two to the power of ten.", [("exponentiate", {"base": 2.0, "exponent": 10.0})]),
        (
            "Raise two to the power of three and raise three to the power of two.",
            [
                ("exponentiate", {"base": 2.0, "exponent": 3.0}),
                ("exponentiate", {"base": 3.0, "exponent": 2.0}),
            ],
        ),
        ("What is three to the power of four?", [("exponentiate", {"base": 3.0, "exponent": 4.0})]),
        (
            "Calculate my BMI, height 165 and weight 60.",
            [("calculate_bmi", {"weight": 60.0, "height": 165.0})],
        ),
        (
            "What is the exchange rate between dollars and yen?",
            [
                (
                    "get_exchange_rate",
                    {"currency_from": ("dollars", "USD"), "currency_to": ("yen", "JPY")},
                )
            ],
        ),
        (
            "Calculate the area of a triangle with base 10 and height 5.",
            [("calculate_triangle_area", {"base": 10, "height": 5})],
        ),
        ("I am 180 centimeters tall.", []),
        ("Calculate the area of a triangle.", []),
        ("I lost some weight.", []),
    ],
}
