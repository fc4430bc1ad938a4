"""What a function's parameters and results are, told by their names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assignments.common.by_role import arguments, call, given_by_role, named_results, order_of_terms, role_of
from grader.probe import NeedsPersonError
from grader.suite import _import_file

ROLES = {"x": ("x", "xbatch"), "w": ("w", "weights"), "batch": ("nbatch",), "rate": ("eta", "etamin")}
VALUES = {"x": 1, "w": 2, "batch": 3, "rate": 4}


@pytest.fixture
def made(tmp_path: Path) -> Any:
    """Defines a function in a file, so that its source can be read."""

    def make(source: str) -> Any:
        (tmp_path / "made.py").write_text(source)
        return _import_file(tmp_path / "made.py", "made", root=None).f

    return make


@pytest.mark.parametrize(
    ("name", "role"), [("X_batch", "x"), ("XBatch", "x"), ("Weights", "w"), ("n_batch", "batch"), ("q", "")]
)
def test_role_of_a_name_is_told_without_case_and_underscores(name, role):
    assert role_of(name, ROLES) == role


def test_arguments_leave_defaults_and_star_parameters_alone():
    def f(X_batch, weights, other=5, *rest, **more):
        return X_batch, weights, other, rest, more

    assert arguments(f, ROLES, VALUES) == {"X_batch": 1, "weights": 2}
    assert call(f, ROLES, VALUES) == (1, 2, 5, (), {})


def test_arguments_of_an_unknown_name_need_a_person():
    with pytest.raises(
        NeedsPersonError, match="<lambda> takes q, of which the check does not know what it is"
    ):
        arguments(lambda X, q: X, ROLES, VALUES)


@pytest.mark.parametrize(
    ("source", "returned", "named"),
    [
        pytest.param("def f():\n    return P, H_hat", (1, 2), {"p": 1, "hhat": 2}, id="tuple"),
        pytest.param("def f():\n    return [P, Q]", (1, 2), {"p": 1, "q": 2}, id="list"),
        pytest.param(
            "def f():\n    if a: return P\n    return P, x + 1, Q", (1, 2, 3), {"p": 1, "q": 3}, id="two"
        ),
        pytest.param("def f():\n    return P", 7, {"p": 7}, id="one"),
        pytest.param("def f(): return {}", {"grad_W": 1}, {"gradw": 1}, id="dictionary"),
    ],
)
def test_results_have_the_names_of_the_return_statement(made, source, returned, named):
    assert named_results(made(source), returned) == named


@pytest.mark.parametrize(
    ("body", "terms"),
    [
        pytest.param("n_batch, eta = p", [3, 4], id="unpacked"),
        pytest.param("eta = p[0]; nb = 1; n_batch = int(p[1])", [4, 3], id="by-number"),
        pytest.param("return p['eta_min'] + p['n_batch']", {"eta_min": 4, "n_batch": 3}, id="by-key"),
    ],
)
def test_settings_are_put_together_as_they_are_taken_apart(made, body, terms):
    function = made(f"def f(p):\n    {body}\n")
    assert order_of_terms(function, "p", ROLES, VALUES) == terms


@pytest.mark.parametrize("body", ["a, q = p", "return g(p)"])
def test_settings_that_cannot_be_read_need_a_person(made, body):
    with pytest.raises(NeedsPersonError, match="f takes p"):
        order_of_terms(made(f"def f(p):\n    {body}\n"), "p", ROLES, VALUES)


def test_lower_of_two_names_that_differ_in_case_takes_the_classes():
    def cost(X, Y, y, Y_val, y_val):
        return None

    roles = {"x": ("x",), "y": ("y",), "yval": ("yval",)}
    values = {"x": 1, "y": 2, "labels": 3, "yval": 4, "labelsval": 5}
    assert arguments(cost, roles, values) == {"X": 1, "Y": 2, "y": 3, "Y_val": 4, "y_val": 5}


def test_given_by_role_finds_arguments_wherever_they_stand() -> None:
    def step(weights: Any, X_batch: Any, other: Any = 3) -> None: ...

    roles = {"w": ("weights",), "x": ("xbatch",)}
    given = given_by_role(step, roles, (1,), {"X_batch": 2})
    assert given == {"w": 1, "x": 2}
