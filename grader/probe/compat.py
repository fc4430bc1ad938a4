"""NumPy names that were removed between 1.20 and 2.0, put back for student code written against an older NumPy.

The alias means what it meant. Only names that the installed NumPy lacks are added; nothing that is there is changed but
`np.reshape`, which takes its old keyword again.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["ALIASES", "restore_numpy_names"]


def _row_stack(*args: Any, **kwargs: Any) -> Any:
    return np.vstack(*args, **kwargs)


def _in1d(ar1: Any, ar2: Any, assume_unique: bool = False, invert: bool = False) -> Any:
    return np.isin(np.asarray(ar1).ravel(), ar2, assume_unique=assume_unique, invert=invert)


#: Removed name -> what it was.
ALIASES: dict[str, Any] = {
    "bool": bool, "int": int, "float": float, "complex": complex, "object": object, "str": str, "long": int, "unicode": str,
    "float_": np.float64, "complex_": np.complex128, "unicode_": np.str_, "string_": np.bytes_,
    "Inf": np.inf, "Infinity": np.inf, "infty": np.inf, "PINF": np.inf, "NINF": -np.inf, "NaN": np.nan, "NAN": np.nan,
    "product": np.prod, "cumproduct": np.cumprod, "alltrue": np.all, "sometrue": np.any, "round_": np.round,
    "row_stack": _row_stack, "in1d": _in1d, "asfarray": lambda a, dtype=np.float64: np.asarray(a, dtype=dtype),
    "mat": np.asmatrix, "rank": np.ndim, "alen": len, "asscalar": lambda a: a.item(), "bool8": np.bool_, "int0": np.intp,
    "cfloat": np.complex128, "longfloat": np.longdouble,
    "trapz": getattr(np, "trapezoid", None), "msort": lambda a: np.sort(a, axis=0),
}  # fmt: skip


def restore_numpy_names() -> list[str]:
    """Put removed names back into `numpy`; the names that were added. Doing it twice adds nothing."""
    added = []
    for name, value in ALIASES.items():
        if name not in vars(np) and value is not None and _lacks(name):
            setattr(np, name, value)
            added.append(name)
    if not hasattr(np.reshape, "__wrapped_newshape__"):
        np.reshape = _with_newshape(np.reshape)
        added.append("reshape")
    return added


def _lacks(name: str) -> bool:
    """Whether `numpy` refuses the name; asking may warn, for its own `__getattr__` tells of removals."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return not hasattr(np, name)


def _with_newshape(reshape: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(reshape)
    def wrapper(a: Any, *args: Any, **kwargs: Any) -> Any:
        if "newshape" in kwargs and not args and "shape" not in kwargs:
            kwargs["shape"] = kwargs.pop("newshape")
        return reshape(a, *args, **kwargs)

    vars(wrapper)["__wrapped_newshape__"] = True
    return wrapper
