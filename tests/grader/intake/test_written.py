"""Files that a notebook's cells write, taken in where nothing of their name was handed in."""

from __future__ import annotations

import json

import pytest

from grader.errors import SubmissionError
from grader.intake.caps import DEFAULT_CAPS
from grader.intake.reading import Reader
from grader.intake.tree import Entry, Tree
from grader.intake.written import with_written


class Memory:
    def __init__(self, data):
        self.data = data

    def read(self, _key, _limit_bytes):
        return self.data


def tree_of(*sources, folder="", files=()):
    data = json.dumps({"cells": [{"cell_type": "code", "source": source} for source in sources]}).encode()
    path = f"{folder}/work.ipynb" if folder else "work.ipynb"
    entries = [Entry(path, len(data), 5.0, Memory(data), None)]
    entries += [Entry(name, 1, 0.0, Memory(b"1"), None) for name in files]
    return Tree(tuple(entries))


def written(*sources, folder="", files=()):
    tree, notes = with_written(tree_of(*sources, folder=folder, files=files), Reader(DEFAULT_CAPS))
    made = {
        entry.path: entry.read(10**8).decode()
        for entry in tree.entries
        if entry.suffix == ".py" and entry.path not in files
    }
    assert [note.about for note in notes] == list(made)
    return made


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("%%writefile net231/layers.py", "net231/layers.py"),
        ("%%file net231/layers.py", "net231/layers.py"),
        ("\n%%writefile  './layers.py'  ", "layers.py"),
        ("%%writefile net231\\\\layers.py", "net231/layers.py"),
        ("%%writefile /content/drive/My Drive/a2/net231/layers.py", "layers.py"),
        ("%%writefile $FOLDER/net231/layers.py", "layers.py"),
        ("%%writefile ../../layers.py", "layers.py"),
    ],
)
def test_a_written_file_lies_where_the_notebook_would_put_it(given, path):
    assert written(f"{given}\nx = 1") == {path: "x = 1\n"}
    assert written(f"{given}\nx = 1", folder="hw") == {f"hw/{path}": "x = 1\n"}


def test_the_last_text_counts_and_more_may_be_appended():
    first, second = "%%writefile a.py\nx = 1", "%%writefile a.py\nx = 2"
    assert written(first, second, "%%writefile -a a.py\ny = 3") == {"a.py": "x = 2\ny = 3\n"}


def test_a_file_that_was_handed_in_stands():
    assert written("%%writefile a.py\nx = 1", files=("a.py",)) == {}


@pytest.mark.parametrize(
    "source", ["%%writefile notes.txt\nx", "%%writefile", "%%bash\nls", "# %%writefile a.py\nx"]
)
def test_other_cells_write_nothing(source):
    assert written(source) == {}


def test_a_written_file_keeps_to_the_limit_that_it_is_read_with():
    tree, _ = with_written(tree_of("%%writefile a.py\nx = 1"), Reader(DEFAULT_CAPS))
    (entry,) = [item for item in tree.entries if item.path == "a.py"]
    assert entry.modified == 5.0
    with pytest.raises(SubmissionError, match=r"a\.py is 6 bytes"):
        entry.read(3)
    with pytest.raises(SubmissionError, match="6 bytes, the limit is 3"):
        entry.source.read(None, 3)


def test_a_file_that_is_written_in_very_many_cells_is_read_in_linear_time():
    line = "x" * 200
    made = written(*[f"%%writefile -a a.py\n{line}"] * 50_000)
    assert made == {"a.py": f"{line}\n" * 50_000}


def test_files_of_all_notebooks_together_are_bounded():
    data = json.dumps(
        {"cells": [{"cell_type": "code", "source": f"%%writefile a{n}.py\nx"} for n in range(40)]}
    ).encode()
    entries = tuple(Entry(f"{n}/work.ipynb", len(data), 5.0, Memory(data), None) for n in range(30))
    tree, notes = with_written(Tree(entries), Reader(DEFAULT_CAPS))
    assert len(notes) == len(tree.entries) - 30 == DEFAULT_CAPS.candidates


def test_a_notebook_of_more_values_than_any_writes_nothing():
    assert written("%%writefile a.py\nx", ["x"] * 5_000_000) == {}
