"""The texts of a sentence that are arguments: from which words, and which of them are guessed."""

from __future__ import annotations

import pytest

from adk_nb.local.phrases import Phrases
from adk_nb.local.signature import Parameter, Signature
from adk_nb.local.spoken_numbers import numbers_in
from adk_nb.local.vocabulary import words_of


def parameter(told):
    """`name` is a text that must be given, `name?` one that may be, `name[]` a list of texts."""
    name = told.removesuffix("?")
    kind = "array" if name.endswith("[]") else "string"
    return Parameter(name.removesuffix("[]"), kind, required=not told.endswith("?"))


def phrases(tool, sentence, *, taken=(), dates=()):
    name, *parameters = tool.split()
    words = words_of(sentence)
    numbers = numbers_in([word.lower for word in words])
    signature = Signature(name, "", "", tuple(map(parameter, parameters)))
    found = Phrases(sentence, words, signature, set(taken), frozenset(dates), numbers)
    values = {one.name: value for one, value in found.fill()}
    return values, found, words


@pytest.mark.parametrize(
    ("tool", "sentence", "values", "guessed"),
    [
        ("send_text message", 'Send the text "see you, later".', {"message": "see you, later"}, ""),
        ("send_text message", "Send 'it's fine' now.", {"message": "it's fine"}, ""),
        ("send_text message", "Send a text saying that I am late.", {"message": "I am late"}, ""),
        ("send_text message", "Text: I am late.", {"message": "I am late"}, ""),
        ("find_person name", "Find name Smith.", {"name": "Smith"}, ""),
        ("find_person name", "Find the person called Ada Lovelace.", {"name": "Ada Lovelace"}, ""),
        ("find_person name", "Find somebody named Ada quickly.", {"name": "Ada"}, ""),
        ("call contact", "Call my mother please.", {"contact": "mother"}, "mother"),
        ("open_file path", "Open notes.txt.", {"path": "notes.txt"}, ""),
        ("open_file path", "Open docs/a.md now.", {"path": "docs/a.md"}, ""),
        ("open_url url", "Open example.org/page.", {"url": "example.org/page"}, ""),
        ("send_email to subject?", "Email ada@example.org.", {"to": "ada@example.org"}, ""),
        (
            "send_email to subject?",
            "Email ada@example.org about the budget.",
            {"to": "ada@example.org", "subject": "budget"},
            "",
        ),
        ("set_color color", "Make it red.", {"color": "red"}, ""),
        ("set_color color", "Make it bigger.", {"color": "bigger"}, "bigger"),
        (
            "find_food cuisine city",
            "Find Thai food in Berlin.",
            {"cuisine": "Thai", "city": "Berlin"},
            "",
        ),
        (
            "book origin destination",
            "Book from Rome to Oslo.",
            {"origin": "Rome", "destination": "Oslo"},
            "",
        ),
        ("book origin destination", "Book to Houston.", {"destination": "Houston"}, ""),
        (
            "plan_route start end",
            "Start in Rome and end in New York.",
            {"start": "Rome", "end": "New York"},
            "",
        ),
        (
            "plan_route start end",
            "I want to end near Oslo, and to start at Victoria Station.",
            {"start": "Victoria Station", "end": "Oslo"},
            "",
        ),
        (
            "book origin destination",
            "Book between Rome and Oslo.",
            {"origin": "Rome", "destination": "Oslo"},
            "",
        ),
        (
            "convert from_unit to_unit",
            "How many miles are ten kilometers?",
            {"from_unit": "kilometers", "to_unit": "miles"},
            "",
        ),
        (
            "convert from_unit to_unit",
            "Convert ten miles to kilometers.",
            {"from_unit": "miles", "to_unit": "kilometers"},
            "",
        ),
        (
            "add_item item list_name?",
            "Add milk to the grocery list.",
            {"list_name": "grocery", "item": "milk"},
            "milk",
        ),
        ("add_item item list_name?", "Add two liters of milk.", {"item": "two liters of milk"}, ""),
        ("add_item item list_name?", "Add milk.", {"item": "milk"}, "milk"),
        ("play song?", "Play Jolene.", {"song": "Jolene"}, ""),
        ("play song?", "Play something.", {}, ""),
        (
            "play_song song artist?",
            "Play Jolene by Dolly Parton.",
            {"artist": "Dolly Parton", "song": "Jolene"},
            "",
        ),
        (
            "play_song song artist? device?",
            "Play Jolene on the kitchen speaker.",
            {"device": "kitchen speaker", "song": "Jolene"},
            "",
        ),
        ("invite guests[]", "Invite Ada, Bob and Cy.", {"guests": ["Ada", "Bob", "Cy"]}, ""),
        ("invite guests[]", "Invite Ada or Bob.", {"guests": ["Ada", "Bob"]}, ""),
        (
            "invite guests[] topic?",
            "Invite Ada and Bob about lunch.",
            {"topic": "lunch", "guests": ["Ada", "Bob"]},
            "",
        ),
        ("start_timer label?", "Start a pasta timer.", {"label": "pasta"}, ""),
        ("start_timer label?", "Start a new timer.", {}, ""),
        ("search query", "Search for the history of tea.", {"query": "history of tea"}, ""),
        ("search query", "Look up tea in China.", {"query": "tea in China"}, ""),
        ("draw prompt", "Draw a picture of a cat in Rome.", {"prompt": "a cat in Rome"}, ""),
        ("turn_on name", "Turn on the fan in the hall.", {"name": "fan"}, "fan"),
        ("get_time city", "What time is it in New York right now?", {"city": "New York"}, ""),
        ("set_column column", "Set column age.", {"column": "age"}, ""),
        ("set_column column", "Set the column to age.", {"column": "age"}, ""),
        ("delete name", "Delete it.", {}, ""),
        ("delete name", "Delete.", {}, ""),
        ("book_hotel hotel", "Book a room at the Grand Hotel.", {"hotel": "Grand Hotel"}, ""),
        (
            "rename old_name new_name",
            "Rename Tom to Tim.",
            {"old_name": "Tom", "new_name": "Tim"},
            "",
        ),
        # What is quoted is the text, and not the first argument that is looked for.
        (
            "send_text recipient message",
            'Send "see you" to Ada.',
            {"recipient": "Ada", "message": "see you"},
            "",
        ),
        (
            "add_item item list_name?",
            'Add "milk" to the grocery list.',
            {"list_name": "grocery", "item": "milk"},
            "",
        ),
        (
            "play_song song artist?",
            'Play "Yesterday" by The Beatles.',
            {"artist": "The Beatles", "song": "Yesterday"},
            "",
        ),
        (
            "create_note title text",
            'Create the note called "shopping": milk and eggs.',
            {"title": "shopping", "text": "milk and eggs"},
            "",
        ),
        ("invite guests[]", 'Invite "Ada" and "Bob".', {"guests": ["Ada", "Bob"]}, ""),
        ("invite guests[]", "Invite Ada, Bob, or Cy.", {"guests": ["Ada", "Bob", "Cy"]}, ""),
        # A noun that says only what kind of name it is does not count.
        ("start_timer name?", "Start a pasta timer.", {"name": "pasta"}, ""),
        ("start_timer name?", "Start a ten pasta timer.", {"name": "pasta"}, ""),
        ("start_timer name?", "Start a timer.", {}, ""),
        ("describe city", "Describe the city called bath.", {"city": "bath"}, ""),
        ("describe city", "Describe the city named bath.", {"city": "bath"}, ""),
        ("describe city", "The city is bath.", {"city": "bath"}, ""),
        # What nobody need say is told by "called" alone.
        ("make_tea style?", "Make tea in silence.", {}, ""),
        ("make_tea style", "Make tea in silence.", {"style": "silence"}, ""),
        ("make_tea style?", "Make tea called silence.", {"style": "silence"}, ""),
        ("call_person name", "Call for Alexander the great.", {"name": "Alexander"}, ""),
        ("call_person name", "Call for Maria de la Cruz today.", {"name": "Maria de la Cruz"}, ""),
        ("call_person name", "Call for the boss.", {"name": "boss"}, ""),
        ("convert to_unit", "Tell me how many miles it is.", {"to_unit": "miles"}, ""),
        ("get_time city", "What time, Rome, Oslo?", {"city": "Rome"}, ""),
        ("get_time city", "What time, New York?", {"city": "New York"}, ""),
        ("get_time city", "The hour now? Rome it is.", {"city": "Rome"}, ""),
        ("search query", "tea", {"query": "tea"}, "tea"),
        ("send_note text", "do come home", {"text": "do come home"}, "do come home"),
        ("set_name name", "Ada", {"name": "Ada"}, "Ada"),
        ("set_name name", "What is I", {}, ""),
        ("set_name name", "name is", {}, ""),
        ("get_weather city", "weather in the", {}, ""),
        ("get_weather city", "Weather in Rome please", {"city": "Rome"}, ""),
        ("find_trip start end", "Trips to and from Rome", {"start": "Rome"}, ""),
        (
            "see doctor city",
            "See Dr. Ada in St. Ives.",
            {"city": "St. Ives", "doctor": "Dr. Ada"},
            "",
        ),
    ],
)
def test_what_the_texts_are(tool, sentence, values, guessed):
    found, how, words = phrases(tool, sentence)
    assert found == values
    assert " ".join(words[index].text for index in sorted(how.guessed)) == guessed
    assert how.doubtful == set()


