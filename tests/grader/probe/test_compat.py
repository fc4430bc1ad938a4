"""Removed NumPy names: back with their old meaning, and nothing else touched."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from grader.probe.compat import ALIASES, restore_numpy_names


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        pytest.param("float(np.product([2, 3]))", 6.0, id="product"),
        pytest.param("np.cumproduct([2, 3]).tolist()", [2, 6], id="cumproduct"),
        pytest.param("bool(np.alltrue([1, 0]))", False, id="alltrue"),
        pytest.param("bool(np.sometrue([1, 0]))", True, id="sometrue"),
        pytest.param("np.in1d([1, 2], [2]).tolist()", [False, True], id="in1d"),
        pytest.param("np.row_stack([[1], [2]]).shape", [2, 1], id="row_stack"),
        pytest.param("float(np.trapz([0.0, 2.0]))", 1.0, id="trapz"),
        pytest.param("np.asscalar(np.array([2.5]))", 2.5, id="asscalar"),
        pytest.param("np.rank(np.zeros((2, 3)))", 2, id="rank"),
        pytest.param("np.alen(np.zeros((2, 3)))", 2, id="alen"),
        pytest.param("np.zeros(1, np.bool8).dtype.name", "bool", id="bool8"),
        pytest.param("np.zeros(1, np.float).dtype.name", "float64", id="float"),
        pytest.param("np.zeros(1, np.float_).dtype.name", "float64", id="float_"),
        pytest.param("np.zeros(1, np.int).dtype.name", "int64", id="int"),
        pytest.param("np.zeros(1, np.bool).dtype.name", "bool", id="bool"),
        pytest.param("np.zeros(1, np.object).dtype.name", "object", id="object"),
        pytest.param("np.str is str or issubclass(np.str, str)", True, id="str"),
        pytest.param("np.Inf", float("inf"), id="Inf"),
        pytest.param("np.reshape(np.arange(4), newshape=(2, 2)).tolist()", [[0, 1], [2, 3]], id="newshape"),
        pytest.param("np.reshape(np.arange(4), (2, -1), order='F').tolist()", [[0, 2], [1, 3]], id="reshape"),
        pytest.param("np.reshape(np.arange(4), shape=(4, 1)).shape", [4, 1], id="shape"),
    ],
)
def test_old_name_means_what_it_meant(in_fork, expression, value):
    def work() -> Any:
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # some names are there still, and say that they will go
        restore_numpy_names()
        return eval(expression, {"np": np})  # the test's own expression

    assert in_fork(work) == value


def test_names_that_are_there_are_left_alone(in_fork):
    present = {name: vars(np)[name] for name in ALIASES if name in vars(np)}

    def work() -> Any:
        added = restore_numpy_names()
        return [all(vars(np)[name] is value for name, value in present.items()), added, restore_numpy_names()]

    kept, added, again = in_fork(work)
    assert kept
    assert {"float", "product"} <= set(added)
    assert again == []
