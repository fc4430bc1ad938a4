"""Sheets of platforms: whatever is not replaced comes back byte for byte."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import UsageError
from grader.records.sheet import Sheet

CELLS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=6)


def sheet(folder, text):
    path = folder / "sheet.csv"
    path.write_bytes(text.encode())
    return Sheet.read(path)


@given(
    table=st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=5),
    delimiter=st.sampled_from(",;\t"),
    end=st.sampled_from(["\n", "\r\n"]),
    mark=st.sampled_from(["", "\ufeff"]),
)
def test_one_column_is_replaced_and_the_rest_is_as_it_was(tmp_path_factory, table, delimiter, end, mark):
    def written(rows):
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(rows)
        return mark + text.getvalue()

    header = ("name", "grade", "note")
    table = [(f"x{first}", second, third) for first, second, third in table]  # no row is empty as a whole
    read = sheet(tmp_path_factory.mktemp("sheet"), written([header, *table]))
    assert read.header == header
    assert [tuple(cell.value for cell in row) for row in read.rows] == table
    assert read.replaced(1, {}) == read.text
    new = read.replaced(1, dict.fromkeys(range(len(table)), "9.50"))
    assert new == written([header, *((first, "9.50", third) for first, _, third in table)])


def test_columns_are_found_in_any_case(tmp_path):
    read = sheet(tmp_path, "Identifier,Maximum Grade\n")
    assert (read.column("maximum grade"), read.column("Scale")) == (1, None)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'a,b\n"x,1\n', r"line 2 of the downloaded file is not CSV: a quote is not closed"),
        (b"a,b\nK\xeem,1\n", r"sheet\.csv: byte 5 is not UTF-8; download it again, without opening it"),
        (b"\n\n", r"sheet\.csv: empty; expected a CSV file as the platform gave it"),
    ],
)
def test_what_is_no_sheet_is_named(tmp_path, data, reason):
    path = tmp_path / "sheet.csv"
    path.write_bytes(data)
    with pytest.raises(UsageError, match=reason):
        Sheet.read(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"none\.csv: cannot be read: No such file"):
        Sheet.read(tmp_path / "none.csv")
