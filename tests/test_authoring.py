"""docs/authoring.md keeps its word: the course in it is built from the page alone, and the real commands prove it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from grader.assignment import Assignment, load_assignment
from grader.probe import Check
from grader.suite import load_suite

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "authoring.md"
FILES = re.compile(r'^```\w+ title="(?P<path>[^"]+)"\n(?P<text>.*?)^```$', re.MULTILINE | re.DOTALL)
TERM = re.compile(r"^\| (?P<names>`\w+`(?:, `\w+`)*) \|", re.MULTILINE)


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A folder with what the page shows, and nothing else; released as the page says."""
    folder = tmp_path_factory.mktemp("authoring")
    for found in FILES.finditer(PAGE.read_text("utf-8")):
        path = folder / found["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(found["text"], "utf-8")
    done = grader("release", "assignments/row_norm", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


def run(*command, cwd):
    environment = {**os.environ, "COLUMNS": "160", "NO_COLOR": "1"}
    return subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def grader(*arguments, cwd):
    return run(sys.executable, "-P", "-c", "from grader.cli import main; main()", *arguments, cwd=cwd)


def test_page_holds_all_files_of_the_example(house):
    shown = {found["path"] for found in FILES.finditer(PAGE.read_text("utf-8"))}
    assert shown == {
        "mycourse.py",
        "assignments/row_norm/assignment.yaml",
        "assignments/row_norm/checks.py",
        "assignments/row_norm/samples.yaml",
        "assignments/row_norm/source/RowNorm.ipynb",
        "assignments/row_norm/source/by_hand/__init__.py",
        "assignments/row_norm/source/by_hand/norm.py",
    }


def test_release_gives_students_no_solution_and_a_self_check(house):
    template = house / "student_template" / "row_norm"
    module = (template / "by_hand" / "norm.py").read_text("utf-8")
    assert "raise NotImplementedError" in module
    assert "x.var(" not in module
    assert "epsilon" not in (template / "selfcheck" / "checks.py").read_text("utf-8"), (
        "hidden checks stay here"
    )
    blank = run(sys.executable, "check.py", cwd=template)
    assert blank.returncode == 1, blank.stderr
    assert "not written yet" in blank.stdout
    notebook = json.loads((template / "RowNorm.ipynb").read_text("utf-8"))
    assert "[FILL THIS IN]" in json.dumps(notebook)


def test_self_check_passes_the_solution(house, tmp_path):
    template = house / "student_template" / "row_norm"
    for path in template.rglob("*"):
        if path.is_file():
            target = tmp_path / path.relative_to(template)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    solution = house / "assignments" / "row_norm" / "source" / "by_hand" / "norm.py"
    (tmp_path / "by_hand" / "norm.py").write_bytes(solution.read_bytes())
    done = run(sys.executable, "check.py", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.sandbox
def test_validate_proves_every_line(house):
    done = grader("validate", "assignments/row_norm", cwd=house)
    assert done.returncode == 0, done.stdout + done.stderr
    recipes = YAML(typ="safe").load((house / "assignments" / "row_norm" / "samples.yaml").read_text("utf-8"))
    for sample in recipes["samples"]:
        assert sample in done.stdout


@pytest.mark.sandbox
def test_check_names_what_is_wrong_with_a_sample(house):
    done = grader("check", "assignments/row_norm", "assignments/row_norm/samples/wrong_axis", cwd=house)
    assert done.returncode == 1
    assert "failed  row_norm: Each row is normalised, then scaled and shifted." in done.stdout
    assert "which axis do they run over?" in done.stdout


def test_every_check_of_the_example_fails_in_some_sample(house):
    """The page asks for this of every assignment, so its own has it."""
    assignment = load_assignment(house / "assignments" / "row_norm")
    assert isinstance(assignment, Assignment)
    ids = {check.id for check in load_suite(assignment).checks}
    recipes = YAML(typ="safe").load((assignment.folder / "samples.yaml").read_text("utf-8"))["samples"]
    failed = {
        check
        for recipe in recipes.values()
        for check, expected in recipe["verdict"].get("checks", {}).items()
        if expected["outcome"] == "failed"
    }
    assert failed == ids


def test_table_of_terms_is_the_decorator():
    table = PAGE.read_text("utf-8").partition("| term | meaning |")[2].partition("\n\n")[0]
    named = {name for row in TERM.finditer(table) for name in re.findall(r"\w+", row["names"])}
    assert named == set(Check.__dataclass_fields__) - {"id", "title", "probe"}
