"""Points are rounded once, and nothing looks like full marks or nothing that is not."""

from decimal import Decimal

import pytest

from grader.points import shown_points


@pytest.mark.parametrize(
    ("points", "most", "shown"),
    [
        ("4", "4", "4"),
        ("2.50", "3", "2.5"),
        ("10", "10", "10"),
        ("3.999", "4", "3.99"),
        ("0.001", "4", "0.01"),
        ("0", "4", "0"),
        ("1.005", "4", "1.01"),
        ("1.015", "4", "1.02"),
        ("100", "200", "100"),
    ],
)
def test_shown_points_rounds_once_and_never_up_to_full(points, most, shown):
    assert shown_points(Decimal(points), Decimal(most)) == shown


@pytest.mark.parametrize(
    ("points", "shown"),
    [
        ("0", "0"),
        ("10", "10"),
        ("100.00", "100"),
        ("2.5", "2.5"),
        ("0.005", "0.01"),
        ("0.004", "0.01"),
        ("1E+2", "100"),
        ("33.3333", "33.33"),
    ],
)
def test_shown_points_rounds_once_to_two_decimals(points, shown):
    assert shown_points(Decimal(points)) == shown
