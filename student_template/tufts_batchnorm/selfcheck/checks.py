from __future__ import annotations
from types import SimpleNamespace
from typing import Any
import numpy as np
from .common.arrays import kept, number, row
from .common.normalization import inference_outputs, outputs, running_averages
from .common.parameters import put
from .check import NeedsPersonError, check
FORWARD = 'Batch normalization: forward'
NETWORK = 'Fully Connected Nets with Batch Normalization'
DEEP = 'Batchnorm for deep networks'
TRAIN = {'mode': 'train'}
SHAPES = ((4, 5), (64, 7), (30, 12), (17, 1))
SIZES = (12, 7, 5, 9, 4)
EVEN = (12, 7, 7, 7, 4)
KINDS = ('W', 'b', 'gamma', 'beta')
STEP = 0.001
GRADIENT_FLOOR = 0.0001

def _paired(impl: Any) -> Any:

    def batchnorm_forward(x: Any, gamma: Any, beta: Any, bn_param: dict[str, Any]) -> tuple[Any, None]:
        bn_param.setdefault('eps', 0.0001)
        bn_param.setdefault('momentum', 0.95)
        for name, value in (('running_mean', np.zeros(x.shape[1])), ('running_var', np.ones(x.shape[1]))):
            given = bn_param.setdefault(name, value)
            if type(given) is np.ndarray and given.ndim == 1:
                bn_param[name] = given[None, :].copy()
        returned = impl.batchnorm_forward(x, gamma, beta, bn_param)
        in_pair = isinstance(returned, tuple) and len(returned) > 0 and isinstance(returned[0], np.ndarray)
        return (returned[0] if in_pair else returned, None)
    return SimpleNamespace(batchnorm_forward=batchnorm_forward)

def _example(mode: str, mean: float, var: float) -> dict[str, Any]:
    return {'mode': mode, 'eps': 0.0001, 'momentum': 0.95, 'running_mean': np.full((1, 1), mean), 'running_var': np.full((1, 1), var)}

@check(of='batchnorm_forward', section=FORWARD, hint='Only the output is returned. The running statistics start at 0 and 1, and each call moves them by a twentieth.')
def example_train(impl: Any, rng: Any) -> dict[str, Any]:
    """The notebook's example in training mode: running statistics 1 and 4.283, then 20 and 66.667."""
    x, bn_param = (np.array([[10], [20], [30]]), _example('train', 0.0, 1.0))
    arrays = {'out': kept(impl.batchnorm_forward(x, np.ones([1]), np.zeros([1]), bn_param))}
    other, moved = (np.array([[10], [20], [3 * int(rng.integers(11, 30)) + 1]]), _example('train', 0.0, 1.0))
    arrays['out_of_another'] = kept(impl.batchnorm_forward(other, np.ones([1]), np.zeros([1]), moved))
    for calls in ('once', 'often'):
        arrays[f'running_mean_{calls}'] = kept(bn_param['running_mean'])
        arrays[f'running_var_{calls}'] = kept(bn_param['running_var'])
        for _ in range(400 if calls == 'once' else 0):
            impl.batchnorm_forward(x, np.ones([1]), np.zeros([1]), bn_param)
    return arrays

@check(of='batchnorm_forward', tolerance=1e-09, section=FORWARD, hint='0.61237244 is what comes out when test mode leaves eps away.')
def example_test(impl: Any, rng: Any) -> dict[str, Any]:
    """The notebook's example in test mode: 0.61237198."""
    given = {'out': 25, 'out_of_another': int(rng.integers(26, 90))}
    return {name: kept(impl.batchnorm_forward(np.array([[value]]), np.ones([1]), np.zeros([1]), _example('test', 20.0, 200 / 3))) for name, value in given.items()}

