from __future__ import annotations
from typing import Any
import numpy as np
from .common.arrays import kept, upstream, vectors
from .common.arrays import number as as_number
from .common.lesson_networks import call, fill, lesson_network, made_up, params_of, population_of, starting_weights
from .check import check
ACTIVATIONS = 'Activation functions'
TRAINING = 'Batch normalization: training'
INFERENCE = 'Batch normalization: inference'
BACK = 'Batch normalization: the way back'
NETWORK = 'A network with and without batch normalization'
SINGLES = 'Training is not inference'
CONVOLUTIONS = 'Convolutions'
TOLERANCE = 0.0001
FLOOR = 0.1
SHAPES = ((4, 5), (60, 7), (13, 3))
MAPS = ((3, 4, 5, 2), (2, 6, 3, 7))
SIZES = (6, 8, 5, 7, 10)
ACTIVE = ('relu', 'sigmoid')

@check(of='relu', where='notebook', tolerance=TOLERANCE, floor=FLOOR, exact_dtype=False, section=ACTIVATIONS, hint='Negative numbers become 0, all others stay.')
def relu_values(impl: Any, rng: Any) -> dict[str, Any]:
    """ReLU keeps what is positive and leaves its input as it was."""
    x = 3 * rng.standard_normal((5, 8))
    return {'out': impl.relu(x), 'x_after': x, 'one_axis': impl.relu(x[0]), 'x_given': x.copy()}

@check(of='sigmoid', where='notebook', tolerance=TOLERANCE, floor=0.0001, exact_dtype=False, section=ACTIVATIONS, hint='1 / (1 + exp(-x)): mind the sign.')
def sigmoid_values(impl: Any, rng: Any) -> dict[str, Any]:
    """Sigmoid is 1 / (1 + exp(-x))."""
    x = 3 * rng.standard_normal((5, 8))
    return {'out': impl.sigmoid(x), 'one_axis': impl.sigmoid(x[0])}

@check(of='activation_gradient', where='notebook', tolerance=TOLERANCE, floor=0.001, exact_dtype=False, section=ACTIVATIONS, hint='It is given the output of the activation function, not its input.')
def activation_gradients(impl: Any, rng: Any) -> dict[str, Any]:
    """Derivatives of ReLU and sigmoid, from their outputs."""
    x = 2 * rng.standard_normal((6, 9))
    arrays = {}
    for name, out in (('relu', np.maximum(x, 0)), ('sigmoid', 1 / (1 + np.exp(-x)))):
        arrays[name] = 1.0 * impl.activation_gradient(out, getattr(impl, name))
    return arrays

@check(of='moments', where='notebook', tolerance=TOLERANCE, floor=FLOOR, exact_dtype=False, section=TRAINING, hint='One mean and one variance per node; the variance divides by the number of rows.')
def moments_rows(impl: Any, rng: Any) -> dict[str, Any]:
    """Moments over the rows of a batch."""
    arrays = {}
    for rows, nodes in (*SHAPES, (9, 1)):
        x, _ = upstream(rng, rows, nodes)
        mean, variance = impl.moments(x, [0])
        arrays |= {f'mean_{rows}x{nodes}': kept(mean), f'variance_{rows}x{nodes}': kept(variance)}
    return arrays

def _trained(impl: Any, rng: Any, shape: Any, **settings: Any) -> tuple[Any, Any, Any]:
    nodes = shape[-1]
    x, _ = upstream(rng, int(np.prod(shape[:-1])), nodes)
    gamma, beta = vectors(rng, nodes)
    spread = settings.pop('spread', 1.0)
    out, mean, variance = impl.batch_norm_training((spread * x).reshape(shape), gamma, beta, pop_mean=rng.standard_normal(nodes), pop_variance=rng.uniform(0.5, 2.0, nodes), **settings)
    return (out, kept(mean), kept(variance))

@check(of='batch_norm_training', where='notebook', tolerance=TOLERANCE, floor=FLOOR, exact_dtype=False, section=TRAINING, hint="The batch's own mean and variance normalize; gamma and beta come after. The population's are not used here.")
def training_output(impl: Any, rng: Any) -> dict[str, Any]:
    """Training normalizes each node by the batch, then scales and shifts."""
    return {f'out_{shape[0]}x{shape[1]}': _trained(impl, rng, shape)[0] for shape in SHAPES}

@check(of='batch_norm_training', where='notebook', tolerance=TOLERANCE, floor=0.01, exact_dtype=False, section=TRAINING, hint="99 hundredths of the old estimate and one hundredth of the batch's value.")
def population_average(impl: Any, rng: Any) -> dict[str, Any]:
    """Training moves the population statistics by a moving average."""
    nodes = 6
    gamma, beta = vectors(rng, nodes)
    mean, variance = (np.zeros(nodes), np.ones(nodes))
    arrays = {}
    for step in range(1, 5):
        x = 2 * step * rng.standard_normal((7, nodes)) + 8 * step * rng.standard_normal(nodes)
        _, mean, variance = impl.batch_norm_training(x, gamma, beta, pop_mean=mean, pop_variance=variance)
        mean, variance = (kept(mean), kept(variance))
        arrays |= {f'mean_{step}': mean.copy(), f'variance_{step}': variance.copy()}
    return arrays

