"""Opening the gradebook's database, SQLite or PostgreSQL, and what is said when it fails."""

import pytest
import sqlalchemy as sa

from grader.errors import GradebookError
from grader.records import database, sqlite
from grader.records.database import Database
from grader.records.schema import META, SCHEMA

PROBE = "select value from gradebook_meta where key = 'probe'"


def test_open_takes_a_path_and_a_url(tmp_path, raw):
    Database.open(f"sqlite:///{tmp_path}/g.sqlite").close()
    probe = raw(str(tmp_path / "g.sqlite"), PROBE)
    Database.open(tmp_path / "g.sqlite").close()
    assert raw(str(tmp_path / "g.sqlite"), PROBE) != probe, "the same file"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("mysql://user:secret@host/db", r"^mysql://\*\*\*@host/db: expected a file path, sqlite"),
        ("sqlite://", r"^sqlite://: expected"),
        ("sqlite:///:memory:", r"expected a file path"),
        ("postgresql+psycopg://user:secret@host", r"^postgresql\+psycopg://\*\*\*@host: expected"),
        ("://", r"not a database URL"),
    ],
)
def test_open_refuses_other_places_without_showing_passwords(url, reason):
    with pytest.raises(GradebookError, match=reason) as caught:
        Database.open(url)
    assert "secret" not in str(caught.value)


def test_open_says_what_to_install_for_postgresql(monkeypatch):
    def no_driver(_url, **_settings):
        raise ModuleNotFoundError("No module named 'psycopg'", name="psycopg")

    monkeypatch.setattr(sa, "create_engine", no_driver)
    with pytest.raises(
        GradebookError,
        match=r"^postgresql\+psycopg://u:\*\*\*@h/d: psycopg is not .* `gradecheck\[postgres\]`",
    ):
        Database.open("postgresql://u:secret@h/d")


def test_open_names_a_gradebook_of_another_schema(place, raw):
    Database.open(place).close()
    raw(place, "update gradebook_meta set value = '99' where key = 'schema'")
    with pytest.raises(GradebookError, match=rf"/.*: a gradebook of schema 99, this program knows {SCHEMA}"):
        Database.open(place)


def test_open_names_a_file_that_is_no_database(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("these are no tables at all " * 50, encoding="utf-8")
    with pytest.raises(GradebookError, match=r"notes\.txt: .*file is not a database"):
        Database.open(path)
    assert path.read_text(encoding="utf-8").startswith("these")


def test_open_names_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(GradebookError, match=r"g\.sqlite: its folder cannot be made"):
        Database.open(tmp_path / "file" / "g.sqlite")


def test_open_proves_that_it_can_write(place, raw):
    Database.open(place).close()
    before = raw(place, PROBE)
    Database.open(place).close()
    assert raw(place, PROBE) != before


def test_the_file_uses_the_write_ahead_log(tmp_path, raw):
    Database.open(tmp_path / "g.sqlite").close()
    assert raw(str(tmp_path / "g.sqlite"), "pragma journal_mode") == [("wal",)]


def test_waiting_for_another_writer_has_an_end_and_says_so(place, monkeypatch):
    for module in (database, sqlite):  # each database has its own way to wait
        monkeypatch.setattr(module, "BUSY_S", 0.05)
    one, two = Database.open(place), Database.open(place)
    with (
        one.writing(),
        pytest.raises(GradebookError, match=r"cannot be written: .*another process has been writing to it"),
        two.writing(),
    ):
        pass
    with two.writing() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(META)) == 2
    one.close()
    two.close()


def test_a_write_that_raises_leaves_nothing(place, raw):
    opened = Database.open(place)

    def write_half():
        with opened.writing() as connection:
            connection.execute(sa.insert(META), {"key": "half", "value": ""})
            raise ValueError("the other half is missing")

    with pytest.raises(ValueError, match="the other half"):
        write_half()
    opened.close()
    assert raw(place, "select count(*) from gradebook_meta where key = 'half'") == [(0,)]


def test_a_database_that_cannot_hold_every_name_is_refused(postgres):
    place = postgres.database("-E", "LATIN1", "-T", "template0", "--lc-ctype", "C", "--lc-collate", "C")
    with pytest.raises(GradebookError, match=r"keeps text as LATIN1.*ENCODING 'UTF8' TEMPLATE template0"):
        Database.open(place)


def test_a_server_that_was_restarted_is_found_again(postgres):
    opened = Database.open(postgres.database())
    postgres.stop()
    try:
        with (
            pytest.raises(GradebookError, match=r"the gradebook cannot be written: .*onnection"),
            opened.writing(),
        ):
            pass
    finally:
        postgres.start()
    with opened.writing() as connection:
        assert connection.scalar(sa.select(META.c.value).where(META.c.key == "schema")) == str(SCHEMA)
    opened.close()


def test_a_database_that_is_not_there_is_named(postgres):
    place = postgres.database().replace("/test", "/none")
    with pytest.raises(GradebookError, match=r'cannot be written: .*database "none\d+" does not exist'):
        Database.open(place)
