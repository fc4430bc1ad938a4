"""Student ids that are safe as file names and unique in a class. Pure text."""

from __future__ import annotations

import re

from ..composed import BLANKS, composed

__all__ = ["Roll", "safe_id"]

_UNSAFE = re.compile(rf"(?:[^\w.@+=~-]|[{BLANKS}])+")
_MAX_BYTES = 120  # leaves room for a prefix and an ending in names of at most 255 bytes


def safe_id(raw: str) -> str:
    """`raw` as a file name: letters and digits of any script and `. @ + = ~ - _`; never empty, hidden or an option."""
    text = _UNSAFE.sub("_", composed(raw)).lstrip("_.-")
    cut = text.encode()[:_MAX_BYTES].decode(errors="ignore").rstrip("_.")
    return cut or "student"


class Roll:
    """The ids given so far in one class. Two that differ in case only collide, for on some file systems their reports would."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def give(self, raw: str) -> str:
        """A safe id for `raw` that nobody has yet: `alice`, then `alice-2`, `alice-3`."""
        base = safe_id(raw)
        candidate, count = base, 1
        while candidate.casefold() in self._given:
            count += 1
            candidate = f"{base}-{count}"
        self._given.add(candidate.casefold())
        return candidate
