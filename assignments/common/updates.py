"""Probes of update rules under the convention `rule(w, dw, config) -> next_w, config`. NumPy only; runs beside student code.

Rules may write into `w` and into the state, so each call gets arrays of its own; the state travels in `config`, as in training.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from assignments.common.arrays import kept

__all__ = ["updates"]


def updates(
    impl: Any,
    rng: Any,
    rule: str,
    config: dict[str, Any],
    states: dict[str, tuple[float, float]],
    *,
    shapes: Any = ((4, 5),),
    steps: int = 1,
    scale: float = 1.0,
) -> dict[str, Any]:
    """Weights and state after each of several steps, for several shapes.

    states: bounds between which each state array starts; a state without bounds (None) is left for the rule to make, at zero.
    scale: of the gradients, whose entries are never small beside it, so that no result hangs on a difference of rounding.

    Raises: NotImplementedError for a rule that returns no weights and leaves its state as it was.
    """
    arrays = {}
    for shape in shapes:
        settings = dict(config)
        if settings.get("t"):
            settings["t"] += int(
                rng.integers(40)
            )  # a count that everybody knows would be an answer by itself
        for name, bounds in states.items():
            if bounds is not None:
                settings[name] = rng.uniform(*bounds, shape)
        for step in range(1, steps + 1):
            w = rng.standard_normal(shape)
            dw = scale * rng.uniform(0.2, 1.5, shape) * rng.choice([-1.0, 1.0], shape)
            before = {name: kept(settings.get(name)) for name in (*states, "t")}
            next_w, settings = getattr(impl, rule)(w, dw, settings)
            if next_w is None and all(_still(settings.get(name), was) for name, was in before.items()):
                raise NotImplementedError(f"{rule} returns None for the weights")
            suffix = "_" + "x".join(map(str, shape)) + (f"_step_{step}" if steps > 1 else "")
            arrays[f"next_w{suffix}"] = kept(next_w)
            for name in (*states, *(["t"] if "t" in config else [])):
                value = settings.get(name)
                arrays[f"{name}{suffix}"] = _counted(value) if name == "t" else kept(value)
    return arrays


def _still(now: Any, before: Any) -> bool:
    """Whether a state is what it was: the same numbers, or zeros where nothing was."""
    return now is None or np.array_equal(now, np.zeros_like(now) if before is None else before)


def _counted(value: Any) -> Any:
    """A count of steps as a float: `t + 1.0` counts as well as `t + 1`. Anything else as it is."""
    return float(value) if isinstance(value, (int, float, np.integer, np.floating)) else value
