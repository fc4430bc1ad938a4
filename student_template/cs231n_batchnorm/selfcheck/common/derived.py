from __future__ import annotations
import sys
from types import CodeType, FrameType
from typing import Any
import numpy as np
from .arrays import upstream, vectors
from .normalization import spared
from ..check import NeedsPersonError
STEP = 1e-05
NEAR = 1e-05

def ask_if_not_derived(impl: Any) -> None:
    if spared(_lines_of_both, impl):
        raise NeedsPersonError('batchnorm_backward_alt runs all of batchnorm_backward, whose gradients it then gives: the notebook asks for a formula that was simplified on paper, and a person has to see whether there is one')

def _lines_of_both(impl: Any) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    x, dout = upstream(rng, 5, 3)
    gamma, beta = vectors(rng, 3)

    def forward(given: Any) -> Any:
        return impl.batchnorm_forward(given, gamma.copy(), beta.copy(), {'mode': 'train'})
    step_by_step, _ = _lines(impl.batchnorm_backward, dout.copy(), forward(x.copy())[1])
    alternative, (dx, _, _) = _lines(impl.batchnorm_backward_alt, dout.copy(), forward(x.copy())[1])
    if not step_by_step or not step_by_step <= alternative:
        return {}
    slopes = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        shift = np.zeros_like(x)
        shift[place] = STEP
        slopes[place] = np.sum(dout * (forward(x + shift)[0] - forward(x - shift)[0])) / (2 * STEP)
    return {'same': np.array(True)} if np.allclose(dx, slopes, rtol=NEAR, atol=NEAR) else {}

def _lines(function: Any, *given: Any) -> tuple[set[tuple[CodeType, int]], Any]:
    found: set[tuple[CodeType, int]] = set()

    def note(frame: FrameType, event: str, _: Any) -> Any:
        if event == 'line':
            found.add((frame.f_code, frame.f_lineno))
        return note
    before = sys.gettrace()
    sys.settrace(note)
    try:
        returned = function(*given)
    finally:
        sys.settrace(before)
    return (found, returned)
