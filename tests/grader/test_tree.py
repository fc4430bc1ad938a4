"""A folder of generated files: written whole, or left as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.tree import differences, write_tree

NAMES = st.text("abc", min_size=1, max_size=3)
FILES = st.dictionaries(st.tuples(NAMES, NAMES).map("d/".join), st.binary(max_size=8), max_size=5)


def test_write_tree_replaces_all_that_was_there(tmp_path):
    folder = tmp_path / "out"
    write_tree(folder, {"old.txt": b"1", "a/b.txt": b"2"})
    write_tree(folder, {"a/b.txt": b"3"})
    assert {path.name: path.read_bytes() for path in folder.rglob("*.txt")} == {"b.txt": b"3"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_write_tree_leaves_the_old_folder_when_writing_fails(tmp_path):
    folder = tmp_path / "out"
    write_tree(folder, {"a": b"1"})
    with pytest.raises(OSError, match="a"):
        write_tree(folder, {"a": b"2", "a/b": b"3"})  # a file cannot be a folder, too
    assert differences(folder, {"a": b"1"}) == ()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@given(FILES, FILES)
def test_differences_are_empty_only_for_the_same_files(tmp_path_factory, one, other):
    folder = tmp_path_factory.mktemp("tree") / "out"
    write_tree(folder, one)
    assert differences(folder, one) == ()
    assert (differences(folder, other) == ()) == (one == other)


def test_differences_name_each_kind(tmp_path):
    write_tree(tmp_path / "out", {"same": b"1", "changed": b"1", "extra": b"1", "__pycache__/x.pyc": b"1"})
    assert differences(tmp_path / "out", {"same": b"1", "changed": b"2", "absent": b"3"}) == (
        "absent: missing",
        "changed: differs from what is generated",
        "extra: not generated; remove it",
    )


def test_differences_of_a_folder_that_is_not_there(tmp_path):
    assert differences(tmp_path / "none", {"a": b""}) == ("a: missing",)
