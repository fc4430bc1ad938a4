"""The checks of Tufts' batch normalization assignment: 90 points; the inline questions hold 10 more.

Tolerances. Right answers in float64, however written, agree with the reference to about 1e-13, in gradients and after 12 steps of
training to about 1e-11. The mildest mistake of all is the course's own: eps left out of test mode moves its example from
0.61237198 to 0.61237244, a relative error of 3.7e-7. The default, 1e-7, stands between; that example itself has 1e-9.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np

from assignments.common.arrays import kept, number, row, upstream, vectors
from assignments.common.carried import around
from assignments.common.descent_experiments import (
    judge_batch_sizes,
    judge_deep,
    judge_scales,
    packed_traces,
)
from assignments.common.descents import first_images
from assignments.common.kept_networks import packed_kept
from assignments.common.manners import NOTHING_NEAR, some_near
from assignments.common.normalization import inference_outputs, outputs, running_averages
from assignments.common.parameters import put
from assignments.common.stand_ins import LONE, on_others
from grader.compare import Judgement
from grader.probe import NeedsPersonError, check

# Headings of the notebook, where a student reads on.
FORWARD = "Batch normalization: forward"
NETWORK = "Fully Connected Nets with Batch Normalization"
DEEP = "Batchnorm for deep networks"
SCALES = "Batch normalization and initialization"
BATCH_SIZE = "Batch normalization and batch size"

TRAIN = {"mode": "train"}
SHAPES = ((4, 5), (64, 7), (30, 12), (17, 1))

SIZES = (12, 7, 5, 9, 4)  # input, three hidden layers of unequal width, classes
# The same with equal widths. What one layer has of another, such as its running statistics, then raises no error: it is charged for
# the numbers that it spoils, and for the error by `network_objective` alone.
EVEN = (12, 7, 7, 7, 4)
KINDS = ("W", "b", "gamma", "beta")
STEP = 1e-3  # learning rate of a single step, from which gradients are read

# A gradient is read as the difference of parameters over STEP, which leaves rounding of 1e-16 / STEP, and the bias in front of
# batch normalization has a true gradient of zero. Below 1e-4 errors therefore count as absolute: 1e-4 * 1e-7 = 1e-11.
GRADIENT_FLOOR = 1e-4


# --- batchnorm_forward: 41 points -------------------------------------------------------------------------------------------


def _paired(impl: Any) -> Any:
    """The course's function as the shared probes call it: a pair comes back, and bn_param holds all that the course puts there.

    Other courses' functions return a pair themselves, of output and cache. That this one should not is charged by the notebook's
    two examples; elsewhere the output counts.
    """

    def batchnorm_forward(x: Any, gamma: Any, beta: Any, bn_param: dict[str, Any]) -> tuple[Any, None]:
        bn_param.setdefault("eps", 1e-4)
        bn_param.setdefault("momentum", 0.95)
        for name, value in (("running_mean", np.zeros(x.shape[1])), ("running_var", np.ones(x.shape[1]))):
            given = bn_param.setdefault(name, value)
            if type(given) is np.ndarray and given.ndim == 1:
                bn_param[name] = given[None, :].copy()
        returned = impl.batchnorm_forward(x, gamma, beta, bn_param)
        in_pair = isinstance(returned, tuple) and len(returned) > 0 and isinstance(returned[0], np.ndarray)
        return returned[0] if in_pair else returned, None

    return SimpleNamespace(batchnorm_forward=batchnorm_forward)


def _example(mode: str, mean: float, var: float) -> dict[str, Any]:
    return {
        "mode": mode,
        "eps": 1e-4,
        "momentum": 0.95,
        "running_mean": np.full((1, 1), mean),
        "running_var": np.full((1, 1), var),
    }


@check(
    of="batchnorm_forward",
    points=5,
    section=FORWARD,
    hint="Only the output is returned. The running statistics start at 0 and 1, and each call moves them by a twentieth.",
)
def example_train(impl: Any, rng: Any) -> dict[str, Any]:
    """The notebook's example in training mode: running statistics 1 and 4.283, then 20 and 66.667."""
    x, bn_param = np.array([[10], [20], [30]]), _example("train", 0.0, 1.0)
    arrays = {"out": kept(impl.batchnorm_forward(x, np.ones([1]), np.zeros([1]), bn_param))}
    # The notebook prints these numbers, so one more example like it, which nobody can know by heart. Its mean is no integer: a mean
    # that is kept in x's dtype is wrong whatever is drawn.
    other, moved = np.array([[10], [20], [3 * int(rng.integers(11, 30)) + 1]]), _example("train", 0.0, 1.0)
    arrays["out_of_another"] = kept(impl.batchnorm_forward(other, np.ones([1]), np.zeros([1]), moved))
    for calls in ("once", "often"):
        arrays[f"running_mean_{calls}"] = kept(bn_param["running_mean"])
        arrays[f"running_var_{calls}"] = kept(bn_param["running_var"])
        for _ in range(400 if calls == "once" else 0):
            impl.batchnorm_forward(x, np.ones([1]), np.zeros([1]), bn_param)
    return arrays


