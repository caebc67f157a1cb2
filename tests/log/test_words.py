import pytest

from adk_nb.log.word_boundaries import joined
from adk_nb.log.words import Piece, Words


class Said:
    """What is said in a turn; a text with a `!` before it is final, with a `=` cumulative."""

    def __init__(self):
        self.pieces = []
        self.user, self.agent = Words("user", self.pieces), Words("agent", self.pieces)
        self.t = 0.0

    def add(self, words, text, author):
        self.t += 1.0
        marks = text[: len(text) - len(text.lstrip("!="))]
        return words.add(
            author, text.lstrip("!="), self.t, final="!" in marks, cumulative="=" in marks
        )

    def asks(self, *texts):
        for text in texts:
            self.add(self.user, text, "user")
        return self

    def says(self, *texts, author="dice"):
        self.cuts = [self.add(self.agent, text, author)[1] for text in texts]
        return self

    def calls(self):
        self.t += 1.0
        self.pieces.append(Piece(len(self.pieces), "tool", "dice", self.t, final=True))
        return self

    def told(self):
        """What was said and called, in order."""
        return [
            (piece.author, piece.text.strip()) if piece.role != "tool" else "call"
            for piece in self.pieces
            if piece.text.strip() or piece.role == "tool"
        ]


@pytest.fixture
def said():
    return Said()


@pytest.mark.parametrize(
    ("pieces", "text", "cut"),
    [
        (["It ", "is ", "noon."], "It is noon.", None),
        (["=It", "=It is", "=It is noon."], "It is noon.", None),
        (["=Watt", "=What time"], "What time", None),
        (["It is", "!It is noon."], "It is noon.", None),
        (["It is noon.", "!"], "It is noon.", None),
        (["It is noon.", "!It is noon."], "It is noon.", None),
        (["!It is noon. ", "! And late."], "It is noon. And late.", None),
        (["!One.", "!Two."], "One. Two.", None),
        (["!One.", "Two", "!Two."], "One. Two.", None),
        (["One two three.", "!Other"], "Other", None),
        (["  One ", "two  "], "One two", None),
        (["!", "!One."], "One.", None),
        (["!One.", "! "], "One.", None),
        # Pieces of a model that sends what is new are not the whole, whatever they begin with.
        (["It", "It is"], "ItIt is", None),
    ],
    ids=repr,
)
def test_pieces_of_any_kind_make_one_text(pieces, text, cut):
    agent = Said().says(*pieces)
    assert (str(agent.agent), agent.cuts[-1]) == (text, cut)
    assert str(Said().asks(*pieces).user) == text


@pytest.mark.parametrize(
    ("pieces", "text", "cut"),
    [
        (["!It is noon.", "!It is noon."], "It is noon.", None),
        (["!It is noon.", "!noon."], "It is noon.", None),
        (["One two three.", "!One two"], "One two three.", "One two"),
        (["!One.", "Two three", "!Two"], "One. Two three", "Two"),
        (["Two.", "!One. Two."], "Two.", None),
    ],
    ids=repr,
)
def test_what_a_model_repeats_of_its_own_words(pieces, text, cut):
    """The end of them at the end of a turn; what was heard; late words of an earlier answer."""
    one = Said().says(*pieces)
    assert (str(one.agent), one.cuts[-1]) == (text, cut)


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (["four ", "two ", "two ", "seven"], "four two two seven"),
        (["!four two", "!two seven"], "four two two seven"),
        (["!four two", "!two"], "four two two"),
        (["!four two", "two", "!two seven"], "four two two seven"),
        (["!no", "!no"], "no no"),
        (["=two", "!=four two"], "four two"),
        (["One two three.", "!One two"], "One two"),
    ],
    ids=repr,
)
def test_what_the_user_repeats_stays_and_a_final_text_is_the_last_word(pieces, text):
    assert str(Said().asks(*pieces).user) == text


