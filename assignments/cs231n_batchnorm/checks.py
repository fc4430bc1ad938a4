"""The checks of CS231n's batch normalization assignment: 92 points; the inline questions hold 8 more.

Tolerances. Right answers written in three ways (vectorised, with loops over every entry, with another graph) differed from the
reference by at most 4e-12 over 12 seeds, and by 4e-10 in the network's gradients, where entries nearly cancel. The mildest mistakes
(eps left out of a step, or outside of the root) showed as 3e-6 to 1 where they are charged. The default, 1e-7, stands between;
where another is needed, the reason stands beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from assignments.common.arrays import kept, number, upstream, vectors
from assignments.common.backward_speed import judge_alt_times
from assignments.common.carried import layer_around
from assignments.common.experiments import judge_batch_sizes, judge_deep, judge_scales
from assignments.common.manners import judge_precision, judge_repeats, judge_untouched
from assignments.common.network_probes import (
    REGS,
    examples,
    gradients_at,
    loss_around,
    loss_of,
    losses_at,
    started,
    starting_parameters,
)
from assignments.common.networks import ModeKept, make_network, mode_slipped, start
from assignments.common.normalization import (
    attempted,
    backward_times,
    gradients,
    inference_outputs,
    inputs_after,
    outputs,
    repeats,
    running_averages,
    spared,
)
from assignments.common.solver_states import doubt_with_states, packed_with_states, pair_trained
from assignments.common.stand_ins import on_others
from assignments.common.starts import judge_start
from assignments.common.trained import images
from grader.compare import Judgement
from grader.probe import check

# Headings of the notebook, where a student reads on.
FORWARD = "Batch Normalization: Forward Pass"
BACKWARD = "Batch Normalization: Backward Pass"
ALTERNATIVE = "Batch Normalization: Alternative Backward Pass"
NETWORK = "Fully Connected Networks with Batch Normalization"
DEEP = "Batch Normalization for Deep Networks"
SCALES = "Batch Normalization and Initialization"
BATCH_SIZE = "Batch Normalization and Batch Size"
LAYER = "Layer Normalization: Implementation"
LAYER_BATCH_SIZE = "Layer Normalization and Batch Size"

TRAIN = {"mode": "train"}
SHAPES = ((4, 5), (64, 7), (30, 12))
OTHER_SHAPES = ((3, 8), (50, 2), (17, 1))
ROW_SHAPES = ((4, 5), (7, 64), (1, 12), (40, 3))

BATCHNORM = ("batchnorm_forward", "batchnorm_backward")
BATCHNORM_ALT = ("batchnorm_forward", "batchnorm_backward_alt")
LAYERNORM = ("layernorm_forward", "layernorm_backward")

# A gradient entry of a network can be a small difference of large terms, and the bias in front of a normalization has a true
# gradient of zero, where right answers show rounding of up to 1e-15. Below 1e-6 errors therefore count as absolute:
# 1e-6 * 1e-7 = 1e-13. Entries of wrong answers are off by 1e-5 and more.
NETWORK_FLOOR = 1e-6

# Many add 1e-8 or so to the probabilities before they take their logarithm, against log(0). That is no mistake, and this notebook
# does not ask for the loss: it moves losses by 1e-8 / p of the right classes, 1.5e-6 of a loss in the worst of 200 seeds,
# and by 7e-8 in trainings without batch normalization. The mildest mistakes in losses are of 2e-5.
GUARDED, GUARDED_TRAINING = 5e-6, 1e-6


# --- batchnorm_forward: 18 points -------------------------------------------------------------------------------------------


@check(
    of="batchnorm_forward",
    points=4,
    section=FORWARD,
    hint="Statistics are taken over axis 0, one mean and one variance per feature; the variance is divided by N.",
)
def batchnorm_train_output(impl: Any, rng: Any) -> dict[str, Any]:
    """Training mode normalizes each feature over the minibatch, then scales and shifts."""
    return outputs(impl, rng, "batchnorm_forward", SHAPES, TRAIN)


@check(
    of="batchnorm_forward",
    points=3,
    visible=False,
    section=FORWARD,
    hint="Where does eps come from, and where does it go? Try a large one, and features that hardly vary.",
)
def batchnorm_train_eps(impl: Any, rng: Any) -> dict[str, Any]:
    """Training mode uses the eps it is given."""
    large = outputs(impl, rng, "batchnorm_forward", ((6, 4),), {**TRAIN, "eps": 0.3})
    small = outputs(impl, rng, "batchnorm_forward", ((9, 5),), TRAIN, spread=1e-3)
    return {**large, **small}


@check(
    of="batchnorm_forward",
    points=4,
    section=FORWARD,
    hint="Each call moves the averages a little: momentum times the old value plus the rest times the minibatch's.",
)
def batchnorm_running_averages(impl: Any, rng: Any) -> dict[str, Any]:
    """Training mode keeps running averages of mean and variance."""
    return running_averages(impl, rng, 4, {})


@check(
    of="batchnorm_forward",
    points=2,
    visible=False,
    section=FORWARD,
    hint="The momentum is a setting in bn_param; it weighs the old average.",
)
def batchnorm_running_momentum(impl: Any, rng: Any) -> dict[str, Any]:
    """Running averages use the momentum they are given."""
    return running_averages(impl, rng, 3, {"momentum": 0.6, "eps": 0.05})


@check(
    of="batchnorm_forward",
    points=3,
    section=FORWARD,
    hint="In test mode the running averages take the minibatch's place, and gamma and beta still apply.",
)
def batchnorm_test_output(impl: Any, rng: Any) -> dict[str, Any]:
    """Test mode normalizes with the running averages, then scales and shifts."""
    return inference_outputs(impl, rng, ((6, 5), (1, 3)), {})


@check(
    of="batchnorm_forward",
    points=2,
    visible=False,
    section=FORWARD,
    hint="Test mode reads the running averages and eps; it changes nothing.",
)
def batchnorm_test_repeatable(impl: Any, rng: Any) -> dict[str, Any]:
    """Test mode leaves the running averages as they are and uses the eps it is given."""
    return inference_outputs(impl, rng, ((8, 4),), {"eps": 0.2, "momentum": 0.5}, calls=2)


# --- batchnorm_backward: 14 points ------------------------------------------------------------------------------------------


@check(
    of="batchnorm_backward",
    points=6,
    credit="each",
    section=BACKWARD,
    hint="x reaches the output by three ways: directly, through the mean, and through the variance.",
)
def batchnorm_backward_gradients(impl: Any, rng: Any) -> dict[str, Any]:
    """The backward pass gives the gradients of x, gamma and beta."""
    return gradients(impl, rng, BATCHNORM, ((6, 5),), TRAIN)


@check(
    of="batchnorm_backward",
    points=4,
    section=BACKWARD,
    hint="Count rows and columns apart: which sums run over the N examples?",
)
def batchnorm_backward_shapes(impl: Any, rng: Any) -> dict[str, Any]:
    """The backward pass is right for batches of any shape."""
    return gradients(impl, rng, BATCHNORM, OTHER_SHAPES, TRAIN)


@check(
    of="batchnorm_backward",
    points=4,
    visible=False,
    section=BACKWARD,
    hint="The backward pass has to use the same eps as the forward pass.",
)
def batchnorm_backward_eps(impl: Any, rng: Any) -> dict[str, Any]:
    """The backward pass uses the eps that the forward pass was given."""
    large = gradients(impl, rng, BATCHNORM, ((5, 4), (9, 6)), {**TRAIN, "eps": 0.4})
    small = gradients(impl, rng, BATCHNORM, ((8, 3), (10, 7)), TRAIN, spread=1e-2)
    return {**large, **small}


@check(of="batchnorm_backward", carries="batchnorm_backward_gradients", charged="batchnorm_train_output")
def batchnorm_forward_around(impl: Any, rng: Any) -> dict[str, Any]:
    """The student's forward pass around the point whose gradients are judged."""
    return layer_around(impl, rng, BATCHNORM[0], (6, 5), TRAIN)


