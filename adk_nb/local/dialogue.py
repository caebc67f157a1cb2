"""What the user wants, in the light of what was said and called before.

Nothing is kept between requests: what was asked before is worked out again from the conversation,
so it is the same after a swap, in a fork, and in a session that goes on later.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from adk_nb.local.clauses import amended
from adk_nb.local.moments import kind_of_moment
from adk_nb.local.questions import question_for, shall_i
from adk_nb.local.roles import TEXT, role_of
from adk_nb.local.router import Router, with_known
from adk_nb.local.vocabulary import FILLERS, STOP_WORDS, word_set, words_of
from adk_nb.local.wording import is_past

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adk_nb.local.matching import Call, Match
    from adk_nb.local.signature import Parameter, Signature

LEAVE_IT = "Okay, I leave it."
ONCE_MORE = "I did not understand that."

_AGAIN = re.compile(
    r"(?:again|once more|once again|one more time|(?:\w+ )?another(?: one)?|and one more"
    r"|repeat(?: that| it)?"
    r"|do (?:it|that)(?: once)? (?:again|more)|same again|the same again)"
)
_CANCEL = re.compile(
    r"(?:cancel(?: that| it)?|never ?mind|forget (?:it|that|about it)|leave it|stop(?: it| that)?"
    r"|no thanks|no thank you|not now|don't|do not|no)"
)
_YES = re.compile(
    r"(?:yes|yeah|yep|sure|certainly|of course|go ahead|do it|do that|right|correct|please do"
    r"|ok|okay|yes please|yes do it|please|that's right|exactly|sounds good)"
)
# What a fragment about the last call begins with.
_LEAD = re.compile(
    r"(?:and\b|what about\b|how about\b|(?:do )?the same\b|same\b|make (?:it|that)\b"
    r"|i (?:mean|meant)\b|actually\b|sorry\b|rather\b|instead\b|try\b|no\b"
    r"|not (?:[\w' ]+?),? but\b|not [\w']+,|then\b"
    r"|or\b|also\b|now\b|again\b)[,\s]*",
    re.IGNORECASE,
)
_POINTS_BACK = re.compile(r"^(?:and|what about|how about)\b|\bthere\b", re.IGNORECASE)
# "Measure it" after "dilute the sample"; to do the same to it again is asked for by "again".
_IT = re.compile(r"\b(?:it|that one)\b", re.IGNORECASE)
# "I'm tired" is no answer to "for which city?".
_TELLING = re.compile(r"(?:i['\u2019]m|i am|you|he|she|they|we|this|that)\b", re.IGNORECASE)
_LINK = re.compile(r"(?:for|with|as|but|it'?s|it is|rather|i meant?|make it)\s+", re.IGNORECASE)
# "Run it again with …" and "the same with …" keep what they do not say.
_SAME = re.compile(r"\b(?:again|same)\b")
_CUE = re.compile(r"(?:from|to|in|at|for|with|by|it'?s|it is|that's)\s+", re.IGNORECASE)
_IN_NAMES = word_set("of the and de la von van")
_LONGEST_NAME = 5
_OPENINGS = word_set(
    "who what which where when why how are is do does did can help bye goodbye don't never"
)
_COUNTS = word_set("count quantity number")
_EMPTY = word_set("please um uh well oh so and then now just")
_MOST_WORDS = 8
# So many answers to questions are looked back at.
_DEEPEST = 6


@dataclass(frozen=True)
class Exchange:
    """What the user said, and what came of it.

    Attributes:
        said: The user's utterances, oldest first.
        reply: What the agent said then; empty if nothing yet.
        calls: What it called.
    """

    said: tuple[str, ...]
    reply: str = ""
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True)
class Decision:
    """What is to be done.

    Attributes:
        calls: The calls to make.
        text: What to say instead; empty where there is nothing to say by rule.
        pending: What the text asks about: the calls with what is known of them.
    """

    calls: list[Call] = field(default_factory=list)
    text: str = ""
    pending: tuple[Match, ...] = ()


def understand(exchanges: Sequence[Exchange], router: Router, depth: int = _DEEPEST) -> Decision:
    """Returns what the newest words of a conversation ask for.

    Args:
        exchanges: The conversation; its last exchange is the one to answer.
        router: The tools.
        depth: How far to look back for a question that was asked.
    """
    if not exchanges or not exchanges[-1].said:
        return Decision()
    *earlier, newest = exchanges
    pending = _asked(earlier, router, depth)
    plain = _plain(newest.said[-1])
    if short := _short_answer(plain, pending, router, is_first=not earlier):
        return short
    fresh = router.match(newest.said)
    last = next((each.calls for each in reversed(earlier) if each.calls), ())
    if last and _SAME.search(plain):
        fresh = [_like_before(match, last) for match in fresh]
    if not any(match.calls for match in fresh):
        if pending and (answered := _answered(pending, newest.said, fresh, router)):
            return _decide(answered, router)
        if last:
            decision = _after(last, newest.said[-1], fresh, router)
            if decision.calls or decision.text:
                return decision
        if pending and not fresh and (question := _once_more(pending, newest.said[-1])):
            return question
    return _decide(fresh, router)


def _short_answer(
    plain: str, pending: tuple[Match, ...], router: Router, *, is_first: bool
) -> Decision | None:
    """Returns what "yes", "no" and "cancel" mean; None where it is none of them."""
    if _CANCEL.fullmatch(plain):
        is_no = plain in {"no", "don't", "do not"}
        return None if is_first or (is_no and not pending) else Decision(text=LEAVE_IT)
    if pending and not pending[0].missing and _YES.fullmatch(plain):
        return _decide([replace(match, is_guess=False) for match in pending], router)
    return None


def _after(last: tuple[Call, ...], said: str, fresh: list[Match], router: Router) -> Decision:
    """Returns what "again", "and in Paris?" and "no, twelve" mean after a call."""
    if _AGAIN.fullmatch(_plain(said)):
        return Decision(calls=[call for call in last if router.tool(call.name)])
    points, it = bool(_POINTS_BACK.search(said)), bool(_IT.search(said))
    fresh = [
        with_known(match, last[-1].args)
        if points or (it and match.call.name != last[-1].name)
        else match
        for match in fresh
    ]
    if not any(match.calls for match in fresh) and (changed := _changed(last[-1], said, router)):
        return Decision(calls=[changed])
    return _decide(fresh, router)


def _like_before(match: Match, last: tuple[Call, ...]) -> Match:
    """Returns "run it again with a rate of 0.1" with the other arguments of the last run."""
    same = [call for call in last if call.name == match.call.name]
    if not same:
        return match
    call = replace(match.call, args={**same[-1].args, **match.call.args})
    return with_known(replace(match, call=call), call.args)


def _asked(earlier: Sequence[Exchange], router: Router, depth: int) -> tuple[Match, ...]:
    """Returns the calls that the agent's last words ask about; none if they ask about none."""
    if not earlier or not depth:
        return ()
    reply = earlier[-1].reply.strip()
    if not reply or earlier[-1].calls:
        return ()
    asked = understand([*earlier[:-1], replace(earlier[-1], reply="")], router, depth - 1)
    # A question that the user cut in on was heard in part.
    return asked.pending if asked.pending and asked.text.startswith(reply) else ()


