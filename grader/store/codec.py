"""Values of `grader.model` as JSON documents and back, strictly. Pure: no files, no pickle, and nothing in a document is evaluated.

A coder is built once per annotated type, so a new field of a dataclass needs nothing here. A document names its format and its
type. What JSON has no word for: `Decimal` is a string (its exponent is kept), a datetime an ISO 8601 string in UTC, an enum its
value, NaN and the infinities the strings "nan", "inf" and "-inf". Arrays are left to the caller, who may keep them elsewhere: see
`put_array` and `get_array`. The same value always gives the same bytes.
"""

from __future__ import annotations

import json
import math
import re
import types
from collections.abc import Callable, Mapping
from collections.abc import Mapping as AbstractMapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, TypeAlias, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import numpy as np

from ..model import Array

__all__ = ["FORMAT", "CodecError", "GetArray", "Json", "PutArray", "decode", "dumps", "encode", "loads"]

FORMAT = 1  # raise it when old documents would be misread; a new field that has a default does not need it

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
PutArray: TypeAlias = Callable[
    [Array], Json
]  # keeps an array somewhere and gives what the document says about it, not None
GetArray: TypeAlias = Callable[[Json], Array]  # the way back; raises CodecError or its store's own error

T = TypeVar("T")

_NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
_DECIMAL = re.compile(r"-?\d+(\.\d+)?(E[+-]?\d{1,6})?", re.ASCII)


class CodecError(ValueError):
    """A value that cannot be written, or a document that is not what it should be. Stores turn it into their own error."""


class _MismatchError(Exception):
    """Something does not fit; `path` grows from the inside out as the exception passes the containers."""

    def __init__(self, got: object, expected: str) -> None:
        text = repr(got)
        shown = text if len(text) <= 60 else text[:57] + "..."
        super().__init__(f"got {type(got).__name__} {shown}, expected {expected}")
        self.path: list[str] = []

    def located(self, root: str) -> str:
        """The message with the place in front, e.g. `Result.checks[3].points: got ...`."""
        return f"{root}{''.join(reversed(self.path))}: {self}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Coder:
    """Both ways of one annotated type. The second argument is the caller's hook for arrays."""

    encode: Callable[[Any, PutArray | None], Json]
    decode: Callable[[Any, GetArray | None], Any]


def encode(value: object, *, put_array: PutArray | None = None) -> dict[str, Json]:
    """The document of a dataclass instance: `{"format": 1, "type": its class, "value": {...}}`.

    put_array: called for each array; without it an array is refused.
    Raises: CodecError, with the path of the field, if a value is not of its annotated type, a datetime has no time zone, or a
    Decimal is not finite.
    """
    cls: Any = type(value)
    try:
        return {"format": FORMAT, "type": cls.__name__, "value": _coder(cls).encode(value, put_array)}
    except _MismatchError as exc:
        raise CodecError(exc.located(cls.__name__)) from exc


def decode(cls: type[T], document: object, *, get_array: GetArray | None = None) -> T:
    """The instance of `cls` that `encode` made `document` of. A field that is absent takes its default; an unknown one is refused.

    Raises: CodecError, with the path of the field, if the document is of another format or type or a value does not fit.
    """
    name, kind = cls.__name__, cast("Any", cls)
    if not isinstance(document, dict) or set(document) != {"format", "type", "value"}:
        raise CodecError(f"{name}: expected a document with format, type and value, got {_keys(document)}")
    if type(document["format"]) is not int or document["format"] != FORMAT:
        raise CodecError(
            f"{name}: the document is of format {document['format']!r}, this program reads {FORMAT}; make it anew"
        )
    if document["type"] != name:
        raise CodecError(f"{name}: the document holds a {document['type']!r}")
    try:
        value: T = _coder(kind).decode(document["value"], get_array)
    except _MismatchError as exc:
        raise CodecError(exc.located(name)) from exc
    return value


