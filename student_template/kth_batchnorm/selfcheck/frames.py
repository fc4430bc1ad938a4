from __future__ import annotations
from collections.abc import Mapping
from typing import Any
import numpy as np
DTYPES: Mapping[str, np.dtype[Any]] = {**{name: np.dtype(name).newbyteorder('<') for name in ('bool', 'int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64')}, **{name: np.dtype(name).newbyteorder('<') for name in ('float16', 'float32', 'float64', 'complex64', 'complex128')}, np.dtype(np.longdouble).name: np.dtype(np.longdouble)}
