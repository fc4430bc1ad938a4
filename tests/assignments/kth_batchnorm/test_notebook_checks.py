"""The checks of the report's experiments and figures: what such trainings leave passes, what they cannot have left does not."""

from __future__ import annotations

import copy
import importlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from grader.compare import Judgement
from grader.model import Outcome
from reference.data import write_synthetic

CHECKS = ("experiment_depth", "experiment_search", "experiment_sigma", "figures_show_histories")


def _draw(runs: list[Any], *, percent: bool = False, named: bool = True, legend: bool = True) -> Figure:
    figure = Figure()
    for panel, kind in zip(figure.subplots(1, 3), ("cost", "loss", "accuracy"), strict=True):
        for run in runs:
            for part in ("train", "val"):
                factor = 100 if percent and kind == "accuracy" else 1
                panel.plot(factor * run.history[f"{part}_{kind}"], label=f"{part} {run.settings['sig']}")
        panel.set_ylabel(kind)
        if named:
            panel.set_xlabel("epoch")
        if legend:
            panel.legend()
    return figure


@pytest.fixture(scope="module")
def trained(course: Callable[[str], Any]) -> Iterator[SimpleNamespace]:
    """What a notebook's namespace holds after the last cell, with small trainings of the assignment's own source."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(course("kth_batchnorm").assignment.source)
        patch.setenv("GRADECHECK_SHORT", "1")
        patch.setattr(mpl, "get_backend", lambda: "agg")
        experiments, data = (
            importlib.import_module("dd2424.experiments"),
            importlib.import_module("dd2424.data"),
        )
        network = importlib.import_module("bnn").BNN
        plan = replace(experiments.plan(), cycles=1, num_train=300)
        columns = data.load_cifar(plan)
        np.random.seed(1)

        def train(depth: int, **settings: Any) -> Any:
            return experiments.train(network, columns, depth, plan=plan, verbose=False, **settings)

        runs = {(depth, norm): train(depth, batchNorm=norm) for depth in (3, 9) for norm in (False, True)}
        sigma_runs = {
            (depth, sigma, norm): train(depth, batchNorm=norm, he=False, sig=sigma)
            for depth in (3, 9)
            for norm in (False, True)
            for sigma in (1e-1, 1e-3, 1e-4)
        }
        searched = [
            (lmda, train(3, lmda=lmda).history["val_accuracy"][-1])
            for lmda in (1e-4, 2e-3, 3e-2, 9e-2, 1e-3, 3e-3)
        ]
        everything = [*runs.values(), *sigma_runs.values()]
        yield SimpleNamespace(
            runs=runs,
            sigma_runs=sigma_runs,
            experiments=SimpleNamespace(trained=list(experiments.trained)),
            coarse_trials=searched[:4],
            fine_trials=searched[4:],
            best_lambda=max(searched, key=lambda pair: pair[1])[0],
            figures={run.name: _draw([run]) for run in everything},
            known={name: np.asarray(columns[name]).T for name in ("X_train", "y_train", "X_val", "y_val")},
        )


@pytest.fixture
def notebook(trained: SimpleNamespace) -> SimpleNamespace:
    """A copy of it that a test may spoil; figures cannot be copied and are replaced, never changed."""
    named = {key: copy.deepcopy(value) for key, value in vars(trained).items() if key != "figures"}
    return SimpleNamespace(**named, figures=dict(trained.figures))


@pytest.mark.parametrize("check", CHECKS)
def test_experiment_passes_where_it_was_run(klayer: Any, notebook: SimpleNamespace, check: str) -> None:
    result = klayer.judge(check, notebook, known=notebook.known)
    assert result.outcome is Outcome.PASSED, result.reason


def test_every_notebook_check_is_tested(klayer: Any) -> None:
    assert {check.id for check in klayer.suite.at("notebook")} == set(CHECKS)


@pytest.mark.parametrize("check", CHECKS)
def test_experiment_that_was_not_run_earns_nothing(klayer: Any, check: str) -> None:
    empty = SimpleNamespace(
        runs={}, sigma_runs={}, coarse_trials=[], fine_trials=[], best_lambda=None, figures={}
    )
    assert klayer.judge(check, empty).points == 0


def _history(run: Any, **values: Any) -> None:
    for name, value in values.items():
        run.history[name] = np.asarray(value, dtype=float)


EPOCHS = 8  # of one cycle in the short form


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        pytest.param(
            lambda runs: runs.pop((9, True)), "no training of 9 layers with batch norm", id="one-missing"
        ),
        pytest.param(
            lambda runs: _history(runs[3, True], train_loss=[2.0] * (EPOCHS - 1)),
            "expected 8 finite entries in each history",
            id="too-short",
        ),
        pytest.param(
            lambda runs: _history(runs[3, False], val_cost=[np.nan] * EPOCHS),
            "expected 8 finite entries",
            id="nan",
        ),
        pytest.param(
            lambda runs: _history(runs[3, False], train_cost=[0.1] * EPOCHS),
            "a cost below its loss",
            id="cost-below-loss",
        ),
        pytest.param(
            lambda runs: _history(runs[9, True], val_accuracy=[55.5] * EPOCHS),
            "an accuracy no share",
            id="per-cent",
        ),
        pytest.param(
            lambda runs: _history(runs[9, True], train_loss=[2.31] * EPOCHS, train_cost=[2.4] * EPOCHS),
            "9 layers with batch norm did not learn: their training loss ends at 2.310",
            id="learnt-nothing",
        ),
        pytest.param(
            lambda runs: runs[9, True].settings.update(depth=3),
            "3 layers with batch norm: the network has 9 layers",
            id="depth",
        ),
    ],
)
def test_depth_tells_what_is_wrong(
    klayer: Any, notebook: SimpleNamespace, spoil: Callable[[Any], Any], reason: str
) -> None:
    spoil(notebook.runs)
    result = klayer.judge("experiment_depth", notebook, known=notebook.known)
    assert result.points == 0
    assert reason in result.reason


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        pytest.param(
            {"coarse_trials": [(1e-3, 0.3)] * 3}, "coarse_trials holds 3 pairs, expected 4 or more", id="few"
        ),
        pytest.param({"fine_trials": []}, "fine_trials holds 0 pairs", id="no-fine"),
        pytest.param({"fine_trials": [(1e-3, 31.0), (2e-3, 30.0)]}, "the accuracy a share", id="per-cent"),
        pytest.param(
            {"coarse_trials": [(x, 0.1) for x in (-3, -2, -1.5, -1)]},
            "lambda is to be above 0",
            id="exponents",
        ),
        pytest.param(
            {"coarse_trials": [(x, 0.1) for x in (1e-6, 1e-3, 1e-2, 0.05)]},
            "expected 1e-4 to 1e-1",
            id="range",
        ),
        pytest.param(
            {"coarse_trials": [(x, 0.1) for x in (0.02, 0.05, 0.06, 0.09)]},
            "span an order of magnitude",
            id="linear",
        ),
        pytest.param(
            {"fine_trials": [(1e-4, 0.1), (9e-2, 0.31)]}, "spread no less than the coarse ones", id="not-fine"
        ),
        pytest.param({"best_lambda": 2e-2}, "best_lambda is 0.02, which has not the highest", id="not-best"),
    ],
)
def test_search_tells_what_is_wrong(
    klayer: Any, notebook: SimpleNamespace, values: dict[str, Any], reason: str
) -> None:
    vars(notebook).update(values)
    result = klayer.judge("experiment_search", notebook, known=notebook.known)
    assert result.points == 0
    assert reason in result.reason


def _waits(result: Any, why: str) -> None:
    assert (result.outcome, result.points, result.pending) == (Outcome.NOT_GRADED, 0, True)
    assert why in result.reason


def _search(klayer: Any, notebook: SimpleNamespace) -> Any:
    return klayer.judge("experiment_search", notebook, known=notebook.known)


def test_search_that_notes_the_best_epoch_passes(klayer: Any, notebook: SimpleNamespace) -> None:
    runs = [run for run in notebook.experiments.trained if run.settings["lmda"] != 0.005]
    trials = [(run.settings["lmda"], max(run.history["val_accuracy"])) for run in runs]
    notebook.coarse_trials, notebook.fine_trials = trials[:4], trials[4:]
    notebook.best_lambda = max(trials, key=lambda pair: pair[1])[0]
    assert _search(klayer, notebook).outcome is Outcome.PASSED


def test_search_of_many_trials_is_judged_by_the_best(klayer: Any, notebook: SimpleNamespace) -> None:
    """Ten more with a single one's training: those that are worst need not come along."""
    worst = min(notebook.coarse_trials, key=lambda pair: pair[1])
    notebook.coarse_trials += [(worst[0] * (1 + place / 100), 0.0) for place in range(1, 8)]
    _waits(_search(klayer, notebook), "were not kept")  # 13, of which 6 came
    first = notebook.experiments.trained[-1]
    for lmda, share in notebook.coarse_trials[4:]:
        run = copy.deepcopy(first)
        run.settings["lmda"], run.history["val_accuracy"][-1] = lmda, share
        notebook.experiments.trained.append(run)
    _waits(_search(klayer, notebook), "its history says")  # found, and not borne out


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        pytest.param(lambda made: made.trained.clear(), "there is no trained network", id="none-kept"),
        pytest.param(lambda made: made.trained.pop(), "were not kept", id="one-not-kept"),
        pytest.param(
            lambda made: [_random(run) for run in made.trained], "as well as its history says", id="random"
        ),
        pytest.param(
            lambda made: [run.states.clear() for run in made.trained], "no network was kept", id="no-states"
        ),
        pytest.param(
            lambda made: setattr(made.trained[-1], "net", made.trained[-2].net),
            "history says",
            id="one-for-two",
        ),
        pytest.param(
            lambda made: [_history(run, train_cost=run.history["train_loss"] + 0.1) for run in made.trained],
            "no penalty on the networks' weights",
            id="one-penalty-for-all",
        ),
    ],
)
def test_search_that_no_networks_bear_out_waits_for_a_person(
    klayer: Any, notebook: SimpleNamespace, spoil: Callable[[Any], Any], why: str
) -> None:
    spoil(notebook.experiments)
    _waits(_search(klayer, notebook), why)