# --- batchnorm_backward_alt: 5 points ---------------------------------------------------------------------------------------


@check(
    of="batchnorm_backward_alt",
    points=4,
    credit="each",
    section=ALTERNATIVE,
    hint="Write dx with dout, its sum, and the sum of dout times the normalized x; compare with batchnorm_backward.",
)
def batchnorm_alt_gradients(impl: Any, rng: Any) -> dict[str, Any]:
    """The simplified backward pass gives the same gradients."""
    plain = gradients(impl, rng, BATCHNORM_ALT, ((6, 5),), TRAIN)
    large = gradients(impl, rng, BATCHNORM_ALT, ((9, 4), (3, 8)), {**TRAIN, "eps": 0.4})
    return {name: _joined(name, plain, large) for name in ("dx", "dgamma", "dbeta")}


def _joined(name: str, *parts: Mapping[str, Any]) -> Any:
    """All gradients of one name as one array, each earning its share; the first that cannot be joined as it should be, if one is.

    Those of x as a vector, those of gamma and beta along their first axis: one too many axes stay one too many.
    """
    arrays = [value for part in parts for key, value in part.items() if key.partition("_")[0] == name]
    axes = 2 if name == "dx" else np.ndim(arrays[0])
    for array in arrays:
        if not isinstance(array, np.ndarray) or array.ndim != axes or not axes:
            return array
    whole = [np.asarray(array) for array in arrays]
    return np.concatenate([array.ravel() if name == "dx" else array for array in whole])


