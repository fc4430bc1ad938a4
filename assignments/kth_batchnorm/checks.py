"""The checks of KTH's k-layer network with batch normalization: 90 points; the written analysis holds 10 more.

Tolerances. Without batch normalization right answers differ by rounding: the default, 1e-7, holds. With it they also differ by the
epsilon under the root: the course's text says machine precision, and hands write anything from 0 to 1e-8, which is no mistake (1e-6
is one where weights start at 1e-4: variances there are smaller than it). `constant_unit` is there for it; the other checks take
scores so LARGE that no usual epsilon shows. TOLERANCE is 1e-5, and entries below 0.1 are judged to the six decimals to which the
course compares gradients.

A variance that is off by (n - 1)/n is charged where the variance is judged (`batch_variance`) and where six decimals are asked for.
The other checks of batch normalization take so many columns that it shows as less than MANY_TOLERANCE. In the same way each
mistake is charged once where that can be: checks of training put a gradient of their own in the place of the student's.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from assignments.common.arrays import number
from assignments.common.carried import around
from assignments.common.column_progress import judge_batches, judge_histories
from assignments.common.column_report import judge_depth, judge_figures, judge_search, judge_sigma
from assignments.common.column_stand_ins import on_another_forward
from assignments.common.column_steps import entries, measured, train, watched
from assignments.common.column_trainings import HISTORIES, packed_runs, packed_search, standard_columns
from assignments.common.columns import (
    averages,
    column,
    cost_and_loss,
    drawn,
    forward,
    gradients,
    helper,
    make_net,
    method,
    named,
    problem,
    put_in,
    start,
    times,
)
from assignments.common.drawings import read_figures
from assignments.common.normalization import attempted
from grader.compare import Judgement, compare_value
from grader.probe import check

# Headings of the notebook, where a student reads on.
BLOCKS = "Building Blocks"
FORWARD = "Forward Pass"
COST = "Cost and Accuracy"
GRADIENTS = "Gradients"
CHECKING = "Checking Gradients"
TRAINING = "Training"
DEPTH = "Three Layers and Nine"
SEARCH = "Search for Lambda"
SIGMA = "Sensitivity to Initialization"

TOLERANCE, DECIMALS = 1e-5, 0.1  # 1e-5 relative, but 1e-6 absolute for entries below 0.1
MANY = 4000  # columns; with (n - 1)/n, ten times the gradients differ by up to 6e-3 in 60 seeds, and scores by less
MANY_TOLERANCE, MANY_FLOOR, GRADIENTS_FLOOR = 2e-2, 0.05, 0.5
SHOWN = 100  # of the many columns are compared; the batch's statistics are in each of them
SHALLOW, DEEP = (6, 5, 3), (7, 6, 8, 5, 4)  # input, hidden layers of unequal width, classes
DEEPEST = (9, 12, 11, 10, 8, 7, 6, 5, 4, 3)  # nine layers
LARGE = 1000.0  # times as large scores, whose variances lie far above any epsilon


def _started(
    impl: Any, rng: Any, sizes: Any, *, normalized: bool, spread: float = 1.0, **settings: Any
) -> Any:
    net = make_net(impl, sizes, batchNorm=normalized, **settings)
    return start(net, rng, sizes, normalized=normalized, spread=spread)


# --- Building blocks: 11 points ----------------------------------------------------------------------------------------------


@check(of="relu", points=1, section=BLOCKS, hint="Negative entries become zero, and all others stay.")
def relu_values(impl: Any, rng: Any) -> dict[str, Any]:
    """relu cuts off negative entries, for any shape."""
    # One that writes into its input is right all the same: scripts of other years, whose text does not forbid it, have such.
    return {
        f"out_{m}x{n}": helper(impl, "relu")(rng.standard_normal((m, n))) for m, n in ((3, 5), (6, 1), (1, 4))
    }


@check(
    of="softMax",
    points=2,
    section=BLOCKS,
    hint="Each column is one image: over which axis do the exponentials add up?",
)
def softmax_columns(impl: Any, rng: Any) -> dict[str, Any]:
    """softMax turns each column of scores into probabilities."""
    return {
        f"p_{m}x{n}": helper(impl, "softMax")(2 * rng.standard_normal((m, n)))
        for m, n in ((3, 5), (10, 1), (4, 4))
    }


@check(
    of="softMax",
    points=2,
    visible=False,
    section=BLOCKS,
    hint="Scores may be large, and one column's need not resemble another's: what may be subtracted from a column without effect?",
)
def softmax_large_scores(impl: Any, rng: Any) -> dict[str, Any]:
    """softMax gives numbers also where scores are large and columns differ."""
    scores = rng.standard_normal((4, 6)) + np.array([1000.0, -1000.0, 0.0, 3000.0, -50.0, 700.0])
    return {"p": helper(impl, "softMax")(scores)}


@check(
    of="initializeParam",
    points=2,
    credit="each",
    exact_dtype=False,
    section=BLOCKS,
    hint="W has a row for each unit and a column for each input; vectors are columns.",
)
def initial_values(impl: Any, rng: Any) -> dict[str, Any]:  # noqa: ARG001 - a probe takes both
    """A new network has W of the right shapes, zeros for b and beta, ones for gamma, moving means of zero."""
    arrays: dict[str, Any] = {}
    for normalized in (True, False):
        net = drawn(make_net(impl, DEEP, batchNorm=normalized))
        kind = "bn" if normalized else "plain"
        arrays[f"{kind}_W_sizes"] = np.array([np.shape(W) for W in net.W])
        arrays.update(named(f"{kind}_b", net.b, len(net.W)))
    net = drawn(make_net(impl, DEEP, batchNorm=True))
    hidden = len(DEEP) - 2
    return {
        **arrays,
        **named("gamma", net.gamma, hidden),
        **named("beta", net.beta, hidden),
        **named("muMA", net.muMA, hidden),
    }


@check(
    of="zeros",
    points=1,
    section=BLOCKS,
    hint="One list for each kind of parameter, in the order W, b, gamma, beta; without batch normalization there are two.",
)
def zeros_in_shape(impl: Any, rng: Any) -> dict[str, Any]:
    """zeros gives new arrays of zeros in the shapes of the parameters."""
    arrays: dict[str, Any] = {}
    for normalized in (True, False):
        net = _started(impl, rng, DEEP, normalized=normalized)
        kinds = method(net, "zeros")()
        arrays[f"kinds_{normalized}"] = np.array(len(kinds))
        for name, values, count in zip(("W", "b", "gamma", "beta"), kinds, (4, 4, 3, 3)):  # noqa: B905 - Python 3.8
            arrays.update(named(f"{name}_{normalized}_", values, count))
    return arrays


SPREAD = 0.03  # of 40,000 drawn weights the standard deviation is within 0.4 % in 2 of 3 draws; 3 % is never seen by chance


def judge_spread(actual: Mapping[str, Any], expected: Mapping[str, Any]) -> Judgement:
    """Every layer's weights have the asked standard deviation, and mean zero."""
    wrong = []
    for name, reference in expected.items():
        got, wanted = actual[name], _asked(name)
        if got.shape != reference.shape or not np.all(np.isfinite(got)):
            wrong.append(f"{name} has shape {got.shape}, expected {reference.shape} of finite numbers")
        elif not abs(got.std() / wanted - 1) <= SPREAD or not abs(got.mean()) <= SPREAD * wanted:
            wrong.append(f"{name} has standard deviation {got.std():.3g}, expected {wanted:.3g} around 0")
    return Judgement(1 - len(wrong) / len(expected), "; ".join(wrong))


