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
from tests.assignments.tufts_batchnorm.right_variants import RIGHT

SCALES = np.logspace(-4, 0, num=3)
CHECKS = ("experiment_deep", "experiment_weight_scales", "experiment_batch_sizes")
INPUTS, VALIDATION = 768, 100


def images() -> dict[str, Any]:
    """Rows of ten classes, as many as the short form loads and as networks of it see them."""
    rng = np.random.default_rng(15009)
    y = rng.integers(10, size=600 + VALIDATION)
    X = 12 * rng.standard_normal((10, INPUTS))[y] + 40 * rng.standard_normal((len(y), INPUTS))
    return {"X_train": X[:600], "y_train": y[:600], "X_val": X[600:], "y_val": y[600:]}


KNOWN = images()


class Bench:
    """Trains narrow networks of the assignment's own source in the sizes of the short form."""

    def __init__(self, network: Any) -> None:
        self.network = network
        self.seed = 0

    def train(self, use_bn: bool, rows: int, scale: float | None = None, **terms: Any) -> tuple[Any, Any]:
        """A training: its history, and the network."""
        self.seed += 1
        np.random.seed(self.seed)
        model = self.network(
            INPUTS, [20] * 5, 10, weight_scale=scale, centering_data=True, use_dropout=False, use_bn=use_bn
        )
        known = KNOWN["X_train"][:rows], KNOWN["y_train"][:rows], KNOWN["X_val"], KNOWN["y_val"]
        with np.errstate(all="ignore"):
            return model.train(*known, **{"batch_size": 50, "reg": 1e-5, **terms}), model

    def deep(self, use_bn: bool, steps: int = 151) -> tuple[Any, Any]:
        return self.train(use_bn, 500, learning_rate=1e-3, reg=0.01, num_iters=steps)

    def scaled(self, use_bn: bool, scale: float) -> tuple[Any, Any]:
        return self.train(use_bn, 400, scale, learning_rate=1e-2, num_iters=57)

    def sized(self, use_bn: bool, size: int) -> tuple[Any, Any]:
        return self.train(use_bn, 250, learning_rate=1e-3, num_iters=1500 // size + 1, batch_size=size)


def ran(bench: Bench) -> SimpleNamespace:
    """What the notebook's namespace holds after the last cell."""
    space = SimpleNamespace(weight_scales=SCALES, batch_sizes=[5, 10, 50])
    space.bn_trace, space.bn_model = bench.deep(True)
    space.baseline_trace, space.model = bench.deep(False)
    for use_bn, name in ((True, "bn"), (False, "baseline")):
        runs = {scale: bench.scaled(use_bn, scale) for scale in SCALES}
        traces = "bn_net_ws" if use_bn else "baseline_ws"
        setattr(space, traces, {scale: trace for scale, (trace, _) in runs.items()})
        setattr(space, f"{name}_models_ws", {scale: model for scale, (_, model) in runs.items()})
    runs = {(True, size): bench.sized(True, size) for size in space.batch_sizes}
    space.bn_traces = [trace for trace, _ in runs.values()]
    space.baseline_trace_bs, model = bench.sized(False, 5)
    space.models_bs = {key: model for key, (_, model) in runs.items()} | {(False, 5): model}
    return space


@pytest.fixture(scope="module")
def bench(solution_network: Any) -> Bench:
    return Bench(solution_network)


@pytest.fixture(scope="module")
def trained(bench: Bench) -> SimpleNamespace:
    return ran(bench)


@pytest.fixture
def judge(batchnorm: Any) -> Callable[..., Any]:
    """What a check says, given the true images."""

    def judged(check: str, notebook: Any, known: Any = KNOWN) -> Any:
        return batchnorm.judge(check, notebook, known=known)

    return judged


@pytest.fixture
def notebook(trained: SimpleNamespace) -> SimpleNamespace:
    """A copy of it that a test may spoil."""
    return copy.deepcopy(trained)


@pytest.mark.parametrize("check", CHECKS)
def test_experiment_passes_where_it_was_run(
    judge: Callable[..., Any], notebook: SimpleNamespace, check: str
) -> None:
    result = judge(check, notebook)
    assert result.outcome is Outcome.PASSED, result.reason


def test_every_notebook_check_is_tested(batchnorm: Any) -> None:
    assert {check.id for check in batchnorm.suite.at("notebook")} == set(CHECKS)


@pytest.mark.parametrize("check", CHECKS)
def test_experiment_that_was_not_run_earns_nothing(judge: Callable[..., Any], check: str) -> None:
    empty = SimpleNamespace(
        bn_net_ws={}, baseline_ws={}, weight_scales=SCALES, batch_sizes=[5, 10], bn_traces=[]
    )
    assert judge(check, empty).points == 0


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        pytest.param(lambda t: t["objective_history"].clear(), "have 0, 16 and 16 entries", id="no-steps"),
        pytest.param(lambda t: t["val_acc_history"].pop(), "have 151, 16 and 15 entries", id="one-missing"),
        pytest.param(
            lambda t: t.update(train_acc_history=[2.0] * 16), "no share of the examples", id="above-one"
        ),
        pytest.param(
            lambda t: t["objective_history"].__setitem__(3, float("nan")), "infinite or NaN", id="nan"
        ),
        pytest.param(lambda t: t["objective_history"].__setitem__(3, -1.0), "negative", id="negative"),
        pytest.param(lambda t: t["objective_history"].reverse(), "does not learn", id="did-not-learn"),
    ],
)
def test_history_that_train_cannot_have_returned_fails(
    judge: Callable[..., Any], notebook: SimpleNamespace, spoil: Callable[[Any], object], reason: str
) -> None:
    spoil(notebook.bn_trace)
    result = judge("experiment_deep", notebook)
    assert result.outcome is Outcome.FAILED
    assert reason in result.reason