@check(
    of="batchnorm_forward",
    points=5,
    tolerance=1e-9,
    section=FORWARD,
    hint="0.61237244 is what comes out when test mode leaves eps away.",
)
def example_test(impl: Any, rng: Any) -> dict[str, Any]:
    """The notebook's example in test mode: 0.61237198."""
    given = {"out": 25, "out_of_another": int(rng.integers(26, 90))}  # the first is printed in the notebook
    return {
        name: kept(
            impl.batchnorm_forward(
                np.array([[value]]), np.ones([1]), np.zeros([1]), _example("test", 20.0, 200 / 3)
            )
        )
        for name, value in given.items()
    }


@check(
    of="batchnorm_forward",
    points=6,
    section=FORWARD,
    hint="Statistics are taken over axis 0, one mean and one variance per feature; the variance is divided by N.",
)
def train_output(impl: Any, rng: Any) -> dict[str, Any]:
    """Training mode normalizes each feature over the minibatch, then scales and shifts."""
    return outputs(_paired(impl), rng, "batchnorm_forward", SHAPES, TRAIN)


@check(
    of="batchnorm_forward",
    points=4,
    visible=False,
    section=FORWARD,
    hint="Where does eps come from, and where does it go? Try a large one, and features that hardly vary.",
)
def train_eps(impl: Any, rng: Any) -> dict[str, Any]:
    """Training mode uses the eps it is given."""
    large = outputs(_paired(impl), rng, "batchnorm_forward", ((6, 4),), {**TRAIN, "eps": 0.3})
    small = outputs(_paired(impl), rng, "batchnorm_forward", ((9, 5),), TRAIN, spread=1e-3)
    return {**large, **small}


@check(
    of="batchnorm_forward",
    points=6,
    section=FORWARD,
    hint="Each call moves them a little: momentum times the old value plus the rest times the minibatch's.",
)
def running_statistics(impl: Any, rng: Any) -> dict[str, Any]:
    """Training mode moves the running mean and variance in bn_param, on data that change."""
    return running_averages(_paired(impl), rng, 4, {})


@check(
    of="batchnorm_forward",
    points=4,
    visible=False,
    section=FORWARD,
    hint="The momentum is a setting in bn_param; it weighs the old value. eps is no part of the running variance.",
)
def running_momentum(impl: Any, rng: Any) -> dict[str, Any]:
    """Running statistics use the momentum they are given, and leave eps out."""
    return running_averages(_paired(impl), rng, 3, {"momentum": 0.6, "eps": 0.05})


@check(
    of="batchnorm_forward",
    points=6,
    section=FORWARD,
    hint="In test mode the running statistics take the minibatch's place; eps, gamma and beta still apply.",
)
def test_output(impl: Any, rng: Any) -> dict[str, Any]:
    """Test mode normalizes with the running statistics, then scales and shifts."""
    return inference_outputs(_paired(impl), rng, ((6, 5), (1, 3)), {})


@check(
    of="batchnorm_forward",
    points=3,
    visible=False,
    section=FORWARD,
    hint="Test mode reads the running statistics and eps; it changes nothing.",
)
def test_repeatable(impl: Any, rng: Any) -> dict[str, Any]:
    """Test mode leaves the running statistics as they are and uses the eps it is given."""
    return inference_outputs(_paired(impl), rng, ((8, 4),), {"eps": 0.2, "momentum": 0.5}, calls=2)