def _inferred(impl: Any, rng: Any, shape: Any, *, spread: float=1.0, **settings: Any) -> Any:
    nodes = shape[-1]
    x, _ = upstream(rng, int(np.prod(shape[:-1])), nodes)
    gamma, beta = vectors(rng, nodes)
    return impl.batch_norm_inference(x.reshape(shape), gamma, beta, pop_mean=2 * rng.standard_normal(nodes), pop_variance=spread * rng.uniform(0.01, 4.0, nodes), **settings)

@check(of='batch_norm_inference', where='notebook', tolerance=TOLERANCE, floor=FLOOR, exact_dtype=False, section=INFERENCE, hint="The population statistics take the batch's place, also for a single row; gamma and beta still apply.")
def inference_output(impl: Any, rng: Any) -> dict[str, Any]:
    """Inference normalizes by the population statistics, then scales and shifts."""
    return {f'out_{shape[0]}x{shape[1]}': _inferred(impl, rng, shape) for shape in ((6, 5), (1, 3), (20, 9))}

def _gradients(impl: Any, rng: Any, shape: Any, *, spread: float=1.0, **settings: Any) -> dict[str, Any]:
    x, d_out = upstream(rng, int(np.prod(shape[:-1])), shape[-1])
    gamma, _ = vectors(rng, shape[-1])
    d_linear, d_gamma, d_beta = impl.batch_norm_gradients(d_out.reshape(shape), spread * x.reshape(shape), gamma, **settings)
    name = 'x'.join((str(length) for length in shape))
    return {f'd_linear_{name}': d_linear, f'd_gamma_{name}': kept(d_gamma), f'd_beta_{name}': kept(d_beta)}

@check(of='batch_norm_gradients', where='notebook', tolerance=TOLERANCE, floor=FLOOR, exact_dtype=False, section=BACK, hint='Mean and variance depend on every row: three paths lead back to linear_output.')
def gradients(impl: Any, rng: Any) -> dict[str, Any]:
    """Gradients for the inputs, gamma and beta."""
    return {**_gradients(impl, rng, (8, 5)), **_gradients(impl, rng, (30, 3))}

@check(of='softmax_cross_entropy', where='notebook', tolerance=TOLERANCE, floor=0.001, exact_dtype=False, section=NETWORK, hint='Both loss and gradient are means over the rows.')
def cross_entropy(impl: Any, rng: Any) -> dict[str, Any]:
    """Mean cross-entropy and its gradient."""
    logits = 2 * rng.standard_normal((7, 10))
    loss, gradient = impl.softmax_cross_entropy(logits.copy(), np.eye(10)[rng.integers(10, size=7)])
    return {'loss': as_number(loss), 'gradient': gradient}

def _layers(impl: Any, rng: Any, *, normalized: bool, is_training: bool) -> dict[str, Any]:
    arrays = {}
    for activation in ACTIVE:
        weights = starting_weights(rng, SIZES)
        net = fill(lesson_network(impl, weights, activation, normalized=normalized), rng, SIZES)
        for layer in range(1, len(SIZES) - 1):
            layer_in, _ = upstream(rng, 11, SIZES[layer - 1])
            arrays[f'{activation}_layer{layer}'] = net.fully_connected(layer_in, layer, is_training)
    return arrays

@check(of='NeuralNet.fully_connected', where='notebook', tolerance=TOLERANCE, floor=FLOOR, exact_dtype=False, section=NETWORK, hint='Weights, then bias, then the activation function.')
def layer_plain(impl: Any, rng: Any) -> dict[str, Any]:
    """A hidden layer without batch normalization."""
    return _layers(impl, rng, normalized=False, is_training=False)

@check(of='NeuralNet.fully_connected', where='notebook', tolerance=TOLERANCE, floor=FLOOR, exact_dtype=False, section=NETWORK, hint='Normalize what the weights give, before the activation function.')
def layer_training(impl: Any, rng: Any) -> dict[str, Any]:
    """A hidden layer with batch normalization, in training."""
    return _layers(impl, rng, normalized=True, is_training=True)

@check(of='NeuralNet.fully_connected', where='notebook', tolerance=TOLERANCE, floor=FLOOR, exact_dtype=False, section=NETWORK, hint='Does the layer ask is_training? At inference it reads its own pair of `population`.')
def layer_inference(impl: Any, rng: Any) -> dict[str, Any]:
    """A hidden layer with batch normalization, at inference."""
    return _layers(impl, rng, normalized=True, is_training=False)

def _stepped(impl: Any, rng: Any, *, normalized: bool, activation: str, steps: int) -> Any:
    net = fill(lesson_network(impl, starting_weights(rng, SIZES), activation, normalized=normalized), rng, SIZES)
    for step in range(1, steps + 1):
        images = step * rng.standard_normal((12, SIZES[0])) + rng.standard_normal(SIZES[0])
        net.train_step(images, np.eye(10)[rng.integers(10, size=12)], 0.2)
    return net