def _asked(name: str) -> float:
    kind, _, number = name.partition("_")
    return float(np.sqrt(2 / int(number))) if kind == "he" else float(number)


@check(
    of="initializeParam",
    points=3,
    judge=judge_spread,
    section=BLOCKS,
    hint="He: variance 2 / inputs, of the layer that the weights belong to. Otherwise sig is the standard deviation itself.",
)
def initial_spread(impl: Any, rng: Any) -> dict[str, Any]:  # noqa: ARG001 - a probe takes both
    """He initialization has variance 2 / inputs, the other has standard deviation sig in every layer."""
    sizes = (400, 100, 250, 160)
    he = drawn(make_net(impl, sizes, batchNorm=False, he=True))
    arrays = {f"he_{sizes[i]}": np.array(he.W[i]) for i in (0, 2)}
    for sig in (0.1, 0.001):
        fixed = drawn(make_net(impl, sizes, batchNorm=True, he=False, sig=sig))
        arrays[f"sigma_{sig}"] = np.array(fixed.W[2])
    return arrays


# --- Forward pass: 21 points -------------------------------------------------------------------------------------------------


@check(
    of="evaluateClassifier",
    points=3,
    section=FORWARD,
    hint="ReLU follows every layer but the last; each layer's input is what h holds.",
)
def forward_plain(impl: Any, rng: Any) -> dict[str, Any]:
    """Without batch normalization, the forward pass gives probabilities and each layer's input."""
    arrays: dict[str, Any] = {}
    for sizes, columns in ((SHALLOW, 7), (DEEP, 1), (DEEPEST, 12)):
        net = _started(impl, rng, sizes, normalized=False)
        X, _, _ = problem(rng, sizes[0], sizes[-1], columns)
        p, h = forward(net, X)[:2]
        suffix = f"{len(sizes) - 1}_"
        arrays[f"p{suffix}layers"] = column(p)
        arrays.update(named(f"h{suffix}", h, len(sizes) - 1))
    return arrays


@check(
    of="evaluateClassifier",
    points=4,
    tolerance=MANY_TOLERANCE,
    floor=MANY_FLOOR,
    section=FORWARD,
    hint="Scores are normalized over the columns of the batch, scaled by gamma, shifted by beta, and only then cut by the ReLU.",
)
def forward_batchnorm(impl: Any, rng: Any) -> dict[str, Any]:
    """In training, scores are normalized by the batch before each ReLU, then scaled and shifted."""
    arrays: dict[str, Any] = {}
    for sizes in (SHALLOW, DEEP):
        net = _started(impl, rng, sizes, normalized=True, spread=LARGE)
        X, _, _ = problem(rng, sizes[0], sizes[-1], MANY)
        returned = forward(net, X)
        suffix = f"{len(sizes) - 1}_"
        shown = [values[:, :SHOWN] for values in (returned[0], *returned[3][: len(sizes) - 2])]
        arrays[f"p{suffix}layers"] = column(shown[0])
        arrays.update(named(f"normalized{suffix}", shown[1:], len(sizes) - 2))
        arrays[f"columns{suffix}layers"] = np.array(np.shape(returned[0]))
    return arrays


FEW = 4  # columns; small enough that (n - 1)/n is 0.75
ALPHA = 0.8  # of a network that is not told another
HALF_UNBIASED = 2 / 3  # of the points, where only the moving variance takes another variance
FACTORS = {
    "the variance is (n - 1)/n times the batch's: np.var divides by n already, so there is nothing to correct": (
        FEW - 1
    )
    / FEW,
    "the variance is n/(n - 1) times the batch's: it is divided by n - 1, expected n": FEW / (FEW - 1),
}


def judge_variance(actual: Mapping[str, Any], expected: Mapping[str, Any]) -> Judgement:
    """The batch's variance is divided by n; a known wrong factor is named."""
    judged = compare_value("ndarray", actual["variance"], expected["variance"], tolerance=TOLERANCE)
    if judged.passed:
        moved, right = actual.get("moved"), expected["moved"]
        unbiased = right + (1 - ALPHA) * expected["variance"] / (FEW - 1)
        if (
            moved is not None
            and moved.shape == right.shape
            and np.allclose(moved, unbiased, rtol=TOLERANCE, atol=0)
        ):
            reason = (
                "the moving variance takes n/(n - 1) times the batch's variance, expected the batch's own"
            )
            return Judgement(HALF_UNBIASED, reason)
        return judged
    if actual["variance"].shape == expected["variance"].shape:
        for reason, factor in FACTORS.items():
            if np.allclose(actual["variance"], factor * expected["variance"], rtol=TOLERANCE, atol=0):
                return Judgement(0.0, reason, judged.relative_error)
    return Judgement(0.0, f"variance {judged.reason}", judged.relative_error)


