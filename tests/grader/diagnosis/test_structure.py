"""What strikes the eye in wrong numbers: each observation by hand, and silence where nothing strikes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.diagnosis.structure import observe

RIGHT = np.array([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0], [-7.0, 8.0, 9.5], [0.5, 1.5, 2.5]])


def same(_name, actual, expected):
    if actual is None or actual.shape != expected.shape or actual.dtype.kind == "U":
        return False
    return np.allclose(actual, expected, rtol=1e-7, atol=0)


def kinds(actual, expected=RIGHT, warnings=()):
    found = observe({"dx": np.asarray(actual)}, {"dx": np.asarray(expected)}, warnings, same, section="S")
    assert all(finding.section == "S" and not finding.certain for finding in found)
    return [(finding.id.removeprefix("structure."), finding.student) for finding in found]


def kind(actual, expected=RIGHT):
    found = kinds(actual, expected)
    return found[0][0] if found else None


def changed(index, value):
    array = RIGHT.copy()
    array[index] = value
    return array


@pytest.mark.parametrize(
    ("actual", "expected", "told"),
    [
        pytest.param(-RIGHT, RIGHT, "sign", id="sign"),
        pytest.param(2 * RIGHT, RIGHT, "factor", id="twice"),
        pytest.param(RIGHT + 3, RIGHT, "offset", id="offset"),
        pytest.param(0 * RIGHT, RIGHT, "zeros", id="zeros"),
        pytest.param(RIGHT + np.array([1, 2, 3]), RIGHT, "offset_per_column", id="offset-per-column"),
        pytest.param(RIGHT + np.array([[1], [2], [3], [5]]), RIGHT, "offset_per_row", id="offset-per-row"),
        pytest.param(RIGHT * [1, 2, 3], RIGHT, "factor_per_column", id="factor-per-column"),
        pytest.param(RIGHT * [[1], [2], [3], [-5]], RIGHT, "factor_per_row", id="factor-per-row"),
        pytest.param(changed(-1, [9, 1, 7]), RIGHT, "one_place", id="last-row"),
        pytest.param(changed(0, [9, 1, 7]), RIGHT, "one_place", id="first-row"),
        pytest.param(np.where(RIGHT > 0, RIGHT, RIGHT**3), RIGHT, "not_positive", id="below-zero"),
        pytest.param(np.where(RIGHT > 0, RIGHT**3, RIGHT), RIGHT, "positive", id="above-zero"),
        pytest.param(np.array([0, 2, 2, 0, 1]), np.array([0, 2, 1, 0, 2]), None, id="classes"),
        pytest.param(RIGHT.T, RIGHT, "transposed", id="transposed"),
        pytest.param(RIGHT[:3].T, RIGHT[:3], "transposed", id="transposed-square"),
        pytest.param(RIGHT.ravel(), RIGHT, "shape_only", id="flat"),
        pytest.param(RIGHT, RIGHT.sum(axis=0), "sum_missing", id="not-summed"),
        pytest.param(RIGHT, RIGHT.mean(axis=1), "mean_missing", id="not-averaged"),
        pytest.param(changed((1, 1), np.nan), RIGHT, "not_finite", id="nan"),
        pytest.param(np.sin(RIGHT), RIGHT, None, id="nothing"),
        pytest.param(RIGHT, RIGHT, None, id="right"),
        pytest.param(RIGHT[:2], RIGHT, None, id="other-shape"),
        pytest.param(np.zeros((0, 3)), np.zeros((0, 3)), None, id="empty"),
        pytest.param(np.array(["a"]), np.array(["b"]), None, id="text"),
    ],
)
def test_what_strikes_the_eye(actual, expected, told):
    assert kind(actual, expected) == told


@pytest.mark.parametrize(
    ("factor", "words"),
    [
        (2, "factor, 2."),
        (0.5, "factor, 1/2."),
        (-0.5, "minus 1/2."),
        (4, "4, which is the length of its axis 0"),
        (1 / 3, "1/3, one over the length of its axis 1"),
        (1.7, "factor, 1.7."),
    ],
)
def test_a_factor_is_named_by_what_it_may_come_from(factor, words):
    assert words in kinds(factor * RIGHT)[0][1]


def test_nan_is_traced_to_the_operation_that_numpy_warned_of():
    said = kinds(changed((0, 0), np.nan), warnings=["RuntimeWarning: invalid value encountered in sqrt"])
    assert said[0][0] == "not_finite"
    assert said[0][1].endswith("on the way NumPy warned of: invalid value encountered in sqrt.")


def test_exchanged_results_are_seen():
    one, two = RIGHT[:, 0], RIGHT[:, 1]
    found = observe({"dgamma": two, "dbeta": one}, {"dgamma": one, "dbeta": two}, (), same)
    assert [finding.student for finding in found] == ["dgamma and dbeta have changed places."]


def test_absent_and_unreadable_results_are_passed_over():
    assert observe({"dx": None}, {"dx": RIGHT, "db": RIGHT}, (), same) == ()


def test_at_most_three_observations():
    expected = dict.fromkeys("abcdef", RIGHT)
    actual = {"a": -RIGHT, "b": 2 * RIGHT, "c": RIGHT + 1, "d": 0 * RIGHT, "e": RIGHT.T, "f": RIGHT.ravel()}
    assert len(observe(actual, expected, (), same)) == 3


@pytest.mark.parametrize("seed", range(20))
def test_lost_digits_are_no_factor_and_no_offset(seed):
    rng = np.random.default_rng(seed)
    expected = rng.standard_normal((5, 6))
    assert kinds(expected * (1 + 9e-7 * rng.uniform(-1, 1, expected.shape)), expected) == []
    assert kinds(expected + 9e-7 * rng.uniform(-1, 1, expected.shape), expected) == []


def test_a_factor_near_one_is_one_where_nothing_is_left_over():
    assert kinds(1.00001 * RIGHT) == [("factor", "dx is right but for one factor, 1.00001.")]


@given(st.floats(-50, 50).filter(lambda factor: abs(factor) > 0.01 and abs(factor - 1) > 0.01))
def test_one_factor_is_always_found(factor):
    assert kind(factor * RIGHT) == ("sign" if factor == -1 else "factor")


@given(st.integers(0, 2**32 - 1))
def test_unrelated_numbers_are_not_explained(seed):
    rng = np.random.default_rng(seed)
    assert kind(rng.standard_normal((5, 4)), rng.standard_normal((5, 4))) is None
