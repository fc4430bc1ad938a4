"""Probes of batch and layer normalization under the convention `forward(x, gamma, beta, param) -> out, cache`.

They use several shapes, because a wrong axis can hide where both are equal, and nothing twice that a student's function may have
written into. NumPy only; runs beside student code.
"""

from __future__ import annotations

import contextlib
import time
from functools import partial
from typing import Any

import numpy as np

from assignments.common.arrays import kept, row, upstream, vectors
from grader.probe import NeedsPersonError, OutOfTimeError, share_of_time

__all__ = [
    "attempted",
    "backward_times",
    "gradients",
    "inference_outputs",
    "inputs_after",
    "outputs",
    "repeats",
    "running_averages",
    "spared",
]

TIMED_SHAPE = (
    100,
    200,
)  # large enough that arithmetic counts, small enough for functions with loops over every entry
TIMED_ENOUGH_S = 0.5
HALF = 0.5  # of a check's time, for one call: what needs more cannot be called twice
TENTH = 0.1  # of a check's time, for one backward pass on 6 x 4 numbers, where nothing is lost without it


def outputs(
    impl: Any, rng: Any, forward: str, shapes: Any, param: dict[str, Any], *, spread: float = 1.0
) -> dict[str, Any]:
    """The forward pass for several shapes. spread: factor on the data; small values make eps count."""
    arrays = {}
    for rows, features in shapes:
        x, _ = upstream(rng, rows, features)
        gamma, beta = vectors(rng, features)
        out, _ = getattr(impl, forward)(spread * x, gamma, beta, dict(param))
        arrays[f"out_{rows}x{features}"] = out
    return arrays


def gradients(
    impl: Any, rng: Any, names: tuple[str, str], shapes: Any, param: dict[str, Any], *, spread: float = 1.0
) -> dict[str, Any]:
    """Forward and backward pass for several shapes; names: of the two functions."""
    arrays = {}
    for rows, features in shapes:
        x, dout = upstream(rng, rows, features)
        gamma, beta = vectors(rng, features)
        _, cache = getattr(impl, names[0])(spread * x, gamma, beta, dict(param))
        dx, dgamma, dbeta = getattr(impl, names[1])(dout, cache)
        suffix = f"_{rows}x{features}" if len(shapes) > 1 else ""
        arrays.update({f"dx{suffix}": dx, f"dgamma{suffix}": row(dgamma), f"dbeta{suffix}": row(dbeta)})
    return arrays


def running_averages(impl: Any, rng: Any, steps: int, param: dict[str, Any]) -> dict[str, Any]:
    """Running averages after each of several training calls, on data whose mean and spread change from call to call.

    Raises: NotImplementedError for a forward pass that gives no output and moves no average; KeyError for one that leaves bn_param
        without either.
    """
    rows, features = 12, 5
    gamma, beta = vectors(rng, features)
    bn_param = {"mode": "train", **param}
    arrays = {}
    for step in range(1, steps + 1):
        x = step * rng.standard_normal((rows, features)) + 3 * step * rng.standard_normal(features)
        returned = impl.batchnorm_forward(x, gamma, beta, bn_param)
        averages = {name: kept(bn_param.get(name)) for name in ("running_mean", "running_var")}
        if _nothing(returned) and not any(np.any(one) for one in averages.values() if one is not None):
            raise NotImplementedError("batchnorm_forward returns None")
        if all(one is None for one in averages.values()):
            raise KeyError("after a call in training mode, bn_param has neither running_mean nor running_var")
        arrays.update({f"{name}_{step}": average for name, average in averages.items()})
    return arrays


def _nothing(returned: Any) -> bool:
    """Whether a layer that is not written yet returned None, or None for its output."""
    return returned is None or (isinstance(returned, tuple) and bool(returned) and returned[0] is None)


