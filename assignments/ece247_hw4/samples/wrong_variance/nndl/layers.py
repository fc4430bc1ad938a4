"""Layers as pairs of functions: `*_forward` returns the output and a cache, `*_backward` turns the cache into gradients.

Inputs are left as they are. `bn_param` and `dropout_param` are dictionaries of settings.
"""

import numpy as np


def affine_forward(x, w, b):
    """Compute `x @ w + b` for inputs of any shape.

    x: (N, d_1, ..., d_k), each example is flattened to D = d_1 * ... * d_k numbers. w: (D, M). b: (M,).
    Returns: out (N, M); cache (x, w, b).
    """
    out = x.reshape(x.shape[0], -1) @ w + b
    return out, (x, w, b)


def affine_backward(dout, cache):
    """Gradients of `affine_forward`.

    dout: (N, M), the gradient of the loss with respect to out. cache: from `affine_forward`.
    Returns: dx in the shape of x; dw (D, M); db (M,).
    """
    x, w, _ = cache
    dx = (dout @ w.T).reshape(x.shape)
    dw = x.reshape(x.shape[0], -1).T @ dout
    return dx, dw, dout.sum(axis=0)


def relu_forward(x):
    """Replace negative entries by zero. Returns: out in the shape of x; cache x."""
    return np.maximum(x, 0), x


def relu_backward(dout, cache):
    """Gradient of `relu_forward`: `dout` where the input was positive, zero elsewhere."""
    return dout * (cache > 0)


def batchnorm_forward(x, gamma, beta, bn_param):
    """Batch normalization: normalize each feature, then scale and shift it.

    In training mode every feature is normalized with the mean and the variance (divided by N) that it has in this minibatch, and
    running averages of both are kept for later:

        new average = momentum * old average + (1 - momentum) * this minibatch's value

    In test mode the running averages take the place of the minibatch's statistics, and stay as they are.

    x: (N, D). gamma, beta: (D,), scale and shift.
    bn_param: a dictionary with
      - mode: "train" or "test"; required
      - eps: added to the variance for numerical stability; 1e-5 if absent
      - momentum: weight of the old running average; 0.9 if absent
      - running_mean, running_var: (D,); zeros if absent; stored back here in training mode
    Returns: out (N, D); cache, holding what the backward pass needs.
    """
    mode = bn_param["mode"]
    eps = bn_param.get("eps", 1e-5)
    momentum = bn_param.get("momentum", 0.9)
    features = x.shape[1]
    running_mean = bn_param.get("running_mean", np.zeros(features, dtype=x.dtype))
    running_var = bn_param.get("running_var", np.zeros(features, dtype=x.dtype))

    out, cache = None, None
    if mode == "train":
        # (1) The minibatch's mean and variance; (2) update the running averages with them; (3) normalize, scale and shift;
        # (4) keep in `cache` what the backward pass will use.
        batch_mean = x.mean(axis=0)
        centered = x - batch_mean
        batch_var = x.var(axis=0, ddof=1)
        inv_std = 1 / np.sqrt(batch_var + eps)
        x_hat = centered * inv_std
        out = gamma * x_hat + beta
        running_mean = momentum * running_mean + (1 - momentum) * batch_mean
        running_var = momentum * running_var + (1 - momentum) * batch_var
        cache = (x_hat, inv_std, gamma)
    elif mode == "test":
        # Normalize with the running averages, then scale and shift.
        out = gamma * (x - running_mean) / np.sqrt(running_var + eps) + beta
    else:
        raise ValueError(f"bn_param['mode'] is {mode!r}, expected 'train' or 'test'")

    bn_param["running_mean"] = running_mean
    bn_param["running_var"] = running_var
    return out, cache


def batchnorm_backward(dout, cache):
    """Backward pass of batch normalization in training mode.

    Draw the graph of the forward pass on paper and walk it backwards. Where a value feeds several nodes, add up what comes back.

    dout: (N, D). cache: from `batchnorm_forward`.
    Returns: dx (N, D); dgamma (D,); dbeta (D,).
    """
    x_hat, inv_std, gamma = cache
    n = dout.shape[0]
    dbeta = dout.sum(axis=0)
    dgamma = (dout * x_hat).sum(axis=0)
    dx_hat = dout * gamma
    through_mean = dx_hat.sum(axis=0) / n
    through_var = x_hat * ((dx_hat * x_hat).sum(axis=0) / (n - 1))
    dx = inv_std * (dx_hat - through_mean - through_var)
    return dx, dgamma, dbeta


def dropout_forward(x, dropout_param):
    """Inverted dropout: in training, keep each entry with probability p and divide what is kept by p.

    x: any shape.
    dropout_param: a dictionary with
      - mode: "train" or "test"; in test mode the output is the input
      - p: the probability to KEEP an entry, above 0 and at most 1
      - seed: optional; seeds the generator first, so that the same entries are kept every time (for gradient checks)
    Returns: out in the shape of x; cache (dropout_param, mask), where mask is what x was multiplied with, or None in test mode.
    """
    p, mode = dropout_param["p"], dropout_param["mode"]
    if "seed" in dropout_param:
        np.random.seed(dropout_param["seed"])

    out, mask = None, None
    if mode == "train":
        # Draw the mask, with the scaling in it, and apply it.
        mask = (np.random.rand(*x.shape) < p) / p
        out = x * mask
    elif mode == "test":
        out = x
    else:
        raise ValueError(f"dropout_param['mode'] is {mode!r}, expected 'train' or 'test'")

    if out is not None:
        out = out.astype(x.dtype, copy=False)
    return out, (dropout_param, mask)


def dropout_backward(dout, cache):
    """Gradient of `dropout_forward` with respect to x. dout: in the shape of x. cache: from `dropout_forward`."""
    dropout_param, mask = cache
    mode = dropout_param["mode"]

    dx = None
    if mode == "train":
        dx = dout * mask
    elif mode == "test":
        dx = dout
    return dx


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