@check(
    of="batchnorm_backward_alt",
    points=1,
    judge=judge_alt_times,
    time_s=6,  # dozens of calls: loops over every entry take seconds on a busy machine, and CPU time is what is compared
    section=ALTERNATIVE,
    hint="Simplify on paper first; every pass over an (N, D) array costs.",
)
def batchnorm_alt_speed(impl: Any, rng: Any) -> dict[str, Any]:
    """The simplified backward pass is no slower than the step-by-step one."""
    return backward_times(impl, rng, 15)


# --- layernorm: 14 points ---------------------------------------------------------------------------------------------------


@check(
    of="layernorm_forward",
    points=4,
    section=LAYER,
    hint="Mean and variance belong to one example and run over its features; gamma and beta belong to features.",
)
def layernorm_output(impl: Any, rng: Any) -> dict[str, Any]:
    """Layer normalization normalizes each example over its features, then scales and shifts."""
    return outputs(impl, rng, "layernorm_forward", ROW_SHAPES, {})


@check(
    of="layernorm_forward",
    points=2,
    visible=False,
    section=LAYER,
    hint="eps is a setting in ln_param and is added to the variance.",
)
def layernorm_eps(impl: Any, rng: Any) -> dict[str, Any]:
    """Layer normalization uses the eps it is given."""
    large = outputs(impl, rng, "layernorm_forward", ((6, 4),), {"eps": 0.3})
    small = outputs(impl, rng, "layernorm_forward", ((5, 9),), {}, spread=1e-3)
    return {**large, **small}


@check(
    of="layernorm_backward",
    points=5,
    credit="each",
    section=LAYER,
    hint="Gradients of gamma and beta sum over the examples; everything that goes into dx is summed over features.",
)
def layernorm_backward_gradients(impl: Any, rng: Any) -> dict[str, Any]:
    """The backward pass gives the gradients of x, gamma and beta."""
    return gradients(impl, rng, LAYERNORM, ((6, 5),), {})


