from collections.abc import Callable

from grader.model import CellEvidence, CheckResult, Ending, Finding, NotebookEvidence, Outcome, Result
from grader.report.values import class_row


def test_class_row_keeps_outcomes_and_shares_but_no_numbers(wrong: Result) -> None:
    row = class_row(wrong, href="students/mk42.html")
    assert (row.student, row.href, row.pending, row.notes) == ("mk42", "students/mk42.html", 1, 2)
    assert [mark.share for mark in row.checks] == [1.0, 0.0, 0.0, 0.6, 0.0]


def test_class_row_counts_a_finding_once_and_prefers_the_certain_one(
    make_check: Callable[..., CheckResult], make_result: Callable[..., Result]
) -> None:
    guess = Finding(id="eps", student="Perhaps.")
    sure = Finding(id="eps", student="Sure.", instructor="For the lecture.", certain=True)
    checks = [
        make_check(str(i), Outcome.FAILED, 0, findings=(f,)) for i, f in enumerate((guess, sure, guess))
    ]
    (seen,) = class_row(make_result(checks=tuple(checks))).findings
    assert (seen.text, seen.certain) == ("For the lecture.", True)


def test_class_row_names_the_three_slowest_cells(make_result: Callable[..., Result]) -> None:
    cells = tuple(
        CellEvidence(index=i, ending=Ending.ANSWERED, wall_s=s) for i, s in enumerate((1, 5, 0, 3, 4))
    )
    notebook = NotebookEvidence(path="a.ipynb", ending=Ending.ANSWERED, cells=cells)
    assert [cell.index for cell in class_row(make_result(notebooks=(notebook,))).slow_cells] == [1, 4, 3]


def test_class_row_of_a_check_without_points(
    make_check: Callable[..., CheckResult], make_result: Callable[..., Result]
) -> None:
    assert class_row(make_result(checks=(make_check("a", points=0, most=0),))).checks[0].share == 0.0
