"""A downloaded CSV file of which single cells are replaced, while every other byte stays as the platform wrote it.

Platforms compare what comes back with what they have: a name in other quotes, a lost byte order mark or another line end may make a
student or a column unknown to them. The delimiter is found from the header. Knows nothing of grades.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import UsageError

__all__ = ["Cell", "Sheet"]

_QUOTED = frozenset('",;\t\r\n')


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a CSV text: its value, and where it stands with its quotes."""

    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A CSV file as it came. header: the names of its columns, stripped; rows: what follows, without empty lines."""

    path: Path
    text: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @classmethod
    def read(cls, path: Path) -> Sheet:
        """Read a file. Raises: UsageError if it cannot be read, is not UTF-8, not CSV, or empty."""
        text = _text(path)
        rows = _rows(text)
        if not rows:
            raise UsageError(f"{path}: empty; expected a CSV file as the platform gave it")
        header = tuple(cell.value.strip() for cell in rows[0])
        return cls(path=path, text=text, header=header, rows=tuple(map(tuple, rows[1:])))

    def column(self, name: str) -> int | None:
        """The place of the first column of a name, in any case; None if there is none."""
        return next((at for at, found in enumerate(self.header) if found.casefold() == name.casefold()), None)

    def replaced(self, column: int, values: Mapping[int, str]) -> str:
        """The text with new values in one column, by the index of the row; quoted where the old cell was."""
        pieces, last = [], 0
        for row in sorted(values):
            cell = self.rows[row][column]
            pieces += [self.text[last : cell.start], _like(self.text[cell.start : cell.end], values[row])]
            last = cell.end
        return "".join([*pieces, self.text[last:]])


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")  # with its byte order mark, which stays
    except UnicodeDecodeError as exc:
        raise UsageError(
            f"{path}: byte {exc.start} is not UTF-8; download it again, without opening it between"
        ) from exc
    except OSError as exc:
        raise UsageError(f"{path}: cannot be read: {exc.strerror}") from exc


def _rows(text: str) -> list[list[Cell]]:
    """The rows of a CSV text with the place of each cell, so that one can be replaced and the rest stays as it is."""
    start = 1 if text.startswith("\ufeff") else 0
    header = text[start:].partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    pattern = re.compile(
        rf'(?:"((?:[^"]|"")*)"|((?:[^"{delimiter}\r\n][^{delimiter}\r\n]*)?))({delimiter}|\r?\n|\r|$)'
    )
    rows: list[list[Cell]] = [[]]
    while start < len(text):
        match = pattern.match(text, start)
        if match is None:
            line = text.count("\n", 0, start) + 1
            raise UsageError(
                f"line {line} of the downloaded file is not CSV: a quote is not closed or stands alone"
            )
        quoted, plain, after = match.groups()
        value = plain if quoted is None else quoted.replace('""', '"')
        rows[-1].append(Cell(value, match.start(), match.start(3)))
        if after != delimiter:
            rows.append([])
        start = match.end()
    return [row for row in rows if any(cell.value for cell in row)]


def _like(old: str, value: str) -> str:
    """The value in quotes if the cell that it replaces was."""
    return f'"{value}"' if old.startswith('"') or _QUOTED & set(value) else value
