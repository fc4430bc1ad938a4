"""A mark that was given for another answer is pointed out, and stands."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from grader.model import ManualMark, Outcome, QuestionKind, QuestionResult, Result, Status
from grader.pipeline.second_looks import with_second_looks
from grader.records.gradebook import Gradebook

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MARK = ManualMark(
    student="kim", item="q1", points=Decimal(2), comment="", marker="Ada", marked_at=NOW + timedelta(hours=1)
)


def result(digest, answer, mark=None):
    question = QuestionResult(
        id="q1",
        title="Why?",
        kind=QuestionKind.TEXT,
        outcome=Outcome.NOT_GRADED,
        points=Decimal(0),
        max_points=Decimal(2),
        answer=answer,
        mark=mark,
    )
    return Result(
        student="kim",
        digest=digest,
        evidence="e",
        status=Status.PENDING,
        score=Decimal(0),
        max_score=Decimal(2),
        pending=1,
        checks=(),
        questions=(question,),
    )


def test_a_mark_for_another_answer_is_pointed_out_to_the_instructor(tmp_path):
    with Gradebook.open(tmp_path / "book") as book:
        book.record("hw", result("one", "Because."), NOW)
        (note,) = with_second_looks(result("two", "", MARK), book, "hw").notes
        assert (note.about, note.for_student) == ("q1", False)
        assert note.text.startswith("Ada marked another answer, of an earlier hand-in.")
        for same in (result("two", "Because.", MARK), result("one", "", MARK), result("two", "")):
            assert with_second_looks(same, book, "hw") == same
