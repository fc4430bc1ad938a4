"""The gradebook's tables, and its rows as values. Reads and writes nothing.

What was recorded is not changed afterwards: a new result or mark is a new row, and the highest id is the newest. So is it where a
student was removed. Points are kept as
text, exactly; times as text in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from ..model import ManualMark, Status

__all__ = [
    "MARKS",
    "META",
    "REMOVED",
    "RESULTS",
    "SCHEMA",
    "TABLES",
    "MarkEntry",
    "Row",
    "mark_entry",
    "mark_values",
    "moment",
    "newest_results",
    "newest_rows",
    "result_row",
    "storable",
]

REMOVED = "removed"  # in the place of a status: the student counts no more, until a newer result comes
SCHEMA = 1  # raise it with every change of the tables below

# Ids sort by code point in every database, so that a class is listed in one order; PostgreSQL would go by the server's language.
_ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

TABLES = sa.MetaData()
META = sa.Table(
    "gradebook_meta",
    TABLES,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
RESULTS = sa.Table(
    "gradebook_results",
    TABLES,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("assignment", _ID, nullable=False),
    sa.Column("student", _ID, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("evidence", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("score", sa.Text, nullable=False),
    sa.Column("max_score", sa.Text, nullable=False),
    sa.Column("pending", sa.Integer, nullable=False),
    sa.Column("graded_at", sa.Text, nullable=False),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("document", sa.LargeBinary, nullable=False),  # the codec's document, zlib-compressed
    sa.Index("gradebook_results_newest", "assignment", "student", "id"),
    sqlite_autoincrement=True,  # ids never come back, so the highest is the newest
)
MARKS = sa.Table(
    "gradebook_marks",
    TABLES,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("assignment", _ID, nullable=False),
    sa.Column("student", _ID, nullable=False),
    sa.Column("item", _ID, nullable=False),
    sa.Column("points", sa.Text),  # NULL: the mark before was withdrawn
    sa.Column("comment", sa.Text, nullable=False),
    sa.Column("marker", sa.Text, nullable=False),
    sa.Column("marked_at", sa.Text, nullable=False),
    sa.Index("gradebook_marks_newest", "assignment", "student", "item", "id"),
    sqlite_autoincrement=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What lists of results show: the newest result of one student, without its checks. graded_at: when it was recorded, UTC."""

    student: str
    name: str
    digest: str
    evidence: str
    status: Status
    score: Decimal
    max_score: Decimal
    pending: int
    graded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkEntry:
    """One line of the history of marks. number: grows with time. points: None where a mark was withdrawn."""

    number: int
    student: str
    item: str
    points: Decimal | None
    comment: str
    marker: str
    marked_at: datetime

    def mark(self) -> ManualMark | None:
        """The mark that this entry gave, or None where it withdrew one."""
        if self.points is None:
            return None
        return ManualMark(
            student=self.student,
            item=self.item,
            points=self.points,
            comment=self.comment,
            marker=self.marker,
            marked_at=self.marked_at,
        )


def result_row(found: sa.Row[Any]) -> Row:
    """The row of a list as a value; the columns are those of `Row`."""
    values = dict(found._mapping)
    values["status"] = Status(values["status"])
    values["score"], values["max_score"] = Decimal(values["score"]), Decimal(values["max_score"])
    values["graded_at"] = datetime.fromisoformat(values["graded_at"])
    return Row(**values)


def newest_results(assignment: str, *columns: sa.Column[Any]) -> sa.Select[Any]:
    """Asks for columns of the newest result of each student who was not removed since, sorted by student."""
    return newest_rows(assignment, *columns).where(RESULTS.c.status != REMOVED)


def newest_rows(assignment: str, *columns: sa.Column[Any]) -> sa.Select[Any]:
    """Asks for columns of the newest row of each student, sorted by student: a result, or that the student was removed."""
    newest = sa.select(sa.func.max(RESULTS.c.id)).where(RESULTS.c.assignment == assignment)
    newest = newest.group_by(RESULTS.c.student)
    return sa.select(*columns).where(RESULTS.c.id.in_(newest)).order_by(RESULTS.c.student)


def mark_entry(found: sa.Row[Any]) -> MarkEntry:
    """The row of the marks' history as a value."""
    return MarkEntry(
        number=found.id,
        student=found.student,
        item=found.item,
        points=None if found.points is None else Decimal(found.points),
        comment=found.comment,
        marker=found.marker,
        marked_at=datetime.fromisoformat(found.marked_at),
    )


def mark_values(assignment: str, mark: ManualMark) -> dict[str, str]:
    """A mark as the columns of its row."""
    return {
        "assignment": assignment,
        "student": storable(mark.student),
        "item": mark.item,
        "points": str(mark.points),
        "comment": storable(mark.comment),
        "marker": storable(mark.marker),
        "marked_at": moment(mark.marked_at),
    }


def storable(value: str) -> str:
    """The text as a database can hold it: a file name that was not UTF-8 gives lone surrogates, and PostgreSQL takes no NUL."""
    return value.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\x00")


def moment(now: datetime) -> str:
    """A time as it is kept. Raises: ValueError if it has no time zone."""
    if now.utcoffset() is None:
        raise ValueError(f"got the time {now} without a time zone; expected an aware datetime")
    return now.astimezone(UTC).isoformat()
