"""The checks of the notebook's experiments: what the Solver keeps passes, what it cannot have kept does not."""

from __future__ import annotations

import copy
import importlib
from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from grader.compare import Judgement
from grader.model import Outcome

SCALES = np.logspace(-4, 0, num=3)


class Bench:
    """Trains tiny networks of the assignment's own source on made-up rows."""

    def __init__(self, source: Callable[[str], ModuleType]) -> None:
        self.network = source("classifiers.fc_net").FullyConnectedNet
        self.solver = source("solver").Solver
        rng = np.random.default_rng(231)
        self.data: dict[str, Any] = {}
        centres = 2 * rng.standard_normal((10, 6))
        for part, rows in (("train", 60), ("val", 20)):
            labels = rng.integers(10, size=rows)
            self.data[f"X_{part}"] = centres[labels] + rng.standard_normal((rows, 6))
            self.data[f"y_{part}"] = labels

    def train(
        self, normalization: str | None, scale: float = 1e-2, batch_size: int = 10, epochs: int = 4
    ) -> Any:
        np.random.seed(231)
        model = self.network([8, 8, 8], input_dim=6, normalization=normalization, weight_scale=scale)
        trained = self.solver(
            model,
            self.data,
            num_epochs=epochs,
            batch_size=batch_size,
            update_rule="adam",
            optim_config={"learning_rate": 3e-2},
            verbose=False,
        )
        with np.errstate(all="ignore"):
            trained.train()
        return trained


@pytest.fixture(scope="module")
def trained(course: Callable[[str], Any]) -> Iterator[SimpleNamespace]:
    """What a notebook's namespace holds after the last cell."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(course("cs231n_batchnorm").assignment.source)
        bench = Bench(lambda name: importlib.import_module(f"cs231n.{name}"))
        yield SimpleNamespace(
            bn_solver=bench.train("batchnorm"),
            solver=bench.train(None),
            weight_scales=SCALES,
            bn_solvers_ws={scale: bench.train("batchnorm", scale) for scale in SCALES},
            solvers_ws={scale: bench.train(None, scale) for scale in SCALES},
            batch_sizes=[5, 10, 60],
            bn_solvers_bsize=[bench.train("batchnorm", batch_size=size, epochs=8) for size in (5, 10, 60)],
            ln_solvers_bsize=[bench.train("layernorm", batch_size=size, epochs=8) for size in (5, 10, 60)],
            solver_bsize=bench.train(None, batch_size=5),
            known=bench.data,
            Solver=bench.solver,
        )


@pytest.fixture
def notebook(trained: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A copy of it that a test may spoil; the Solver has kept what the test trains or puts there."""
    monkeypatch.setattr(trained.Solver, "trained", [])
    return copy.deepcopy(trained)


CHECKS = ("experiment_deep", "experiment_weight_scales", "experiment_batch_sizes", "experiment_layernorm")


@pytest.mark.parametrize("check", CHECKS)
def test_experiment_passes_where_it_was_run(batchnorm: Any, notebook: SimpleNamespace, check: str) -> None:
    result = batchnorm.judge(check, notebook, known=notebook.known)
    assert result.outcome is Outcome.PASSED, result.reason


def test_every_notebook_check_is_tested(batchnorm: Any) -> None:
    assert {check.id for check in batchnorm.suite.at("notebook")} == set(CHECKS)


@pytest.mark.parametrize("check", CHECKS)
def test_experiment_that_was_not_run_earns_nothing(batchnorm: Any, check: str) -> None:
    empty = SimpleNamespace(
        bn_solvers_ws={},
        solvers_ws={},
        weight_scales=SCALES,
        batch_sizes=[5, 10],
        bn_solvers_bsize=[],
        ln_solvers_bsize=[],
    )
    assert batchnorm.judge(check, empty).points == 0


