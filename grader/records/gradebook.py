"""The gradebook: results, and manual marks with their history.

Only the process that drives a run opens it; workers never do. What was recorded is not changed afterwards: a new result or mark is
a new row, and the newest counts. Nothing is judged or computed here; tables and transactions are `schema`'s and `database`'s.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ..errors import GradebookError
from ..model import ManualMark, Result, Status
from ..store.codec import CodecError, dumps, loads
from .database import Database
from .schema import (
    MARKS,
    REMOVED,
    RESULTS,
    MarkEntry,
    Row,
    mark_entry,
    mark_values,
    moment,
    newest_results,
    newest_rows,
    result_row,
    storable,
)

__all__ = ["Gradebook"]

# Statements of every result that is recorded stand here, put together once: that costs more than running them.
_ASSIGNMENT: sa.BindParameter[str] = sa.bindparam("of_assignment")
_STUDENT: sa.BindParameter[str] = sa.bindparam("of_student")
_FINGERPRINT = (
    sa.select(RESULTS.c.fingerprint)
    .where(RESULTS.c.assignment == _ASSIGNMENT, RESULTS.c.student == _STUDENT)
    .order_by(RESULTS.c.id.desc())
    .limit(1)
)
_ADD_RESULT = sa.insert(RESULTS)


def _newest_marks(*conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    newest = sa.select(sa.func.max(MARKS.c.id)).where(*conditions).group_by(MARKS.c.student, MARKS.c.item)
    return sa.select(MARKS).where(MARKS.c.id.in_(newest)).order_by(MARKS.c.student, MARKS.c.item)


_ALL_MARKS = _newest_marks(MARKS.c.assignment == _ASSIGNMENT)
_MARKS_OF_ONE = _newest_marks(MARKS.c.assignment == _ASSIGNMENT, MARKS.c.student == _STUDENT)


class Gradebook:
    """An open gradebook. A context manager; every method is a transaction of its own. Use `Gradebook.open`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def open(cls, place: str | Path) -> Gradebook:
        """Open, or make, the gradebook at a file path, a `sqlite:///` or a `postgresql+psycopg://` URL.

        Raises: GradebookError if the database cannot be reached or written, is none, lies on a network file system, or is of
        another schema.
        """
        return cls(Database.open(place))

    @property
    def place(self) -> str:
        """Where it is, as messages name it: without a password."""
        return self._database.place

    def __enter__(self) -> Gradebook:
        """The gradebook itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close all connections. The gradebook cannot be used afterwards."""
        self._database.close()

    # --- results --------------------------------------------------------------------------------------------------------

    def record(self, assignment: str, result: Result, now: datetime) -> bool:
        """Make `result` the student's newest. Recording what is the newest already changes nothing and returns False.

        now: with a time zone. Raises: GradebookError.
        """
        document = dumps(result)
        fingerprint = hashlib.sha256(document).hexdigest()
        student = storable(result.student)
        values = {
            "assignment": assignment,
            "student": student,
            "name": storable(result.name),
            "digest": result.digest,
            "evidence": result.evidence,
            "status": result.status.value,
            "score": str(result.score),
            "max_score": str(result.max_score),
            "pending": result.pending,
            "graded_at": moment(now),
            "fingerprint": fingerprint,
            "document": zlib.compress(document),
        }
        with self._database.writing() as connection:
            whose = {"of_assignment": assignment, "of_student": student}
            if connection.scalar(_FINGERPRINT, whose) == fingerprint:
                return False
            connection.execute(_ADD_RESULT, values)
        return True

    def together(self) -> AbstractContextManager[None]:
        """Record everything in the block, or nothing of it. Each record by itself waits for the disk, which takes some 5 ms.

        Others who write wait meanwhile: keep it short. Raises: GradebookError.
        """
        return self._database.together()

    def latest(self, assignment: str, student: str) -> Result | None:
        """The student's newest result, or None; also where the student was removed since."""
        query = (
            sa.select(RESULTS.c.student, RESULTS.c.status, RESULTS.c.document)
            .where(RESULTS.c.assignment == assignment, RESULTS.c.student == storable(student))
            .order_by(RESULTS.c.id.desc())
            .limit(1)
        )
        found = next(iter(self._database.stream(query)), None)
        return None if found is None or found.status == REMOVED else self._result(found)

    def marked(self, assignment: str, mark: ManualMark, *, unlike: str) -> Result | None:
        """The result that was the student's newest when the mark was given; None for none, or for the submission `unlike`."""
        of_student = (RESULTS.c.assignment == assignment, RESULTS.c.student == storable(mark.student))
        known = sa.select(RESULTS.c.id, RESULTS.c.graded_at, RESULTS.c.digest, RESULTS.c.status)
        for row in self._database.stream(known.where(*of_student).order_by(RESULTS.c.id.desc())):
            if datetime.fromisoformat(row.graded_at) <= mark.marked_at:
                if row.digest == unlike or row.status == REMOVED:
                    return None
                query = sa.select(RESULTS.c.student, RESULTS.c.document).where(RESULTS.c.id == row.id)
                return next((self._result(found) for found in self._database.stream(query)), None)
        return None

    def remove(self, assignment: str, students: Iterable[str], now: datetime) -> None:
        """Let students count no more, until a newer result of theirs is recorded; history and marks stay. now: with a time zone."""
        nothing = dict.fromkeys(("name", "digest", "evidence", "fingerprint"), "")
        removal = {
            **nothing,
            "assignment": assignment,
            "status": REMOVED,
            "score": "0",
            "max_score": "0",
            "pending": 0,
            "graded_at": moment(now),
            "document": b"",
        }
        rows = [{**removal, "student": storable(student)} for student in students]
        if rows:
            with self._database.writing() as connection:
                connection.execute(_ADD_RESULT, rows)

    def removed(self, assignment: str) -> frozenset[str]:
        """The students who were removed, and have no newer result."""
        query = newest_rows(assignment, RESULTS.c.student).where(RESULTS.c.status == REMOVED)
        return frozenset(found.student for found in self._database.stream(query))

    def rows(
        self, assignment: str, *, status: Status | None = None, student_like: str | None = None
    ) -> Iterator[Row]:
        """The newest result of each student, sorted by student; streamed. student_like: part of an id or name, in any case."""
        columns = [
            column
            for column in RESULTS.c
            if column.name not in ("document", "fingerprint", "id", "assignment")
        ]
        query = newest_results(assignment, *columns)
        if status is not None:
            query = query.where(RESULTS.c.status == status.value)
        if student_like:
            part = storable(student_like)
            query = query.where(
                RESULTS.c.student.icontains(part, autoescape=True)
                | RESULTS.c.name.icontains(part, autoescape=True)
            )
        yield from map(result_row, self._database.stream(query))

    def results(self, assignment: str) -> Iterator[Result]:
        """The newest result of each student in full, sorted by student; streamed, never all in memory."""
        for found in self._database.stream(newest_results(assignment, RESULTS.c.student, RESULTS.c.document)):
            yield self._result(found)

    # --- marks ----------------------------------------------------------------------------------------------------------

    def add_mark(self, assignment: str, mark: ManualMark) -> bool:
        """Add a person's mark; the one before stays in the history. Returns False if it is the newest already."""
        return self.add_marks(assignment, [mark]) == 1

    def add_marks(
        self,
        assignment: str,
        marks: Iterable[ManualMark],
        *,
        expected: Mapping[tuple[str, str], ManualMark | None] | None = None,
    ) -> int:
        """Add marks, all or none; returns how many were new.

        expected: by (student, item), the marks that the person who decided had before them. Where another has come since, nothing
        is added. Raises: GradebookError, naming each student and item that somebody else has marked meanwhile.
        """
        marks = list(marks)
        with self._database.writing() as connection:
            current = {
                (entry.student, entry.item): entry.mark() for entry in self._entries(connection, assignment)
            }
            changed = [
                f"{student}, {item}: " + (f"now {now.points} by {now.marker}" if now else "withdrawn")
                for (student, item), before in (expected or {}).items()
                if (now := current.get((storable(student), item))) != before
            ]
            if changed:
                raise GradebookError(
                    f"marked by somebody else meanwhile; nothing was changed: {'; '.join(changed)}"
                )
            new = [mark for mark in marks if current.get((storable(mark.student), mark.item)) != mark]
            if new:
                connection.execute(sa.insert(MARKS), [mark_values(assignment, mark) for mark in new])
        return len(new)

    def withdraw_mark(self, assignment: str, student: str, item: str, *, marker: str, now: datetime) -> bool:
        """Take the newest mark back, so that the item counts as not marked; False if there is none. The history keeps both."""
        with self._database.writing() as connection:
            entries = self._entries(connection, assignment, student)
            if not any(entry.item == item and entry.points is not None for entry in entries):
                return False
            values = {"points": None, "comment": "", "marker": storable(marker), "marked_at": moment(now)}
            connection.execute(
                sa.insert(MARKS),
                {"assignment": assignment, "student": storable(student), "item": item, **values},
            )
        return True

    def marks(self, assignment: str, student: str) -> dict[str, ManualMark]:
        """The student's marks that count, by item."""
        with self._database.reading() as connection:
            entries = self._entries(connection, assignment, student)
        return {entry.item: mark for entry in entries if (mark := entry.mark())}

    def all_marks(self, assignment: str) -> dict[str, dict[str, ManualMark]]:
        """The marks that count of all students: by student, then by item."""
        found: dict[str, dict[str, ManualMark]] = {}
        with self._database.reading() as connection:
            for entry in self._entries(connection, assignment):
                if mark := entry.mark():
                    found.setdefault(entry.student, {})[entry.item] = mark
        return found

    def mark_history(self, assignment: str, student: str, item: str | None = None) -> tuple[MarkEntry, ...]:
        """All that was ever marked for a student (and item), oldest first."""
        query = sa.select(MARKS).where(MARKS.c.assignment == assignment, MARKS.c.student == storable(student))
        if item is not None:
            query = query.where(MARKS.c.item == item)
        return tuple(mark_entry(found) for found in self._database.stream(query.order_by(MARKS.c.id)))

    # --- inside ---------------------------------------------------------------------------------------------------------

    def _entries(
        self, connection: Connection, assignment: str, student: str | None = None
    ) -> list[MarkEntry]:
        """The newest entry for each student and item."""
        if student is None:
            found = connection.execute(_ALL_MARKS, {"of_assignment": assignment})
        else:
            whose = {"of_assignment": assignment, "of_student": storable(student)}
            found = connection.execute(_MARKS_OF_ONE, whose)
        return [mark_entry(row) for row in found]

    def _result(self, found: sa.Row[Any]) -> Result:
        try:
            return loads(Result, zlib.decompress(found.document))
        except (zlib.error, CodecError) as exc:
            raise GradebookError(
                f"{self.place}: the result of {found.student} cannot be read ({exc}); grade that submission again"
            ) from exc
