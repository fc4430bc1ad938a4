"""Right numbers in unusual clothes lose no point, and clothes alone earn none.

`test_right_variants.py` varies how the numbers are worked out; here it is what they come in.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from grader.model import Outcome
from reference.conventions import cs231n

FORWARD = ("batchnorm_forward", "layernorm_forward")
BACKWARD = ("batchnorm_backward", "batchnorm_backward_alt", "layernorm_backward")


def dressed(output=lambda array: array, vector=lambda array: array, result=tuple, param=lambda given: None):
    """The reference, with what it returns in another form. output: of arrays (N, D); vector: of arrays (D,); result: of tuples."""

    def forward(function):
        def call(x, gamma, beta, settings, extra=None, *, verbose=False):
            param(settings)
            for name in ("running_mean", "running_var"):
                if name in settings:
                    settings[name] = np.ravel(settings[name])
            out, cache = function(x, gamma, beta, settings)
            for name in ("running_mean", "running_var"):
                if name in settings:
                    settings[name] = vector(settings[name])
            return result([output(out), cache])

        return call

    def backward(function):
        def call(dout, cache):
            dx, dgamma, dbeta = function(dout, cache)
            return result([output(dx), vector(dgamma), vector(dbeta)])

        return call

    names = {name: getattr(cs231n, name) for name in cs231n.__all__}
    names |= {name: forward(names[name]) for name in FORWARD} | {
        name: backward(names[name]) for name in BACKWARD
    }
    return SimpleNamespace(**names)


class Named(np.ndarray):
    """An array class of the student's own."""


def every_other(array):
    return np.repeat(array, 2, axis=-1)[..., ::2]


FORMS = {
    "lists of results": dressed(result=list),
    "Fortran order": dressed(output=np.asfortranarray),
    "every other entry of a larger array": dressed(output=every_other, vector=every_other),
    "backwards in memory": dressed(output=lambda array: array[::-1].copy()[::-1]),
    "read-only": dressed(output=lambda array: np.broadcast_to(array, array.shape)),
    "rows for vectors": dressed(vector=lambda array: np.reshape(array, (1, -1))),
    "a class of their own": dressed(
        output=lambda array: array.view(Named), vector=lambda array: array.view(Named)
    ),
    "masked, with nothing masked": dressed(output=np.ma.masked_array),
    "more digits than asked for": dressed(output=lambda array: array.astype(np.longdouble)),
    "big-endian": dressed(output=lambda array: array.astype(">f8")),
    "negative zeros": dressed(output=lambda array: np.where(array == 0, -0.0, array)),
    "settings written back": dressed(
        param=lambda given: (given.setdefault("eps", 1e-5), given.setdefault("momentum", 0.9))
    ),
    "keys of their own": dressed(param=lambda given: given.update(calls=given.get("calls", 0) + 1)),
}


@pytest.mark.parametrize("form", FORMS)
def test_right_numbers_in_any_form_lose_no_point(batchnorm, form):
    checks = [
        check.id
        for check in batchnorm.suite.checks
        if check.where == "modules"
        and check.of in {*FORWARD, *BACKWARD}
        and check.id != "batchnorm_alt_speed"
    ]
    assert len(checks) > 10
    for check in checks:
        result = batchnorm.judge(check, FORMS[form])
        assert result.outcome is Outcome.PASSED, (check, result.reason)


WRONG_FORMS = {
    "columns for vectors": dressed(vector=lambda array: np.reshape(array, (-1, 1))),
    "one number for a vector": dressed(vector=np.sum),
    "a batch of outputs": dressed(output=lambda array: array[None]),
    "Python lists": dressed(output=np.ndarray.tolist, vector=np.ndarray.tolist),
    "single precision": dressed(
        output=lambda array: array.astype(np.float32), vector=lambda array: array.astype(np.float32)
    ),
    "complex": dressed(output=lambda array: array + 0j, vector=lambda array: array + 0j),
    "objects": dressed(output=lambda array: array.astype(object), vector=lambda array: array.astype(object)),
}


@pytest.mark.parametrize("form", WRONG_FORMS)
def test_a_wrong_form_fails_and_is_named(batchnorm, form):
    result = batchnorm.judge("batchnorm_backward_gradients", WRONG_FORMS[form])
    assert result.outcome is Outcome.FAILED
    assert "shape" in result.reason or "dtype" in result.reason or "a list" in result.reason, result.reason
