import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.model import Figure
from grader.report.chart import chart, gauge

ANY_FLOATS = st.lists(st.floats(), max_size=30).map(tuple)


@pytest.mark.parametrize(
    ("error", "at"),
    [(0.0, 0.0), (1e-30, 0.0), (1e-17, 0.0), (1e-16, 5.88), (1e-7, 58.82), (1.0, 100.0), (50.0, 100.0)],
)
def test_gauge_places_errors_by_decade(error: float, at: float) -> None:
    drawn = gauge(error, 1e-7)
    assert drawn is not None
    assert drawn.error_at == at  # decades above 1e-17, of 17
    assert drawn.tolerance_at == 58.82


@pytest.mark.parametrize(
    ("error", "words", "within"),
    [
        (0.0, "exactly equal", True),
        (1e-7, "at the tolerance", True),
        (5e-8, "2.0 times below the tolerance", True),
        (1e-16, "far below the tolerance", True),
        (1.01e-7, "just over the tolerance", False),
        (4e-7, "4.0 times the tolerance", False),
        (2.5e-4, "2,500 times the tolerance", False),
        (0.5, "far beyond the tolerance", False),
    ],
)
def test_gauge_says_how_far(error: float, words: str, within: bool) -> None:
    drawn = gauge(error, 1e-7)
    assert drawn is not None
    assert (drawn.words, drawn.within) == (words, within)


@pytest.mark.parametrize(
    ("error", "tolerance"),
    [(None, 1e-7), (0.1, None), (math.nan, 1e-7), (math.inf, 1e-7), (0.1, 0.0), (0.1, math.nan)],
)
def test_gauge_draws_nothing_where_there_is_no_number(error: float | None, tolerance: float | None) -> None:
    assert gauge(error, tolerance) is None


def figure(*series: tuple[str, tuple[float, ...], tuple[float, ...] | None]) -> Figure:
    return Figure(title="Loss", x_label="step", y_label="loss", series=series)


def test_chart_draws_both_lines_on_one_axis() -> None:
    drawn = chart(figure(("a", (0.0, 1.0), (0.0, 2.0))))
    (panel,) = drawn.panels
    # Axis from -0.08 to 2.08, i.e. 4 % of margin; y runs from 174 (low) to 12 (high); x from 46 to 350.
    assert panel.reference == "M46.0 168.0L350.0 18.0"
    assert panel.student == "M46.0 168.0L350.0 93.0"
    assert [tick.label for tick in panel.y_ticks] == ["0", "1", "2"]
    assert panel.words == "Yours goes from 0 to 1 in 2 values. The reference goes from 0 to 2 in 2 values."
    (same,) = chart(figure(("a", (0.0, 1.0), (0.0, 1.00001)))).panels
    assert same.words == "Yours agrees with the reference, which goes from 0 to 1 in 2 values."
    assert drawn.columns == ("step", "a, yours", "a, reference")
    assert drawn.rows == (("0", "0", "0"), ("1", "1", "2"))


def test_chart_breaks_the_line_where_values_are_not_finite() -> None:
    (panel,) = chart(figure(("a", (1.0, 2.0, math.nan, 3.0), None))).panels
    assert panel.student.count("M") == 1
    assert len(panel.student_dots) == 1
    assert panel.words.endswith("Some of it is not finite.")
    (panel,) = chart(figure(("a", (1.0, math.inf, math.nan), None))).panels
    assert panel.words.endswith("It is not finite from 1 on.")


def test_chart_uses_a_log_axis_for_a_loss_that_blows_up() -> None:
    drawn = chart(figure(("a", (2.3, 1e9), (2.3, 1.0))))
    assert drawn.log
    assert all(re.fullmatch(r"1e\d+", tick.label) for tick in drawn.panels[0].y_ticks)
    assert not chart(figure(("a", (0.0, 1e9), None))).log


def test_chart_samples_long_histories_with_both_ends() -> None:
    drawn = chart(figure(("a", tuple(float(i) for i in range(5000)), None)))
    assert drawn.sampled
    assert len(drawn.rows) == 20
    assert (drawn.rows[0][0], drawn.rows[-1][0]) == ("0", "4999")
    assert drawn.panels[0].student.count("L") == 239


def test_chart_names_what_it_does_not_draw() -> None:
    drawn = chart(figure(*((f"s{i}", (1.0,), None) for i in range(15))))
    assert (len(drawn.panels), drawn.left_out, len(drawn.columns)) == (12, 3, 16)


@pytest.mark.parametrize("ys", [(1e-322,), (6e-323, 1e-322), (0.0, 5e-324), (-1e-310, 1e-310)])
def test_chart_draws_what_is_too_small_for_an_axis_as_zero(ys: tuple[float, ...]) -> None:
    (panel,) = chart(figure(("a", ys, (0.0,)))).panels
    assert {tick.label for tick in panel.y_ticks} >= {"0", "1"}


@given(ANY_FLOATS, st.none() | ANY_FLOATS)
def test_chart_stays_in_its_frame_whatever_the_values(
    student: tuple[float, ...], reference: tuple[float, ...] | None
) -> None:
    (panel,) = chart(figure(("a", student, reference))).panels
    numbers = [
        float(n)
        for n in re.findall(
            r"[-\d.e]+",
            panel.student.replace("L", " ").replace("M", " ")
            + " "
            + panel.reference.replace("L", " ").replace("M", " "),
        )
    ]
    places = [*zip(numbers[::2], numbers[1::2], strict=True), *panel.student_dots, *panel.reference_dots]
    assert all(46 <= x <= 350 and 12 <= y <= 174 for x, y in places)
    assert all(math.isfinite(tick.at) for tick in (*panel.x_ticks, *panel.y_ticks))
