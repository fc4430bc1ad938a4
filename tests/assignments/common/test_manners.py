"""Good manners are judged whatever a function computes, as long as some of it is near."""

from __future__ import annotations

import numpy as np
import pytest

from assignments.common.manners import judge_precision, judge_repeats, judge_untouched

OUT = np.array([[1.0, -2.0], [3.0, 4.0]])
X = np.array([[5.0, 6.0], [7.0, 8.0]])
RIGHT = {"layer_out": OUT, "kept_layer_x": X}
TWICE = {"layer_out_1": OUT, "layer_out_2": OUT}


@pytest.mark.parametrize(
    ("actual", "reason"),
    [
        pytest.param(RIGHT, "", id="right"),
        pytest.param({**RIGHT, "layer_out": 1.1 * OUT}, "", id="a-wrong-constant"),
        pytest.param({**RIGHT, "kept_layer_x": X - 1}, "layer's x is not what it was", id="written-into"),
        pytest.param({**RIGHT, "layer_out": 0 * OUT}, "no result is near", id="nothing-done"),
        pytest.param({"kept_layer_x": X}, "no result is near", id="not-written-yet"),
        pytest.param({**RIGHT, "layer_out": OUT[0]}, "no result is near", id="another-shape"),
    ],
)
def test_inputs_have_to_be_as_they_were(actual: dict[str, np.ndarray], reason: str) -> None:
    judged = judge_untouched(actual, RIGHT)
    assert judged.passed is not bool(reason)
    assert reason in judged.reason


@pytest.mark.parametrize(
    ("second", "passes"),
    [
        pytest.param(OUT, True, id="the-same"),
        pytest.param(OUT + 1e-15, False, id="another-last-digit"),
        pytest.param(None, False, id="once-only"),
    ],
)
def test_a_second_call_has_to_give_the_same_bits(second: np.ndarray | None, passes: bool) -> None:
    actual = {"layer_out_1": OUT} if second is None else {"layer_out_1": OUT, "layer_out_2": second}
    assert judge_repeats(actual, TWICE).passed is passes


def test_what_is_in_neither_call_is_charged_elsewhere() -> None:
    both = {**TWICE, "other_out_1": OUT, "other_out_2": OUT}
    assert judge_repeats(TWICE, both).passed


@pytest.mark.parametrize(
    ("out", "reason"),
    [
        pytest.param(OUT, "", id="right"),
        pytest.param(OUT.astype(np.float32), "has dtype float32", id="float32"),
        pytest.param(OUT * (1 + 1e-7), "digits of float32 only", id="float32-on-the-way"),
        pytest.param(OUT + 1, "no result is right yet", id="wrong"),
    ],
)
def test_all_digits_have_to_be_kept(out: np.ndarray, reason: str) -> None:
    judged = judge_precision({"out": out}, {"out": OUT})
    assert judged.passed is not bool(reason)
    assert reason in judged.reason
