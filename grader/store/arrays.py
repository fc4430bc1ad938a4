"""Arrays by name in one file that is read in one go: thousands of small ones, for which an .npz takes seconds. Never pickle.

A checksum, a JSON list, and the arrays' raw bytes; what is the same bytes stands there once. Who reads it gets read-only views.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import EvidenceError
from ..model import Array

__all__ = ["DTYPES", "array_at", "pack_arrays", "unpack_arrays"]

MAGIC = b"gradecheck arrays 1\n"
DTYPES = frozenset("?bhilqBHILQefdgFDGSU")


def pack_arrays(arrays: Mapping[str, Array]) -> bytes:
    """Names and arrays as bytes. Raises: EvidenceError if one holds something other than numbers, truth values or text."""
    offsets: dict[bytes, int] = {}
    chunks: list[bytes] = []
    places: list[tuple[str, str, tuple[int, ...], int]] = []
    size = 0
    for name, array in arrays.items():
        if array.dtype.char not in DTYPES:
            raise EvidenceError(f"{name}: an array of dtype {array.dtype} cannot be kept")
        data = np.ascontiguousarray(array).tobytes()
        if data not in offsets:
            offsets[data] = size
            chunks.append(data)
            size += len(data)
        places.append((name, array.dtype.str, array.shape, offsets[data]))
    index = json.dumps(places, separators=(",", ":")).encode()
    body = len(index).to_bytes(8, "big") + index + b"".join(chunks)
    return MAGIC + hashlib.sha256(body).digest() + body


def unpack_arrays(data: bytes) -> dict[str, Array]:
    """What `pack_arrays` was given, in its order. Raises: EvidenceError if the bytes are damaged or of another version."""
    start = len(MAGIC) + 32
    body = memoryview(data)[start:]
    if data[: len(MAGIC)] != MAGIC or hashlib.sha256(body).digest() != data[len(MAGIC) : start]:
        raise EvidenceError("arrays that were kept are damaged or of another version")
    length = int.from_bytes(body[:8], "big")
    kept = body[8 + length :]
    dtypes: dict[str, np.dtype[Any]] = {}
    found = {}
    for name, kind, shape, offset in json.loads(bytes(body[8 : 8 + length])):
        found[name] = array_at(kept, dtypes.setdefault(kind, np.dtype(kind)), shape, offset)
    return found


def array_at(
    data: memoryview, dtype: np.dtype[Any], shape: list[int] | tuple[int, ...], offset: int
) -> Array:
    """The array that stands at `offset`, without a copy. Raises: ValueError if it does not fit in."""
    count = math.prod(shape)
    array: Array = (
        np.frombuffer(data, dtype=dtype, count=count, offset=offset) if count else np.empty(0, dtype)
    )
    return array.reshape(shape)
