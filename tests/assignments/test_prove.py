"""The proof goes on where it stopped, begins anew with changed code, and tells what was measured, no more."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from grader.errors import AssignmentError
from grader.probe import Check
from tests.assignments import prove as module
from tests.assignments.prove import Piece, digest, interleaved, pieces, prove
from tests.assignments.validity import Course, Margin, margins, section, summary
from tests.assignments.validity_plot import draw_margins, spread

COURSE = SimpleNamespace(spec=SimpleNamespace(course="A Course, Long Name", title="A Title"))
CHECKS = [Check(id=name, title="t", of="f", probe=lambda impl, rng: {}) for name in ("one", "two")]
RUN = {
    "named": {"f.a": "certain", "f.b": "certain"},
    "wrong": {"one": 3e-4},
    "right": {"one": 2e-12, "two": 0.0},
    "lost": [],
    "variants": 5,
}
SURVEY = {
    "misconceptions": 2,
    "missed": [],
    "mutants": 40,
    "score": 0.975,
    "gaps": [["x -> y", "unseen"]],
    "equivalent": 0,
}


def measured(survey: Any = SURVEY, *runs: Any, checks: Any = CHECKS) -> Course:
    return Course(assignment=COURSE, checks=checks, survey=survey, runs=dict(enumerate(runs)))


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(module, "KEPT", tmp_path)
    return tmp_path


def work(piece: Piece) -> Path:
    """Stands in for the work; on top of the module, so that a process can be told to do it."""
    if piece.course == "broken":
        raise AssignmentError("broken: checks.py is not Python")
    piece.kept.parent.mkdir(parents=True, exist_ok=True)
    with piece.kept.open("a") as file:
        file.write("{}")
    return piece.kept


def piece(folder: Path, course: str, seed: int | None) -> Piece:
    return Piece(course=course, seed=seed, kept=folder / course / f"{seed}.json")


def test_what_is_done_is_not_done_again(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "work", work)
    todo = [piece(kept, "a", number) for number in (None, 0, 1)]
    prove(todo[:2], 1, float("inf"))
    prove(todo, 1, float("inf"))
    assert [one.kept.read_text() for one in todo] == ["{}", "{}", "{}"]


def test_nothing_is_begun_when_the_time_is_over(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "work", work)
    todo = [piece(kept, "a", 0)]
    prove(todo, 1, 0.0)
    assert not todo[0].done


def test_a_course_that_is_broken_does_not_stop_the_others(
    kept: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "work", work)
    todo = [piece(kept, "broken", 0), piece(kept, "a", 0)]
    prove(todo, 1, float("inf"))
    assert [one.done for one in todo] == [False, True]
    assert "broken: checks.py is not Python" in capsys.readouterr().err


def test_a_course_gets_as_many_seeds_as_the_others_whenever_it_ends() -> None:
    by_course = {course: pieces(course, 2) for course in ("cs231n_batchnorm", "ece247_hw4")}
    assert [one.seed for one in interleaved(by_course)] == [None, None, 0, 0, 1, 1]


def test_changed_code_is_measured_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "assignments" / "a" / "source").mkdir(parents=True)
    checks = tmp_path / "assignments" / "a" / "checks.py"
    checks.write_text("1")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    before = digest("a", [])
    (tmp_path / "assignments" / "a" / "notes.md").write_text("not code")
    assert digest("a", [tmp_path / "assignments" / "a" / "notes.md"]) == before
    checks.write_text("2")
    assert digest("a", []) != before


def test_new_reasons_for_survivors_leave_the_seeds_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "assignments" / "a").mkdir(parents=True)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    before = pieces("a", 1)
    (tmp_path / "assignments" / "a" / "mutants.yaml").write_text("gaps: {}")
    after = pieces("a", 1)
    assert before[0].kept != after[0].kept
    assert before[1].kept == after[1].kept


def test_nothing_is_said_of_what_was_not_measured() -> None:
    assert section(measured(None)) == "## A Course, Long Name: A Title\n\nNot measured yet.\n"


def test_the_page_says_over_how_many_seeds() -> None:
    told = section(measured(SURVEY, RUN, RUN))
    assert "Named in 4 runs (2 seeds): with certainty 100 %" in told
    assert "**named wrongly with certainty: 0**" in told
    assert "catch **97.5%**" in told
    assert "- Not noticed: `x -> y`. unseen" in told
    assert (
        "5 implementations over 2 seeds, with 1 and 2 threads of linear algebra: none lost a point." in told
    )
    assert "| `one` | 2e-12 | 1e-07 | 3e-04 |" in told
    assert "`two`" not in told, "no mistake of its function is known"


def test_the_page_lists_what_is_seldom_named_and_what_right_answers_lost() -> None:
    run = {**RUN, "named": {"f.a": "among", "f.b": "wrong"}, "lost": [["loops", "one", "relative error 1"]]}
    told = section(measured({**SURVEY, "missed": ["f.c"]}, run))
    assert "- `f.a`: certain in 0 of 1 runs (among 1)." in told
    assert "**named wrongly with certainty: 1**" in told
    assert "Not caught: `f.c`." in told
    assert "- `loops` in `one`: 1 times." in told


@pytest.mark.parametrize(
    ("count", "told"), [(1999, "99.9 %"), (1, "0.1 %"), (2000, "100 %"), (1000, "50.0 %")]
)
def test_shares_are_whole_only_where_exact(count: int, told: str) -> None:
    names = {f"f.{i}": "certain" if i < count else "among" for i in range(2000)}
    assert f"with certainty {told}" in section(measured(None, {**RUN, "named": names}))


def test_other_shapes_are_told_in_words() -> None:
    checks = [replace(CHECKS[0], tolerance={"out": 1.0})]
    told = section(measured(None, {**RUN, "wrong": {"one": float("inf")}}, checks=checks))
    assert "| `one` | 2e-12 | by array | other shape |" in told


def test_margins_are_the_worst_right_and_the_mildest_wrong_over_all_seeds() -> None:
    milder = {**RUN, "wrong": {"one": 2e-5}, "right": {"one": 1e-13}}
    (margin,) = margins(CHECKS, {0: RUN, 1: milder})
    assert margin == Margin(check="one", right=2e-12, tolerance=1e-7, wrong=2e-5)


def test_the_summary_has_a_line_for_each_course_that_was_measured() -> None:
    lost = {**RUN, "lost": [["loops", "one", "relative error 1"]]}
    told = summary([measured({**SURVEY, "missed": ["f.c"]}, RUN, lost), measured(None)]).splitlines()
    assert len(told) == 3
    cells = [cell.strip() for cell in told[2].strip("|").split("|")]
    assert cells[:7] == ["A Course", "2 of 3", "100 %", "0", "97.5 %", "5 x 2 = 10", "1"]
    assert cells[7:] == ["2e-05 of its tolerance", "3000.0 times its tolerance"]


def test_the_picture_shows_zeros_and_other_shapes_at_its_edges(tmp_path: Path) -> None:
    edges = {**RUN, "wrong": {"one": float("inf"), "two": 1.0}}
    draw_margins([measured(SURVEY, RUN), measured(None, edges)], tmp_path / "margins.png")
    assert (tmp_path / "margins.png").read_bytes().startswith(b"\x89PNG")


def test_neighbours_in_the_picture_do_not_hide_each_other() -> None:
    heights = spread(12)
    assert all(one != other for one, other in pairwise(heights))
    assert max(map(abs, heights)) < 0.17, "right and wrong answers stay apart"


def test_the_pages_are_made_of_what_is_kept(kept: Path) -> None:
    own = [replace(one, kept=kept / f"{one.seed}.json") for one in pieces("cs231n_batchnorm", 2)]
    own[0].kept.write_text(json.dumps(SURVEY))
    own[2].kept.write_text(json.dumps(RUN))
    module.write_pages(module.measured({"cs231n_batchnorm": own}), kept)
    page = (kept / "validity.md").read_text()
    assert page.startswith("# Why to trust the marks")
    assert "| CS231n | 2 of 2 | 100 % |" in page
    assert "<!-- table -->" not in page
    assert "(1 seed)" in (kept / "validity-by-course.md").read_text()
    assert (kept / "images" / "validity-margins.png").is_file()
