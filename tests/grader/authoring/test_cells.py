"""The instructor's notebooks as plain data."""

import json

import nbformat
import pytest

from grader.authoring.cells import (
    clean_notebook,
    dump_notebook,
    new_cell,
    parse_notebook,
    question_of,
    set_source,
    source_of,
)
from grader.errors import AssignmentError

RAW = {
    "cells": [
        {
            "cell_type": "markdown",
            "metadata": {"gradecheck": {"question": "q1", "solution": True}},
            "source": ["a\n", "b"],
        },
        {
            "cell_type": "code",
            "id": "kept",
            "metadata": {"scrolled": True},
            "execution_count": 7,
            "outputs": [{"output_type": "stream", "name": "stdout", "text": "secret"}],
            "source": "x = 1",
        },
        {
            "cell_type": "code",
            "id": "kept",
            "metadata": {},
            "outputs": [],
            "execution_count": None,
            "source": "",
        },
    ],
    "metadata": {"kernelspec": {"name": "python2"}, "widgets": {"state": {}}},
    "nbformat": 4,
    "nbformat_minor": 1,
}


def test_clean_notebook_keeps_text_ids_and_questions_only():
    clean = clean_notebook(RAW)
    assert [cell["id"] for cell in clean["cells"]] == ["cell-001", "kept", "cell-003"]
    assert [source_of(cell) for cell in clean["cells"]] == ["a\nb", "x = 1", ""]
    assert clean["cells"][0]["metadata"] == {"gradecheck": {"question": "q1"}}
    assert clean["cells"][1]["outputs"] == []
    assert "secret" not in json.dumps(clean)
    assert "widgets" not in clean["metadata"]


def test_clean_notebook_is_a_valid_notebook_and_stays_the_same_when_cleaned_again():
    once = dump_notebook(clean_notebook(RAW))
    nbformat.validate(nbformat.reads(once.decode(), as_version=4))
    assert dump_notebook(clean_notebook(parse_notebook(once, "n"))) == once
    assert once == nbformat.writes(nbformat.reads(once.decode(), as_version=4)).encode() + b"\n"


def test_question_of_tolerates_foreign_metadata():
    assert question_of({"metadata": {"gradecheck": {"question": 3}}}) is None
    assert question_of({"metadata": {}}) is None
    assert question_of({"metadata": {"gradecheck": {"question": "q2"}}}) == "q2"


def test_set_source_round_trips_line_ends():
    cell = new_cell("code", "a\n\nb\n", "i")
    assert cell["source"] == ["a\n", "\n", "b\n"]
    set_source(cell, "")
    assert source_of(cell) == ""


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(b"{", r"n\.ipynb:1:2: not JSON", id="not-json"),
        pytest.param(b"\xff", r"n\.ipynb: byte 0 is not UTF-8", id="not-utf8"),
        pytest.param(b"[]", r"not a notebook", id="list"),
        pytest.param(b'{"cells": [], "nbformat": 3}', r"nbformat is 3, expected 4", id="format-3"),
    ],
)
def test_parse_notebook_says_what_is_wrong(data, message):
    with pytest.raises(AssignmentError, match=message):
        parse_notebook(data, "n.ipynb")
