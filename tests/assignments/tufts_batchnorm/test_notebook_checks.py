"""The checks of the notebook's experiments: what `train` returns passes, what it cannot have returned does not."""

from __future__ import annotations

import copy
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from grader.compare import Judgement
from grader.model import Outcome

SCALES = np.logspace(-4, 0, num=3)
CHECKS = ("experiment_deep", "experiment_weight_scales", "experiment_batch_sizes")


class Bench:
    """Trains tiny networks of the assignment's own source on made-up rows."""

    def __init__(self, network: Any) -> None:
        self.network = network
        rng = np.random.default_rng(15009)
        self.y = rng.integers(10, size=100)
        self.X = 2 * rng.standard_normal((10, 8))[self.y] + rng.standard_normal((100, 8))

    def train(self, use_bn: bool, scale: float = 0.05, batch_size: int = 20, epochs: int = 12) -> Any:
        np.random.seed(15009)
        model = self.network(8, [10, 10, 10, 10], 10, weight_scale=scale, centering_data=True, use_bn=use_bn)
        rows = self.X[:80], self.y[:80], self.X[80:], self.y[80:]
        steps = epochs * 80 // batch_size
        with np.errstate(all="ignore"):
            return model.train(*rows, learning_rate=1e-2, reg=0.0, num_iters=steps, batch_size=batch_size)


@pytest.fixture(scope="module")
def trained(solution_network: Any) -> SimpleNamespace:
    """What a notebook's namespace holds after the last cell."""
    bench = Bench(solution_network)
    return SimpleNamespace(
        bn_trace=bench.train(True),
        baseline_trace=bench.train(False),
        weight_scales=SCALES,
        bn_net_ws={scale: bench.train(True, scale) for scale in SCALES},
        baseline_ws={scale: bench.train(False, scale) for scale in SCALES},
        batch_sizes=[5, 10, 20],
        bn_traces=[bench.train(True, batch_size=size) for size in (5, 10, 20)],
        baseline_trace_bs=bench.train(False, batch_size=5),
    )


@pytest.fixture
def notebook(trained: SimpleNamespace) -> SimpleNamespace:
    """A copy of it that a test may spoil."""
    return copy.deepcopy(trained)


@pytest.mark.parametrize("check", CHECKS)
def test_experiment_passes_where_it_was_run(batchnorm: Any, notebook: SimpleNamespace, check: str) -> None:
    result = batchnorm.judge(check, notebook)
    assert result.outcome is Outcome.PASSED, result.reason


def test_every_notebook_check_is_tested(batchnorm: Any) -> None:
    assert {check.id for check in batchnorm.suite.at("notebook")} == set(CHECKS)


@pytest.mark.parametrize("check", CHECKS)
def test_experiment_that_was_not_run_earns_nothing(batchnorm: Any, check: str) -> None:
    empty = SimpleNamespace(
        bn_net_ws={}, baseline_ws={}, weight_scales=SCALES, batch_sizes=[5, 10], bn_traces=[]
    )
    assert batchnorm.judge(check, empty).points == 0


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        pytest.param(lambda t: t["objective_history"].clear(), "have 0, 12 and 12 entries", id="no-steps"),
        pytest.param(lambda t: t["val_acc_history"].pop(), "have 48, 12 and 11 entries", id="one-missing"),
        pytest.param(
            lambda t: t.update(train_acc_history=[2.0] * 12), "no share of the examples", id="above-one"
        ),
        pytest.param(
            lambda t: t["objective_history"].__setitem__(3, float("nan")), "infinite or NaN", id="nan"
        ),
        pytest.param(lambda t: t["objective_history"].__setitem__(3, -1.0), "negative", id="negative"),
        pytest.param(lambda t: t["objective_history"].reverse(), "does not learn", id="did-not-learn"),
    ],
)
def test_history_that_train_cannot_have_returned_fails(
    batchnorm: Any, notebook: SimpleNamespace, spoil: Callable[[Any], object], reason: str
) -> None:
    spoil(notebook.bn_trace)
    result = batchnorm.judge("experiment_deep", notebook)
    assert result.outcome is Outcome.FAILED
    assert reason in result.reason


