"""Reading what students call a notebook: forgiving of form, exact about what is no notebook, and deaf to recorded outputs."""

import json
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import SubmissionError
from grader.notebooks.file import MAX_CELLS, read_notebook, write_notebook

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
READABLE = (
    "right",
    "format_3",
    "foreign_kernel_no_ids",
    "duplicate_ids",
    "invalid_metadata",
    "forged_outputs",
    "colab",
)


def read(name):
    return read_notebook((NOTEBOOKS / f"{name}.ipynb").read_bytes(), f"{name}.ipynb")


@pytest.mark.parametrize("name", READABLE)
def test_read_notebook_gives_valid_format_4_5(name):
    nbformat.validate(json.loads(write_notebook(read(name))))


@pytest.mark.parametrize("name", READABLE)
def test_read_notebook_of_what_it_wrote_changes_nothing(name):
    once = write_notebook(read(name))
    assert write_notebook(read_notebook(once, name)) == once


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("not_json", r"^not_json\.ipynb: not JSON at line 2, column \d+ \("),
        ("not_utf8", r"^not_utf8\.ipynb: byte \d+ is not UTF-8; save"),
        ("empty", r"^empty\.ipynb: the file is empty"),
        (
            "top_level_is_a_list",
            r"^top_level_is_a_list\.ipynb: the file holds a JSON array; expected a notebook",
        ),
        ("cells_are_a_number", r"^cells_are_a_number\.ipynb: `cells` is number; expected a list of cells"),
    ],
)
def test_read_notebook_names_file_and_fault(name, message):
    with pytest.raises(SubmissionError, match=message):
        read(name)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(b'{"metadata": {}}', "`cells` is null", id="no-cells"),
        pytest.param(b'{"cells": ["x"]}', "entry 1 of `cells` is string", id="cell-is-text"),
        pytest.param(b"[" * 100_000, "JSON that no notebook holds", id="nested-too-deep"),
        pytest.param(b'{"cells": ' + b"9" * 10_000 + b"}", "JSON that no notebook holds", id="huge-number"),
        pytest.param(
            json.dumps({"cells": [{}] * (MAX_CELLS + 1)}).encode(), f"expected at most {MAX_CELLS}", id="many"
        ),
    ],
)
def test_read_notebook_refuses_what_would_break_later(data, message):
    with pytest.raises(SubmissionError, match=message):
        read_notebook(data, "a.ipynb")


def test_read_notebook_of_format_3_keeps_headings_and_input():
    cells = read("format_3").cells
    assert [(cell.cell_type, cell.source) for cell in cells] == [
        ("markdown", "## Old"),
        ("code", "a = 20\na + 1"),
        ("markdown", "words"),
    ]


def test_read_notebook_drops_recorded_outputs_and_counts():
    cells = read("forged_outputs").cells
    assert [cell.outputs for cell in cells[:2]] == [[], []]
    assert cells[0].execution_count is None


def test_read_notebook_ignores_the_named_kernel():
    metadata = read("foreign_kernel_no_ids").metadata
    assert metadata.kernelspec.name == "python3"
    assert "argv" not in metadata.kernelspec
    assert "widgets" not in metadata


def test_read_notebook_gives_every_cell_its_own_id():
    ids = [cell.id for cell in read("duplicate_ids").cells]
    assert ids == ["same", "cell-1", "cell-2"]


def test_read_notebook_keeps_only_metadata_that_find_questions():
    cells = read("invalid_metadata").cells
    assert [dict(cell.metadata) for cell in cells] == [{}, {"gradecheck": {"question": "q1"}}, {}]
    assert cells[2].cell_type == "markdown"


def test_read_notebook_keeps_pictures_of_answers():
    bundle = {"a.png": {"image/png": "QUJD", "text/html": "<b>"}, "bad": 3}
    cell = {"cell_type": "markdown", "source": "![](attachment:a.png)", "attachments": bundle}
    read_cell = read_notebook(json.dumps({"cells": [cell]}).encode(), "a").cells[0]
    assert read_cell.attachments == {"a.png": {"image/png": "QUJD"}}


def test_read_notebook_accepts_a_byte_order_mark():
    assert read_notebook(b"\xef\xbb\xbf" + b'{"cells": []}', "a").cells == []


def test_write_notebook_survives_lone_surrogates():
    data = b'{"cells": [{"cell_type": "code", "source": "print(\'\\ud800\')", "metadata": {"tags": ["\\udfff"]}}]}'
    written = write_notebook(read_notebook(data, "a"))
    assert b"print('?')" in written


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "cells",
                    "cell_type",
                    "source",
                    "metadata",
                    "id",
                    "input",
                    "level",
                    "attachments",
                    "tags",
                    "gradecheck",
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=25,
)


@given(cells=st.lists(json_values, max_size=4))
def test_read_notebook_gives_a_valid_notebook_or_says_why_not(cells):
    data = json.dumps({"cells": cells}).encode()
    if all(isinstance(cell, dict) for cell in cells):
        nbformat.validate(json.loads(write_notebook(read_notebook(data, "any.ipynb"))))
    else:
        with pytest.raises(SubmissionError, match=r"^any\.ipynb: entry \d of `cells`"):
            read_notebook(data, "any.ipynb")
