"""Rows of a gradebook as the files of learning platforms are filled from; a PostgreSQL server of the tests' own."""

import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from grader.model import Status
from grader.records.schema import Row

STARTED_S = 30.0  # how long a server may take to come up on a loaded machine


@pytest.fixture
def row() -> Callable[..., Row]:
    """Makes the newest result of a student: 9.5 of 20 points and complete, unless said otherwise."""

    def make(
        student: str,
        score: str = "9.5",
        *,
        max_score: str = "20",
        status: Status = Status.COMPLETE,
        pending: int = 0,
    ) -> Row:
        return Row(
            student=student,
            name="",
            digest="d",
            evidence="e",
            status=status,
            score=Decimal(score),
            max_score=Decimal(max_score),
            pending=pending,
            graded_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
        )

    return make


class Server:
    """A PostgreSQL server that only this machine's user reaches, through a socket in a folder of its own."""

    def __init__(self, programs: Path, folder: Path, user: str | None) -> None:
        self.folder = folder
        self._programs = programs
        self._user = user
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None

    def _command(self, program: str, *arguments: str) -> list[str]:
        return [str(self._programs / program), *arguments]

    def start(self) -> None:
        """Start it, on data that are made at the first time, and wait until it takes connections."""
        data = self.folder / "data"
        if not data.exists():
            make = self._command("initdb", "-D", str(data), "-U", "gradecheck", "-A", "trust", "-E", "UTF8")
            self._run([*make, "--no-sync", "--locale", "C"])
        settings = ("listen_addresses=", f"unix_socket_directories={self.folder}", "fsync=off")
        options = [word for setting in settings for word in ("-c", setting)]
        self._process = subprocess.Popen(
            self._command("postgres", "-D", str(data), *options),
            user=self._user,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + STARTED_S
        ready = self._command("pg_isready", "-q", "-h", str(self.folder), "-d", "postgres")
        while subprocess.run(ready, check=False).returncode:
            assert self._process.poll() is None, "the PostgreSQL server ended at once"
            assert time.monotonic() < deadline, "the PostgreSQL server takes no connections"
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop it at once; its data stay."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(timeout=STARTED_S)
            self._process = None

    def database(self, *options: str) -> str:
        """The URL of a new, empty database."""
        name = f"test{next(self._numbers)}"
        self._run(self._command("createdb", "-h", str(self.folder), "-U", "gradecheck", *options, name))
        return f"postgresql+psycopg://gradecheck@/{name}?host={self.folder}"

    def _run(self, command: list[str]) -> None:
        done = subprocess.run(
            command, user=self._user, cwd=self.folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A running server; skips where PostgreSQL or its driver is not installed."""
    if importlib.util.find_spec("psycopg") is None:
        pytest.skip("the driver psycopg is not installed (extra `postgres`)")
    found = shutil.which("initdb") or next(map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb")), None)
    if found is None:
        pytest.skip("PostgreSQL's initdb is not installed (Debian: apt install postgresql)")
    user = "nobody" if os.geteuid() == 0 else None  # the server refuses to run as root
    folder = Path(
        tempfile.mkdtemp(prefix="gradecheck-pg-", dir="/tmp")
    )  # a short path: sockets allow 107 bytes
    if user is not None:
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    server = Server(Path(found).resolve().parent, folder, user)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def raw() -> Callable[[str, str], list[tuple[object, ...]]]:
    """What an SQL statement gives or changes in the database at a path or URL, past the gradebook."""

    def run(place: str, statement: str) -> list[tuple[object, ...]]:
        engine = sa.create_engine(place if "://" in place else f"sqlite:///{place}")
        with engine.begin() as connection:
            found = connection.exec_driver_sql(statement)
            rows = [tuple(line) for line in found] if found.returns_rows else []
        engine.dispose()
        return rows

    return run


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a gradebook can be opened: a file, and a database of a real server."""
    if request.param == "sqlite":
        return str(tmp_path / "state" / "gradebook.sqlite")
    server: Server = request.getfixturevalue("postgres")
    return server.database()
