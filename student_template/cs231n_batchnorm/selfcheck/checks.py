from __future__ import annotations
from collections.abc import Mapping
from typing import Any
import numpy as np
from .common.arrays import number
from .common.network_probes import examples, gradients_at, losses_at, started
from .common.networks import ModeKept
from .common.normalization import gradients, inference_outputs, outputs, running_averages
from .check import check
FORWARD = 'Batch Normalization: Forward Pass'
BACKWARD = 'Batch Normalization: Backward Pass'
ALTERNATIVE = 'Batch Normalization: Alternative Backward Pass'
NETWORK = 'Fully Connected Networks with Batch Normalization'
DEEP = 'Batch Normalization for Deep Networks'
LAYER = 'Layer Normalization: Implementation'
TRAIN = {'mode': 'train'}
SHAPES = ((4, 5), (64, 7), (30, 12))
OTHER_SHAPES = ((3, 8), (50, 2), (17, 1))
ROW_SHAPES = ((4, 5), (7, 64), (1, 12), (40, 3))
BATCHNORM = ('batchnorm_forward', 'batchnorm_backward')
BATCHNORM_ALT = ('batchnorm_forward', 'batchnorm_backward_alt')
LAYERNORM = ('layernorm_forward', 'layernorm_backward')
NETWORK_FLOOR = 1e-06
GUARDED, GUARDED_TRAINING = (5e-06, 1e-06)

@check(of='batchnorm_forward', section=FORWARD, hint='Statistics are taken over axis 0, one mean and one variance per feature; the variance is divided by N.')
def batchnorm_train_output(impl: Any, rng: Any) -> dict[str, Any]:
    """Training mode normalizes each feature over the minibatch, then scales and shifts."""
    return outputs(impl, rng, 'batchnorm_forward', SHAPES, TRAIN)

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

@check(of='batchnorm_backward', section=BACKWARD, hint='Count rows and columns apart: which sums run over the N examples?')
def batchnorm_backward_shapes(impl: Any, rng: Any) -> dict[str, Any]:
    """The backward pass is right for batches of any shape."""
    return gradients(impl, rng, BATCHNORM, OTHER_SHAPES, TRAIN)

@check(of='batchnorm_backward_alt', section=ALTERNATIVE, hint='Write dx with dout, its sum, and the sum of dout times the normalized x; compare with batchnorm_backward.')
def batchnorm_alt_gradients(impl: Any, rng: Any) -> dict[str, Any]:
    """The simplified backward pass gives the same gradients."""
    plain = gradients(impl, rng, BATCHNORM_ALT, ((6, 5),), TRAIN)
    large = gradients(impl, rng, BATCHNORM_ALT, ((9, 4), (3, 8)), {**TRAIN, 'eps': 0.4})
    return {name: _joined(name, plain, large) for name in ('dx', 'dgamma', 'dbeta')}

def _joined(name: str, *parts: Mapping[str, Any]) -> Any:
    arrays = [value for part in parts for key, value in part.items() if key.partition('_')[0] == name]
    axes = 2 if name == 'dx' else np.ndim(arrays[0])
    for array in arrays:
        if not isinstance(array, np.ndarray) or array.ndim != axes or (not axes):
            return array
    whole = [np.asarray(array) for array in arrays]
    return np.concatenate([array.ravel() if name == 'dx' else array for array in whole])

@check(of='layernorm_forward', section=LAYER, hint='Mean and variance belong to one example and run over its features; gamma and beta belong to features.')
def layernorm_output(impl: Any, rng: Any) -> dict[str, Any]:
    """Layer normalization normalizes each example over its features, then scales and shifts."""
    return outputs(impl, rng, 'layernorm_forward', ROW_SHAPES, {})

