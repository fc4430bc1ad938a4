"""CSV tables for people: safe to open in a spreadsheet, and read back as spreadsheets save them.

A cell that a spreadsheet would take for a formula gets an apostrophe in front; reading takes exactly that away again. So does what
would begin a cell if semicolons, tabs or the ends of lines parted cells, as they do where the comma is the decimal sign. Reading
takes UTF-8 with or without a byte order mark, and the comma, semicolon or tab as delimiter. Knows nothing of grades.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..errors import UsageError
from ..files import atomic_file

__all__ = ["TableRow", "neutralised", "read_table", "restored", "table_file", "write_table"]

# Source: OWASP, CSV Injection. The full-width forms are formulas to spreadsheets in East Asian locales.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# Where a spreadsheet that parts cells at something else than the comma would see another cell begin with a formula, quotes or not.
_INNER = re.compile(r"([;\t\r\n]\"*)('*)(?=[=+\-@＝＋－＠])")
_INNER_QUOTED = re.compile(r"([;\t\r\n]\"*)'('*)(?=[=+\-@＝＋－＠])")
_CELL_CHARACTERS = 1_000_000  # the csv module stops at 131,072 by itself; a long answer may pass that


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """One row of a table. line: the line of the file on which it begins, from 1. cells: by column, restored."""

    line: int
    cells: Mapping[str, str]


def neutralised(text: str) -> str:
    """The text as a cell that no spreadsheet takes for a formula. `restored` undoes it exactly."""
    text = _INNER.sub(r"\1'\2", text)
    quoted = text.startswith("'") and text[1:].startswith((*_FORMULA, "'"))
    return f"'{text}" if quoted or text.startswith(_FORMULA) else text


def restored(cell: str) -> str:
    """The text of which `neutralised` made `cell`; other cells stay as they are."""
    text = cell[1:] if cell.startswith("'") and cell[1:].startswith((*_FORMULA, "'")) else cell
    return _INNER_QUOTED.sub(r"\1\2", text)


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    """Write a table as a whole, or leave `path` as it was; returns the number of rows.

    The file is UTF-8 with a byte order mark, without which spreadsheets read Korean names as Latin-1.
    Raises: OSError if the folder cannot be written.
    """
    count = 0
    with table_file(path, columns) as add:
        for row in rows:
            add(row)
            count += 1
    return count


@contextmanager
def table_file(path: Path, columns: Sequence[str]) -> Iterator[Callable[[Iterable[str]], None]]:
    """Write a table row by row: the block gets a function that adds one. The file appears as a whole when the block ends."""
    with atomic_file(path) as binary:
        file = io.TextIOWrapper(binary, encoding="utf-8-sig", errors="backslashreplace", newline="")
        writer = csv.writer(file)
        writer.writerow(columns)
        yield lambda row: writer.writerow([neutralised(cell) for cell in row])
        file.flush()
        file.detach()  # the file below is closed by its own block


def read_table(path: Path, required: Sequence[str]) -> Iterator[TableRow]:
    """The rows of a CSV file that has at least the `required` columns; empty rows are passed over.

    Raises: UsageError, with file and line, if it is not there, not UTF-8, not a table, or has a row of another length.
    """
    text = _text_of(path)
    csv.field_size_limit(max(csv.field_size_limit(), _CELL_CHARACTERS))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    columns: list[str] | None = None
    line = 1
    try:
        for row in reader:
            begins, line = line, reader.line_num + 1
            if not any(cell.strip() for cell in row):
                continue
            if columns is None:
                columns = _header(path, begins, row, required)
                continue
            if len(row) != len(columns):
                raise UsageError(
                    f"{path}:{begins}: {len(row)} cells, expected {len(columns)} as in the header"
                )
            yield TableRow(line=begins, cells=dict(zip(columns, map(restored, row), strict=True)))
    except csv.Error as exc:
        raise UsageError(f"{path}:{line}: not CSV: {exc}") from exc
    if columns is None:
        raise UsageError(f"{path}: empty; expected a table with the columns {', '.join(required)}")


def _text_of(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = exc.object[: exc.start].count(b"\n") + 1
        raise UsageError(f'{path}:{line}: not UTF-8; save it as "CSV UTF-8"') from exc
    except OSError as exc:
        raise UsageError(f"{path}: cannot be read: {exc.strerror}") from exc


def _delimiter(text: str) -> str:
    """The delimiter of the header line, which holds plain names only."""
    header = text.lstrip("\r\n").partition("\n")[0]
    return max(",;\t", key=header.count)  # the comma, if there is none at all


def _header(path: Path, line: int, row: Sequence[str], required: Sequence[str]) -> list[str]:
    columns = [cell.strip() for cell in row]
    absent = [name for name in required if name not in columns]
    if absent:
        raise UsageError(f"{path}:{line}: no column {', '.join(absent)}; found {', '.join(columns)}")
    twice = sorted({name for name in columns if columns.count(name) > 1 and name})
    if twice:
        raise UsageError(f"{path}:{line}: more than one column {', '.join(twice)}")
    return columns
