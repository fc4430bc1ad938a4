"""Trees, paths that may not be, and names in messages."""

from __future__ import annotations

import pytest

from grader.errors import SubmissionError
from grader.intake.caps import DEFAULT_CAPS
from grader.intake.tree import Entry, LeftOut, Refusal, Tree, path_fault, readable_size, shown


def entry(path, size=1):
    return Entry(path, size, 5.0, None, None)


TREE = Tree(
    (entry("a/b/x.py"), entry("a/y.py"), entry("z.py")),
    (Refusal("c", "is a link"), Refusal("a/l", "is a link")),
    (LeftOut("a/.git", "hidden"), LeftOut(".git", "hidden")),
    frozenset({"a", "a/b", "d", "d/e"}),
)


def test_tree_names_are_first_level_and_include_refused_and_empty():
    assert TREE.names() == ["a", "c", "d", "z.py"]


def test_tree_under_and_split_give_the_same_parts():
    parts = TREE.split()
    assert list(parts) == ["a", "c", "d"]
    assert parts["a"] == TREE.under("a")
    assert [item.path for item in parts["a"].entries] == ["b/x.py", "y.py"]
    assert parts["a"].left_out == (LeftOut(".git", "hidden"),)
    assert parts["c"].refusals == (Refusal("", "is a link"),)
    assert parts["d"].folders == {"e"}
    assert TREE.under("") is TREE


def test_entry_knows_its_parts():
    item = entry("a/b/Layers.PY")
    assert (item.name, item.folder, item.suffix) == ("Layers.PY", "a/b", ".py")
    assert (entry("Makefile").suffix, entry(".py").suffix, entry("x.py").folder) == ("", "", "")


def test_entry_read_refuses_what_is_over_the_limit_unread():
    with pytest.raises(SubmissionError, match=r"x\.py is 2\.0 KiB, the limit is 100 bytes"):
        entry("x.py", 2048).read(100)


@pytest.mark.parametrize("path", ["a/b.py", "café/x y.py", "a/", "a..b/c...py", "-x"])
def test_path_fault_finds_none_in_ordinary_paths(path):
    assert path_fault(path, DEFAULT_CAPS) is None


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/a",
        "a//b",
        "../a",
        "a/..",
        "./a",
        "C:a",
        "c:/a",
        "a\\b",
        "a\x00b",
        "a\rb",
        "a\u2028b",
        "x" * 256,
        "é" * 128,
        "a/" * 40 + "b",
    ],
)
def test_path_fault_names_the_fault(path):
    assert path_fault(path, DEFAULT_CAPS)


def test_shown_is_one_short_line_without_direction_changes():
    assert shown("a\n\u202eb\x1b[0m") == "a??b?[0m"
    assert len(shown("x" * 5_000)) < 130


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (1536, "1.5 KiB"), (2**20, "1.0 MiB"), (3 * 2**30, "3.0 GiB")],
)
def test_readable_size(size, text):
    assert readable_size(size) == text