@check(
    of="evaluateClassifier",
    points=3,
    judge=judge_variance,
    section=FORWARD,
    hint="Normalized scores have variance 1 in the batch: what has to be divided by, for a batch of four columns?",
)
def batch_variance(impl: Any, rng: Any) -> dict[str, Any]:
    """The batch's variance is the mean of squared deviations, with no correction."""
    net = _started(impl, rng, SHALLOW, normalized=True)
    X, _, _ = problem(rng, SHALLOW[0], SHALLOW[-1], FEW)
    before = column(net.vaMA[0])
    arrays = {"variance": column(forward(net, X)[5][0])}
    moved = _difference(before, column(net.vaMA[0]))  # how far is judged by `moving_averages`
    return arrays if moved is None else {**arrays, "moved": moved}


def _unscaled(net: Any) -> Any:
    """The network with gammas of one and betas of zero: what is wrong with them is charged where outputs are judged."""
    for i in range(len(net.W) - 1):
        put_in(net, "gamma", i, np.ones_like(net.gamma[i]))
        put_in(net, "beta", i, np.zeros_like(net.beta[i]))
    return net


def _moved(impl: Any, rng: Any, calls: int, **settings: Any) -> dict[str, Any]:
    net = _unscaled(_started(impl, rng, DEEP, normalized=True, spread=LARGE, **settings))
    arrays: dict[str, Any] = {}
    for call in range(1, calls + 1):
        X, _, _ = problem(rng, DEEP[0], DEEP[-1], MANY)
        forward(net, call * X)
        arrays.update(averages(net, str(call), spread=LARGE))
    return arrays


@check(
    of="evaluateClassifier",
    points=3,
    tolerance=MANY_TOLERANCE,
    floor=MANY_FLOOR,
    section=FORWARD,
    hint="Each call keeps the share alpha of the old average and adds the rest from the batch.",
)
def moving_averages(impl: Any, rng: Any) -> dict[str, Any]:
    """In training, the moving averages of mean and variance follow the batches."""
    return _moved(impl, rng, 2)


@check(
    of="evaluateClassifier",
    points=2,
    visible=False,
    tolerance=MANY_TOLERANCE,
    floor=MANY_FLOOR,
    section=FORWARD,
    hint="alpha is a setting of the network, and it weighs the old average.",
)
def moving_averages_alpha(impl: Any, rng: Any) -> dict[str, Any]:
    """The moving averages use the alpha that the network was given."""
    return _moved(impl, rng, 2, alpha=0.3)


@check(
    of="evaluateClassifier",
    points=3,
    tolerance=TOLERANCE,
    floor=DECIMALS,
    section=FORWARD,
    hint="Outside of training the moving averages take the place of the batch's mean and variance; gamma and beta still apply.",
)
def testing_output(impl: Any, rng: Any) -> dict[str, Any]:
    """Outside of training, the moving averages normalize."""
    arrays = {}
    for sizes, columns in ((SHALLOW, 6), (DEEP, 1)):
        net = _started(impl, rng, sizes, normalized=True, spread=LARGE)
        X, _, _ = problem(rng, sizes[0], sizes[-1], columns)
        arrays[f"p_{len(sizes) - 1}_layers"] = column(forward(net, X, training=False)[0])
    return arrays


@check(
    of="evaluateClassifier",
    points=2,
    visible=False,
    tolerance=TOLERANCE,
    floor=DECIMALS,
    section=FORWARD,
    hint="Outside of training the moving averages are read, not written, and no column's answer depends on another's.",
)
def testing_is_steady(impl: Any, rng: Any) -> dict[str, Any]:
    """Outside of training, the moving averages stay, and a column alone gets the same answer."""
    net = _unscaled(_started(impl, rng, DEEP, normalized=True, spread=LARGE))
    X, _, _ = problem(rng, DEEP[0], DEEP[-1], 8)
    together = forward(net, X, training=False)[0]
    alone = forward(net, X[:, :1], training=False)[0]
    return {
        "p_first_of_many": column(together[:, :1]),
        "p_alone": column(alone),
        **averages(net, spread=LARGE),
    }


SMALL = 0.3  # times as large scores, whose variances show an epsilon above 1e-7


@check(
    of="evaluateClassifier",
    points=1,
    visible=False,
    tolerance=TOLERANCE,
    floor=DECIMALS,
    exact_dtype=False,  # a single precision is charged where values are judged
    section=FORWARD,
    hint="What is added to the variance keeps the division from failing where it is zero, and is too small to show elsewhere.",
)
def constant_unit(impl: Any, rng: Any) -> dict[str, Any]:
    """A unit that does not vary over the batch gives no NaN, and one that varies little is normalized like the others."""
    net = _started(impl, rng, SHALLOW, normalized=True)
    X, _, _ = problem(rng, SHALLOW[0], SHALLOW[-1], 16)
    net.W[0][1] = 0.0
    net.b[0][1] = 0.5  # a mean of sixteen equal numbers, without rounding
    for unit, spread in ((2, LARGE), (3, 0.1)):
        net.W[0][unit] *= spread / np.std(net.W[0][unit] @ X)
    units = forward(net, X)[3][0]
    # The signs of a unit that varies, so that zeros alone are no answer; its size is other checks' business.
    return {
        "normalized_unit": column(units[1:2]),
        "signs_of_another": np.sign(column(units[:1])),
        "little_to_much": np.std(units[3]) / np.std(units[2]),
        "testing_little_to_much": _epsilon_in_testing(impl, rng),
    }


def _epsilon_in_testing(impl: Any, rng: Any) -> Any:
    """How far probabilities move when scores and moving averages shrink together; whatever else is wrong, it is nearly zero."""
    seed = int(rng.integers(2**31))
    found = []
    for spread in (LARGE, SMALL):
        same = np.random.default_rng(seed)
        net = _started(impl, same, SHALLOW, normalized=True, spread=spread)
        X, _, _ = problem(same, SHALLOW[0], SHALLOW[-1], 20)
        found.append(forward(net, X, training=False)[0])
    return _difference(*found)


# --- Cost and accuracy: 9 points ---------------------------------------------------------------------------------------------


@check(
    of="computeCost",
    points=3,
    credit="each",
    section=COST,
    hint="The loss is a mean over the columns; the cost adds lambda times the sum of all squared weights, without one half.",
)
def cost_plain(impl: Any, rng: Any) -> dict[str, Any]:
    """Without batch normalization, cost and loss are right."""
    return _plain_costs(impl, rng, _as_it_is)


def _as_it_is(net: Any, *, normalized: bool) -> Any:  # noqa: ARG001 - as what puts another forward pass there
    return net