def dumps(value: object, *, put_array: PutArray | None = None) -> bytes:
    """`encode` as ASCII JSON, without spaces. Equal values give equal bytes.

    ASCII, because a student's text may hold lone surrogates, which UTF-8 cannot carry and `\\u` escapes can.
    """
    document = encode(value, put_array=put_array)
    return json.dumps(document, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode("ascii")


def loads(cls: type[T], data: bytes | str, *, get_array: GetArray | None = None) -> T:
    """`decode` of JSON text. Raises: CodecError, also if the text is not JSON, repeats a key, or holds a bare NaN."""
    try:
        document = json.loads(data, object_pairs_hook=_no_repeats, parse_constant=_no_constant)
    except (ValueError, RecursionError) as exc:
        raise CodecError(f"{cls.__name__}: not a JSON document: {exc}") from exc
    return decode(cls, document, get_array=get_array)


def _keys(document: object) -> str:
    return (
        f"the keys {', '.join(map(str, sorted(document)))[:80]}"
        if isinstance(document, dict)
        else type(document).__name__
    )


def _no_repeats(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _no_constant(name: str) -> Json:
    raise ValueError(f"a bare {name} is not JSON")


# --- one coder per kind of type ----------------------------------------------------------------------------------------------


@cache
def _coder(kind: Any) -> _Coder:
    """The coder of an annotated type. Raises: TypeError for a type that documents have no form for (a programmer's error)."""
    if kind in _PLAIN:
        return _PLAIN[kind]
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _optional_coder(kind)
    if origin is tuple:
        return _tuple_coder(get_args(kind))
    if origin is AbstractMapping and get_args(kind)[0] is str:
        return _mapping_coder(_coder(get_args(kind)[1]))
    if origin is np.ndarray:
        return _ARRAY
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _enum_coder(kind)
    if isinstance(kind, type) and is_dataclass(kind):
        return _dataclass_coder(kind)
    raise TypeError(f"grader.store.codec has no form for {kind!r}; use the types that grader.model uses")


def _exactly(kind: type) -> _Coder:
    def same(value: Any, _hook: object) -> Any:
        if type(value) is not kind:  # so that True is no int, and no subclass brings its own methods along
            raise _MismatchError(value, f"a {kind.__name__}")
        return value

    return _Coder(encode=same, decode=same)


def _encode_float(value: Any, _hook: object) -> Json:
    number = _float(value, "a float")
    if math.isfinite(number):
        return number
    return "nan" if math.isnan(number) else "inf" if number > 0 else "-inf"


def _decode_float(value: Any, _hook: object) -> float:
    if isinstance(value, str) and value in _NOT_FINITE:
        return _NOT_FINITE[value]
    expected = 'a finite number, "nan", "inf" or "-inf"'
    number = _float(value, expected)
    if not math.isfinite(number):  # 1e999 is read as infinity
        raise _MismatchError(value, expected)
    return number


def _float(value: Any, expected: str) -> float:
    if not isinstance(value, float | int) or isinstance(value, bool):
        raise _MismatchError(value, expected)
    try:
        return float(value)  # a plain one, also of np.float64, which is a float
    except OverflowError:  # an int of more than 308 digits
        raise _MismatchError(value, expected) from None


def _encode_decimal(value: Any, _hook: object) -> Json:
    if not isinstance(value, Decimal) or not _DECIMAL.fullmatch(str(value)):
        raise _MismatchError(value, "a finite Decimal")
    return str(value)


def _decode_decimal(value: Any, _hook: object) -> Decimal:
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        raise _MismatchError(value, "a decimal number as a string")
    return Decimal(value)


def _encode_datetime(value: Any, _hook: object) -> Json:
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise _MismatchError(value, "a datetime with a time zone")
    try:
        return value.astimezone(UTC).isoformat()
    except OverflowError:  # the first or last day of the calendar
        raise _MismatchError(value, "a time between the years 1 and 9999 in UTC") from None


def _decode_datetime(value: Any, _hook: object) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise _MismatchError(value, "an ISO 8601 time in UTC") from None
    if moment.utcoffset() != timedelta(0):
        raise _MismatchError(value, "an ISO 8601 time in UTC")
    return moment.astimezone(UTC)


def _encode_array(value: Any, hook: PutArray | None) -> Json:
    if not isinstance(value, np.ndarray):
        raise _MismatchError(value, "an array")
    if hook is None:
        raise _MismatchError(value, "no array here: hand `put_array` to keep arrays")
    return hook(value)


def _decode_array(value: Any, hook: GetArray | None) -> Array:
    if hook is None:
        raise _MismatchError(value, "no array here: hand `get_array` to read arrays")
    return hook(value)


def _optional_coder(kind: Any) -> _Coder:
    inner = [part for part in get_args(kind) if part is not type(None)]
    if len(inner) != 1 or len(get_args(kind)) != 2:
        raise TypeError(f"grader.store.codec reads unions with None only, not {kind!r}")
    coder = _coder(inner[0])
    return _Coder(
        encode=lambda value, hook: None if value is None else coder.encode(value, hook),
        decode=lambda value, hook: None if value is None else coder.decode(value, hook),
    )


def _tuple_coder(args: tuple[Any, ...]) -> _Coder:
    length = None if len(args) == 2 and args[1] is Ellipsis else len(args)
    coders = [_coder(arg) for arg in args if arg is not Ellipsis]
    wanted = "any length" if length is None else f"length {length}"

    def items(value: Any, kind: type, way: str, hook: Any) -> list[Any]:
        came: type = type(value)
        if came is not kind or length not in (None, len(value)):
            raise _MismatchError(value, f"a {kind.__name__} of {wanted}")
        found = []
        for index, item in enumerate(value):
            coder = coders[0] if length is None else coders[index]
            try:
                found.append(getattr(coder, way)(item, hook))
            except _MismatchError as exc:
                exc.path.append(f"[{index}]")
                raise
        return found

    return _Coder(
        encode=lambda value, hook: items(value, tuple, "encode", hook),
        decode=lambda value, hook: tuple(items(value, list, "decode", hook)),
    )


def _mapping_coder(coder: _Coder) -> _Coder:
    def entries(value: Any, way: str, hook: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping) or not all(type(key) is str for key in value):
            raise _MismatchError(value, "a mapping with strings as keys")
        found = {}
        for key in sorted(
            value
        ):  # sorted: equal mappings give equal bytes, in whatever order they were filled
            try:
                found[key] = getattr(coder, way)(value[key], hook)
            except _MismatchError as exc:
                exc.path.append(f"[{key!r}]")
                raise
        return found

    return _Coder(
        encode=lambda value, hook: entries(value, "encode", hook),
        decode=lambda value, hook: entries(value, "decode", hook),
    )


def _enum_coder(kind: type[Enum]) -> _Coder:
    members = {member.value: member for member in kind}
    names = ", ".join(map(str, members))

    def encode_member(value: Any, _hook: object) -> Json:
        if not isinstance(value, kind):
            raise _MismatchError(value, f"a member of {kind.__name__}")
        return str(value.value)

    def decode_member(value: Any, _hook: object) -> Enum:
        if not isinstance(value, str) or value not in members:
            raise _MismatchError(value, f"one of {names}")
        return members[value]

    return _Coder(encode=encode_member, decode=decode_member)


def _dataclass_coder(kind: type) -> _Coder:
    hints = get_type_hints(kind)
    coders = {field.name: _coder(hints[field.name]) for field in fields(kind)}
    required = {
        field.name for field in fields(kind) if field.default is MISSING and field.default_factory is MISSING
    }

    def encode_fields(value: Any, hook: Any) -> Json:
        if type(value) is not kind:
            raise _MismatchError(value, f"a {kind.__name__}")
        return {
            name: _field(name, coder.encode, getattr(value, name), hook) for name, coder in coders.items()
        }

    def decode_fields(value: Any, hook: Any) -> Any:
        if not isinstance(value, dict):
            raise _MismatchError(value, f"the fields of a {kind.__name__}")
        if unknown := sorted(set(value) - set(coders)):
            raise _MismatchError(unknown, f"only fields of {kind.__name__}")
        if absent := sorted(required - set(value)):
            raise _MismatchError(sorted(value), f"also the fields {', '.join(absent)}")
        return kind(**{name: _field(name, coders[name].decode, item, hook) for name, item in value.items()})

    return _Coder(encode=encode_fields, decode=decode_fields)


def _field(name: str, convert: Callable[[Any, Any], Any], value: Any, hook: Any) -> Any:
    try:
        return convert(value, hook)
    except _MismatchError as exc:
        exc.path.append(f".{name}")
        raise


_PLAIN: dict[Any, _Coder] = {
    str: _exactly(str),
    int: _exactly(int),
    bool: _exactly(bool),
    float: _Coder(encode=_encode_float, decode=_decode_float),
    Decimal: _Coder(encode=_encode_decimal, decode=_decode_decimal),
    datetime: _Coder(encode=_encode_datetime, decode=_decode_datetime),
}
_ARRAY = _Coder(encode=_encode_array, decode=_decode_array)