def _spoil(solver: Any, **values: Any) -> None:
    for name, value in values.items():
        setattr(solver, name, value)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        pytest.param(
            lambda s: s.loss_history.pop(),
            "the loss history has 23 entries, expected 24",
            id="losses-missing",
        ),
        pytest.param(
            lambda s: s.train_acc_history.append(1.0),
            "training accuracy has 6 entries, expected 5",
            id="one-too-many",
        ),
        pytest.param(
            lambda s: _spoil(s, train_acc_history=[0.1, 0.3, 0.512, 0.8, 0.99]),
            "training accuracy is no share of 60",
            id="made-up",
        ),
        pytest.param(
            lambda s: _spoil(s, val_acc_history=[2.0] * 5),
            "validation accuracy is no share of 20",
            id="above-one",
        ),
        pytest.param(
            lambda s: _spoil(s, best_val_acc=1.0),
            "best validation accuracy is not the highest",
            id="best-made-up",
        ),
        pytest.param(lambda s: s.loss_history.__setitem__(3, float("nan")), "infinite or NaN", id="nan"),
        pytest.param(
            lambda s: _spoil(s, num_epochs=0, loss_history=[]),
            "the loss history has 0 entries",
            id="no-epochs",
        ),
        pytest.param(
            lambda s: (
                s.model.params.update({"gamma1": 0})
                or [s.model.params.pop(n) for n in list(s.model.params) if "gamma" in n]
            ),
            "has no normalization",
            id="not-normalized",
        ),
    ],
)
def test_history_that_the_solver_cannot_have_kept_fails(
    batchnorm: Any, notebook: SimpleNamespace, spoil: Callable[[Any], object], reason: str
) -> None:
    spoil(notebook.bn_solver)
    result = batchnorm.judge("experiment_deep", notebook, known=notebook.known)
    assert result.outcome is Outcome.FAILED
    assert reason in result.reason


def test_baseline_that_is_normalized_fails(batchnorm: Any, notebook: SimpleNamespace) -> None:
    notebook.solver = notebook.bn_solver
    assert (
        "a network of the baseline has a normalization"
        in batchnorm.judge("experiment_deep", notebook, known=notebook.known).reason
    )


@pytest.mark.parametrize("name", ["solver", "bn_solver"])
@pytest.mark.parametrize("other", ["bn_solvers_bsize", "solver_bsize"])
def test_network_of_a_later_cell_under_the_name_of_one_of_the_pair_costs_nothing(
    batchnorm: Any, notebook: SimpleNamespace, name: str, other: str
) -> None:
    """As if a cell at the end tried something else: `solver = Solver(...)`."""
    later = np.ravel(getattr(notebook, other))[0]
    kept = [notebook.bn_solver, notebook.solver, notebook.solver_bsize, *notebook.bn_solvers_bsize]
    setattr(notebook, name, later)
    failed = batchnorm.judge("experiment_deep", notebook, known=notebook.known)
    notebook.Solver.trained = [*kept, later]
    result = batchnorm.judge("experiment_deep", notebook, known=notebook.known)
    assert result.outcome is Outcome.PASSED, result.reason
    if (name == "solver") == (other == "bn_solvers_bsize"):
        assert failed.outcome is Outcome.FAILED  # of one kind, and nothing was kept


@pytest.mark.parametrize(
    ("check", "name", "asked"),
    [
        ("experiment_batch_sizes", "bn_solvers_bsize", "batch normalization"),
        ("experiment_layernorm", "ln_solvers_bsize", "layer normalization"),
    ],
)
def test_batch_sizes_with_the_other_normalization_fail(
    batchnorm: Any, notebook: SimpleNamespace, check: str, name: str, asked: str
) -> None:
    both = notebook.bn_solvers_bsize, notebook.ln_solvers_bsize
    notebook.ln_solvers_bsize, notebook.bn_solvers_bsize = both
    result = batchnorm.judge(check, notebook, known=notebook.known)
    assert result.outcome is Outcome.FAILED
    assert f"where {asked} is asked for" in result.reason
    for solver in getattr(notebook, name):
        del solver.model.normalization  # as in the years before there was a choice: it cannot be told
    assert batchnorm.judge(check, notebook, known=notebook.known).outcome is Outcome.PASSED


def test_baseline_may_overflow(batchnorm: Any, notebook: SimpleNamespace) -> None:
    notebook.solver.loss_history[-1] = float("inf")
    assert batchnorm.judge("experiment_deep", notebook, known=notebook.known).outcome is Outcome.PASSED


