"""Wrong code as it was printed in public solutions of the courses, written anew: the diagnosis names what is wrong, for certain."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from grader.assignment import load_assignment
from grader.diagnosis.explain import Knowledge, explain
from grader.diagnosis.misconceptions import load_catalogue, variants
from grader.model import CheckEvidence, Ending, Value
from grader.score import judge_check
from grader.seed import Seed
from grader.suite import expected_arrays, load_reference, load_suite, run_probe

ASSIGNMENTS = Path(__file__).parents[2] / "assignments"
SEED = Seed.of(11)


def explained(course, of, wrong):
    """The results of the checks of one function, for the reference with some names exchanged for wrong code."""
    assignment = load_assignment(ASSIGNMENTS / course)
    spec = assignment.spec.model_copy(update={"misconceptions": "reference.misconceptions"})
    suite, reference = load_suite(replace(assignment, spec=spec)), load_reference(assignment)
    checks = tuple(check for check in suite.checks if check.of == of and check.where == "modules")
    suite = replace(suite, checks=checks, companions=())
    expected = expected_arrays(suite, reference, SEED)
    catalogue = load_catalogue(suite.assignment)
    known = Knowledge(variants=variants(suite, reference, catalogue, expected, SEED))
    implementation = SimpleNamespace(**{name: getattr(reference, name) for name in reference.__all__} | wrong)
    answers = {}
    for check in checks:
        arrays = run_probe(check, implementation, SEED)
        values = tuple(Value(name=name, type_name="ndarray", array=array) for name, array in arrays.items())
        answers[check.id] = CheckEvidence(check=check.id, ending=Ending.ANSWERED, values=values)
    judged = [judge_check(check, answers[check.id], expected[check.id]) for check in checks]
    return explain(judged, checks, answers, expected, known)


def findings(course, of, wrong):
    """The certain findings among them."""
    results = explained(course, of, wrong)
    return {finding.id for result in results for finding in result.findings if finding.certain}


def tufts_without_eps(x, gamma, beta, bn_param):
    mean, var = bn_param["running_mean"], bn_param["running_var"]
    if bn_param["mode"] == "test":
        return gamma * (x - mean) / np.sqrt(var) + beta
    mu, v, m = x.mean(0, keepdims=True), x.var(0, keepdims=True), bn_param["momentum"]
    bn_param["running_mean"], bn_param["running_var"] = m * mean + (1 - m) * mu, m * var + (1 - m) * v
    return gamma * (x - mu) / np.sqrt(v + bn_param["eps"]) + beta


def ece_rmsprop(w, dw, config=None):
    config = {} if config is None else config
    for key, value in {
        "learning_rate": 1e-2,
        "decay_rate": 0.99,
        "epsilon": 1e-8,
        "a": np.zeros_like(w),
    }.items():
        config.setdefault(key, value)
    config["a"] = config["decay_rate"] * config["a"] + (1 - config["decay_rate"]) * np.square(dw)
    return w - config["learning_rate"] / np.sqrt(config["a"] + config["epsilon"]) * dw, config


def ece_dropout(x, dropout_param):
    p = dropout_param["p"]
    if "seed" in dropout_param:
        np.random.seed(dropout_param["seed"])
    if dropout_param["mode"] == "train":
        mask = (np.random.rand(*x.shape) < p) / p
        return x * mask, (dropout_param, mask)
    return x * ((np.random.random_sample(x.shape) >= p) / (1 - p)), (dropout_param, None)


@pytest.mark.parametrize(
    ("course", "of", "wrong", "named"),
    [
        pytest.param(
            "tufts_batchnorm",
            "batchnorm_forward",
            {"batchnorm_forward": tufts_without_eps},
            "batchnorm_inference.eps_missing",
            id="test-mode-without-eps",
        ),
        pytest.param(
            "ece247_hw4", "rmsprop", {"rmsprop": ece_rmsprop}, "rmsprop.eps_inside_root", id="rmsprop"
        ),
        pytest.param(
            "ece247_hw4",
            "dropout_forward",
            {"dropout_forward": ece_dropout},
            "dropout_forward.masked_in_test_mode",
            id="dropout",
        ),
    ],
)
def test_what_is_wrong_is_named(course, of, wrong, named):
    assert findings(course, of, wrong) == {named}


def kth_network():
    from reference.conventions.kth import BNN

    class Corrected(BNN):
        """Multiplies the variance by (N - 1) / N, in the forward pass and so in everything that builds on it."""

        def _normalise(self, i, s, training):
            if not training:
                return super()._normalise(i, s, training)
            mean = s.mean(axis=1, keepdims=True)
            var = s.var(axis=1, keepdims=True) * (s.shape[1] - 1) / s.shape[1]
            xhat = (s - mean) / np.sqrt(var + np.finfo(float).eps)
            return self.gamma[i] * xhat + self.beta[i], xhat, mean, var

    return Corrected


def test_a_variance_corrected_twice_is_named():
    results = explained("kth_batchnorm", "evaluateClassifier", {"BNN": kth_network()})
    failed = [result.reason for result in results if result.points < result.max_points]
    assert len(failed) == 1, "one mistake is charged in one check"
    assert "(n - 1)/n times the batch's" in failed[0]  # this check's own judge names it


def test_right_code_has_no_findings():
    assert findings("ece247_hw4", "rmsprop", {}) == set()