@pytest.mark.parametrize(
    ("texts", "whole"),
    [
        (["今天", "天气好", "吗"], "今天天气好吗"),
        (["今天。", "Ja."], "今天。Ja."),
        (["สวัสดี", "ครับ"], "สวัสดีครับ"),
        (["안녕", "하세요"], "안녕 하세요"),
        (["One", "two"], "One two"),
        (["One", ", two"], "One, two"),
        (["One.", " Two."], "One. Two."),
        (["", "One", ""], "One"),
        ([], ""),
    ],
    ids=repr,
)
def test_blanks_are_between_words_of_scripts_that_have_them(texts, whole):
    assert joined(texts) == whole
    assert str(Said().asks(*(f"!{text}" for text in texts)).user) == whole


def test_chinese_pieces_come_without_blanks():
    assert str(Said().asks("今天", "天气", "!今天天气好").user) == "今天天气好"
    assert str(Said().says("今天", "天气").agent) == "今天天气"


def test_what_is_said_before_and_after_a_call_are_pieces_in_their_order(said):
    said.asks("!What time?").says("Let me ", "look. ").calls().says("It is ", "noon.")
    assert said.told() == [
        ("user", "What time?"), ("dice", "Let me look."), "call", ("dice", "It is noon."),
    ]  # fmt: skip
    assert [(piece.number, piece.t) for piece in said.pieces] == [
        (0, 1.0), (1, 2.0), (2, 4.0), (3, 5.0),
    ]  # fmt: skip
    assert str(said.agent) == "Let me look. It is noon."


def test_a_final_text_that_repeats_the_pieces_across_a_call_leaves_them_in_their_places(said):
    said.says("Let me look. ").calls().says("It is", "!Let me look. It is noon.")
    assert said.told() == [("dice", "Let me look."), "call", ("dice", "It is noon.")]
    assert all(piece.final for piece in said.pieces)


def test_a_final_text_that_is_another_than_its_pieces_stands_where_they_began(said):
    said.says("Let me look. ").calls().says("It is", "!I have looked: it is noon.")
    assert said.told() == [("dice", "I have looked: it is noon."), "call"]


def test_a_final_text_after_a_call_is_a_piece_of_its_own(said):
    said.says("!Let me look.").calls().says("!It is noon.").says("!And late.")
    assert said.told() == [("dice", "Let me look."), "call", ("dice", "It is noon. And late.")]


def test_the_same_words_after_a_call_are_said_again(said):
    said.says("!One moment.").calls().says("!One moment.")
    assert said.told() == [("dice", "One moment."), "call", ("dice", "One moment.")]


def test_each_agent_has_its_own_pieces(said):
    said.says("!Over to the coin.").says("Heads.", author="coin").says("!Yes.")
    assert said.told() == [("dice", "Over to the coin."), ("coin", "Heads."), ("dice", "Yes.")]
    assert all(piece.final for piece in said.pieces)


def test_the_users_words_are_first_and_are_not_parted(said):
    said.says("Hm.").asks("What ").calls().asks("time?")
    assert said.told() == [("user", "What time?"), ("dice", "Hm."), "call"]
    said.asks("!What time is it?")
    assert said.told() == [("user", "What time is it?"), ("dice", "Hm."), "call"]


def test_the_end_of_a_turn_makes_its_pieces_final_and_late_words_still_count(said):
    said.asks("What").says("It is ")
    assert [piece.text for piece in said.user.close()] == ["What"]
    assert said.user.close() == []
    said.asks("!What time?")  # It takes the place of the pieces.
    assert str(said.user) == "What time?"
    said.agent.close()
    said.says("noon.")
    assert (str(said.agent), len(said.pieces)) == ("It is noon.", 2)


def test_after_a_completion_another_piece_begins(said):
    said.says("One moment.")
    assert [piece.text for piece in said.agent.part()] == ["One moment."]
    assert said.agent.open_text == ""
    said.says("Noon.")
    assert said.told() == [("dice", "One moment."), ("dice", "Noon.")]


def test_what_changes_is_returned(said):
    changed, _ = said.add(said.agent, "It ", "dice")
    assert changed == said.pieces
    changed, _ = said.add(said.agent, "!It is.", "dice")
    assert [(piece.text, piece.final) for piece in changed] == [("It is.", True)]
    assert said.add(said.agent, "!It is.", "dice") == ([], None)  # It was repeated.
    assert said.add(said.agent, "!", "dice") == ([], None)
