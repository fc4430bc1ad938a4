"""Hand-ins in forms of their own, and what each must lose by one mistake, reasoned by hand: no check but those named fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grader.diagnosis.carry import agreeing
from grader.seed import Seed
from grader.suite import run_probe

HAND_INS = Path(__file__).parent / "hand_ins"
DICTIONARY, ROWS, ROWS_CLASS, AGAIN, INHERITED = (
    (HAND_INS / f"{name}.txt").read_text("utf-8")
    for name in ("einsum_in_a_dictionary", "rows", "rows_class", "defined_again", "inherited")
)
NO_NUMERICAL = {"numerical_gradients", "numerical_gradients_sides", "numerical_gradients_restore"}
BY_TRAINING = {"moving_averages", "moving_averages_alpha"}


def _outcomes(klayer: Any, judged: Any, text: str, *edits: tuple[str, str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {"failed": set(), "person": set(), "passed": set()}
    for check in klayer.suite.at("modules"):
        if not check.carries:
            said = judged(check.id, text, *edits)[0]
            found["person" if said == "not_graded" else said].add(
                check.id
            )  # a judge may leave it to one, too
    return found


@pytest.mark.parametrize(
    ("text", "unasked"),
    [
        pytest.param(DICTIONARY, {"zeros_in_shape", *NO_NUMERICAL, *BY_TRAINING}, id="dictionary"),
        pytest.param(
            AGAIN, {"relu_values", "zeros_in_shape", "histories", *NO_NUMERICAL, *BY_TRAINING}, id="again"
        ),
        pytest.param(INHERITED, set(), id="inherited"),
    ],
)
def test_right_hand_in_passes_all_that_can_be_asked(
    klayer: Any, judged: Any, text: str, unasked: set[str]
) -> None:
    found = _outcomes(klayer, judged, text)
    assert not found["failed"]
    assert found["person"] == unasked


@pytest.mark.parametrize("text", [ROWS, ROWS_CLASS], ids=["functions", "class"])
def test_images_as_rows_wait_for_a_person_with_all_that_depends_on_it(
    klayer: Any, judged: Any, text: str
) -> None:
    """A softmax over axis 1 is right there."""
    found = _outcomes(klayer, judged, text)
    assert (found["failed"], found["passed"]) == (set(), {"relu_values"})
    assert "takes images as rows" in judged("softmax_columns", text)[1]
    assert "takes images as rows" in judged("forward_plain", text)[1]


def test_softmax_over_rows_beside_columns_is_a_mistake(judged: Any) -> None:
    edit = (
        "m = np.amax(s, axis=0, keepdims=True)",
        "return np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)\n    m = 0",
    )
    assert judged("softmax_columns", DICTIONARY, edit)[0] == "failed"


def test_layers_as_units_and_inputs_are_not_taken_for_rows(judged: Any) -> None:
    """Of a pair's two numbers, nobody knows which comes first."""
    edits = [
        ("for n_in, n_out in zip(layer_sizes[:-1], layer_sizes[1:]):", "for n_out, n_in in layer_sizes:"),
        (
            "for n in layer_sizes[1:-1]]\n        NetParams",
            "for n, _ in layer_sizes[:-1]]\n        NetParams",
        ),
        (
            "NetParams['betas'] = [np.zeros((n, 1)) for n in layer_sizes[1:-1]]",
            "NetParams['betas'] = [np.zeros((n, 1)) for n, _ in layer_sizes[:-1]]",
        ),
    ]
    assert judged("initial_spread", DICTIONARY, *edits)[0] == "passed"
    assert judged("softmax_columns", DICTIONARY, *edits)[0] == "passed"


# name -> (hand-in, what is right in it, the mistake in its place, the checks that it fails)
WRONG = {
    "rate-one-step-ahead": (
        DICTIONARY,
        "    t = 0\n",
        "    t = 1\n",
        {"learning_rates", "learning_rates_go_on"},
    ),
    "he-by-outputs": (DICTIONARY, "(2.0 / n_in) ** 0.5", "(2.0 / n_out) ** 0.5", {"initial_spread"}),
    "gamma-not-averaged": (
        DICTIONARY,
        "cache['Shat'][l])[:, None] / n",
        "cache['Shat'][l])[:, None]",
        {"gradients_batchnorm", "gradients_six_decimals"},
    ),
    "half-lambda-in-the-cost": (
        DICTIONARY,
        "reg = lam * sum",
        "reg = 0.5 * lam * sum",
        {"cost_plain", "cost_batchnorm"},
    ),
    "first-batch-left-out": (
        DICTIONARY,
        "for j in range(X.shape[1] // n_batch)",
        "for j in range(1, X.shape[1] // n_batch)",
        {"mini_batches"},
    ),
    "last-batch-left-out": (
        AGAIN,
        "range(0, X.shape[1] - n_batch + 1, n_batch)",
        "range(0, X.shape[1] - n_batch, n_batch)",
        {"mini_batches"},
    ),
    "labels-not-shuffled": (
        AGAIN,
        "Xp, Yp = X[:, perm], Y[:, perm]",
        "Xp, Yp = X[:, perm], Y",
        {"mini_batches"},
    ),
    "gamma-not-trained": (
        INHERITED,
        "zip((self.W, self.b, self.gamma, self.beta), self",
        "zip((self.W, self.b), self",
        {"steps_of_all_parameters"},
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_one_mistake_fails_the_checks_that_are_about_it(klayer: Any, judged: Any, name: str) -> None:
    text, right, wrong, lost = WRONG[name]
    assert _outcomes(klayer, judged, text, (right, wrong))["failed"] == lost


PENALTY = "penalty = sum(np.sum(W**2) for W in self.W)"
NUMERICAL = "result[place] = (above - below) / (2 * h)"


@pytest.mark.parametrize(
    ("edits", "agree"),
    [
        pytest.param([(PENALTY, PENALTY.replace("W**2", "np.abs(W)"))], True, id="cost-is-wrong"),
        pytest.param([(NUMERICAL, NUMERICAL.replace("2 * h", "h"))], False, id="differences-are-wrong"),
    ],
)
def test_numerical_gradients_of_a_wrong_cost_agree_with_it(
    klayer: Any, tmp_path: Path, edits: list[tuple[str, str]], agree: bool
) -> None:
    """They are excused, for the cost is charged by itself."""
    own, seed = klayer.edited(tmp_path, {"bnn.py": edits}), Seed.of(0)
    (around,) = [one for one in klayer.suite.companions if one.carries == "numerical_gradients"]
    judged = klayer.suite.check("numerical_gradients")
    gradients, right = (run_probe(judged, one, seed) for one in (own, klayer.reference))
    moved, around_right = (run_probe(around, one, seed) for one in (own, klayer.reference))
    found = agreeing(gradients, moved, around_right, right=right)
    assert ({"W_plain_1", "W_bn_1"} <= found) == agree