def test_baseline_may_overflow(judge: Callable[..., Any], notebook: SimpleNamespace, bench: Bench) -> None:
    scale = SCALES[-1]  # where a baseline overflows
    notebook.baseline_ws[scale], notebook.baseline_models_ws[scale] = bench.scaled(False, 100.0)
    assert not np.isfinite(notebook.baseline_ws[scale]["objective_history"][-1])
    assert judge("experiment_weight_scales", notebook).outcome is Outcome.PASSED


def test_batch_normalization_behind_the_baseline_fails(
    judge: Callable[..., Any], notebook: SimpleNamespace
) -> None:
    notebook.baseline_trace = copy.deepcopy(notebook.bn_trace)
    result = judge("experiment_deep", notebook)
    assert "does not end with a lower objective" in result.reason


def test_baseline_name_reused_by_the_batch_sizes_is_not_compared(
    judge: Callable[..., Any], notebook: SimpleNamespace
) -> None:
    notebook.baseline_trace = notebook.baseline_trace_bs  # of batch size 5: its objective is that of 5 rows
    assert judge("experiment_deep", notebook).outcome is Outcome.FAILED
    del notebook.baseline_trace_bs
    assert judge("experiment_deep", notebook).outcome is Outcome.PASSED


def test_scales_as_the_course_printed_them_fail(judge: Callable[..., Any], notebook: SimpleNamespace) -> None:
    """Both networks have batch normalization, and the scale reaches neither."""
    notebook.bn_net_ws = {scale: copy.deepcopy(notebook.bn_trace) for scale in SCALES}
    notebook.baseline_ws = {scale: copy.deepcopy(notebook.bn_trace) for scale in SCALES}
    assert "is not ahead of the baseline" in judge("experiment_weight_scales", notebook).reason


def test_scale_without_training_fails(judge: Callable[..., Any], notebook: SimpleNamespace) -> None:
    del notebook.bn_net_ws[SCALES[1]]
    result = judge("experiment_weight_scales", notebook)
    assert "2 and 3 networks were trained for 3 weight scales" in result.reason


def test_narrow_scales_fail(judge: Callable[..., Any], notebook: SimpleNamespace) -> None:
    traces = list(notebook.bn_net_ws.values()), list(notebook.baseline_ws.values())
    notebook.weight_scales = [0.01, 0.02, 0.03]
    notebook.bn_net_ws, notebook.baseline_ws = (
        dict(zip(notebook.weight_scales, part, strict=True)) for part in traces
    )
    assert "two orders of magnitude" in judge("experiment_weight_scales", notebook).reason


