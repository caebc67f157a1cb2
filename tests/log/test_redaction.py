import asyncio
import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adk_nb.log.redaction import MASK, Redactor

SECRET = "sk-12345678abcdef"


@pytest.fixture
def redact():
    return Redactor([SECRET])


def test_secrets_are_masked_wherever_they_are(redact):
    class Model:
        def model_dump(self, mode):
            return {"key": SECRET}

    value = {
        SECRET: [f"a {SECRET} b", (SECRET,)],
        "bytes": SECRET.encode(),
        "model": Model(),
        "error": ValueError(SECRET),
    }
    assert SECRET not in json.dumps(redact(value))
    assert redact(value)["bytes"] == f"b'{MASK}'"
    assert redact(value)["model"] == {"key": MASK}


def test_a_secret_is_found_where_it_is_escaped():
    odd = 'pass"word\\with\nall'
    redact = Redactor([odd])
    assert redact(json.dumps(odd)) == f'"{MASK}"'
    assert redact(repr(odd)) == f"'{MASK}'"


def test_what_comes_into_the_environment_later_is_a_secret_too(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    redact = Redactor()
    monkeypatch.setenv("LATE_API_KEY", "late-1234567890")
    redact.refresh()
    assert redact("a late-1234567890") == f"a {MASK}"
    monkeypatch.delenv("LATE_API_KEY")
    redact.refresh()
    assert redact("a late-1234567890") == f"a {MASK}"


def test_a_dot_env_that_is_written_later_counts(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    redact = Redactor()
    (tmp_path / ".env").write_text("GOOGLE_API_KEY=filed-1234567890\n")
    monkeypatch.setattr("adk_nb.log.redaction.time.monotonic", lambda: 1e9)
    redact.refresh()
    assert redact("filed-1234567890") == MASK


def test_without_secrets_text_stays_as_it_is():
    assert Redactor(())("anything") == "anything"
    assert Redactor(()).open("anything") == "anything"


@given(st.text("ab", max_size=8), st.text("ab", max_size=8), st.data())
def test_pieces_never_show_a_secret_and_lose_nothing_else(before, after, data):
    redact = Redactor([SECRET])
    text = f"{before}{SECRET}{after}"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    pieces = redact.pieces()
    bounds = [0, *cuts, len(text)]
    shown = [pieces.add(text[a:b]) for a, b in itertools.pairwise(bounds)]
    assert "".join([*shown, pieces.end()]) == f"{before}{MASK}{after}"


def test_character_by_character_not_even_the_beginning_is_shown(redact):
    pieces = redact.pieces()
    assert [pieces.add(character) for character in SECRET] == [""] * (len(SECRET) - 1) + [MASK]


def test_what_only_began_like_a_secret_is_shown(redact):
    pieces = redact.pieces()
    assert pieces.add("a task") == "a ta"
    assert pieces.add("!") == "sk!"
    assert pieces.add("sk-12") == ""
    assert pieces.end() == "sk-12"


def test_pieces_that_repeat_the_whole(redact):
    pieces = redact.pieces()
    assert pieces.add("my sk-1234", whole=True) == "my "
    assert pieces.add(f"my {SECRET}", whole=True) == f"my {MASK}"
    assert pieces.add(f"my {SECRET} now") == f"my {MASK} now"  # Found out by itself.


def int_of(secret):
    raise ValueError(f"401 for {secret}")


def test_a_traceback_is_masked(redact):
    with pytest.raises(ValueError, match="401") as raised:
        int_of(SECRET)
    said = redact.traceback(raised.value)
    assert "ValueError: 401 for [secret]" in said
    assert SECRET not in said


def test_a_secret_with_other_letters_is_found_in_bytes_and_in_json():
    secret = "passw\u00f6rd123"
    redact = Redactor([secret])
    assert redact(secret.encode()) == f"b'{MASK}'"
    assert redact(json.dumps({"pw": secret})) == f'{{"pw": "{MASK}"}}'


def test_what_is_added_is_a_secret_from_then_on():
    redact = Redactor(())
    assert redact("hunter2hunter2") == "hunter2hunter2"
    redact.add(" hunter2hunter2\n")
    redact.add("seven77")  # One character short of a secret.
    redact.add("eight888")
    assert redact("hunter2hunter2 seven77 eight888") == "[secret] seven77 [secret]"


def test_of_two_secrets_the_longer_is_masked():
    redact = Redactor(["hunter2hunter2", "hunter2hunter2-and-more"])
    assert redact("hunter2hunter2-and-more, hunter2hunter2") == "[secret], [secret]"


def test_a_traceback_of_no_ones_code_is_whole():
    redact = Redactor(())
    shown = redact.traceback(ValueError("never raised"))
    assert shown == "ValueError: never raised\n"
    with pytest.raises(ValueError, match="coroutine") as caught:
        asyncio.run(None)
    inner = caught.value.with_traceback(caught.value.__traceback__.tb_next)
    assert "asyncio" in redact.traceback(inner)
