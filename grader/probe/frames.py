"""Bounded frames: how a probe's answer crosses from the student's process. Used on both sides; nothing received is ever evaluated.

A request is a 4-byte length and JSON. An answer is a fixed prefix (magic, header length, payload length), a JSON header and raw
bytes. The prefix is checked before anything is read, the header before anything is allocated for an array. Data types are looked up
in a table that stands here; there is no pickle, no `np.load`, no attribute lookup on a received name.

Students receive a copy (the self-check's plain copies need the table), so it keeps to what Python 3.8 knows.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional, Tuple  # noqa: UP035 - as for Triple below

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "DTYPES",
    "PREFIX",
    "REQUEST_PREFIX",
    "Bounds",
    "FrameError",
    "OversizeError",
    "Prefix",
    "Triple",
    "check_prefix",
    "decode_header",
    "decode_values",
    "encode_answer",
    "encode_request",
    "encode_values",
    "request_length",
    "split_answer",
]

#: A named thing that a probe returned: name, type name, and its array if it was an array or a number.
Triple = Tuple[str, str, Optional[NDArray[np.generic]]]  # noqa: UP006, UP045 - students' older Pythons run this, too

MAGIC = b"GCF1"
PREFIX = struct.Struct("!4sIQ")
REQUEST_PREFIX = struct.Struct("!I")
MAX_REQUEST_BYTES = 8 * 1024 * 1024

#: The data types that travel, little-endian, by the name that `numpy.dtype.name` gives.
DTYPES: Mapping[str, np.dtype[Any]] = {
    **{
        name: np.dtype(name).newbyteorder("<")
        for name in ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
    },
    **{
        name: np.dtype(name).newbyteorder("<")
        for name in ("float16", "float32", "float64", "complex64", "complex128")
    },
    np.dtype(np.longdouble).name: np.dtype(np.longdouble),
}


class FrameError(ValueError):
    """Bytes came that are not a frame."""


class OversizeError(FrameError):
    """A frame that is, or says it is, larger than its bounds."""


@dataclass(frozen=True)
class Bounds:
    """How large an answer may be. payload_bytes: all arrays together. values: how many. name_chars: of a value's or type's name."""

    payload_bytes: int
    header_bytes: int = 512 * 1024
    values: int = 512
    name_chars: int = 200
    dimensions: int = 16


@dataclass(frozen=True)
class Prefix:
    """The two lengths that a checked prefix promises."""

    header_bytes: int
    payload_bytes: int


def encode_request(request: Mapping[str, Any]) -> bytes:
    """Make a request. Raises: OversizeError if it is larger than a runner would read."""
    data = json.dumps(request).encode()
    if len(data) > MAX_REQUEST_BYTES:
        raise OversizeError(f"a request of {len(data)} bytes; at most {MAX_REQUEST_BYTES} are read")
    return REQUEST_PREFIX.pack(len(data)) + data


def request_length(prefix: bytes) -> int:
    """Read a request's prefix. Raises: OversizeError for one that is too long."""
    (length,) = REQUEST_PREFIX.unpack(prefix)
    if length > MAX_REQUEST_BYTES:
        raise OversizeError(f"a request of {length} bytes; at most {MAX_REQUEST_BYTES} are read")
    return int(length)


def encode_answer(header: Mapping[str, Any], payload: bytes = b"") -> bytes:
    """Make an answer of a header and raw bytes."""
    data = json.dumps(header).encode()
    return PREFIX.pack(MAGIC, len(data), len(payload)) + data + payload


def check_prefix(prefix: bytes, bounds: Bounds) -> Prefix:
    """Read an answer's first `PREFIX.size` bytes.

    Raises: FrameError for other magic, OversizeError for lengths beyond the bounds.
    """
    if len(prefix) != PREFIX.size:
        raise FrameError(f"a prefix of {len(prefix)} bytes; expected {PREFIX.size}")
    magic, header_bytes, payload_bytes = PREFIX.unpack(prefix)
    if magic != MAGIC:
        raise FrameError("bytes that do not begin an answer")
    if header_bytes > bounds.header_bytes or payload_bytes > bounds.payload_bytes:
        raise OversizeError(
            f"an answer of {payload_bytes} bytes of arrays (and {header_bytes} of names); at most {bounds.payload_bytes} are taken"
        )
    return Prefix(header_bytes=header_bytes, payload_bytes=payload_bytes)


def split_answer(data: bytes | bytearray, bounds: Bounds) -> tuple[dict[str, Any], bytes]:
    """Take apart bytes that are to be one whole answer, and nothing after it. Raises: FrameError, OversizeError."""
    prefix = check_prefix(bytes(data[: PREFIX.size]), bounds)
    end = PREFIX.size + prefix.header_bytes
    if len(data) != end + prefix.payload_bytes:
        raise FrameError(f"{len(data)} bytes came where {end + prefix.payload_bytes} were announced")
    return decode_header(bytes(data[PREFIX.size : end])), bytes(data[end:])