def test_batch_size_without_a_network_that_learnt_fails(
    judge: Callable[..., Any], notebook: SimpleNamespace
) -> None:
    flat = notebook.bn_traces[1]["objective_history"]
    flat[:] = [23.0] * len(flat)
    assert "batch size 10 did not learn" in judge("experiment_batch_sizes", notebook).reason
    flat.pop(0)
    del flat[:40]
    assert "the same number of examples" in judge("experiment_batch_sizes", notebook).reason
    notebook.bn_traces.pop()
    assert "2 networks were trained for 3" in judge("experiment_batch_sizes", notebook).reason


def test_judges_survive_anything(batchnorm: Any, notebook: SimpleNamespace) -> None:
    """What a forger sends does not pass: the scorer turns an exception into a failure, and the judges raise few."""
    found = batchnorm.suite.check("experiment_deep")
    good = {name: np.asarray(value) for name, value in found.probe(notebook, None).items()}
    assert found.judge(good, KNOWN) == Judgement(1.0)
    for name in ("bn_lengths", "bn_objective", "bn_train_acc", "net_layout", "net_values", "net_statistics"):
        for forged in (np.zeros(0), np.full(good[name].shape, -3.0)):
            assert not found.judge({**good, name: forged}, KNOWN).passed


def test_trainings_without_number_are_refused_before_they_are_looked_at(
    batchnorm: Any, notebook: SimpleNamespace
) -> None:
    found = batchnorm.suite.check("experiment_deep")
    good = {name: np.asarray(value) for name, value in found.probe(notebook, None).items()}
    judged = found.judge({**good, "bn_lengths": np.zeros((1_000_000, 3))}, KNOWN)
    assert "1000000 trainings, expected at most 200" in judged.reason


# --- What the networks say ---------------------------------------------------------------------------------------------------


def assert_waits(result: Any, why: str) -> None:
    assert result.outcome is Outcome.NOT_GRADED
    assert (result.points, result.pending) == (0, True)
    assert why in result.reason


@pytest.mark.parametrize("check", CHECKS)
def test_history_without_a_network_waits_for_a_person(
    judge: Callable[..., Any], notebook: SimpleNamespace, check: str
) -> None:
    for name in [name for name in vars(notebook) if "model" in name]:
        delattr(notebook, name)
    assert_waits(judge(check, notebook), "0 trained networks were kept and could be read")


@pytest.mark.parametrize("check", CHECKS)
def test_unknown_images_leave_it_to_a_person(
    judge: Callable[..., Any], notebook: SimpleNamespace, check: str
) -> None:
    assert_waits(judge(check, notebook, {}), "the images that the notebook was given are not known here")


@pytest.mark.parametrize(
    "keep",
    [
        pytest.param(lambda one: {"nets": [one.pop(name) for name in sorted(one)]}, id="one-list"),
        pytest.param(
            lambda one: {"by": {"name": {name: one.pop(name) for name in [*one]}}}, id="in-dictionaries"
        ),
        pytest.param(lambda one: {f"a{i}": one.pop(name) for i, name in enumerate([*one])}, id="other-names"),
    ],
)
def test_networks_are_found_wherever_they_were_kept(
    judge: Callable[..., Any], notebook: SimpleNamespace, keep: Callable[[Any], Any]
) -> None:
    models = {name: vars(notebook).pop(name) for name in [*vars(notebook)] if "model" in name}
    vars(notebook).update(keep(models))
    for check in CHECKS:
        assert judge(check, notebook).outcome is Outcome.PASSED, check


class Other:
    """A network of the student's own: an array for each name, averages under another attribute."""

    def __init__(self, model: Any) -> None:
        self.params = {
            f"{kind}{layer}": np.asarray(array)[None] if kind != "W" else array
            for kind, arrays in model.params.items()
            for layer, array in enumerate(arrays)
        }
        self.states = [
            {name: np.ravel(state[name]) for name in ("running_mean", "running_var")}
            for state in model.bn_params
        ]


def test_networks_may_keep_their_arrays_by_name(judge: Callable[..., Any], notebook: SimpleNamespace) -> None:
    notebook.bn_model, notebook.model = Other(notebook.bn_model), Other(notebook.model)
    assert judge("experiment_deep", notebook).outcome is Outcome.PASSED


def test_training_that_stops_within_an_epoch_passes(
    judge: Callable[..., Any], notebook: SimpleNamespace, bench: Bench
) -> None:
    notebook.bn_trace, notebook.bn_model = bench.deep(True, steps=157)
    assert judge("experiment_deep", notebook).outcome is Outcome.PASSED


