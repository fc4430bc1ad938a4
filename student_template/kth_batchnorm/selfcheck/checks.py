from __future__ import annotations
from typing import Any
import numpy as np
from .common.arrays import number
from .common.column_steps import watched
from .common.columns import averages, column, cost_and_loss, drawn, forward, gradients, helper, make_net, method, named, problem, put_in, start, times
from .check import check
BLOCKS = 'Building Blocks'
FORWARD = 'Forward Pass'
COST = 'Cost and Accuracy'
GRADIENTS = 'Gradients'
CHECKING = 'Checking Gradients'
TRAINING = 'Training'
TOLERANCE, DECIMALS = (1e-05, 0.1)
MANY = 4000
MANY_TOLERANCE, MANY_FLOOR, GRADIENTS_FLOOR = (0.02, 0.05, 0.5)
SHOWN = 100
SHALLOW, DEEP = ((6, 5, 3), (7, 6, 8, 5, 4))
DEEPEST = (9, 12, 11, 10, 8, 7, 6, 5, 4, 3)
LARGE = 1000.0

def _started(impl: Any, rng: Any, sizes: Any, *, normalized: bool, spread: float=1.0, **settings: Any) -> Any:
    net = make_net(impl, sizes, batchNorm=normalized, **settings)
    return start(net, rng, sizes, normalized=normalized, spread=spread)

@check(of='relu', section=BLOCKS, hint='Negative entries become zero, and all others stay.')
def relu_values(impl: Any, rng: Any) -> dict[str, Any]:
    """relu cuts off negative entries, for any shape."""
    return {f'out_{m}x{n}': helper(impl, 'relu')(rng.standard_normal((m, n))) for m, n in ((3, 5), (6, 1), (1, 4))}

@check(of='softMax', section=BLOCKS, hint='Each column is one image: over which axis do the exponentials add up?')
def softmax_columns(impl: Any, rng: Any) -> dict[str, Any]:
    """softMax turns each column of scores into probabilities."""
    return {f'p_{m}x{n}': helper(impl, 'softMax')(2 * rng.standard_normal((m, n))) for m, n in ((3, 5), (10, 1), (4, 4))}

@check(of='initializeParam', exact_dtype=False, section=BLOCKS, hint='W has a row for each unit and a column for each input; vectors are columns.')
def initial_values(impl: Any, rng: Any) -> dict[str, Any]:
    """A new network has W of the right shapes, zeros for b and beta, ones for gamma, moving means of zero."""
    arrays: dict[str, Any] = {}
    for normalized in (True, False):
        net = drawn(make_net(impl, DEEP, batchNorm=normalized))
        kind = 'bn' if normalized else 'plain'
        arrays[f'{kind}_W_sizes'] = np.array([np.shape(W) for W in net.W])
        arrays.update(named(f'{kind}_b', net.b, len(net.W)))
    net = drawn(make_net(impl, DEEP, batchNorm=True))
    hidden = len(DEEP) - 2
    return {**arrays, **named('gamma', net.gamma, hidden), **named('beta', net.beta, hidden), **named('muMA', net.muMA, hidden)}

@check(of='zeros', section=BLOCKS, hint='One list for each kind of parameter, in the order W, b, gamma, beta; without batch normalization there are two.')
def zeros_in_shape(impl: Any, rng: Any) -> dict[str, Any]:
    """zeros gives new arrays of zeros in the shapes of the parameters."""
    arrays: dict[str, Any] = {}
    for normalized in (True, False):
        net = _started(impl, rng, DEEP, normalized=normalized)
        kinds = method(net, 'zeros')()
        arrays[f'kinds_{normalized}'] = np.array(len(kinds))
        for name, values, count in zip(('W', 'b', 'gamma', 'beta'), kinds, (4, 4, 3, 3)):
            arrays.update(named(f'{name}_{normalized}_', values, count))
    return arrays

