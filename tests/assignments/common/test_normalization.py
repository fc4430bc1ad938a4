"""The shared probes of normalization: what they hand over, and what they do with slow and with careless functions."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from assignments.common import normalization
from grader.probe.share import OutOfTimeError, let_share


def _forward(x: Any, gamma: Any, beta: Any, param: dict[str, Any]) -> tuple[Any, Any]:
    if param.get("mode") == "train":
        param["running_mean"] = param["running_var"] = np.zeros((1, x.shape[1]))
    return gamma * x + beta, x


def _backward(dout: Any, cache: Any) -> tuple[Any, Any, Any]:
    return dout, (dout * cache).sum(axis=0, keepdims=True), dout.sum(axis=0)


@pytest.fixture
def linear() -> SimpleNamespace:
    """Functions of the right form that only scale and shift."""
    return SimpleNamespace(
        batchnorm_forward=_forward,
        batchnorm_backward=_backward,
        batchnorm_backward_alt=_backward,
        layernorm_forward=_forward,
        layernorm_backward=_backward,
    )


def _rng() -> np.random.Generator:
    return np.random.default_rng(5)


def _endless(dout: Any, cache: Any) -> Any:
    dout -= 1
    while True:
        pass


@pytest.fixture
def little_time() -> Iterator[None]:
    """A process whose check may take little, half of which is plenty for functions that end."""
    let_share(0.6)
    yield
    let_share(None)


def test_outputs_have_the_shapes_that_were_asked_for(linear: Any) -> None:
    arrays = normalization.outputs(linear, _rng(), "layernorm_forward", ((2, 3), (4, 1)), {})
    assert {name: array.shape for name, array in arrays.items()} == {"out_2x3": (2, 3), "out_4x1": (4, 1)}


def test_gradients_name_the_shape_only_where_there_are_several(linear: Any) -> None:
    names = ("batchnorm_forward", "batchnorm_backward")
    one = normalization.gradients(linear, _rng(), names, ((2, 3),), {"mode": "train"})
    assert set(one) == {"dx", "dgamma", "dbeta"}
    assert one["dgamma"].shape == (3,)  # (1, D) counts as (D,)
    two = normalization.gradients(linear, _rng(), names, ((2, 3), (5, 1)), {"mode": "train"})
    assert {"dx_2x3", "dbeta_5x1"} <= set(two)


def test_running_averages_are_taken_down_after_every_call(linear: Any) -> None:
    arrays = normalization.running_averages(linear, _rng(), 2, {})
    assert {name: array.shape for name, array in arrays.items()} == {
        f"running_{kind}_{step}": (5,) for kind in ("mean", "var") for step in (1, 2)
    }


def test_where_no_running_average_is_kept_this_is_said(linear: Any) -> None:
    linear.batchnorm_forward = lambda x, gamma, beta, param: (x, None)
    with pytest.raises(KeyError, match="neither running_mean nor running_var"):
        normalization.running_averages(linear, _rng(), 1, {})


def test_inference_hands_over_averages_that_no_training_made(linear: Any) -> None:
    seen = []
    linear.batchnorm_forward = lambda x, gamma, beta, param: (seen.append(dict(param)), (x, None))[1]
    arrays = normalization.inference_outputs(linear, _rng(), ((3, 4),), {"eps": 0.5}, calls=2)
    assert [param["mode"] for param in seen] == ["test", "test"]
    assert seen[0]["eps"] == 0.5
    assert (seen[0]["running_var"] > 0.1).all()
    np.testing.assert_array_equal(arrays["running_mean_3x4"], seen[0]["running_mean"])


def test_times_are_taken_of_both_functions(linear: Any) -> None:
    arrays = normalization.backward_times(linear, _rng(), 3)
    assert arrays["seconds_backward"].shape == arrays["seconds_alt"].shape == (3,)
    assert np.isfinite(arrays["seconds_alt"]).all()
    assert arrays["dx"].shape == normalization.TIMED_SHAPE


def test_slow_functions_are_called_less_often(linear: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(normalization, "TIMED_ENOUGH_S", -1.0)  # the first turn is enough at once
    arrays = normalization.backward_times(linear, _rng(), 4)
    assert np.isfinite(arrays["seconds_backward"]).tolist() == [True, False, False, False]


def test_what_a_careless_function_writes_shows(linear: Any) -> None:
    clean = normalization.inputs_after(linear, _rng())

    def careless(dout: Any, cache: Any) -> Any:
        dout *= 0
        return _backward(dout, cache)

    linear.layernorm_backward = careless
    spoilt = normalization.inputs_after(linear, _rng())
    differing = {name for name in clean if not np.array_equal(clean[name], spoilt[name])}
    assert differing == {"kept_layernorm_dout", "layernorm_dx_0"}


def test_what_is_remembered_from_call_to_call_shows(linear: Any) -> None:
    same = normalization.repeats(linear, _rng())
    np.testing.assert_array_equal(same["layernorm_out_1"], same["layernorm_out_2"])
    seen: list[Any] = []

    def remembering(x: Any, gamma: Any, beta: Any, param: dict[str, Any]) -> Any:
        seen.append(x)
        return gamma * x + len(seen), x

    linear.layernorm_forward = remembering
    differs = normalization.repeats(linear, _rng())
    assert not np.array_equal(differs["layernorm_out_1"], differs["layernorm_out_2"])


@pytest.mark.usefixtures("little_time")
def test_function_that_never_ends_is_as_one_that_is_not_written_to_the_check_of_inputs(linear: Any) -> None:
    linear.batchnorm_backward_alt = _endless
    arrays = normalization.inputs_after(linear, _rng())
    assert "batchnorm_dx_1" not in arrays
    assert {"batchnorm_out", "batchnorm_dx_0", "layernorm_dx_0"} <= arrays.keys()
    untouched = normalization.inputs_after(SimpleNamespace(), _rng())
    assert all(np.array_equal(arrays[name], array) for name, array in untouched.items())


@pytest.mark.usefixtures("little_time")
@pytest.mark.parametrize("endless", ["batchnorm_backward", "layernorm_backward"])
def test_function_that_never_ends_leaves_the_others_their_time_to_be_called_twice(
    linear: Any, endless: str
) -> None:
    setattr(linear, endless, _endless)
    arrays = normalization.repeats(linear, _rng())
    name = endless.partition("_")[0]
    assert not {f"{name}_dx_1", f"{name}_dx_2"} & arrays.keys()
    others = {"batchnorm_out", "layernorm_out", "batchnorm_dx", "layernorm_dx"} - {f"{name}_dx"}
    assert arrays.keys() == {f"{other}_{again}" for other in others for again in (1, 2)}


@pytest.mark.usefixtures("little_time")
def test_part_that_never_ends_is_spared_the_rest(linear: Any) -> None:
    assert normalization.spared(lambda: {"a": np.ones(2), "b": None}).keys() == {"a"}
    assert normalization.spared(_endless, None, None) == {}


@pytest.mark.usefixtures("little_time")
def test_alternative_that_never_ends_is_timed_no_further(linear: Any) -> None:
    linear.batchnorm_backward_alt = _endless
    with pytest.raises(OutOfTimeError):
        normalization.backward_times(linear, _rng(), 2)


@pytest.mark.usefixtures("little_time")
def test_step_by_step_version_that_never_ends_leaves_the_alternative_its_time(linear: Any) -> None:
    linear.batchnorm_backward = _endless
    arrays = normalization.backward_times(linear, _rng(), 2)
    assert "own_dx" not in arrays
    assert np.isfinite(arrays["seconds_alt"]).any()
