"""The gradebook on real SQLite files, with real processes that write at once and are killed."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from grader.errors import GradebookError
from grader.model import CheckResult, ManualMark, Outcome, Result, Status
from grader.records import gradebook
from grader.records.gradebook import SCHEMA, Gradebook

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
with Gradebook.open(Path(sys.argv[1])) as book:
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
def book(tmp_path):
    with Gradebook.open(tmp_path / "state" / "gradebook.sqlite") as opened:
        yield opened


def writer(path, prefix, count):
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), prefix, str(count)], stdout=subprocess.PIPE, text=True
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


def test_recording_the_same_twice_leaves_one_row(book, tmp_path):
    assert book.record("hw", result(), NOW)
    assert not book.record("hw", result(), NOW + timedelta(days=1))
    with sqlite3.connect(tmp_path / "state" / "gradebook.sqlite") as raw:
        assert raw.execute("select count(*) from gradebook_results").fetchone() == (1,)
    raw.close()
    assert [row.graded_at for row in book.rows("hw")] == [NOW]


def test_the_newest_result_counts_also_when_it_is_an_older_one_again(book):
    for score in ("1", "2", "1"):
        assert book.record("hw", result(score=Decimal(score)), NOW)
    assert book.latest("hw", "kim").score == 1
    assert [row.score for row in book.rows("hw")] == [1]
    assert [found.score for found in book.results("hw")] == [1]


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


def test_a_student_whose_name_is_not_unicode_is_found_again(book):
    student = os.fsdecode(b"k\xeem")
    book.record("hw", result(student), NOW)
    assert book.latest("hw", student).student == student


def test_a_damaged_document_is_named(book, tmp_path):
    book.record("hw", result(), NOW)
    with sqlite3.connect(tmp_path / "state" / "gradebook.sqlite") as raw:
        raw.execute("update gradebook_results set document = x'00'")
    raw.close()
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


# --- runs ---


def test_runs_keep_what_was_interrupted(book):
    first = book.begin_run("hw", submissions=3, now=NOW)
    second = book.begin_run("hw", submissions=4, now=NOW)
    book.end_run(second, not_graded=1, now=NOW + timedelta(minutes=1))
    runs = book.runs("hw")
    assert [(run.number, run.finished_at, run.not_graded) for run in runs] == [
        (first, None, None),
        (second, NOW + timedelta(minutes=1), 1),
    ]
    with pytest.raises(GradebookError, match=r"no run has the number 99"):
        book.end_run(99, not_graded=0, now=NOW)


# --- processes ---


def test_two_processes_at_once_lose_nothing(tmp_path):
    path = tmp_path / "gradebook.sqlite"
    processes = [writer(path, prefix, 25) for prefix in ("a", "b")]  # both also make the tables
    for process in processes:
        process.communicate(timeout=120)
    assert [process.returncode for process in processes] == [0, 0]
    with Gradebook.open(path) as book:
        expected = sorted(f"{prefix}{number}" for prefix in "ab" for number in range(25))
        assert [found.student for found in book.results("hw")] == expected


def test_a_process_killed_while_it_writes_leaves_whole_rows(tmp_path):
    path = tmp_path / "gradebook.sqlite"
    for attempt in range(3):
        process = writer(path, f"{attempt}-", 100_000)
        reported = [process.stdout.readline() for _ in range(5 + attempt)]
        os.kill(process.pid, signal.SIGKILL)
        rest, _ = process.communicate(timeout=60)
        done = len(reported) + rest.count("\n")
        with Gradebook.open(path) as book:
            found = sorted(row.student for row in book.rows("hw", student_like=f"{attempt}-"))
            assert len(list(book.results("hw"))) == len(list(book.rows("hw")))
        # What was reported is there; one more may have been committed before it could be reported.
        assert done <= len(found) <= done + 1
    with sqlite3.connect(path) as raw:
        assert raw.execute("pragma integrity_check").fetchone() == ("ok",)
    raw.close()


def test_a_writer_waits_for_another(tmp_path):
    path = tmp_path / "gradebook.sqlite"
    with Gradebook.open(path) as book:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("begin immediate")
        process = writer(path, "w", 1)
        time.sleep(1.0)
        assert process.poll() is None
        other.execute("commit")
        other.close()
        assert process.communicate(timeout=60)[0] == "0\n"
        assert book.latest("hw", "w0") is not None


# --- opening ---


def test_open_takes_a_url(tmp_path):
    with Gradebook.open(f"sqlite:///{tmp_path}/g.sqlite") as book:
        book.record("hw", result(), NOW)
    with Gradebook.open(str(tmp_path / "g.sqlite")) as book:
        assert book.latest("hw", "kim") is not None


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("mysql://user:secret@host/db", r"^mysql://\*\*\*@host/db: expected a file path, sqlite"),
        ("sqlite://", r"^sqlite://: expected"),
        ("sqlite:///:memory:", r"expected a file path"),
        ("postgresql+psycopg://user:secret@host", r"^postgresql\+psycopg://\*\*\*@host: expected"),
        ("://", r"not a database URL"),
    ],
)
def test_open_refuses_other_places_without_showing_passwords(url, reason):
    with pytest.raises(GradebookError, match=reason) as caught:
        Gradebook.open(url)
    assert "secret" not in str(caught.value)


def test_open_says_what_to_install_for_postgresql(monkeypatch):
    def no_driver(_url):
        raise ModuleNotFoundError("No module named 'psycopg'", name="psycopg")

    monkeypatch.setattr(sa, "create_engine", no_driver)
    with pytest.raises(
        GradebookError,
        match=r"^postgresql\+psycopg://u:\*\*\*@h/d: psycopg is not .* `gradecheck\[postgres\]`",
    ):
        Gradebook.open("postgresql://u:secret@h/d")


@pytest.mark.parametrize("table", gradebook._TABLES.sorted_tables, ids=lambda table: table.name)
def test_the_tables_can_be_written_for_postgresql(table):
    made = str(CreateTable(table).compile(dialect=postgresql.dialect()))
    assert "SERIAL" in made or table.name == "gradebook_meta"
    assert "AUTOINCREMENT" not in made


def test_open_names_a_gradebook_of_another_schema(tmp_path):
    path = tmp_path / "g.sqlite"
    Gradebook.open(path).close()
    with sqlite3.connect(path) as raw:
        raw.execute("update gradebook_meta set value = '99' where key = 'schema'")
    raw.close()
    with pytest.raises(
        GradebookError, match=rf"g\.sqlite: a gradebook of schema 99, this program knows {SCHEMA}"
    ):
        Gradebook.open(path)


def test_open_names_a_file_that_is_no_database(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("these are no tables at all " * 50, encoding="utf-8")
    with pytest.raises(GradebookError, match=r"notes\.txt: .*file is not a database"):
        Gradebook.open(path)
    assert path.read_text(encoding="utf-8").startswith("these")


def test_open_names_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(GradebookError, match=r"g\.sqlite: its folder cannot be made"):
        Gradebook.open(tmp_path / "file" / "g.sqlite")


def test_open_proves_that_it_can_write(tmp_path):
    path = tmp_path / "g.sqlite"
    Gradebook.open(path).close()
    probe = "select value from gradebook_meta where key = 'probe'"
    with sqlite3.connect(path) as raw:
        before = raw.execute(probe).fetchone()
        Gradebook.open(path).close()
        assert raw.execute(probe).fetchone() != before
    raw.close()


def test_the_file_uses_the_write_ahead_log(book):
    with sqlite3.connect(Path(book.place)) as raw:
        assert raw.execute("pragma journal_mode").fetchone() == ("wal",)
    raw.close()
