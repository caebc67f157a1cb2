"""Words for results: verbs in the past, plurals, values and lists as they are said."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from adk_nb.local.spoken_numbers import UNITS
from adk_nb.local.vocabulary import names_in

_MOST_ITEMS = 5
_MOST_CHARACTERS = 600
_DEEPEST = 2
_IRREGULAR = {
    "set": "set",
    "put": "put",
    "send": "sent",
    "write": "wrote",
    "make": "made",
    "buy": "bought",
    "pay": "paid",
    "find": "found",
    "get": "got",
    "draw": "drew",
    "throw": "threw",
    "go": "went",
    "take": "took",
    "give": "gave",
    "tell": "told",
    "run": "ran",
    "begin": "began",
    "shut": "shut",
    "read": "read",
    "cut": "cut",
    "cancel": "cancelled",
    "stop": "stopped",
    "plan": "planned",
    "ship": "shipped",
    "flip": "flipped",
    "mute": "muted",
    "dim": "dimmed",
    "plot": "plotted",
    "transfer": "transferred",
    "log": "logged",
    "tag": "tagged",
    "submit": "submitted",
    "skip": "skipped",
    "freeze": "froze",
}
_VERBS = frozenset(
    [
        "add",
        "append",
        "define",
        "remind",
        "approve",
        "arrange",
        "ask",
        "assign",
        "book",
        "broadcast",
        "call",
        "cancel",
        "change",
        "clear",
        "close",
        "compute",
        "connect",
        "convert",
        "count",
        "create",
        "deactivate",
        "activate",
        "delete",
        "disable",
        "download",
        "email",
        "enable",
        "end",
        "fetch",
        "increase",
        "install",
        "decrease",
        "launch",
        "list",
        "load",
        "lock",
        "log",
        "mark",
        "memorize",
        "merge",
        "move",
        "notify",
        "open",
        "order",
        "pause",
        "perform",
        "pick",
        "place",
        "play",
        "post",
        "power",
        "press",
        "print",
        "process",
        "publish",
        "raise",
        "record",
        "reimburse",
        "register",
        "remind",
        "remove",
        "rename",
        "repeat",
        "report",
        "reset",
        "reserve",
        "restart",
        "resume",
        "return",
        "roll",
        "save",
        "schedule",
        "search",
        "select",
        "share",
        "show",
        "simulate",
        "skip",
        "sort",
        "start",
        "store",
        "submit",
        "subscribe",
        "switch",
        "summarize",
        "sync",
        "tag",
        "text",
        "toss",
        "train",
        "transfer",
        "translate",
        "turn",
        "unlock",
        "unmute",
        "update",
        "upgrade",
        "upload",
        "use",
        "validate",
        "wait",
        "watch",
        "water",
    ]
)
# Up to twelve; what is more is said in digits.
_NUMBER_WORDS = list(UNITS)[:13]


def past(verb: str) -> str:
    """Returns an English verb in the past; empty where the word is not known as a verb."""
    if verb in _IRREGULAR:
        return _IRREGULAR[verb]
    if verb not in _VERBS:
        return ""
    if verb.endswith("e"):
        return f"{verb}d"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return f"{verb[:-1]}ied"
    return f"{verb}ed"


def infinitive(verb: str) -> str:
    """Returns "evaluate" for "evaluates"; empty where a word is no verb in the third person."""
    word = verb.lower()
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    if word.endswith(("ches", "shes", "xes", "sses", "zzes", "oes")):
        return word[:-2]
    return word[:-1] if re.search(r"[^suai]s$", word) else ""


def is_past(word: str) -> bool:
    """Whether a word is a verb in the past and can be nothing else: "sent", but not "set"."""
    return word in _PASTS


def plural(noun: str, count: int) -> str:
    """Returns a noun as it follows a count."""
    if count == 1:
        return noun[:-1] if noun.endswith("s") and not noun.endswith("ss") else noun
    if noun.endswith("s"):
        return noun
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(("ch", "sh", "x")) else f"{noun}s"


def spoken(number: float) -> str:
    """Returns a small whole number as a word, another one in digits."""
    if number in range(len(_NUMBER_WORDS)):
        return _NUMBER_WORDS[int(number)]
    return value_text(number)


def title(name: str) -> str:
    """Returns an identifier as the beginning of a sentence."""
    return capital(" ".join(names_in(name)) or name)


def capital(text: str) -> str:
    """Returns a text whose first letter is a capital."""
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """Returns a text that begins with a capital and ends with a mark."""
    text = text.strip()
    return capital(text) + ("" if text.endswith((".", "!", "?", "\u2026")) else ".")


def enumerate_(items: Sequence[str]) -> str:
    """Returns items as a list in a sentence: "a, b and c"."""
    return ", ".join(items[:-1]) + " and " + items[-1] if len(items) > 1 else "".join(items)


def value_text(value: object, depth: int = 0) -> str:
    """Returns a value as it is said; long ones are cut short."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) >= 0.01 else f"{value:.2g}"
    if isinstance(value, str):
        text = _time(value)[:_MOST_CHARACTERS]
        return text.replace("_", " ") if re.fullmatch(r"[a-z]+(?:_[a-z]+)+", text) else text
    if isinstance(value, Mapping) and depth < _DEEPEST:
        fields = [(str(key), each) for key, each in value.items() if each not in (None, "", [], {})]
        return ", ".join(_field(key, each, depth) for key, each in fields[:_MOST_ITEMS])
    if isinstance(value, Sequence) and depth < _DEEPEST:
        items = [value_text(each, depth + 1) for each in value[:_MOST_ITEMS]]
        left = len(value) - _MOST_ITEMS
        joined = enumerate_([*items, f"{left} more"] if left > 0 else items)
        nested = any(isinstance(each, Mapping) for each in value)
        return ("; ".join(items) if nested else joined) or "nothing"
    return str(value)[:_MOST_CHARACTERS]


def _field(key: str, value: object, depth: int) -> str:
    text = value_text(value, depth + 1)
    # The name or title of a thing says itself.
    is_name = names_in(key)[-1:] in (["name"], ["title"])
    return text if is_name else f"{' '.join(names_in(key)) or key} {text}"


def _time(text: str) -> str:
    """Returns an ISO timestamp as it is spoken; other text as it is."""
    if not re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", text):
        return text
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{moment:%H:%M} on {moment:%B} {moment.day}, {moment.year}"


_PASTS = frozenset(filter(None, map(past, [*_IRREGULAR, *_VERBS]))) - {*_IRREGULAR, *_VERBS}
