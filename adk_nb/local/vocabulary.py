"""English words for the router: tokens, stems, words that mean the same, words that mean little."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

# In this order: addresses, dates and times in digits, numbers such as "1e-4", codes ("#W54",
# "B307", "soil-123", "12th"), numbers, and words with what belongs to them ("O'Brien's",
# "notes.txt").
_TOKEN = re.compile(
    r"https?://[^\s,]*[^\s,.!?]"
    r"|\d{4}-\d\d-\d\d|\d{1,2}:\d\d(?:[ap]m)?"
    r"|(?<![\w.])-?\d+(?:\.\d+)?e[-+]?\d+\b"
    r"|#?\b(?=[A-Za-z]*\d)[A-Za-z]+[-\w]*\w|\#?[A-Za-z]+-\d+|\#\w+|\d+[A-Za-z]\w*"
    r"|(?<!\w)-?\d+(?:,\d{3})*(?:\.\d+)?"
    r"|[^\W\d_]\w*(?:['\u2019]\w+)*(?:[._@/+]\w+)*",
    re.IGNORECASE,
)
_TITLE = re.compile(r"\b(?:Dr|Mr|Mrs|Ms|St|Prof|Mt|Ft|Jr|Sr|[A-HJ-Z])\.$")
_CONTRACTION = re.compile(r"['\u2019](?:s|d|ll|re|ve|m)$")


def word_set(words: str) -> frozenset[str]:
    """Returns the words of a text as a set."""
    return frozenset(words.split())


STOP_WORDS = word_set("""
    a an the this that these those of in on at to for from by with into onto about as and or but
    is are was were be been being am do does did done can could would will shall should may might
    must have has had i me my mine we us our you your he him his she her it its they them their
    what which who whom whose when where why how there here then than so if not no yes some any
    all each per please now just also too very really again still well oh ok okay um uh hey hi
    hello wait let lets us get give tell show want need like know make take go going up down out
    off much many current currently right today look see say put use using one
    given returns return going gonna got within something anything everything nothing someone
    anyone everyone
    """)
# Words that start a request and say nothing about which one.
FILLERS = word_set("""
    please now just ok okay well so um uh oh hey hi hello wait stop sorry and then actually again
    alright great thanks thank you good yes no right hmm excuse me
    """)

# "Kilometre" and "litre".
_BRITISH = re.compile(r"(.*(?:met|lit))re$")
_IRREGULAR = {
    "die": "dice",
    "people": "person",
    "children": "child",
    "men": "man",
    "women": "woman",
    "feet": "foot",
    "mice": "mouse",
    "data": "datum",
    "indices": "index",
    "sent": "send",
    "found": "find",
    "drew": "draw",
    "outside": "outdoor",
    "inside": "indoor",
    "colour": "color",
    "favourite": "favorite",
}
# Each line is one meaning; the first word stands for it.
_SYNONYMS = """
    time clock
    weather forecast rain raining rainy sunny snow snowing
    roll throw
    flip toss
    send message text
    transfer send pay wire
    search find look lookup seek
    book reserve reservation
    light lamp lights
    add plus sum total
    add put append insert
    multiply times product multiplied
    subtract minus difference
    divide divided quotient
    mean average
    convert change exchange
    create make write take new generate
    delete remove erase
    draw pick choose select
    list show display
    play listen hear
    photo picture image
    email mail
    note memo
    distance far
    paper article publication
    order buy purchase
    price cost much
    movie film
    plot chart graph draw
    train fit learn
    switch turn
    heat thermostat warm heating temperature climate
    status usage using
    machine computer system
    song music track
    schedule appointment calendar event
    alarm wake
    translate say
    flight fly
    start begin launch run
    stop end cancel abort
    open unlock
    close shut
    remind reminder
    broadcast announce
    taxi cab ride
    folder directory
    memorize remember
    bag baggage luggage
    update change modify edit
    newest latest recent
    car drive
"""

# Words that are a kind of the first one: a tool that speaks of units is meant by "miles".
_KINDS = """
    unit kilometer mile meter foot inch yard centimeter millimeter kilogram gram pound ounce liter
        milliliter gallon celsius fahrenheit kelvin
    temperature degree celsius fahrenheit kelvin hot cold warm
    currency dollar euro pound yen franc usd eur gbp jpy chf cad aud cny inr
    language english french german spanish italian chinese japanese
    color red green blue yellow white black orange purple
    cuisine italian french thai chinese japanese indian mexican greek spanish turkish korean
        vietnamese vegetarian vegan american german lebanese ethiopian moroccan
    day monday tuesday wednesday thursday friday saturday sunday today tomorrow
