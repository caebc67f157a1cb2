"""Sentences for the tools of `tool_sets`: the half put aside before the work on the router.

A case is a sentence and the calls that it asks for; none where it asks for none, or where what
it says is not enough. Where several values of an argument are right, they are a tuple.
"""

from __future__ import annotations

from typing import Any

Call = tuple[str, dict[str, Any]]

CASES: dict[str, list[tuple[str, list[Call]]]] = {
    "quickstart": [
        ("What time is it in Nairobi?", [("get_current_time", {"city": "Nairobi"})]),
        ("Can you roll a d12?", [("roll_die", {"sides": 12})]),
        (
            "What's the weather in Paris and in Rome?",
            [("get_weather", {"city": "Paris"}), ("get_weather", {"city": "Rome"})],
        ),
        ("Roll a die with 8 sides.", [("roll_die", {"sides": 8})]),
        ("Are ninety one and ninety seven prime?", [("check_prime", {"nums": [91, 97]})]),
        ("Roll a twenty-sided die for me.", [("roll_die", {"sides": 20})]),
        ("Roll two ten-sided dice.", [("roll_die", {"sides": 10}), ("roll_die", {"sides": 10})]),
        (
            "What's the current time in Los Angeles?",
            [("get_current_time", {"city": "Los Angeles"})],
        ),
        ("Roll a six sided dice twice.", [("roll_die", {"sides": 6}), ("roll_die", {"sides": 6})]),
        ("Do I need an umbrella in Hamburg?", []),
        ("What is a prime number?", []),
        ("What's the weather?", []),
        ("Who invented the die?", []),
    ],
    "work": [
        (
            "Make an image of two penguins dancing",
            [("generate_image", {"prompt": "two penguins dancing"})],
        ),
        (
            "Reimburse me twelve fifty for parking.",
            [("reimburse", {"purpose": "parking", "amount": (12.5,)})],
        ),
        ("Give me the latest three issues please", [("list_issues", {"issue_count": 3})]),
        (
            "Draw me a picture of a red barn in the snow.",
            [("generate_image", {"prompt": "a red barn in the snow"})],
        ),
        ("List the last five issues.", [("list_issues", {"issue_count": 5})]),
        (
            "Add the label bug to issue 42.",
            [("add_label_to_issue", {"issue_number": "42", "label": "bug"})],
        ),
        (
            "Please reimburse $120 for lunch.",
            [("reimburse", {"purpose": "lunch", "amount": 120.0})],
        ),
        (
            "Label issue twelve as core and list five issues.",
            [
                ("add_label_to_issue", {"issue_number": "12", "label": "core"}),
                ("list_issues", {"issue_count": 5}),
            ],
        ),
        ("I have issues with my landlord.", []),
        ("That image looks great.", []),
        ("How much money do you make?", []),
    ],
    "garden": [
        (
            "Send the video link to 555 0134.",
            [("send_call_companion_link", {"phone_number": ("5550134", "555 0134")})],
        ),
        (
            "Check the status of flight LH 454 please.",
            [("flight_status_check", {"flight_number": ("LH 454", "LH454")})],
        ),
        (
            "Can you recommend a product for petunias?",
            [("get_product_recommendations", {"plant_type": "petunias"})],
        ),
        (
            "What products do you recommend for tomato plants?",
            [("get_product_recommendations", {"plant_type": ("tomato", "tomato plants")})],
        ),
        (
            "Available planting times for 2026-04-01?",
            [("get_available_planting_times", {"date": "2026-04-01"})],
        ),
        (
            "Check the availability of product B22 in store 4.",
            [("check_product_availability", {"product_id": "B22", "store_id": "4"})],
        ),
        (
            "Approve a flat discount of 25 dollars.",
            [("approve_discount", {"discount_type": "flat", "value": 25.0})],
        ),
        (
            "What planting times are available tomorrow?",
            [("get_available_planting_times", {"date": "2026-03-05"})],
        ),
        ("I bought a product yesterday.", []),
        ("My roses are dying.", []),
        ("You have been very helpful.", []),
    ],
    "house": [
        (
            "Make the living room light blue.",
            [("light_set", {"area": "living room", "color": "blue"})],
        ),
        (
            "Add bread to the grocery list.",
            [("list_add_item", {"item": "bread", "list_name": "grocery"})],
        ),
        ("Add three apples to the list.", [("list_add_item", {"item": "three apples"})]),
        (
            "Set the brightness in the hallway to 30.",
            [("light_set", {"area": "hallway", "brightness": 30})],
        ),
        (
            "Set a timer for one hour and twenty minutes.",
            [("start_timer", {"hours": 1, "minutes": 20})],
        ),
        ("Set the bedroom light to red.", [("light_set", {"area": "bedroom", "color": "red"})]),
        (
            "Put call the plumber on my todo list.",
            [("list_add_item", {"item": "call the plumber", "list_name": "todo"})],
        ),
        ("Can you switch off the bedroom heater?", [("turn_off", {"name": "bedroom heater"})]),
        (
            "Set the temperature to 21 degrees.",
            [("climate_set_temperature", {"temperature": 21.0})],
        ),
        (
            "Set a timer called eggs for six minutes.",
            [("start_timer", {"minutes": 6, "name": "eggs"})],
        ),
        (
            "Set the kitchen light to fifty percent.",
            [("light_set", {"area": "kitchen", "brightness": 50})],
        ),
        ("Turn on the coffee machine.", [("turn_on", {"name": "coffee machine"})]),
        ("Put milk on my shopping list.", [("list_add_item", {"item": "milk"})]),
        ("Broadcast dinner is ready.", [("broadcast", {"message": "dinner is ready"})]),
        (
            "Set the office temperature to nineteen degrees",
            [("climate_set_temperature", {"temperature": 19.0, "area": "office"})],
        ),
        ("Set a timer.", []),
        ("Set the volume.", []),
        ("Sing me a song.", []),
        ("Don't turn on the heater.", []),
        ("Milk is good for you.", []),
    ],
    "servers": [
        (
            "Rename the file old.csv to new.csv",
            [("move_file", {"source": "old.csv", "destination": "new.csv"})],
        ),
        ("Show me the contents of config.yaml", [("read_file", {"path": "config.yaml"})]),
        (
            "Fetch the URL https://python.org/downloads please",
            [("fetch", {"url": "https://python.org/downloads"})],
        ),
        ("Fetch example.com.", [("fetch", {"url": "example.com"})]),
        ("Read the file notes.txt.", [("read_file", {"path": "notes.txt"})]),
        (
            "Move draft.txt to final.txt.",
            [("move_file", {"source": "draft.txt", "destination": "final.txt"})],
        ),
        (
            "Convert three pm from London to New York.",
            [
                (
                    "convert_time",
                    {"source_timezone": "London", "time": "15:00", "target_timezone": "New York"},
                )
            ],
        ),
        ("Create a directory called experiments.", [("create_directory", {"path": "experiments"})]),
        (
            "Search the web for sourdough recipes.",
            [("brave_web_search", {"query": "sourdough recipes"})],
        ),
        ("Where did you learn to read?", []),
        ("Create a directory.", []),
        ("Move on.", []),
    ],
    "concierge": [
        (
            "Play Imagine by John Lennon.",
            [("play_song", {"song_name": "Imagine", "artist": "John Lennon"})],
        ),
        (
            "Play Halo by Beyoncé on the living room speaker.",
            [
                (
                    "play_song",
                    {
                        "song_name": "Halo",
                        "artist": "Beyoncé",
                        "device": ("living room speaker", "living room"),
                    },
                )
            ],
        ),
        (
            "Find a restaurant in Oakland with Thai food.",
            [("find_restaurants", {"city": "Oakland", "cuisine": "Thai"})],
        ),
        (
            "Wake me up with an alarm at quarter past five.",
            [("add_alarm", {"new_alarm_time": "quarter past five"})],
        ),
        (
            "Put yoga class on my calendar tomorrow at nine.",
            [
                (
                    "add_event",
                    {
                        "event_name": ("yoga class", "yoga"),
                        "event_date": "tomorrow",
                        "event_time": ("nine", "9"),
                    },
                )
            ],
        ),
        (
            "Set an alarm for seven thirty am.",
            [("add_alarm", {"new_alarm_time": ("seven thirty am", "7:30 am")})],
        ),
        (
            "Add an event called team lunch on March 9th.",
            [("add_event", {"event_name": "team lunch", "event_date": "March 9th"})],
        ),
        (
            "How much money is in my savings account?",
            [("check_balance", {"account_type": "savings"})],
        ),
        (
            "Book a table at O'Brien's at noon.",
            [("reserve_restaurant", {"restaurant_name": "O'Brien's", "time": "noon"})],
        ),
        (
            "I'd like a table for three at Chez Panisse on Saturday at 7:30 pm.",
            [
                (
                    "reserve_restaurant",
                    {
                        "restaurant_name": "Chez Panisse",
                        "time": "7:30 pm",
                        "party_size": 3,
                        "date": "Saturday",
                    },
                )
            ],
        ),
        (
            "Get me a cab to 12 Main Street for three people.",
            [("get_ride", {"destination": "12 Main Street", "number_of_riders": 3})],
        ),
        (
            "Find an Italian restaurant in San Jose.",
            [("find_restaurants", {"city": "San Jose", "cuisine": "Italian"})],
        ),
        (
            "Reserve a table at The Ivy for two people at 8 pm.",
            [
                (
                    "reserve_restaurant",
                    {"restaurant_name": "The Ivy", "time": ("8 pm",), "party_size": 2},
                )
            ],
        ),
        ("I missed my taxi.", []),
        ("Transfer some money.", []),
        ("Money makes the world go round.", []),
        ("Book something.", []),
    ],
    "cookbook": [
        (
            "Send an email to Anna saying the report is done.",
            [("send_email", {"to": "Anna", "body": "the report is done"})],
        ),
        (
            "What will the weather be in Chicago over the next 3 days?",
            [("get_n_day_weather_forecast", {"location": "Chicago", "num_days": 3})],
        ),
        ("Start some loud music.", [("start_music", {"loud": True})]),
        (
            "Turn on the disco ball and dim the lights to 0.2.",
            [("power_disco_ball", {"power": True}), ("dim_lights", {"brightness": 0.2})],
        ),
        (
            "Set up a meeting with Tim and Ana on Monday at half past nine about the launch.",
            [
                (
                    "schedule_meeting",
                    {
                        "attendees": ["Tim", "Ana"],
                        "date": "2026-03-09",
                        "time": "09:30",
                        "topic": ("the launch", "launch"),
                    },
                )
            ],
        ),
        (
            "Forecast for two weeks in Denver",
            [("get_n_day_weather_forecast", {"location": "Denver", "num_days": 14})],
        ),
        ("Play some energetic music.", [("start_music", {"energetic": True})]),
        ("Dim the lights to 0.3.", [("dim_lights", {"brightness": 0.3})]),
        (
            "Schedule a meeting with Maria tomorrow at 3 pm about hiring.",
            [
                (
                    "schedule_meeting",
                    {
                        "attendees": ["Maria"],
                        "date": "2026-03-05",
                        "time": "15:00",
                        "topic": "hiring",
                    },
                )
            ],
        ),
        ("Turn on the disco ball.", [("power_disco_ball", {"power": True})]),
        (
            "Play music that is loud and energetic.",
            [("start_music", {"energetic": True, "loud": True})],
        ),
        ("It's too bright in here.", []),
        ("What's a disco ball?", []),
        ("Send an email.", []),
    ],
    "shop": [
        (
            "Is there a direct flight between Dallas and Phoenix on Sunday?",
            [
                (
                    "search_direct_flight",
                    {"origin": "Dallas", "destination": "Phoenix", "date": "Sunday"},
                )
            ],
        ),
        (
            "Get the details of order W 4 4 0 9.",
            [("get_order_details", {"order_id": ("W4409", "W 4409", "#W4409")})],
        ),
        (
            "Show me the details of order #W5490111.",
            [("get_order_details", {"order_id": ("#W5490111", "W5490111")})],
        ),
        (
            "Please cancel the order W100 because I ordered it by mistake.",
            [("cancel_pending_order", {"order_id": "W100", "reason": "ordered by mistake"})],
        ),
        (
            "Cancel order W8835847, it is no longer needed.",
            [("cancel_pending_order", {"order_id": "W8835847", "reason": "no longer needed"})],
        ),
        (
            "Are there direct flights from Oslo to Rome on Friday?",
            [("search_direct_flight", {"origin": "Oslo", "destination": "Rome", "date": "Friday"})],
        ),
        ("I never ordered that.", []),
        ("Find a flight to Houston.", []),
        ("Order in the court!", []),
        ("Cancel my order.", []),
    ],
    "numbers": [
        (
            "Calculate the BMI of a person who weighs 85 kilograms and is 180 centimeters tall.",
            [("calculate_bmi", {"weight": 85.0, "height": 180.0})],
        ),
        (
            "Get the exchange rate from GBP to JPY.",
            [("get_exchange_rate", {"currency_from": "GBP", "currency_to": "JPY"})],
        ),
        (
            "Exchange rate of the euro to the dollar?",
            [
                (
                    "get_exchange_rate",
                    {"currency_from": ("euro", "EUR"), "currency_to": ("dollar", "USD")},
                )
            ],
        ),
        (
            (
                "What's my body mass index with a weight of seventy "
                "and a height of one hundred seventy five?"
            ),
            [("calculate_bmi", {"weight": 70.0, "height": 175.0})],
        ),
        (
            "What's the area of a triangle with a base of six and a height of eight?",
            [("calculate_triangle_area", {"base": 6, "height": 8})],
        ),
        (
            "Area of a triangle, height 12, base 7.",
            [("calculate_triangle_area", {"base": 7, "height": 12})],
        ),
        ("What's 1.5 to the power of three?", [("exponentiate", {"base": 1.5, "exponent": 3.0})]),
        ("How tall is the Eiffel Tower?", []),
        ("Power to the people.", []),
        ("Who is the richest person?", []),
    ],
}