def judge_untouched(actual: Mapping[str, Any], expected: Mapping[str, Any]) -> Judgement:
    """Every input is as it was, and some output is near what it should be: code that does nothing has no manners to judge.

    A wrong value is charged where values are judged, and not here once more.
    """
    if not some_near(actual, expected):
        return NOTHING_NEAR
    for name, array in expected.items():
        if name.startswith("kept_") and not np.array_equal(actual[name], array):
            return Judgement(0.0, f"{name.removeprefix('kept_')} is not what it was before the call")
    return Judgement(1.0)


@check(
    of="batchnorm_forward",
    points=2,
    visible=False,
    judge=judge_untouched,
    section=FORWARD,
    hint="An operation such as `x -= mean` writes into the caller's array.",
)
def inputs_untouched(impl: Any, rng: Any) -> dict[str, Any]:
    """The function leaves x, gamma, beta and the settings in bn_param as they are."""
    arrays = {}
    gamma, beta = vectors(rng, 4)
    for mode in ("train", "test"):
        x, _ = upstream(rng, 6, 4)
        bn_param = {"mode": mode, "eps": 0.01, "momentum": 0.8}
        out, _ = _paired(impl).batchnorm_forward(x, gamma, beta, bn_param)
        settings = np.array([bn_param["mode"] == mode, bn_param["eps"], bn_param["momentum"]], dtype=float)
        arrays.update(
            {mode: kept(out), f"kept_x in {mode} mode": x, f"kept_bn_param in {mode} mode": settings}
        )
    return {**arrays, "kept_gamma": gamma, "kept_beta": beta}


# --- FullyConnectedNet: 39 points -------------------------------------------------------------------------------------------


def _started(impl: Any, rng: Any, sizes: Any, *, use_bn: bool, **options: Any) -> Any:
    """A network whose parameters depend on `rng` and `sizes` alone, however it drew its own.

    Raises: KeyError, ValueError if a parameter is absent or of another size.
    """
    terms = {"centering_data": False, "use_dropout": False, **options}
    model = impl.FullyConnectedNet(
        input_size=sizes[0], hidden_size=list(sizes[1:-1]), output_size=sizes[-1], use_bn=use_bn, **terms
    )
    for layer in range(len(sizes) - 1):
        fan_in, fan_out = sizes[layer], sizes[layer + 1]
        _put(model, "W", layer, rng.standard_normal((fan_in, fan_out)) / np.sqrt(fan_in))
        _put(model, "b", layer, 0.2 * rng.standard_normal(fan_out))
        scale, shift = rng.uniform(0.5, 1.5, fan_out), 0.3 * rng.standard_normal(fan_out)
        if use_bn and layer < len(sizes) - 2:
            _put(model, "gamma", layer, scale)
            _put(model, "beta", layer, shift)
    return model


def _params(model: Any) -> Any:
    """The network's lists of parameters. Raises: NeedsPersonError if it is one of the student's own, with other names for them."""
    params = model.params
    if isinstance(params, dict) and params and "W" not in params:
        raise NeedsPersonError("the network is not the one that was given: its parameters have other names")
    return params


def _put(model: Any, kind: str, layer: int, value: Any) -> None:
    place = f'params["{kind}"][{layer}]'
    if len(_params(model).get(kind, ())) <= layer:
        raise KeyError(f"{place} is not there, expected an array of shape {value.shape}")
    given = model.params[kind][layer]
    if row(given).shape != value.shape:
        raise ValueError(f"{place} has shape {given.shape}, expected {value.shape}")
    put(lambda: model.params[kind], layer, value.reshape(given.shape), place)


def _examples(rng: Any, rows: int, sizes: Any) -> tuple[Any, Any]:
    """Rows in groups that a network can tell apart, off-centre, and their classes."""
    y = rng.integers(sizes[-1], size=rows)
    centres = 1.5 * rng.standard_normal((sizes[-1], sizes[0]))
    return 3.0 + centres[y] + rng.standard_normal((rows, sizes[0])), y


HISTORIES = ("objective_history", "train_acc_history", "val_acc_history")


