from __future__ import annotations
from typing import Any
import numpy as np

def row(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        value = np.asarray(value)
        return value[0] if value.ndim == 2 and value.shape[0] == 1 else value
    return value

def kept(value: Any) -> Any:
    value = row(value)
    return value.copy() if isinstance(value, np.ndarray) else value

def number(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.size == 1:
        return np.asarray(value).reshape(())
    return value

def vectors(rng: Any, features: int) -> tuple[Any, Any]:
    gamma = rng.uniform(0.5, 2.0, features) * rng.choice([-1.0, 1.0], features)
    return (gamma, rng.standard_normal(features) + 0.5)

def upstream(rng: Any, rows: int, features: int) -> tuple[Any, Any]:
    x = rng.uniform(0.5, 4.0, features) * rng.standard_normal((rows, features)) + 4 * rng.standard_normal(features)
    return (x, rng.standard_normal((rows, features)))
