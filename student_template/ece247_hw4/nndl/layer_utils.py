"""Layers that often come together. Add your own here where that makes `fc_net.py` shorter."""

from .layers import *


def affine_relu_forward(x, w, b):
    """An affine layer followed by a ReLU. Returns: out; cache."""
    # YOUR CODE HERE
    raise NotImplementedError("affine_relu_forward is not written yet")


def affine_relu_backward(dout, cache):
    """Gradients of `affine_relu_forward`. Returns: dx, dw, db."""
    # YOUR CODE HERE
    raise NotImplementedError("affine_relu_backward is not written yet")