def _trained(model: Any, X: Any, y: Any, X_val: Any, y_val: Any, **terms: Any) -> dict[str, Any]:
    """The histories of `model.train`, as arrays. reg stands in `terms` as the notebook gives it, as a float32.

    A network of the student's own may tell more of its training, such as its time or its best accuracy: that stays aside.
    """
    history = model.train(X.copy(), y.copy(), X_val.copy(), y_val.copy(), verbose=False, **terms)
    return {
        name: np.array([float(value) for value in history[name]]) for name in HISTORIES if name in history
    }


def _objective(impl: Any, rng: Any, sizes: Any, *, use_bn: bool, reg: float = 0.0, **options: Any) -> Any:
    """The first minibatch's objective, which depends on the forward pass alone.

    A way back that raises, or is not written yet, is charged where gradients are judged.
    """
    model = _started(impl, rng, sizes, use_bn=use_bn, **options)
    X, y = _examples(rng, 8, sizes)
    terms = {"learning_rate": STEP, "reg": np.float32(reg), "num_iters": 1, "batch_size": 8}
    noted = _noted(model)
    try:
        return _trained(model, X, y, X, y, **terms)["objective_history"]
    except NeedsPersonError:
        raise
    except Exception:  # the student's way back may raise anything
        if not noted:
            raise
        return np.array(noted[:1])


def _noted(model: Any) -> list[float]:
    """The objectives that the network will work out, if it does so in a method of its own as the given one does."""
    own, noted = getattr(model, "compute_objective", None), []

    def noting(*args: Any, **named: Any) -> Any:
        returned = own(*args, **named)
        noted.append(float(number(returned[0])))
        return returned

    if callable(own):
        model.compute_objective = noting
    return noted


def _settled(model: Any, X: Any, y: Any, **terms: Any) -> Any:
    """The network after a training at a rate of zero, where no gradient counts: if the way back raises, zeros take its place."""
    again = copy.deepcopy(model)
    terms = {"learning_rate": 0.0, "reg": np.float32(0), **terms}
    try:
        _trained(model, X, y, X[:4], y[:4], **terms)
    except NeedsPersonError:
        raise
    except Exception:  # as above
        if not callable(getattr(again, "compute_gradients", None)):
            raise
        zeros = {kind: [np.zeros_like(array) for array in arrays] for kind, arrays in again.params.items()}
        again.compute_gradients = lambda *_args, **_named: zeros
        _trained(again, X, y, X[:4], y[:4], **terms)
        return again
    return model


@check(
    of="FullyConnectedNet",
    points=2,
    exact_dtype=False,
    section=NETWORK,
    hint="Each hidden layer has its own scale and shift, and its own dictionary for batchnorm_forward.",
)
def network_parameters(impl: Any, rng: Any) -> dict[str, Any]:
    """With use_bn, every hidden layer gets a scale of ones and a shift of zeros, and the last layer gets none."""
    model = impl.FullyConnectedNet(
        input_size=6,
        hidden_size=[int(size) for size in rng.integers(3, 60, 2)],
        output_size=4,
        centering_data=True,
        use_dropout=False,
        use_bn=True,
    )
    params = _params(model)
    arrays = {"layers": np.array([len(params[kind]) for kind in KINDS])}
    for layer in range(2):
        arrays[f"gamma_{layer}"] = row(params["gamma"][layer])
        arrays[f"beta_{layer}"] = row(params["beta"][layer])
    return arrays


@check(
    of="FullyConnectedNet",
    points=7,
    section=NETWORK,
    hint="Each hidden layer's affine output is normalized before its ReLU. The cross-entropy is summed over the minibatch.",
)
def network_objective(impl: Any, rng: Any) -> dict[str, Any]:
    """With batch normalization, the objective is right with and without regularization."""
    return {f"reg_{reg:g}": _objective(impl, rng, SIZES, use_bn=True, reg=reg) for reg in (0.0, 0.5)}


@check(
    of="FullyConnectedNet",
    points=5,
    section=NETWORK,
    hint="Without use_bn the network is the one that you had before; with it, the mean of the training rows is still subtracted.",
)
def network_options(impl: Any, rng: Any) -> dict[str, Any]:
    """The options act one by one: with and without batch normalization, with and without centred data."""
    return {
        f"use_bn_{use_bn}_centering_{centering}": _objective(
            impl, rng, EVEN, use_bn=use_bn, reg=0.25, centering_data=centering
        )
        for use_bn in (False, True)
        for centering in (False, True)
    }