@check(
    of="layernorm_backward",
    points=3,
    visible=False,
    section=LAYER,
    hint="Try a single example, more features than examples, and a large eps.",
)
def layernorm_backward_shapes(impl: Any, rng: Any) -> dict[str, Any]:
    """The backward pass is right for any shape, a single example too, and for any eps."""
    plain = gradients(impl, rng, LAYERNORM, ((1, 6), (3, 8), (9, 4)), {})
    large = gradients(impl, rng, LAYERNORM, ((5, 7), (8, 3)), {"eps": 0.4})
    return {**plain, **large}


@check(of="layernorm_backward", carries="layernorm_backward_gradients", charged="layernorm_output")
def layernorm_forward_around(impl: Any, rng: Any) -> dict[str, Any]:
    """The student's forward pass around the point whose gradients are judged."""
    return layer_around(impl, rng, LAYERNORM[0], (6, 5), {})


# --- FullyConnectedNet: 25 points -------------------------------------------------------------------------------------------


@check(
    of="FullyConnectedNet",
    points=2,
    credit="each",
    tolerance=GUARDED,
    section=NETWORK,
    hint="The penalty is half of reg times the sum of squares of every weight matrix, the last one too, and of nothing else.",
)
def network_plain_loss(impl: Any, rng: Any) -> dict[str, Any]:
    """Without normalization, the loss is right with and without regularization."""
    return losses_at(impl, rng, None)


@check(
    of="FullyConnectedNet",
    points=2,
    credit="each",
    floor=NETWORK_FLOOR,
    section=NETWORK,
    hint="Every parameter needs its gradient; weight matrices have the penalty's as well.",
)
def network_plain_gradients(impl: Any, rng: Any) -> dict[str, Any]:
    """Without normalization, all gradients are right."""
    return gradients_at(impl, rng, None)


@check(of="FullyConnectedNet", carries="network_plain_gradients", charged="network_plain_loss")
def network_plain_around(impl: Any, rng: Any) -> dict[str, Any]:
    """The student's loss around the point whose gradients are judged, without regularization."""
    return loss_around(impl, rng, None, REGS[0])


@check(of="FullyConnectedNet", carries="network_plain_gradients", charged="network_plain_loss")
def network_plain_around_penalized(impl: Any, rng: Any) -> dict[str, Any]:
    """The student's loss around the point whose gradients are judged, with regularization."""
    return loss_around(impl, rng, None, REGS[1])


@check(
    of="FullyConnectedNet",
    points=3,
    credit="each",
    tolerance=GUARDED,
    section=NETWORK,
    hint="Order: affine, normalization, ReLU; nothing but affine in the last layer; gamma and beta carry no penalty.",
)
def network_batchnorm_loss(impl: Any, rng: Any) -> dict[str, Any]:
    """With batch normalization, the loss is right with and without regularization."""
    return losses_at(impl, rng, "batchnorm")


@check(
    of="FullyConnectedNet",
    points=6,
    credit="each",
    floor=NETWORK_FLOOR,
    section=NETWORK,
    hint="Go through the layers in the opposite order, each with the cache that its forward pass left.",
)
def network_batchnorm_gradients(impl: Any, rng: Any) -> dict[str, Any]:
    """With batch normalization, all gradients are right."""
    return gradients_at(impl, rng, "batchnorm")


@check(of="FullyConnectedNet", carries="network_batchnorm_gradients", charged="network_batchnorm_loss")
def network_batchnorm_around(impl: Any, rng: Any) -> dict[str, Any]:
    """The student's loss around the point whose gradients are judged, without regularization."""
    return loss_around(impl, rng, "batchnorm", REGS[0])


@check(of="FullyConnectedNet", carries="network_batchnorm_gradients", charged="network_batchnorm_loss")
def network_batchnorm_around_penalized(impl: Any, rng: Any) -> dict[str, Any]:
    """The student's loss around the point whose gradients are judged, with regularization."""
    return loss_around(impl, rng, "batchnorm", REGS[1])


