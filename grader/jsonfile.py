"""Read JSON that others wrote, within bounds. Pure."""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["joined", "read_json"]

#: Values in one document: an empty list takes thirty times the memory of its two characters. Notebooks with figures recorded as
#: numbers hold some hundred thousand.
MOST_VALUES = 4_000_000
_MARKS = "[{,"
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\Z)', re.DOTALL)


def read_json(data: bytes | str) -> Any:
    """The value that a document in UTF-8 holds.

    Raises: ValueError if it is no JSON, is nested too deep (RecursionError is turned into one), or holds too many values.
    """
    text = data.decode("utf-8-sig") if isinstance(data, bytes) else data
    if _count(text) > MOST_VALUES and _count(_STRING.sub('""', text)) > MOST_VALUES:
        raise ValueError(f"more than {MOST_VALUES} values in one document")
    try:
        return json.loads(text)
    except RecursionError as exc:
        raise ValueError("nested too deep") from exc


def joined(source: Any) -> str:
    """A cell's source as one text: it is kept as one, or as a list of lines. Raises: TypeError for anything else."""
    return source if isinstance(source, str) else "".join(source)


def _count(text: str) -> int:
    """How many values begin, if all marks stand outside of strings; the first of each list or object is counted with it."""
    return sum(map(text.count, _MARKS))