@check(
    of="FullyConnectedNet",
    points=8,
    credit="each",
    floor=GRADIENT_FLOOR,
    section=NETWORK,
    hint="The gradient passes batch normalization between ReLU and affine layer; gamma and beta are learnt, too.",
)
def network_gradients(impl: Any, rng: Any) -> dict[str, Any]:
    """One step of training moves every weight, bias, scale and shift by the right gradient."""
    model = _started(impl, rng, EVEN, use_bn=True)
    before = {kind: [np.array(array) for array in arrays] for kind, arrays in model.params.items()}
    X, y = _examples(rng, 8, EVEN)
    _trained(model, X, y, X, y, learning_rate=STEP, reg=np.float32(0.25), num_iters=1, batch_size=8)
    return {
        f"{kind}{layer + 1}": row((array - np.asarray(model.params[kind][layer])) / STEP)
        for kind, arrays in before.items()
        if kind in KINDS
        for layer, array in enumerate(arrays)
    }


@check(of="FullyConnectedNet", carries="network_gradients", charged="network_objective")
def network_around(impl: Any, rng: Any) -> dict[str, Any]:
    """The student's objective around the point whose gradients are judged."""
    model = _started(impl, rng, EVEN, use_bn=True)
    X, y = _examples(rng, 8, EVEN)
    names = [f"{kind}{i + 1}" for kind in KINDS for i in range(len(model.params[kind]))]
    terms = {"learning_rate": 0.0, "reg": np.float32(0.25), "num_iters": 1, "batch_size": 8}

    def value(X: Any, **params: Any) -> Any:
        for name, array in params.items():
            _put(model, name[:-1], int(name[-1]) - 1, array)
        return float(model.train(X, y.copy(), X, y.copy(), verbose=False, **terms)["objective_history"][0])

    inputs = {name: np.array(row(np.asarray(model.params[name[:-1]][int(name[-1]) - 1]))) for name in names}
    return around(value, {"X": X, **inputs}, {name: name for name in names}, rng)


@check(
    of="FullyConnectedNet",
    points=4,
    visible=False,
    section=NETWORK,
    hint="The last affine layer's output is the scores, as it is: negative ones stay, and nothing brings them to a common scale.",
)
def network_last_layer(impl: Any, rng: Any) -> dict[str, Any]:
    """No normalization and no ReLU follow the last layer, whatever the depth."""
    return {
        f"objective_{len(sizes) - 1}_layers": _objective(impl, rng, sizes, use_bn=True)
        for sizes in ((12, 6, 3), (12, 7, 7, 7, 7, 3))
    }


@check(
    of="FullyConnectedNet",
    points=5,
    visible=False,
    section=NETWORK,
    hint="To predict, the network is in test mode: are running statistics used, and does one row's class depend on the others?",
)
def network_predictions(impl: Any, rng: Any) -> dict[str, Any]:
    """Predictions come from the running statistics, row by row."""
    sizes = (12, 9, 9, 10)
    model = _started(impl, rng, sizes, use_bn=True, centering_data=True)
    X, y = rng.standard_normal((160, 12)), rng.integers(10, size=160)
    drifting = X[:96] * np.linspace(1, 4, 96)[:, None] + np.linspace(0, 2, 96)[:, None]
    # At a rate of zero only the running statistics move: a wrong gradient is charged elsewhere.
    model = _settled(model, drifting, y[:96], num_iters=12, batch_size=8)
    alone = [float(model.predict(2 * X[i : i + 1])[0]) for i in range(40)]
    return {"together": np.asarray(model.predict(2 * X), dtype=float), "alone": np.array(alone)}


def _training(impl: Any, rng: Any, **terms: Any) -> dict[str, Any]:
    sizes = (12, 6, 6, 4)
    model = _started(impl, rng, sizes, use_bn=True, centering_data=True)
    X, y = _examples(rng, 100, sizes)
    terms = {"learning_rate": 0.01, "reg": np.float32(0.0625), "num_iters": 12, "batch_size": 10, **terms}
    return _trained(model, X[:40], y[:40], X[40:], y[40:], **terms)


