"""Wrong code as two of the courses' documents print it, all the way: handed in, run in a room, told on the student's page."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from grader.assignment import load_assignment
from grader.authoring.source import solution_files
from grader.pipeline import Settings, grade
from grader.seed import Seed
from grader.state import State

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.sandbox

# Its printed value in test mode is 0.61237244; with eps it is 0.61237198.
TEST_MODE = """
    if bn_param["mode"] == "test":
        return gamma * ((x - bn_param["running_mean"]) / np.sqrt(bn_param["running_var"])) + beta
    if bn_param["mode"] == "train":"""
TUFTS = {"implementations/layers.py": ('\n    if bn_param["mode"] == "train":', TEST_MODE)}

CORRECTED = "variance = np.var(flow, axis=1, keepdims=True) * (X.shape[1] - 1) / X.shape[1]"
KTH = {"bnn.py": ("variance = ((flow - mean) ** 2).mean(axis=1, keepdims=True)", CORRECTED)}


def page(course: str, edits: dict[str, tuple[str, str]], folder: Path) -> str:
    """What the student reads: the words of the page, for the solution's modules with one mistake, and no notebook."""
    assignment = load_assignment(ROOT / "assignments" / course)
    for path, data in solution_files(assignment).items():
        if path.endswith(".py"):
            text = data.decode()
            old, new = edits.get(path, ("", ""))
            assert not old or text.count(old) == 1
            target = folder / "class" / "student" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text.replace(old, new) if old else text)
    settings = Settings(out=folder / "out", state=State(folder / "state"), jobs=1, seed=Seed.of(4))
    grade(assignment, [folder / "class"], settings)
    report = (folder / "out" / "students" / "student.html").read_text("utf-8")
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", report)))


@pytest.mark.parametrize(
    ("course", "edits", "sentences"),
    [
        pytest.param(
            "tufts_batchnorm",
            TUFTS,
            [
                "It looks like test mode takes no eps, or one too small to count; training and test should divide in the same way.",
                "out relative error 3.7e-07",
                "0.61237244 is what comes out when test mode leaves eps away.",
            ],
            id="test-mode-without-eps",
        ),
        pytest.param(
            "kth_batchnorm",
            KTH,
            [
                "It looks like the variance is multiplied by (N - 1) / N although it was divided by N already",
                "the variance is (n - 1)/n times the batch's: np.var divides by n already",
            ],
            id="variance-corrected-twice",
        ),
    ],
)
def test_the_students_page_says_what_is_wrong(
    course: str, edits: dict[str, tuple[str, str]], sentences: list[str], tmp_path: Path
) -> None:
    told = page(course, edits, tmp_path)
    for sentence in sentences:
        assert sentence in told
    assert len(set(re.findall(r"It looks like [^.;?]*", told))) == 1, "one mistake, one sentence"