@pytest.mark.parametrize(
    ("tool", "sentence", "values"),
    [
        (
            "translate text language",
            "Translate that I am late to French.",
            {"language": "French", "text": "I am late"},
        ),
        (
            "send_text recipient message",
            "Message Ada that dinner is at eight.",
            {"recipient": "Ada", "message": "dinner is at eight"},
        ),
        (
            "send_text recipient message",
            "Tell Ada that the tea is on the table please.",
            {"recipient": "Ada", "message": "the tea is on the table"},
        ),
        ("send_text message", "Send a text saying I am late, please.", {"message": "I am late"}),
        ("say text", "Say this: do it.", {"text": "do it"}),
        ("draw prompt", "Draw: the cat saying hi.", {"prompt": "the cat saying hi"}),
        ("set_title title?", "Title: tea time, please.", {"title": "tea time"}),
        ("set_title title?", "The title is called tea.", {"title": "tea"}),
        ("set_label label? text", "Text: milk. Label: red.", {"label": "red", "text": "milk"}),
        ("tag_photo tags[]", "Tags: red, blue and green.", {"tags": ["red", "blue", "green"]}),
        ("find_recipe foods[]", "Find with tea, milk, and the", {"foods": ["tea", "milk"]}),
        ("set_column column", "Please set column age to new.", {"column": "age"}),
        ("play song?", "Open notes.txt.", {}),
        ("play song? artist", "Play Jolene.", {"artist": "Jolene"}),
        ("play song", "What is it?", {}),
        ("play song", "Play what she says.", {}),
        ("open_tab title?", "Open the pasta tab.", {"title": "pasta"}),
        ("open_tab type?", "Open the pasta tab.", {"type": "pasta"}),
        ("open_tab kind?", "Open the pasta tab.", {"kind": "pasta"}),
        ("open_tab string?", "Open the pasta tab.", {"string": "pasta"}),
        ("open_tab id?", "Open the pasta tab.", {}),
        ("set_type type?", "Set a blue type.", {"type": "blue"}),
        ("make_tea style?", "Make tea named silence.", {"style": "silence"}),
        (
            "convert from_unit to_unit",
            "Convert between miles and kilometers.",
            {"from_unit": "miles", "to_unit": "kilometers"},
        ),
        ("book city", "Book Rome and Oslo.", {"city": "Rome"}),
        ("send_email to subject?", "Email Ada, Bob and Cy.", {"to": "Ada"}),
        ("call_person name", "Call for the old boss.", {"name": "old boss"}),
        ("call_person name", "Call for Maria von nebenan.", {"name": "Maria"}),
        ("call_person name", "Call for Maria de la nebenan.", {"name": "Maria"}),
        ("call_person name", "Call for Dr. Ada quickly.", {"name": "Dr. Ada"}),
        ("call contact", "Call the contact.", {}),
        ("call contact", "Call I.", {}),
        ("call contact", "Call Ada in.", {"contact": "Ada"}),
        ("search query", "Search for tea in.", {"query": "tea"}),
        ("search query", "Find Thai food in Berlin.", {"query": "Thai food in Berlin"}),
        ("find_city city", "Find the Hague for", {"city": "Hague"}),
        ("get_weather city", "What is the weather of the", {}),
        ("set_city city", "The city is", {}),
        ("set_city city", "My city, Rome, is old.", {"city": "Rome"}),
        ("set_name name", "What is the name of this city, Rome?", {"name": "Rome"}),
        ("see doctor", "See Dr. Ada.", {"doctor": "Dr. Ada"}),
        ("turn_off device", "Turn the lamp off.", {"device": "lamp"}),
        ("turn_off device", "Turn the sign up off.", {"device": "sign up"}),
        ("sign_in_to site", "Sign in to Rome.", {"site": "Rome"}),
        ("log_in_to site", "Please do log in to Rome.", {"site": "Rome"}),
        (
            "rename old_name new_name",
            "Rename Tom to Tim now.",
            {"old_name": "Tom", "new_name": "Tim"},
        ),
        ("list_files path filename?", "List a/b and c.txt.", {"path": "a/b", "filename": "c.txt"}),
    ],
)
def test_where_texts_begin_and_end(tool, sentence, values):
    assert phrases(tool, sentence)[0] == values