def _plain_costs(impl: Any, rng: Any, change: Any) -> dict[str, Any]:
    arrays = {}
    for sizes, columns, lmda in ((SHALLOW, 7, 0.0), (DEEP, 12, 0.1)):
        net = change(_started(impl, rng, sizes, normalized=False, lmda=lmda), normalized=False)
        X, Y, _ = problem(rng, sizes[0], sizes[-1], columns)
        found = cost_and_loss(net, X, Y)
        arrays.update({f"{name}_{len(sizes) - 1}_layers": value for name, value in found.items()})
    return arrays


@check(
    of="computeCost",
    points=2,
    tolerance=MANY_TOLERANCE,
    floor=MANY_FLOOR,
    section=COST,
    hint="With batch normalization the cost is that of training: normalized by the columns it is asked about.",
)
def cost_batchnorm(impl: Any, rng: Any) -> dict[str, Any]:
    """With batch normalization, cost and loss are those of the columns' own mean and variance."""
    return _normalized_cost(impl, rng, _as_it_is)


def _normalized_cost(impl: Any, rng: Any, change: Any) -> dict[str, Any]:
    net = _started(impl, rng, DEEP, normalized=True, spread=LARGE, lmda=0.1 / LARGE**2)
    for i in range(len(net.vaMA)):  # far from what the columns have
        put_in(net, "vaMA", i, net.vaMA[i] / 10)
    X, Y, _ = problem(rng, DEEP[0], DEEP[-1], MANY)
    net = change(net, normalized=True)
    return {**cost_and_loss(net, X, Y), "penalty": _penalty(impl, rng, change)}


def _penalty(impl: Any, rng: Any, change: Any) -> Any:
    """What a lambda adds to the cost of a network whose layers have weights of like size, whatever its loss is."""
    seed = int(rng.integers(2**31))
    costs = []
    for lmda in (0.0, 0.1):
        same = np.random.default_rng(seed)
        net = change(_started(impl, same, SHALLOW, normalized=True, lmda=lmda), normalized=True)
        X, Y, _ = problem(same, SHALLOW[0], SHALLOW[-1], 20)
        costs.append(cost_and_loss(net, X, Y)["cost"])
    return None if None in costs else costs[1] - costs[0]


@check(
    of="computeCost",
    points=1,
    visible=False,
    section=COST,
    hint="Measuring after an epoch is no step of training: what do muMA and vaMA hold before and after?",
)
def cost_leaves_averages(impl: Any, rng: Any) -> dict[str, Any]:
    """Looking at the cost does not move the moving averages."""
    net = _started(impl, rng, SHALLOW, normalized=True)
    X, Y, _ = problem(rng, SHALLOW[0], SHALLOW[-1], 10)
    cost_and_loss(net, X, Y)
    return averages(net)


DRAWS = (
    5  # of columns; another way to guess has the same share right in one of thirty, and not in all of them
)


@check(
    of="computeAccuracy",
    points=3,
    section=COST,
    hint="The class with the highest probability counts, and probabilities come from the moving averages.",
)
def accuracy(impl: Any, rng: Any) -> dict[str, Any]:
    """The accuracy is the share of right columns, by the moving averages."""
    return _accuracies(impl, rng, _as_it_is)


def _accuracies(impl: Any, rng: Any, change: Any) -> dict[str, Any]:
    arrays = {}
    for normalized in (False, True):
        net = _started(impl, rng, SHALLOW, normalized=normalized, spread=LARGE if normalized else 1.0)
        net = change(net, normalized=normalized)
        shares = []
        for _ in range(DRAWS):
            X, _, y = problem(rng, SHALLOW[0], SHALLOW[-1], 397)
            shares.append(float(number(method(net, "computeAccuracy")(X, y))))
        arrays["with_batchnorm" if normalized else "plain"] = np.array(shares)
    return arrays


# --- Gradients: 24 points ----------------------------------------------------------------------------------------------------


@check(
    of="computeGradients",
    points=5,
    credit="each",
    section=GRADIENTS,
    hint="Go back layer by layer: through W, then through the ReLU, whose slope is 1 where the layer's input is positive.",
)
def gradients_plain(impl: Any, rng: Any) -> dict[str, Any]:
    """Without batch normalization, the gradients of W and b are right for two, four and nine layers."""
    return _plain_gradients(impl, rng, _as_it_is)


def _plain_gradients(impl: Any, rng: Any, change: Any) -> dict[str, Any]:
    arrays: dict[str, Any] = {}
    for sizes, columns in ((SHALLOW, 7), (DEEP, 4), (DEEPEST, 11)):
        net = change(_started(impl, rng, sizes, normalized=False, lmda=0.0), normalized=False)
        X, Y, _ = problem(rng, sizes[0], sizes[-1], columns)
        arrays.update(gradients(net, X, Y, normalized=False, suffix=f"_{len(sizes) - 1}layers"))
    return arrays


@check(
    of="computeGradients",
    points=3,
    visible=False,
    floor=1e-3,  # a difference of gradients has lost digits where its true value is zero
    section=GRADIENTS,
    hint="The penalty is lambda times a square: what is its derivative, for which parameters, and for which layers?",
)
def gradients_penalty(impl: Any, rng: Any) -> dict[str, Any]:
    """The penalty adds 2 lambda W to the gradient of every W, and nothing to the others."""
    return _penalty_gradients(impl, rng, _as_it_is)


def _penalty_gradients(impl: Any, rng: Any, change: Any) -> dict[str, Any]:
    arrays: dict[str, Any] = {}
    seed = int(rng.integers(2**31))
    for normalized in (False, True):
        found = []
        for lmda in (0.0, 0.3):  # what differs between them is the penalty's gradient alone
            same = np.random.default_rng(seed)
            net = _started(impl, same, DEEP, normalized=normalized, lmda=lmda)
            net = change(net, normalized=normalized)
            X, Y, _ = problem(same, DEEP[0], DEEP[-1], 5)
            found.append(
                gradients(net, X, Y, normalized=normalized, suffix="_bn" if normalized else "_plain")
            )
        arrays.update({name: _difference(value, found[1].get(name)) for name, value in found[0].items()})
    return arrays


def _difference(one: Any, other: Any) -> Any:
    if type(one) is not np.ndarray or type(other) is not np.ndarray or one.shape != other.shape:
        return None
    return other - one


