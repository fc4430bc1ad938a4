"""What students are told."""

from pathlib import Path

from grader.assignment import load_assignment
from grader.authoring.student_readme import student_readme

SPEC = load_assignment(Path(__file__).parents[2] / "data" / "small_assignment").spec


def test_readme_names_every_file_and_what_to_hand_in():
    text = student_readme(SPEC, "scale_forward", {})
    assert text.startswith("# Scaling\n")
    for words in (
        "| `pkg/scaling.py` | yours to write: `scale_forward`, `Scaler` |",
        "| `pkg/helpers.py` | complete; grading uses our copy",
        "    python check.py scale_forward",
        '    check("scale_forward")',
        "- `Scaling.ipynb`\n",
        "Answer the inline question in the notebook.",
    ):
        assert words in text


def test_readme_names_what_is_really_unwritten():
    text = student_readme(SPEC, "f", {"pkg/scaling.py": ["one", "two"]})
    assert "| `pkg/scaling.py` | yours to write: `one`, `two` |" in text


def test_readme_without_public_checks_promises_none():
    assert "check.py scale" not in student_readme(SPEC, "", {})
    assert "## Check your work" not in student_readme(SPEC, "", {})


def test_readme_says_where_the_data_set_goes():
    spec = SPEC.model_copy(update={"data": "cifar10", "data_folder": "pkg/datasets"})
    assert "CIFAR-10 data set (python version): unpack it to `pkg/datasets/`" in student_readme(
        spec, "f", {}
    ).replace("\n", " ")


def test_readme_counts_several_questions():
    spec = SPEC.model_copy(update={"questions": SPEC.questions * 3})
    assert "Answer the 3 inline questions in the notebook." in student_readme(spec, "f", {})
