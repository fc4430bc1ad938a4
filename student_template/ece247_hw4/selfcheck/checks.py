from __future__ import annotations
from collections.abc import Mapping
from typing import Any
import numpy as np
from .common.arrays import kept, number
from .common.layers import affine_gradients, affine_outputs
from .common.network_probes import examples, gradients_at, losses_at, started
from .common.normalization import gradients, inference_outputs, outputs, running_averages
from .common.updates import updates
from .check import check
COPIED = 'Test all functions you copy and pasted'
MOMENTUM = 'SGD + momentum'
NESTEROV = 'SGD + Nesterov momentum'
COMPARE = 'Evaluating SGD, SGD+Momentum, and SGD+NesterovMomentum'
RMSPROP = 'RMSProp'
ADAM = 'Adaptive moments'
FORWARD = 'Batchnorm forward pass'
BACKWARD = 'Batchnorm backward pass'
BN_NETWORK = 'Implement a fully connected neural network with batchnorm layers'
DROPOUT_FORWARD = 'Dropout forward pass'
TRAIN = {'mode': 'train'}
AFFINE = ('affine_forward', 'affine_backward')
AFFINE_RELU = ('affine_relu_forward', 'affine_relu_backward')
BATCHNORM = ('batchnorm_forward', 'batchnorm_backward')
INPUTS = (((4, 5), 3), ((2, 4, 5, 6), 3), ((7, 2, 3), 8))
NETWORK_FLOOR = 1e-06
GUARDED = 5e-06

@check(of='affine_forward', section=COPIED, hint='Flatten each example first; the weights are (D, M), and the bias is added to every row.')
def affine_output(impl: Any, rng: Any) -> dict[str, Any]:
    """The affine layer's output, for inputs of any shape."""
    return affine_outputs(impl, rng, 'affine_forward', INPUTS)

@check(of='affine_backward', section=COPIED, hint='dx has the shape of x, not of the flattened x; db sums over the examples.')
def affine_gradient(impl: Any, rng: Any) -> dict[str, Any]:
    """The affine layer's gradients, for inputs of any shape."""
    return affine_gradients(impl, rng, AFFINE, INPUTS)

@check(of='relu_backward', section=COPIED, hint='The gradient passes where the input, not the gradient, was positive.')
def relu_both_ways(impl: Any, rng: Any) -> dict[str, Any]:
    """The ReLU's output and gradient."""
    arrays = {}
    for shape in ((6, 4), (3, 2, 5)):
        x, dout = (rng.standard_normal(shape), rng.standard_normal(shape))
        label = 'x'.join(map(str, shape))
        out, cache = impl.relu_forward(x.copy())
        arrays[f'out_{label}'] = kept(out)
        arrays[f'dx_{label}'] = impl.relu_backward(dout, cache)
    return arrays

@check(of='affine_relu_backward', section=COPIED, hint='Backwards the ReLU comes first; each function gets the cache that its own forward pass left.')
def affine_relu_both_ways(impl: Any, rng: Any) -> dict[str, Any]:
    """The affine layer with ReLU: output and gradients."""
    forward = affine_outputs(impl, rng, 'affine_relu_forward', INPUTS)
    return {**forward, **affine_gradients(impl, rng, AFFINE_RELU, INPUTS)}
SHAPES = ((4, 5), (7,), (2, 3, 4))
VELOCITY = {'velocity': (-0.5, 0.9)}
ANY_EPSILON = 1e-06
UNIT = 1.0

@check(of='sgd_momentum', section=MOMENTUM, hint='The learning rate is inside the velocity; the weights move by the new velocity.')
def momentum_update(impl: Any, rng: Any) -> dict[str, Any]:
    """One step of momentum: weights and velocity."""
    return updates(impl, rng, 'sgd_momentum', {'learning_rate': 0.01}, VELOCITY, shapes=SHAPES)

@check(of='sgd_nesterov_momentum', section=NESTEROV, hint='Beside the new velocity, momentum times the change of the velocity goes into the step.')
def nesterov_update(impl: Any, rng: Any) -> dict[str, Any]:
    """One step of Nesterov momentum: weights and velocity."""
    return updates(impl, rng, 'sgd_nesterov_momentum', {'learning_rate': 0.01}, VELOCITY, shapes=SHAPES)

@check(of='rmsprop', tolerance=ANY_EPSILON, floor=UNIT, section=RMSPROP, hint='First the average of squared gradients, then the step with the new average.')
def rmsprop_update(impl: Any, rng: Any) -> dict[str, Any]:
    """One step of RMSProp: weights and average of squared gradients."""
    return updates(impl, rng, 'rmsprop', {'learning_rate': 0.01}, {'a': (0.3, 2.0)}, shapes=SHAPES)

@check(of='rmsprop', section=RMSPROP, hint='epsilon is a setting; where does the formula add it? Think of gradients as small as epsilon.')
def rmsprop_epsilon(impl: Any, rng: Any) -> dict[str, Any]:
    """RMSProp adds the epsilon that it is given to the root."""
    large = updates(impl, rng, 'rmsprop', {'learning_rate': 0.01, 'epsilon': 0.3}, {'a': (0.3, 2.0)})
    tiny = updates(impl, rng, 'rmsprop', {'learning_rate': 0.01}, {'a': None}, shapes=((3, 6),), scale=1e-06)
    return _weights({**large, **tiny})

def _weights(arrays: Mapping[str, Any]) -> dict[str, Any]:
    return {name: array for name, array in arrays.items() if name.startswith('next_w')}

