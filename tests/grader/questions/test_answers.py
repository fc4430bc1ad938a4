"""Finding answers in notebooks: by metadata and by heading, and never a zero for an answer that was not recognised."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from grader.assignment import Question
from grader.questions.answers import extract_answers

PROMPT = "Describe the results of this experiment."


def question(number=1, **changes):
    values = {
        "id": f"q{number}",
        "title": "T",
        "kind": "text",
        "notebook": "n.ipynb",
        "heading": f"Inline Question {number}",
        "points": 1,
        "rubric": [{"criterion": "c", "points": 1}],
    }
    return Question.model_validate(values | changes)


def markdown(source, question_id=None):
    metadata = {"gradecheck": {"question": question_id}} if question_id else {}
    return {"cell_type": "markdown", "metadata": metadata, "source": source}


def code(source):
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": None}


def raw(source):
    return {"cell_type": "raw", "metadata": {}, "source": source}


def notebook(*cells):
    return {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": list(cells)}


def answer_in(*cells, number=1, original=None, **changes):
    return extract_answers(notebook(*cells), [question(number, **changes)], original=original)[0]


# --- by heading ---


@pytest.mark.parametrize(
    "heading",
    [
        "Inline Question 1",
        "inline question 1:",
        "## Inline Question 1:",
        "### 3.1 Inline Question 1:",
        "**Inline Question 1**",
        "**Inline Question 1:**",
        "#### **Inline Question 1.**",
        "> __Inline  Question 1__ :",
        "**Inline Question 1** - *what do you see?*",
    ],
)
def test_a_question_is_found_by_its_heading_however_dressed(heading):
    found = answer_in(markdown("# Intro"), markdown(f"{heading}\n{PROMPT}\n\n**Answer:** Robust."))
    assert (found.text, found.answered, found.cell) == ("Robust.", True, 1)


@pytest.mark.parametrize(
    "heading", ["Inline Question 10", "Inline Question 12:", "See Inline Question 1", "Inline Questions"]
)
def test_another_heading_is_not_the_question(heading):
    found = answer_in(markdown(f"## {heading}\n\nAnswer: no"))
    assert (found.text, found.answered, found.cell) == ("", False, None)


@pytest.mark.parametrize(
    "marker",
    [
        "Answer:",
        "**Answer:**",
        "**Answer**:",
        "## Answer:",
        "#### 4.2 Answer:",
        "*Your Answer:*",
        "My answer:",
        "ANSWER :",
        "Answer 1:",
        "Ans:",
        "Ans.",
        "**Answer.**",
        "Answer -",
        "My answer =>",
        "**Solution:**",
        "**Antwort:**",
        "Respuesta:",
        "**Réponse :**",
        "<h2>Answer:</h2>",
        "<font color='red'>**Answer:**",
        "답:",
        "**답변**:",
        "答案：",
        "$\\color{blue}{\\textit{Your Answer:}}$",
        "$\\color{blue}{\\textit Your Answer:}$",
    ],
)
@pytest.mark.parametrize("space", [" ", "\n\n"])
def test_the_answer_stands_behind_the_marker(marker, space):
    found = answer_in(markdown(f"**Inline Question 1**\n\n{PROMPT}\n\n{marker}{space}It is robust."))
    assert (found.text, found.answered) == ("It is robust.", True)


def test_a_number_behind_the_word_answer_is_the_answer():
    assert answer_in(markdown("Inline Question 1\n\nAnswer 2")).text.endswith("Answer 2")
    assert answer_in(markdown("Inline Question 1\n\nAnswer 2.")).text.endswith("Answer 2.")
    assert answer_in(markdown("Inline Question 1\n\nAns 2 - few features")).text.endswith(
        "Ans 2 - few features"
    )
    assert answer_in(markdown("Inline Question 1\n\n## Answer\n2")).text == "2"
    assert answer_in(markdown("Inline Question 1\n\nAnswer - 2")).text == "2"


@pytest.mark.parametrize("make", [markdown, raw])
def test_the_answer_may_stand_in_the_next_cells(make):
    found = answer_in(
        markdown(f"## Inline Question 1\n{PROMPT}"),
        make("**Answer:** First."),
        make("Second."),
        markdown("# Next section"),
        markdown("Prose of the notebook."),
    )
    assert (found.text, found.cell) == ("First.\n\nSecond.", 1)


def test_the_next_cell_is_the_answer_also_without_marker():
    found = answer_in(markdown(f"## Inline Question 1\n{PROMPT}"), markdown("It is robust."), code("x = 1"))
    assert (found.text, found.answered, found.cell) == ("It is robust.", True, 1)


def test_the_answer_ends_at_code_headings_and_other_questions():
    one, two = question(1), question(2)
    cells = [
        markdown("## Inline Question 1\n\n## Answer:\nFirst."),
        code("run()"),
        markdown("Not part of it."),
        markdown("## Inline Question 2\n\n## Answer:\nSecond."),
    ]
    assert [found.text for found in extract_answers(notebook(*cells), [one, two])] == ["First.", "Second."]


def test_two_questions_in_one_cell_are_kept_apart():
    cell = markdown("Inline Question 1\nAnswer: one\n\nInline Question 2\nAnswer: two")
    found = extract_answers(notebook(cell), [question(2), question(1)])
    assert [(answer.question, answer.text) for answer in found] == [("q2", "two"), ("q1", "one")]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("# It is robust.\n# Very.", "It is robust.\nVery."),
        ("'''It is robust.'''", "It is robust."),
        ("2", "2"),
        ("1, 3", "1, 3"),
    ],
)
def test_an_answer_in_a_code_cell_is_found(source, text):
    found = answer_in(markdown("## Inline Question 1\n\n## Answer:\n[FILL THIS IN]"), code(source))
    assert found.answered
    assert text in found.text


@pytest.mark.parametrize(
    "source", ["x = 2", "run(1)", "%matplotlib inline", "# plot\nplt.plot(x)", "((((" * 200]
)
def test_code_is_no_answer(source):
    assert not answer_in(
        markdown("## Inline Question 1\n\n## Answer:\n[FILL THIS IN]"), code(source)
    ).answered


def test_a_question_without_marker_or_answer_below_is_left_to_a_person():
    found = answer_in(markdown(f"## Inline Question 1\n{PROMPT}\nIt is robust."), code("x = 1"))
    assert found.answered
    assert found.text == f"{PROMPT}\nIt is robust."


# --- by metadata ---


def test_marked_cells_come_before_headings():
    found = answer_in(
        markdown("## Inline Question 1\n\n**Answer:** of an older copy"),
        markdown("It is robust.", "q1"),
        markdown("Next paragraph."),
    )
    assert (found.text, found.answered, found.cell) == ("It is robust.", True, 1)


def test_a_marked_cell_may_hold_question_and_answer():
    assert (
        answer_in(markdown(f"## Inline Question 1\n{PROMPT}\n\n**Answer:**\n\nRobust.", "q1")).text
        == "Robust."
    )


def test_a_marked_cell_keeps_the_marker_out_of_the_answer():
    assert answer_in(markdown("**Answer:** Robust.", "q1")).text == "Robust."


def test_an_answer_below_an_unchanged_marked_cell_is_found():
    found = answer_in(markdown("[FILL THIS IN]", "q1"), markdown("It is robust."))
    assert found.answered
    assert "It is robust." in found.text


def test_an_answer_in_the_instructors_own_words_is_an_answer():
    solved = markdown("Batch: 3, layer: 2", "q1")
    solved["metadata"]["gradecheck"]["solution"] = True
    question = markdown("Inline Question 1\n\nWhich is which?")
    found = answer_in(question, markdown("Batch: 3, layer: 2"), original=notebook(question, solved))
    assert (found.text, found.answered) == ("Batch: 3, layer: 2", True)


def test_a_cell_of_the_original_is_never_taken_for_an_answer():
    cells = [
        markdown("[FILL THIS IN]", "q1"),
        markdown("We will now run an experiment."),
        code("# Say what you see\n"),
    ]
    assert not answer_in(*cells, original=notebook(*cells)).answered
    own = answer_in(
        cells[0], markdown("It is robust."), markdown("Very."), *cells[1:], original=notebook(*cells)
    )
    assert own.text.endswith("It is robust.\n\nVery.")


def test_a_marked_cell_of_another_type_is_still_the_answer():
    cell = code("2번의 경우") | {"metadata": {"gradecheck": {"question": "q1"}}}
    assert answer_in(cell).text == "2번의 경우"


# --- templates, copies, text ---


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n\n ",
        "[FILL THIS IN]",
        "*[fill this in]*",
        "Your answer here",
        "*Your answer here.*",
        "_Write your answer here!_",
        "TODO",
        "...",
        "<br>&nbsp;<!-- say more -->",
        "\u3164 \uffa0\u115f\u1160",
        "답변을 작성하세요.",
        unicodedata.normalize("NFD", "답변을 작성하세요."),
        "Explain  in two\nsentences",
    ],
)
@pytest.mark.parametrize("where", ["heading", "metadata"])
def test_unchanged_template_text_is_not_answered(text, where):
    cell = (
        markdown(text, "q1")
        if where == "metadata"
        else markdown(f"## Inline Question 1\n{PROMPT}\n\n**Answer:** {text}")
    )
    found = answer_in(cell, code("x = 1"), template="Explain in two sentences")
    assert (found.answered, found.cell) == (False, 0)


@pytest.mark.parametrize(
    "text", ["2", "No.", "아니오", "![plot](attachment:image.png)", "TODO: but it is robust", "$x$"]
)
def test_anything_else_is_answered(text):
    assert answer_in(markdown(text, "q1")).answered


def test_a_template_left_beside_the_answer_is_taken_out():
    assert answer_in(markdown("[FILL THIS IN]\n\n2", "q1")).text == "2"


def test_of_copied_questions_the_answered_one_counts():
    blank, filled = (
        markdown("**Inline Question 1**\n\nAnswer:"),
        markdown("**Inline Question 1**\n\nAnswer: Robust."),
    )
    for cells in ([blank, code("x"), filled], [filled, code("x"), blank], [filled, filled]):
        assert answer_in(*cells).text == "Robust."


def test_of_different_copies_all_answers_are_shown():
    cells = [markdown("Inline Question 1\nAnswer: 2"), code("x"), markdown("Inline Question 1\nAnswer: 3")]
    assert answer_in(*cells).text == "2\n\n3"


def test_texts_are_nfc_and_lists_of_lines_are_joined():
    found = answer_in(markdown(["Answer:\n", unicodedata.normalize("NFD", "배치 정규화")], "q1"))
    assert found.text == "배치 정규화"


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"cells": None},
        {"cells": [None, 3, {}, {"cell_type": 1, "source": 2, "metadata": []}, {"source": [1, None]}]},
    ],
)
def test_cells_that_are_not_as_the_format_says_are_passed_over(broken):
    assert extract_answers(broken, [question()])[0].cell is None


PIECES = st.sampled_from(
    ["Inline Question 1", "## ", "Answer:", "**", "\n", " ", "2", "[FILL THIS IN]", "답:", "text", "# Next"]
)
CELLS = st.tuples(st.sampled_from([markdown, code, raw]), st.lists(PIECES, max_size=8).map("".join)).map(
    lambda made: made[0](made[1])
)


@pytest.mark.parametrize("source", ["answer = 2", "my_answer = '2'", "q4 = 2  # few features"])
def test_a_constant_called_an_answer_in_a_code_cell_goes_to_a_person(source):
    found = answer_in(markdown("Inline Question 1\n\nAnswer:"), code(source))
    assert (found.text, found.answered) == (source.strip(" '"), True)


@pytest.mark.parametrize("source", ["N = 2", "answers = train(2)", "answer[1] = 2"])
def test_other_assignments_below_a_question_are_no_answer(source):
    assert not answer_in(markdown("Inline Question 1\n\nAnswer:"), code(source)).answered


@given(st.lists(CELLS, max_size=5))
@example([markdown("Inline Question 1[FILL THIS IN][FILL THIS IN]")])
def test_any_notebook_gives_one_answer_for_each_question(cells):
    answers = extract_answers(notebook(*cells), [question(1), question(2)])
    assert [found.question for found in answers] == ["q1", "q2"]
    for found in answers:
        assert found.cell is None or 0 <= found.cell < len(cells)
        assert found.cell is not None or not found.answered
        assert found.text.strip() or not found.answered


@pytest.mark.parametrize(
    "piece",
    [
        "<a>",
        "</a>",
        "*",
        "#",
        " ",
        "\t",
        "_ ",
        "1.",
        "1 ",
        "<!--",
        "<p",
        "$\\color{",
        "Answer",
        "Answer:",
        "Inline ",
        "-",
        "(",
        "답 ",
        "> ",
        "=\n",
        "'",
    ],
)
@pytest.mark.parametrize("make", [markdown, code])
def test_finding_ends_on_hostile_cells(piece, make):
    text = piece * (200_000 // len(piece))
    cells = [
        markdown("Inline Question 1\n\nAnswer:"),
        make(f"{text}x"),
        markdown(f"Inline Question 1{text}x", "q1"),
    ]
    found = answer_in(*cells, original=notebook(markdown(text)))
    assert found.cell is not None


def test_a_code_cell_that_would_burst_the_parser_is_no_answer():
    assert not answer_in(markdown("Inline Question 1\n\nAnswer:"), code("-" * 1_999 + "1")).answered
