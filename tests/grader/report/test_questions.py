from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.model import Criterion, Outcome, QuestionKind, QuestionResult, Result
from grader.report.questions import Piece, pieces, question_view


def criterion(*spans: tuple[int, int]) -> Criterion:
    return Criterion(text="c", points=Decimal(1), spans=spans)


def question(**terms: Any) -> QuestionResult:
    values: dict[str, Any] = {
        "answer": "abcdef",
        "answered": True,
        "points": Decimal(0),
        "outcome": Outcome.FAILED,
    }
    return QuestionResult(
        id="q", title="Q", kind=QuestionKind.CHOICE, max_points=Decimal(2), **{**values, **terms}
    )


def test_pieces_mark_overlapping_passages_with_both_numbers() -> None:
    assert pieces("abcdef", [criterion((1, 4)), criterion((3, 5))]) == (
        Piece(text="a", criteria=()),
        Piece(text="bc", criteria=(1,)),
        Piece(text="d", criteria=(1, 2)),
        Piece(text="e", criteria=(2,)),
        Piece(text="f", criteria=()),
    )


def test_pieces_ignore_spans_outside_the_answer() -> None:
    assert pieces("ab", [criterion((-1, 1), (5, 9), (2, 1))]) == (Piece(text="ab", criteria=()),)
    assert pieces("ab", [criterion((1, 99))])[-1] == Piece(text="b", criteria=(1,))


class Counted(int):
    """A place in an answer that counts how often it is compared."""

    times = 0

    def __lt__(self, other: int) -> bool:
        Counted.times += 1
        return int(self) < int(other)

    def __le__(self, other: int) -> bool:
        Counted.times += 1
        return int(self) <= int(other)


def test_pieces_of_an_answer_full_of_terms_are_found_without_comparing_all_with_all() -> None:
    spans = tuple((Counted(2 * number), Counted(2 * number + 1)) for number in range(2_000))
    found = pieces("a " * 2_000, [criterion(*spans), criterion((0, 4_000))])
    assert len(found) == 4_000
    assert [piece.criteria for piece in found[:2]] == [(1, 2), (2,)]
    assert Counted.times < 50 * len(spans)


@given(st.text(max_size=30), st.lists(st.tuples(st.integers(-5, 40), st.integers(-5, 40)), max_size=6))
def test_pieces_together_are_the_answer(answer: str, spans: list[tuple[int, int]]) -> None:
    assert "".join(piece.text for piece in pieces(answer, [criterion(*spans)])) == answer


@pytest.mark.parametrize(
    ("terms", "word"),
    [
        ({"outcome": Outcome.PASSED, "points": Decimal(2)}, "Full marks"),
        ({"outcome": Outcome.PASSED, "points": Decimal(1)}, "Part of the marks"),
        ({}, "No marks"),
        ({"answered": False}, "Not answered"),
        ({"outcome": Outcome.NOT_GRADED}, "Not graded"),
    ],
)
def test_question_view_says_how_it_stands(terms: dict[str, Any], word: str) -> None:
    assert question_view(question(**terms)).verdict.word == word


def test_written_answer_waits_for_a_person_until_one_decides(wrong: Result) -> None:
    marked, waiting = wrong.questions
    assert question_view(waiting).verdict.word == "Waits for a person"
    view = question_view(marked)
    assert view.mark is not None
    assert (view.verdict.word, view.mark.marker, view.mark.when) == (
        "Part of the marks",
        "TA Lee",
        "2026-03-01 09:30",
    )
    assert [piece.text for piece in view.pieces if piece.criteria] == ["noisy"[:5]]


def test_answers_carry_their_language_and_a_limit(wrong: Result) -> None:
    english, korean = (question_view(q) for q in wrong.questions)
    assert (english.language, korean.language) == ("en", "ko")
    long = question_view(replace(wrong.questions[0], answer="a" * 20_007))
    assert long.cut_off == 7