def test_network_of_another_run_waits_for_a_person(
    judge: Callable[..., Any], notebook: SimpleNamespace, bench: Bench
) -> None:
    _, notebook.bn_model = bench.deep(True, steps=41)
    assert_waits(
        judge("experiment_deep", notebook), "no network that was kept gives what a history ends with"
    )


def test_true_history_beside_an_untrained_network_waits_for_a_person(
    judge: Callable[..., Any], notebook: SimpleNamespace, bench: Bench
) -> None:
    for scale in SCALES:
        _, notebook.bn_models_ws[scale] = bench.train(True, 400, learning_rate=0.0, num_iters=57)
    assert_waits(judge("experiment_weight_scales", notebook), "no network that was kept gives")


@pytest.mark.parametrize("part", ["objective_history", "train_acc_history", "val_acc_history"])
def test_end_that_is_not_the_networks_waits_for_a_person(
    judge: Callable[..., Any], notebook: SimpleNamespace, part: str
) -> None:
    values = notebook.bn_trace[part]
    values[-15 if part == "objective_history" else -1 :] = (
        [5.0] * 15 if part == "objective_history" else [values[-1] - 0.2]
    )
    assert_waits(
        judge("experiment_deep", notebook), "no network that was kept gives what a history ends with"
    )


def test_best_accuracies_that_are_not_the_networks_wait_for_a_person(
    judge: Callable[..., Any], notebook: SimpleNamespace
) -> None:
    for trace, scale in zip(notebook.bn_net_ws.values(), SCALES, strict=True):
        trace["train_acc_history"][-2] = 1.0
        notebook.bn_models_ws[scale].params["W"] = [
            array.copy() for array in notebook.bn_models_ws[scale].params["W"]
        ]
    assert_waits(
        judge("experiment_weight_scales", notebook), "the best accuracies are not those of the networks"
    )


def test_accuracies_of_no_number_of_images_wait_for_a_person(
    judge: Callable[..., Any], notebook: SimpleNamespace
) -> None:
    notebook.bn_trace["val_acc_history"][3] = 0.1234
    assert_waits(judge("experiment_deep", notebook), "no share of 100 images")


def test_network_that_started_trained_waits_for_a_person(
    judge: Callable[..., Any], notebook: SimpleNamespace
) -> None:
    notebook.bn_trace["objective_history"][0] = 90.0
    assert_waits(
        judge("experiment_deep", notebook), "no network that was kept gives what a history ends with"
    )


def test_training_that_lowered_nothing_waits_for_a_person(
    judge: Callable[..., Any], notebook: SimpleNamespace, bench: Bench
) -> None:
    """A true end of an untrained network, and a start that is made up to lie above it."""
    trace, notebook.bn_model = bench.train(True, 500, learning_rate=0.0, reg=0.01, num_iters=151)
    ends = trace["objective_history"]
    ends[:100] = [value + 10 for value in ends[:100]]
    notebook.bn_trace = trace
    notebook.baseline_trace["objective_history"][-20:] = [value + 60 for value in ends[-20:]]
    del notebook.baseline_trace_bs  # as in the course's own notebook: no baseline to compare with
    assert_waits(judge("experiment_deep", notebook), "classifies no better than an untrained one")


def test_one_network_under_several_histories_waits_for_a_person(
    judge: Callable[..., Any], notebook: SimpleNamespace
) -> None:
    first, scale = SCALES[0], SCALES[1]
    notebook.baseline_ws[scale] = copy.deepcopy(notebook.baseline_ws[first])
    notebook.baseline_models_ws[scale] = copy.deepcopy(notebook.baseline_models_ws[first])
    assert_waits(judge("experiment_weight_scales", notebook), "two trainings left the same network")


@pytest.mark.parametrize("name", ["from_the_last_row-by_graph", "by_einsum-simplified"])
def test_right_network_of_another_kind_bears_its_history_out(judge: Callable[..., Any], name: str) -> None:
    """Statistics as (D,), steps in place, another way back: the end is the network's own all the same."""
    notebook = SimpleNamespace()
    bench = Bench(RIGHT[name].FullyConnectedNet)
    notebook.bn_trace, kept = bench.deep(True)
    notebook.baseline_trace, other = bench.deep(False)
    notebook.networks = (kept, other)
    result = judge("experiment_deep", notebook)
    assert result.outcome is Outcome.PASSED, result.reason