@check(of='batchnorm_forward', section=FORWARD, hint='Statistics are taken over axis 0, one mean and one variance per feature; the variance is divided by N.')
def train_output(impl: Any, rng: Any) -> dict[str, Any]:
    """Training mode normalizes each feature over the minibatch, then scales and shifts."""
    return outputs(_paired(impl), rng, 'batchnorm_forward', SHAPES, TRAIN)

@check(of='batchnorm_forward', section=FORWARD, hint="Each call moves them a little: momentum times the old value plus the rest times the minibatch's.")
def running_statistics(impl: Any, rng: Any) -> dict[str, Any]:
    """Training mode moves the running mean and variance in bn_param, on data that change."""
    return running_averages(_paired(impl), rng, 4, {})

@check(of='batchnorm_forward', section=FORWARD, hint="In test mode the running statistics take the minibatch's place; eps, gamma and beta still apply.")
def test_output(impl: Any, rng: Any) -> dict[str, Any]:
    """Test mode normalizes with the running statistics, then scales and shifts."""
    return inference_outputs(_paired(impl), rng, ((6, 5), (1, 3)), {})

def _started(impl: Any, rng: Any, sizes: Any, *, use_bn: bool, **options: Any) -> Any:
    terms = {'centering_data': False, 'use_dropout': False, **options}
    model = impl.FullyConnectedNet(input_size=sizes[0], hidden_size=list(sizes[1:-1]), output_size=sizes[-1], use_bn=use_bn, **terms)
    for layer in range(len(sizes) - 1):
        fan_in, fan_out = (sizes[layer], sizes[layer + 1])
        _put(model, 'W', layer, rng.standard_normal((fan_in, fan_out)) / np.sqrt(fan_in))
        _put(model, 'b', layer, 0.2 * rng.standard_normal(fan_out))
        scale, shift = (rng.uniform(0.5, 1.5, fan_out), 0.3 * rng.standard_normal(fan_out))
        if use_bn and layer < len(sizes) - 2:
            _put(model, 'gamma', layer, scale)
            _put(model, 'beta', layer, shift)
    return model

def _params(model: Any) -> Any:
    params = model.params
    if isinstance(params, dict) and params and ('W' not in params):
        raise NeedsPersonError('the network is not the one that was given: its parameters have other names')
    return params

def _put(model: Any, kind: str, layer: int, value: Any) -> None:
    place = f'params["{kind}"][{layer}]'
    if len(_params(model).get(kind, ())) <= layer:
        raise KeyError(f'{place} is not there, expected an array of shape {value.shape}')
    given = model.params[kind][layer]
    if row(given).shape != value.shape:
        raise ValueError(f'{place} has shape {given.shape}, expected {value.shape}')
    put(lambda: model.params[kind], layer, value.reshape(given.shape), place)

def _examples(rng: Any, rows: int, sizes: Any) -> tuple[Any, Any]:
    y = rng.integers(sizes[-1], size=rows)
    centres = 1.5 * rng.standard_normal((sizes[-1], sizes[0]))
    return (3.0 + centres[y] + rng.standard_normal((rows, sizes[0])), y)
HISTORIES = ('objective_history', 'train_acc_history', 'val_acc_history')

def _trained(model: Any, X: Any, y: Any, X_val: Any, y_val: Any, **terms: Any) -> dict[str, Any]:
    history = model.train(X.copy(), y.copy(), X_val.copy(), y_val.copy(), verbose=False, **terms)
    return {name: np.array([float(value) for value in history[name]]) for name in HISTORIES if name in history}

def _objective(impl: Any, rng: Any, sizes: Any, *, use_bn: bool, reg: float=0.0, **options: Any) -> Any:
    model = _started(impl, rng, sizes, use_bn=use_bn, **options)
    X, y = _examples(rng, 8, sizes)
    terms = {'learning_rate': STEP, 'reg': np.float32(reg), 'num_iters': 1, 'batch_size': 8}
    noted = _noted(model)
    try:
        return _trained(model, X, y, X, y, **terms)['objective_history']
    except NeedsPersonError:
        raise
    except Exception:
        if not noted:
            raise
        return np.array(noted[:1])