def _answered(
    pending: tuple[Match, ...], said: Sequence[str], fresh: Sequence[Match], router: Router
) -> list[Match] | None:
    """Fills in what was asked for; None where the answer says nothing about it."""
    at = next((i for i, match in enumerate(pending) if match.missing), None)
    if at is None:
        return None
    match = pending[at]
    tool = router.tool(match.call.name)
    if tool is None:
        return None
    wanted = match.missing[0].name
    is_free = role_of(match.missing[0]) is TEXT
    if not is_free and any(each.is_order and each.call.name != tool.name for each in fresh):
        return None  # Something else is asked for instead.
    if _TELLING.match(said[-1]) and _is_phrase(match.missing[0]):
        return None
    args = amended(match.call.args, " ".join(said), tool, router.now, wanted)
    if args is None and _is_phrase(match.missing[0]) and (name := _name_in(said[-1])):
        args = {**match.call.args, wanted: name}
    if args is None:
        same = [each.call.args for each in fresh if each.call.name == match.call.name]
        if not same:
            return None
        args = {**match.call.args, **same[0]}
    missing = tuple(each for each in match.missing if each.name not in args)
    filled = replace(match, call=replace(match.call, args=args), missing=missing, is_guess=False)
    return [*pending[:at], filled, *pending[at + 1 :]]