@check(
    of="FullyConnectedNet",
    points=2,
    credit="each",
    tolerance=GUARDED,
    section=LAYER,
    hint="Is layer normalization really called when normalization is 'layernorm'?",
)
def network_layernorm_loss(impl: Any, rng: Any) -> dict[str, Any]:
    """With layer normalization, the loss is right with and without regularization."""
    return losses_at(impl, rng, "layernorm")


@check(
    of="FullyConnectedNet",
    points=4,
    credit="each",
    floor=NETWORK_FLOOR,
    section=LAYER,
    hint="Forward and backward pass have to use the same kind of normalization.",
)
def network_layernorm_gradients(impl: Any, rng: Any) -> dict[str, Any]:
    """With layer normalization, all gradients are right."""
    return gradients_at(impl, rng, "layernorm")


@check(of="FullyConnectedNet", carries="network_layernorm_gradients", charged="network_layernorm_loss")
def network_layernorm_around(impl: Any, rng: Any) -> dict[str, Any]:
    """The student's loss around the point whose gradients are judged, without regularization."""
    return loss_around(impl, rng, "layernorm", REGS[0])


@check(of="FullyConnectedNet", carries="network_layernorm_gradients", charged="network_layernorm_loss")
def network_layernorm_around_penalized(impl: Any, rng: Any) -> dict[str, Any]:
    """The student's loss around the point whose gradients are judged, with regularization."""
    return loss_around(impl, rng, "layernorm", REGS[1])


@check(
    of="FullyConnectedNet",
    points=3,
    visible=False,
    section=NETWORK,
    hint="Without y the network is in test mode: are the running averages used, and does one image's answer depend on others?",
)
def network_test_scores(impl: Any, rng: Any) -> dict[str, Any]:
    """In test mode the scores come from the running averages."""
    model = ModeKept(started(impl, rng, "batchnorm", 0.0, by_averages=True))
    for step in range(1, 5):
        X, y = examples(rng, 8)
        loss_of(model, step * X, y)
    X, _ = examples(rng, 6)
    return {
        "scores": kept(model.loss(X.copy())),
        "scores_one": model.loss(X[:1].copy()),
        "scores_again": model.loss(X),
    }


def judge_mode(actual: Mapping[str, Any], _expected: Mapping[str, Any]) -> Judgement:
    """The line that sets the mode is not the one with the slip of some years' starter code."""
    if not actual["slipped"]:
        return Judgement(1.0)
    return Judgement(
        0.0,
        "without y, batch normalization stays in training mode; no points are lost for this: in some years the starter code says "
        'bn_param[mode] = mode where bn_param["mode"] = mode is meant',
    )


@check(
    of="FullyConnectedNet",
    points=0,
    judge=judge_mode,
    section=NETWORK,
    hint="Look at the lines at the top of `loss` that set the mode.",
)
def network_mode_line(impl: Any, rng: Any) -> dict[str, Any]:
    """The line that sets the mode does (no points: it came with the starter code)."""
    model = started(impl, rng, "batchnorm", 0.0)
    X, y = examples(rng, 8)
    loss_of(model, X, y)
    return {"slipped": np.array(mode_slipped(model))}


@check(
    of="FullyConnectedNet",
    points=2,
    visible=False,
    tolerance=GUARDED,
    section=NETWORK,
    hint="The last affine layer's output is the scores, as it is: negative ones stay, and nothing brings them to a common scale.",
)
def network_last_layer(impl: Any, rng: Any) -> dict[str, Any]:
    """No normalization and no ReLU follow the last layer, whatever the depth."""
    arrays = {}
    for sizes in ((12, 6, 3), (12, 4, 8, 5, 6, 3)):
        layers = f"{len(sizes) - 1}_layers"
        X, y = examples(rng, 7)
        plain = start(make_network(impl, sizes, None, 0.0), rng, sizes, normalized=False)
        arrays[f"scores_{layers}"] = plain.loss(X.copy())
        # scores show in test mode only, which network_test_scores judges; the loss in training mode tells as much
        normalized = start(make_network(impl, sizes, "batchnorm", 0.0), rng, sizes, normalized=True)
        arrays[f"loss_batchnorm_{layers}"] = loss_of(normalized, X, y % sizes[-1])
    return arrays


