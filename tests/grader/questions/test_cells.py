"""What the search for answers sees of a notebook: bounded, whatever was handed in, and never silently."""

from __future__ import annotations

from decimal import Decimal

import pytest

from grader.assignment import Question
from grader.model import Outcome
from grader.questions.answers import extract_answers
from grader.questions.cells import CELL_CHARACTERS, NOTEBOOK_CHARACTERS, read_cells
from grader.questions.rubric import grade_questions

MIB = 1 << 20


def notebook(*sources, kind="markdown"):
    return {"cells": [{"cell_type": kind, "source": source, "metadata": {}} for source in sources]}


def question(kind):
    terms = {
        "text": {"rubric": [{"criterion": "c", "points": 1}]},
        "choice": {"options": 3, "slots": [{"id": "s", "points": 1, "accept": [[2]]}]},
    }
    return Question.model_validate(
        {
            "id": "q",
            "title": "t",
            "kind": kind,
            "notebook": "n.ipynb",
            "heading": "Inline Question 1",
            "points": 1,
            **terms[kind],
        }
    )


def test_read_cells_takes_every_form_of_a_source():
    cells = read_cells(
        {
            "cells": [
                {"source": ["a\r\n", 1, "e\u0301"]},
                "no cell",
                {"source": 5},
                {"source": "x", "metadata": []},
            ]
        }
    )
    assert [cell.source for cell in cells] == ["a\n\u00e9", "", "x"]


def test_read_cells_cuts_and_says_so():
    (cell,) = read_cells(notebook("x" * (CELL_CHARACTERS + 5)))
    assert (
        cell.source
        == "x" * CELL_CHARACTERS + "\n[what follows is left out here for its length: a person has to look]"
    )


@pytest.mark.parametrize("kind", ["markdown", "code"])
def test_read_cells_bounds_all_cells_together(kind):
    cells = read_cells(notebook(*["x" * 90_000] * 200, kind=kind))
    assert sum(cell.source.count("x") for cell in cells) == NOTEBOOK_CHARACTERS
    assert len(cells) == 200


def test_picture_that_is_written_out_does_not_push_the_answer_out():
    text = (
        f"Inline Question 1\n\n**Answer:** ![](data:image/png;base64,{'iVBORw0KGgo' * 100_000}) because of it"
    )
    (answer,) = extract_answers(notebook(text), [question("text")])
    assert answer.text == "![](data:image/png;base64,...) because of it"


@pytest.mark.parametrize("kind", ["text", "choice"])
@pytest.mark.parametrize(
    "filler", ["\n", " \n", "#\n", "a\n", "a\u0301\u0316", "<b", "Answer: 2\n", "\ufdfa"]
)
def test_answer_without_end_is_left_to_a_person(kind, filler):
    asked = question(kind)
    text = f"Inline Question 1\n\n**Answer:** {filler * (8 * MIB // len(filler))}2"
    (result,) = grade_questions(extract_answers(notebook(text), [asked]), [asked], {})
    assert result.outcome is Outcome.NOT_GRADED
    assert result.points == Decimal(0)
    assert "a person has to look" in result.answer


def test_answer_behind_cells_without_end_is_left_to_a_person():
    asked = question("text")
    cells = ["y" * 90_000] * 10 + ["Inline Question 1\n\n**Answer:** mine"]
    (answer,) = extract_answers(
        {
            "cells": [
                {
                    "cell_type": "markdown",
                    "source": text,
                    "metadata": {"gradecheck": {"question": "q"} if text[0] == "I" else {}},
                }
                for text in cells
            ]
        },
        [asked],
    )
    assert answer.answered
    assert "a person has to look" in answer.text
