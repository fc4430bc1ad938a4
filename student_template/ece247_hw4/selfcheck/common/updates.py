from __future__ import annotations
from typing import Any
import numpy as np
from .arrays import kept

def updates(impl: Any, rng: Any, rule: str, config: dict[str, Any], states: dict[str, tuple[float, float]], *, shapes: Any=((4, 5),), steps: int=1, scale: float=1.0) -> dict[str, Any]:
    arrays = {}
    for shape in shapes:
        settings = dict(config)
        if settings.get('t'):
            settings['t'] += int(rng.integers(40))
        for name, bounds in states.items():
            if bounds is not None:
                settings[name] = rng.uniform(*bounds, shape)
        for step in range(1, steps + 1):
            w = rng.standard_normal(shape)
            dw = scale * rng.uniform(0.2, 1.5, shape) * rng.choice([-1.0, 1.0], shape)
            before = {name: kept(settings.get(name)) for name in (*states, 't')}
            next_w, settings = getattr(impl, rule)(w, dw, settings)
            if next_w is None and all((_still(settings.get(name), was) for name, was in before.items())):
                raise NotImplementedError(f'{rule} returns None for the weights')
            suffix = '_' + 'x'.join(map(str, shape)) + (f'_step_{step}' if steps > 1 else '')
            arrays[f'next_w{suffix}'] = kept(next_w)
            for name in (*states, *(['t'] if 't' in config else [])):
                value = settings.get(name)
                arrays[f'{name}{suffix}'] = _counted(value) if name == 't' else kept(value)
    return arrays

def _still(now: Any, before: Any) -> bool:
    return now is None or np.array_equal(now, np.zeros_like(now) if before is None else before)

def _counted(value: Any) -> Any:
    return float(value) if isinstance(value, (int, float, np.integer, np.floating)) else value