def inference_outputs(
    impl: Any, rng: Any, shapes: Any, param: dict[str, Any], *, calls: int = 1
) -> dict[str, Any]:
    """Test mode with running averages, gamma and beta that are given: outputs, and the averages as they are afterwards.

    Raises: NotImplementedError where there is no output.
    """
    arrays = {}
    for rows, features in shapes:
        gamma, beta = vectors(rng, features)
        bn_param = {
            "mode": "test",
            "running_mean": 2 * rng.standard_normal(features),
            "running_var": rng.uniform(0.2, 4.0, features),
            **param,
        }
        for call in range(1, calls + 1):
            x, _ = upstream(rng, rows, features)
            out, _ = impl.batchnorm_forward(x, gamma.copy(), beta.copy(), bn_param)
            if out is None:
                raise NotImplementedError("batchnorm_forward returns None in test mode")
            arrays[f"out_{rows}x{features}_{call}"] = out
        if calls > 1:
            arrays[f"running_mean_{rows}x{features}"] = kept(bn_param.get("running_mean"))
            arrays[f"running_var_{rows}x{features}"] = kept(bn_param.get("running_var"))
    return arrays


def backward_times(impl: Any, rng: Any, repetitions: int) -> dict[str, Any]:
    """CPU seconds of both backward passes of batch normalization, call by call in turn, and what they returned.

    `dx`, ... are the alternative's, `own_dx`, ... and `seconds_backward` those of the step-by-step version, absent where that is
    not written yet or returns no arrays, which its own checks charge.

    Taking turns lets a busy machine slow both alike; whoever judges takes each one's fastest call. Slow functions are called less
    often: what is left of `repetitions` stays infinite. Each is called twice at least, so the first call has half of the time.
    """
    x, dout = upstream(rng, *TIMED_SHAPE)
    gamma, beta = vectors(rng, TIMED_SHAPE[1])

    def passed(function: Any) -> Any:
        _, cache = impl.batchnorm_forward(x.copy(), gamma, beta, {"mode": "train"})
        given = dout.copy()
        start = time.process_time()
        gradients = function(given, cache)
        return gradients, time.process_time() - start

    with share_of_time(HALF):
        (dx, dgamma, dbeta), _ = passed(impl.batchnorm_backward_alt)
    arrays = {"dx": kept(dx), "dgamma": kept(dgamma), "dbeta": kept(dbeta)}
    with share_of_time(HALF):
        own = attempted(lambda: dict(zip(OWN, map(kept, passed(impl.batchnorm_backward)[0]))))  # noqa: B905 - Python 3.8
    functions = {"seconds_alt": impl.batchnorm_backward_alt}
    if len(own) == len(OWN):
        functions = {"seconds_backward": impl.batchnorm_backward, **functions}
    seconds = {name: np.full(repetitions, np.inf) for name in functions}
    begin = time.process_time()
    for repetition in range(repetitions):
        for name, function in functions.items():
            seconds[name][repetition] = passed(function)[1]
        if time.process_time() - begin > TIMED_ENOUGH_S:
            break
    return {**arrays, **own, **seconds}


OWN = ("own_dx", "own_dgamma", "own_dbeta")
PASSES = (
    ("batchnorm", ("batchnorm_backward", "batchnorm_backward_alt"), {"mode": "train"}),
    ("layernorm", ("layernorm_backward",), {}),
)


def attempted(probe: Any, *given: Any, **terms: Any) -> dict[str, Any]:
    """What a part of a probe gives, arrays only; nothing where student code raises or returns something else.

    For checks that ask how functions behave, whatever they compute: one that is not written yet is charged where its values are.
    """
    try:
        returned = probe(*given, **terms)
    except NeedsPersonError:
        raise
    except Exception:  # noqa: BLE001 - a student's function may raise anything
        return {}
    return {name: value for name, value in returned.items() if isinstance(value, np.ndarray)}