@check(
    of="computeGradients",
    points=6,
    credit="each",
    tolerance=MANY_TOLERANCE,
    floor=GRADIENTS_FLOOR,
    section=GRADIENTS,
    hint="After the ReLU come gamma and beta, then the normalization, then W. The last layer has no normalization.",
)
def gradients_batchnorm(impl: Any, rng: Any) -> dict[str, Any]:
    """With batch normalization, the gradients of W, b, gamma and beta are right."""
    return _normalized_gradients(impl, rng, _as_it_is)


def _normalized_gradients(impl: Any, rng: Any, change: Any) -> dict[str, Any]:
    arrays: dict[str, Any] = {}
    for sizes in (SHALLOW, DEEP):
        net = change(_started(impl, rng, sizes, normalized=True, spread=LARGE), normalized=True)
        X, Y, _ = problem(rng, sizes[0], sizes[-1], MANY)
        found = gradients(net, X, Y, normalized=True, suffix=f"_{len(sizes) - 1}layers", spread=LARGE)
        # A mean over many columns is small; ten times as much stands clear of the floor.
        arrays.update({name: times(10, value) for name, value in found.items()})
    return arrays


@check(
    of="computeGradients",
    points=3,
    visible=False,
    credit="each",
    tolerance=TOLERANCE,
    floor=DECIMALS,
    section=CHECKING,
    hint="Compare with numerical gradients for a batch of few columns, where the variance's own gradient counts most.",
)
def gradients_six_decimals(impl: Any, rng: Any) -> dict[str, Any]:
    """With batch normalization and few columns, the gradients agree to six decimals."""
    return _gradients_of_few(impl, rng, _as_it_is)


def _gradients_of_few(impl: Any, rng: Any, change: Any) -> dict[str, Any]:
    net = change(_started(impl, rng, DEEP, normalized=True, spread=LARGE), normalized=True)
    X, Y, _ = problem(rng, DEEP[0], DEEP[-1], 9)
    return gradients(net, X, Y, normalized=True, spread=LARGE)


# What is wrong in the forward pass is charged there. Where a method gives on another forward pass what the reference gives on it,
# nothing else is wrong with that method.

OF_FORWARD = ("evaluateClassifier",)
OTHERS_FLOOR = 1e-3  # numbers of the other forward pass are of order 1


@check(of="computeCost", carries="cost_plain", parts=OF_FORWARD)
def cost_plain_on_another(impl: Any, rng: Any) -> dict[str, Any]:
    """Cost and loss on another forward pass."""
    return _plain_costs(impl, rng, on_another_forward)


@check(of="computeCost", carries="cost_batchnorm", parts=OF_FORWARD)
def cost_batchnorm_on_another(impl: Any, rng: Any) -> dict[str, Any]:
    """Cost and loss with batch normalization on another forward pass."""
    return _normalized_cost(impl, rng, on_another_forward)


@check(of="computeAccuracy", carries="accuracy", parts=OF_FORWARD)
def accuracy_on_another(impl: Any, rng: Any) -> dict[str, Any]:
    """Accuracies on another forward pass."""
    return _accuracies(impl, rng, on_another_forward)


@check(of="computeGradients", carries="gradients_plain", parts=OF_FORWARD, floor=OTHERS_FLOOR)
def gradients_plain_on_another(impl: Any, rng: Any) -> dict[str, Any]:
    """Gradients on another forward pass."""
    return _plain_gradients(impl, rng, on_another_forward)


@check(of="computeGradients", carries="gradients_penalty", parts=OF_FORWARD, floor=OTHERS_FLOOR)
def gradients_penalty_on_another(impl: Any, rng: Any) -> dict[str, Any]:
    """The penalty's share in the gradients on another forward pass."""
    return _penalty_gradients(impl, rng, on_another_forward)


@check(
    of="computeGradients",
    carries="gradients_batchnorm",
    parts=OF_FORWARD,
    tolerance=TOLERANCE,
    floor=OTHERS_FLOOR,
)
def gradients_batchnorm_on_another(impl: Any, rng: Any) -> dict[str, Any]:
    """Gradients with batch normalization on another forward pass."""
    return _normalized_gradients(impl, rng, on_another_forward)


@check(
    of="computeGradients",
    carries="gradients_six_decimals",
    parts=OF_FORWARD,
    tolerance=TOLERANCE,
    floor=OTHERS_FLOOR,
)
def gradients_of_few_on_another(impl: Any, rng: Any) -> dict[str, Any]:
    """Gradients for few columns on another forward pass."""
    return _gradients_of_few(impl, rng, on_another_forward)


@check(
    of="batchNormBackPass",
    points=3,
    tolerance=TOLERANCE,
    floor=DECIMALS,
    section=GRADIENTS,
    hint="A score reaches the normalized scores of its row by three ways: directly, through the mean, and through the variance.",
)
def batchnorm_back_pass(impl: Any, rng: Any) -> dict[str, Any]:
    """The gradient goes back through the normalization, for any shape."""
    net = make_net(impl, SHALLOW, batchNorm=True)
    arrays = {}
    for m, n in ((4, 6), (7, 3), (1, 20)):
        s = rng.uniform(1.0, 3.0, (m, 1)) * rng.standard_normal((m, n)) + rng.standard_normal((m, 1))
        s *= LARGE
        mu, v = s.mean(axis=1, keepdims=True), s.var(axis=1, keepdims=True)
        gradient = method(net, "batchNormBackPass")(rng.standard_normal((m, n)), s, mu, v)
        arrays[f"gradient_{m}x{n}"] = times(LARGE, gradient)
    return arrays


TINY = 0.1  # standard deviation of scores, whose variances show an epsilon above 1e-7
SAME_EPSILON = 0.05  # relative; how nearly a gradient has to move as the forward pass's epsilon would move it