def test_sigma_asks_for_all_twelve(klayer: Any, notebook: SimpleNamespace) -> None:
    del notebook.sigma_runs[9, 1e-4, False]
    result = klayer.judge("experiment_sigma", notebook, known=notebook.known)
    assert result.reason == "no training of 9 layers with sigma = 0.0001 without batch norm"


def test_sigma_that_was_not_used_fails(klayer: Any, notebook: SimpleNamespace) -> None:
    """With he=True the networks start from He initialization, whatever sig says."""
    for run in notebook.sigma_runs.values():
        run.settings["he"] = True
    assert (
        "no training of 3 layers with sigma"
        in klayer.judge("experiment_sigma", notebook, known=notebook.known).reason
    )


def test_sigma_shows_batch_norm_ahead(klayer: Any, notebook: SimpleNamespace) -> None:
    notebook.sigma_runs[3, 1e-3, True].history = notebook.sigma_runs[3, 1e-3, False].history
    result = klayer.judge("experiment_sigma", notebook, known=notebook.known)
    assert result.reason == "3 layers with sigma = 0.001: batch norm does not reach a lower training loss"


def _figures(klayer: Any, notebook: SimpleNamespace) -> Any:
    return klayer.judge("figures_show_histories", notebook, known=notebook.known)


def _one_figure(notebook: SimpleNamespace, **how: Any) -> Any:
    """All curves in one figure, drawn in another way."""
    everything = [*notebook.runs.values(), *notebook.sigma_runs.values()]
    notebook.figures = {"all": _draw(everything, **how)}
    return notebook


