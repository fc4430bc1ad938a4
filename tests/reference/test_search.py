"""Random search over orders of magnitude: by known draws, and that it closes in on a peak."""

import math

import numpy as np
import pytest

from reference.search import coarse_to_fine, log_uniform


class Fixed:
    """A source whose uniform numbers are known."""

    def __init__(self, *numbers):
        self.numbers = list(numbers)

    def random(self, size, /):
        drawn, self.numbers = self.numbers[:size], self.numbers[size:]
        return np.array(drawn)


def test_log_uniform_by_hand():
    assert log_uniform(Fixed(0.0, 0.5, 1.0), low=-4, high=0, count=3) == pytest.approx([1e-4, 1e-2, 1])


def test_coarse_to_fine_by_hand():
    # coarse exponents -4 and -1, of which -1 is better; fine: from -2 to -1 + 1 cut off at -0
    trials = coarse_to_fine(math.log10, low=-4, high=0, coarse=2, fine=2, rng=Fixed(0.0, 0.75, 0.0, 1.0))
    assert trials == [pytest.approx((10.0**u, u)) for u in (-4, -2, -1, 0)]


def test_coarse_to_fine_closes_in_on_a_peak():
    peak = -2.3
    trials = coarse_to_fine(
        lambda value: -abs(math.log10(value) - peak),
        low=-4,
        high=-1,
        coarse=10,
        fine=10,
        rng=np.random.default_rng(0),
    )
    assert len(trials) == 20
    assert trials == sorted(trials)
    best, _ = max(trials, key=lambda trial: trial[1])
    assert math.log10(best) == pytest.approx(peak, abs=0.1)


@pytest.mark.parametrize(
    "settings", [{"low": -1, "high": -4, "coarse": 2}, {"low": -4, "high": -1, "coarse": 0}]
)
def test_coarse_to_fine_rejects(settings):
    with pytest.raises(ValueError, match="expected low < high and coarse >= 1"):
        coarse_to_fine(float, fine=2, rng=np.random.default_rng(0), **settings)
