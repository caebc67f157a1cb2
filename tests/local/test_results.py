from __future__ import annotations

import pytest
from google.genai import types

from adk_nb.local.results import say_result, say_results

NO_RESULT = "It is done; there is no result."


def user(text):
    return types.Content(role="user", parts=[types.Part(text=text)])


@pytest.mark.parametrize(
    ("tool", "args", "response", "sentence"),
    [
        ("roll_dice", {}, {"result": 5}, "You rolled 5."),
        (
            "convert_currency",
            {"amount": 50.0, "source": "USD"},
            {"amount": 46.5, "currency": "EUR"},
            "The amount is 46.5 and the currency is EUR.",
        ),
        (
            "book_table",
            {"people": 4, "day": "tomorrow"},
            {"result": "ok"},
            "Booked the table: 4 people, tomorrow.",
        ),
        ("clear_list", {}, {"status": NO_RESULT}, "Cleared the list."),
        ("search_notes", {"query": "x"}, {"status": NO_RESULT}, "I found nothing."),
        (
            "send_message",
            {"to": "Ann", "text": "hi"},
            {"sent": True},
            "Sent the message: to Ann, hi.",
        ),
        (
            "book_table",
            {"restaurant": "Luigi's", "people": 4},
            {"confirmed": True, "reference": "LG-204"},
            "Booked the table: Luigi's, 4 people. The reference is LG-204.",
        ),
        (
            "transfer_money",
            {"recipient": "Tom", "amount": 20.0},
            {"status": "sent", "new_balance": 1204.5},
            "Transferred the money: 20 to Tom. The new balance is 1204.5.",
        ),
        (
            "create_event",
            {"title": "lunch", "duration_minutes": 90},
            {"id": "ev", "title": "lunch"},
            "Created the event: lunch, 90 minutes. The id is ev.",
        ),
        ("calculate", {"expression": "2*3"}, {"result": 6}, "The result is 6."),
        ("show_list", {}, {"milk": 2, "eggs": 12}, "The milk is 2 and the eggs are 12."),
        ("get_time", {"city": "Tokyo"}, {"result": "15:05"}, "The time in Tokyo is 15:05."),
        (
            "get_time",
            {"city": "New York"},
            {"city": "New York", "time": "3 PM"},
            "The time in New York is 3 PM.",
        ),
        ("convert", {"value": 10}, {"result": 16.0934}, "The result is 16.09."),
        ("set_light", {}, {"result": "The light is on"}, "The light is on."),
        ("save", {}, {"result": None}, "Saved it."),
        ("save", {}, None, "Saved it."),
        ("is_prime", {"n": 7}, {"result": True}, "Yes."),
        ("list_files", {}, {"result": ["a.txt", "b.txt"]}, "I found 2 files: a.txt and b.txt."),
        ("list_files", {}, {"result": []}, "I found nothing."),
        (
            "list_files",
            {},
            {"result": [1, 2, 3, 4, 5, 6, 7]},
            "I found 7 files: 1, 2, 3, 4, 5 and 2 more.",
        ),
        (
            "weather",
            {"city": "Oslo"},
            {"status": "success", "report": "It is cold in Oslo today."},
            "It is cold in Oslo today.",
        ),
        (
            "weather",
            {"city": "Oslo"},
            {"city": "Oslo", "temperature": 3, "sky": "clear"},
            "The temperature in Oslo is 3 and the sky is clear.",
        ),
        (
            "weather",
            {},
            {"status": "error", "error_message": "no such city"},
            "Weather failed: No such city.",
        ),
        ("save", {}, {"error": "disk full"}, "Save failed: Disk full."),
        ("now", {}, {"result": "2026-05-01T15:05:00+09:00"}, "15:05 on May 1, 2026."),
        ("mean", {}, {"result": 0.00012345}, "The mean is 0.00012."),
        (
            "get_stats",
            {},
            {"result": {"mean": 2.5, "max": 4}},
            "The mean is 2.5 and the maximum is 4.",
        ),
        ("save", {}, {}, "Saved it."),
        ("save", {}, {"ok": True}, "Saved it."),
        ("roll_dice", {"count": 3}, {"result": [4, 2, 6]}, "You rolled 4, 2 and 6."),
        ("add_item", {"item": "apples", "quantity": 3}, {"result": "ok"}, "Added three apples."),
        ("add_item", {"item": "milk"}, {"result": "added"}, "Added milk."),
        ("play_music", {"song": "Hello"}, {"result": "playing"}, "Playing Hello."),
        ("play_music", {"song": "Hello"}, {"status": "playing"}, "Playing Hello."),
        (
            "book_table",
            {"restaurant": "Luigi's", "people": 4, "time": "seven"},
            {"result": True},
            "Booked the table: Luigi's, 4 people, at seven.",
        ),
        ("turn_off", {"name": "TV"}, {"success": True}, "Turned off the TV."),
        ("lock_door", {}, {"result": False}, "Lock door did not work."),
        ("is_prime", {"n": 8}, {"result": False}, "No."),
        ("factorial", {"n": 5}, {"result": 120}, "The factorial is 120."),
        ("light_set", {"area": "hall"}, {"result": "done"}, "Set the light: hall."),
        (
            "search_papers",
            {},
            {"result": [{"title": "A", "year": 2020}, {"title": "B", "year": 2021}]},
            "I found 2 papers: A, year 2020; B, year 2021.",
        ),
        ("next_slide", {}, {"result": None}, "Done: next slide."),
        ("pick_card", {}, {"result": "seven of hearts"}, "Seven of hearts."),
    ],
)
def test_results_are_sentences(tool, args, response, sentence):
    said = say_result(tool, args, response)
    if tool == "now":
        assert sentence.rstrip(".") in said
    else:
        assert said == sentence


def test_results_of_several_calls():
    parts = [
        types.Part(function_response=types.FunctionResponse(name="a", response={"result": 1})),
        types.Part(function_response=types.FunctionResponse(name="b", response={"result": 2})),
    ]
    contents = [user("both"), types.Content(role="user", parts=parts)]
    assert say_results(contents) == "The a is 1. The b is 2."
    assert say_results([user("nothing")]) == ""
    assert say_results([]) == ""


def test_numbers_of_the_same_call_are_one_sentence():
    parts = [
        types.Part(
            function_response=types.FunctionResponse(name="roll_die", response={"result": n})
        )
        for n in (4, 2, 6)
    ]
    contents = [user("Roll three dice."), types.Content(role="user", parts=parts)]
    assert say_results(contents) == "You rolled 4, 2 and 6."
