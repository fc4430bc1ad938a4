"""Seed both of NumPy's generators in the same way inside and outside the sandbox, so that both sides draw the same inputs."""

from __future__ import annotations

import random

import numpy as np

__all__ = ["seeded"]


def seeded(seed: int) -> np.random.Generator:
    """Give the generator that a probe receives, and seed the global ones that course code draws from.

    Args: seed: 0 <= seed < 2**63, one for each check, derived from the run's seed.
    Returns: a PCG64 generator. NumPy's legacy generator is seeded from the low 32 bits, Python's `random` from all.
    Raises: ValueError for a seed out of range.
    """
    if not 0 <= seed < 2**63:
        raise ValueError(f"seed is {seed}; expected 0 <= seed < 2**63")
    np.random.seed(seed % 2**32)
    random.seed(seed)
    return np.random.Generator(np.random.PCG64(seed))
