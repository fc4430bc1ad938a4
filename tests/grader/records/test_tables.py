"""Tables for people: no formulas, exact restoration, and files as spreadsheets save them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import UsageError
from grader.records.tables import neutralised, read_table, restored, write_table

CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.text(
    "='+-@\t\r\n\"; ,a", max_size=8
)


@given(CELLS)
def test_restored_undoes_neutralised(text):
    assert restored(neutralised(text)) == text


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t1", "\r1", "\n1", "＝1", "'=1"])
def test_neutralised_leaves_no_formula(text):
    assert neutralised(text) == f"'{text}"


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("so;=1+1", "so;'=1+1"),
        ("so\t@SUM(A1)", "so\t'@SUM(A1)"),
        ("so\n-1\r＝1", "so\n'-1\r'＝1"),
        ('so;"=1', "so;\"'=1"),
        ("so;'=1", "so;''=1"),
        ("\n=1", "'\n'=1"),
    ],
)
def test_neutralised_leaves_no_formula_where_other_marks_part_cells(text, safe):
    assert neutralised(text) == safe
    assert restored(safe) == text


def test_table_opened_with_semicolons_holds_no_formula(tmp_path):
    path = tmp_path / "t.csv"
    write_table(path, ["a", "b"], [("eve", "so;=cmd|' /C calc'!A0\n=1;\"=2\",+3")])
    cells = [cell for line in path.read_text("utf-8-sig").splitlines() for cell in line.split(";")]
    assert len(cells) == 5
    assert not [cell for cell in cells if cell.lstrip('"').startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize("text", ["kim", "'tis", "", "1-2", " =1", "a; b", "a;b=1", "a,=1", "김민수", "'"])
def test_neutralised_leaves_plain_text_alone(text):
    assert neutralised(text) == text
    assert restored(text) == text


@given(st.lists(st.tuples(CELLS, CELLS.filter(str.strip)), max_size=5))
def test_read_table_gives_what_write_table_was_given(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("table") / "t.csv"
    assert write_table(path, ["a", "b"], rows) == len(rows)
    assert [(row.cells["a"], row.cells["b"]) for row in read_table(path, ["a", "b"])] == rows


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"a,b\n1,x\n", id="plain"),
        pytest.param(b"\xef\xbb\xbfa,b\r\n1,x\r\n", id="byte-order-mark"),
        pytest.param(b"a;b\r\n1;x\r\n", id="semicolons"),
        pytest.param(b"a\tb\n1\tx\n", id="tabs"),
        pytest.param(b'\n\n"a", b \n\n1,"x"\n,\n', id="empty-rows"),
    ],
)
def test_read_table_takes_what_spreadsheets_write(tmp_path, data):
    path = tmp_path / "t.csv"
    path.write_bytes(data)
    assert [dict(row.cells) for row in read_table(path, ["a"])] == [{"a": "1", "b": "x"}]


def test_read_table_counts_lines_through_cells_of_several_lines(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('a,b\n"one\ntwo\nthree",x\n\nlast,y\n', encoding="utf-8")
    assert [row.line for row in read_table(path, ["a"])] == [2, 6]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"", r"t\.csv: empty; expected a table with the columns a", id="empty"),
        pytest.param(b"b,c\n", r"t\.csv:1: no column a; found b, c", id="no-column"),
        pytest.param(b"a,a\n", r"t\.csv:1: more than one column a", id="column-twice"),
        pytest.param(b"a,b\n1,2\n1\n", r"t\.csv:3: 1 cells, expected 2", id="short-row"),
        pytest.param(b"a,b\nx,\xe9\n", r't\.csv:2: not UTF-8; save it as "CSV UTF-8"', id="latin-1"),
        pytest.param(b'a,b\n"x"y,1\n', r"t\.csv:2: not CSV", id="stray-quote"),
        pytest.param(b'a,b\n"x,1\n', r"t\.csv:2: not CSV", id="open-quote"),
    ],
)
def test_read_table_names_file_and_line(tmp_path, data, reason):
    path = tmp_path / "t.csv"
    path.write_bytes(data)
    with pytest.raises(UsageError, match=reason):
        list(read_table(path, ["a"]))


def test_read_table_names_a_file_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match=r"no\.csv: cannot be read: No such file"):
        list(read_table(tmp_path / "no.csv", ["a"]))


def test_write_table_leaves_the_old_file_if_a_row_fails(tmp_path):
    path = tmp_path / "t.csv"
    write_table(path, ["a"], [["old"]])

    def rows():
        yield ["new"]
        raise ValueError("disk of the source broke")

    with pytest.raises(ValueError, match="broke"):
        write_table(path, ["a"], rows())
    assert [row.cells["a"] for row in read_table(path, ["a"])] == ["old"]
    assert [file.name for file in tmp_path.iterdir()] == ["t.csv"]
