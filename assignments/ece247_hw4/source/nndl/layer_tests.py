"""Tests of the functions that come from the homework before this one. Each prints errors, and what to expect of them."""

import numpy as np
from utils import experiments
from utils.gradient_check import eval_numerical_gradient, eval_numerical_gradient_array

from nndl.fc_net import FullyConnectedNet
from nndl.layer_utils import affine_relu_backward, affine_relu_forward
from nndl.layers import affine_backward, affine_forward, relu_backward, relu_forward


def rel_error(x, y):
    """The largest relative difference between two arrays."""
    return np.max(np.abs(x - y) / np.maximum(1e-8, np.abs(x) + np.abs(y)))


def affine_forward_test():
    """A batch of two with numbers that are written down."""
    x = np.linspace(-0.1, 0.5, num=240).reshape(2, 4, 5, 6)
    w = np.linspace(-0.2, 0.3, num=360).reshape(120, 3)
    b = np.linspace(-0.3, 0.1, num=3)
    expected = np.array([[1.49834967, 1.70660132, 1.91485297], [3.25553199, 3.5141327, 3.77273342]])
    print("affine_forward: expect a difference below 1e-9")
    print("difference:", rel_error(affine_forward(x, w, b)[0], expected))


def affine_backward_test():
    """Against numerical gradients, for images of 2 x 3."""
    x, w, b = np.random.randn(10, 2, 3), np.random.randn(6, 5), np.random.randn(5)
    dout = np.random.randn(10, 5)
    _, cache = affine_forward(x, w, b)
    print("affine_backward: expect errors below 1e-9")
    _against_numerical(affine_forward, (x, w, b), dout, affine_backward(dout, cache))


def relu_forward_test():
    """Twelve numbers from -0.5 to 0.5."""
    x = np.linspace(-0.5, 0.5, num=12).reshape(3, 4)
    expected = np.array(
        [[0, 0, 0, 0], [0, 0, 0.04545455, 0.13636364], [0.22727273, 0.31818182, 0.40909091, 0.5]]
    )
    print("relu_forward: expect a difference around 5e-8")
    print("difference:", rel_error(relu_forward(x)[0], expected))


def relu_backward_test():
    """Against numerical gradients."""
    x, dout = np.random.randn(10, 10), np.random.randn(10, 10)
    numerical = eval_numerical_gradient_array(lambda v: relu_forward(v)[0], x, dout)
    print("relu_backward: expect an error below 1e-9")
    print("dx error:", rel_error(numerical, relu_backward(dout, relu_forward(x)[1])))


def affine_relu_test():
    """Both functions of layer_utils against numerical gradients."""
    x, w, b = np.random.randn(2, 3, 4), np.random.randn(12, 10), np.random.randn(10)
    dout = np.random.randn(2, 10)
    _, cache = affine_relu_forward(x, w, b)
    print("affine_relu_forward and affine_relu_backward: expect errors below 1e-8")
    _against_numerical(affine_relu_forward, (x, w, b), dout, affine_relu_backward(dout, cache))


def fc_net_test():
    """The network's gradients against numerical ones, without and with regularization."""
    N, C = 2, 10
    D, H1, H2 = experiments.plan().check_sizes
    X, y = np.random.randn(N, D), np.random.randint(C, size=(N,))
    for reg in [0, 3.14]:
        print("Running check with reg =", reg)
        model = FullyConnectedNet(
            [H1, H2], input_dim=D, num_classes=C, reg=reg, weight_scale=5e-2, dtype=np.float64
        )
        loss, grads = model.loss(X, y)
        print("Initial loss:", loss)
        _network_errors(model, X, y, grads)


def _network_errors(model, X, y, grads):
    for name in sorted(grads):
        numerical = eval_numerical_gradient(lambda _: model.loss(X, y)[0], model.params[name], verbose=False)
        print(f"{name} relative error: {rel_error(numerical, grads[name])}")


def _against_numerical(forward, inputs, dout, gradients):
    x, w, b = inputs
    numerical = (
        eval_numerical_gradient_array(lambda v: forward(v, w, b)[0], x, dout),
        eval_numerical_gradient_array(lambda v: forward(x, v, b)[0], w, dout),
        eval_numerical_gradient_array(lambda v: forward(x, w, v)[0], b, dout),
    )
    for name, expected, gradient in zip(("dx", "dw", "db"), numerical, gradients, strict=True):
        print(f"{name} error:", rel_error(expected, gradient))
