"""The gradebook on real SQLite files and a real PostgreSQL server, with real processes that write at once and are killed."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from grader.errors import GradebookError
from grader.model import CheckResult, ManualMark, Outcome, Result, Status
from grader.records.gradebook import Gradebook

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

# What the processes below run: `n` results of students of their own, each recorded and then reported on stdout.
WRITER = """
import sys
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from grader.records.gradebook import Gradebook
from grader.model import Result, Status
prefix, count = sys.argv[2], int(sys.argv[3])
points = {"score": Decimal(1), "max_score": Decimal(2), "pending": 0}
base = Result(student="", digest="d", evidence="e", status=Status.COMPLETE, checks=(), **points)
with Gradebook.open(sys.argv[1]) as book:
    for number in range(count):
        book.record("hw", replace(base, student=f"{prefix}{number}", name="x" * 2000), datetime.now(UTC))
        print(number, flush=True)
"""


def result(student="kim", **changes):
    check = CheckResult(
        id="c",
        title="t",
        function="f",
        outcome=Outcome.PASSED,
        points=Decimal("1.50"),
        max_points=Decimal(2),
        relative_error=float("nan"),
    )
    values = {
        "student": student,
        "digest": "d",
        "evidence": "e",
        "status": Status.COMPLETE,
        "score": Decimal("1.50"),
        "max_score": Decimal(2),
        "pending": 0,
        "checks": (check,),
    }
    return Result(**(values | changes))


def mark(student="kim", item="q1", points="1.5", **changes):
    values = {"comment": "fine", "marker": "ta", "marked_at": NOW}
    return ManualMark(student=student, item=item, points=Decimal(points), **(values | changes))


@pytest.fixture
def book(place):
    with Gradebook.open(place) as opened:
        yield opened


def writer(place, prefix, count):
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, place, prefix, str(count)], stdout=subprocess.PIPE, text=True
    )


# --- results ---


def test_latest_gives_back_what_was_recorded(book):
    given = replace(result(), checks=(replace(result().checks[0], relative_error=0.25),))
    assert book.record("hw", given, NOW)
    assert book.latest("hw", "kim") == given
    assert str(book.latest("hw", "kim").score) == "1.50"


def test_latest_is_none_for_who_has_no_result(book):
    book.record("hw", result(), NOW)
    assert book.latest("hw", "lee") is None
    assert book.latest("other", "kim") is None


def test_recording_the_same_twice_leaves_one_row(book, place, raw):
    assert book.record("hw", result(), NOW)
    assert not book.record("hw", result(), NOW + timedelta(days=1))
    assert raw(place, "select count(*) from gradebook_results") == [(1,)]
    assert [row.graded_at for row in book.rows("hw")] == [NOW]


def test_the_newest_result_counts_also_when_it_is_an_older_one_again(book):
    for score in ("1", "2", "1"):
        assert book.record("hw", result(score=Decimal(score)), NOW)
    assert book.latest("hw", "kim").score == 1
    assert [row.score for row in book.rows("hw")] == [1]
    assert [found.score for found in book.results("hw")] == [1]


def test_who_was_removed_counts_no_more_until_a_newer_result(book):
    for student in ("kim", "lee"):
        book.record("hw", result(student), NOW)
    book.add_mark("hw", mark("kim"))
    book.remove("hw", ["kim"], NOW)
    assert [row.student for row in book.rows("hw")] == ["lee"]
    assert [one.student for one in book.results("hw")] == ["lee"]
    assert book.latest("hw", "kim") is None
    assert book.removed("hw") == {"kim"}
    assert book.marks("hw", "kim"), "what people gave stays"
    assert book.record("hw", result("kim"), NOW), "also the same as before is new"
    assert [row.student for row in book.rows("hw")] == ["kim", "lee"]
    assert not book.removed("hw")


def test_marked_gives_the_result_that_a_mark_was_given_for(book):
    hours = [NOW + timedelta(hours=hour) for hour in range(4)]
    for when, digest in ((hours[0], "one"), (hours[2], "two")):
        book.record("hw", result(digest=digest), when)
    assert book.marked("hw", mark(marked_at=hours[1]), unlike="two").digest == "one"
    assert book.marked("hw", mark(marked_at=hours[1]), unlike="one") is None
    assert book.marked("hw", mark(marked_at=hours[3]), unlike="one").digest == "two"
    assert book.marked("hw", mark(marked_at=NOW - timedelta(hours=1)), unlike="two") is None
    assert book.marked("hw", mark("lee"), unlike="two") is None


def test_what_is_recorded_together_is_there_as_a_whole(book):
    with book.together():
        assert book.record("hw", result(), NOW)
        assert not book.record("hw", result(), NOW)  # seen within the same transaction
        assert book.record("hw", result("lee"), NOW)
        assert book.latest("hw", "kim") is None  # not yet for who reads
    assert [row.student for row in book.rows("hw")] == ["kim", "lee"]
    assert book.record("hw", result("mia"), NOW)  # later ones are transactions of their own again
    assert book.latest("hw", "mia") is not None


def test_what_is_recorded_together_is_not_there_in_part(book):
    def half():
        with book.together():
            book.record("hw", result(), NOW)
            raise RuntimeError("half-way")

    with pytest.raises(RuntimeError, match="half-way"):
        half()
    assert list(book.rows("hw")) == []
    assert book.record("hw", result(), NOW)


def test_rows_are_sorted_and_filtered(book):
    book.record("hw", result("lee", status=Status.PENDING, pending=2), NOW)
    book.record("hw", result("kim", name="Kim 100% Minsu"), NOW)
    book.record("other", result("park"), NOW)
    assert [row.student for row in book.rows("hw")] == ["kim", "lee"]
    assert [(row.student, row.pending) for row in book.rows("hw", status=Status.PENDING)] == [("lee", 2)]
    assert [row.student for row in book.rows("hw", student_like="LE")] == ["lee"]
    assert [row.student for row in book.rows("hw", student_like="0% min")] == ["kim"]
    assert list(book.rows("hw", student_like="%%")) == []


def test_rows_are_streamed_while_others_write(book):
    for number in range(5):
        book.record("hw", result(f"s{number}"), NOW)
    rows = book.rows("hw")
    assert next(rows).student == "s0"
    assert book.record("hw", result("s9"), NOW)
    assert [row.student for row in rows] == ["s1", "s2", "s3", "s4"]


def test_times_are_kept_in_utc_and_need_a_zone(book):
    book.record("hw", result(), datetime(2026, 3, 1, 21, tzinfo=timezone(timedelta(hours=9))))
    assert next(book.rows("hw")).graded_at == NOW
    assert next(book.rows("hw")).graded_at.utcoffset() == timedelta(0)
    with pytest.raises(ValueError, match=r"without a time zone; expected an aware datetime"):
        book.record("hw", result("lee"), datetime(2026, 3, 1))


def test_students_are_listed_by_code_point_in_every_database(book):
    for student in ("b", "김", "A", "a", "Z", "é"):
        book.record("hw", result(student), NOW)
    assert [row.student for row in book.rows("hw")] == ["A", "Z", "a", "b", "é", "김"]


def test_a_character_that_databases_do_not_take_is_kept_readable(book):
    book.record("hw", result(name="Kim\0"), NOW)
    assert next(book.rows("hw")).name == "Kim\\x00"


def test_a_student_whose_name_is_not_unicode_is_found_again(book):
    student = os.fsdecode(b"k\xeem")
    book.record("hw", result(student), NOW)
    assert book.latest("hw", student).student == student


def test_a_damaged_document_is_named(book, place, raw):
    book.record("hw", result(), NOW)
    zero = "'\\x00'" if place.startswith("postgresql") else "x'00'"
    raw(place, f"update gradebook_results set document = {zero}")
    with pytest.raises(
        GradebookError, match=r"the result of kim cannot be read .*; grade that submission again"
    ):
        book.latest("hw", "kim")


# --- marks ---


def test_marks_count_by_item_and_history_keeps_the_old_ones(book):
    first, second = mark(), mark(points="2", marker="prof", marked_at=NOW + timedelta(hours=1))
    assert book.add_mark("hw", first)
    assert book.add_mark("hw", second)
    assert book.add_mark("hw", mark(item="q2"))
    assert book.marks("hw", "kim") == {"q1": second, "q2": mark(item="q2")}
    assert book.marks("hw", "lee") == {}
    assert [entry.mark() for entry in book.mark_history("hw", "kim", "q1")] == [first, second]
    assert len(book.mark_history("hw", "kim")) == 3


def test_adding_the_same_mark_again_changes_nothing(book):
    assert book.add_mark("hw", mark())
    assert not book.add_mark("hw", mark(points="1.50"))
    assert len(book.mark_history("hw", "kim")) == 1


def test_all_marks_gives_students_then_items(book):
    book.add_marks("hw", [mark(), mark("lee", "q2")])
    book.add_mark("other", mark("park"))
    assert book.all_marks("hw") == {"kim": {"q1": mark()}, "lee": {"q2": mark("lee", "q2")}}


def test_a_withdrawn_mark_counts_no_more_and_stays_in_the_history(book):
    book.add_mark("hw", mark())
    assert book.withdraw_mark("hw", "kim", "q1", marker="prof", now=NOW + timedelta(hours=1))
    assert not book.withdraw_mark("hw", "kim", "q1", marker="prof", now=NOW + timedelta(hours=2))
    assert book.marks("hw", "kim") == {}
    assert [(entry.points, entry.marker) for entry in book.mark_history("hw", "kim")] == [
        (Decimal("1.5"), "ta"),
        (None, "prof"),
    ]


def test_add_marks_adds_nothing_if_one_was_marked_meanwhile(book):
    book.add_mark("hw", mark("lee", points="1", marker="prof"))
    with pytest.raises(GradebookError, match=r"nothing was changed: lee, q1: now 1 by prof"):
        book.add_marks("hw", [mark(), mark("lee")], expected={("kim", "q1"): None, ("lee", "q1"): None})
    assert book.all_marks("hw") == {"lee": {"q1": mark("lee", points="1", marker="prof")}}


# --- processes ---


def test_two_processes_at_once_lose_nothing(place):
    processes = [writer(place, prefix, 25) for prefix in ("a", "b")]  # both also make the tables
    for process in processes:
        process.communicate(timeout=120)
    assert [process.returncode for process in processes] == [0, 0]
    with Gradebook.open(place) as book:
        expected = sorted(f"{prefix}{number}" for prefix in "ab" for number in range(25))
        assert [found.student for found in book.results("hw")] == expected


def test_a_process_killed_while_it_writes_leaves_whole_rows(place, raw):
    for attempt in range(3):
        process = writer(place, f"{attempt}-", 100_000)
        reported = [process.stdout.readline() for _ in range(5 + attempt)]
        os.kill(process.pid, signal.SIGKILL)
        with process.stdout:
            rest = process.stdout.read()  # not communicate(): that passes over what readline() has buffered
        process.wait(timeout=60)
        done = len(reported) + rest.count("\n")
        with Gradebook.open(
            place
        ) as book:  # waits, if need be, until a server has ended the killed one's transaction
            found = sorted(row.student for row in book.rows("hw", student_like=f"{attempt}-"))
            assert len(list(book.results("hw"))) == len(list(book.rows("hw")))
        # What was reported is there; one more may have been committed before it could be reported.
        assert done <= len(found) <= done + 1
    if "://" not in place:
        assert raw(place, "pragma integrity_check") == [("ok",)]


def test_a_writer_waits_for_another(place):
    with Gradebook.open(place) as book, book._database.writing():
        process = writer(place, "w", 1)
        time.sleep(1.0)
        assert process.poll() is None
    assert process.communicate(timeout=60)[0] == "0\n"
    with Gradebook.open(place) as book:
        assert book.latest("hw", "w0") is not None
