"""Finding option numbers and labels: what counts as an option, and what is only a number."""

import pytest

from grader.questions.items import NONE, Kind, plain_text, read_sentences

LABELS = {"bn": ["batch norm"], "ln": ["layer norm", "레이어 정규화"]}


def found(text, labels=LABELS, options=4):
    """Slots and option groups in order, sentence by sentence."""
    return [
        [item.slot if item.kind is Kind.LABEL else sorted(item.options) for item in items]
        for _, items in read_sentences(plain_text(text), labels, options)
    ]


@pytest.mark.parametrize(
    ("text", "items"),
    [
        pytest.param("Batch norm: 3, layer-norm: 1 and 2", [["bn", [3], "ln", [1, 2]]], id="groups"),
        pytest.param("레이어 정규화는 2번", [["ln", [2]]], id="korean"),
        pytest.param("Neither: 4.", [[NONE, [4]]], id="neither"),
        pytest.param("Batch norm\n3\nlayer norm\n2", [["bn", [3]], ["ln", [2]]], id="heading-lines"),
        pytest.param("It has 2 layers and sums up to 1.", [[]], id="counts-and-sums"),
        pytest.param("As shown in [1], option 3", [[[3]]], id="citation"),
        pytest.param("option 7 of 4", [[[4]]], id="no-such-option"),
        pytest.param("a binary 0 or 1 mask", [[]], id="values"),
        pytest.param(r"$\{1, 2\}$ but not $x^2 + 1$", [[[1, 2]]], id="formulas"),
        pytest.param("~~2~~ 3 <!-- 4 -->", [[[3]]], id="struck-and-hidden"),
    ],
)
def test_items_are_labels_and_options_in_order(text, items):
    assert found(text) == items


def test_a_list_mark_is_told_from_a_number():
    ((sentence, (item,)),) = read_sentences(plain_text("1. it is small"), {}, 3)
    assert item.listed
    assert sentence[item.start : item.end] == "1."