def _noted(model: Any) -> list[float]:
    own, noted = (getattr(model, 'compute_objective', None), [])

    def noting(*args: Any, **named: Any) -> Any:
        returned = own(*args, **named)
        noted.append(float(number(returned[0])))
        return returned
    if callable(own):
        model.compute_objective = noting
    return noted

@check(of='FullyConnectedNet', exact_dtype=False, section=NETWORK, hint='Each hidden layer has its own scale and shift, and its own dictionary for batchnorm_forward.')
def network_parameters(impl: Any, rng: Any) -> dict[str, Any]:
    """With use_bn, every hidden layer gets a scale of ones and a shift of zeros, and the last layer gets none."""
    model = impl.FullyConnectedNet(input_size=6, hidden_size=[int(size) for size in rng.integers(3, 60, 2)], output_size=4, centering_data=True, use_dropout=False, use_bn=True)
    params = _params(model)
    arrays = {'layers': np.array([len(params[kind]) for kind in KINDS])}
    for layer in range(2):
        arrays[f'gamma_{layer}'] = row(params['gamma'][layer])
        arrays[f'beta_{layer}'] = row(params['beta'][layer])
    return arrays

@check(of='FullyConnectedNet', section=NETWORK, hint="Each hidden layer's affine output is normalized before its ReLU. The cross-entropy is summed over the minibatch.")
def network_objective(impl: Any, rng: Any) -> dict[str, Any]:
    """With batch normalization, the objective is right with and without regularization."""
    return {f'reg_{reg:g}': _objective(impl, rng, SIZES, use_bn=True, reg=reg) for reg in (0.0, 0.5)}

@check(of='FullyConnectedNet', section=NETWORK, hint='Without use_bn the network is the one that you had before; with it, the mean of the training rows is still subtracted.')
def network_options(impl: Any, rng: Any) -> dict[str, Any]:
    """The options act one by one: with and without batch normalization, with and without centred data."""
    return {f'use_bn_{use_bn}_centering_{centering}': _objective(impl, rng, EVEN, use_bn=use_bn, reg=0.25, centering_data=centering) for use_bn in (False, True) for centering in (False, True)}

@check(of='FullyConnectedNet', floor=GRADIENT_FLOOR, section=NETWORK, hint='The gradient passes batch normalization between ReLU and affine layer; gamma and beta are learnt, too.')
def network_gradients(impl: Any, rng: Any) -> dict[str, Any]:
    """One step of training moves every weight, bias, scale and shift by the right gradient."""
    model = _started(impl, rng, EVEN, use_bn=True)
    before = {kind: [np.array(array) for array in arrays] for kind, arrays in model.params.items()}
    X, y = _examples(rng, 8, EVEN)
    _trained(model, X, y, X, y, learning_rate=STEP, reg=np.float32(0.25), num_iters=1, batch_size=8)
    return {f'{kind}{layer + 1}': row((array - np.asarray(model.params[kind][layer])) / STEP) for kind, arrays in before.items() if kind in KINDS for layer, array in enumerate(arrays)}

def _training(impl: Any, rng: Any, **terms: Any) -> dict[str, Any]:
    sizes = (12, 6, 6, 4)
    model = _started(impl, rng, sizes, use_bn=True, centering_data=True)
    X, y = _examples(rng, 100, sizes)
    terms = {'learning_rate': 0.01, 'reg': np.float32(0.0625), 'num_iters': 12, 'batch_size': 10, **terms}
    return _trained(model, X[:40], y[:40], X[40:], y[40:], **terms)

@check(of='FullyConnectedNet', section=DEEP, hint='Objectives that part at the first step point at the forward pass, later ones at a gradient, accuracies at test mode.')
def training_batchnorm(impl: Any, rng: Any) -> dict[str, Any]:
    """12 steps of training with batch normalization give the expected objectives and accuracies."""
    return _training(impl, rng)
