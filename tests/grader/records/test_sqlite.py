"""Where SQLite may keep a gradebook, and where not."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from grader.errors import GradebookError
from grader.records import sqlite
from grader.records.sqlite import file_system, prepare_sqlite

MOUNTS = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:25 / /home rw,nosuid - nfs4 server:/home rw
31 30 0:26 / /home/my\\040disk rw - tmpfs tmpfs rw
32 22 0:27 / /data rw - ext4 /dev/sdb1 rw
33 22 0:28 / /data rw - fuse.sshfs host:/data rw
broken line
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/", "ext4"),
        ("/homestead", "ext4"),
        ("/home", "nfs4"),
        ("/home/kim/course", "nfs4"),
        ("/home/my disk/x", "tmpfs"),
        ("/data/x", "fuse.sshfs"),
    ],
)
def test_file_system_is_that_of_the_innermost_and_last_mount(folder, kind):
    assert file_system(Path(folder), mounts=MOUNTS) == kind


def test_file_system_is_unknown_without_mounts():
    assert file_system(Path("/"), mounts="") == ""


def test_a_network_file_system_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite, "file_system", lambda _folder: "nfs4")
    engine = sa.create_engine(f"sqlite:///{tmp_path}/g.sqlite")
    with pytest.raises(GradebookError, match=r"g: lies on a network file system \(nfs4\).* use PostgreSQL"):
        prepare_sqlite(engine, tmp_path / "g.sqlite", "g")
    assert not (tmp_path / "g.sqlite").exists()


@pytest.mark.parametrize(("write", "held"), [(True, True), (False, False)])
def test_a_write_transaction_holds_the_lock_from_its_beginning(tmp_path, monkeypatch, write, held):
    monkeypatch.setattr(sqlite, "BUSY_S", 0.0)
    engine = sa.create_engine(f"sqlite:///{tmp_path}/g.sqlite")
    prepare_sqlite(engine, tmp_path / "g.sqlite", "g")

    def locked():
        try:
            with engine.connect().execution_options(gradebook_write=True) as other, other.begin():
                return False
        except sa.exc.OperationalError as exc:
            return "locked" in str(exc)

    with engine.connect().execution_options(gradebook_write=write) as connection, connection.begin():
        assert locked() is held
    engine.dispose()