@pytest.mark.parametrize(
    ("tool", "sentence", "taken"),
    [
        ("say text", "Send 'it's fine' now.", "it's fine"),
        ("call_person name", "Call for the old boss.", "for old boss"),
        ("say text", "Say this: do it.", "do it"),
        ("set_column column", "Set column age.", "age"),
        ("delete name", "name is", ""),
        ("convert to_unit", "How many miles?", "miles"),
    ],
)
def test_which_words_are_taken(tool, sentence, taken):
    _, how, words = phrases(tool, sentence)
    assert " ".join(words[index].text for index in sorted(how.taken)) == taken


@pytest.mark.parametrize(
    ("tool", "sentence", "date", "values"),
    [
        ("search query", "Search for tomorrow news", 2, {"query": "tomorrow news"}),
        ("search query", "Search for news tomorrow evening", 3, {"query": "news"}),
        ("get_weather city", "Weather tomorrow in Paris", 1, {"city": "Paris"}),
        ("get_weather city", "Weather in tomorrow", 2, {}),
        ("send_text message", "Send saying I come tomorrow", 4, {"message": "I come tomorrow"}),
    ],
)
def test_a_date_is_part_of_a_text_that_is_said_or_looked_for(tool, sentence, date, values):
    assert phrases(tool, sentence, dates={date})[0] == values