@check(of='adam', tolerance=ANY_EPSILON, floor=UNIT, section=ADAM, hint='Raise t first; both averages are corrected for their start at zero, and stored without the correction.')
def adam_update(impl: Any, rng: Any) -> dict[str, Any]:
    """One step of Adam: weights, both averages and the count."""
    states = {'v': (-0.5, 0.9), 'a': (0.3, 2.0)}
    return updates(impl, rng, 'adam', {'learning_rate': 0.01, 't': 5}, states, shapes=SHAPES)

@check(of='adam', section=ADAM, hint='epsilon is a setting; where does the formula add it, and to the root of which average?')
def adam_epsilon(impl: Any, rng: Any) -> dict[str, Any]:
    """Adam adds the epsilon that it is given to the root."""
    states = {'v': (-0.5, 0.9), 'a': (0.3, 2.0)}
    large = updates(impl, rng, 'adam', {'learning_rate': 0.01, 'epsilon': 0.3, 't': 3}, states)
    tiny = {'learning_rate': 0.01, 't': 0}
    small = updates(impl, rng, 'adam', tiny, {'v': None, 'a': None}, shapes=((3, 6),), scale=1e-06)
    return _weights({**large, **small})

@check(of='FullyConnectedNet', tolerance=GUARDED, section=COPIED, hint='The penalty is half of reg times the sum of squares of every weight matrix, the last one too, and of nothing else.')
def network_loss(impl: Any, rng: Any) -> dict[str, Any]:
    """The network's loss is right with and without regularization."""
    return losses_at(impl, rng, None)

@check(of='FullyConnectedNet', floor=NETWORK_FLOOR, section=COPIED, hint="Every parameter needs its gradient; every weight matrix has the penalty's as well, the last one too.")
def network_gradients(impl: Any, rng: Any) -> dict[str, Any]:
    """All of the network's gradients are right."""
    return gradients_at(impl, rng, None)

@check(of='FullyConnectedNet', tolerance=GUARDED, section=BN_NETWORK, hint='Order: affine, normalization, ReLU; nothing but affine in the last layer; gamma and beta carry no penalty.')
def network_batchnorm_loss(impl: Any, rng: Any) -> dict[str, Any]:
    """With batch normalization, the loss is right with and without regularization."""
    return losses_at(impl, rng, 'batchnorm')

@check(of='FullyConnectedNet', floor=NETWORK_FLOOR, section=BN_NETWORK, hint='Go through the layers in the opposite order, each with the cache that its forward pass left.')
def network_batchnorm_gradients(impl: Any, rng: Any) -> dict[str, Any]:
    """With batch normalization, all gradients are right."""
    return gradients_at(impl, rng, 'batchnorm')
TRAINING_TOLERANCE = 1e-06

def _training(impl: Any, rng: Any, normalization: str | None, update_rule: str) -> Any:
    model = started(impl, rng, normalization, 0.01)
    X, y = examples(rng, 60)
    data = {'X_train': X[:40], 'y_train': y[:40], 'X_val': X[40:], 'y_val': y[40:]}
    np.random.seed(int(rng.integers(2 ** 31)))
    solver = impl.Solver(model, data, update_rule=update_rule, optim_config={'learning_rate': 0.01}, batch_size=10, num_epochs=5, verbose=False)
    solver.train()
    return solver

@check(of='FullyConnectedNet', tolerance=TRAINING_TOLERANCE, section=COMPARE, hint='Losses that part from the first step on point at the forward pass, from the second on at gradient or update rule.')
def training_plain(impl: Any, rng: Any) -> dict[str, Any]:
    """20 steps of training with momentum give the expected losses and accuracies."""
    solver = _training(impl, rng, None, 'sgd_momentum')
    return {'loss_history': np.array([float(number(loss)) for loss in solver.loss_history]), 'train_acc_history': np.array([float(accuracy) for accuracy in solver.train_acc_history])}

@check(of='batchnorm_forward', section=FORWARD, hint='Statistics are taken over axis 0, one mean and one variance per feature; the variance is divided by N.')
def batchnorm_train_output(impl: Any, rng: Any) -> dict[str, Any]:
    """Training mode normalizes each feature over the minibatch, then scales and shifts."""
    return outputs(impl, rng, 'batchnorm_forward', ((4, 5), (64, 7), (30, 12)), TRAIN)

@check(of='batchnorm_forward', section=FORWARD, hint="Each call moves the averages a little: momentum times the old value plus the rest times the minibatch's.")
def batchnorm_running_averages(impl: Any, rng: Any) -> dict[str, Any]:
    """Training mode keeps running averages of mean and variance."""
    return running_averages(impl, rng, 4, {})

@check(of='batchnorm_forward', section=FORWARD, hint="In test mode the running averages take the minibatch's place, and gamma and beta still apply.")
def batchnorm_test_output(impl: Any, rng: Any) -> dict[str, Any]:
    """Test mode normalizes with the running averages, then scales and shifts."""
    return inference_outputs(impl, rng, ((6, 5), (1, 3)), {})

@check(of='batchnorm_backward', section=BACKWARD, hint='x reaches the output by three ways: directly, through the mean, and through the variance.')
def batchnorm_backward_gradients(impl: Any, rng: Any) -> dict[str, Any]:
    """The backward pass gives the gradients of x, gamma and beta."""
    return gradients(impl, rng, BATCHNORM, ((6, 5),), TRAIN)

@check(of='dropout_forward', section=DROPOUT_FORWARD, hint='At test time nothing is dropped and nothing is scaled: inverted dropout did that in training.')
def dropout_test_output(impl: Any, rng: Any) -> dict[str, Any]:
    """Test mode returns its input."""
    arrays = {}
    for p, shape in ((0.3, (20, 30)), (0.75, (4, 3, 5)), (0.5, (7, 1))):
        param = {'mode': 'test', 'p': p}
        arrays[f'out_{p:g}'] = impl.dropout_forward(rng.standard_normal(shape), param)[0]
    return arrays