def judge_back_epsilon(actual: Mapping[str, Any], expected: Mapping[str, Any]) -> Judgement:
    """The gradient is the same for small scores as for large ones, but for an epsilon that the forward pass has as well.

    Whatever else is wrong with it is the same for both, and charged elsewhere; so is an epsilon that is too large in both passes.
    """
    found = [actual.get(name) for name in ("large", "small")]
    for array in found:
        if array is None or array.shape != expected["large"].shape or not np.all(np.isfinite(array)):
            return Judgement(0.0, "there is no gradient in the shape of the scores")
    large, small = found
    if not _alike(large, LARGE * _back(expected["g"], LARGE * expected["s"], 0.0), HALF_ALIKE):
        return Judgement(0.0, "the gradient is not one of these scores")
    moved, size = np.abs(small - large).max(), np.abs(large).max()
    if moved <= TOLERANCE * size and size > 0:
        return Judgement(1.0)
    epsilon = float(np.ravel(actual["forward_epsilon"])[0]) if "forward_epsilon" in actual else 0.0
    if epsilon > 0:
        right = [_back(expected["g"], TINY * expected["s"], one) * TINY for one in (epsilon, 0.0)]
        if np.abs(small - large - (right[0] - right[1])).max() <= SAME_EPSILON * moved:
            return Judgement(1.0)
    return Judgement(
        0.0,
        f"scores that vary little have a gradient that is off by {moved / size if size > 0 else 1:.1g}: "
        "what is added to the variance here?",
    )


HALF_ALIKE, ALIKE = (
    0.5,
    0.9,
)  # correlation with the right answer that even wrong ones have, and those to other inputs have not


def _alike(one: Any, other: Any, least: float) -> bool:
    """Whether two arrays of one shape are correlated."""
    size = float(np.linalg.norm(one) * np.linalg.norm(other))
    return bool(np.isfinite(size) and size > 0 and np.sum(one * other) >= least * size)


def _back(g: Any, s: Any, eps: float) -> Any:
    """The gradient for the scores s (m, N) of normalized scores' gradients g, by projections."""
    root = np.sqrt(s.var(axis=1, keepdims=True) + eps)
    hat = (s - s.mean(axis=1, keepdims=True)) / root
    return (g - g.mean(axis=1, keepdims=True) - hat * (g * hat).mean(axis=1, keepdims=True)) / root


@check(
    of="batchNormBackPass",
    points=1,
    visible=False,
    judge=judge_back_epsilon,
    section=GRADIENTS,
    hint="Both passes divide by the same root: with the same small number under it.",
)
def back_pass_epsilon(impl: Any, rng: Any) -> dict[str, Any]:
    """The way back has no other epsilon than the way forward."""
    net = _started(impl, rng, SHALLOW, normalized=True)
    s, g = rng.uniform(1.0, 3.0, (5, 1)) * rng.standard_normal((5, 12)), rng.standard_normal((5, 12))
    arrays: dict[str, Any] = {"s": s.copy(), "g": g.copy()}
    for name, spread in (("large", LARGE), ("small", TINY)):
        part = spread * s
        mu, v = part.mean(axis=1, keepdims=True), part.var(axis=1, keepdims=True)
        arrays[name] = times(spread, method(net, "batchNormBackPass")(g.copy(), part.copy(), mu, v))
    X, _, _ = problem(rng, SHALLOW[0], SHALLOW[-1], 30)
    return {**arrays, **attempted(_forward_epsilon, net, X)}


def _forward_epsilon(net: Any, X: Any) -> dict[str, Any]:
    """What the forward pass adds to variances, told from small scores whose normalized variance is below one."""
    put_in(net, "W", 0, TINY * net.W[0])
    put_in(net, "b", 0, TINY * net.b[0])
    variance = np.var(net.W[0] @ X, axis=1)
    return {
        "forward_epsilon": np.array(np.median(variance * (1 / np.var(forward(net, X)[3][0], axis=1) - 1)))
    }


@check(
    of="computeGradientsNum",
    points=1,
    tolerance=MANY_TOLERANCE,
    floor=MANY_FLOOR,
    section=CHECKING,
    hint="Half of the right value means that one of the two costs was taken at the unchanged parameter: was it really set back?",
)
def numerical_gradients(impl: Any, rng: Any) -> dict[str, Any]:
    """Numerical gradients are central differences of the cost, for all parameters."""
    sizes = (3, 4, 2)
    arrays: dict[str, Any] = {}
    for normalized in (False, True):
        net = _started(impl, rng, sizes, normalized=normalized, lmda=0.1)
        X, Y, _ = problem(rng, sizes[0], sizes[-1], 1000 if normalized else 50)  # costs may loop over columns
        suffix = "_bn" if normalized else "_plain"
        name = "computeGradientsNum"
        found = gradients(net, X, Y, normalized=normalized, name=name, suffix=suffix)
        arrays.update(found)
    return arrays


STEEP = 10.0  # lambda, so that the cost bends: differences to one side are off by this times their step
NARROW = 1e-5  # our own step
# Relative to the largest gradient: right differences with steps from 1e-8 to 1e-2 are within, those to one side with 1e-6 are not.
AGREES, IDENTICAL = 1e-7, 1e-13
ONE_SIDE = 0.2  # how far errors of differences to one side are apart, relative to their mean: the cost bends alike everywhere


def judge_sides(actual: Mapping[str, Any], expected: Mapping[str, Any]) -> Judgement:
    """The gradients of the last layer's weights are differences of the student's own cost, to both sides of the parameter."""
    found, both = actual.get("numerical"), actual["both"]
    if found is None or found.shape != expected["both"].shape or not np.all(np.isfinite(found)):
        return Judgement(0.0, "the last layer's weights have no numerical gradients in their shape")
    if both.shape != expected["both"].shape or not _alike(both, expected["both"], ALIKE):
        return Judgement(0.0, "the cost does not answer to the last layer's weights as it should")
    off, size, analytic = found - both, np.abs(both).max(), actual.get("analytic")
    same = analytic is not None and analytic.shape == found.shape
    if same and np.abs(found - analytic).max() <= IDENTICAL * size:
        return Judgement(0.0, "these are the gradients of computeGradients, expected differences of the cost")
    if np.abs(off).max() <= AGREES * size:
        return Judgement(1.0)
    if np.ptp(off) <= ONE_SIDE * abs(np.mean(off)):
        return Judgement(
            0.0, "these seem to be differences to one side, expected (c(x + h) - c(x - h)) / (2 h)"
        )
    return Judgement(0.0, "these are no differences of the cost to both sides of the parameter")


