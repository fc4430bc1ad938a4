"""What is decided between evidence and score."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from grader.grading import with_stand_ins
from grader.model import CheckEvidence, Ending, Evidence, Submission


def _ending_of_each(stand_ins: tuple[tuple[str, str], ...]) -> dict[str, CheckEvidence]:
    suite = cast(
        "Any",
        SimpleNamespace(
            of_modules=[SimpleNamespace(id="c")],
            in_notebook=lambda path: [SimpleNamespace(id=name) for name in {"Lab.ipynb": "ab"}[path]],
        ),
    )
    submission = Submission(student="s", origin="s", files=(), digest="d", stand_ins=stand_ins)
    given = {"a": Ending.MISSING, "b": Ending.RAISED, "c": Ending.MISSING}
    evidence = Evidence(
        key="k",
        submission="d",
        suite="s",
        seed_id="0",
        checks=tuple(CheckEvidence(check=name, ending=ending) for name, ending in given.items()),
    )
    return {answer.check: answer for answer in with_stand_ins(suite, submission, evidence).checks}


def test_checks_of_an_absent_notebook_wait_where_a_file_may_show_the_same() -> None:
    found = _ending_of_each((("Lab.ipynb", "doc/report.pdf"),))
    assert {name: answer.ending for name, answer in found.items()} == {
        "a": Ending.NEEDS_PERSON,
        "b": Ending.RAISED,  # what was there and went wrong is told as that
        "c": Ending.MISSING,  # a check of the modules
    }
    assert "see whether doc/report.pdf shows" in found["a"].detail


def test_checks_of_an_absent_notebook_stay_missing_where_nothing_stands_in() -> None:
    assert _ending_of_each(())["a"].ending is Ending.MISSING


def test_checks_of_modules_wait_where_the_work_is_a_script_for_a_framework() -> None:
    found = _ending_of_each((("net.py", "net_torch.py"),))
    assert (found["a"].ending, found["c"].ending) == (Ending.MISSING, Ending.NEEDS_PERSON)
