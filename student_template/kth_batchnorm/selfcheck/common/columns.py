from __future__ import annotations
import inspect
from typing import Any
import numpy as np
from .arrays import number
from .column_forms import RowsError, plain_function
from .column_functions import FunctionNet
from .column_names import FUNCTIONS
from .column_objects import ObjectNet
from .parameters import put
from ..check import NeedsPersonError
COURSE_CLASS = 'BNN'
SETTINGS = {'lmda': ('lmda', 'lmbda', 'lamda', 'lambda_', 'lam', 'lamb'), 'alpha': ('alpha',), 'batchNorm': ('batchNorm', 'batch_norm', 'batchnorm', 'batch_normalization', 'bn'), 'he': ('he', 'He', 'he_init'), 'sig': ('sig', 'sigma')}
METHODS = {name.lower(): spellings for name, spellings in FUNCTIONS.items()}

def make_net(impl: Any, sizes: Any, **settings: Any) -> Any:
    network = _network(impl)
    if network is None:
        return FunctionNet(impl, sizes, **settings)
    accepted = inspect.signature(network).parameters
    terms = {}
    for name, value in settings.items():
        known = [alias for alias in SETTINGS[name] if alias in accepted]
        terms[known[0] if known else name] = value
    pairs = [(sizes[i], sizes[i + 1]) for i in range(len(sizes) - 1)]
    orders = [pairs, [(outputs, inputs) for inputs, outputs in pairs]]
    shape = (sizes[1], sizes[0])
    if network is not getattr(impl, COURSE_CLASS, None):
        net = _of_another_class(network, [*orders, list(sizes)], shape, terms)
        return ObjectNet(network, sizes, **settings) if net is None else net
    for order in orders:
        net = network(order, **terms)
        if len(net.W) == 0:
            raise NotImplementedError('BNN has no weights yet')
        if np.shape(net.W[0]) == shape:
            return net
    raise ValueError(f'W[0] of a network with {sizes[0]} inputs has shape {np.shape(net.W[0])}, expected {shape}')

def _network(impl: Any) -> Any:
    if hasattr(impl, COURSE_CLASS):
        return impl.BNN
    classes = [value for value in (getattr(impl, name) for name in dir(impl)) if isinstance(value, type)]
    networks = [one for one in classes if _spelled(one, 'evaluateClassifier') and _spelled(one, 'computeGradients')]
    if networks:
        return max(networks, key=lambda one: sum((bool(_spelled(one, each)) for each in METHODS)))
    for name in ('evaluateClassifier', 'computeGradients'):
        try:
            plain_function(impl, name)
        except NeedsPersonError:
            continue
        return None
    return impl.BNN

def _of_another_class(network: Any, orders: Any, shape: Any, terms: Any) -> Any:
    for order in orders:
        try:
            net = network(order, **terms)
        except Exception:
            continue
        if isinstance(getattr(net, 'W', None), list) and net.W and (np.shape(net.W[0]) == shape):
            return net if hasattr(net, 'muMA') else None
    return None

def drawn(net: Any) -> Any:
    if isinstance(net, FunctionNet) and net.undrawn:
        raise NeedsPersonError(net.undrawn)
    return net

def helper(impl: Any, name: str) -> Any:
    if name == 'softMax':
        _ask_for_columns(impl)
    network = None if hasattr(impl, name) else _network(impl)
    if hasattr(impl, name) or network is getattr(impl, COURSE_CLASS, ...):
        return getattr(impl, name)
    own = _spelled(network, name) if network else ''
    if own and isinstance(inspect.getattr_static(network, own), staticmethod):
        return getattr(network, own)
    return plain_function(impl, name)

def _ask_for_columns(impl: Any) -> None:
    if hasattr(impl, COURSE_CLASS):
        return
    try:
        make_net(impl, (6, 5, 3), batchNorm=False)
    except RowsError:
        raise
    except Exception:
        return

def method(net: Any, name: str) -> Any:
    return getattr(net, spelling(net, name))

def spelling(net: Any, name: str) -> str:
    found = _spelled(net, name)
    if not found:
        raise AttributeError(f'BNN has no method {name}')
    return found

def _spelled(net: Any, name: str) -> str:
    wanted = _plain(name)
    for spelling in (wanted, *METHODS.get(wanted, ())):
        for known in [name, *dir(net)]:
            if _plain(known) == spelling and callable(getattr(net, known, None)):
                return known
    return ''