def _once_more(pending: tuple[Match, ...], said: str) -> Decision | None:
    """Asks again where a few words that answer nothing were said; None where it was talk."""
    words = [word.lower for word in words_of(said)]
    missing = next((match.missing[0] for match in pending if match.missing), None)
    talks = (
        "?" in said
        or _TELLING.match(said)
        or set(words[:1]) & (FILLERS | _OPENINGS)
        or any(map(is_past, words[1:2]))
    )
    if missing is None or talks or not 0 < len(words) <= _LONGEST_NAME:
        return None
    return Decision(text=f"{ONCE_MORE} {question_for(missing)}", pending=pending)


def _name_in(said: str) -> str:
    """Returns an answer that is a name and nothing else; empty where it is a sentence."""
    text = _CUE.sub("", said.strip().rstrip(".!"), count=1)
    words = words_of(text)
    lower = {word.lower for word in words} - _IN_NAMES
    is_name = 0 < len(words) <= _LONGEST_NAME and not lower & (STOP_WORDS | FILLERS)
    return text if is_name and "?" not in said else ""


def _is_phrase(parameter: Parameter) -> bool:
    """Whether a parameter would take any words, which are then not dictated either."""
    is_plain = parameter.kind == "string" and not parameter.choices
    return is_plain and kind_of_moment(parameter) is None and role_of(parameter) is not TEXT


def _changed(last: Call, said: str, router: Router) -> Call | None:
    """Returns the last call with what "and in Paris?" or "no, twelve" changes in it."""
    tool = router.tool(last.name)
    text = said.strip().rstrip("?.!")
    lead = _LEAD.match(text)
    if tool is None or lead is None or len(words_of(text)) > _MOST_WORDS:
        return None
    while match := _LEAD.match(text):
        text = text[match.end() :]
    for fragment in dict.fromkeys([text, _LINK.sub("", text, count=1)]):
        args = amended(last.args, fragment, tool, router.now)
        if args is not None:
            return replace(last, args=_counted_anew(last.args, args, tool, lead[0]))
    return None


def _counted_anew(
    before: dict[str, Any], args: dict[str, Any], tool: Signature, lead: str
) -> dict[str, Any]:
    """Returns "and cheese" after "two loaves" without the two: a count is of its own thing."""
    changed = {key for key, value in args.items() if value != before.get(key)}
    if not lead.lower().startswith(("and", "also")) or not changed:
        return args
    counts = {
        each.name
        for each in tool.parameters
        if not each.required and set(each.name_words) & _COUNTS and each.name not in changed
    }
    named = any(isinstance(args[key], str) for key in changed)
    return {key: value for key, value in args.items() if not (named and key in counts)}


def _decide(matches: Sequence[Match], router: Router) -> Decision:
    """Makes the calls if all are whole, and asks for what the first one lacks if not."""
    if matches and all(match.calls for match in matches):
        return Decision(calls=[call for match in matches for call in match.calls])
    for match in matches:
        tool = router.tool(match.call.name)
        if tool is None:
            continue
        if match.missing and match.is_clear:
            return Decision(text=question_for(match.missing[0]), pending=tuple(matches))
        if match.is_guess and match.is_order and match.reads_numbers and not match.missing:
            return Decision(text=shall_i(tool, match.call.args), pending=tuple(matches))
    return Decision()


def _plain(said: str) -> str:
    """Returns a sentence in lower case, without punctuation and opening fillers."""
    words = [word.lower for word in words_of(said.replace("\u2019", "'"))]
    spoken = [word for word in words if word not in _EMPTY]
    return " ".join(spoken or words)
