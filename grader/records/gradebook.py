"""The gradebook: results, manual marks with their history, and runs, in SQLite or PostgreSQL through SQLAlchemy.

Only the process that drives a run opens it; workers never do. What was recorded is not changed afterwards: a new result or mark is
a new row, and the newest counts. Each write is one transaction, so a process killed at any moment leaves whole rows only. Points
are kept as text, exactly; times in UTC. Nothing is judged or computed here.
"""

from __future__ import annotations

import hashlib
import re
import uuid
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from ..errors import GradebookError
from ..model import ManualMark, Result, Status
from ..store.codec import CodecError, dumps, loads
from .sqlite import prepare_sqlite

__all__ = ["SCHEMA", "Gradebook", "MarkEntry", "Row", "Run"]

SCHEMA = 1  # raise it with every change of the tables below
_CHUNK_ROWS = 200  # rows that a streaming read holds in memory
_LOCK = 7_203_114_915  # any number: the PostgreSQL advisory lock that makes writers queue, as SQLite's BEGIN IMMEDIATE does

_TABLES = sa.MetaData()
_META = sa.Table(
    "gradebook_meta",
    _TABLES,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
_RESULTS = sa.Table(
    "gradebook_results",
    _TABLES,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("assignment", sa.Text, nullable=False),
    sa.Column("student", sa.Text, nullable=False),
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
_MARKS = sa.Table(
    "gradebook_marks",
    _TABLES,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("assignment", sa.Text, nullable=False),
    sa.Column("student", sa.Text, nullable=False),
    sa.Column("item", sa.Text, nullable=False),
    sa.Column("points", sa.Text),  # NULL: the mark before was withdrawn
    sa.Column("comment", sa.Text, nullable=False),
    sa.Column("marker", sa.Text, nullable=False),
    sa.Column("marked_at", sa.Text, nullable=False),
    sa.Index("gradebook_marks_newest", "assignment", "student", "item", "id"),
    sqlite_autoincrement=True,
)
_RUNS = sa.Table(
    "gradebook_runs",
    _TABLES,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("assignment", sa.Text, nullable=False),
    sa.Column("started_at", sa.Text, nullable=False),
    sa.Column("finished_at", sa.Text),
    sa.Column("submissions", sa.Integer, nullable=False),
    sa.Column("not_graded", sa.Integer),
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run over a class. finished_at is None while it goes on, or if it was interrupted; not_graded: how many could not be."""

    number: int
    assignment: str
    started_at: datetime
    finished_at: datetime | None
    submissions: int
    not_graded: int | None


class Gradebook:
    """An open gradebook. A context manager; every method is a transaction of its own. Use `Gradebook.open`."""

    def __init__(self, engine: Engine, place: str) -> None:
        self._engine = engine
        self.place = place

    @classmethod
    def open(cls, place: str | Path) -> Gradebook:
        """Open, or make, the gradebook at a file path, a `sqlite:///` or a `postgresql+psycopg://` URL.

        Raises: GradebookError if the database cannot be reached or written, is none, lies on a network file system, or is of
        another schema.
        """
        url = _url(place)
        shown = (
            str(place)
            if isinstance(place, Path) or "://" not in place
            else url.render_as_string(hide_password=True)
        )
        try:
            engine = sa.create_engine(url)
        except ModuleNotFoundError as exc:
            raise GradebookError(
                f"{shown}: {exc.name} is not installed; install `gradecheck[postgres]`"
            ) from exc
        book = cls(engine, shown)
        if url.get_backend_name() == "sqlite":
            prepare_sqlite(engine, Path(url.database or ""), shown)
        try:
            book._make_ready()
        except BaseException:
            engine.dispose()
            raise
        return book

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
        self._engine.dispose()

    # --- results --------------------------------------------------------------------------------------------------------

    def record(self, assignment: str, result: Result, now: datetime) -> bool:
        """Make `result` the student's newest. Recording what is the newest already changes nothing and returns False.

        now: with a time zone. Raises: GradebookError.
        """
        document = dumps(result)
        fingerprint = hashlib.sha256(document).hexdigest()
        student = _text(result.student)
        newest = (
            sa.select(_RESULTS.c.fingerprint)
            .where(_RESULTS.c.assignment == assignment, _RESULTS.c.student == student)
            .order_by(_RESULTS.c.id.desc())
            .limit(1)
        )
        values = {
            "assignment": assignment,
            "student": student,
            "name": _text(result.name),
            "digest": result.digest,
            "evidence": result.evidence,
            "status": result.status.value,
            "score": str(result.score),
            "max_score": str(result.max_score),
            "pending": result.pending,
            "graded_at": _moment(now),
            "fingerprint": fingerprint,
            "document": zlib.compress(document),
        }
        with self._writing() as connection:
            if connection.scalar(newest) == fingerprint:
                return False
            connection.execute(sa.insert(_RESULTS), values)
        return True

    def latest(self, assignment: str, student: str) -> Result | None:
        """The student's newest result, or None."""
        query = (
            sa.select(_RESULTS.c.student, _RESULTS.c.document)
            .where(_RESULTS.c.assignment == assignment, _RESULTS.c.student == _text(student))
            .order_by(_RESULTS.c.id.desc())
            .limit(1)
        )
        found = next(iter(self._stream(query)), None)
        return None if found is None else self._result(found)

    def rows(
        self, assignment: str, *, status: Status | None = None, student_like: str | None = None
    ) -> Iterator[Row]:
        """The newest result of each student, sorted by student; streamed. student_like: part of an id or name, in any case."""
        columns = [
            column
            for column in _RESULTS.c
            if column.name not in ("document", "fingerprint", "id", "assignment")
        ]
        query = _newest(assignment, *columns)
        if status is not None:
            query = query.where(_RESULTS.c.status == status.value)
        if student_like:
            part = _text(student_like)
            query = query.where(
                _RESULTS.c.student.icontains(part, autoescape=True)
                | _RESULTS.c.name.icontains(part, autoescape=True)
            )
        for found in self._stream(query):
            values = dict(found._mapping)
            values["status"] = Status(values["status"])
            values["score"], values["max_score"] = Decimal(values["score"]), Decimal(values["max_score"])
            values["graded_at"] = datetime.fromisoformat(values["graded_at"])
            yield Row(**values)

    def results(self, assignment: str) -> Iterator[Result]:
        """The newest result of each student in full, sorted by student; streamed, never all in memory."""
        for found in self._stream(_newest(assignment, _RESULTS.c.student, _RESULTS.c.document)):
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
        with self._writing() as connection:
            current = {
                (entry.student, entry.item): entry.mark() for entry in self._entries(connection, assignment)
            }
            changed = [
                f"{student}, {item}: " + (f"now {now.points} by {now.marker}" if now else "withdrawn")
                for (student, item), before in (expected or {}).items()
                if (now := current.get((_text(student), item))) != before
            ]
            if changed:
                raise GradebookError(
                    f"marked by somebody else meanwhile; nothing was changed: {'; '.join(changed)}"
                )
            new = [mark for mark in marks if current.get((_text(mark.student), mark.item)) != mark]
            if new:
                connection.execute(sa.insert(_MARKS), [_mark_values(assignment, mark) for mark in new])
        return len(new)

    def withdraw_mark(self, assignment: str, student: str, item: str, *, marker: str, now: datetime) -> bool:
        """Take the newest mark back, so that the item counts as not marked; False if there is none. The history keeps both."""
        with self._writing() as connection:
            entries = self._entries(connection, assignment, student)
            if not any(entry.item == item and entry.points is not None for entry in entries):
                return False
            values = {"points": None, "comment": "", "marker": _text(marker), "marked_at": _moment(now)}
            connection.execute(
                sa.insert(_MARKS),
                {"assignment": assignment, "student": _text(student), "item": item, **values},
            )
        return True

    def marks(self, assignment: str, student: str) -> dict[str, ManualMark]:
        """The student's marks that count, by item."""
        with self._reading() as connection:
            entries = self._entries(connection, assignment, student)
        return {entry.item: mark for entry in entries if (mark := entry.mark())}

    def all_marks(self, assignment: str) -> dict[str, dict[str, ManualMark]]:
        """The marks that count of all students: by student, then by item."""
        found: dict[str, dict[str, ManualMark]] = {}
        with self._reading() as connection:
            for entry in self._entries(connection, assignment):
                if mark := entry.mark():
                    found.setdefault(entry.student, {})[entry.item] = mark
        return found

    def mark_history(self, assignment: str, student: str, item: str | None = None) -> tuple[MarkEntry, ...]:
        """All that was ever marked for a student (and item), oldest first."""
        query = sa.select(_MARKS).where(_MARKS.c.assignment == assignment, _MARKS.c.student == _text(student))
        if item is not None:
            query = query.where(_MARKS.c.item == item)
        return tuple(_entry(found) for found in self._stream(query.order_by(_MARKS.c.id)))

    # --- runs -----------------------------------------------------------------------------------------------------------

    def begin_run(self, assignment: str, *, submissions: int, now: datetime) -> int:
        """Note that a run over a class begins; returns its number."""
        values = {"assignment": assignment, "submissions": submissions, "started_at": _moment(now)}
        with self._writing() as connection:
            return int(connection.execute(sa.insert(_RUNS).returning(_RUNS.c.id), values).scalar_one())

    def end_run(self, number: int, *, not_graded: int, now: datetime) -> None:
        """Note that a run ended. Raises: GradebookError if there is no such run."""
        change = (
            sa.update(_RUNS)
            .where(_RUNS.c.id == number)
            .values(not_graded=not_graded, finished_at=_moment(now))
        )
        with self._writing() as connection:
            if connection.execute(change).rowcount != 1:
                raise GradebookError(f"{self.place}: no run has the number {number}")

    def runs(self, assignment: str) -> tuple[Run, ...]:
        """The runs over an assignment, oldest first."""
        query = sa.select(_RUNS).where(_RUNS.c.assignment == assignment).order_by(_RUNS.c.id)
        return tuple(
            Run(
                number=found.id,
                assignment=found.assignment,
                started_at=datetime.fromisoformat(found.started_at),
                finished_at=datetime.fromisoformat(found.finished_at) if found.finished_at else None,
                submissions=found.submissions,
                not_graded=found.not_graded,
            )
            for found in self._stream(query)
        )

    # --- inside ---------------------------------------------------------------------------------------------------------

    def _make_ready(self) -> None:
        """Make the tables where they are not, check the schema, and prove with a real write that writing works."""
        with self._writing() as connection:
            _TABLES.create_all(connection)
            found = connection.scalar(sa.select(_META.c.value).where(_META.c.key == "schema"))
            if found is None:
                connection.execute(sa.insert(_META), {"key": "schema", "value": str(SCHEMA)})
            elif found != str(SCHEMA):
                raise GradebookError(
                    f"{self.place}: a gradebook of schema {found}, this program knows {SCHEMA}; "
                    "use the version of gradecheck that made it, or name another file"
                )
            connection.execute(sa.delete(_META).where(_META.c.key == "probe"))
            connection.execute(sa.insert(_META), {"key": "probe", "value": uuid.uuid4().hex})

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        try:
            with self._engine.connect() as connection, connection.begin():
                yield connection
        except SQLAlchemyError as exc:
            raise self._failed("read", exc) from exc

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """A transaction that has the right to write from its first moment on, so that it cannot fail half-way for a lock."""
        try:
            with (
                self._engine.connect().execution_options(gradebook_write=True) as connection,
                connection.begin(),
            ):
                if connection.dialect.name == "postgresql":
                    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
                yield connection
        except SQLAlchemyError as exc:
            raise self._failed("written", exc) from exc

    def _stream(self, query: sa.Select[Any]) -> Iterator[sa.Row[Any]]:
        with (
            self._reading() as connection,
            closing(connection.execution_options(yield_per=_CHUNK_ROWS).execute(query)) as found,
        ):
            yield from found

    def _entries(
        self, connection: Connection, assignment: str, student: str | None = None
    ) -> list[MarkEntry]:
        """The newest entry for each student and item."""
        newest = sa.select(sa.func.max(_MARKS.c.id)).where(_MARKS.c.assignment == assignment)
        if student is not None:
            newest = newest.where(_MARKS.c.student == _text(student))
        newest = newest.group_by(_MARKS.c.student, _MARKS.c.item)
        query = sa.select(_MARKS).where(_MARKS.c.id.in_(newest)).order_by(_MARKS.c.student, _MARKS.c.item)
        return [_entry(found) for found in connection.execute(query)]

    def _result(self, found: sa.Row[Any]) -> Result:
        try:
            return loads(Result, zlib.decompress(found.document))
        except (zlib.error, CodecError) as exc:
            raise GradebookError(
                f"{self.place}: the result of {found.student} cannot be read ({exc}); grade that submission again"
            ) from exc

    def _failed(self, what: str, exc: SQLAlchemyError) -> GradebookError:
        cause = str(exc.orig) if isinstance(exc, DBAPIError) else str(exc)
        if "locked" in cause:
            cause += (
                "; another process has been writing to it for long: wait for it, or look for one that hangs"
            )
        return GradebookError(f"{self.place}: the gradebook cannot be {what}: {cause}")


def _url(place: str | Path) -> URL:
    if isinstance(place, Path) or "://" not in place:
        return URL.create("sqlite", database=str(place))
    hidden = re.sub(r"//[^@/]*@", "//***@", str(place))
    try:
        url = make_url(place)
    except ArgumentError as exc:
        raise GradebookError(
            f"{hidden}: not a database URL; expected a file path or postgresql+psycopg://..."
        ) from exc
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername not in ("sqlite", "postgresql+psycopg") or url.database in (None, "", ":memory:"):
        raise GradebookError(
            f"{hidden}: expected a file path, sqlite:///FILE or postgresql+psycopg://USER@HOST/DATABASE"
        )
    return url


def _newest(assignment: str, *columns: sa.Column[Any]) -> sa.Select[Any]:
    newest = sa.select(sa.func.max(_RESULTS.c.id)).where(_RESULTS.c.assignment == assignment)
    newest = newest.group_by(_RESULTS.c.student)
    return sa.select(*columns).where(_RESULTS.c.id.in_(newest)).order_by(_RESULTS.c.student)


def _entry(found: sa.Row[Any]) -> MarkEntry:
    return MarkEntry(
        number=found.id,
        student=found.student,
        item=found.item,
        points=None if found.points is None else Decimal(found.points),
        comment=found.comment,
        marker=found.marker,
        marked_at=datetime.fromisoformat(found.marked_at),
    )


def _mark_values(assignment: str, mark: ManualMark) -> dict[str, str]:
    return {
        "assignment": assignment,
        "student": _text(mark.student),
        "item": mark.item,
        "points": str(mark.points),
        "comment": _text(mark.comment),
        "marker": _text(mark.marker),
        "marked_at": _moment(mark.marked_at),
    }


def _text(value: str) -> str:
    """The text as a database can hold it: a file name that was not UTF-8 gives lone surrogates, and PostgreSQL takes no NUL."""
    return value.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\x00")


def _moment(now: datetime) -> str:
    if now.utcoffset() is None:
        raise ValueError(f"got the time {now} without a time zone; expected an aware datetime")
    return now.astimezone(UTC).isoformat()
