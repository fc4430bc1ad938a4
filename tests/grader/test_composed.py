"""Composed text: the same as Unicode's own for everything that people write, and never slow."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader import composed as module
from grader.composed import MARKS, composed

FEW = st.text(st.sampled_from("aé\u0301\u0316\u0f73\uff9e한가\u1100\u1161ﬁ²"), max_size=MARKS)


@pytest.mark.parametrize("form", ["NFC", "NFKC"])
@given(text=st.one_of(FEW, st.text(max_size=MARKS)))
def test_composed_is_unicode_s_own_where_marks_are_few(form, text):
    assert composed(text, form) == unicodedata.normalize(form, text)


@pytest.mark.parametrize("marks", ["\u0301\u0316", "\u0f73\u0316", "\uff9e\u0316", "\u0301"])
@pytest.mark.parametrize("form", ["NFC", "NFKC"])
def test_composed_leaves_out_marks_that_no_letter_has(form, marks):
    few = marks * (MARKS // len(marks))
    text = f"before e{marks * 500_000}behind o{marks * 500_000}"
    assert composed(text, form) == unicodedata.normalize(form, f"before e{few}behind o{few}")


def test_composed_knows_every_character_that_falls_into_marks():
    made = {
        char
        for char in map(chr, range(sys.maxunicode + 1))
        if not unicodedata.combining(char) and unicodedata.combining(unicodedata.normalize("NFKD", char)[0])
    }
    assert made == set(module._MADE_OF_MARKS)
