"""The checks of the notebooks' experiments: what the Solver keeps passes, what it cannot have kept does not."""

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
RULES = {"sgd": 1e-2, "sgd_momentum": 1e-2, "sgd_nesterov_momentum": 1e-2, "adam": 1e-2, "rmsprop": 1e-2}


class Bench:
    """Trains tiny networks of the assignment's own source on made-up rows."""

    def __init__(self, module: Callable[[str], ModuleType]) -> None:
        self.network = module("nndl.fc_net").FullyConnectedNet
        self.solver = module("utils.solver").Solver
        rng = np.random.default_rng(247)
        self.data: dict[str, Any] = {}
        centres = 2 * rng.standard_normal((10, 6))
        for part, rows in (("train", 60), ("val", 20)):
            labels = rng.integers(10, size=rows)
            self.data[f"X_{part}"] = centres[labels] + rng.standard_normal((rows, 6))
            self.data[f"y_{part}"] = labels

    def train(self, rule: str = "adam", scale: float = 0.1, epochs: int = 4, **network: Any) -> Any:
        np.random.seed(247)
        model = self.network([20, 20], input_dim=6, weight_scale=scale, **network)
        trained = self.solver(
            model,
            self.data,
            num_epochs=epochs,
            batch_size=10,
            update_rule=rule,
            optim_config={"learning_rate": RULES[rule]},
            verbose=False,
        )
        with np.errstate(all="ignore"):
            trained.train()
        return trained