def test_batch_normalization_behind_the_baseline_fails(batchnorm: Any, notebook: SimpleNamespace) -> None:
    notebook.bn_solver.train_acc_history[-1] = notebook.solver.train_acc_history[-1]
    result = batchnorm.judge("experiment_deep", notebook, known=notebook.known)
    assert "does not end with a higher training accuracy" in result.reason


def test_names_reused_by_the_scales_are_judged_with_care(batchnorm: Any, notebook: SimpleNamespace) -> None:
    notebook.bn_solver = notebook.bn_solvers_ws[SCALES[-1]]
    notebook.solver = notebook.solvers_ws[SCALES[-1]]
    best = max(notebook.bn_solver.train_acc_history)
    last = notebook.bn_solver.train_acc_history
    tie = [best, *last[1:-1], best]  # at the end, which the plain comparison fails
    notebook.solver.train_acc_history[:] = tie
    result = batchnorm.judge("experiment_deep", notebook, known=notebook.known)
    assert result.outcome is not Outcome.FAILED
    notebook.bn_solver.train_acc_history[:] = [0.0] * len(last)
    result = batchnorm.judge("experiment_deep", notebook, known=notebook.known)
    assert result.outcome is Outcome.FAILED


def test_scale_without_networks_fails(batchnorm: Any, notebook: SimpleNamespace) -> None:
    del notebook.bn_solvers_ws[SCALES[1]]
    assert (
        "2 and 3 networks were trained for 3 weight scales"
        in batchnorm.judge("experiment_weight_scales", notebook, known=notebook.known).reason
    )


def test_narrow_scales_fail(batchnorm: Any, notebook: SimpleNamespace) -> None:
    networks = list(notebook.bn_solvers_ws.values()), list(notebook.solvers_ws.values())
    notebook.weight_scales = [0.01, 0.02, 0.03]
    notebook.bn_solvers_ws, notebook.solvers_ws = (
        dict(zip(notebook.weight_scales, part, strict=True)) for part in networks
    )
    assert (
        "two orders of magnitude"
        in batchnorm.judge("experiment_weight_scales", notebook, known=notebook.known).reason
    )


def test_scales_at_which_normalization_is_not_ahead_fail(batchnorm: Any, notebook: SimpleNamespace) -> None:
    for scale in SCALES:
        notebook.bn_solvers_ws[scale].train_acc_history[:] = notebook.solvers_ws[scale].train_acc_history
    assert (
        "is not ahead of the baseline"
        in batchnorm.judge("experiment_weight_scales", notebook, known=notebook.known).reason
    )


@pytest.mark.parametrize(
    ("check", "name"),
    [("experiment_batch_sizes", "bn_solvers_bsize"), ("experiment_layernorm", "ln_solvers_bsize")],
)
def test_batch_size_experiment_fails_where_a_network_is_missing_or_did_not_learn(
    batchnorm: Any, notebook: SimpleNamespace, check: str, name: str
) -> None:
    solvers = getattr(notebook, name)
    flat = solvers[1].train_acc_history
    flat[:] = [flat[0]] * len(flat)
    assert (
        "the network with batch size 10 did not learn"
        in batchnorm.judge(check, notebook, known=notebook.known).reason
    )
    solvers.pop()
    assert (
        "2 networks were trained for 3 batch sizes"
        in batchnorm.judge(check, notebook, known=notebook.known).reason
    )


def test_judges_survive_anything(batchnorm: Any, notebook: SimpleNamespace) -> None:
    """What a forger sends is failed, not raised: the scorer turns an exception into a failure, and the judges raise few."""
    found = batchnorm.suite.check("experiment_deep")
    good = {
        name: np.asarray(value) for name, value in found.probe(notebook, np.random.default_rng(1)).items()
    }
    assert found.judge(good, notebook.known) == Judgement(1.0)
    for name in ("bn_settings", "bn_loss", "bn_train_acc", "bn_layout", "bn_values"):
        for forged in (np.zeros(0), np.full(good[name].shape, np.nan), np.full(good[name].shape, -3.0)):
            assert not found.judge({**good, name: forged}, notebook.known).passed