@check(
    of="computeGradientsNum",
    points=1,
    judge=judge_sides,
    section=CHECKING,
    hint="Two costs for each parameter: one a step h above it, one a step h below it.",
)
def numerical_gradients_sides(impl: Any, rng: Any) -> dict[str, Any]:
    """The two costs of a numerical gradient lie on both sides of the parameter."""
    sizes = (3, 4, 2)
    net = _started(impl, rng, sizes, normalized=False, lmda=STEEP)
    X, Y, _ = problem(rng, sizes[0], sizes[-1], 20)
    above, below = (_costs(net, X, Y, step) for step in (NARROW, -NARROW))
    analytic = attempted(
        lambda: {"analytic": column(method(net, "computeGradients")(X.copy(), Y.copy())[0][-1])}
    )
    found = method(net, "computeGradientsNum")(X.copy(), Y.copy())
    return {**analytic, "both": (above - below) / (2 * NARROW), "numerical": column(found[0][-1])}


def _costs(net: Any, X: Any, Y: Any, step: float) -> Any:
    """The student's costs where each of the last layer's weights is a step away, in their shape."""
    weights = np.array(net.W[-1])
    costs = np.empty_like(weights)
    for place in np.ndindex(weights.shape):
        moved = weights.copy()
        moved[place] += step
        put_in(net, "W", -1, moved)
        costs[place] = cost_and_loss(net, X, Y)["cost"]
    put_in(net, "W", -1, weights)
    return costs


@check(of="computeCost", carries="numerical_gradients", charged="cost_plain")
def cost_around(impl: Any, rng: Any) -> dict[str, Any]:
    """The student's own cost around the point at which numerical gradients are judged, without and with batch normalization."""
    sizes = (3, 4, 2)
    costs, inputs, wanted = {}, {}, {}
    for normalized in (False, True):
        net = _started(impl, rng, sizes, normalized=normalized, lmda=0.1)
        X, Y, _ = problem(rng, sizes[0], sizes[-1], 1000 if normalized else 50)
        suffix = "_bn" if normalized else "_plain"
        inputs[f"X{suffix}"] = X
        hidden = ("gamma", "beta") if normalized else ()
        for kind, count in (("W", 2), ("b", 2), *((kind, 1) for kind in hidden)):
            for i in range(count):
                name = f"{kind}{suffix}_{i + 1}"
                inputs[name] = wanted[name] = column(getattr(net, kind)[i])
        costs[suffix] = net, Y

    def value(**given: Any) -> Any:
        found = []
        for suffix, (net, Y) in costs.items():
            for name in wanted:
                kind, part, number = name.split("_")
                if f"_{part}" == suffix:
                    i = int(number) - 1
                    put_in(net, kind, i, given[name].reshape(np.shape(getattr(net, kind)[i])))
            found.append(cost_and_loss(net, given[f"X{suffix}"], Y)["cost"])
        return np.array(found)

    return around(value, inputs, {name: name for name in wanted}, rng, one_row=False)


@check(
    of="computeGradientsNum",
    points=1,
    visible=False,
    section=CHECKING,
    hint="A list that is kept under another name is still the same list, and so are its arrays.",
)
def numerical_gradients_restore(impl: Any, rng: Any) -> dict[str, Any]:
    """Numerical gradients leave every parameter as it was."""
    sizes = (2, 3, 4)
    net = _started(impl, rng, sizes, normalized=True)
    X, Y, _ = problem(rng, sizes[0], sizes[-1], 5)
    gradients(net, X, Y, normalized=True, name="computeGradientsNum")
    kinds = {"W": net.W, "b": net.b, "gamma": net.gamma[:1], "beta": net.beta[:1]}
    arrays: dict[str, Any] = {}
    for name, values in kinds.items():
        arrays.update(named(name, values, len(values)))
    return arrays


# --- Training: 13 points -----------------------------------------------------------------------------------------------------

RATE_TOLERANCE = 1e-6  # rates are differences of biases, which have lost some digits by then


def _watched(impl: Any, rng: Any, columns: int, terms: Any) -> dict[str, Any]:
    net = _started(impl, rng, SHALLOW, normalized=True)
    X, _, _ = problem(rng, SHALLOW[0], SHALLOW[-1], columns)
    return watched(net, X, terms)


@check(
    of="miniBatchGD",
    points=3,
    tolerance=RATE_TOLERANCE,
    section=TRAINING,
    hint="Write down the rates of the first steps: the highest is etaMax, and a whole cycle takes 2 nS steps.",
)
def learning_rates(impl: Any, rng: Any) -> dict[str, Any]:
    """The learning rate goes from eta_min to eta_max and back, step by step."""
    highest = 0.1 * rng.uniform(0.8, 1.2)  # drawn, so that no table of rates is an answer
    # More steps than are looked at: an epoch that is a batch short is charged by `mini_batches`.
    return {"rates": _watched(impl, rng, 48, [4, 1e-3, highest, 1, 4])["rates"][:9]}


@check(
    of="miniBatchGD",
    points=2,
    visible=False,
    tolerance=RATE_TOLERANCE,
    section=TRAINING,
    hint="Steps are counted through all epochs, and the cycle begins again after 2 nS of them.",
)
def learning_rates_go_on(impl: Any, rng: Any) -> dict[str, Any]:
    """The learning rate's cycle does not care where an epoch ends."""
    highest = 0.3 * rng.uniform(0.8, 1.2)
    return {"rates": _watched(impl, rng, 24, [6, 0.02, highest, 6, 5])["rates"][:16]}


EPOCHS = 3


@check(
    of="miniBatchGD",
    points=3,
    judge=partial(judge_batches, epochs=EPOCHS),
    section=TRAINING,
    hint="Write down first and last column of every batch: batch j begins at j * nBatch, and batch j + 1 where it ends.",
)
def mini_batches(impl: Any, rng: Any) -> dict[str, Any]:
    """Every epoch takes every column once, shuffled, in full batches."""
    found = _watched(impl, rng, 40, [8, 1e-3, 1e-2, EPOCHS, 10])
    return {name: found[name] for name in ("sizes", "batches", "labels", "given", "given_labels")}