STARTING_SCALES = {None: 0.02, "batchnorm": 0.3}
STARTING_SIZES = (30, 40, 25, 10)  # enough weights in each layer for their spread to show


@check(
    of="FullyConnectedNet",
    points=1,
    judge=partial(judge_start, scales=STARTING_SCALES),
    section=NETWORK,
    hint="Weights are normal with standard deviation weight_scale; where do biases, gamma and beta start?",
)
def network_start(impl: Any, rng: Any) -> dict[str, Any]:  # noqa: ARG001 - a probe takes both
    """The network starts from random weights of the scale it is given, biases and shifts of zero and scales of one."""
    return starting_parameters(impl, STARTING_SCALES, STARTING_SIZES)


# --- Training: 6 points -----------------------------------------------------------------------------------------------------

LEARNING_RATE = 0.05


def _training(impl: Any, rng: Any, normalization: str | None) -> dict[str, Any]:
    """Losses of 20 steps of plain gradient descent, from given parameters, on minibatches drawn in the Solver's way."""
    model = ModeKept(started(impl, rng, normalization, 0.01, by_averages=True))
    X, y = examples(rng, 60)
    data = {"X_train": X[:40], "y_train": y[:40], "X_val": X[40:], "y_val": y[40:]}
    np.random.seed(
        int(rng.integers(2**31))
    )  # the constructor may have drawn from the generator that picks the minibatches
    solver = impl.Solver(
        model,
        data,
        update_rule="sgd",
        optim_config={"learning_rate": LEARNING_RATE},
        batch_size=10,
        num_epochs=5,
        verbose=False,
    )
    solver.train()
    return {
        "loss_history": np.array([float(number(loss)) for loss in solver.loss_history]),
        "train_acc_history": np.array([float(accuracy) for accuracy in solver.train_acc_history]),
    }


@check(
    of="FullyConnectedNet",
    points=2,
    credit="each",
    tolerance=GUARDED_TRAINING,
    section=DEEP,
    hint="Losses that part from the first step on point at the forward pass, later ones at a gradient.",
)
def training_plain(impl: Any, rng: Any) -> dict[str, Any]:
    """Without normalization, 20 steps of training give the expected losses."""
    return _training(impl, rng, None)


@check(
    of="FullyConnectedNet",
    points=3,
    credit="each",
    tolerance=GUARDED,
    section=DEEP,
    hint="Losses that are right and accuracies that are wrong point at test mode.",
)
def training_batchnorm(impl: Any, rng: Any) -> dict[str, Any]:
    """With batch normalization, 20 steps of training give the expected losses and accuracies."""
    return _training(impl, rng, "batchnorm")


@check(
    of="FullyConnectedNet",
    points=1,
    credit="each",
    visible=False,
    tolerance=GUARDED_TRAINING,
    section=LAYER_BATCH_SIZE,
    hint="Losses that part from the first step on point at the forward pass, later ones at a gradient.",
)
def training_layernorm(impl: Any, rng: Any) -> dict[str, Any]:
    """With layer normalization, 20 steps of training give the expected losses."""
    return _training(impl, rng, "layernorm")


# --- The network on other layers: what a mistake in a layer costs again -----------------------------------------------------------

OF_BATCHNORM = ("batchnorm_forward", "batchnorm_backward", "batchnorm_backward_alt")
OF_LAYERNORM = ("layernorm_forward", "layernorm_backward")


