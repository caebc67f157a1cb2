"""What errors mean: a sentence and what to do for each code that an error can be read as."""

from __future__ import annotations

import pytest

from adk_nb.providers import error_codes
from adk_nb.providers.meanings import MEANINGS, MISSING_PACKAGE, UNKNOWN

ALL = [*MEANINGS.values(), MISSING_PACKAGE, UNKNOWN]


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.code)
def test_each_is_whole_sentences(one):
    assert one.meaning.endswith(".")
    assert one.remedy.endswith(".")


def test_each_code_has_one():
    tables = (error_codes._WORDS, error_codes._PEERS_WORDS)
    codes = {code for table in tables for code in table.values()}
    codes |= {*error_codes._CLOSES.values(), *error_codes._STATUSES.values()}
    assert codes <= set(MEANINGS)
    assert all(code == one.code for code, one in MEANINGS.items())
    assert not {MISSING_PACKAGE.code, UNKNOWN.code} & set(MEANINGS)