@check(
    of="miniBatchGD",
    points=2,
    judge=judge_histories,
    section=TRAINING,
    hint="One entry for each epoch, taken after its last step: costs, losses, accuracies, each for training and validation.",
)
def histories(impl: Any, rng: Any) -> dict[str, Any]:
    """Costs, losses and accuracies of training and validation are kept after each epoch."""
    lmda, terms = 0.05, [10, 1e-3, 0.3, 4, 8]
    net = _started(impl, rng, SHALLOW, normalized=False, lmda=lmda)
    X, Y, y = problem(rng, SHALLOW[0], SHALLOW[-1], 60)
    val, labels, classes = X[:, 40:], Y[:, 40:], y[40:]
    X, Y, y = X[:, :40], Y[:, :40], y[:40]
    given = {"train_X": X, "train_y": y, "val_X": val, "val_y": classes, "lmda": np.array(lmda)}
    given = {name: value.copy() for name, value in given.items()}
    found = train(net, X, Y, terms, (val, labels))
    arrays = {name: entries(history) for name, history in zip(HISTORIES, found)}  # noqa: B905 - Python 3.8
    pairs = [cost_and_loss(net, X, Y), cost_and_loss(net, val, labels)]
    now = [pair[name] for name in ("cost", "loss") for pair in pairs]
    now += [float(number(method(net, "computeAccuracy")(*columns))) for columns in ((X, y), (val, classes))]
    net = _started(impl, rng, SHALLOW, normalized=False, lmda=lmda)
    return {
        **arrays,
        **given,
        **named("start_W", net.W, 2),
        **named("start_b", net.b, 2),
        "now": np.array(now, dtype=float),
        **measured(net, X, Y, terms, (val, labels)),
    }


STEADY = 0.05


@check(
    of="miniBatchGD",
    points=3,
    visible=False,
    credit="each",
    tolerance=RATE_TOLERANCE,
    section=TRAINING,
    hint="All four kinds of parameters take a step against their gradient, also gamma and beta.",
)
def steps_of_all_parameters(impl: Any, rng: Any) -> dict[str, Any]:
    """Every step moves W, b, gamma and beta of all layers along their gradients, and by nothing else."""
    # With a penalty, for whoever adds it to the gradients again; work without the class BNN may have it there alone.
    own = {"lmda": 0.3} if hasattr(impl, "BNN") else {}
    net = _started(impl, rng, DEEP, normalized=True, **own)
    before = _learnt(net)
    hidden = len(DEEP) - 2
    kinds = [net.W, net.b, net.gamma[:hidden], net.beta[:hidden]]
    slopes = [[rng.standard_normal(np.shape(value)) for value in kind] for kind in kinds]
    X, _, _ = problem(rng, DEEP[0], DEEP[-1], 12)
    # Hardly a rise between the two rates: a cycle that is off by a step is charged where rates are judged.
    watched(net, X, [4, STEADY, STEADY * (1 + 1e-9), 2, 10], slopes)
    moved = {name: _difference(before.get(name), value) for name, value in _learnt(net).items()}
    rate = _common_rate(list(moved.values()), [slope for kind in slopes for slope in kind])
    return {
        name: after if moved[name] is None else times(1 / rate, moved[name])
        for name, after in _learnt(net).items()
    }


def _common_rate(moved: list[Any], slopes: list[Any]) -> float:
    """By how much the parameters moved for each unit of their slopes, the same for most of them; one where they did not move.

    How large steps are, how many there are and which way they go is charged where rates and batches are judged.
    """
    ratios = [
        np.ravel(step / column(slope))
        for step, slope in zip(moved, slopes)  # noqa: B905 - Python 3.8
        if step is not None and step.shape == column(slope).shape
    ]
    common = float(np.median(np.concatenate(ratios))) if ratios else 0.0
    return common if np.isfinite(common) and common != 0 else 1.0


def _learnt(net: Any) -> dict[str, Any]:
    """Copies of all that training moves, by name; of gamma and beta those of the hidden layers."""
    arrays: dict[str, Any] = {}
    hidden = len(DEEP) - 2
    for name, values in (
        ("W", net.W),
        ("b", net.b),
        ("gamma", net.gamma[:hidden]),
        ("beta", net.beta[:hidden]),
    ):
        arrays.update(named(name, values, len(values)))
    return arrays


# --- The report: 12 points ---------------------------------------------------------------------------------------------------
#
# There is no reference notebook: what is judged is whether the histories can be what such a training leaves, whether they show what
# they are about, whether the networks classify the images as the histories say, and whether the figures draw them; where only the
# networks do not, a person looks. The functions, which carry the points, are judged above.


@check(
    of="runs",
    where="notebook",
    points=3,
    judge=judge_depth,
    given=standard_columns,
    section=DEPTH,
    hint="Run the whole notebook from the top. `runs` holds a Run for (depth, batchNorm).",
)
def experiment_depth(impl: Any, rng: Any) -> dict[str, Any]:
    """Networks of three and nine layers were trained with and without batch normalization."""
    return packed_runs(list(impl.runs.values()), rng)


@check(
    of="coarse_trials",
    where="notebook",
    points=3,
    judge=judge_search,
    given=standard_columns,
    section=SEARCH,
    hint="lambda = 10 ** u with u uniform from -4 to -1; then a narrower range around what was best.",
)
def experiment_search(impl: Any, rng: Any) -> dict[str, Any]:
    """Lambda was searched from coarse to fine, on a logarithmic scale."""
    best = impl.best_lambda
    return {
        "coarse": np.array(impl.coarse_trials, dtype=float),
        "fine": np.array(impl.fine_trials, dtype=float),
        "best": np.array(np.nan if best is None else float(best)),
        **packed_search(impl, rng),
    }


@check(
    of="sigma_runs",
    where="notebook",
    points=3,
    judge=judge_sigma,
    given=standard_columns,
    section=SIGMA,
    hint="Each sigma starts all layers, with and without batch norm, for both depths; he=False lets sig count.",
)
def experiment_sigma(impl: Any, rng: Any) -> dict[str, Any]:
    """Starting weights of sigma 1e-1, 1e-3 and 1e-4 were tried with and without batch normalization."""
    return packed_runs(list(impl.sigma_runs.values()), rng)


@check(
    of="figures",
    where="notebook",
    points=3,
    judge=judge_figures,
    given=standard_columns,
    section=DEPTH,
    hint="Every training's cost, loss and accuracy, for training and validation: named axes, a legend, and the values themselves.",
)
def figures_show_histories(impl: Any, rng: Any) -> dict[str, Any]:
    """The figures show cost, loss and accuracy of every training, with labels."""
    runs = [*impl.runs.values(), *impl.sigma_runs.values()]
    return {**packed_runs(runs, rng), **read_figures(impl.figures)}
