import base64
import time

import pytest
from hypothesis import given, strategies as st

from adk_nb.exceptions import AdkNbError
from adk_nb.serve import passes
from adk_nb.serve.passes import Pass, Passes

ADA = Pass("ada", "monday")
SECRET = "one secret that all the instances share"


def test_who_shares_the_secret_takes_the_pass():
    made = Passes(SECRET).make(ADA)
    assert Passes(SECRET).read(made) == ADA
    assert Passes(SECRET[::-1]).read(made) is None
    assert SECRET not in made


def test_without_a_secret_a_pass_is_good_for_one_process():
    one, other = Passes(), Passes()
    assert one.read(one.make(ADA)) == ADA
    assert other.read(one.make(ADA)) is None


def test_a_pass_that_was_changed_is_none():
    one = Passes(SECRET)
    said, _, signature = one.make(ADA).partition(".")
    other = base64.urlsafe_b64encode(b'["bob","monday",9999999999]').decode().rstrip("=")
    for shown in (
        f"{other}.{signature}",
        f"{said}.",
        said,
        f".{signature}",
        f"{said}.{signature}x",
    ):
        assert one.read(shown) is None


@given(st.text())
def test_whatever_is_shown_is_no_pass(shown):
    assert Passes(SECRET).read(shown) is None


def test_a_pass_ends_and_is_renewed_before_that(monkeypatch):
    one, now = Passes(SECRET), time.time()
    made = one.make(ADA)
    assert one.renewed(made, ADA) == made
    monkeypatch.setattr(passes.time, "time", lambda: now + passes.VALID_S * 0.6)
    again = one.renewed(made, ADA)
    assert again != made
    monkeypatch.setattr(passes.time, "time", lambda: now + passes.VALID_S * 1.1)
    assert (one.read(made), one.read(again)) == (None, ADA)


def test_a_secret_that_can_be_guessed_is_refused():
    with pytest.raises(AdkNbError, match="6 characters") as error:
        Passes("sesame")
    assert "token_urlsafe" in error.value.remedy
