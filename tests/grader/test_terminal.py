"""What the commands print: whole lines at any width, progress where there is no terminal, nothing that drives a terminal."""

import io
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from grader import terminal
from grader.model import CheckResult, Outcome, Result, Status
from grader.pipeline import Line, Summary
from grader.records.filling import Filled
from grader.terminal import ClassProgress, print_handed_over, print_result, print_summary


@pytest.fixture
def printed(monkeypatch):
    """Gives what was printed, to stdout and to stderr, on a screen of so many columns."""

    def screen(width=80):
        files = io.StringIO(), io.StringIO()
        for name, file in zip(("OUTPUT", "ERRORS"), files, strict=True):
            monkeypatch.setattr(terminal, name, Console(file=file, width=width, highlight=False))
        return lambda: tuple(file.getvalue().splitlines() for file in files)

    return screen


def line(student, status=Status.COMPLETE, pending=0, noticed="", name=""):
    return Line(
        student=student,
        name=name,
        status=status,
        score="8",
        max_score="10",
        pending=pending,
        failed=0,
        noticed=noticed,
    )


def summary(*lines):
    return Summary(lines=lines, executed=1, reused=2, wall_s=3.21, index=Path("graded/index.html"))


def result(student, status=Status.COMPLETE, *checks):
    points = {"score": Decimal(1), "max_score": Decimal(2), "pending": 0}
    return Result(student=student, digest="d", evidence="e", status=status, checks=checks, **points)


@pytest.mark.parametrize("width", [60, 80, 140])
def test_the_table_keeps_one_line_for_each_student_at_any_width(printed, width):
    shown = printed(width)
    long = "relu_backward: dx is wrong wherever x is not positive, " * 5
    print_summary(summary(line("kim"), line("a" * 40, Status.NOT_GRADED, noticed=long)))
    out, _ = shown()
    table = out[: out.index("")]
    assert [words.split()[0][:3] for words in table] == ["stu", "kim", "aaa"]
    assert max(map(len, table)) <= width
    assert "NOT GRADED" in table[2]
    assert "…" in table[2]
    assert (
        out[-2] == "2 submissions: 1 complete, 1 NOT GRADED; 1 run, 2 recalled, 3.2 s"[:width] or width < 80
    )
    assert out[-1] == "Reports: graded/index.html"


@pytest.mark.parametrize("width", [60, 80, 140])
def test_the_table_has_names_where_there_are_any(printed, width):
    shown = printed(width)
    long = "dx is wrong wherever x is not positive, " * 5
    print_summary(
        summary(
            line("1000", Status.NOT_GRADED, noticed=long, name="김민지 " * 9),
            line("a" * 40, noticed=long, name="Ana López"),
            line("kim"),
        )
    )
    out, _ = shown()
    table = out[: out.index("")]
    assert table[0].split()[:3] == ["student", "name", "points"]
    assert [words.split()[0][:3] for words in table] == ["stu", "100", "aaa", "kim"]
    assert "김민" in table[1]
    assert "Ana López" in table[2]
    assert max(map(cell_len, table)) <= width


@pytest.mark.parametrize(("pending", "words"), [(1, "1 mark pending"), (12, "12 marks pending")])
def test_the_table_counts_pending_marks(printed, pending, words):
    shown = printed()
    print_summary(summary(line("kim", Status.PENDING, pending)))
    assert words in shown()[0][1]


def test_of_a_large_class_only_those_who_need_a_person_are_listed(printed):
    shown = printed()
    many = [line(f"s{number:03}") for number in range(100)]
    print_summary(summary(*many, line("zoe", Status.NOT_GRADED, noticed="not a zip")))
    out, _ = shown()
    assert [row.split()[0] for row in out[1 : out.index("")]] == ["zoe"]
    assert out[-2].startswith("101 submissions: 100 complete, 1 NOT GRADED")


def test_who_was_graded_before_and_is_not_in_this_run_is_counted(printed):
    shown = printed()
    print_summary(replace(summary(line("kim")), others=59))
    assert shown()[0][-1].startswith("59 students graded before are not in these reports")


def test_files_that_were_passed_over_are_named_up_to_a_limit(printed):
    shown = printed()
    names = [f"n[b]{number}.txt" for number in range(12)]
    print_summary(replace(summary(line("kim")), passed_over=tuple(names)))
    assert shown()[0][-1].startswith("Passed over: n[b]0.txt, n[b]1.txt, ")
    assert " and 2 more; only folders, zips" in shown()[0][-1]


def test_what_students_wrote_cannot_drive_the_terminal(printed):
    shown = printed()
    print_summary(summary(line("[red]kim[/]", noticed="\x1b[2J[bold]\u202egone\n")))
    row = shown()[0][1]
    assert "[red]kim[/]" in row
    assert "[bold]" in row
    assert not {"\x1b", "\u202e"} & set(row)


def test_progress_without_a_terminal_is_plain_lines(printed):
    shown = printed()
    with ClassProgress() as progress:
        progress.found(2)
        progress.finished(result("kim"), reused=True)
        progress.finished(result("lee", Status.NOT_GRADED), reused=False)
    _, errors = shown()
    assert errors[0] == "2 submissions found"
    assert errors[-1] == "2/2 graded, 1 not graded, 1 recalled, about 0 s left"


def test_a_hidden_check_is_printed_without_its_figures(printed):
    shown = printed(140)
    values = {"function": "f", "points": Decimal(0), "max_points": Decimal(1), "relative_error": 0.5}
    checks = [
        CheckResult(
            id=f"c{visible}",
            title=f"visible {visible}",
            outcome=Outcome.FAILED,
            tolerance=1e-7,
            reason="off",
            visible=visible,
            **values,
        )
        for visible in (True, False)
    ]
    print_result(result("kim", Status.COMPLETE, *checks))
    out, _ = shown()
    assert out[0] == "failed  f: visible True  error 5.0e-01, tolerance 1e-07"
    assert out[2] == "failed  f: visible False"
    assert out[-1] == "1 of 2 points, complete"


def test_who_was_left_out_is_named_with_the_reason(printed):
    shown = printed()
    notes = ("Moodle counts 100.00 points",)
    print_handed_over(
        Filled(filled=3, left_out=(("[k]im", "not graded"),), unscored=1, notes=notes), Path("o.csv")
    )
    assert shown()[0] == [
        "3 grades in o.csv",
        "left out: [k]im, not graded",
        "1 student of the template has no grade from here; the cell is as it was",
        "note: Moodle counts 100.00 points",
    ]
