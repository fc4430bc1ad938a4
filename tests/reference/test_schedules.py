"""The triangle of the cyclical learning rate, by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference.schedules import cyclical_learning_rate


@pytest.mark.parametrize(
    ("step", "expected"), [(0, 1.0), (1, 1.5), (4, 3.0), (5, 2.5), (8, 1.0), (9, 1.5), (12, 3.0), (15, 1.5)]
)
def test_cyclical_learning_rate_by_hand(step, expected):
    assert cyclical_learning_rate(step, eta_min=1.0, eta_max=3.0, n_s=4) == pytest.approx(expected)


@given(step=st.integers(0, 10_000), n_s=st.integers(1, 500))
def test_cyclical_learning_rate_stays_in_bounds_repeats_and_is_symmetric(step, n_s):
    rate = lambda t: cyclical_learning_rate(t, eta_min=1e-5, eta_max=1e-1, n_s=n_s)  # noqa: E731
    assert 1e-5 <= rate(step) <= 1e-1 + 1e-15
    assert rate(step + 2 * n_s) == rate(step)
    assert rate(2 * n_s - step % (2 * n_s)) == rate(step)


@pytest.mark.parametrize(("step", "n_s"), [(-1, 5), (3, 0)])
def test_cyclical_learning_rate_rejects(step, n_s):
    with pytest.raises(ValueError, match="expected step >= 0 and n_s >= 1"):
        cyclical_learning_rate(step, eta_min=0, eta_max=1, n_s=n_s)