def test_figures_may_hold_several_trainings_and_per_cent(klayer: Any, notebook: SimpleNamespace) -> None:
    assert _figures(klayer, _one_figure(notebook, percent=True)).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        pytest.param({"named": False}, "3 of 3 panels have no name at an axis", id="axes"),
        pytest.param({"legend": False}, "96 histories are in no labelled curve", id="legend"),
    ],
)
def test_unlabelled_figures_earn_nothing(
    klayer: Any, notebook: SimpleNamespace, how: dict[str, bool], reason: str
) -> None:
    result = _figures(klayer, _one_figure(notebook, **how))
    assert result.points == 0
    assert reason in result.reason


def test_figures_that_do_not_agree_with_the_histories_earn_less(
    klayer: Any, notebook: SimpleNamespace
) -> None:
    run = notebook.runs[3, True]
    _history(run, val_cost=run.history["val_cost"] + 0.01)
    result = klayer.judge("figures_show_histories", notebook, known=notebook.known)
    assert (
        "1 histories are in no labelled curve, the first is val_cost of 3 layers with batch norm"
        in result.reason
    )
    assert 0 < result.points < result.max_points


def test_a_loss_drawn_as_cost_does_not_count(klayer: Any, notebook: SimpleNamespace) -> None:
    for figure in notebook.figures.values():
        assert figure.axes[1].get_ylabel() == "loss"
    run = notebook.runs[3, True]
    swapped = _draw([run])
    swapped.axes[0].set_ylabel("loss")
    swapped.axes[1].set_ylabel("cost")
    notebook.figures[run.name] = swapped
    assert (
        "4 histories are in no labelled curve"
        in klayer.judge("figures_show_histories", notebook, known=notebook.known).reason
    )


