"""Answers to the choice questions as students write them: read right, or left to a person, and never misread."""

from __future__ import annotations

import json

import pytest

from grader.model import Outcome
from grader.questions.answers import extract_answers
from grader.questions.rubric import grade_questions

# The questions as a course's own notebook has them: other words than ours, and no metadata.
QUESTIONS = {
    "q3": "## Inline Question 3:\nWhich of these is like batch normalization, and which is like layer normalization?\n\n"
    "1. Every row of an image is scaled to sum to 1.\n2. Every image is scaled to sum to 1.\n"
    "3. The mean image is subtracted.\n4. Every value becomes either 0 or 1.\n",
    "q4": "## Inline Question 4:\nWhen is layer normalization likely to not work well, and why?\n\n"
    "1. In a deep network\n2. With few features\n3. With a high regularization term\n",
}


def markdown(source):
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def code(source):
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": None}


@pytest.fixture(scope="module")
def read(course):
    """What is read from cells: the reason that shows it, or None where a person has to look."""
    assignment = course("cs231n_batchnorm").assignment
    original = json.loads((assignment.source / "BatchNormalization.ipynb").read_text("utf-8"))
    questions = {question.id: question for question in assignment.spec.questions}

    def read(name, *cells):
        wanted = [questions[name]]
        answers = extract_answers({"cells": list(cells)}, wanted, original=original)
        (result,) = grade_questions(answers, wanted, {})
        return None if result.outcome is Outcome.NOT_GRADED else (result.reason, result.points)

    return read


BOTH, TWO_FOR_LAYER = (
    ("read as batch normalization: 3; layer normalization: 2", 2),
    ("read as batch normalization: 3; layer normalization: 1, 2", 1),
)


@pytest.mark.parametrize(
    ("answer", "truth"),
    [
        ("Batch normalization: 3\nLayer normalization: 2", BOTH),
        ("batchnorm - 3, layernorm - 2", BOTH),
        ("Layer normalization: 1,2 and batch normalization: 3", TWO_FOR_LAYER),
        ("(3) is batch normalization, (1), (2) are layer normalization", TWO_FOR_LAYER),
        ("Option 3: batch normalization, because it is over the data. Option 2: layer normalization.", BOTH),
        ("1, 2 : Layer Normalization\n3 : Batch Normalization\n4 : None", TWO_FOR_LAYER),
        ("배치 정규화: 3번, 레이어 정규화: 1번과 2번", TWO_FOR_LAYER),
        ("3번 - BN\n2번 - LN\n이유: 3번은 데이터셋 전체의 평균 이미지를 빼기 때문", BOTH),
        ("Batch normalization: ~~2~~ 3\nLayer normalization: ~~3~~ 2", BOTH),
        ("3 is for batch normalization as its statistics are over N; 2 is for layer normalization", BOTH),
        ("Analogous to batch normalization: 3\nAnalogous to layer normalization: 1, 2", TWO_FOR_LAYER),
        ("Batch normalization: 3) the mean image\nLayer normalization: 2) each image", BOTH),
        # plain to a person, and left to one
        ("$\\textbf{BN}$: $3$, $\\textbf{LN}$: $2$", None),
        ("The third one is batch normalization, the second is layer normalization", None),
        ("bn = 3, ln = 2 (not 1, because each row is by itself)", None),
        ("Batch Normalization: c\nLayer normalization: b", None),
        ("Batch normalization: three; layer normalization: two", None),
        (
            "Batch -> 3.\nLayer Normalization -> 2.\n\nOption 1 is per row, so it is neither; option 4 has no statistics.",
            None,
        ),
        ("слой: 2, батч: 3", None),
        ("3 and 2 are batch and layer normalization", None),
        ("Subtracting the mean image is batch normalization, scaling each image layer normalization.", None),
    ],
)
def test_two_choices_are_read_or_left_to_a_person(read, answer, truth):
    assert read("q3", markdown(f"{QUESTIONS['q3']}\n## Answer:\n{answer}")) == truth


