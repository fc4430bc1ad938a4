"""Reading choices: plain statements are read exactly, everything else is left to a person."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.questions.choices import TOO_LONG_CHARACTERS, read_one, read_slots

LABELS = {
    "bn": ["batch normalization", "batch norm", "batchnorm", "BN", "배치 정규화", "批归一化"],
    "ln": ["layer normalization", "layer norm", "layernorm", "LN", "레이어 정규화", "层归一化"],
}


def one(text, *, negative=False):
    reading = read_one(text, options=3, negative=negative)
    return set(reading.chosen[""]) if not reading.unclear else reading.unclear


def slots(text):
    reading = read_slots(text, labels=LABELS, options=4)
    return {slot: sorted(options) for slot, options in reading.chosen.items()} or reading.unclear


@pytest.mark.parametrize(
    "text",
    [
        "2",
        "(2)",
        "[2]",
        "2.",
        "#2",
        "**2**",
        "- 2",
        "> **2)**",
        "②",
        "２",
        "2번",
        "정답은 2번입니다. 차원이 작으면 추정이 나쁘다.",
        "선택지 2",
        "选项 2：维度太小时统计量不可靠。",
        "Option 2",
        "option #2, because the statistics get noisy",
        "The answer is 2.",
        "I think option 2 is the case",
        "I would choose 2.",
        "After some thought, my answer is option 2",
        "2. Having a very small dimension of features",
        "2) few features",
        "2\n\nWith few features a mean over them says little, and it does not get better with depth.",
        "2, as we would have 2 features only",
        "2: with 3 layers and a step of 1e-3 the loss is 2.31 at 5%",
        "2. The norm of $\\frac{1}{3}\\sum_i x_i$ is unreliable",
        "2 - scaling so that the features sum up to 1, like values of 0 or 1, is no longer robust",
        "~~1~~ 2",
        "<s>3</s> 2",
        "$\\color{red}{2}$",
        "$\\textbf{2}$",
        "2 <!-- not 1 -->",
        "2 ![plot](attachment:1.png)",
        "2 (see [the paper](https://example.org/3))",
    ],
)
def test_read_one_reads_a_stated_option(text):
    assert one(text) == {2}


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("1, 2", {1, 2}),
        ("1 and 3", {1, 3}),
        ("1번과 3번", {1, 3}),
        ("(1) & (2)", {1, 2}),
        ("Options 2 and 3: both", {2, 3}),
        ("1,2,3", {1, 2, 3}),
    ],
)
def test_read_one_reads_several_options(text, options):
    assert one(text) == options


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no option number"),
        ("a small dimension of features", "no option number"),
        ("5", "no option number"),
        ("2 layers would fail", "no option number"),
        ("2-dimensional features are bad", "no option number"),
        ("1 dimensional features are bad", "no option number"),
        ("3 input values are too few", "no option number"),
        ("N=2 is bad", "no option number"),
        ("as shown in [2]", "no option number"),
        ("1-3", "no option number"),
        ("not 2", "does not open with one"),
        ("Everything except 2", "does not open with one"),
        ("I'd rule out option 1", "does not open with one"),
        ("Having a very small dimension of features (2)", "does not open with one"),
        ("The answer is not 2", "does not open with one"),
        ("2 or 3", "several options"),
        ("1 / 2", "several options"),
        ("1~3", "several options"),
        ("2. But 3 may be bad as well", "several options"),
        ("1. deep: fine\n2. few features: bad\n3. reg: fine", "several options"),
        ("2?", "hedges"),
        ("Maybe 2", "does not open with one"),
        ("2, maybe", "hedges"),
        ("1. When there are few features the statistics are noisy", "first point of a list"),
        ("2 is not a problem", "in order to deny"),
        ("2 isn't the one", "in order to deny"),
        ("2: not a problem", "in order to deny"),
        ("Option 1 is fine", "in order to deny"),
        ("2번은 문제 없다", "in order to deny"),
        ("1번은 아니다", "in order to deny"),
        ("Option 2 does not work well", "negated"),
        ("1번은 도움이 되지 않는다", "negated"),
    ],
)
def test_read_one_leaves_the_rest_to_a_person(text, reason):
    assert reason in one(text)


@pytest.mark.parametrize(
    "text", ["Option 2 does not work well", "2번의 경우 잘 작동하지 않을 수 있다. 차원이 작기 때문이다."]
)
def test_read_one_takes_a_negation_where_the_question_asks_for_one(text):
    assert one(text, negative=True) == {2}


@pytest.mark.parametrize(
    "text", ["1, 3 work well", "Option 1 works very well", "2 is good", "1번은 잘 작동한다"]
)
def test_read_one_takes_no_praise_where_the_question_asks_what_fails(text):
    assert "one that works" in one(text, negative=True)


@pytest.mark.parametrize(
    "text",
    ["2 is not a problem", "2번은 문제 없다", "Option 2 is fine", "1 doesn't matter", "3 doesn't hurt"],
)
def test_read_one_takes_no_denial_even_there(text):
    assert "in order to deny" in one(text, negative=True)


@pytest.mark.parametrize(
    "text",
    [
        "BN: 3, LN: 2",
        "BN=3 LN=2",
        "BN -> 3, LN → 2",
        "Batch normalization: option 3 ... Layer normalization: option 2",
        "3 is analogous to batch norm and 2 to layer norm",
        "2 -> layer norm\n3 -> batch norm",
        "[2] is layer normalization. The channels for all pixels sum up to 1.\n\n[3] is batch normalization.",
        "Batch norm is like 3, whereas layer norm is like 2.",
        "| Batch norm | 3 |\n|---|---|\n| Layer norm | 2 |",
        "Batch-Normalization\n\n(3)\n\nLayer  Normalization\n\n(2)",
        "**Batch normalization:**\n- 3. Subtracting the mean\n\n**Layer normalization:**\n- 2. Scaling so that it sums up to 1",
        "배치 정규화는 3번, 레이어 정규화는 2번이다.",
        "3번이 배치 정규화와 유사하고, 2번이 레이어 정규화와 유사하다.",
        "类比于**批归一化**的是选项 **3**：减去均值\n\n类比于**层归一化**的是选项 **2**：单个样本",
        "BN: 3 because 3 takes a mean over all images\nLN: 2 since each image is by itself",
        "BN: 3\nLN: 2\nNeither: 1, 4",
        "BN: 3\nLN: 2\n\nUnlike layer norm, 3 looks at the whole data set, which BN does over a batch".replace(
            "Unlike", "Beside"
        ),
        "BN - 3; LN - 2, as values set to 0 or 1 are no statistics",
        "Batch Normalization [1]: 3\nLayer Normalization [2]: 2",
    ],
)
def test_read_slots_reads_plain_statements(text):
    assert slots(text) == {"bn": [3], "ln": [2]}


@pytest.mark.parametrize(
    "text",
    [
        "Batch normalization : 3\n\nLayer normalization : 1,2\n\n아무것도 아님 : 4",
        "1. LN\n2. LN\n3. BN\n4. none",
        "1, 2 are layer normalization; 3 is batch normalization",
        "3 is BN. 1 is layer norm. 2 is layer norm.",
    ],
)
def test_read_slots_reads_several_options_for_a_slot(text):
    assert slots(text) == {"bn": [3], "ln": [1, 2]}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("3 and 2", "no plain statement"),
        ("3, 2 respectively", "no plain statement"),
        ("Layer normalization: 2", 'no plain statement gives the options for "batch normalization"'),
        ("BN is 3, LN is not 2", "no plain statement"),
        ("BN: 3, 2 LN", "no plain statement"),
        ("BN: 3 or 4\nLN: 2", "no plain statement"),
        ("1. Batch normalization: 3\n2. Layer normalization: 2", "no plain statement"),
        (
            "Batch norm takes the mean over a batch while 3 takes it over all; layer norm: 2",
            "no plain statement",
        ),
        ("For batch norm one would not take 3, layer norm: 2", "no plain statement"),
        ("BN: 3, LN: 2?", "negated or hedges"),
        ("It is not so that BN: 3, LN: 2", "negated or hedges"),
        ("Unlike layer norm: 3, batch norm: 2", "negated or hedges"),
        ("BN: 3\nBN: 2\nLN: 2", "more than once, and differently"),
        ("BN: 3. LN: 2. Option 1 also looks like it", "belong to nothing: 1"),
        ("BN: 3\nLN: 2\nNone: 2", "both chosen and called none"),
        ("Batch normalization:\n1. subtracts\n\nLayer normalization:\n1. scales", "first point of a list"),
        ("1. Batch normalization\n2. Layer normalization", "first point of a list"),
    ],
)
def test_read_slots_leaves_the_rest_to_a_person(text, reason):
    assert reason in slots(text)


@given(st.text(max_size=80), st.integers(2, 6))
def test_reading_never_raises_and_never_chooses_what_is_no_option(text, options):
    for reading in (read_one(text, options=options), read_slots(text, labels=LABELS, options=options)):
        assert bool(reading.unclear) != bool(reading.chosen)
        assert all(set(chosen) <= set(range(1, options + 1)) for chosen in reading.chosen.values())


WORDS = st.sampled_from(
    [
        "BN",
        "LN",
        "1",
        "2",
        "3",
        "4",
        "is",
        "not",
        ":",
        ",",
        ".",
        "\n",
        "and",
        "or",
        "(",
        ")",
        "neither",
        "2번",
        "because",
        "0 or 1",
    ]
)


@given(st.lists(WORDS, max_size=14).map(" ".join))
def test_read_slots_chooses_only_numbers_that_stand_in_the_text(text):
    for slot, options in read_slots(text, labels=LABELS, options=4).chosen.items():
        assert slot in LABELS
        assert all(str(option) in text for option in options)
        assert "BN" in text
        assert "LN" in text


@pytest.mark.parametrize(
    "piece",
    [
        "#",
        "~~",
        "$",
        "[",
        "1 ",
        "1, ",
        "BN ",
        "은",
        "\\color{",
        "- ",
        "<a",
        "`",
        ">|",
        "the answer is ",
        "选项 ",
        "选",
        "BN 비슷하다",
        "비슷하다",
        "유사하다",
        "is is ",
        "not ",
        "<!--",
        "~~a",
    ],
)
def test_reading_ends_on_hostile_text(piece):
    text = f"BN {piece * TOO_LONG_CHARACTERS}"[: TOO_LONG_CHARACTERS - 5] + " zz 2"
    assert read_one(text, options=9).unclear
    assert read_slots(text, labels=LABELS, options=4).unclear


def test_a_text_beyond_the_limit_is_not_read():
    text = "2" + " " * TOO_LONG_CHARACTERS
    assert "characters long" in one(text)
    assert "characters long" in slots(text)


def test_text_that_grows_when_it_is_normalized_is_too_long():
    text = "2" + "\ufdfa" * (TOO_LONG_CHARACTERS // 4)
    assert "characters long" in one(text)
    assert "characters long" in slots(text)