def test_baseline_may_overflow(batchnorm: Any, notebook: SimpleNamespace) -> None:
    notebook.baseline_trace["objective_history"][-1] = float("nan")
    assert batchnorm.judge("experiment_deep", notebook).outcome is Outcome.PASSED


def test_batch_normalization_behind_the_baseline_fails(batchnorm: Any, notebook: SimpleNamespace) -> None:
    notebook.baseline_trace = copy.deepcopy(notebook.bn_trace)
    result = batchnorm.judge("experiment_deep", notebook)
    assert "does not end with a lower objective" in result.reason


def test_baseline_name_reused_by_the_batch_sizes_is_not_compared(
    batchnorm: Any, notebook: SimpleNamespace
) -> None:
    notebook.baseline_trace = notebook.baseline_trace_bs  # of batch size 5: its objective is that of 5 rows
    assert batchnorm.judge("experiment_deep", notebook).outcome is Outcome.FAILED
    del notebook.baseline_trace_bs
    assert batchnorm.judge("experiment_deep", notebook).outcome is Outcome.PASSED


def test_scales_as_the_course_printed_them_fail(batchnorm: Any, notebook: SimpleNamespace) -> None:
    """Both networks have batch normalization, and the scale reaches neither."""
    notebook.bn_net_ws = {scale: copy.deepcopy(notebook.bn_trace) for scale in SCALES}
    notebook.baseline_ws = {scale: copy.deepcopy(notebook.bn_trace) for scale in SCALES}
    assert "is not ahead of the baseline" in batchnorm.judge("experiment_weight_scales", notebook).reason


def test_scale_without_training_fails(batchnorm: Any, notebook: SimpleNamespace) -> None:
    del notebook.bn_net_ws[SCALES[1]]
    result = batchnorm.judge("experiment_weight_scales", notebook)
    assert "2 and 3 networks were trained for 3 weight scales" in result.reason


def test_narrow_scales_fail(batchnorm: Any, notebook: SimpleNamespace) -> None:
    traces = list(notebook.bn_net_ws.values()), list(notebook.baseline_ws.values())
    notebook.weight_scales = [0.01, 0.02, 0.03]
    notebook.bn_net_ws, notebook.baseline_ws = (
        dict(zip(notebook.weight_scales, part, strict=True)) for part in traces
    )
    assert "two orders of magnitude" in batchnorm.judge("experiment_weight_scales", notebook).reason


def test_batch_size_without_a_network_that_learnt_fails(batchnorm: Any, notebook: SimpleNamespace) -> None:
    flat = notebook.bn_traces[1]["objective_history"]
    flat[:] = [23.0] * len(flat)
    assert "batch size 10 did not learn" in batchnorm.judge("experiment_batch_sizes", notebook).reason
    flat.pop(0)
    del flat[:40]
    assert "the same number of examples" in batchnorm.judge("experiment_batch_sizes", notebook).reason
    notebook.bn_traces.pop()
    assert "2 networks were trained for 3" in batchnorm.judge("experiment_batch_sizes", notebook).reason


def test_judges_survive_anything(batchnorm: Any, notebook: SimpleNamespace) -> None:
    """What a forger sends fails: the scorer turns an exception into a failure, and the judges raise few."""
    found = batchnorm.suite.check("experiment_deep")
    good = {name: np.asarray(value) for name, value in found.probe(notebook, None).items()}
    assert found.judge(good, {}) == Judgement(1.0)
    for name in ("bn_lengths", "bn_objective", "bn_train_acc"):
        for forged in (np.zeros(0), np.full(good[name].shape, -3.0)):
            assert not found.judge({**good, name: forged}, {}).passed


def test_trainings_without_number_are_refused_before_they_are_looked_at(
    batchnorm: Any, notebook: SimpleNamespace
) -> None:
    found = batchnorm.suite.check("experiment_deep")
    good = {name: np.asarray(value) for name, value in found.probe(notebook, None).items()}
    judged = found.judge({**good, "bn_lengths": np.zeros((1_000_000, 3))}, {})
    assert "1000000 trainings, expected at most 200" in judged.reason