def test_an_optional_object_has_no_default():
    for default, values in ((None, {"song": "Jolene"}), ("Yesterday", {})):
        song = Parameter("song", "string", required=False, default=default)
        words = words_of("Play Jolene")
        signature = Signature("play", "", "", (song,))
        found = Phrases("Play Jolene", words, signature, set(), frozenset(), [])
        assert {one.name: value for one, value in found.fill()} == values


def test_what_other_arguments_have_is_no_text():
    values, how, _ = phrases("play song", "Play Jolene Yesterday", taken={1})
    assert values == {"song": "Yesterday"}
    assert how.taken == {1, 2}


def test_a_date_ends_a_name():
    assert phrases("get_weather city", "Weather in Paris tomorrow", dates={3})[0] == {
        "city": "Paris"
    }
    assert phrases("get_weather city", "Weather in Paris tomorrow")[0] == {"city": "Paris tomorrow"}


def test_an_origin_without_a_direction_may_be_a_destination():
    values, how, words = phrases("book origin", "Book Houston")
    assert values == {"origin": "Houston"}
    assert [words[index].text for index in how.doubtful] == ["Houston"]


def test_choices_and_moments_are_no_texts_of_these():
    choices = Parameter("suit", "string", required=True, choices=("hearts",))
    date = Parameter("date", "string", required=True)
    number = Parameter("count", "integer", required=True)
    words = words_of("Pick hearts tomorrow")
    signature = Signature("pick", "", "", (choices, date, number))
    found = Phrases("Pick hearts tomorrow", words, signature, set(), frozenset(), [])
    assert list(found.fill()) == []