def spared(probe: Any, *given: Any, **terms: Any) -> dict[str, Any]:
    """As `attempted`, in a tenth of the check's time: a function that never ends is charged by its own checks."""
    with share_of_time(TENTH):
        return attempted(probe, *given, **terms)
    return {}  # never: but for all that a type checker knows, the block above might swallow an error


def _sparing(given: tuple[Any, ...], probe: Any, *more: Any) -> dict[str, Any]:
    """What `probe(*more)` gives in a tenth of the check's time. Raises: OutOfTimeError, and puts the arrays of `given` back then:
    what a function would have made of them in the end, nobody knows.
    """
    before = [array.copy() for array in given]
    try:
        with share_of_time(TENTH):
            returned: dict[str, Any] = probe(*more)
            return returned
    except OutOfTimeError:
        for array, was in zip(given, before):  # noqa: B905 - Python 3.8
            array[...] = was
        raise


def _out(label: str, impl: Any, names: str, given: Any, param: dict[str, Any]) -> dict[str, Any]:
    out, _ = getattr(impl, f"{names}_forward")(*given, dict(param))
    return {label: kept(out)}


def _dx(label: str, impl: Any, names: tuple[str, str], given: Any, param: dict[str, Any]) -> dict[str, Any]:
    *inputs, dout = given
    _, cache = getattr(impl, f"{names[0]}_forward")(*inputs, dict(param))
    return {label: kept(getattr(impl, names[1])(dout, cache)[0])}


def inputs_after(impl: Any, rng: Any) -> dict[str, Any]:
    """What x, gamma, beta and dout hold after every function had them, as `kept_...`, and the functions' results.

    A backward pass that never ends counts as one that is not written yet: its own checks charge it, and the others have their time.
    """
    arrays = {}
    for name, backwards, param in PASSES:
        x, dout = upstream(rng, 6, 4)
        gamma, beta = vectors(rng, 4)
        given = (x, gamma, beta, dout)
        arrays.update(attempted(_sparing, given, _out, f"{name}_out", impl, name, given[:-1], param))
        for number, backward in enumerate(backwards):
            label, names = f"{name}_dx_{number}", (name, backward)
            arrays.update(attempted(_sparing, given, _dx, label, impl, names, given, param))
        held = {"x": x, "gamma": gamma, "beta": beta, "dout": dout}
        arrays.update({f"kept_{name}_{which}": array for which, array in held.items()})
    return arrays


def repeats(impl: Any, rng: Any) -> dict[str, Any]:
    """Every pass twice on equal inputs, with other data in between: results `..._1` and `..._2`."""
    arrays = {}
    for name, (backward, *_), param in PASSES:
        x, dout = upstream(rng, 7, 3)
        between = (*upstream(rng, 5, 6), np.ones(6), np.zeros(6))
        gamma, beta = vectors(rng, 3)
        given = (x, gamma, beta, dout)
        parts = {f"{name}_out": (_out, name, given[:-1]), f"{name}_dx": (_dx, (name, backward), given)}
        for label, (part, names, inputs) in parts.items():
            call = partial(part, impl=impl, names=names, param=param)
            # neither call counts without the other
            with contextlib.suppress(OutOfTimeError), share_of_time(TENTH):
                arrays.update(_twice(label, call, inputs, between))
    return arrays


def _twice(label: str, call: Any, given: Any, between: Any) -> dict[str, Any]:
    """One function's results on equal inputs, before and after it had others. Raises: OutOfTimeError."""
    x, dout, gamma, beta = between
    other = (x, gamma, beta, dout)[: len(given)]
    arrays: dict[str, Any] = {}
    for name, inputs in ((f"{label}_1", given), ("between", other), (f"{label}_2", given)):
        try:
            arrays.update(call(name, given=[array.copy() for array in inputs]))
        except (NeedsPersonError, OutOfTimeError):
            raise
        except Exception:  # noqa: BLE001, S112 - a student's function may raise anything
            continue
    arrays.pop("between", None)
    return {name: array for name, array in arrays.items() if isinstance(array, np.ndarray)}
