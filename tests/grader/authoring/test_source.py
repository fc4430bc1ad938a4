"""The instructor's source, solved and blank."""

import json
import shutil
from pathlib import Path

import pytest

from grader.assignment import load_assignment
from grader.authoring.cells import parse_notebook, source_of
from grader.authoring.source import blank_files, given_files, secret_blocks, solution_files, student_paths
from grader.errors import AssignmentError

SMALL = Path(__file__).parents[2] / "data" / "small_assignment"


@pytest.fixture
def small(tmp_path):
    folder = tmp_path / "small"
    shutil.copytree(SMALL, folder)
    return load_assignment(folder)


def cells(files):
    return {cell["id"]: source_of(cell) for cell in parse_notebook(files["Scaling.ipynb"], "n")["cells"]}


def edit_notebook(assignment, change):
    path = assignment.source / "Scaling.ipynb"
    notebook = json.loads(path.read_text())
    change(notebook["cells"])
    path.write_text(json.dumps(notebook))


def test_solution_is_what_a_student_would_hand_in(small):
    files = solution_files(small)
    assert tuple(files) == student_paths(small) == ("pkg/scaling.py", "Scaling.ipynb")
    assert b"x / divisor" in files["pkg/scaling.py"]
    assert "best_scale = scale.max()" in cells(files)["use"]
    assert cells(files)["answer"].startswith("So that all columns")
    assert not any(b"SOLUTION" in data or b"HIDDEN" in data for data in files.values())


def test_blank_has_no_solution_no_answer_and_no_hidden_cell(small):
    files = blank_files(small)
    assert b"divisor" not in files["pkg/scaling.py"]
    assert "best_scale" not in cells(files)["use"]
    assert cells(files)["answer"] == "[FILL THIS IN]"
    assert "hidden" not in cells(files)
    assert b"only the instructor" not in files["Scaling.ipynb"]
    assert b"old" not in files["Scaling.ipynb"]


def test_blank_modules_compile(small):
    compile(blank_files(small)["pkg/scaling.py"], "scaling.py", "exec")


def test_secret_blocks_are_regions_hidden_ones_and_answers(small):
    blocks = secret_blocks(small)
    assert ("        out = x * self.factors",) in blocks
    assert ("assert scale.max() == 1.0, 'only the instructor runs this'",) in blocks
    assert ("So that all columns have magnitudes of the same range.",) in blocks
    assert len(blocks) == 6


def test_given_files_are_the_provided_ones_as_they_are(small):
    assert given_files(small) == {"pkg/helpers.py": (small.source / "pkg/helpers.py").read_bytes()}


def test_provided_file_with_a_region_is_refused(small):
    (small.source / "pkg/helpers.py").write_text("# BEGIN SOLUTION\nx = 1\n# END SOLUTION\n")
    with pytest.raises(
        AssignmentError,
        match=r"small/source/pkg/helpers\.py: a provided file .* cannot hold solution regions",
    ):
        given_files(small)


def test_error_in_a_cell_names_notebook_cell_and_line(small):
    edit_notebook(small, lambda cells: cells[3].update(source="x = 1\n# BEGIN SOLUTION"))
    with pytest.raises(
        AssignmentError, match=r"small/source/Scaling\.ipynb, cell 4, line 2: BEGIN SOLUTION is never closed"
    ):
        blank_files(small)


def test_question_without_an_answer_cell_is_refused(small):
    edit_notebook(small, lambda cells: cells.pop())
    with pytest.raises(
        AssignmentError, match=r"Scaling\.ipynb: no cell for the answer to q1; give it the metadata"
    ):
        blank_files(small)


def test_question_that_the_assignment_lacks_is_refused(small):
    edit_notebook(small, lambda cells: cells[0].update(metadata={"gradecheck": {"question": "q9"}}))
    with pytest.raises(AssignmentError, match=r"Scaling\.ipynb, cell 1: question 'q9' is not among"):
        blank_files(small)


def test_module_that_is_not_utf8_is_refused(small):
    (small.source / "pkg/scaling.py").write_bytes(b"# caf\xe9\n")
    with pytest.raises(AssignmentError, match=r"scaling\.py: byte 5 is not UTF-8"):
        solution_files(small)
