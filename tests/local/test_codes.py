"""Codes in a sentence, and which parameter each is."""

from __future__ import annotations

import pytest

from adk_nb.local.codes import assign, codes_in, is_code
from adk_nb.local.signature import Parameter
from adk_nb.local.spoken_numbers import numbers_in
from adk_nb.local.vocabulary import words_of


def parameter(name, kind="string", *, required=True, choices=()):
    return Parameter(name, kind, required=required, choices=choices)


def found(sentence):
    words = words_of(sentence)
    return words, codes_in(words, numbers_in([word.lower for word in words]))


@pytest.mark.parametrize(
    ("sentence", "codes"),
    [
        ("Where is order AB-12?", ["AB-12"]),
        ("Flight LH 4 0 2", ["LH402"]),
        ("Dial 555 0134", ["5550134"]),
        ("On the 3rd at 5pm", []),
        ("I 5", ["5"]),
        ("Good morning", []),
    ],
)
def test_codes_are_found_and_joined(sentence, codes):
    assert [code.text for code in found(sentence)[1]] == codes


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (parameter("order_id"), True),
        (parameter("zip"), True),
        (parameter("number", "integer"), False),
        (parameter("code", choices=("A1", "B2")), False),
        (parameter("city"), False),
    ],
)
def test_which_parameters_are_codes(asked, code):
    assert is_code(asked) is code


def assigned(sentence, *parameters, taken=()):
    words, codes = found(sentence)
    return {each.name: code.text for each, code in assign([*parameters], words, codes, set(taken))}


def test_a_code_after_the_name_is_that_parameters():
    both = (parameter("customer_id"), parameter("order_id"))
    said = assigned("Order number A1 of customer C2", *both)
    assert said == {"order_id": "A1", "customer_id": "C2"}


def test_the_only_code_is_the_only_parameters_unless_it_is_taken():
    assert assigned("Track 1Z999", parameter("order_id")) == {"order_id": "1Z999"}
    assert assigned("Track 1Z999", parameter("order_id"), taken={1}) == {}


def test_a_mere_number_is_no_optional_code():
    optional = parameter("reference", required=False)
    assert assigned("Play 5 songs", optional) == {}
    assert assigned("Play A5", optional) == {"reference": "A5"}
