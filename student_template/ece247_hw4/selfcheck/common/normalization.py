from __future__ import annotations
from typing import Any
import numpy as np
from .arrays import kept, row, upstream, vectors

def outputs(impl: Any, rng: Any, forward: str, shapes: Any, param: dict[str, Any], *, spread: float=1.0) -> dict[str, Any]:
    arrays = {}
    for rows, features in shapes:
        x, _ = upstream(rng, rows, features)
        gamma, beta = vectors(rng, features)
        out, _ = getattr(impl, forward)(spread * x, gamma, beta, dict(param))
        arrays[f'out_{rows}x{features}'] = out
    return arrays

def gradients(impl: Any, rng: Any, names: tuple[str, str], shapes: Any, param: dict[str, Any], *, spread: float=1.0) -> dict[str, Any]:
    arrays = {}
    for rows, features in shapes:
        x, dout = upstream(rng, rows, features)
        gamma, beta = vectors(rng, features)
        _, cache = getattr(impl, names[0])(spread * x, gamma, beta, dict(param))
        dx, dgamma, dbeta = getattr(impl, names[1])(dout, cache)
        suffix = f'_{rows}x{features}' if len(shapes) > 1 else ''
        arrays.update({f'dx{suffix}': dx, f'dgamma{suffix}': row(dgamma), f'dbeta{suffix}': row(dbeta)})
    return arrays

def running_averages(impl: Any, rng: Any, steps: int, param: dict[str, Any]) -> dict[str, Any]:
    rows, features = (12, 5)
    gamma, beta = vectors(rng, features)
    bn_param = {'mode': 'train', **param}
    arrays = {}
    for step in range(1, steps + 1):
        x = step * rng.standard_normal((rows, features)) + 3 * step * rng.standard_normal(features)
        returned = impl.batchnorm_forward(x, gamma, beta, bn_param)
        averages = {name: kept(bn_param.get(name)) for name in ('running_mean', 'running_var')}
        if _nothing(returned) and (not any((np.any(one) for one in averages.values() if one is not None))):
            raise NotImplementedError('batchnorm_forward returns None')
        if all((one is None for one in averages.values())):
            raise KeyError('after a call in training mode, bn_param has neither running_mean nor running_var')
        arrays.update({f'{name}_{step}': average for name, average in averages.items()})
    return arrays

def _nothing(returned: Any) -> bool:
    return returned is None or (isinstance(returned, tuple) and bool(returned) and (returned[0] is None))

def inference_outputs(impl: Any, rng: Any, shapes: Any, param: dict[str, Any], *, calls: int=1) -> dict[str, Any]:
    arrays = {}
    for rows, features in shapes:
        gamma, beta = vectors(rng, features)
        bn_param = {'mode': 'test', 'running_mean': 2 * rng.standard_normal(features), 'running_var': rng.uniform(0.2, 4.0, features), **param}
        for call in range(1, calls + 1):
            x, _ = upstream(rng, rows, features)
            out, _ = impl.batchnorm_forward(x, gamma.copy(), beta.copy(), bn_param)
            if out is None:
                raise NotImplementedError('batchnorm_forward returns None in test mode')
            arrays[f'out_{rows}x{features}_{call}'] = out
        if calls > 1:
            arrays[f'running_mean_{rows}x{features}'] = kept(bn_param.get('running_mean'))
            arrays[f'running_var_{rows}x{features}'] = kept(bn_param.get('running_var'))
    return arrays
