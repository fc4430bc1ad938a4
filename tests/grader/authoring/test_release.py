"""The student template: generated whole, the same every time, and free of solutions."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from grader.assignment import load_assignment
from grader.authoring.kit import FIXTURES
from grader.authoring.release import leaks, release, release_files, stale
from grader.errors import AssignmentError, UsageError

ROOT = Path(__file__).parents[3]
SMALL = ROOT / "tests" / "data" / "small_assignment"
REAL = sorted(
    path.parent
    for path in ROOT.glob("assignments/*/assignment.yaml")
    if (path.parent / "checks.py").is_file()
)


@pytest.fixture
def small(tmp_path):
    folder = tmp_path / "assignments" / "small"
    shutil.copytree(SMALL, folder)
    return load_assignment(folder)


def add_to_provided(assignment, text):
    path = assignment.source / "pkg/helpers.py"
    path.write_text(path.read_text() + text)


def test_release_writes_what_students_need(small, tmp_path):
    out = tmp_path / "out"
    names = release(small, out)
    assert set(names) == {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert {"README.md", "Scaling.ipynb", "check.py", "pkg/helpers.py", "pkg/scaling.py", FIXTURES} <= set(
        names
    )
    assert stale(small, out) == ()
    assert leaks(small, out) == ()


def test_release_is_the_same_byte_for_byte(small):
    assert release_files(small) == release_files(small)


def test_release_takes_fixtures_that_were_made_before(small):
    arrays = {"columns_are_scaled": {"out": np.ones(2)}}
    assert release_files(small, fixtures=arrays)[FIXTURES] != release_files(small)[FIXTURES]


def test_release_replaces_an_old_template_whole(small, tmp_path):
    out = tmp_path / "out"
    release(small, out)
    (out / "left_over.py").write_text("x = 1\n")
    release(small, out)
    assert not (out / "left_over.py").exists()


def test_release_never_replaces_another_folder(small, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")
    with pytest.raises(UsageError, match=r"mine: is there, and is no released template"):
        release(small, tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "precious"


def test_stale_names_what_differs(small, tmp_path):
    out = tmp_path / "out"
    release(small, out)
    (out / "pkg/scaling.py").write_text("changed\n")
    (out / "README.md").unlink()
    (out / "extra.txt").write_text("")
    assert stale(small, out) == (
        "README.md: missing",
        "extra.txt: not generated; remove it",
        "pkg/scaling.py: differs from what is generated",
    )


def test_stale_sees_a_changed_reference_but_not_its_rounding(small, tmp_path):
    out = tmp_path / "out"
    release(small, out)
    source = small.source / "pkg/scaling.py"
    text = source.read_text()
    source.write_text(text.replace("return x / divisor", "return x * (1 / divisor)"))
    assert stale(small, out) == ()
    source.write_text(text.replace("return x / divisor", "return x / divisor + 1e-3"))
    assert stale(small, out) == (f"{FIXTURES}: differs from what is generated",)


@pytest.mark.parametrize(
    ("file", "text", "found"),
    [
        pytest.param(
            "pkg/helpers.py",
            "\ndivisor = np.where(top > 0,   top, 1.0)  # hm\n",
            "pkg/helpers.py, line 10: holds a line of a solution",
            id="another-module",
        ),
        pytest.param(
            "notes.md",
            "So that all columns have magnitudes of the same range.",
            "notes.md, line 1",
            id="answer",
        ),
        pytest.param("check.py", "best_scale = scale.max()", "check.py, line 1", id="cell"),
        pytest.param(
            "notes.txt",
            "assert scale.max() == 1.0, 'only the instructor runs this'",
            "notes.txt, line 1",
            id="hidden",
        ),
    ],
)
def test_leaks_finds_a_surviving_line_in_any_file(small, tmp_path, file, text, found):
    out = tmp_path / "out"
    release(small, out)
    before = (out / file).read_text() if (out / file).exists() and file != "check.py" else ""
    (out / file).write_text(before + text)
    assert [leak.startswith(found) for leak in leaks(small, out)] == [True]


def test_leaks_finds_a_notebook_that_was_not_blanked(small, tmp_path):
    out = tmp_path / "out"
    release(small, out)
    shutil.copy(small.source / "Scaling.ipynb", out / "Scaling.ipynb")
    assert {leak.partition(":")[0] for leak in leaks(small, out)} == {
        "Scaling.ipynb, cell 4",
        "Scaling.ipynb, cell 5",
        "Scaling.ipynb, cell 7",
    }


def test_line_that_the_source_shows_anyway_is_no_leak_but_a_whole_solution_is(small):
    add_to_provided(small, "\n\ndef example(x, divisor):\n    return x / divisor\n")
    assert release_files(small)
    add_to_provided(
        small,
        "\n\ndef copy(x):\n    top = largest(x)\n    divisor = np.where(top > 0, top, 1.0)\n    return x / divisor\n",
    )
    with pytest.raises(
        AssignmentError, match=r"pkg/helpers\.py: holds a whole solution, from 'top=largest\(x\)' on"
    ):
        release_files(small)


def test_source_that_is_wrong_is_refused_and_the_old_template_stays(small, tmp_path):
    out = tmp_path / "out"
    release(small, out)
    path = small.source / "pkg/scaling.py"
    path.write_text(path.read_text().replace("# END SOLUTION", "", 1))
    with pytest.raises(
        AssignmentError,
        match=r"small/source/pkg/scaling\.py, line 28: BEGIN SOLUTION inside the region of line 10",
    ):
        release(small, out)
    assert (out / "check.py").is_file()


@pytest.mark.parametrize("folder", REAL, ids=lambda path: path.name)
def test_templates_in_the_repository_are_current_and_give_nothing_away(folder):
    assignment = load_assignment(folder)
    template = ROOT / "student_template" / assignment.name
    assert stale(assignment, template) == (), f"run: grader release {assignment.name}"
    assert leaks(assignment, template) == ()


@pytest.mark.parametrize("folder", REAL, ids=lambda path: path.name)
def test_released_modules_compile(folder):
    for path in (ROOT / "student_template" / folder.name).rglob("*.py"):
        compile(path.read_text(encoding="utf-8"), str(path), "exec")