"""

# What an abbreviation in a schema is called in speech.
ABBREVIATIONS = {
    "km": "kilometer",
    "m": "meter",
    "cm": "centimeter",
    "mm": "millimeter",
    "nm": "nanometer",
    "mi": "mile",
    "ft": "foot",
    "in": "inch",
    "yd": "yard",
    "kg": "kilogram",
    "g": "gram",
    "lb": "pound",
    "lbs": "pound",
    "oz": "ounce",
    "l": "liter",
    "ml": "milliliter",
    "c": "celsius",
    "f": "fahrenheit",
    "k": "kelvin",
    "s": "second",
    "sec": "second",
    "min": "minute",
    "h": "hour",
    "hr": "hour",
    "usd": "dollar",
    "eur": "euro",
    "gbp": "pound",
    "jpy": "yen",
    "en": "english",
    "de": "german",
    "fr": "french",
    "es": "spanish",
    "it": "italian",
    "max": "maximum",
    "num": "number",
    "temp": "temperature",
}

# Seconds in each, for "an hour" where a tool counts minutes.
TIME_UNITS = {
    "second": 1,
    "minute": 60,
    "hour": 3600,
    "day": 86_400,
    "week": 604_800,
}


@dataclass(frozen=True)
class Word:
    """A word of a sentence.

    Attributes:
        text: As it is written.
        lower: In lower case and without a contracted verb.
        stem: What it has in common with its other forms.
        start: Index of its first character in the sentence.
        end: Index after its last character.
    """

    text: str
    lower: str
    stem: str
    start: int
    end: int

    @property
    def has_meaning(self) -> bool:
        """Whether it says something about the subject of the sentence."""
        return self.lower not in STOP_WORDS


def words_of(sentence: str) -> list[Word]:
    """Returns the words of a sentence; hyphens part words."""
    return list(_words_of(sentence))


@lru_cache(maxsize=256)
def _words_of(sentence: str) -> tuple[Word, ...]:
    words = []
    for match in _TOKEN.finditer(sentence):
        lower = _CONTRACTION.sub("", match[0].lower())
        words.append(Word(match[0], lower, stem(lower), match.start(), match.end()))
    return tuple(words)


def sentences_in(text: str) -> list[str]:
    """Returns the sentences of a text; the point of "St. John's" ends none."""
    found: list[str] = []
    for piece in re.split(r"(?<=[.!?])\s+", text):
        if found and is_title(found[-1]):
            found[-1] += f" {piece}"
        elif piece:
            found.append(piece)
    return found


def is_title(text: str) -> bool:
    """Whether a text ends with "Dr." or "St.", after which a name goes on."""
    return bool(_TITLE.search(text))


def names_in(identifier: str) -> list[str]:
    """Returns the words of an identifier: `fromUnit`, `from_unit` and `from-unit` are two."""
    return list(_names_in(identifier))


@lru_cache(maxsize=4096)
def _names_in(identifier: str) -> tuple[str, ...]:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", identifier)
    words = [word.strip(".") for word in re.split(r"[^A-Za-z0-9.]+", spaced.lower())]
    return tuple(word for word in words if word)


@lru_cache(maxsize=4096)
def stem(word: str) -> str:
    """Returns an English word without its ending, enough to tell what it has in common."""
    if word == "times":
        return word
    word = _IRREGULAR.get(word, word)
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-3] + "y" if word.endswith("ies") else word[:-1]
        if word.endswith(("she", "che", "xe", "sse")):
            word = word[:-1]
        word = _IRREGULAR.get(word, word)
    word = _BRITISH.sub(r"\1er", word)
    for ending in ("ization", "ation", "ition", "ing", "ed", "ion", "ment", "ly"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
                word = word[:-1]
            break
    if len(word) > 3 and word.endswith("e"):
        word = word[:-1]
    return word[:-1] + "i" if len(word) > 3 and word.endswith("y") else word


@cache
def _meanings() -> dict[str, frozenset[int]]:
    meanings: dict[str, frozenset[int]] = {}
    for index, line in enumerate(_SYNONYMS.strip().splitlines()):
        for word in line.split():
            key = stem(word)
            meanings[key] = meanings.get(key, frozenset()) | {index}
    return meanings


@cache
def _kinds() -> dict[str, frozenset[str]]:
    lines = re.split(r"\n {4}(?! )", _KINDS.rstrip())
    groups = [line.split() for line in lines if line.strip()]
    return {stem(kind): frozenset(map(stem, words)) for kind, *words in groups}


def same_meaning(one: str, other: str) -> bool:
    """Whether two stems mean the same."""
    meanings = _meanings()
    return bool(meanings.get(one, frozenset()) & meanings.get(other, frozenset()))


def is_kind_of(one: str, other: str) -> bool:
    """Whether a stem names a kind of what another stem names, as "mile" does of "unit"."""
    return one in _kinds().get(other, frozenset())