@check(of='evaluateClassifier', section=FORWARD, hint="ReLU follows every layer but the last; each layer's input is what h holds.")
def forward_plain(impl: Any, rng: Any) -> dict[str, Any]:
    """Without batch normalization, the forward pass gives probabilities and each layer's input."""
    arrays: dict[str, Any] = {}
    for sizes, columns in ((SHALLOW, 7), (DEEP, 1), (DEEPEST, 12)):
        net = _started(impl, rng, sizes, normalized=False)
        X, _, _ = problem(rng, sizes[0], sizes[-1], columns)
        p, h = forward(net, X)[:2]
        suffix = f'{len(sizes) - 1}_'
        arrays[f'p{suffix}layers'] = column(p)
        arrays.update(named(f'h{suffix}', h, len(sizes) - 1))
    return arrays

@check(of='evaluateClassifier', tolerance=MANY_TOLERANCE, floor=MANY_FLOOR, section=FORWARD, hint='Scores are normalized over the columns of the batch, scaled by gamma, shifted by beta, and only then cut by the ReLU.')
def forward_batchnorm(impl: Any, rng: Any) -> dict[str, Any]:
    """In training, scores are normalized by the batch before each ReLU, then scaled and shifted."""
    arrays: dict[str, Any] = {}
    for sizes in (SHALLOW, DEEP):
        net = _started(impl, rng, sizes, normalized=True, spread=LARGE)
        X, _, _ = problem(rng, sizes[0], sizes[-1], MANY)
        returned = forward(net, X)
        suffix = f'{len(sizes) - 1}_'
        shown = [values[:, :SHOWN] for values in (returned[0], *returned[3][:len(sizes) - 2])]
        arrays[f'p{suffix}layers'] = column(shown[0])
        arrays.update(named(f'normalized{suffix}', shown[1:], len(sizes) - 2))
        arrays[f'columns{suffix}layers'] = np.array(np.shape(returned[0]))
    return arrays

def _unscaled(net: Any) -> Any:
    for i in range(len(net.W) - 1):
        put_in(net, 'gamma', i, np.ones_like(net.gamma[i]))
        put_in(net, 'beta', i, np.zeros_like(net.beta[i]))
    return net

def _moved(impl: Any, rng: Any, calls: int, **settings: Any) -> dict[str, Any]:
    net = _unscaled(_started(impl, rng, DEEP, normalized=True, spread=LARGE, **settings))
    arrays: dict[str, Any] = {}
    for call in range(1, calls + 1):
        X, _, _ = problem(rng, DEEP[0], DEEP[-1], MANY)
        forward(net, call * X)
        arrays.update(averages(net, str(call), spread=LARGE))
    return arrays

@check(of='evaluateClassifier', tolerance=MANY_TOLERANCE, floor=MANY_FLOOR, section=FORWARD, hint='Each call keeps the share alpha of the old average and adds the rest from the batch.')
def moving_averages(impl: Any, rng: Any) -> dict[str, Any]:
    """In training, the moving averages of mean and variance follow the batches."""
    return _moved(impl, rng, 2)

@check(of='evaluateClassifier', tolerance=TOLERANCE, floor=DECIMALS, section=FORWARD, hint="Outside of training the moving averages take the place of the batch's mean and variance; gamma and beta still apply.")
def testing_output(impl: Any, rng: Any) -> dict[str, Any]:
    """Outside of training, the moving averages normalize."""
    arrays = {}
    for sizes, columns in ((SHALLOW, 6), (DEEP, 1)):
        net = _started(impl, rng, sizes, normalized=True, spread=LARGE)
        X, _, _ = problem(rng, sizes[0], sizes[-1], columns)
        arrays[f'p_{len(sizes) - 1}_layers'] = column(forward(net, X, training=False)[0])
    return arrays

@check(of='computeCost', section=COST, hint='The loss is a mean over the columns; the cost adds lambda times the sum of all squared weights, without one half.')
def cost_plain(impl: Any, rng: Any) -> dict[str, Any]:
    """Without batch normalization, cost and loss are right."""
    return _plain_costs(impl, rng, _as_it_is)

