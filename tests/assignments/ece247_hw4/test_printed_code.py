"""Three wrong pieces of a homework that was handed in and printed: what its student reads in the report, from end to end."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest

from grader.assignment import load_assignment
from grader.pipeline import Settings, grade
from grader.seed import Seed
from grader.state import State
from reference.misconceptions import CATALOGUE

FOLDER = Path(__file__).parents[3] / "assignments" / "ece247_hw4"
SAMPLE = "document_listings"
#: What is wrong in the sample, and the notebook's section that the student is sent to.
WRONG = {
    "dropout_forward.masked_in_test_mode": "Dropout forward pass",
    "rmsprop.eps_inside_root": "RMSProp",
    "FullyConnectedNet.penalty_gradient_skips_last_layer": "Test all functions you copy and pasted",
}
SENTENCES = {entry.id: entry.student for entry in CATALOGUE}


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any]]:
    """The text of the student's page, and the submission in results.json."""
    room = tmp_path_factory.mktemp("printed")
    settings = Settings(
        out=room / "out", state=State(room / "state"), jobs=1, seed=Seed.of(12), data=None, unsafe=False
    )
    grade(load_assignment(FOLDER), [FOLDER / "samples" / SAMPLE], settings)
    page = (settings.out / "students" / f"{SAMPLE}.html").read_text("utf-8")
    text = re.sub(r"\s+", " ", html.unescape(re.sub("<[^>]+>", " ", page)))
    (submission,) = json.loads((settings.out / "results.json").read_text("utf-8"))["submissions"]
    return text, submission


@pytest.mark.parametrize("name", WRONG)
def test_the_report_names_what_is_wrong_and_where_to_read(
    graded: tuple[str, dict[str, Any]], name: str
) -> None:
    text, _ = graded
    assert SENTENCES[name] in text
    after = text[text.index(SENTENCES[name]) :][:300]
    assert WRONG[name] in after


def test_the_report_names_nothing_else(graded: tuple[str, dict[str, Any]]) -> None:
    text, submission = graded
    assert {found for check in submission["checks"] for found in check["findings"]} == set(WRONG)
    assert not [name for name, sentence in SENTENCES.items() if name not in WRONG and sentence in text]


def test_the_report_does_not_give_the_solution_away(graded: tuple[str, dict[str, Any]]) -> None:
    text, _ = graded
    for line in ("np.sqrt(a) + ", "out = x", "self.reg * weights"):
        assert line not in text


def test_a_network_that_builds_on_wrong_dropout_is_charged_in_part(
    graded: tuple[str, dict[str, Any]],
) -> None:
    _, submission = graded
    (scores,) = [check for check in submission["checks"] if check["id"] == "network_dropout_scores"]
    assert (scores["points"], scores["max_points"]) == ("0.6", "1") or (
        scores["points"],
        scores["max_points"],
    ) == (0.6, 1)
    assert "charged there" in scores["reason"]
