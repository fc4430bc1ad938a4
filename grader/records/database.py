"""The gradebook's database: opened and proved to be writable, one transaction at a time, its errors as ours. Knows no grades.

Each write is one transaction that has the right to write from its beginning and waits its turn, so a process killed at any moment
leaves whole rows only, and two processes at once lose nothing.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from ..errors import GradebookError
from .schema import META, SCHEMA, TABLES
from .sqlite import BUSY_S, prepare_sqlite

__all__ = ["Database"]

_CHUNK_ROWS = 200  # rows that a streaming read holds in memory
_LOCK = 7_203_114_915  # any number: the PostgreSQL advisory lock that makes writers queue, as SQLite's BEGIN IMMEDIATE does


class Database:
    """An open database with the gradebook's tables. place: as messages name it, without a password. Use `Database.open`."""

    def __init__(self, engine: Engine, place: str) -> None:
        self._engine = engine
        self._together: Connection | None = None
        self.place = place

    @classmethod
    def open(cls, place: str | Path) -> Database:
        """Open, or make, the database at a file path, a `sqlite:///` or a `postgresql+psycopg://` URL.

        Raises: GradebookError if it cannot be reached or written, is none, lies on a network file system, does not keep every
        character, or is of another schema.
        """
        url = _url(place)
        is_path = isinstance(place, Path) or "://" not in place
        shown = str(place) if is_path else url.render_as_string(hide_password=True)
        try:
            # A server may have been restarted since a connection was last used: look before relying on it.
            engine = sa.create_engine(url, pool_pre_ping=url.get_backend_name() != "sqlite")
        except ModuleNotFoundError as exc:
            raise GradebookError(
                f"{shown}: {exc.name} is not installed; install `gradecheck[postgres]`"
            ) from exc
        if url.get_backend_name() == "sqlite":
            prepare_sqlite(engine, Path(url.database or ""), shown)
        database = cls(engine, shown)
        try:
            database._make_ready()
        except BaseException:
            engine.dispose()
            raise
        return database

    def close(self) -> None:
        """Close all connections. The database cannot be used afterwards."""
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that reads. Raises: GradebookError if the database fails."""
        try:
            with self._engine.connect() as connection, connection.begin():
                yield connection
        except SQLAlchemyError as exc:
            raise self._failed("read", exc) from exc

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that has the right to write from its first moment on, so that it cannot fail half-way for a lock.

        Within `together`, its transaction.

        Raises: GradebookError if the database fails, or another process holds that right for too long.
        """
        if self._together is not None:
            yield self._together
            return
        try:
            with (
                self._engine.connect().execution_options(gradebook_write=True) as connection,
                connection.begin(),
            ):
                if connection.dialect.name == "postgresql":
                    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(BUSY_S * 1000)}")
                    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
                yield connection
        except SQLAlchemyError as exc:
            raise self._failed("written", exc) from exc

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make everything that this thread writes in the block one transaction: the disk is waited for once, and not each time."""
        with self.writing() as connection:
            self._together = connection
            try:
                yield
            finally:
                self._together = None

    def stream(self, query: sa.Select[Any]) -> Iterator[sa.Row[Any]]:
        """What a query gives, never all of it in memory. Raises: GradebookError if the database fails."""
        with (
            self.reading() as connection,
            closing(connection.execution_options(yield_per=_CHUNK_ROWS).execute(query)) as found,
        ):
            yield from found

    def _make_ready(self) -> None:
        """Make the tables where they are not, check encoding and schema, and prove with a real write that writing works."""
        with self.writing() as connection:
            if connection.dialect.name == "postgresql":
                self._check_encoding(connection)
            TABLES.create_all(connection)
            found = connection.scalar(sa.select(META.c.value).where(META.c.key == "schema"))
            if found is None:
                connection.execute(sa.insert(META), {"key": "schema", "value": str(SCHEMA)})
            elif found != str(SCHEMA):
                raise GradebookError(
                    f"{self.place}: a gradebook of schema {found}, this program knows {SCHEMA}; "
                    "use the version of gradecheck that made it, or name another file"
                )
            connection.execute(sa.delete(META).where(META.c.key == "probe"))
            connection.execute(sa.insert(META), {"key": "probe", "value": uuid.uuid4().hex})

    def _check_encoding(self, connection: Connection) -> None:
        encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
        if encoding != "UTF8":
            raise GradebookError(
                f"{self.place}: the database keeps text as {encoding}, and could not hold every student's name; "
                "make one with: CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0"
            )

    def _failed(self, what: str, exc: SQLAlchemyError) -> GradebookError:
        cause = str(exc.orig if isinstance(exc, DBAPIError) else exc).strip()
        if "locked" in cause or "lock timeout" in cause:
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
