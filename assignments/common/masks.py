"""Judge dropout by the masks that show in its results. Pure, and outside: nothing of it enters the sandbox.

A mask is right if each entry is either dropped or divided by the share that is kept, and if about that share is kept. Courses
differ in what p means, and some state both, so either reading passes if all results follow the same one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from grader.compare import Judgement, compare_value, rel_error

__all__ = [
    "READINGS",
    "judge_backward",
    "judge_masks",
    "judge_network",
    "judge_twins",
    "keeps_with_p",
    "reading_of",
]

KEEP, DROP = "the probability to keep", "the probability to drop"
READINGS = (KEEP, DROP)
TOLERANCE = 1e-7
SIGMAS = 5.0  # a right share is farther off once in two million results


def keep_of(p: float, reading: str) -> float:
    """The share that is kept."""
    return p if reading == KEEP else 1 - p


def _kept(out: Any, x: Any) -> Any:
    """Where something was let through. Raises: ValueError, in words for the student, if it is everywhere or nowhere."""
    judged = compare_value("ndarray", out, x, tolerance=np.inf)
    if not judged.passed:
        raise ValueError(judged.reason)
    kept = out != 0
    if not kept.any() or kept.all():
        raise ValueError("drops everything" if not kept.any() else "drops nothing")
    return kept


def _mask(out: Any, x: Any, keep: float) -> Any:
    """Which entries were kept. Raises: ValueError, in words for the student, if some are neither kept and scaled nor dropped."""
    kept = _kept(out, x)
    error = rel_error(out[kept], x[kept] / keep)
    if not error <= TOLERANCE:
        raise ValueError(
            f"what is kept is not the input divided by the share kept: relative error {error:.2g}"
        )
    return kept


def _share_wrong(kept: Any, keep: float) -> str:
    """In words what is wrong with how many were kept, or nothing."""
    share, spread = float(kept.mean()), np.sqrt(keep * (1 - keep) / kept.size)
    if abs(share - keep) <= SIGMAS * spread:
        return ""
    return f"keeps {share:.0%} of the entries, but divides by {keep:g}"


def reading_of(actual: Mapping[str, Any], expected: Mapping[str, Any]) -> tuple[str, str]:
    """The reading of p that all results of `dropout_outputs` follow, and "", or "" and what is wrong."""
    wrong = {}
    for reading in READINGS:
        wrong[reading] = _outputs_wrong(actual, expected, reading)
        if not wrong[reading]:
            return reading, ""
    return "", wrong[KEEP]


def _outputs_wrong(actual: Mapping[str, Any], expected: Mapping[str, Any], reading: str) -> str:
    for name in [name for name in expected if name.startswith("x_")]:
        p = float(name.split("_")[1])
        keep = keep_of(p, reading)
        try:
            kept = _mask(actual[f"out{name[1:]}"], expected[name], keep)
        except ValueError as exc:
            return f"with p = {p:g}: {exc}"
        if (kept == kept[:1]).all() or (kept == kept[:, :1]).all():
            return f"with p = {p:g}: whole rows or columns are kept alike; every entry has its own chance"
        problem = _share_wrong(kept, keep)
        if problem:
            return f"with p = {p:g}: {problem}"
        if name.endswith("_2") and np.array_equal(kept, actual[f"out{name[1:-1]}1"] != 0):
            return f"with p = {p:g}: two calls keep the same entries"
    return ""


def keeps_with_p(actual: Mapping[str, Any], expected: Mapping[str, Any]) -> bool:
    """Whether `dropout_outputs` that follow no reading throughout show nevertheless that p is the probability to keep: by how many
    entries are kept, or by what they are divided by. What else is wrong with them is `judge_masks`'s to say.
    """
    by_share, by_scale = True, True
    for name in [name for name in expected if name.startswith("x_")]:
        p, x, out = float(name.split("_")[1]), expected[name], actual[f"out{name[1:]}"]
        try:
            factor = _own_mask(out, x)
        except ValueError:
            return False
        by_share = by_share and not _share_wrong(factor != 0, p)
        by_scale = by_scale and rel_error(factor.max(), np.float64(1 / p)) <= TOLERANCE
    return by_share or by_scale


def judge_masks(actual: Mapping[str, Any], expected: Mapping[str, Any]) -> Judgement:
    """`dropout_outputs`: entries are kept by chance and scaled, under either reading of p."""
    reading, wrong = reading_of(actual, expected)
    return Judgement(1.0) if reading else Judgement(0.0, wrong)


def judge_backward(actual: Mapping[str, Any], expected: Mapping[str, Any]) -> Judgement:
    """`dropout_gradients`: the gradient passes as each entry did in the forward pass, whose own mistakes its own checks charge.

    The forward pass has to drop some entries and to pass others, all by one factor: else there is no mask to use.
    """
    worst = 0.0
    for name in [name for name in expected if name.startswith("dout_")]:
        p = float(name.split("_")[1])
        out, x, dout, dx = (
            values[f"{kind}_{p:g}"]
            for values, kind in ((actual, "out"), (expected, "x"), (expected, "dout"), (actual, "dx"))
        )
        try:
            passed = _own_mask(out, x)
        except ValueError as exc:
            return Judgement(0.0, f"with p = {p:g}: the forward pass is not right yet: {exc}")
        judged = compare_value("ndarray", dx, dout * passed, tolerance=TOLERANCE)
        if not judged.passed:
            return Judgement(0.0, f"dx with p = {p:g} {judged.reason}", judged.relative_error)
        worst = max(worst, judged.relative_error or 0.0)
    return Judgement(1.0, "", worst)


def _own_mask(out: Any, x: Any) -> Any:
    """What each entry was multiplied with: one positive factor, or nothing. Raises: ValueError, in words for the student."""
    kept = _kept(out, x)
    factor = float(np.median(out[kept] / x[kept]))
    if not factor > 0 or not rel_error(out[kept], factor * x[kept]) <= TOLERANCE:
        raise ValueError("what is kept is not the input times one factor")
    return factor * kept


# Of a network that is right but for what its p means; a layer that reads p so loses one point, too.
TURNED_ROUND = 2 / 3


def judge_network(actual: Mapping[str, Any], expected: Mapping[str, Any], *, p: float) -> Judgement:
    """`masked_network`: loss and all gradients are those of the network whose units were dropped as the gradients show.

    With `dropout_outputs` for this p beside it: a network that drops with p where its layer keeps with p hands on 1 - p.
    """
    judged, reading = _judge_calls(actual, expected, p, _single)
    if not judged.passed or reading == KEEP or _layer_reading(actual, expected) != KEEP:
        return judged
    return Judgement(
        TURNED_ROUND,
        f"with dropout={p:g} the network keeps {1 - p:.0%} of its units, where dropout_forward keeps {p:.0%} with p = {p:g}: "
        "the network has to hand on its p as it is",
    )


def _layer_reading(actual: Mapping[str, Any], expected: Mapping[str, Any]) -> str:
    """How the layer alone reads p; "" where that cannot be told."""
    outputs = {name: array for name, array in expected.items() if name.startswith("x_")}
    if not outputs or any(f"out{name[1:]}" not in actual for name in outputs):
        return ""
    return reading_of(actual, outputs)[0]


def judge_twins(actual: Mapping[str, Any], expected: Mapping[str, Any], *, p: float) -> Judgement:
    """`masked_beside_normalization`: the same, of two equal examples that have a mask each."""
    return _judge_calls(actual, expected, p, _twins)[0]


def _judge_calls(
    actual: Mapping[str, Any], expected: Mapping[str, Any], p: float, truth_of: Callable[..., Any]
) -> tuple[Judgement, str]:
    """The judgement, and the reading of p that all calls follow, if one does.

    truth_of: (parameters, inputs, gradients, share kept) -> the right loss and gradients, and which active units were kept.
    """
    calls = [name.removeprefix("y_") for name in expected if name.startswith("y_")]
    params = {name.removeprefix("param_"): expected[name] for name in expected if name.startswith("param_")}
    found: dict[str, Judgement] = {}
    for reading in READINGS:
        keep, kept = keep_of(p, reading), []
        for call in calls:
            given = {name: expected[f"{name}_{call}"] for name in ("X", "y") if f"{name}_{call}" in expected}
            grads = {
                name.removeprefix(f"grad_{call}_"): value
                for name, value in actual.items()
                if name.startswith(f"grad_{call}_")
            }
            loss, truth, masks = truth_of(params, given, grads, keep)
            kept.append(masks)
            judged = _agrees({"loss": actual[f"loss_{call}"], **grads}, {"loss": loss, **truth})
            if not judged.passed:
                found[reading] = judged
                break
        else:
            problem = _share_wrong(np.concatenate(kept), keep)
            return (Judgement(0.0, problem), "") if problem else (Judgement(1.0), reading)
    return found[KEEP], ""


FLOOR = (
    1e-6  # errors of gradient entries below it count as absolute: they are small differences of large terms
)


def _agrees(actual: Mapping[str, Any], expected: Mapping[str, Any]) -> Judgement:
    for name, value in expected.items():
        judged = compare_value("ndarray", actual[name], value, tolerance=TOLERANCE, floor=FLOOR)
        if not judged.passed:
            return Judgement(0.0, f"{name} {judged.reason}", judged.relative_error)
    return Judgement(1.0)


def _single(
    params: Mapping[str, Any], given: Mapping[str, Any], grads: Mapping[str, Any], keep: float
) -> tuple[Any, dict[str, Any], Any]:
    """Loss and gradients for one example with the units dropped that `grads` show, and which active units were kept."""
    layers = sum(name.startswith("W") for name in params)
    hidden, active, factors, inputs = given["X"], [], [], []
    for layer in range(1, layers):
        inputs.append(hidden)
        hidden = np.maximum(hidden @ params[f"W{layer}"] + params[f"b{layer}"], 0)
        alive = hidden[0] > 0
        kept = np.any(grads[f"W{layer + 1}"] != 0, axis=1)
        active.append(kept[alive])
        factors.append(alive * kept / keep)
        hidden = hidden * kept / keep
    inputs.append(hidden)
    scores = hidden @ params[f"W{layers}"] + params[f"b{layers}"]
    shifted = scores - scores.max()
    logs = shifted - np.log(np.exp(shifted).sum())
    slope = np.exp(logs)
    slope[0, given["y"][0]] -= 1
    truth = {}
    for layer in range(layers, 0, -1):
        truth[f"W{layer}"], truth[f"b{layer}"] = inputs[layer - 1].T @ slope, slope[0]
        if layer > 1:
            slope = slope @ params[f"W{layer}"].T * factors[layer - 2]
    return np.asarray(-logs[0, given["y"][0]]), truth, np.concatenate(active)


ALIKE = 1e-6  # slopes that differ by less, in units of the largest, are of the same examples


def _twins(
    params: Mapping[str, Any], given: Mapping[str, Any], grads: Mapping[str, Any], keep: float
) -> tuple[Any, dict[str, Any], Any]:
    """As `_single`, for two examples whose hidden layer is what normalization makes of equal rows: beta, cut off below zero.

    Over each unit, the gradient of W2 is one example's slope, the other's, both or nothing, in the unit's size. As the examples are
    the same, it does not matter which of the two is called the first.
    """
    hidden = np.maximum(params["beta1"], 0)
    alive = hidden > 0
    # In the parameters' shapes: others would be combined each with each.
    slopes = grads["W2"].reshape(params["W2"].shape)[alive] / (hidden[alive] / keep)[:, None]
    both = grads["b2"].reshape(params["b2"].shape)
    off = ALIKE * float(np.abs(slopes).max(initial=0.0))
    dropped = np.all(slopes == 0, axis=1)
    alone = ~dropped & ~_close(slopes, both, off)
    first = alone & _close(slopes, slopes[alone.argmax()], off) if alone.any() else alone
    second = alone & _close(slopes, both - slopes[alone.argmax()], off) if alone.any() else alone
    masks = np.array([~dropped & ~second, ~dropped & ~first])
    factors = np.zeros((2, len(hidden)))
    factors[:, alive] = masks / keep
    scores = (hidden * factors) @ params["W2"] + params["b2"]
    shifted = scores - scores.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    slope = np.exp(logs)
    slope[:, given["y"][0]] -= 1
    slope /= 2
    truth = {
        "W2": (hidden * factors).T @ slope,
        "b2": slope.sum(axis=0),
        "beta1": ((slope @ params["W2"].T) * factors).sum(axis=0),
    }
    return np.asarray(-logs[:, given["y"][0]].mean()), truth, masks.ravel()


def _close(rows: Any, row: Any, off: float) -> Any:
    return np.all(np.abs(rows - row) <= off, axis=1)
