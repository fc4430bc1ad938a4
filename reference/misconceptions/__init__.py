"""The catalogue of known wrong variants: what students get wrong, named, with a sentence for them and one for the instructor.

`CATALOGUE` holds all entries, over all functions of the core. Those that a course's checks cannot show do no harm: the harness
tries only those whose functions a check runs.
"""

from __future__ import annotations

from . import dropout, factors, kth, layers, networks, normalization, optim, statistics, tufts, udacity
from .entry import Edit, EditError, Misconception, applied

__all__ = ["CATALOGUE", "Edit", "EditError", "Misconception", "applied"]

#: Every entry, by family.
CATALOGUE: tuple[Misconception, ...] = (
    *normalization.MISCONCEPTIONS,
    *statistics.MISCONCEPTIONS,
    *factors.MISCONCEPTIONS,
    *layers.MISCONCEPTIONS,
    *dropout.MISCONCEPTIONS,
    *networks.MISCONCEPTIONS,
    *optim.MISCONCEPTIONS,
    *kth.MISCONCEPTIONS,
    *tufts.MISCONCEPTIONS,
    *udacity.MISCONCEPTIONS,
)
