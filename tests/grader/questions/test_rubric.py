"""Inline questions: exact choices, highlighted passages, and persons' marks above everything."""

import unicodedata
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.assignment import Question
from grader.model import Answer, ManualMark, Outcome, QuestionKind
from grader.questions.rubric import criteria, grade_questions, score_choice

TEXT = Question.model_validate(
    {
        "id": "why",
        "title": "Weight scale",
        "kind": "text",
        "notebook": "n.ipynb",
        "heading": "Inline Question 1",
        "points": 3,
        "rubric": [
            {
                "criterion": "Effect",
                "points": 2,
                "terms": {
                    "en": ["initial", "weight scale", "robust", "initialization"],
                    "ko": ["초기화", "배치 크기"],
                },
            },
            {"criterion": "Cause", "points": 1, "terms": {"en": ["vanish"]}},
        ],
    }
)
ONE = Question.model_validate(
    {
        "id": "when",
        "title": "When layer normalization does not work",
        "kind": "choice",
        "notebook": "n.ipynb",
        "heading": "Inline Question 4",
        "points": 2,
        "options": 3,
        "slots": [{"id": "case", "accept": [[2], [2, 3]], "points": 2}],
    }
)
TWO = Question.model_validate(
    {
        "id": "which",
        "title": "Which is which",
        "kind": "choice",
        "notebook": "n.ipynb",
        "heading": "Inline Question 3",
        "points": 2,
        "options": 4,
        "slots": [
            {"id": "bn", "labels": ["batch normalization", "BN"], "accept": [[3]], "points": "1.5"},
            {"id": "ln", "labels": ["layer normalization", "LN"], "accept": [[2], [1, 2]], "points": "0.5"},
        ],
    }
)


def mark(item="why", points="2", comment="well seen"):
    when = datetime(2026, 3, 1, tzinfo=UTC)
    return ManualMark(
        student="kim", item=item, points=Decimal(points), comment=comment, marker="ta", marked_at=when
    )


def grade(question, text=None, *, marks=None, **answer):
    values = {"question": question.id, "text": text or "", "answered": bool(text), "cell": 3}
    return grade_questions([Answer(**(values | answer))], [question], marks or {})[0]


# --- choices ---


@pytest.mark.parametrize("text", ["2", "2번의 경우 잘 작동하지 않을 수 있다.", "2 and 3"])
def test_a_right_choice_passes(text):
    found = score_choice(text, ONE)
    assert (found.outcome, found.points, found.max_points) == (Outcome.PASSED, 2, 2)


def test_a_wrong_choice_fails_with_what_was_read_and_without_the_key():
    found = score_choice("1", ONE)
    assert (found.outcome, found.points, found.reason) == (Outcome.FAILED, 0, "read as 1")


def test_a_negation_is_the_answer_only_where_the_title_asks_for_one():
    plain = ONE.model_copy(update={"title": "Which option helps"})
    assert score_choice("Option 2 does not work well", ONE).outcome is Outcome.PASSED
    assert score_choice("Option 2 does not work well", plain).outcome is Outcome.NOT_GRADED


@pytest.mark.parametrize("text", ["1 or 2", "few features", "not 2"])
def test_an_unclear_choice_is_left_to_a_person(text):
    found = score_choice(text, ONE)
    assert (found.outcome, found.points, found.answer, found.answered) == (Outcome.NOT_GRADED, 0, text, True)
    assert found.reason.startswith("a person has to read which option was chosen: ")


@pytest.mark.parametrize(
    ("text", "outcome", "points"),
    [
        ("BN: 3, LN: 2", Outcome.PASSED, "2"),
        ("BN: 3, LN: 1, 2", Outcome.PASSED, "2"),
        ("BN: 3, LN: 1", Outcome.FAILED, "1.5"),
        ("BN: 4, LN: 2", Outcome.FAILED, "0.5"),
        ("BN: 3, 4; LN: 2", Outcome.FAILED, "0.5"),
        ("BN: 2\nLN: 3", Outcome.FAILED, "0"),
        ("BN: 3", Outcome.NOT_GRADED, "0"),
    ],
)
def test_each_slot_earns_its_points_as_a_whole(text, outcome, points):
    found = score_choice(text, TWO)
    assert (found.outcome, found.points) == (outcome, Decimal(points))


def test_several_slots_show_what_was_read_for_each():
    assert (
        score_choice("BN: 3, LN: 1, 2", TWO).reason
        == "read as batch normalization: 3; layer normalization: 1, 2"
    )


# --- text questions ---