def _as_it_is(net: Any, *, normalized: bool) -> Any:
    return net

def _plain_costs(impl: Any, rng: Any, change: Any) -> dict[str, Any]:
    arrays = {}
    for sizes, columns, lmda in ((SHALLOW, 7, 0.0), (DEEP, 12, 0.1)):
        net = change(_started(impl, rng, sizes, normalized=False, lmda=lmda), normalized=False)
        X, Y, _ = problem(rng, sizes[0], sizes[-1], columns)
        found = cost_and_loss(net, X, Y)
        arrays.update({f'{name}_{len(sizes) - 1}_layers': value for name, value in found.items()})
    return arrays

@check(of='computeCost', tolerance=MANY_TOLERANCE, floor=MANY_FLOOR, section=COST, hint='With batch normalization the cost is that of training: normalized by the columns it is asked about.')
def cost_batchnorm(impl: Any, rng: Any) -> dict[str, Any]:
    """With batch normalization, cost and loss are those of the columns' own mean and variance."""
    return _normalized_cost(impl, rng, _as_it_is)

def _normalized_cost(impl: Any, rng: Any, change: Any) -> dict[str, Any]:
    net = _started(impl, rng, DEEP, normalized=True, spread=LARGE, lmda=0.1 / LARGE ** 2)
    for i in range(len(net.vaMA)):
        put_in(net, 'vaMA', i, net.vaMA[i] / 10)
    X, Y, _ = problem(rng, DEEP[0], DEEP[-1], MANY)
    net = change(net, normalized=True)
    return {**cost_and_loss(net, X, Y), 'penalty': _penalty(impl, rng, change)}

def _penalty(impl: Any, rng: Any, change: Any) -> Any:
    seed = int(rng.integers(2 ** 31))
    costs = []
    for lmda in (0.0, 0.1):
        same = np.random.default_rng(seed)
        net = change(_started(impl, same, SHALLOW, normalized=True, lmda=lmda), normalized=True)
        X, Y, _ = problem(same, SHALLOW[0], SHALLOW[-1], 20)
        costs.append(cost_and_loss(net, X, Y)['cost'])
    return None if None in costs else costs[1] - costs[0]
DRAWS = 5

@check(of='computeAccuracy', section=COST, hint='The class with the highest probability counts, and probabilities come from the moving averages.')
def accuracy(impl: Any, rng: Any) -> dict[str, Any]:
    """The accuracy is the share of right columns, by the moving averages."""
    return _accuracies(impl, rng, _as_it_is)

def _accuracies(impl: Any, rng: Any, change: Any) -> dict[str, Any]:
    arrays = {}
    for normalized in (False, True):
        net = _started(impl, rng, SHALLOW, normalized=normalized, spread=LARGE if normalized else 1.0)
        net = change(net, normalized=normalized)
        shares = []
        for _ in range(DRAWS):
            X, _, y = problem(rng, SHALLOW[0], SHALLOW[-1], 397)
            shares.append(float(number(method(net, 'computeAccuracy')(X, y))))
        arrays['with_batchnorm' if normalized else 'plain'] = np.array(shares)
    return arrays

@check(of='computeGradients', section=GRADIENTS, hint="Go back layer by layer: through W, then through the ReLU, whose slope is 1 where the layer's input is positive.")
def gradients_plain(impl: Any, rng: Any) -> dict[str, Any]:
    """Without batch normalization, the gradients of W and b are right for two, four and nine layers."""
    return _plain_gradients(impl, rng, _as_it_is)

def _plain_gradients(impl: Any, rng: Any, change: Any) -> dict[str, Any]:
    arrays: dict[str, Any] = {}
    for sizes, columns in ((SHALLOW, 7), (DEEP, 4), (DEEPEST, 11)):
        net = change(_started(impl, rng, sizes, normalized=False, lmda=0.0), normalized=False)
        X, Y, _ = problem(rng, sizes[0], sizes[-1], columns)
        arrays.update(gradients(net, X, Y, normalized=False, suffix=f'_{len(sizes) - 1}layers'))
    return arrays