@pytest.fixture(scope="module")
def trained(course: Callable[[str], Any]) -> Iterator[dict[str, SimpleNamespace]]:
    """What each notebook's namespace holds after the last cell, by the notebook's path."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(course("ece247_hw4").assignment.source)
        bench = Bench(importlib.import_module)
        best = bench.train(use_batchnorm=True, epochs=8)
        yield {
            "known": bench.data,
            "Optimization.ipynb": SimpleNamespace(
                solvers={rule: bench.train(rule) for rule in RULES}, solver=best
            ),
            "Batch-Normalization.ipynb": SimpleNamespace(
                bn_solver=bench.train(scale=1e-2, use_batchnorm=True),
                solver=bench.train(scale=1e-2),
                weight_scales=SCALES,
                bn_solvers={scale: bench.train(scale=scale, use_batchnorm=True) for scale in SCALES},
                solvers={scale: bench.train(scale=scale) for scale in SCALES},
            ),
            "Dropout.ipynb": SimpleNamespace(
                dropout_choices=[0, 0.3],
                solvers={choice: bench.train(epochs=8, dropout=choice) for choice in (0, 0.3)},
                final_solver=best,
            ),
        }


class Judge:
    """Judges a check by the namespace of its own notebook."""

    def __init__(self, homework: Any, spaces: dict[str, SimpleNamespace]) -> None:
        self.homework, self.spaces = homework, spaces

    def __call__(self, check: str) -> Any:
        space = self.spaces[self.homework.suite.check(check).notebook]
        return self.homework.judge(check, space, known=self.spaces["known"])


@pytest.fixture
def spaces(trained: dict[str, SimpleNamespace]) -> dict[str, SimpleNamespace]:
    """A copy of the namespaces that a test may spoil."""
    return copy.deepcopy(trained)


@pytest.fixture
def judge(homework: Any, spaces: dict[str, SimpleNamespace]) -> Judge:
    return Judge(homework, spaces)


CHECKS = (
    "experiment_momentum",
    "experiment_adaptive",
    "experiment_easier",
    "experiment_deep",
    "experiment_weight_scales",
    "experiment_dropout",
    "experiment_accuracy",
)


@pytest.mark.parametrize("check", CHECKS)
def test_experiment_passes_where_it_was_run(judge: Judge, check: str) -> None:
    result = judge(check)
    assert result.outcome is Outcome.PASSED, result.reason


def test_every_notebook_check_is_tested(homework: Any) -> None:
    assert {check.id for check in homework.suite.at("notebook")} == set(CHECKS)


@pytest.mark.parametrize("check", CHECKS)
def test_experiment_that_was_not_run_earns_nothing(homework: Any, check: str) -> None:
    empty = SimpleNamespace(solvers={}, bn_solvers={}, weight_scales=SCALES, dropout_choices=[0, 0.6])
    assert homework.judge(check, empty).points == 0


def test_momentum_behind_plain_descent_fails(judge: Judge, spaces: Any) -> None:
    solvers = spaces["Optimization.ipynb"].solvers
    solvers["sgd_momentum"].loss_history[:] = [loss + 1 for loss in solvers["sgd"].loss_history]
    assert "momentum does not end with a lower loss" in judge("experiment_momentum").reason


def test_adaptive_rule_that_learns_nothing_fails(judge: Judge, spaces: Any) -> None:
    history = spaces["Optimization.ipynb"].solvers["rmsprop"].loss_history
    history[:] = [2.3] * len(history)
    assert judge("experiment_adaptive").reason == "rmsprop hardly lowers the loss"


def test_easier_optimization_asks_for_batch_normalization(judge: Judge, spaces: Any) -> None:
    space = spaces["Optimization.ipynb"]
    space.solver = space.solvers["adam"]
    assert "a network of the normalized ones has no normalization" in judge("experiment_easier").reason


def test_history_that_the_solver_cannot_have_kept_fails(judge: Judge, spaces: Any) -> None:
    spaces["Batch-Normalization.ipynb"].bn_solver.train_acc_history[-1] = 0.987
    assert "training accuracy is no share of 60" in judge("experiment_deep").reason


def test_batch_normalization_behind_the_baseline_fails(judge: Judge, spaces: Any) -> None:
    space = spaces["Batch-Normalization.ipynb"]
    space.solver.train_acc_history[-1] = space.bn_solver.train_acc_history[-1]
    assert "does not end with a higher training accuracy" in judge("experiment_deep").reason


def test_names_reused_by_the_scales_are_judged_with_care(judge: Judge, spaces: Any) -> None:
    space = spaces["Batch-Normalization.ipynb"]
    space.bn_solver, space.solver = space.bn_solvers[SCALES[-1]], space.solvers[SCALES[-1]]
    space.solver.train_acc_history[:] = space.bn_solver.train_acc_history  # a tie, which is otherwise failed
    assert judge("experiment_deep").outcome is not Outcome.FAILED


def test_scale_without_networks_fails(judge: Judge, spaces: Any) -> None:
    del spaces["Batch-Normalization.ipynb"].bn_solvers[SCALES[1]]
    assert "2 and 3 networks were trained for 3" in judge("experiment_weight_scales").reason


def test_scales_at_which_normalization_is_not_ahead_fail(judge: Judge, spaces: Any) -> None:
    space = spaces["Batch-Normalization.ipynb"]
    for scale in SCALES:
        space.bn_solvers[scale].train_acc_history[:] = space.solvers[scale].train_acc_history
    assert "is not ahead of the baseline" in judge("experiment_weight_scales").reason


def test_narrow_scales_fail(judge: Judge, spaces: Any) -> None:
    space = spaces["Batch-Normalization.ipynb"]
    narrow = [0.01, 0.02, 0.03]
    space.bn_solvers, space.solvers = (
        dict(zip(narrow, part.values(), strict=True)) for part in (space.bn_solvers, space.solvers)
    )
    space.weight_scales = narrow
    assert "two orders of magnitude" in judge("experiment_weight_scales").reason


def test_dropout_that_fits_as_closely_fails(judge: Judge, spaces: Any) -> None:
    solvers = spaces["Dropout.ipynb"].solvers
    solvers[0.3].train_acc_history[:] = solvers[0].train_acc_history
    assert "does not fit its training images less closely" in judge("experiment_dropout").reason


@pytest.mark.parametrize(
    ("noted", "outcome"),
    [
        ([0.9, 0.7], Outcome.NOT_GRADED),
        ([0.7, 0.9], Outcome.FAILED),
        ([0.9], Outcome.FAILED),
        ([7.0, 0.5], Outcome.FAILED),
    ],
)
def test_accuracies_that_no_network_stands_behind_earn_nothing(
    judge: Judge, spaces: Any, noted: list[float], outcome: Outcome
) -> None:
    space = spaces["Dropout.ipynb"]
    space.solvers, space.train_accs = {}, noted
    assert judge("experiment_dropout").outcome is outcome


def test_accuracies_of_the_plot_find_the_solvers_that_were_overwritten(judge: Judge, spaces: Any) -> None:
    space = spaces["Dropout.ipynb"]
    kept = [space.solvers[choice] for choice in (0, 0.3)]
    space.Solver = SimpleNamespace(trained=[space.final_solver, *kept])
    space.solvers, space.train_accs = {}, [one.train_acc_history[-1] for one in kept]
    assert judge("experiment_dropout").outcome is Outcome.PASSED
    space.train_accs.reverse()
    assert judge("experiment_dropout").outcome is Outcome.FAILED
    space.train_accs[:] = [space.train_accs[1], 0.123]
    assert judge("experiment_dropout").outcome is Outcome.NOT_GRADED


def _waits(result: Any, why: str) -> None:
    assert (result.outcome, result.points, result.pending) == (Outcome.NOT_GRADED, 0, True)
    assert why in result.reason


INVENTED = {
    "accuracy": lambda one: [
        one.train_acc_history.__setitem__(n, 0.0) for n in range(len(one.train_acc_history) - 1)
    ],
    "validation": lambda one: [
        one.val_acc_history.__setitem__(n, 0.0)
        for n in range(1, len(one.val_acc_history) - 1)
        if n != np.argmax(one.val_acc_history)
    ],
    "the-last-for-all": lambda one: one.states.__setitem__(
        slice(None), [(entry, one.last_params, []) for entry, _, _ in one.states]
    ),
    "none": lambda one: one.states.clear(),
    "not-the-best": lambda one: one.states.__delitem__(int(np.argmax(one.val_acc_history))),
}


@pytest.mark.parametrize("invent", INVENTED)
def test_histories_whose_middle_is_invented_wait_for_a_person(judge: Judge, spaces: Any, invent: str) -> None:
    solvers = spaces["Optimization.ipynb"].solvers
    INVENTED[invent](solvers["sgd_momentum"])
    result = judge("experiment_momentum")
    _waits(result, "kept")


def test_losses_whose_middle_is_invented_wait_for_a_person(judge: Judge, spaces: Any) -> None:
    losses = spaces["Optimization.ipynb"].solvers["sgd"].loss_history
    losses[1:-1] = [9.0] * (len(losses) - 2)
    _waits(judge("experiment_momentum"), "losses are not those of the networks")


def test_last_part_is_not_the_experiment_before_it(judge: Judge, spaces: Any) -> None:
    space = spaces["Dropout.ipynb"]
    del space.final_solver
    space.solver = space.solvers[0.3]
    assert judge("experiment_accuracy").reason == "there is no trained network"


def test_last_part_is_found_under_the_names_that_students_use(judge: Judge, spaces: Any) -> None:
    space = spaces["Dropout.ipynb"]
    space.best_solver = space.final_solver
    del space.final_solver
    space.solver = space.solvers[0]
    assert judge("experiment_accuracy").outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("accuracy", "images", "share"),
    [
        pytest.param(0.55, 49000, 1.0, id="target"),
        pytest.param(0.60, 49000, 1.0, id="above"),
        pytest.param(0.32, 49000, 0.0, id="zero"),
        pytest.param(0.435, 49000, 0.5, id="half-way"),  # 0.32 + 0.23 / 2
        pytest.param(0.40, 4900, 1.0, id="a-tenth"),  # 0.55 - 0.15
        pytest.param(0.17, 4900, 0.0, id="a-tenth-zero"),
        pytest.param(0.10, 490, 0.0, id="chance"),  # 0.25 - 0.23 would be below chance
        pytest.param(0.175, 490, 0.5, id="a-hundredth"),  # between 0.10 and 0.25
        pytest.param(0.55, 60000, 1.0, id="more-images-ask-for-no-more"),
        pytest.param(0.125, 10, 0.5, id="hardly-any"),  # 0.55 - 0.55 would be nothing: between 0.10 and 0.15
        pytest.param(float("nan"), 49000, 0.0, id="nan"),
    ],
)
def test_accuracy_earns_its_share_of_the_target_for_its_images(
    homework: Any, accuracy: float, images: int, share: float
) -> None:
    shares = homework.suite.check("experiment_accuracy").judge.__globals__["accuracy_share"]
    assert shares(accuracy, images, 0.55) == pytest.approx(share)


def test_notebook_names_the_target_that_is_judged(homework: Any, source: Callable[[str], ModuleType]) -> None:
    shares = homework.suite.check("experiment_accuracy").judge.__globals__["accuracy_share"]
    experiments = source("utils.experiments")
    for images in (10, 500, 1000, 4000, 49000):
        target = experiments.accuracy_target(images)
        assert shares(target + 1e-9, images, experiments.TARGET) == 1.0
        assert shares(target - 0.01, images, experiments.TARGET) < 1.0


def test_accuracy_below_the_target_says_what_was_reached(judge: Judge, spaces: Any) -> None:
    solver = spaces["Dropout.ipynb"].final_solver
    solver.val_acc_history[:] = [0.1] * len(solver.val_acc_history)
    solver.best_val_acc = 0.1
    result = judge("experiment_accuracy")
    assert result.points == 0
    assert result.reason == "the best validation accuracy is 0.100, trained on 60 images"


def test_judges_survive_anything(homework: Any, spaces: Any) -> None:
    for check in CHECKS:
        found = homework.suite.check(check)
        good = {
            name: np.asarray(value)
            for name, value in found.probe(spaces[found.notebook], np.random.default_rng(1)).items()
        }
        assert found.judge(good, spaces["known"]) == Judgement(1.0)
        for name in [name for name in good if name.endswith(("settings", "layout"))]:
            for forged in (
                np.zeros(0),
                np.zeros((0, 10)),
                np.full(good[name].shape, np.nan),
                -good[name] - 1,
            ):
                assert not found.judge({**good, name: forged}, spaces["known"]).passed
