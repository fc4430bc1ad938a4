from __future__ import annotations
from typing import cast
import numpy as np
from numpy.typing import NDArray
from .frames import DTYPES
NUMBERS = (bool, int, float, complex)
_array, _view, _ndarray, _generic = (np.array, np.ndarray.view, np.ndarray, np.generic)
_type_name = type.__dict__['__name__'].__get__

def plain(value: object) -> tuple[str, NDArray[np.generic] | None]:
    kind = type(value)
    name = str(_type_name(kind))[:100]
    name = name if name.isprintable() and name else '?'
    if issubclass(kind, _ndarray):
        view = _base_view(value)
        return (name, _array(view, order='C', copy=True, subok=False) if view.dtype.name in DTYPES else None)
    if issubclass(kind, _generic) and kind.__module__ == 'numpy':
        scalar = _array(value)
        return (name, scalar if scalar.dtype.name in DTYPES else None)
    if kind in NUMBERS:
        number = _array(value)
        return (name, number if number.dtype.name in DTYPES else None)
    return (name, None)

def _base_view(value: object) -> NDArray[np.generic]:
    view: NDArray[np.generic] = _view(cast('NDArray[np.generic]', value), _ndarray)
    return view
