import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal

from grader.model import CheckResult, Finding, Note, Outcome, Result, Status
from grader.report import ClassRow, ReportHeader, class_row, render_class
from grader.report.classpage import class_page
from grader.report.tally import class_statistics

MAX_BYTES = 2_000_000  # of the page for 2,000 students


def rows_of(result: Result, count: int) -> Iterator[ClassRow]:
    for i in range(count):
        status = (Status.COMPLETE, Status.PENDING, Status.NOT_GRADED)[i % 3]
        one = replace(
            result, student=f"a-student-with-a-long-id-{i:05d}", score=Decimal(i % 17), status=status
        )
        yield class_row(one, href=f"instructor/a-student-with-a-long-id-{i:05d}.html")


def test_class_page_of_2000_stays_small_and_lists_everyone(wrong: Result, header: ReportHeader) -> None:
    page = render_class(rows_of(replace(wrong, name="A Rather Long Name Indeed"), 2_000), header)
    assert len(page.encode()) < MAX_BYTES
    roster = page.partition('id="roster"')[2].partition("</table>")[0]
    assert roster.count("<tr class=") == 2_000


def test_rows_are_read_once_one_at_a_time(wrong: Result, header: ReportHeader) -> None:
    rows = rows_of(wrong, 3)
    assert "3 submissions" in render_class(rows, header)
    assert next(rows, None) is None


def test_checks_stand_hardest_first(
    make_check: Callable[..., CheckResult], make_result: Callable[..., Result]
) -> None:
    def one(a: Outcome, b: Outcome) -> ClassRow:
        machine = make_check("never", Outcome.NOT_GRADED, 0)
        return class_row(make_result(checks=(make_check("a", a), make_check("b", b), machine)))

    page = class_page(
        class_statistics([one(Outcome.PASSED, Outcome.FAILED), one(Outcome.PASSED, Outcome.PASSED)])
    )
    assert [(rate.id, rate.rate, rate.not_graded) for rate in page.rates] == [
        ("b", "50 %", 0),
        ("a", "100 %", 0),
        ("never", "", 2),
    ]


def test_those_who_could_not_be_graded_are_named_with_the_reason(
    make_check: Callable[..., CheckResult], make_result: Callable[..., Result], header: ReportHeader
) -> None:
    unread = make_result(
        student="1010",
        name="Fritz Leer",
        status=Status.NOT_GRADED,
        checks=(make_check("a", Outcome.NOT_GRADED, 0),),
        notes=(
            Note(text="Another hand-in is also called so.", about="w.rar"),
            Note(text="1010: w.rar is no zip", about="w.rar"),
        ),
        pending=2,
    )
    failed = replace(unread, student="1011", name="", notes=())
    page = class_page(class_statistics(map(class_row, (unread, failed))))
    assert [(line.student, line.why) for line in page.not_graded] == [
        ("1010", "w.rar is no zip"),
        ("1011", make_check("a", Outcome.NOT_GRADED, 0).reason),
    ]
    assert page.statistics.marks_to_give == 0
    html = render_class(map(class_row, (unread, failed)), header)
    assert '1010 Fritz Leer <span class="soft">w.rar is no zip</span>' in html


def test_those_who_need_a_person_are_named_up_to_a_limit(wrong: Result, header: ReportHeader) -> None:
    page = class_page(class_statistics(rows_of(wrong, 300)))
    assert (len(page.pending), len(page.not_graded)) == (60, 60)
    html = render_class(rows_of(wrong, 300), header)
    assert "Waits for marks: 100" in html
    assert html.count("and 40 more in the table") == 2


def test_misconceptions_say_how_sure_they_are(
    make_check: Callable[..., CheckResult], make_result: Callable[..., Result], header: ReportHeader
) -> None:
    def holding(certain: bool) -> ClassRow:
        finding = Finding(id="eps", student="eps missing", certain=certain)
        return class_row(make_result(checks=(make_check("a", Outcome.FAILED, 0, findings=(finding,)),)))

    assert "for certain: 1" in render_class([holding(True), holding(False)], header)
    assert "possibly" in render_class([holding(False)], header)
    assert (
        "certain" not in render_class([holding(True)], header).partition("<main")[2].partition("<script")[0]
    )


def test_of_many_misconceptions_the_commonest_are_shown_at_once_and_the_others_are_a_click_away(
    make_check: Callable[..., CheckResult], make_result: Callable[..., Result], header: ReportHeader
) -> None:
    def holds(number: int) -> ClassRow:
        found = tuple(
            Finding(id=f"f.mistake_{one:02}", student="s", certain=True) for one in range(number + 1)
        )
        check = make_check("a", Outcome.FAILED, 0, findings=found)
        return class_row(make_result(student=f"s{number}", name="Ana", checks=(check,)))

    page = render_class([holds(number) for number in range(11)], header)
    shown, _, later = page.partition("<summary>3 more</summary>")
    assert [f"f.mistake_{one:02}" in shown for one in (0, 7, 8)] == [True, True, False]
    assert [f"f.mistake_{one:02}" in later for one in (7, 8, 10)] == [False, True, True]


def test_bars_have_words(make_result: Callable[..., Result], header: ReportHeader) -> None:
    rows = [class_row(make_result(score=Decimal(s), max_score=Decimal(10))) for s in ("8.4", "8", "10")]
    page = render_class(rows, header)
    assert 'aria-label="Submissions by score: 2 at 80 to under 90 %; 1 at exactly 100 %."' in re.sub(
        r"\s+", " ", page
    )


def test_an_empty_class_has_a_page(header: ReportHeader) -> None:
    page = render_class([], header)
    assert "0 submissions" in page
    assert "none graded" in page