def test_a_text_answer_waits_for_a_person_with_its_passages_marked():
    found = grade(TEXT, "Robust to the weight\n scale.")
    assert (found.kind, found.outcome, found.points, found.reason) == (
        QuestionKind.TEXT,
        Outcome.NOT_GRADED,
        0,
        "a person has to mark this answer",
    )
    assert [(line.text, line.points) for line in found.criteria] == [("Effect", 2), ("Cause", 1)]
    assert [found.answer[start:end] for start, end in found.criteria[0].spans] == ["Robust", "weight\n scale"]
    assert found.criteria[1].spans == ()


@pytest.mark.parametrize(
    ("text", "passages"),
    [
        ("INITIALISATION matters", ["INITIALISATION"]),
        ("initialization", ["initialization"]),  # two terms on one place are one passage
        ("uninitialized", []),
        ("weight-scales", ["weight-scales"]),
        ("초기화를 잘", ["초기화를"]),
        ("가중치초기화에 둔감", ["초기화에"]),
        ("배치크기는 크고 배치 크기가", ["배치크기는", "배치 크기가"]),
        ("초기화된", ["초기화"]),
        ("robust초기화", ["robust초기화"]),
    ],
)
def test_terms_are_stems_in_english_and_parts_of_words_in_korean(text, passages):
    assert [text[start:end] for start, end in criteria(text, TEXT)[0].spans] == passages


def test_spans_fit_the_nfc_text_that_is_shown():
    found = grade(TEXT, unicodedata.normalize("NFD", "값의 초기화에 robust"))
    assert found.answer == "값의 초기화에 robust"
    assert [found.answer[start:end] for start, end in found.criteria[0].spans] == ["초기화에", "robust"]


@given(st.text(st.sampled_from("robust weight scale initial 초기화배치 크기는-\n")))
def test_spans_are_sorted_disjoint_and_inside(text):
    for line in criteria(text, TEXT):
        ends = [position for span in line.spans for position in span]
        assert ends == sorted(ends)
        assert all(start < end <= len(unicodedata.normalize("NFC", text)) for start, end in line.spans)


def test_a_perfect_copy_of_the_terms_earns_nothing_by_itself():
    found = grade(TEXT, "initial weight scale robust initialization 초기화 배치 크기 vanish")
    assert (found.outcome, found.points) == (Outcome.NOT_GRADED, 0)


# --- all questions ---


@pytest.mark.parametrize("question", [TEXT, ONE], ids=["text", "choice"])
def test_an_unanswered_question_earns_nothing_and_needs_no_person(question):
    found = grade(question)
    assert (found.outcome, found.points, found.answered) == (Outcome.FAILED, 0, False)
    assert found.reason == "not answered: the template's text is unchanged"


def test_a_question_without_notebook_earns_nothing():
    looked_for = grade_questions([], [TEXT], {}, elsewhere="doc/report.pdf")[0]
    assert looked_for.outcome is Outcome.NOT_GRADED
    assert "a person has to look for the answer in doc/report.pdf" in looked_for.reason
    found = grade_questions([], [TEXT], {})[0]
    assert (found.outcome, found.points) == (Outcome.FAILED, 0)
    assert "missing or could not be read" in found.reason


def test_a_question_that_was_not_found_is_left_to_a_person():
    found = grade(TEXT, cell=None)
    assert (found.outcome, found.points) == (Outcome.NOT_GRADED, 0)
    assert '"Inline Question 1" was not found' in found.reason


@pytest.mark.parametrize(
    ("points", "outcome"), [("3", Outcome.PASSED), ("2.5", Outcome.FAILED), ("0", Outcome.FAILED)]
)
def test_a_mark_decides_a_text_question(points, outcome):
    given_mark = mark(points=points)
    found = grade(TEXT, "Robust.", marks={"why": given_mark})
    assert (found.outcome, found.points, found.reason, found.mark) == (
        outcome,
        Decimal(points),
        "well seen",
        given_mark,
    )
    assert found.criteria[0].spans


@pytest.mark.parametrize("text", ["1", "2", "unclear", None])
def test_a_mark_overrides_what_was_read(text):
    given_mark = mark("when", "1")
    found = grade(ONE, text, marks={"when": given_mark})
    assert (found.outcome, found.points, found.mark) == (Outcome.FAILED, 1, given_mark)


def test_results_come_in_the_order_of_the_questions():
    answers = [
        Answer(question="which", text="BN: 3, LN: 2", answered=True, cell=1),
        Answer(question="when", text="2", answered=True, cell=2),
    ]
    found = grade_questions(answers, [ONE, TEXT, TWO], {"nobody": mark("nobody")})
    assert [(result.id, result.outcome) for result in found] == [
        ("when", Outcome.PASSED),
        ("why", Outcome.FAILED),
        ("which", Outcome.PASSED),
    ]
