"""Learning rates that change with the step. Pure."""

from __future__ import annotations

__all__ = ["cyclical_learning_rate"]


def cyclical_learning_rate(step: int, *, eta_min: float, eta_max: float, n_s: int) -> float:
    """Triangular cyclical learning rate: from eta_min up to eta_max in n_s steps, and down again in n_s more.

    Args: step: update steps taken so far, from 0. eta_min, eta_max: lowest and highest rate. n_s: half a cycle, in steps; >= 1.
    Returns: the rate for the next step; eta_min at steps 0, 2 n_s, ..., eta_max at n_s, 3 n_s, ...
    Raises: ValueError if step is negative or n_s is below 1.
    Source: Smith 2017 (arXiv:1506.01186).
    """
    if step < 0 or n_s < 1:
        raise ValueError(
            f"cyclical_learning_rate: step is {step} and n_s is {n_s}, expected step >= 0 and n_s >= 1"
        )
    within = step % (2 * n_s)
    rise = within if within <= n_s else 2 * n_s - within
    return eta_min + rise * (eta_max - eta_min) / n_s
