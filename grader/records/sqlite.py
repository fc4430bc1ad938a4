"""Make SQLite safe for a gradebook: write-ahead log, waiting for locks, write transactions that begin as such, no network disks.

SQLite's own locking is sound on local disks. On network file systems it is not, and the write-ahead log may even report itself as
on and fail later: there a gradebook is refused, and PostgreSQL is named instead.
"""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.pool import ConnectionPoolEntry

from ..errors import GradebookError

__all__ = ["BUSY_S", "file_system", "prepare_sqlite"]

BUSY_S = 30.0  # how long a transaction waits for another process's
NETWORK_FILE_SYSTEMS = frozenset(
    {
        "nfs",
        "nfs3",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "afs",
        "lustre",
        "gpfs",
        "ceph",
        "beegfs",
        "orangefs",
        "9p",
    }
    | {"fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.rclone", "fuse.s3fs", "fuse.gcsfuse"}
)


def prepare_sqlite(engine: Engine, path: Path, shown: str) -> None:
    """Make the file's folder, refuse a network file system, and have every connection of `engine` set up.

    A connection with the execution option `gradebook_write` begins with BEGIN IMMEDIATE: a transaction that reads first and writes
    later would otherwise fail at once, without waiting, if another wrote in between.
    Raises: GradebookError.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise GradebookError(f"{shown}: its folder cannot be made: {exc.strerror}") from exc
    kind = file_system(path.parent)
    if kind in NETWORK_FILE_SYSTEMS:
        raise GradebookError(
            f"{shown}: lies on a network file system ({kind}), where SQLite loses data; "
            "put it on a local disk, or use PostgreSQL (postgresql+psycopg://...)"
        )
    sa.event.listen(engine, "connect", _set_up)
    sa.event.listen(engine, "begin", _begin)


def file_system(folder: Path, *, mounts: str | None = None) -> str:
    """The type of the file system on which `folder` lies, e.g. "ext4"; "" where it cannot be told.

    mounts: the text of a mountinfo file, by default this process's. Source: proc(5), /proc/pid/mountinfo.
    """
    if mounts is None:
        try:
            mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            return ""
    target = os.fspath(folder.resolve())
    best, kind = -1, ""
    for line in mounts.splitlines():
        head, _, tail = line.partition(" - ")
        columns = head.split(" ")
        if len(columns) < 5 or not tail:
            continue
        point = columns[4].replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
        inside = point in ("/", target) or target.startswith(f"{point}/")
        if inside and len(point) >= best:  # of several mounts on one point, the last is on top
            best, kind = len(point), tail.split(" ", 1)[0]
    return kind


def _set_up(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # transactions are begun by `_begin`, not by the driver's guess
    cursor = connection.cursor()
    try:
        cursor.execute(f"PRAGMA busy_timeout = {int(BUSY_S * 1000)}")
        cursor.execute("PRAGMA synchronous = FULL")  # a mark that a person gave survives a power cut
        _use_write_ahead_log(cursor)
    finally:
        cursor.close()


def _use_write_ahead_log(cursor: DBAPICursor) -> None:
    """Switch to the write-ahead log. The switch itself does not wait for locks, so it is tried again."""
    deadline = time.monotonic() + BUSY_S
    while True:
        try:
            mode = cursor.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        except sqlite3.OperationalError as exc:
            if "locked" not in str(exc) or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
            continue
        if mode != "wal":
            raise sqlite3.OperationalError(
                f"the write-ahead log cannot be used here (journal mode is {mode})"
            )
        return


def _begin(connection: Connection) -> None:
    write = connection.get_execution_options().get("gradebook_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