def _plain(name: str) -> str:
    return name.replace('_', '').lower()

def start(net: Any, rng: Any, sizes: Any, *, normalized: bool, spread: float=1.0) -> Any:
    layers = len(sizes) - 1
    if len(net.W) != layers:
        raise ValueError(f'the network has {len(net.W)} layers, expected {layers}')
    for i in range(layers):
        fan_in, units = (sizes[i], sizes[i + 1])
        values = {'W': 1.4 * rng.standard_normal((units, fan_in)) / np.sqrt(fan_in)}
        values['b'] = 0.3 * rng.standard_normal((units, 1))
        if normalized and i < layers - 1:
            values['gamma'] = rng.uniform(0.5, 1.5, (units, 1)) * rng.choice([-1.0, 1.0], (units, 1))
            values['beta'] = 0.3 * rng.standard_normal((units, 1))
            values['muMA'] = spread * 0.5 * rng.standard_normal((units, 1))
            values['vaMA'] = spread ** 2 * rng.uniform(0.5, 3.0, (units, 1))
            values['W'], values['b'] = (spread * values['W'], spread * values['b'])
        for kind, value in values.items():
            put_in(net, kind, i, value if kind == 'W' else _as(getattr(net, kind)[i], value))
    return net

def put_in(net: Any, kind: str, i: int, value: Any) -> None:
    put(lambda: getattr(net, kind), i, value, kind)

def _as(given: Any, value: Any) -> Any:
    return value.ravel() if np.shape(given) == (len(value),) else value

def problem(rng: Any, rows: int, classes: int, columns: int) -> tuple[Any, Any, Any]:
    y = rng.integers(classes, size=columns)
    centres = rng.standard_normal((rows, classes))
    X = centres[:, y] + rng.uniform(0.8, 2.0, (rows, 1)) * rng.standard_normal((rows, columns))
    return (X + rng.standard_normal((rows, 1)), np.eye(classes)[y].T, y)

def column(value: Any) -> Any:
    if type(value) is not np.ndarray:
        return value
    return value.reshape(-1, 1).copy() if value.ndim == 1 else value.copy()

def named(prefix: str, values: Any, count: int) -> dict[str, Any]:
    return {f'{prefix}{i + 1}': column(values[i]) if i < len(values) else None for i in range(count)}

def averages(net: Any, suffix: str='', *, spread: float=1.0) -> dict[str, Any]:
    if isinstance(net, FunctionNet) and net.unmoved:
        raise NeedsPersonError('the moving averages move where it trains, and not in its forward pass')
    hidden = len(net.W) - 1
    means, variances = (named(f'muMA{suffix}_', net.muMA, hidden), named(f'vaMA{suffix}_', net.vaMA, hidden))
    return {**{name: times(1 / spread, value) for name, value in means.items()}, **{name: times(1 / spread ** 2, value) for name, value in variances.items()}}

def times(factor: float, value: Any) -> Any:
    return factor * value if type(value) is np.ndarray and value.dtype.kind in 'fiu' else value

def forward(net: Any, X: Any, *, training: bool=True) -> Any:
    returned = method(net, 'evaluateClassifier')(X.copy(), training)
    return returned if isinstance(returned, (tuple, list)) else (returned,)

def cost_and_loss(net: Any, X: Any, Y: Any) -> dict[str, Any]:
    returned = method(net, 'computeCost')(X.copy(), Y.copy())
    pair = returned if isinstance(returned, (tuple, list)) else (returned, None)
    named = zip(('cost', 'loss'), pair)
    return {name: None if value is None else float(number(value)) for name, value in named}

def gradients(net: Any, X: Any, Y: Any, *, normalized: bool, name: str='computeGradients', suffix: str='', spread: float=1.0) -> dict[str, Any]:
    layers = len(net.W)
    returned = method(net, name)(X.copy(), Y.copy())
    kinds = (('W', layers), ('b', layers), ('gamma', layers - 1), ('beta', layers - 1))
    arrays: dict[str, Any] = {}
    for (kind, count), values in zip(kinds if normalized else kinds[:2], returned):
        found = named(f'{kind}{suffix}_', values, count)
        for i, key in enumerate(found):
            flat = found[key] is not None and np.ndim(values[i]) == 1
            found[key] = values[i].copy() if flat and np.ndim(getattr(net, kind)[i]) == 2 else found[key]
            if kind in ('W', 'b') and i < layers - 1:
                found[key] = times(spread, found[key])
        arrays.update(found)
    return arrays
