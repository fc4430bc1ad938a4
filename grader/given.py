"""What judges of notebook checks are given of the data set: computed outside from the data that the driver gives to the rooms.

A check of modules has the reference's arrays to judge by. A notebook has no reference; but what it claims of the data set can be
tried on the data set itself. A check names a function for that (`given` in `grader/probe/check.py`), so its judge stays pure.
"""

from __future__ import annotations

import hashlib
import inspect
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from .data import DataSet
from .errors import AssignmentError
from .model import Array
from .suite import Suite, kept_arrays, reference_digest

__all__ = ["given_arrays"]


def given_arrays(
    suite: Suite, reference: Any, data: DataSet | None, cache: Path | None = None
) -> dict[str, dict[str, Array]]:
    """Check id -> array name -> array, for the checks that are given any. Checks that name the same function share its arrays.

    cache: a folder; arrays are kept there by function, data set and reference. Nothing is given where there is no data set.

    Raises: AssignmentError, naming the check, if the function raises or returns something that is no array.
    """
    if data is None:
        return {}
    found: dict[Callable[..., Any], dict[str, Array]] = {}
    given: dict[str, dict[str, Array]] = {}
    for check in suite.checks:
        if check.given is None:
            continue
        if check.given not in found:
            name = _key(suite, reference, check.given, data)

            def make(give: Callable[..., Any] = check.given, about: str = check.id) -> dict[str, Array]:
                return _made(give, about, reference, data)

            found[check.given] = kept_arrays(cache / f"{name}.npz" if cache else None, make)
        given[check.id] = found[check.given]
    return given


def _made(
    give: Callable[..., Mapping[str, Any]], about: str, reference: Any, data: DataSet
) -> dict[str, Array]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            arrays = {str(name): np.asarray(value) for name, value in give(reference, data.folder).items()}
    except (
        Exception
    ) as exc:  # the author's function and reference run here; any failure is reported as theirs
        raise AssignmentError(
            f"check {about}: what its judge is given of {data.name} cannot be computed: {type(exc).__name__}: {exc}"
        ) from exc
    for name, array in arrays.items():
        if array.dtype.kind not in "fciub":
            raise AssignmentError(f"check {about}: {name} is given as {array.dtype}; expected numbers")
    return arrays


def _key(suite: Suite, reference: Any, give: Callable[..., Any], data: DataSet) -> str:
    """Digest of all that decides the arrays: the function with its file, the data set, NumPy, and the reference's package."""
    function = give.func if isinstance(give, partial) else give
    file = inspect.getsourcefile(function)
    source = hashlib.sha256(Path(file).read_bytes()).hexdigest() if file else ""
    parts = [
        source,
        repr(give) if isinstance(give, partial) else function.__qualname__,
        data.digest,
        np.__version__,
        reference_digest(suite.assignment, reference),
    ]
    return hashlib.sha256("\n".join(["given", *parts]).encode()).hexdigest()
