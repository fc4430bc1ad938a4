"""Recognising a notebook by name, as a copy, by other names, by its headings."""

from __future__ import annotations

import json

import pytest

from grader.assignment import NotebookSpec, Question
from grader.intake.notebooks import headings_found, name_rank, pick_notebook, plain_name
from grader.intake.tree import Entry

SPEC = NotebookSpec(
    path="BatchNormalization.ipynb",
    matches=["*batch*norm*.ipynb"],
    headings=["Forward Pass", "Backward Pass"],
)


@pytest.mark.parametrize(
    ("name", "rank"),
    [
        ("BatchNormalization.ipynb", 0),
        ("batchnormalization.ipynb", 0),
        ("BatchNormalization (1).ipynb", 1),
        ("BatchNormalization-Copy1.ipynb", 1),
        ("BatchNormalization copy 2.ipynb", 1),
        ("BatchNormalization_final.ipynb", 1),
        ("hw4 Batch-Norm.ipynb", 2),
        ("Dropout.ipynb", 3),
    ],
)
def test_name_rank_prefers_the_exact_name_then_copies_then_patterns(name, rank):
    assert name_rank(name, SPEC) == rank


def test_plain_name_keeps_names_that_are_no_copies():
    assert plain_name("Layers.py") == "layers.py"
    assert plain_name("layers (2).py") == "layers.py"


def test_headings_found_counts_headings_in_markdown_alone(kit):
    assert headings_found(kit.notebook("forward pass", "Backward  Pass!"), SPEC.headings) == 2
    assert headings_found(kit.notebook("Forward Pass", code="# Backward Pass"), SPEC.headings) == 1


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b'{"cells": 3}',
        b'{"cells": [{}]}',
        b'{"cells": [1]}',
        b"\xff",
        b'{"cells": [{"cell_type": "markdown"}]}',
        b"[" * 100_000,
    ],
)
def test_headings_found_finds_none_in_what_is_no_notebook(data):
    assert headings_found(data, SPEC.headings) == 0


def take_one(take, folder):
    (found,) = take(folder)
    return found, " ".join(note.text for note in found.notes)


def test_pick_notebook_prefers_the_exact_name_and_names_the_copies(kit, take, tmp_path):
    files = {**kit.whole, "Normalization (1).ipynb": kit.notebook("other")}
    found, texts = take_one(take, kit.write(tmp_path / "alice", files))
    assert "Normalization.ipynb was taken, not Normalization (1).ipynb" in texts
    staged = {file.path: file.size_bytes for file in found.files}
    assert staged["Normalization.ipynb"] == len(kit.whole["Normalization.ipynb"])
    assert "Normalization (1).ipynb" in staged


def test_pick_notebook_prefers_the_one_nearest_to_the_modules(kit, take, tmp_path):
    files = {**kit.below("2020", kit.whole), "old/Normalization.ipynb": kit.notebook("old")}
    found, texts = take_one(take, kit.write(tmp_path / "alice", files))
    assert "2020/Normalization.ipynb was taken, not old/Normalization.ipynb" in texts
    assert found.missing == ()


def test_pick_notebook_does_not_take_another_notebook(kit, take, tmp_path):
    files = {**kit.whole, "Dropout.ipynb": kit.notebook("Dropout: forward")}
    del files["Normalization.ipynb"]
    found, _ = take_one(take, kit.write(tmp_path / "alice", files))
    assert (found.notebooks, found.missing) == ((), ("Normalization.ipynb",))


QUESTION = Question.model_validate(
    {
        "id": "q1",
        "title": "Q",
        "kind": "text",
        "notebook": "BatchNormalization.ipynb",
        "heading": "Inline Question 1",
        "points": 1,
        "rubric": [{"criterion": "c", "points": 1}],
    }
)


def with_answer(text):
    source = f"## Inline Question 1\nWhy?\n\nAnswer: {text}"
    return json.dumps({"cells": [{"cell_type": "markdown", "source": source}]}).encode()


@pytest.mark.parametrize(
    ("blank", "filled", "picked"),
    [
        ("BatchNormalization.ipynb", "BatchNormalization_final.ipynb", "BatchNormalization_final.ipynb"),
        ("BatchNormalization (1).ipynb", "BatchNormalization.ipynb", "BatchNormalization.ipynb"),
    ],
)
def test_pick_notebook_prefers_a_copy_with_answers_to_one_without(blank, filled, picked):
    files = {blank: with_answer("[FILL THIS IN]"), filled: with_answer("The scale matters less.")}
    entries = [Entry(path, len(data), 0.0, None, path) for path, data in files.items()]
    found, _ = pick_notebook(
        SPEC, entries, near=lambda _: (0, 0), read=lambda entry: files[entry.path], questions=[QUESTION]
    )
    assert found is not None
    assert found.path == picked


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b"[" * 100_000])
def test_pick_notebook_takes_what_is_no_notebook_for_unanswered(data):
    files = {"BatchNormalization.ipynb": data, "BatchNormalization (1).ipynb": with_answer("Robust.")}
    entries = [Entry(path, len(found), 0.0, None, path) for path, found in files.items()]
    found, _ = pick_notebook(
        SPEC, entries, near=lambda _: (0, 0), read=lambda entry: files[entry.path], questions=[QUESTION]
    )
    assert found is not None
    assert found.path == "BatchNormalization (1).ipynb"


@pytest.mark.parametrize("mark", ["1", "(1)", " copy 1", "-final"])
def test_names_made_to_be_read_in_many_ways_are_read_at_once(mark):
    assert plain_name(f"{mark * 40}x.py") == f"{mark * 40}x.py"
    assert plain_name(f"a{mark * 40}.py") == "a.py"


def test_blank_lines_in_front_of_headings_are_passed_over_at_once(kit):
    assert headings_found(kit.notebook("\n" * 1_000_000 + "# Forward Pass"), ["Forward Pass"]) == 1
