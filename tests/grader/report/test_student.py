import dataclasses
import json
import re
from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.model import CheckResult, Outcome, Result, Status
from grader.report import Audience, ReportHeader, class_row, render_class, render_student
from grader.report.student import student_page, total

STUDENT, INSTRUCTOR = Audience.STUDENT, Audience.INSTRUCTOR
GOLD = Path(__file__).parent / "gold"
ACTUAL = Path(__file__).parents[2] / "actual"


class Structure(HTMLParser):
    """Tags with their attributes' names, in order; and the attributes' values by "tag@name"."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, ...]] = []
        self.values: dict[str, set[str]] = {}
        self.text: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, *(name for name, _ in attrs)))
        for name, value in attrs:
            self.values.setdefault(f"{tag}@{name}", set()).add(value or "")

    def handle_data(self, data: str) -> None:
        self.text.append(data)


# --- totals ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "pending", "words"),
    [
        (Status.COMPLETE, 0, "Complete"),
        (Status.PENDING, 1, "1 mark pending"),
        (Status.PENDING, 2, "2 marks pending"),
        (Status.NOT_GRADED, 0, "Not fully graded"),
    ],
)
def test_total_says_how_far_the_mark_is(
    make_result: Callable[..., Result], status: Status, pending: int, words: str
) -> None:
    assert total(make_result(status=status, pending=pending)).status == words


def test_total_is_100_percent_only_when_exact(make_result: Callable[..., Result]) -> None:
    almost = total(make_result(score=Decimal("99.999"), max_score=Decimal(100)))
    assert (almost.score, almost.percent) == ("99.99", "99 %")
    assert total(make_result(score=Decimal(100), max_score=Decimal(100))).percent == "100 %"


def test_total_without_points_has_no_percent(make_result: Callable[..., Result]) -> None:
    assert total(make_result(score=Decimal(0), max_score=Decimal(0))).percent == ""


def test_total_bar_shows_what_is_open(wrong: Result) -> None:
    bar = total(wrong)
    # 4.7 of 16 earned; question 2 (3 points) waits, one check (1 point) was not graded.
    assert (bar.earned_at, bar.open_at) == (29.38, 25.0)


# --- who sees what --------------------------------------------------------------------------------------------------------


def test_student_page_holds_nothing_hidden(
    wrong: Result, header: ReportHeader, executed: dict[str, bytes]
) -> None:
    page = render_student(wrong, header, executed=executed, audience=STUDENT)
    assert "Title of unseen" in page
    assert "dx has another shape than x." in page
    for secret in (
        "SECRET",
        "error 0.42",
        "0.4242",
        "/home/prof",
        "prof kim",
        "cgroup",
        "2.4.6",
        ">d1<",
        ">e1<",
    ):
        assert secret not in page, secret


def test_instructor_page_holds_all_of_it(
    wrong: Result, header: ReportHeader, executed: dict[str, bytes]
) -> None:
    page = render_student(wrong, header, executed=executed, audience=INSTRUCTOR)
    for shown in (
        "SECRETDETAIL",
        "SECRETHINT",
        "SECRETFINDING",
        "SECRETMESSAGE",
        "SECRETWARNING",
        "SECRETNOTE",
        "error 0.42",
        "/home/prof kim/env/lib/numpy/core.py",
        "cgroup v1",
    ):
        assert shown in page, shown


def test_student_page_shows_what_helps(
    wrong: Result, header: ReportHeader, executed: dict[str, bytes]
) -> None:
    text = " ".join(
        " ".join(Structure(render_student(wrong, header, executed=executed, audience=STUDENT)).text).split()
    )
    for shown in (
        "4.7 / 16",
        "1 mark pending",
        "In test mode the output follows the batch's own mean.",
        "Which mean belongs there?",
        "shapes (4,5) (4,) do not fit",
        "cs231n/layers.py , line 88, in backward",
        "far beyond the tolerance",
        "Marked by TA Lee, 2026-03-01 09:30",
        "Good, but short.",
        "Waits for a person",
        "loss 1.2",
        "Replaced by the course's own.",
        "Synthetic data.",
    ):
        assert shown in text, shown


def test_page_marks_runs_without_sandbox(make_result: Callable[..., Result], header: ReportHeader) -> None:
    unsafe = dataclasses.replace(header, sandboxed=False)
    for result, head, marked in (
        (make_result(), header, False),
        (make_result(sandboxed=False), header, True),
        (make_result(), unsafe, True),
    ):
        page = render_student(result, head, executed={}, audience=STUDENT)
        assert ("Run without the sandbox." in page) is marked


def test_answers_carry_their_language(wrong: Result, header: ReportHeader) -> None:
    page = render_student(wrong, header, executed={}, audience=STUDENT)
    assert re.findall(r'<blockquote class="answer" lang="(\w+)"', page) == ["en", "ko"]


def test_missing_notebook_is_said(wrong: Result, header: ReportHeader) -> None:
    assert "The executed notebook was not kept." in render_student(
        wrong, header, executed={}, audience=STUDENT
    )


def test_page_as_data_needs_no_template(
    wrong: Result, header: ReportHeader, executed: dict[str, bytes]
) -> None:
    page = student_page(wrong, header, executed=executed, audience=STUDENT)
    assert (page.passed, page.checks, len(page.looks), page.facts) == (1, 5, 2, ())
    assert [note.about for note in page.notes] == ["cs231n/solver.py"]


# --- hostile text ---------------------------------------------------------------------------------------------------------

ATTACKS = {
    "script": "<script>alert(1)</script>",
    "closing tags": "</style></script></title></pre></textarea>--><svg onload=alert(1)>",
    "attribute": "\" onmouseover=alert(1) x=\"' onfocus=alert(1) autofocus '",
    "javascript link": '<a href="javascript:alert(1)">x</a> [x](javascript:alert(1))',
    "template": "{{ 7*191 }}{% for x in y %}{# #}${7*191}",
    "bidi and zero width": "\u202egnp.exe\u2066\u200b\ufeff",
    "terminal": "\x1b]8;;http://evil\x07\x1b[2J\x9b31m\x00\x08",
    "surrogate": "\ud83d lone \udc00",
    "entity": "&lt;script&gt;&#60;img src=x onerror=alert(1)&#62;",
}


def poisoned(value: Any, attack: str) -> Any:
    """The same value with the attack in every text that a student or an LMS could have written."""
    if isinstance(value, str):
        return f"word {attack} and some words that follow"
    if isinstance(value, Enum) or not (dataclasses.is_dataclass(value) or isinstance(value, (tuple, dict))):
        return value
    if isinstance(value, tuple):
        return tuple(poisoned(item, attack) for item in value)
    if isinstance(value, dict):
        return {poisoned(key, attack): poisoned(item, attack) for key, item in value.items()}
    return dataclasses.replace(
        value,
        **{field.name: poisoned(getattr(value, field.name), attack) for field in dataclasses.fields(value)},
    )


def poisoned_notebook(attack: str, png: bytes) -> bytes:
    import base64

    picture = base64.b64encode(png).decode()
    text = f"word {attack}"
    outputs = [
        {"output_type": "stream", "name": text, "text": [text, text]},
        {"output_type": "display_data", "data": {"text/html": text}},
        {"output_type": "display_data", "data": {"image/svg+xml": text, "text/plain": text}},
        {"output_type": "display_data", "data": {"image/png": text, "text/plain": text}},
        {"output_type": "display_data", "data": {"image/png": picture, "text/plain": text}},
        {"output_type": "display_data", "data": {"application/javascript": text}},
        {"output_type": "error", "ename": text, "evalue": text, "traceback": [text]},
        {"output_type": "error", "ename": text, "evalue": text, "traceback": []},
    ]
    return json.dumps(
        {"cells": [{"cell_type": "code", "source": text, "outputs": outputs}], "metadata": {"title": text}}
    ).encode()


def pages(wrong: Result, header: ReportHeader, attack: str, png: bytes) -> list[str]:
    result, head = poisoned(wrong, attack), poisoned(header, attack)
    head = dataclasses.replace(head, private_paths=header.private_paths)
    executed = {notebook.path: poisoned_notebook(attack, png) for notebook in result.notebooks}
    made = [render_student(result, head, executed=executed, audience=audience) for audience in Audience]
    return [*made, render_class([class_row(result, href="students/a.html")], head)]


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_hostile_text_in_every_field_stays_text(
    wrong: Result, header: ReportHeader, png: Callable[..., bytes], attack: str
) -> None:
    for hostile, harmless in zip(
        pages(wrong, header, attack, png()), pages(wrong, header, "harmless", png()), strict=True
    ):
        found = Structure(hostile)
        assert found.tags == Structure(harmless).tags
        assert all(
            re.fullmatch(r"#[\w-]+.*|students/a\.html", href, re.S) for href in found.values.get("a@href", ())
        )
        assert all(src.startswith("data:image/png;base64,") for src in found.values.get("img@src", ()))
        assert not any(name.startswith("on") for tag in found.tags for name in tag[1:])
        assert not re.search("[\x00\x08\x1b\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\ufeff]", hostile)
        assert "1337" not in hostile
        hostile.encode()


def test_hostile_text_is_still_shown(wrong: Result, header: ReportHeader, png: Callable[..., bytes]) -> None:
    for attack in ("<script>alert(1)</script>", "{{ 7*191 }}"):
        student, _, klass = pages(wrong, header, attack, png())
        assert sum(attack in text for text in Structure(student).text) > 20
        assert sum(attack in text for text in Structure(klass).text) > 5


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(alphabet=st.characters(), min_size=1, max_size=40))
def test_any_text_keeps_the_structure(
    wrong: Result, header: ReportHeader, make_check: Callable[..., CheckResult], text: str
) -> None:
    def tags(words: str) -> list[tuple[str, ...]]:
        check = make_check("a", Outcome.FAILED, 0, title=words, reason=f"r{words}", hint=f"h{words}")
        result = dataclasses.replace(wrong, name=f"n{words}", checks=(check,), questions=(), notebooks=())
        page = render_student(result, header, executed={}, audience=STUDENT)
        page.encode()
        return Structure(page).tags

    assert tags(text) == tags("harmless")


def test_result_with_nothing_in_it_has_a_page(make_result: Callable[..., Result]) -> None:
    page = render_student(make_result(), ReportHeader(title="T"), executed={}, audience=STUDENT)
    assert "What to look at first" not in page
    assert "0 of 0 checks passed" in page


# --- gold -----------------------------------------------------------------------------------------------------------------


def scrubbed(page: str) -> str:
    """Without style, script and their hashes, which have tests of their own, and without the date of the run."""
    page = re.sub(r"(<(style|script)>).*?(</\2>)", r"\1\3", page, flags=re.S)
    page = re.sub(r"sha256-[\w+/=]+", "sha256-", page)
    page = re.sub(r'<time datetime="[^"]*">[^<]*</time>', "<time>", page)
    return "\n".join(line.rstrip() for line in page.splitlines() if line.strip()) + "\n"


@pytest.mark.parametrize("name", ["student", "instructor", "class"])
def test_page_is_as_the_gold_file(
    wrong: Result, header: ReportHeader, executed: dict[str, bytes], name: str
) -> None:
    if name == "class":
        page = render_class([class_row(wrong, href="students/mk42.html")], header)
    else:
        page = render_student(wrong, header, executed=executed, audience=Audience(name))
    page = scrubbed(page)
    gold = GOLD / f"{name}.html"
    if not gold.is_file() or page != gold.read_text(encoding="utf-8"):
        ACTUAL.mkdir(exist_ok=True)
        (ACTUAL / gold.name).write_text(page, encoding="utf-8")
        pytest.fail(
            f"{name}: differs from {gold.name}; the new page lies in tests/actual/, copy it there if it is right"
        )