network_batchnorm_loss_on_others = on_others(network_batchnorm_loss, OF_BATCHNORM)
network_batchnorm_gradients_on_others = on_others(network_batchnorm_gradients, OF_BATCHNORM)
network_layernorm_loss_on_others = on_others(network_layernorm_loss, OF_LAYERNORM)
network_layernorm_gradients_on_others = on_others(network_layernorm_gradients, OF_LAYERNORM)
network_test_scores_on_others = on_others(network_test_scores, OF_BATCHNORM)
network_last_layer_on_others = on_others(network_last_layer, OF_BATCHNORM)
training_batchnorm_on_others = on_others(training_batchnorm, OF_BATCHNORM)
training_layernorm_on_others = on_others(training_layernorm, OF_LAYERNORM)


# --- Good manners: 4 points -------------------------------------------------------------------------------------------------


@check(
    of="batchnorm_forward",
    points=2,
    visible=False,
    judge=judge_untouched,
    section=FORWARD,
    hint="An operation such as `x -= mean` writes into the caller's array.",
)
def inputs_untouched(impl: Any, rng: Any) -> dict[str, Any]:
    """The functions leave x, gamma, beta and dout as they are."""
    arrays = inputs_after(impl, rng)
    x, _ = upstream(rng, 6, 4)
    gamma, beta = vectors(rng, 4)
    bn_param = {
        "mode": "test",
        "running_mean": rng.standard_normal(4),
        "running_var": rng.uniform(0.5, 2.0, 4),
    }
    spared(_called, impl, BATCHNORM[0], x, gamma, beta, bn_param)
    given = {"x": x, "gamma": gamma, "beta": beta}
    return {**arrays, **{f"kept_batchnorm in test mode_{name}": array for name, array in given.items()}}


def _called(impl: Any, name: str, *given: Any) -> dict[str, Any]:
    """Call a function for what it does to its inputs. What it returns, and whether it is written at all, is judged elsewhere."""
    getattr(impl, name)(*given)
    return {}


@check(
    of="batchnorm_forward",
    points=1,
    visible=False,
    judge=judge_repeats,
    section=FORWARD,
    hint="Is anything kept outside of bn_param and cache? Does a backward pass leave the cache as it is?",
)
def results_repeat(impl: Any, rng: Any) -> dict[str, Any]:
    """The same inputs give the same results, whatever was computed in between, and one cache serves two backward passes."""
    arrays = repeats(impl, rng)
    for names, param in ((BATCHNORM, TRAIN), (LAYERNORM, {})):
        x, dout = upstream(rng, 7, 3)
        arrays.update(spared(_from_one_cache, impl, names, (x, *vectors(rng, 3), dict(param)), dout))
    return arrays


def _from_one_cache(impl: Any, names: tuple[str, str], given: Any, dout: Any) -> dict[str, Any]:
    """Gradients of two backward passes on the cache of one forward pass; the second ones are absent if it raises."""
    _, cache = getattr(impl, names[0])(*given)
    label = names[0].partition("_")[0]

    def backward(number: int) -> dict[str, Any]:
        found = zip(("dx", "dgamma", "dbeta"), getattr(impl, names[1])(dout.copy(), cache))  # noqa: B905 - Python 3.8
        return {f"{label}_{name} from one cache_{number}": kept(one) for name, one in found}

    return {**backward(1), **attempted(backward, 2)}


# Data so far apart that eps, wherever it stands or if it is left out, changes no result by more than 1e-9, not even entries of a
# thousandth of the largest: that is charged above.
WIDE = 1e8