def test_a_panel_without_name_beside_good_ones_costs_a_tenth(klayer: Any, notebook: SimpleNamespace) -> None:
    extra = Figure()
    extra.subplots()
    result = _figures(
        klayer, SimpleNamespace(**{**vars(notebook), "figures": {**notebook.figures, "extra": extra}})
    )
    assert result.points == result.max_points * 9 / 10


def test_panels_of_one_figure_without_names_cost_a_tenth(klayer: Any, notebook: SimpleNamespace) -> None:
    """Two that have the same curve in them, so that nothing but the curves could tell one from the other."""
    extra = Figure()
    for axes in extra.subplots(2):
        axes.plot([1.0, 2.0], label="cost")
        axes.legend()
    result = _figures(
        klayer, SimpleNamespace(**{**vars(notebook), "figures": {**notebook.figures, "extra": extra}})
    )
    assert result.points == result.max_points * 9 / 10


def test_trainings_without_number_are_refused_before_they_are_looked_at(
    klayer: Any, notebook: SimpleNamespace
) -> None:
    for check in ("experiment_depth", "figures_show_histories"):
        found = klayer.suite.check(check)
        good = {
            name: np.asarray(value) for name, value in found.probe(notebook, np.random.default_rng(0)).items()
        }
        more = {
            name: np.tile(good[name], (60, *[1] * (good[name].ndim - 1)))
            for name in ("settings", "histories")
        }
        judged = found.judge({**good, **more}, notebook.known)
        assert (judged.fraction, judged.reason[:9]) == (0.0, "there are")


def test_answers_of_a_forger_fail(klayer: Any, notebook: SimpleNamespace) -> None:
    """What a forger sends is failed, not raised: the scorer turns an exception into a failure, and the judges raise few."""
    found = klayer.suite.check("experiment_depth")
    good = {
        name: np.asarray(value) for name, value in found.probe(notebook, np.random.default_rng(1)).items()
    }
    assert found.judge(good, notebook.known) == Judgement(1.0)
    assert found.judge(good, {}).person, "the images are not known"
    assert (
        found.judge({**good, "settings": np.zeros(0)}, notebook.known).reason == "there is no trained network"
    )
    assert not found.judge(
        {**good, "histories": np.full(good["histories"].shape, -3.0)}, notebook.known
    ).passed


def _random(run: Any) -> None:
    rng = np.random.default_rng(1)
    run.net.W = [rng.standard_normal(value.shape) for value in run.net.W]


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        pytest.param(_random, "as well as its history says", id="random-network"),
        pytest.param(
            lambda run: setattr(run, "net", SimpleNamespace(W=[0, 0, 0])), "could not be read", id="none"
        ),
        pytest.param(
            lambda run: _history(run, train_loss=np.linspace(2.3, 0.01, EPOCHS)),
            "as well as its history says",
            id="low-loss",
        ),
    ],
)
@pytest.mark.parametrize("check", ["experiment_depth", "figures_show_histories"])
def test_histories_that_the_networks_do_not_bear_out_wait_for_a_person(
    klayer: Any, notebook: SimpleNamespace, check: str, spoil: Callable[[Any], Any], why: str
) -> None:
    spoil(notebook.runs[3, True])
    result = klayer.judge(check, notebook, known=notebook.known)
    assert (result.outcome, result.points, result.pending) == (Outcome.NOT_GRADED, 0, True)
    assert why in result.reason


