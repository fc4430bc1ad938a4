"""Plain copies of what student code returned: base-class arrays and numbers, everything else by the name of its type only.

Runs in the student's process, after their function returned. Looks at real types, never at what an object says of itself, and calls
no method that a student's class can define.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from .frames import DTYPES, Bounds, OversizeError, Triple

__all__ = ["plain", "plain_values"]

NUMBERS = (bool, int, float, complex)

# Taken now, before any student code can put something else in their place.
_array, _view, _ndarray, _generic = np.array, np.ndarray.view, np.ndarray, np.generic
_type_name = type.__dict__["__name__"].__get__


def plain(value: object) -> tuple[str, NDArray[np.generic] | None]:
    """Give the type's name and, for arrays and numbers, a plain copy.

    A subclass (`np.matrix`, a masked array, a student's own) gives its data under its own name. A list stays a list: None.

    Raises: OversizeError from `plain_values` only; this copies whatever fits in memory.
    """
    kind = type(value)
    name = str(_type_name(kind))[:100]
    name = name if name.isprintable() and name else "?"
    if issubclass(kind, _ndarray):
        view = _base_view(value)
        return name, _array(view, order="C", copy=True, subok=False) if view.dtype.name in DTYPES else None
    if issubclass(kind, _generic) and kind.__module__ == "numpy":
        scalar = _array(value)
        return name, scalar if scalar.dtype.name in DTYPES else None
    if kind in NUMBERS:
        number = _array(value)
        return (
            name,
            number if number.dtype.name in DTYPES else None,
        )  # an int of more than 64 bits has no array
    return name, None


def plain_values(returned: object, bounds: Bounds) -> tuple[Triple, ...]:
    """Make triples of a probe's answer, with as many bytes and names as the bounds allow.

    Raises: TypeError if it is not a mapping with text for keys. OversizeError beyond the bounds, before anything is copied.
    """
    if not isinstance(returned, Mapping):
        raise TypeError(
            f"the probe returned {type(returned).__name__}; expected a mapping of names to arrays"
        )
    items: list[tuple[Any, Any]] = list(returned.items())
    if len(items) > bounds.values:
        raise OversizeError(f"{len(items)} values came back; at most {bounds.values} are taken")
    if any(
        type(name) is not str or not name.isprintable() or not 0 < len(name) <= bounds.name_chars
        for name, _ in items
    ):
        raise TypeError("the probe returned a name that is not short printable text")
    total = sum(_bytes(value) for _, value in items)
    if total > bounds.payload_bytes:
        raise OversizeError(f"{total} bytes of arrays came back; at most {bounds.payload_bytes} are taken")
    return tuple((name, *plain(value)) for name, value in items)


def _bytes(value: object) -> int:
    """The size of a plain copy: of an array of zero strides it is not the memory that it takes now."""
    if not issubclass(type(value), _ndarray):
        return 16
    view = _base_view(value)
    return math.prod(view.shape) * view.dtype.itemsize


def _base_view(value: object) -> NDArray[np.generic]:
    """The same data as a base-class array; nothing that a subclass defines is called."""
    view: NDArray[np.generic] = _view(cast("NDArray[np.generic]", value), _ndarray)
    return view