def decode_header(data: bytes) -> dict[str, Any]:
    """Read an answer's JSON header strictly.

    Raises: FrameError if it is not a JSON object, has a key twice, holds NaN or infinity, or nests too deep.
    """
    try:
        header = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_int=_bounded_int,
        )
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as exc:
        raise FrameError(f"an answer's header is not JSON: {type(exc).__name__}") from exc
    if not isinstance(header, dict):
        raise FrameError(f"an answer's header is a {type(header).__name__}; expected an object")
    return header


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise FrameError("an answer's header has a key twice")
    return found


def _no_constant(name: str) -> Any:
    raise FrameError(f"an answer's header holds {name}")


def _bounded_int(digits: str) -> int:
    if len(digits) > 20:
        raise FrameError("an answer's header holds a number of more than 20 digits")
    return int(digits)


def encode_values(values: Sequence[Triple]) -> tuple[list[dict[str, Any]], bytes]:
    """Describe values for a header, and give their bytes one after another.

    Raises: FrameError for a data type that does not travel.
    """
    described: list[dict[str, Any]] = []
    parts: list[bytes] = []
    for name, type_name, array in values:
        if array is None:
            described.append({"name": name, "type": type_name})
            continue
        dtype = DTYPES.get(array.dtype.name)
        if dtype is None:
            raise FrameError(f"{name}: data type {array.dtype.name} does not travel")
        data = np.ascontiguousarray(array).astype(dtype, copy=False).tobytes()
        described.append(
            {"name": name, "type": type_name, "dtype": array.dtype.name, "shape": list(array.shape)}
        )
        parts.append(data)
    return described, b"".join(parts)


def decode_values(described: object, payload: bytes | bytearray, bounds: Bounds) -> tuple[Triple, ...]:
    """Read what `encode_values` described.

    Args: described: the header's "values", as received. payload: exactly the bytes of the arrays.
    Raises: FrameError for anything else; OversizeError for too many values.
    """
    if not isinstance(described, list):
        raise FrameError(f"values are a {type(described).__name__}; expected a list")
    if len(described) > bounds.values:
        raise OversizeError(f"{len(described)} values; at most {bounds.values} are taken")
    values: list[Triple] = []
    seen: set[str] = set()
    offset = 0
    for item in described:
        name, type_name, dtype, shape = _described(item, bounds)
        if name in seen:
            raise FrameError("a value's name comes twice")
        seen.add(name)
        if dtype is None:
            values.append((name, type_name, None))
            continue
        count = math.prod(shape)
        end = offset + count * dtype.itemsize
        if end > len(payload):
            raise FrameError(f"arrays of more than {len(payload)} bytes are described; only these came")
        flat = (
            np.frombuffer(payload, dtype=dtype, count=count, offset=offset) if count else np.empty(0, dtype)
        )
        if dtype.kind == "b":
            # NumPy takes a byte of 2 for true, and as false where it is combined bit by bit.
            flat = flat.view(np.uint8) != 0
        values.append((name, type_name, flat.reshape(shape).astype(dtype.newbyteorder("="), copy=True)))
        offset = end
    if offset != len(payload):
        raise FrameError(f"arrays of {offset} bytes are described, but {len(payload)} came")
    return tuple(values)


def _described(item: object, bounds: Bounds) -> tuple[str, str, np.dtype[Any] | None, tuple[int, ...]]:
    if not isinstance(item, dict) or not {"name", "type"} <= item.keys() <= {
        "name",
        "type",
        "dtype",
        "shape",
    }:
        raise FrameError("a value is not described by name, type, dtype and shape")
    name, type_name = _name(item["name"], bounds), _name(item["type"], bounds)
    if "dtype" not in item and "shape" not in item:
        return name, type_name, None, ()
    wanted = item.get("dtype")
    dtype = DTYPES.get(wanted) if isinstance(wanted, str) else None
    if dtype is None:
        raise FrameError("a value has a data type that does not travel")
    return name, type_name, dtype, _shape(item.get("shape"), dtype, bounds)


def _name(name: object, bounds: Bounds) -> str:
    if not isinstance(name, str) or not name or len(name) > bounds.name_chars or not name.isprintable():
        raise FrameError(
            f"a name is empty, not text, not printable, or longer than {bounds.name_chars} characters"
        )
    return name


def _shape(shape: object, dtype: np.dtype[Any], bounds: Bounds) -> tuple[int, ...]:
    if not isinstance(shape, list) or len(shape) > bounds.dimensions:
        raise FrameError(f"a shape is not a list of at most {bounds.dimensions} lengths")
    for length in shape:
        if type(length) is not int or not 0 <= length <= bounds.payload_bytes:
            raise FrameError("a shape holds something other than lengths within the bounds")
    # Lengths of zero are left out, so that (0, 2**40, 2**40) is refused like (1, 2**40, 2**40).
    if math.prod(length for length in shape if length) * dtype.itemsize > bounds.payload_bytes:
        raise OversizeError(
            f"an array of shape {tuple(shape)} is described; at most {bounds.payload_bytes} bytes are taken"
        )
    return tuple(shape)
