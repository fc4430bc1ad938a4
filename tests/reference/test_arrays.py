"""The shared guards: each says where, what came and what was expected."""

import numpy as np
import pytest

from reference.arrays import expect_labels, expect_rank, expect_shape


def test_guards_pass_what_fits():
    expect_rank("layer", "x", np.ones((2, 3)), 2, "(N, D)")
    expect_shape("layer", "b", np.ones(3), (3,), "one per column")
    expect_labels("loss", np.array([0, 2]), 2, 3)


@pytest.mark.parametrize("shape", [(2,), (2, 3, 1), (0, 3)])
def test_expect_rank_rejects_other_ranks_and_empty_arrays(shape):
    with pytest.raises(
        ValueError, match=r"layer: x has shape .*, expected \(N, D\) with at least one element"
    ):
        expect_rank("layer", "x", np.ones(shape), 2, "(N, D)")


def test_expect_shape_rejects_what_would_broadcast():
    with pytest.raises(ValueError, match=r"layer: b has shape \(1, 3\), expected \(3,\), one per column"):
        expect_shape("layer", "b", np.ones((1, 3)), (3,), "one per column")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        pytest.param([0.0, 1.0], "dtype float64", id="float"),
        pytest.param([0, 3], "run from 0 to 3, expected 0 to 2", id="too-high"),
        pytest.param([-1, 0], "run from -1 to 0", id="negative-would-index-from-the-end"),
        pytest.param([[0], [1]], r"shape \(2, 1\)", id="column"),
    ],
)
def test_expect_labels_rejects(labels, message):
    with pytest.raises(ValueError, match=message):
        expect_labels("loss", np.array(labels), 2, 3)
