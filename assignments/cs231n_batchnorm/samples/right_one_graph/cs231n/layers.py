"""Layers as pairs of functions: `*_forward` returns the output and a cache, `*_backward` turns the cache into gradients.

Inputs are left as they are. `bn_param` and `ln_param` are dictionaries of settings.
"""

import numpy as np

from cs231n.normalize_helper import standardize, standardize_backward


def affine_forward(x, w, b):
    """Compute `x @ w + b` for inputs of any shape.

    x: (N, d_1, ..., d_k), each example is flattened to D = d_1 * ... * d_k numbers. w: (D, M). b: (M,).
    Returns: out (N, M); cache.
    """
    out = x.reshape(x.shape[0], -1) @ w + b
    return out, (x, w)


def affine_backward(dout, cache):
    """Gradients of `affine_forward`.

    dout: (N, M), the gradient of the loss with respect to out.
    Returns: dx in the shape of x; dw (D, M); db (M,).
    """
    x, w = cache
    dx = (dout @ w.T).reshape(x.shape)
    dw = x.reshape(x.shape[0], -1).T @ dout
    return dx, dw, dout.sum(axis=0)


def relu_forward(x):
    """Replace negative entries by zero. Returns: out in the shape of x; cache."""
    return np.maximum(x, 0), x


def relu_backward(dout, cache):
    """Gradient of `relu_forward`: `dout` where the input was positive, zero elsewhere."""
    return dout * (cache > 0)


def batchnorm_forward(x, gamma, beta, bn_param):
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    if bn_param["mode"] == "test":
        scale = gamma / np.sqrt(bn_param["running_var"] + eps)
        return x * scale + (beta - bn_param["running_mean"] * scale), None
    y, mu, var = standardize(x, eps)
    old_mean = bn_param.setdefault("running_mean", np.zeros((1, x.shape[1])))
    old_var = bn_param.setdefault("running_var", np.zeros((1, x.shape[1])))
    bn_param["running_mean"] = old_mean + (1 - momentum) * (mu - old_mean)
    bn_param["running_var"] = old_var + (1 - momentum) * (var - old_var)
    return y * gamma + beta, dict(y=y, var=var, eps=eps, gamma=gamma)


def batchnorm_backward(dout, cache):
    dy = dout * cache["gamma"]
    dx = standardize_backward(dy, cache["y"], cache["var"], cache["eps"])
    return dx, np.sum(dout * cache["y"], axis=0, keepdims=True), np.sum(dout, axis=0, keepdims=True)


def batchnorm_backward_alt(dout, cache):
    dx, dgamma, dbeta = batchnorm_backward(dout, cache)
    return dx, dgamma.ravel(), dbeta.ravel()


def layernorm_forward(x, gamma, beta, ln_param):
    eps = ln_param.get("eps", 1e-5)
    y, _, var = standardize(x.T, eps)
    return y.T * gamma + beta, (y, var, eps, gamma)


def layernorm_backward(dout, cache):
    y, var, eps, gamma = cache
    dx = standardize_backward((dout * gamma).T, y, var, eps).T
    return dx, (dout.T * y).sum(axis=1), dout.sum(axis=0)


def dropout_forward(x, dropout_param):
    """Inverted dropout: in training, keep each entry with probability p and scale what is kept by 1 / p.

    dropout_param: a dictionary with mode ("train" or "test"), p (the probability of keeping), and optionally seed.
    Returns: out in the shape of x; cache.
    """
    mode, keep = dropout_param["mode"], dropout_param["p"]
    if "seed" in dropout_param:
        np.random.seed(dropout_param["seed"])
    if mode == "test":
        return x, (dropout_param, None)
    if mode != "train":
        raise ValueError(f"dropout_param['mode'] is {mode!r}, expected 'train' or 'test'")
    mask = ((np.random.rand(*x.shape) < keep) / keep).astype(x.dtype)
    return x * mask, (dropout_param, mask)


def dropout_backward(dout, cache):
    """Gradient of `dropout_forward`: what was dropped gets none."""
    _, mask = cache
    return dout if mask is None else dout * mask


def svm_loss(x, y):
    """Multiclass hinge loss with margin 1, averaged over the batch.

    x: scores (N, C). y: right classes (N,), integers in [0, C).
    Returns: loss, a number; dx (N, C).
    """
    rows = np.arange(x.shape[0])
    margins = np.maximum(0, x - x[rows, y][:, np.newaxis] + 1)
    margins[rows, y] = 0
    dx = (margins > 0).astype(x.dtype)
    dx[rows, y] = -dx.sum(axis=1)
    return margins.sum() / x.shape[0], dx / x.shape[0]


def softmax_loss(x, y):
    """Cross-entropy of the softmax probabilities, averaged over the batch.

    x: scores (N, C). y: right classes (N,), integers in [0, C).
    Returns: loss, a number; dx (N, C).
    """
    rows = np.arange(x.shape[0])
    shifted = x - x.max(axis=1, keepdims=True)  # the largest exponent becomes 0: no overflow
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    dx = np.exp(log_probabilities)
    dx[rows, y] -= 1
    return -log_probabilities[rows, y].mean(), dx / x.shape[0]
