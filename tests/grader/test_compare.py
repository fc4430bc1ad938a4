"""The comparison judges fail-closed: type, dtype, shape, finiteness, tolerance."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from grader.compare import Judgement, compare_value, rel_error

FINITE = st.floats(-1e300, 1e300, allow_nan=False)
ARRAYS = hnp.arrays(
    np.float64, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4), elements=FINITE
)


@pytest.mark.parametrize(
    ("x", "y", "error"),
    [
        pytest.param([1.0], [1.0], 0.0, id="equal"),
        pytest.param([1.0], [-1.0], 1.0, id="opposite-signs"),
        pytest.param([0.0], [3.0], 1.0, id="against-zero"),
        pytest.param([1.0, 1.0], [1.0, 3.0], 0.5, id="largest-counts"),
        pytest.param([0.0], [0.0], 0.0, id="zero-against-zero"),
        pytest.param([1e-9], [0.0], 0.1, id="below-the-floor"),
        pytest.param([], [], 0.0, id="empty"),
        pytest.param([1e308], [-1e308], 1.0, id="sum-would-overflow"),
    ],
)
def test_rel_error_by_hand(x, y, error):
    assert rel_error(np.array(x), np.array(y)) == pytest.approx(error, rel=1e-12)


def test_rel_error_refuses_to_broadcast():
    with pytest.raises(ValueError, match=r"shapes \(3,\) and \(3, 1\) differ"):
        rel_error(np.ones(3), np.ones((3, 1)))


def test_rel_error_of_unsigned_integers_does_not_wrap():
    assert rel_error(np.array([1], np.uint8), np.array([2], np.uint8)) == pytest.approx(1 / 3)


@given(ARRAYS)
def test_rel_error_is_zero_with_itself_and_symmetric(x):
    assert rel_error(x, x) == 0
    assert rel_error(x, -x) == rel_error(-x, x) <= 1


@pytest.mark.parametrize(
    ("type_name", "actual", "expected", "reason"),
    [
        pytest.param("list", None, np.ones(3), r"is a list, expected an array of shape \(3,\)", id="list"),
        pytest.param("NoneType", None, np.ones(3), "is None, expected", id="none"),
        pytest.param("int", None, np.float64(1), "is an int, expected a number", id="unreadable-scalar"),
        pytest.param(
            "ndarray",
            np.ones(3, np.float32),
            np.ones(3),
            "dtype float32, expected float64: precision",
            id="narrow",
        ),
        pytest.param(
            "ndarray", np.ones(3, int), np.ones(3), r"int64 \(integer\), expected float64", id="integers"
        ),
        pytest.param("ndarray", None, np.ones(3), "is an array of something else than plain", id="objects"),
        pytest.param("ndarray", np.ones(3, complex), np.ones(3), "complex", id="complex"),
        pytest.param("ndarray", np.ones(3, bool), np.ones(3, int), "boolean", id="boolean"),
        pytest.param("ndarray", np.ones((3, 1)), np.ones(3), "number of elements is right", id="column"),
        pytest.param("ndarray", np.ones(1), np.ones(3), "only fit by broadcasting", id="would-broadcast"),
        pytest.param("ndarray", np.ones(2), np.ones(3), r"has shape \(2,\), expected \(3,\)$", id="short"),
        pytest.param("ndarray", np.array([1, np.nan, 1]), np.ones(3), "1 of 3 numbers are NaN", id="nan"),
        pytest.param(
            "ndarray", np.array([1, np.inf, 1]), np.ones(3), "1 of 3 numbers are infinite", id="inf"
        ),
        pytest.param(
            "ndarray",
            np.array([1, 1.1, 1]),
            np.ones(3),
            r"relative error 0.048, tolerance 1e-07 \(1 of 3",
            id="off",
        ),
        pytest.param("ndarray", 2 * np.ones(3), np.ones(3), "all numbers are off", id="all-off"),
        pytest.param(
            "ndarray", np.array([True, False]), np.array([True, True]), "differs", id="booleans-differ"
        ),
    ],
)
def test_compare_value_fails_with_reason(type_name, actual, expected, reason):
    judgement = compare_value(type_name, actual, expected)
    assert not judgement.passed
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(judgement.reason)


@pytest.mark.parametrize(
    ("actual", "expected", "terms"),
    [
        pytest.param(np.ones(3), np.ones(3), {}, id="equal"),
        pytest.param(np.array(0), np.array(0.0), {}, id="integer-zero-loss"),
        pytest.param(np.ones(3, np.float32), np.ones(3), {"exact_dtype": False}, id="narrow-allowed"),
        pytest.param(np.ones(3, np.int32), np.ones(3, np.int64), {}, id="any-integers"),
        pytest.param(np.zeros((0, 2)), np.zeros((0, 2)), {}, id="empty"),
        pytest.param(np.array([1e-13]), np.array([0.0]), {"floor": 1e-3}, id="rounding-noise-above-a-zero"),
        pytest.param(np.array([np.inf, 1]), np.array([np.inf, 1]), {}, id="expected-infinity"),
        pytest.param(np.array([np.nan, 1]), np.array([np.nan, 1]), {}, id="expected-nan"),
    ],
)
def test_compare_value_passes(actual, expected, terms):
    judgement = compare_value("ndarray", actual, expected, **terms)
    assert judgement == Judgement(1.0, "", judgement.relative_error)


@pytest.mark.parametrize("wrong", [[-np.inf, 1], [np.nan, 1], [1, 1], [np.inf, np.inf]])
def test_compare_value_expected_infinity_needs_the_same(wrong):
    assert not compare_value("ndarray", np.array(wrong), np.array([np.inf, 1.0])).passed


@given(ARRAYS, ARRAYS, st.floats(0, 1))
def test_compare_value_passes_only_within_tolerance(x, y, tolerance):
    judgement = compare_value("ndarray", x, y, tolerance=tolerance)
    assert judgement.passed == (x.shape == y.shape and rel_error(x, y) <= tolerance)
    assert judgement.passed or judgement.reason


def test_compare_value_reason_tells_no_value():
    judgement = compare_value("ndarray", np.full(3, 7.25), np.full(3, 123.456))
    assert "123" not in judgement.reason
    assert "7.25" not in judgement.reason
