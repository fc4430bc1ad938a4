"""The probes of update rules and layers hand out arrays of their own, whatever student code does with them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from assignments.common.layers import affine_gradients, affine_outputs, layers_inputs_after
from assignments.common.networks import set_mode
from assignments.common.updates import updates


def rule(w: Any, dw: Any, config: Any) -> Any:
    config = dict(config)
    config["m"] = 0.5 * config.get("m", np.zeros_like(w)) + dw
    config["t"] = config["t"] + 1
    return w - config["rate"] * config["m"], config


def in_place(w: Any, dw: Any, config: Any) -> Any:
    config.setdefault("m", np.zeros_like(w))
    config["m"] *= 0.5
    config["m"] += dw
    config["t"] += 1
    w -= config["rate"] * config["m"]
    return w, config


def made(which: Any, **terms: Any) -> dict[str, Any]:
    bounds = terms.pop("bounds", None)
    impl = SimpleNamespace(rule=which)
    return updates(impl, np.random.default_rng(5), "rule", {"rate": 0.1, "t": 2}, {"m": bounds}, **terms)


def test_updates_are_the_same_for_a_rule_that_writes_in_place() -> None:
    for terms in ({"steps": 3}, {"shapes": ((4, 5), (3,), (2, 2, 2))}, {"bounds": (0.1, 0.2)}):
        one, other = made(rule, **terms), made(in_place, **terms)
        assert list(one) == list(other)
        for name, value in one.items():
            np.testing.assert_array_equal(value, other[name], err_msg=name)


def test_updates_carry_the_state_from_step_to_step() -> None:
    arrays = made(rule, steps=3)
    first, *later = (int(arrays[f"t_4x5_step_{step}"]) for step in (1, 2, 3))
    assert 3 <= first < 43, "a count that is given starts up to 39 later"
    assert later == [first + 1, first + 2]
    first, second = arrays["m_4x5_step_1"], arrays["m_4x5_step_2"]
    assert np.all(
        np.abs(second - 0.5 * first) >= 0.2
    )  # what is left is the second gradient, which is never small


def test_updates_leave_a_missing_state_to_be_judged() -> None:
    assert made(lambda w, _dw, _config: (w, {}))["m_4x5"] is None


def test_affine_probes_use_each_shape_and_show_what_was_overwritten() -> None:
    def forward(x: Any, w: Any, b: Any) -> Any:
        return x.reshape(len(x), -1) @ w + b, (x, w)

    def backward(dout: Any, cache: Any) -> Any:
        x, w = cache
        x += 1
        return x, w, dout.sum(axis=0, keepdims=True)

    impl = SimpleNamespace(
        affine_forward=forward,
        affine_backward=backward,
        relu_forward=lambda x: (np.maximum(x, 0), x),
        relu_backward=lambda dout, _x: dout,
    )
    out = affine_outputs(impl, np.random.default_rng(0), "affine_forward", (((4, 2, 3), 5),))
    assert {name: value.shape for name, value in out.items()} == {"out_4x2x3_to_5": (4, 5)}
    grads = affine_gradients(
        impl, np.random.default_rng(0), ("affine_forward", "affine_backward"), (((4, 3), 5),)
    )
    assert grads["db_4x3_to_5"].shape == (5,)  # (1, D) is taken as (D,)
    untouched = layers_inputs_after(
        SimpleNamespace(**{**vars(impl), "affine_backward": lambda *_: None}), np.random.default_rng(0)
    )
    touched = layers_inputs_after(impl, np.random.default_rng(0))
    assert [name for name in touched if not np.array_equal(touched[name], untouched[name])] == ["affine_x"]


def test_set_mode_reaches_lists_and_dictionaries() -> None:
    for params in ([{"mode": "train"}, {}], {"bn1": {"mode": "train"}, "bn2": {}}):
        set_mode(SimpleNamespace(bn_params=params), "test")
        values = params.values() if isinstance(params, dict) else params
        assert [bn_param["mode"] for bn_param in values] == ["test", "test"]
