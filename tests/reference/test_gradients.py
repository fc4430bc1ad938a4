"""The instrument that the other tests measure with, checked on functions whose gradients are known by hand."""

import numpy as np
import pytest

from reference.gradients import numerical_gradient, numerical_gradient_array, relative_error


def test_numerical_gradient_of_a_cubic():
    x = np.array([[1.0, -2.0], [0.5, 3.0]])
    np.testing.assert_allclose(numerical_gradient(lambda v: float(np.sum(v**3)), x), 3 * x**2, rtol=1e-9)


def test_numerical_gradient_array_weighs_outputs_with_dout():
    x, dout = np.array([1.0, 2.0]), np.array([[10.0, 0.0], [0.0, -1.0]])
    # f(x) = outer(x, x); sum(f * dout) = 10 x0^2 - x1^2
    gradient = numerical_gradient_array(lambda v: np.outer(v, v), x, dout)
    np.testing.assert_allclose(gradient, [20, -4], rtol=1e-9)


def test_numerical_gradient_leaves_x_and_hands_f_a_copy():
    x = np.array([1.0, 2.0])
    seen = []
    numerical_gradient(lambda v: seen.append(v is x) or 0.0, x)
    assert not any(seen)
    np.testing.assert_array_equal(x, [1, 2])


def test_numerical_gradient_in_place_perturbs_x_and_restores_it():
    x = np.array([1.0, 2.0])
    np.testing.assert_allclose(
        numerical_gradient(lambda _: float(x[0] * x[1]), x, in_place=True), [2, 1], rtol=1e-9
    )
    np.testing.assert_array_equal(x, [1, 2])


def test_numerical_gradient_array_survives_an_f_that_returns_its_argument():
    np.testing.assert_allclose(
        numerical_gradient_array(lambda v: v, np.ones(3), np.array([1.0, 2.0, 3.0])), [1, 2, 3]
    )


def test_numerical_gradient_uses_h():
    # |x| at 0: central differences of any h see 0; at 0.5 with h = 1 they see (1.5 - 0.5) / 2
    assert numerical_gradient(lambda v: abs(float(v[0])), np.array([0.5]), h=1.0)[0] == 0.5


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [(1.0, 3.0, 0.5), (0.0, 0.0, 0.0), (0.0, 1e-9, 0.1), ([1, 2], [1, -2], 1.0)],
)
def test_relative_error_by_hand(x, y, expected):
    assert relative_error(np.array(x), np.array(y)) == pytest.approx(expected)


def test_relative_error_floor_can_be_raised():
    assert relative_error(np.array(0.0), np.array(1e-9), floor=1e-6) == pytest.approx(1e-3)
