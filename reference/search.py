"""Random search for a positive setting over orders of magnitude, coarse to fine. Pure but for the generator and the score."""

from __future__ import annotations

import math
from collections.abc import Callable

from .arrays import UniformSource

__all__ = ["coarse_to_fine", "log_uniform"]


def log_uniform(rng: UniformSource, *, low: float, high: float, count: int) -> list[float]:
    """`count` numbers 10 ** u, with u uniform from `low` to `high` (exponents, base ten)."""
    return [float(10 ** (low + (high - low) * u)) for u in rng.random(count)]


def coarse_to_fine(
    score: Callable[[float], float],
    *,
    low: float,
    high: float,
    coarse: int,
    fine: int,
    rng: UniformSource,
) -> list[tuple[float, float]]:
    """Try `coarse` values between 10 ** low and 10 ** high, then `fine` more around the best of them.

    The fine range reaches a quarter of the coarse one to either side of the best exponent, within the coarse range.

    Args: score: higher is better, e.g. the validation accuracy with that regularization. low, high: exponents, low < high.
    Returns: (value, score) of all trials, by rising value.
    Raises: ValueError if low is not below high, or coarse is below 1.
    """
    if not low < high or coarse < 1:
        raise ValueError(
            f"coarse_to_fine: low={low}, high={high}, coarse={coarse}; expected low < high and coarse >= 1"
        )
    trials = [(value, score(value)) for value in log_uniform(rng, low=low, high=high, count=coarse)]
    best = math.log10(max(trials, key=lambda trial: trial[1])[0])
    reach = (high - low) / 4
    narrowed = log_uniform(rng, low=max(low, best - reach), high=min(high, best + reach), count=fine)
    return sorted(trials + [(value, score(value)) for value in narrowed])
