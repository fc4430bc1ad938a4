from __future__ import annotations
from typing import Any
import numpy as np

def number(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.size == 1:
        return np.asarray(value).reshape(())
    return value
