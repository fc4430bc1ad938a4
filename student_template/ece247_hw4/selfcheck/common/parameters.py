from __future__ import annotations
import contextlib
from collections.abc import Callable
from typing import Any
import numpy as np
from ..check import NeedsPersonError

def put(kept: Callable[[], Any], place: Any, value: Any, name: str) -> None:
    with contextlib.suppress(TypeError):
        kept()[place] = value.copy()
    if _holds(kept()[place], value):
        return
    shown = kept()[place]
    if type(shown) is np.ndarray and shown.shape == value.shape and shown.flags.writeable:
        shown[...] = value
    if not _holds(kept()[place], value):
        raise NeedsPersonError(f'the network keeps its {name} in a form that the check cannot write into')

def _holds(held: Any, value: Any) -> bool:
    return np.shape(held) == np.shape(value) and bool(np.array_equal(held, value))
