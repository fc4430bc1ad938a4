"""Compute what the known mistakes give in a process of its own, and leave it for the grader to recall.

Imports little, for that process has to: neither gradebook nor reports nor notebooks.
"""

from __future__ import annotations

import contextlib
import signal
from pathlib import Path

from ..assignment import load_assignment
from ..errors import GraderError
from ..seed import Seed
from ..suite import expected_arrays, load_reference, load_suite
from .misconceptions import load_catalogue, variants

__all__ = ["keep_known"]


def keep_known(folder: Path, seed: Seed, cache: Path) -> None:
    """Leave in `cache` what each known mistake gives for the assignment in `folder`. For the main thread of a process of its own.

    What goes wrong is left for the grader, which meets it, too, and tells.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the grader, which ends this process
    with contextlib.suppress(GraderError, OSError):
        assignment = load_assignment(folder)
        suite, reference, catalogue = (
            load_suite(assignment),
            load_reference(assignment),
            load_catalogue(assignment),
        )
        if catalogue is not None:
            expected = expected_arrays(suite, reference, seed, cache=cache)
            variants(suite, reference, catalogue, expected, seed, cache=cache)