def _middle(run: Any, **more: float) -> None:
    """Invent what lies between the first epoch and the last."""
    for name, value in more.items():
        run.history[name][1:-1] = value


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        pytest.param(
            lambda run: _middle(run, train_loss=run.history["train_loss"][-1] + 0.001),
            "its history says",
            id="loss",
        ),
        pytest.param(lambda run: _middle(run, train_accuracy=0.9), "its history says", id="accuracy"),
        pytest.param(lambda run: _middle(run, val_loss=0.5), "its history says", id="validation-loss"),
        pytest.param(lambda run: _middle(run, val_accuracy=0.123), "no share of the columns", id="no-share"),
        pytest.param(
            lambda run: _middle(run, train_cost=run.history["train_loss"][-1] + 9), "no penalty", id="cost"
        ),
        pytest.param(lambda run: run.states.clear(), "no network was kept", id="no-states"),
        pytest.param(
            lambda run: [state.update(W=[0, 0, 0]) for state in run.states.values()],
            "could not be read",
            id="none",
        ),
        pytest.param(
            lambda run: run.states.update({epoch: vars(run.net) for epoch in run.states}),
            "its history says",
            id="the-last-for-all",
        ),
    ],
)
@pytest.mark.parametrize("check", ["experiment_depth", "figures_show_histories"])
def test_histories_whose_middle_is_invented_wait_for_a_person(
    klayer: Any, notebook: SimpleNamespace, check: str, spoil: Callable[[Any], Any], why: str
) -> None:
    spoil(notebook.runs[3, True])
    notebook.figures[notebook.runs[3, True].name] = _draw([notebook.runs[3, True]])
    _waits(klayer.judge(check, notebook, known=notebook.known), why)


def test_costs_with_half_of_the_penalty_are_the_costs_of_other_checks(
    klayer: Any, notebook: SimpleNamespace
) -> None:
    for run in notebook.runs.values():
        for part in ("train", "val"):
            cost, loss = run.history[f"{part}_cost"], run.history[f"{part}_loss"]
            _history(run, **{f"{part}_cost": (cost + loss) / 2})
    assert klayer.judge("experiment_depth", notebook, known=notebook.known).outcome is Outcome.PASSED


def _squares(run: Any) -> float:
    return float(sum(np.sum(W**2) for W in run.net.W))


def test_true_histories_of_an_untrained_network_wait_for_a_person(
    klayer: Any, notebook: SimpleNamespace
) -> None:
    run = notebook.sigma_runs[9, 1e-4, True]
    _random(run)
    run.net.W[-1] = 0 * run.net.W[-1]  # all ten classes alike: a loss of ln 10
    for name, end in (
        ("train_accuracy", 0.1),
        ("val_accuracy", 0.1),
        ("train_loss", 2.29),
        ("val_loss", 2.29),
    ):
        run.history[name][-1] = end
        for epoch, state in run.states.items():
            run.history[name][epoch - 1] = end
            state.update(vars(run.net))
    for part in ("train", "val"):
        run.history[f"{part}_cost"] = run.history[f"{part}_loss"] + 0.005 * _squares(run)
    plain = notebook.sigma_runs[9, 1e-4, False]
    plain.history["train_loss"][-1] = 2.31
    plain.history["train_cost"][-1] = plain.history["train_loss"][-1] + 0.005 * _squares(plain)
    result = klayer.judge("experiment_sigma", notebook, known=notebook.known)
    assert result.outcome is Outcome.NOT_GRADED
    assert "no better than an untrained one" in result.reason


def test_one_network_under_two_names_waits_for_a_person(klayer: Any, notebook: SimpleNamespace) -> None:
    one, other = (notebook.sigma_runs[3, sigma, True] for sigma in (1e-3, 1e-4))
    one.net, one.history, one.states = other.net, other.history, other.states
    result = klayer.judge("experiment_sigma", notebook, known=notebook.known)
    assert "two trainings left the same network" in result.reason


def test_what_is_given_is_what_the_notebook_loads(klayer: Any, tmp_path: Any, source: Any) -> None:
    """The images outside are those of the room, standardized alike."""
    folder = tmp_path / "cifar-10-batches-py"
    write_synthetic("cifar10", folder, train=1000, test=200)
    given = klayer.suite.check("experiment_depth").given(klayer.reference, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADECHECK_DATA", str(tmp_path))
        patch.setenv("GRADECHECK_SHORT", "1")
        loaded = source("dd2424.data").load_cifar(source("dd2424.experiments").plan())
    for name, array in given.items():
        assert np.allclose(array, np.asarray(loaded[name]).T, rtol=0, atol=1e-12), name
