import asyncio
import itertools
import json

import pytest
from hypothesis import given, strategies as st

from adk_nb.exceptions import AdkNbError
from adk_nb.log.redaction import MASK, Redactor
from adk_nb.plain import MAX_REPR

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
    assert redact("a late-1234567890") == "a [LATE_API_KEY]"
    monkeypatch.delenv("LATE_API_KEY")
    redact.refresh()
    assert redact("a late-1234567890") == "a [LATE_API_KEY]"


def test_a_dot_env_that_is_written_later_counts(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    redact = Redactor()
    (tmp_path / ".env").write_text("GOOGLE_API_KEY=filed-1234567890\n")
    monkeypatch.setattr("adk_nb.log.redaction.time.monotonic", lambda: 1e9)
    redact.refresh()
    assert redact("filed-1234567890") == "[GOOGLE_API_KEY]"


def test_a_dot_env_is_looked_at_once_a_second(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    now = [100.0]
    monkeypatch.setattr("adk_nb.log.redaction.time.monotonic", lambda: now[0])
    redact, shown = Redactor(), []
    for now[0], secret in (
        (100.5, "first-1234567"),
        (101.0, "second-123456"),
        (101.9, "third-1234567"),
    ):
        (tmp_path / ".env").write_text(f"GOOGLE_API_KEY={secret}\n")
        redact.refresh()
        shown.append(redact(secret))
    assert shown == ["first-1234567", "[GOOGLE_API_KEY]", "third-1234567"]


def test_folders_of_a_shell_are_no_passwords(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in ("PWD", "OLDPWD"):
        monkeypatch.setenv(name, f"/home/ada-{name}-q7")
        assert Redactor()(f"/home/ada-{name}-q7") == f"/home/ada-{name}-q7"


def test_a_key_is_one_at_the_beginning_of_a_text_and_after_no_letter():
    key = "sk-" + "proj-0123456789abcdefghij"
    redact = Redactor([])
    assert redact(key) == MASK
    assert redact(f"={key}") == f"={MASK}"
    assert redact(f"a{key}") == f"a{key}"
    assert redact(f"1{key} {key}") == f"1{key} {MASK}"


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


def test_a_traceback_begins_in_the_users_code():
    async def cell():
        int_of(SECRET)

    with pytest.raises(ValueError, match="401") as caught:
        asyncio.run(cell())
    shown = Redactor(()).traceback(caught.value.with_traceback(caught.value.__traceback__.tb_next))
    assert "asyncio" not in shown
    assert shown.splitlines()[1].endswith(", in cell")


def test_pieces_that_have_ended_begin_anew(redact):
    pieces = redact.pieces()
    assert [pieces.add("my sk-1234"), pieces.end(), pieces.add("5678"), pieces.end()] == [
        "my ", "sk-1234", "5678", "",
    ]  # fmt: skip


def test_a_traceback_of_no_ones_code_is_whole():
    redact = Redactor(())
    shown = redact.traceback(ValueError("never raised"))
    assert shown == "ValueError: never raised\n"
    with pytest.raises(ValueError, match="coroutine") as caught:
        asyncio.run(None)
    inner = caught.value.with_traceback(caught.value.__traceback__.tb_next)
    assert "asyncio" in redact.traceback(inner)


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("GOOGLE_API_KEY", True), ("OPENAI_APIKEY", True), ("KEY", True), ("key_2", True),
        ("HF_TOKEN", True), ("MY_SECRET", True), ("DBPASSWORD", True), ("AUTHTOKEN", True),
        ("accessToken", True), ("myApiKey", True), ("DB_PASS", True), ("GITHUB_PAT", True),
        ("clientSecret2", True), ("SECRETARY_NAME", False), ("MAX_TOKENS", False),
        ("PRIMARY_KEY", False), ("foreignKey", False), ("SORT_KEY", False),
        ("PARTITION_KEY", False), ("PASSWORDLESS_LOGIN", False), ("KEY_SIGNATURE", False),
        ("PASS_RATE", False), ("API_KEY_PROD", True), ("TOKEN_TYPE", False),
        ("AWS_CREDENTIALS", True), ("KEYMAP", False), ("KEYBOARD_LAYOUT", False),
        ("TOKENIZERS_PARALLELISM", False), ("MONKEY", False), ("CITY", False),
        ("PWD", False), ("OLDPWD", False), ("DB_PWD", True),
    ],
)  # fmt: skip
def test_a_variable_is_a_credential_where_its_name_says_so_in_a_word(
    name, secret, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(name, "Oslo-Mitte")
    redact = Redactor()
    redact.refresh()
    assert (
        redact("Weather in Oslo-Mitte?") == f"Weather in {f'[{name}]' if secret else 'Oslo-Mitte'}?"
    )
    assert redact.masked == ({f"[{name}]"} if secret else set())


@pytest.mark.parametrize("name", ["MAX_TOKENS", "PRIMARY_KEY", "KEY_SIGNATURE", "TOKEN_TYPE"])
@pytest.mark.parametrize(
    ("value", "ordinary"),
    [
        ("unlimited", True), ("customer_id", True), ("B flat minor", True), ("Margaret Hill", True),
        ("a1b2c3d4e5", False), ("aBcDeFgHiJ", False), ("q" * 32, False),
        ("correct-horse-battery-staple-and-so-on", False),
    ],
)  # fmt: skip
def test_what_may_be_a_credential_is_one_unless_it_is_ordinary_words(
    name, value, ordinary, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(name, value)
    assert Redactor()(value) == (value if ordinary else f"[{name}]")


@pytest.mark.parametrize("mask", [["MY_PIN"], "MY_PIN", {"X": "yes"}, {1: True}, {"X": None}, 5])
def test_a_mask_that_says_nothing_is_refused_in_words(mask):
    with pytest.raises(AdkNbError, match="mask cannot be") as refused:
        Redactor(chosen=mask)
    assert (refused.value.code, "MY_PIN" in refused.value.remedy) == ("bad_option", True)


def test_what_is_masked_can_be_chosen_by_name(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WEATHER_KEY", "Oslo-Mitte")
    monkeypatch.setenv("MY_PIN", "4711-4711")
    redact = Redactor(chosen={"WEATHER_KEY": False, "MY_PIN": True})
    redact.refresh()
    assert redact("Oslo-Mitte 4711-4711") == "Oslo-Mitte [MY_PIN]"


@pytest.mark.parametrize(
    "key",
    [
        "AIza" + "Sy0123456789abcdefghijklmnopqrstuvw", "sk-" + "proj-0123456789abcdefghij",
        "hf_" + "abcdefghijklmnopqrstuvwxyzABCDEFGH", "gsk_" + "0123456789abcdefghijklmnopqrstuv",
        "glpat-" + "abcdefghij0123456789", "sk_live_" + "0123456789abcdefghijklmn",
        "ghp_" + "0123456789abcdefghijklmnopqrstuvwxyz", "AKIA" + "0123456789ABCDEF",
        "eyJ" + "hbGciOiJIUzI1NiJ9.eyJ" + "zdWIiOiIxMjM0In0.abcdefghijk",
    ],
)  # fmt: skip
def test_what_has_the_form_of_a_key_is_masked(key):
    assert Redactor([])(f"It is {key}.") == f"It is {MASK}."
    assert Redactor([])("sk-ip the task, AIzabella") == "sk-ip the task, AIzabella"


def test_what_is_escaped_is_masked_in_pieces_too():
    odd = 'pa"ss\\word-\u00e4\u00f6'
    for text in (json.dumps(odd), json.dumps(odd, ensure_ascii=False), repr(odd)):
        pieces = Redactor([odd]).pieces()
        shown = "".join(pieces.add(character) for character in text) + pieces.end()
        assert shown[1:-1] == MASK


def test_a_secret_in_an_address_is_masked():
    redact = Redactor(["abc/def+ghi=jkl mno"])
    assert redact("GET /?key=abc%2Fdef%2Bghi%3Djkl%20mno&b=1") == f"GET /?key={MASK}&b=1"
    assert redact("GET /?key=abc%2Fdef%2Bghi%3Djkl+mno&b=1") == f"GET /?key={MASK}&b=1"


def test_a_repr_of_many_secrets_is_cut_in_none():
    class Conf:
        def __repr__(self):
            return f"Conf({[SECRET] * 3000})"

    shown = Redactor([SECRET])(Conf())
    assert SECRET[:6] not in shown
    assert shown.startswith(f"Conf(['{MASK}', ")


KEY = "AIza" + "Sy0123456789abcdefghijklmnopqrstuvw"


@given(st.lists(st.integers(0, 60), max_size=8))
def test_what_has_the_form_of_a_key_is_masked_in_pieces_too(cuts):
    text = f"AI says {KEY}, sk-ip as"
    pieces = Redactor([]).pieces()
    bounds = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    shown = [pieces.add(text[a:b]) for a, b in itertools.pairwise(bounds)]
    assert "".join([*shown, pieces.end()]) == f"AI says {MASK}, sk-ip as"


def test_the_end_of_a_key_is_waited_for_and_an_unfinished_one_is_masked_at_the_end():
    pieces = Redactor([]).pieces()
    assert pieces.add(f"It is {KEY}") == "It is "
    assert pieces.add("xyz") == ""
    assert pieces.end() == MASK


def test_it_tells_once_what_it_masks():
    redact, told = Redactor(["hunter2hunter2"]), []
    redact.on_masked = told.append
    redact("hunter2hunter2 hunter2hunter2")
    redact("hunter2hunter2")
    assert told == ["secret"]


def test_a_whole_number_is_masked_as_its_digits_are():
    redact = Redactor(["1234567890"])
    assert redact({"pin": 1234567890, "n": 7, "big": 1234567891}) == {
        "pin": MASK, "n": 7, "big": 1234567891,
    }  # fmt: skip


def test_a_secret_at_the_end_of_a_long_repr_is_masked_before_that_is_cut():
    class Long:
        def __repr__(self):
            return "x" * (MAX_REPR - 5) + SECRET + "y" * 100

    shown = Redactor([SECRET])(Long())
    assert len(shown) == MAX_REPR
    assert shown.endswith(MASK[:5])


def test_who_says_that_a_piece_is_the_whole_is_believed(redact):
    pieces = redact.pieces()
    assert pieces.add("I sang") == "I sang"
    assert pieces.add(SECRET[:5]) == ""
    assert pieces.add("I sing.", whole=True) == "I sing."
    assert pieces.add(f"I sing. {SECRET[:5]}") == "I sing. "
    assert pieces.add(f"I sing. {SECRET[:5]} then") == f"I sing. {SECRET[:5]} then"


def test_a_secret_that_spans_what_was_held_back_and_the_last_piece_is_masked(redact):
    pieces = redact.pieces()
    assert pieces.spanning("It is fine.") is None
    assert pieces.add(f"It is {SECRET[:6]}") == "It is "
    assert pieces.spanning(" or so") is None
    assert pieces.spanning(f"{SECRET[6:]} today") == f"{MASK} today"
    assert pieces.end() == SECRET[:6]


def test_an_end_that_is_too_long_for_a_key_is_not_waited_for():
    waited = f"sk-{'a' * 4000}"
    assert Redactor([]).pieces().add(waited) == ""
    too_long = f"sk-{'a.' * 2100}"
    assert Redactor([]).pieces().add(too_long) != ""