@check(of='computeGradients', tolerance=MANY_TOLERANCE, floor=GRADIENTS_FLOOR, section=GRADIENTS, hint='After the ReLU come gamma and beta, then the normalization, then W. The last layer has no normalization.')
def gradients_batchnorm(impl: Any, rng: Any) -> dict[str, Any]:
    """With batch normalization, the gradients of W, b, gamma and beta are right."""
    return _normalized_gradients(impl, rng, _as_it_is)

def _normalized_gradients(impl: Any, rng: Any, change: Any) -> dict[str, Any]:
    arrays: dict[str, Any] = {}
    for sizes in (SHALLOW, DEEP):
        net = change(_started(impl, rng, sizes, normalized=True, spread=LARGE), normalized=True)
        X, Y, _ = problem(rng, sizes[0], sizes[-1], MANY)
        found = gradients(net, X, Y, normalized=True, suffix=f'_{len(sizes) - 1}layers', spread=LARGE)
        arrays.update({name: times(10, value) for name, value in found.items()})
    return arrays

@check(of='batchNormBackPass', tolerance=TOLERANCE, floor=DECIMALS, section=GRADIENTS, hint='A score reaches the normalized scores of its row by three ways: directly, through the mean, and through the variance.')
def batchnorm_back_pass(impl: Any, rng: Any) -> dict[str, Any]:
    """The gradient goes back through the normalization, for any shape."""
    net = make_net(impl, SHALLOW, batchNorm=True)
    arrays = {}
    for m, n in ((4, 6), (7, 3), (1, 20)):
        s = rng.uniform(1.0, 3.0, (m, 1)) * rng.standard_normal((m, n)) + rng.standard_normal((m, 1))
        s *= LARGE
        mu, v = (s.mean(axis=1, keepdims=True), s.var(axis=1, keepdims=True))
        gradient = method(net, 'batchNormBackPass')(rng.standard_normal((m, n)), s, mu, v)
        arrays[f'gradient_{m}x{n}'] = times(LARGE, gradient)
    return arrays

@check(of='computeGradientsNum', tolerance=MANY_TOLERANCE, floor=MANY_FLOOR, section=CHECKING, hint='Half of the right value means that one of the two costs was taken at the unchanged parameter: was it really set back?')
def numerical_gradients(impl: Any, rng: Any) -> dict[str, Any]:
    """Numerical gradients are central differences of the cost, for all parameters."""
    sizes = (3, 4, 2)
    arrays: dict[str, Any] = {}
    for normalized in (False, True):
        net = _started(impl, rng, sizes, normalized=normalized, lmda=0.1)
        X, Y, _ = problem(rng, sizes[0], sizes[-1], 1000 if normalized else 50)
        suffix = '_bn' if normalized else '_plain'
        name = 'computeGradientsNum'
        found = gradients(net, X, Y, normalized=normalized, name=name, suffix=suffix)
        arrays.update(found)
    return arrays
RATE_TOLERANCE = 1e-06

def _watched(impl: Any, rng: Any, columns: int, terms: Any) -> dict[str, Any]:
    net = _started(impl, rng, SHALLOW, normalized=True)
    X, _, _ = problem(rng, SHALLOW[0], SHALLOW[-1], columns)
    return watched(net, X, terms)

@check(of='miniBatchGD', tolerance=RATE_TOLERANCE, section=TRAINING, hint='Write down the rates of the first steps: the highest is etaMax, and a whole cycle takes 2 nS steps.')
def learning_rates(impl: Any, rng: Any) -> dict[str, Any]:
    """The learning rate goes from eta_min to eta_max and back, step by step."""
    highest = 0.1 * rng.uniform(0.8, 1.2)
    return {'rates': _watched(impl, rng, 48, [4, 0.001, highest, 1, 4])['rates'][:9]}
