"""One mistake is charged where it is judged, and in no check that only builds on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grader.authoring.source import solution_files
from grader.model import Outcome

STEP = "kind[i] = kind[i] - eta * grad[i]"


def _failed(klayer: Any, folder: Path, *edits: tuple[str, str]) -> set[str]:
    implementation = klayer.edited(folder, {"bnn.py": list(edits)})
    results = (klayer.judge(check.id, implementation) for check in klayer.suite.at("modules"))
    return {result.id for result in results if result.outcome is not Outcome.PASSED}


@pytest.mark.parametrize("step", ["kind[i] + eta * grad[i]", "kind[i] - eta / nBatch * grad[i]"])
def test_steps_of_a_wrong_size_are_charged_as_rates_alone(klayer: Any, tmp_path: Path, step: str) -> None:
    assert _failed(klayer, tmp_path, (STEP, f"kind[i] = {step}")) == {
        "learning_rates",
        "learning_rates_go_on",
    }


@pytest.mark.parametrize(
    ("edit", "spared"),
    [
        pytest.param(
            ("flow = self.gamma[i] * sh[i] + self.beta[i]", "flow = self.gamma[i] * sh[i]"),
            {"moving_averages", "moving_averages_alpha", "testing_is_steady"},
            id="beta",
        ),
        pytest.param(("g = p - Y", "g = Y - p"), {"histories", "gradients_penalty"}, id="sign"),
        pytest.param(
            (
                "for i in range(len(kind)):\n                        kind",
                "for i in range(len(kind) - 1):\n                        kind",
            ),
            {"learning_rates", "learning_rates_go_on"},
            id="last-layer-stays",
        ),
    ],
)
def test_what_is_charged_elsewhere_is_not_charged_again(
    klayer: Any, tmp_path: Path, edit: tuple[str, str], spared: set[str]
) -> None:
    failed = _failed(klayer, tmp_path, edit)
    assert failed
    assert not failed & spared


def test_gradients_from_elsewhere_wait_for_a_person(klayer: Any, judged: Any) -> None:
    """The training is right, and cannot be watched."""
    text = solution_files(klayer.assignment)["bnn.py"].decode()
    edits = [
        (
            "    def computeGradients(self, X, Y):",
            "    def computeGradients(self, X, Y):\n        return self.slopes(X, Y)\n\n    def slopes(self, X, Y):",
        ),
        (
            "grads = self.computeGradients(X[:, chosen], Y[:, chosen])",
            "grads = self.slopes(X[:, chosen], Y[:, chosen])",
        ),
    ]
    for check in ("learning_rates", "mini_batches", "steps_of_all_parameters"):
        outcome, why = judged(check, text, *edits)
        assert (outcome, "elsewhere than computeGradients" in why) == ("person", True)
