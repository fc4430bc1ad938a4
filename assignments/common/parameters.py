"""Put an array in the place of one that a network keeps, whether its lists are its own or only show what its layers hold.

A network made of layer objects may show their arrays as a list or a dictionary that is built anew each time it is looked at: an
entry of that is written into nothing. NumPy and the standard library only; runs beside student code.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np

from grader.probe import NeedsPersonError

__all__ = ["put"]


def put(kept: Callable[[], Any], place: Any, value: Any, name: str) -> None:
    """Put a copy of `value` at `place` of the list or dictionary that `kept` gives: there, else into the array that it shows.

    name: of what is put, for the reason. Raises: NeedsPersonError if the network keeps none of it.
    """
    with contextlib.suppress(TypeError):  # of a tuple: its arrays can be written into
        kept()[place] = value.copy()
    if _holds(kept()[place], value):
        return
    shown = kept()[place]
    if type(shown) is np.ndarray and shown.shape == value.shape and shown.flags.writeable:
        shown[...] = value
    if not _holds(kept()[place], value):
        raise NeedsPersonError(f"the network keeps its {name} in a form that the check cannot write into")


def _holds(held: Any, value: Any) -> bool:
    return np.shape(held) == np.shape(value) and bool(np.array_equal(held, value))
