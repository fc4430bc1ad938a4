"""`assignment.yaml`: what would not count as its author means it is an error with its place."""

import shutil
from pathlib import Path

import pytest

from grader.assignment import load_assignment
from grader.errors import AssignmentError

SMALL = Path(__file__).parents[1] / "data" / "small_assignment"
CHOICE = """
  - id: q2
    title: Which one?
    kind: choice
    notebook: Scaling.ipynb
    heading: Inline Question 2
    points: 1
    options: 3
    slots:
      - {{id: one, accept: [[1], {accepted}], points: 1}}
"""


def with_choice(folder, accepted):
    shutil.copytree(SMALL, folder, dirs_exist_ok=True)
    text = (SMALL / "assignment.yaml").read_text("utf-8").rstrip() + CHOICE.format(accepted=accepted)
    (folder / "assignment.yaml").write_text(text, "utf-8")
    return load_assignment(folder)


def test_choice_among_the_options_is_taken(tmp_path):
    assert with_choice(tmp_path, "[2, 3]").spec.questions[-1].slots[0].accept == [[1], [2, 3]]


@pytest.mark.parametrize("number", [0, 4])
def test_choice_that_nobody_has_is_an_error(tmp_path, number):
    with pytest.raises(
        AssignmentError,
        match=rf"assignment\.yaml:\d+:\d+: .*slot one accepts {number}, but there are 3 options",
    ):
        with_choice(tmp_path, f"[{number}]")