RIGHT = ("read as 2", 2)


@pytest.mark.parametrize(
    ("answer", "truth"),
    [
        ("2", RIGHT),
        ("(2)", RIGHT),
        ("Ans: 2", RIGHT),
        ("2. With few features", RIGHT),
        ("Option 2: few features give noisy statistics.", RIGHT),
        ("2번", RIGHT),
        ("~~1~~ **2**", RIGHT),
        ("$2$", RIGHT),
        ("It is 2 , small D.", RIGHT),
        ("1,2 and 3", ("read as 1, 2, 3", 0)),
        ("2 and 3", ("read as 2, 3", 0)),
        ("2) few features; 1 and 3 do not matter.", None),
        ("정답은 2번. 1번은 상관없다.", None),
        ("I'd go with 2, since few features are noisy. Depth (1) is no problem.", None),
        ("Not 1 or 3, so 2.", None),
        ("2 \n\n3 could also matter when the term is high", None),
        ("2, 3는 아님", None),
        ("1: no\n2: yes\n3: no", None),
        ("The second one.", None),
        ("two", None),
        ("No. 2", None),
    ],
)
def test_one_choice_is_read_or_left_to_a_person(read, answer, truth):
    assert read("q4", markdown(f"{QUESTIONS['q4']}\n## Answer:\n{answer}")) == truth


COLOURED, FILL = "$\\color{blue}{\\textit Your Answer:}$", "## Answer:\n[FILL THIS IN]\n"


@pytest.mark.parametrize(
    ("cells", "truth"),
    [
        pytest.param(
            [markdown(f"{QUESTIONS['q4']}\n{COLOURED} 2. Few features\n")], RIGHT, id="behind-the-marker"
        ),
        pytest.param(
            [markdown(f"{QUESTIONS['q4']}\n{FILL}"), markdown("2. Few features")], RIGHT, id="new-cell"
        ),
        pytest.param(
            [markdown(f"{QUESTIONS['q4']}\n{FILL}"), code("# 2. few features")], RIGHT, id="comment"
        ),
        pytest.param(
            [markdown(f"{QUESTIONS['q4']}\n{FILL}"), code("'''2, few features'''")], RIGHT, id="string"
        ),
        pytest.param(
            [markdown(f"{QUESTIONS['q4']}\n{FILL}"), code("print('2, few features')")], None, id="print"
        ),
        pytest.param([markdown(QUESTIONS["q4"]), markdown("2")], RIGHT, id="no-marker"),
        pytest.param([markdown(f"{QUESTIONS['q4']}\n2")], None, id="no-marker-in-the-question"),
        pytest.param([markdown(f"{QUESTIONS['q4']}\n**2**\n\n{FILL}")], None, id="above-the-marker"),
        pytest.param(
            [markdown(f"{QUESTIONS['q4']}\n2, because few features are noisy\n\n{COLOURED}\n")],
            None,
            id="above-a-coloured-one",
        ),
        pytest.param(
            [
                markdown(
                    f"{QUESTIONS['q4'].replace('2. With few features', '**2. With few features** <-- this')}\n{FILL}"
                )
            ],
            None,
            id="bold-option",
        ),
        pytest.param(
            [markdown(f"{QUESTIONS['q4'].replace('2. With', '2. [x] With')}\n{FILL}")],
            None,
            id="ticked-option",
        ),
    ],
)
def test_an_answer_is_found_where_it_stands_or_by_a_person(read, cells, truth):
    assert read("q4", *cells) == truth


@pytest.mark.parametrize("name", QUESTIONS)
@pytest.mark.parametrize("template", [FILL, "## Answer:\n", f"{COLOURED} *fill this in.*\n", f"{COLOURED}\n"])
def test_a_question_left_as_it_came_is_not_answered(read, name, template):
    came = read(name, markdown(f"{QUESTIONS[name]}\n{template}"), code("solver.train()"))
    assert came == ("not answered: the template's text is unchanged", 0)
