"""The tables as both databases make them."""

import pytest
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable

from grader.records.schema import TABLES


@pytest.mark.parametrize("table", TABLES.sorted_tables, ids=lambda table: table.name)
def test_the_tables_can_be_written_for_postgresql(table):
    made = str(CreateTable(table).compile(dialect=postgresql.dialect()))
    assert "SERIAL" in made or table.name == "gradebook_meta"
    assert "AUTOINCREMENT" not in made


def test_sqlite_never_gives_an_id_again():
    made = str(CreateTable(TABLES.tables["gradebook_results"]).compile(dialect=sqlite.dialect()))
    assert "AUTOINCREMENT" in made
    assert "COLLATE" not in made
