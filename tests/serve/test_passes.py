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


def test_a_pass_is_good_for_a_day():
    assert passes.VALID_S == 24 * 60 * 60


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


def test_a_pass_is_renewed_at_half_its_time_to_the_second(monkeypatch):
    one, now = Passes(SECRET), int(time.time())
    monkeypatch.setattr(passes.time, "time", lambda: now)
    made = one.make(ADA)
    for passed_s, same in (
        (1, True),
        (passes.VALID_S // 2 - 1, True),
        (passes.VALID_S // 2, False),
    ):
        monkeypatch.setattr(passes.time, "time", lambda at=now + passed_s: at)
        assert (one.renewed(made, ADA) == made) is same
    for passed_s, whose in ((passes.VALID_S - 1, ADA), (passes.VALID_S, None)):
        monkeypatch.setattr(passes.time, "time", lambda at=now + passed_s: at)
        assert one.read(made) == whose


def test_what_is_no_pass_is_renewed_too():
    one = Passes(SECRET)
    assert one.read(one.renewed("", ADA)) == ADA
    assert one.read(one.renewed("no.pass", ADA)) == ADA


def test_a_secret_is_long_enough_with_32_characters():
    assert Passes("x" * 32).read(Passes("x" * 32).make(ADA)) == ADA
    with pytest.raises(AdkNbError, match="31 characters") as error:
        Passes("x" * 31)
    assert error.value.code == "bad_option"


def test_a_pass_can_be_in_an_address():
    assert set(Passes(SECRET).make(Pass("ä" * 50, "~?/+"))) <= set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
    )
