"""One fault is charged once: what a known mistake costs in its own checks, and which share of it where others build on them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from reference.conventions import cs231n
from reference.misconceptions import CATALOGUE, applied
from tests.assignments.explaining import certain, failed, told

BY_ID = {one.id: one for one in CATALOGUE}


@pytest.fixture(scope="module", autouse=True)
def expected() -> None:
    """What is right is computed and kept before the reference is made wrong."""
    assert not failed(told("cs231n_batchnorm", cs231n))


KEPT = Decimal("0.4")  # of what later checks lose stays lost


@pytest.mark.parametrize(
    ("made", "named", "own"),
    [
        pytest.param(
            ["layernorm_forward.over_the_batch", "layernorm_backward.sums_over_the_batch"],
            {"layernorm_forward.copied_from_batchnorm"},
            {"layernorm_forward"},
            id="layer-normalization-copied-from-batch-normalization",
        ),
        pytest.param(
            ["batchnorm_forward.eps_outside_root", "batchnorm_inference.eps_outside_root"],
            {"batchnorm_forward.eps_outside_root", "batchnorm_inference.eps_outside_root"},
            {"batchnorm_forward"},
            id="eps-outside-the-root-in-both-modes",
        ),
        pytest.param(
            ["batchnorm_forward.eps_hard_coded_1e-8"],
            {"batchnorm_forward.eps_hard_coded_1e-8"},
            {"batchnorm_forward"},
            id="another-eps",
        ),
    ],
)
def test_a_known_mistake_is_named_and_what_builds_on_it_keeps_its_share(
    made: list[str], named: set[str], own: set[str]
) -> None:
    with applied([BY_ID[one] for one in made]):
        results = told("cs231n_batchnorm", cs231n)
    assert certain(results) == named
    for result in results.values():
        if result.function not in own and not result.id.endswith("_speed"):
            lost = result.max_points - result.points
            assert lost <= KEPT * result.max_points, (result.id, result.reason)


def test_the_wrong_layer_called_by_the_network_is_the_networks_mistake() -> None:
    with applied([BY_ID["FullyConnectedNet.layernorm_as_batchnorm"]]):
        results = told("cs231n_batchnorm", cs231n)
    assert certain(results) == {"FullyConnectedNet.layernorm_as_batchnorm"}