def _asked_for(found: dict[str, Any], net: Any, prefix: str) -> dict[str, Any]:
    last = len(SIZES) - 1
    hidden = ('gamma', 'beta') if net.use_batch_norm else ('b',)
    names = [f'{kind}{layer}' for layer in range(1, last) for kind in ('W', *hidden)]
    return {prefix + name: found.get(prefix + name) for name in (*names, f'W{last}', f'b{last}')}

@check(of='NeuralNet.train_step', where='notebook', tolerance=TOLERANCE, floor=FLOOR, exact_dtype=False, section=NETWORK, hint='All gradients belong to the parameters before the step.')
def step_plain(impl: Any, rng: Any) -> dict[str, Any]:
    """Steps of gradient descent without batch normalization."""
    arrays = {}
    for activation in ACTIVE:
        net = _stepped(impl, rng, normalized=False, activation=activation, steps=2)
        arrays |= _asked_for(params_of(net, f'{activation}_'), net, f'{activation}_')
    return arrays

@check(of='NeuralNet.train_step', where='notebook', tolerance=TOLERANCE, floor=FLOOR, exact_dtype=False, section=NETWORK, hint='The way back: activation function, normalization, weights. Gamma and beta are trained as well.')
def step_batch_norm(impl: Any, rng: Any) -> dict[str, Any]:
    """Steps of gradient descent with batch normalization."""
    arrays = {}
    for activation in ACTIVE:
        net = _stepped(impl, rng, normalized=True, activation=activation, steps=2)
        arrays |= _asked_for(params_of(net, f'{activation}_'), net, f'{activation}_')
    return arrays

@check(of='NeuralNet.train_step', where='notebook', tolerance=TOLERANCE, floor=0.001, exact_dtype=False, section=NETWORK, hint='Every training step moves the population statistics of every normalized layer, once; inference moves none.')
def step_population(impl: Any, rng: Any) -> dict[str, Any]:
    """Training steps move the population statistics, inference does not."""
    net = _stepped(impl, rng, normalized=True, activation='relu', steps=1)
    arrays = population_of(net, 'after_a_step_')
    net.output_layer(9 * rng.standard_normal((5, SIZES[0])), False)
    arrays |= population_of(net, 'after_inference_')
    names = [f'{when}_{kind}{layer}' for when in ('after_a_step', 'after_inference') for layer in range(1, len(SIZES) - 1) for kind in ('mean', 'variance')]
    return {name: arrays.get(name) for name in names}

@check(of='NeuralNet.train', where='notebook', tolerance=TOLERANCE, floor=FLOOR, exact_dtype=False, section=NETWORK, hint='Batches of 60; a sample after batch number 0 and after every batches_per_sample more, measured as at inference.')
def training_history(impl: Any, rng: Any) -> dict[str, Any]:
    """Training samples the validation accuracy at the right times, as at inference."""
    arrays = {}
    for normalized, name in ((True, 'with_batch_norm'), (False, 'without_batch_norm')):
        sizes = (20, 16, 12, 10)
        mnist = made_up(rng, sizes[0], (330, 211, 97))
        net = lesson_network(impl, starting_weights(rng, sizes), 'relu', normalized=normalized)
        call(net.train, mnist, 0.3, 29, 4)
        arrays[name] = np.array(net.training_accuracies, dtype=float)
    return arrays

@check(of='NeuralNet.test', where='notebook', tolerance=TOLERANCE, floor=FLOOR, exact_dtype=False, section=SINGLES, hint='test_training_accuracy decides what normalizes, for the whole test set and for single images alike.')
def test_report(impl: Any, rng: Any) -> dict[str, Any]:
    """Testing predicts 200 images one at a time, in the mode asked for."""
    mnist = made_up(rng, SIZES[0], (60, 60, 230))
    arrays = {}
    for number in range(1, 4):
        net = fill(lesson_network(impl, starting_weights(rng, SIZES), 'relu', normalized=True), rng, SIZES)
        for by_batch, mode in ((True, 'by_batch'), (False, 'by_population')):
            report = call(net.test, mnist, test_training_accuracy=by_batch, include_individual_predictions=True)
            name = f'{mode}_{number}'
            arrays[f'{name}_predictions'] = np.array(report.predictions)
            arrays[f'{name}_accuracies'] = np.array([report.accuracy, report.single_accuracy], dtype=float)
    return arrays

@check(of='batch_norm_training', where='notebook', tolerance=TOLERANCE, floor=FLOOR, exact_dtype=False, section=CONVOLUTIONS, hint='Moments run over rows, height and width: one mean and one variance per feature map.')
def conv_training(impl: Any, rng: Any) -> dict[str, Any]:
    """Convolutions are normalized per feature map, in training."""
    arrays = {}
    for shape in MAPS:
        out, mean, variance = _trained(impl, rng, shape)
        name = 'x'.join((str(length) for length in shape))
        arrays |= {f'out_{name}': out, f'mean_{name}': mean, f'variance_{name}': variance}
    return arrays