@check(
    of="FullyConnectedNet",
    points=6,
    credit="each",
    section=DEEP,
    hint="Objectives that part at the first step point at the forward pass, later ones at a gradient, accuracies at test mode.",
)
def training_batchnorm(impl: Any, rng: Any) -> dict[str, Any]:
    """12 steps of training with batch normalization give the expected objectives and accuracies."""
    return _training(impl, rng)


@check(
    of="FullyConnectedNet",
    points=2,
    visible=False,
    section=DEEP,
    hint="keep_prob belongs to dropout, and the notebook passes it to networks without dropout. The last minibatch may be short.",
)
def training_settings(impl: Any, rng: Any) -> dict[str, Any]:
    """keep_prob has no effect without dropout, and minibatches need not divide the training rows."""
    return {"objective_history": _training(impl, rng, keep_prob=0.5, batch_size=16)["objective_history"]}


# --- The network on another layer -------------------------------------------------------------------------------------------
#
# A layer that is wrong in whatever way, or raises, is charged by its own checks. Where the network gives on another layer what the
# reference gives on it, nothing else is wrong with it.

OF_LAYER = ("batchnorm_forward", "batchnorm_backward")

network_objective_on_others = on_others(network_objective, OF_LAYER, LONE)
network_options_on_others = on_others(network_options, OF_LAYER, LONE)
network_gradients_on_others = on_others(network_gradients, OF_LAYER, LONE)
network_last_layer_on_others = on_others(network_last_layer, OF_LAYER, LONE)
network_predictions_on_others = on_others(network_predictions, OF_LAYER, LONE)
training_batchnorm_on_others = on_others(training_batchnorm, OF_LAYER, LONE)
training_settings_on_others = on_others(training_settings, OF_LAYER, LONE)


# --- The notebook's experiments: 10 points ----------------------------------------------------------------------------------
#
# What is judged, and why a history alone earns nothing: assignments/common/descent_experiments.py.


@check(
    of="bn_trace",
    where="notebook",
    points=4,
    judge=judge_deep,
    given=first_images,
    section=DEEP,
    hint="Run the whole notebook from the top. If training runs but batch normalization falls behind, look at its gradients.",
)
def experiment_deep(impl: Any, rng: Any) -> dict[str, Any]:  # noqa: ARG001 - a probe takes both
    """The deep network trains faster with batch normalization."""
    reused = not hasattr(impl, "baseline_trace_bs") and hasattr(impl, "bn_traces")
    return {
        **packed_traces("bn", [impl.bn_trace]),
        **packed_traces("baseline", [impl.baseline_trace]),
        **packed_kept("net", impl, 6),
        "reused": np.array(reused),
    }


@check(
    of="bn_net_ws",
    where="notebook",
    points=3,
    judge=judge_scales,
    given=first_images,
    section=SCALES,
    hint="Is weight_scale given to both networks, and has only one of them batch normalization?",
)
def experiment_weight_scales(impl: Any, rng: Any) -> dict[str, Any]:  # noqa: ARG001 - a probe takes both
    """The weight-scale experiment was run for all scales and shows batch normalization ahead."""
    scales = np.array(impl.weight_scales, dtype=float)
    return {
        **packed_traces("bn", [impl.bn_net_ws[scale] for scale in scales if scale in impl.bn_net_ws]),
        **packed_traces(
            "baseline", [impl.baseline_ws[scale] for scale in scales if scale in impl.baseline_ws]
        ),
        **packed_kept("net", impl, 8),
        "weight_scales": scales,
    }


@check(
    of="bn_traces",
    where="notebook",
    points=3,
    judge=judge_batch_sizes,
    given=first_images,
    section=BATCH_SIZE,
    hint="Run the whole notebook from the top.",
)
def experiment_batch_sizes(impl: Any, rng: Any) -> dict[str, Any]:  # noqa: ARG001 - a probe takes both
    """The batch-size experiment was run for every batch size."""
    return {
        **packed_traces("bn", impl.bn_traces),
        **packed_kept("net", impl, 6),
        "batch_sizes": np.array(impl.batch_sizes, dtype=float),
    }
