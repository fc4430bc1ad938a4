"""Starting weights: He's rule and a fixed standard deviation. Pure but for the generator that the caller hands in."""

from __future__ import annotations

import math

from .arrays import Array, NormalSource

__all__ = ["fixed_normal", "he_normal"]


def fixed_normal(rng: NormalSource, shape: tuple[int, ...], *, sigma: float) -> Array:
    """Normal weights of mean 0 and the same standard deviation `sigma` in every layer. Shape as asked, float64."""
    weights: Array = sigma * rng.standard_normal(shape)
    return weights


def he_normal(rng: NormalSource, shape: tuple[int, ...], *, fan_in: int) -> Array:
    """Normal weights of mean 0 and variance 2 / fan_in, which keeps the variance through ReLU layers.

    Args: fan_in: inputs of one unit; >= 1. Which axis that is depends on the layout, so the caller says it.
    Returns: shape as asked, float64.
    Raises: ValueError if fan_in is below 1.
    Source: He et al. 2015 (arXiv:1502.01852), equation 10.
    """
    if fan_in < 1:
        raise ValueError(
            f"he_normal: fan_in is {fan_in}, expected the number of inputs of one unit, 1 or more"
        )
    return fixed_normal(rng, shape, sigma=math.sqrt(2 / fan_in))
