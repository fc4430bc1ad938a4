"""Layers that often come together. Add your own here where that makes `fc_net.py` shorter."""

from .layers import *


def affine_relu_forward(x, w, b):
    """An affine layer followed by a ReLU. Returns: out; cache."""
    scores, affine_cache = affine_forward(x, w, b)
    out, relu_cache = relu_forward(scores)
    return out, (affine_cache, relu_cache)


def affine_relu_backward(dout, cache):
    """Gradients of `affine_relu_forward`. Returns: dx, dw, db."""
    affine_cache, relu_cache = cache
    return affine_backward(relu_backward(dout, relu_cache), affine_cache)