@check(of='layernorm_backward', section=LAYER, hint='Gradients of gamma and beta sum over the examples; everything that goes into dx is summed over features.')
def layernorm_backward_gradients(impl: Any, rng: Any) -> dict[str, Any]:
    """The backward pass gives the gradients of x, gamma and beta."""
    return gradients(impl, rng, LAYERNORM, ((6, 5),), {})

@check(of='FullyConnectedNet', tolerance=GUARDED, section=NETWORK, hint='The penalty is half of reg times the sum of squares of every weight matrix, the last one too, and of nothing else.')
def network_plain_loss(impl: Any, rng: Any) -> dict[str, Any]:
    """Without normalization, the loss is right with and without regularization."""
    return losses_at(impl, rng, None)

@check(of='FullyConnectedNet', floor=NETWORK_FLOOR, section=NETWORK, hint="Every parameter needs its gradient; weight matrices have the penalty's as well.")
def network_plain_gradients(impl: Any, rng: Any) -> dict[str, Any]:
    """Without normalization, all gradients are right."""
    return gradients_at(impl, rng, None)

@check(of='FullyConnectedNet', tolerance=GUARDED, section=NETWORK, hint='Order: affine, normalization, ReLU; nothing but affine in the last layer; gamma and beta carry no penalty.')
def network_batchnorm_loss(impl: Any, rng: Any) -> dict[str, Any]:
    """With batch normalization, the loss is right with and without regularization."""
    return losses_at(impl, rng, 'batchnorm')

@check(of='FullyConnectedNet', floor=NETWORK_FLOOR, section=NETWORK, hint='Go through the layers in the opposite order, each with the cache that its forward pass left.')
def network_batchnorm_gradients(impl: Any, rng: Any) -> dict[str, Any]:
    """With batch normalization, all gradients are right."""
    return gradients_at(impl, rng, 'batchnorm')

@check(of='FullyConnectedNet', tolerance=GUARDED, section=LAYER, hint="Is layer normalization really called when normalization is 'layernorm'?")
def network_layernorm_loss(impl: Any, rng: Any) -> dict[str, Any]:
    """With layer normalization, the loss is right with and without regularization."""
    return losses_at(impl, rng, 'layernorm')

@check(of='FullyConnectedNet', floor=NETWORK_FLOOR, section=LAYER, hint='Forward and backward pass have to use the same kind of normalization.')
def network_layernorm_gradients(impl: Any, rng: Any) -> dict[str, Any]:
    """With layer normalization, all gradients are right."""
    return gradients_at(impl, rng, 'layernorm')
LEARNING_RATE = 0.05

def _training(impl: Any, rng: Any, normalization: str | None) -> dict[str, Any]:
    model = ModeKept(started(impl, rng, normalization, 0.01, by_averages=True))
    X, y = examples(rng, 60)
    data = {'X_train': X[:40], 'y_train': y[:40], 'X_val': X[40:], 'y_val': y[40:]}
    np.random.seed(int(rng.integers(2 ** 31)))
    solver = impl.Solver(model, data, update_rule='sgd', optim_config={'learning_rate': LEARNING_RATE}, batch_size=10, num_epochs=5, verbose=False)
    solver.train()
    return {'loss_history': np.array([float(number(loss)) for loss in solver.loss_history]), 'train_acc_history': np.array([float(accuracy) for accuracy in solver.train_acc_history])}

@check(of='FullyConnectedNet', tolerance=GUARDED_TRAINING, section=DEEP, hint='Losses that part from the first step on point at the forward pass, later ones at a gradient.')
def training_plain(impl: Any, rng: Any) -> dict[str, Any]:
    """Without normalization, 20 steps of training give the expected losses."""
    return _training(impl, rng, None)

@check(of='FullyConnectedNet', tolerance=GUARDED, section=DEEP, hint='Losses that are right and accuracies that are wrong point at test mode.')
def training_batchnorm(impl: Any, rng: Any) -> dict[str, Any]:
    """With batch normalization, 20 steps of training give the expected losses and accuracies."""
    return _training(impl, rng, 'batchnorm')
