"""Read JSON that others wrote, within bounds. Pure."""

from __future__ import annotations

import gc
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["joined", "read_json"]

#: Values in one document: an empty list takes thirty times the memory of its two characters. Notebooks with figures recorded as
#: numbers hold some hundred thousand.
MOST_VALUES = 4_000_000

#: Names of values in it. They are all different to whoever wants them to be, and then take ten times as long as values.
MOST_NAMES = 1_000_000
_MARKS = "[{,"
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\Z)', re.DOTALL)


def read_json(data: bytes | str) -> Any:
    """The value that a document in UTF-8 holds.

    Raises: ValueError if it is no JSON, is nested too deep (RecursionError is turned into one), or holds too many values or names.
    """
    text = data.decode("utf-8-sig") if isinstance(data, bytes) else data
    _refuse_crowds(text)
    try:
        with _uncollected():
            return json.loads(text)
    except RecursionError as exc:
        raise ValueError("nested too deep") from exc


def joined(source: Any) -> str:
    """A cell's source as one text: it is kept as one, or as a list of lines. Raises: TypeError for anything else."""
    return source if isinstance(source, str) else "".join(source)


def _refuse_crowds(text: str) -> None:
    if _values(text) <= MOST_VALUES and text.count(":") <= MOST_NAMES:
        return
    bare, strings = _STRING.subn('""', text, count=2 * MOST_VALUES + 1)
    if strings > 2 * MOST_VALUES or _values(bare) > MOST_VALUES:
        raise ValueError(f"more than {MOST_VALUES} values in one document")
    if bare.count(":") > MOST_NAMES:
        raise ValueError(f"more than {MOST_NAMES} names of values in one document")


def _values(text: str) -> int:
    """How many values begin, if all marks stand outside of strings; the first of each list or object is counted with it."""
    return sum(map(text.count, _MARKS))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the garbage collector: nothing of a document is garbage, and to see that takes ten times as long as reading it."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
