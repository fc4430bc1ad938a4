"""How a self-check is shown: 80 columns, no colour unless asked for, nothing that could be markup."""

import re
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from grader.probe.selfcheck_view import Row, as_html, as_text

PASSED = Row("a", "f", "It works", "passed", relative_error=2e-9, tolerance=1e-7)
FAILED = Row(
    "b",
    "f",
    "It also works",
    "failed",
    reason="out has shape (3,), expected (3, 1)",
    hint="Look at keepdims.",
    section="Forward",
    place="layers.py, line 3, in f",
    code="return x.sum(axis=1)",
    warnings=("RuntimeWarning: overflow",),
    printed="debug\n",
)
TODO = Row("c", "g", "Not there", "todo", reason="g is not written yet", place="layers.py, line 9, in g")

WORDS = st.text("abc <>&\"'\x1b\n가", max_size=120)
ROWS = st.builds(
    Row,
    check=WORDS,
    of=st.just("f") | st.just("Net.loss"),
    title=WORDS,
    outcome=st.sampled_from(["passed", "failed", "todo"]),
    reason=WORDS,
    relative_error=st.none() | st.floats(0, 1),
    hint=WORDS,
    place=WORDS,
    code=WORDS,
    warnings=st.lists(WORDS, max_size=2).map(tuple),
    printed=WORDS,
)


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags = set()
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)

    def handle_data(self, data):
        self.text += data


def test_text_says_outcome_error_reason_place_and_hint():
    assert as_text("Scaling", [PASSED, FAILED, TODO]).splitlines() == [
        "Scaling: self-check",
        "",
        "f",
        "  ok    It works                                                         2.0e-09",
        "  FAIL  It also works",
        "        out has shape (3,), expected (3, 1)",
        "        at layers.py, line 3, in f",
        "            return x.sum(axis=1)",
        "        hint: Look at keepdims.",
        "        see: Forward",
        "        printed: debug",
        "        note: RuntimeWarning: overflow",
        "",
        "g",
        "  todo  Not there",
        "        at layers.py, line 9, in g",
        "",
        "1 of 3 checks pass, 1 not written yet. Published inputs: the grader draws",
        "others, and may check more.",
    ]


def test_same_failure_is_said_once():
    broken = [
        Row(name, "f", name, "failed", reason="raised SyntaxError", place="a.py, line 1") for name in "xyz"
    ]
    text = as_text("T", broken)
    assert text.count("raised SyntaxError") == 1
    assert text.count("as above") == 2


def test_failures_without_a_place_are_never_as_above():
    rows = [Row(name, "f", name, "failed", reason="out is None") for name in "xy"]
    assert "as above" not in as_text("T", rows)


def test_colour_only_when_asked_for():
    assert "\x1b" not in as_text("T", [PASSED, FAILED, TODO])
    coloured = as_text("T", [PASSED, FAILED, TODO], colour=True)
    assert "\x1b[32mok  \x1b[0m" in coloured
    assert re.sub(r"\x1b\[\d+m", "", coloured) == as_text("T", [PASSED, FAILED, TODO])


@given(WORDS, st.lists(ROWS, max_size=4))
def test_text_stays_within_80_columns_without_control_characters(title, rows):
    for line in as_text(title.replace("\n", " ")[:50], rows).split("\n")[1:]:
        assert len(line) <= 80
        assert line.isprintable() or not line


@given(WORDS, st.lists(ROWS, max_size=4))
def test_html_has_the_tags_of_the_table_alone(title, rows):
    parser = Tags()
    parser.feed(as_html(title, rows))
    assert parser.tags <= {"div", "table", "caption", "thead", "tbody", "tr", "th", "td", "strong", "p"}


def test_html_shows_text_as_text():
    row = Row("a", "f", "<script>alert(1)</script>", "failed", reason="a < b & c")
    html = as_html("T", [row])
    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    parser = Tags()
    parser.feed(html)
    assert "a < b & c" in parser.text


def test_html_names_its_columns_and_says_outcomes_in_words():
    html = as_html("T", [PASSED, FAILED, TODO])
    assert html.count('scope="col"') == 5
    for words in (
        "ok",
        "FAIL",
        "todo",
        "2.0e-09",
        "1.0e-07",
        "Look at keepdims.",
        "1 of 3 checks pass",
    ):
        assert words in html