@check(
    of="batchnorm_forward",
    points=1,
    visible=False,
    judge=judge_precision,
    section=FORWARD,
    hint="An array made with float32, or an integer one, can cost digits; so does a derivative by differences.",
)
def double_precision(impl: Any, rng: Any) -> dict[str, Any]:
    """float64 in gives float64 out, with all of its digits."""
    # each part has a generator of its own, for one that raises would leave the next ones' inputs elsewhere
    draws = [np.random.default_rng(rng.integers(2**31)) for _ in range(3)]
    out = spared(outputs, impl, draws[0], BATCHNORM[0], ((20, 3),), TRAIN, spread=WIDE)
    back = spared(gradients, impl, draws[1], BATCHNORM, ((20, 4),), TRAIN, spread=WIDE)
    rows = spared(gradients, impl, draws[2], LAYERNORM, ((4, 20),), {}, spread=WIDE)
    return {**out, **back, **{f"layernorm_{name}": value for name, value in rows.items()}}


# --- The notebook's experiments: 6 points ------------------------------------------------------------------------------------
#
# There is no reference notebook: what is judged is whether the histories can be what the Solver keeps, and whether the networks
# classify the images as the histories say; where only the networks do not, a person looks. The layers and the network, which carry
# the points, are judged by the checks above.


@check(
    of="bn_solver",
    where="notebook",
    points=2,
    judge=partial(judge_deep, doubt=doubt_with_states),
    given=images,
    section=DEEP,
    hint="Run the whole notebook from the top. If training runs but batch normalization falls behind, look at test mode.",
)
def experiment_deep(impl: Any, rng: Any) -> dict[str, Any]:
    """The deep network trains faster with batch normalization."""
    solver, baseline = pair_trained(impl, impl.bn_solver, impl.solver)
    scales = list(impl.bn_solvers_ws.values()) if hasattr(impl, "bn_solvers_ws") else []
    reused = any(solver is other for other in scales)
    return {
        **packed_with_states("bn", [solver], rng),
        **packed_with_states("baseline", [baseline], rng),
        "reused": np.array(reused),
    }


@check(
    of="bn_solvers_ws",
    where="notebook",
    points=2,
    judge=partial(judge_scales, finite=True, doubt=doubt_with_states),
    given=images,
    section=SCALES,
    hint="Both networks are needed for every weight scale, and only one of them has batch normalization.",
)
def experiment_weight_scales(impl: Any, rng: Any) -> dict[str, Any]:
    """The weight-scale experiment was run for all scales and shows batch normalization ahead."""
    scales = np.array(impl.weight_scales, dtype=float)
    with_norm = [impl.bn_solvers_ws[scale] for scale in scales if scale in impl.bn_solvers_ws]
    without = [impl.solvers_ws[scale] for scale in scales if scale in impl.solvers_ws]
    return {
        **packed_with_states("bn", with_norm, rng),
        **packed_with_states("baseline", without, rng),
        "weight_scales": scales,
    }


@check(
    of="bn_solvers_bsize",
    where="notebook",
    points=1,
    judge=partial(judge_batch_sizes, kind="batchnorm", doubt=doubt_with_states),
    given=images,
    section=BATCH_SIZE,
    hint="Run the whole notebook from the top.",
)
def experiment_batch_sizes(impl: Any, rng: Any) -> dict[str, Any]:
    """The batch-size experiment was run for every batch size."""
    return {
        **packed_with_states("norm", impl.bn_solvers_bsize, rng),
        **packed_with_states("baseline", [impl.solver_bsize], rng),
        "batch_sizes": np.array(impl.batch_sizes, dtype=float),
    }


@check(
    of="ln_solvers_bsize",
    where="notebook",
    points=1,
    judge=partial(judge_batch_sizes, kind="layernorm", doubt=doubt_with_states),
    given=images,
    section=LAYER_BATCH_SIZE,
    hint="Run the whole notebook from the top, with layer normalization in the network.",
)
def experiment_layernorm(impl: Any, rng: Any) -> dict[str, Any]:
    """The batch-size experiment was run with layer normalization."""
    return {
        **packed_with_states("norm", impl.ln_solvers_bsize, rng),
        **packed_with_states("baseline", [impl.solver_bsize], rng),
        "batch_sizes": np.array(impl.batch_sizes, dtype=float),
    }
