"""Right code in habits of its own, by course: caches of any kind, classes, closures, generators, other axes."""

from __future__ import annotations

from collections.abc import Mapping

from . import cs231n, ece247, kth, tufts, udacity

__all__ = ["REWRITTEN"]

#: By course and name: the file, or the notebook's cell, and what is appended to it.
REWRITTEN: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "cs231n_batchnorm": cs231n.REWRITTEN,
    "ece247_hw4": ece247.REWRITTEN,
    "kth_batchnorm": kth.REWRITTEN,
    "tufts_batchnorm": tufts.REWRITTEN,
    "udacity_batchnorm": udacity.REWRITTEN,
}
