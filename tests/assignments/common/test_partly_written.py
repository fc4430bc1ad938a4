"""Work that is written in part: what is there is judged, what raises is left to the checks that ask for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from assignments.common.network_probes import examples, loss_of, started
from assignments.common.normalization import attempted, inputs_after, repeats
from grader.probe import NeedsPersonError
from reference.conventions import cs231n

NETWORK = """
def affine_bn_relu_backward(dout, cache):
    return batchnorm_backward(dout, cache)

class Net:
    def __init__(self):
        self.bn_params = [{"running_mean": np.zeros(2)}]

    def loss(self, X, y):
        self.bn_params[0]["running_mean"] += 1
        dx, dgamma, dbeta = affine_bn_relu_backward(X, None)
        return np.array([self.bn_params[0]["running_mean"].sum() + dx.sum() + dgamma.sum()]), {}
"""


def network(backward: Any) -> tuple[Any, ModuleType]:
    """A network whose loss counts its calls and whose backward pass is in the way."""
    module = ModuleType("student")
    vars(module).update({"np": np, "batchnorm_backward": backward})
    exec(NETWORK, vars(module))
    return module.Net(), module


def raises(dout: Any, cache: Any) -> Any:
    raise NotImplementedError


@pytest.mark.parametrize(
    "backward", [raises, lambda *_: (None, None, None), lambda *_: None], ids=["raises", "starter", "nothing"]
)
def test_a_loss_is_seen_without_its_backward_pass(backward: Any) -> None:
    model, module = network(backward)
    loss = loss_of(model, np.ones((3, 2)), np.zeros(3, int))
    assert loss.shape == ()
    assert loss == 2.0  # two running means, each counted once: the call that raised left no trace
    assert module.batchnorm_backward is backward


def test_an_error_of_the_forward_pass_comes_through() -> None:
    model, _ = network(raises)
    model.bn_params = [{}]
    with pytest.raises(KeyError, match="running_mean"):
        loss_of(model, np.ones((3, 2)), np.zeros(3, int))


def test_what_needs_a_person_is_no_failure() -> None:
    def needs(dout: Any, cache: Any) -> Any:
        raise NeedsPersonError("a package")

    model, _ = network(needs)
    with pytest.raises(NeedsPersonError, match="a package"):
        loss_of(model, np.ones((3, 2)), np.zeros(3, int))
    with pytest.raises(NeedsPersonError, match="a package"):
        attempted(needs, None, None)


def test_the_reference_gives_the_same_loss_both_ways() -> None:
    model = started(cs231n, np.random.default_rng(3), "batchnorm", 0.1)
    X, y = examples(np.random.default_rng(4), 6)
    assert loss_of(model, X, y) == model.loss(X, y)[0]


@pytest.fixture
def half() -> Any:
    """Batch normalization's forward pass, and nothing else."""
    return SimpleNamespace(batchnorm_forward=cs231n.batchnorm_forward, batchnorm_backward=raises)


def test_manners_are_judged_of_what_is_there(half: Any) -> None:
    seen = inputs_after(half, np.random.default_rng(0))
    whole = inputs_after(cs231n, np.random.default_rng(0))
    assert set(whole) - set(seen) == {"batchnorm_dx_0", "batchnorm_dx_1", "layernorm_out", "layernorm_dx_0"}
    np.testing.assert_array_equal(seen["batchnorm_out"], whole["batchnorm_out"])
    assert set(repeats(half, np.random.default_rng(0))) == {"batchnorm_out_1", "batchnorm_out_2"}


@pytest.mark.parametrize("name", ["cs231n_batchnorm", "ece247_hw4"])
def test_nothing_written_is_called_unwritten_everywhere(
    course: Callable[[str], Any], name: str, tmp_path: Path
) -> None:
    bench = course(name)
    blank = bench.blank(tmp_path)
    said = {check.id: bench.judge(check.id, blank) for check in bench.suite.at("modules")}
    assert {result.points for result in said.values()} == {0}
    manners = {"inputs_untouched", "results_repeat", "double_precision"}
    assert {check for check, result in said.items() if "not implemented yet" not in result.reason} <= manners
