"""Layers as pairs of functions: `*_forward` returns the output and a cache, `*_backward` turns the cache into gradients.

Inputs are left as they are. `bn_param` and `ln_param` are dictionaries of settings.
"""

import numpy as np


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
        # Normalize with this minibatch's statistics, update running_mean and running_var, and put into cache what
        # both backward passes will need. Work on paper first: which intermediate values do the derivatives use?
        sample_mean = x.mean(axis=0)
        centered = x - sample_mean
        sample_var = (centered**2).mean(axis=0)
        inv_std = 1 / np.sqrt(sample_var + eps)
        x_hat = centered * inv_std
        out = gamma * x_hat + beta
        running_mean = momentum * running_mean + (1 - momentum) * sample_mean
        running_var = momentum * running_var + (1 - momentum) * sample_var
        cache = (centered, inv_std, x_hat, gamma)
    elif mode == "test":
        # Normalize with the running averages, then scale and shift.
        out = gamma * (x - running_mean) / np.sqrt(running_var + eps) + beta
    else:
        raise ValueError(f"bn_param['mode'] is {mode!r}, expected 'train' or 'test'")

    bn_param["running_mean"] = running_mean
    bn_param["running_var"] = running_var
    return out, cache


def batchnorm_backward(dout, cache):
    """Backward pass of batch normalization in training mode, one node of the computation graph after the other.

    Draw the graph of `batchnorm_forward` and walk it backwards. Where a value feeds several nodes, add up what comes back.

    dout: (N, D). cache: from `batchnorm_forward`.
    Returns: dx (N, D); dgamma (D,); dbeta (D,).
    """
    centered, inv_std, x_hat, gamma = cache
    n = dout.shape[0]
    dbeta = dout.sum(axis=0)
    dgamma = (dout * x_hat).sum(axis=0)
    dx_hat = dout * gamma
    dinv_std = (dx_hat * centered).sum(axis=0)
    dcentered = dx_hat * inv_std
    dvar = -0.5 * inv_std**3 * dinv_std
    dsquare = np.broadcast_to(dvar / n, dout.shape)
    dcentered = dcentered + 2 * centered * dsquare
    dmean = -dcentered.sum(axis=0)
    dx = dcentered + np.broadcast_to(dmean / n, dout.shape)
    return dx, dgamma, dbeta


def batchnorm_backward_alt(dout, cache):
    """Backward pass of batch normalization by one simplified formula.

    Derive the gradient with respect to x on paper and simplify it before you write it down: the result should equal that of
    `batchnorm_backward` and take less time.

    dout: (N, D). cache: from `batchnorm_forward`.
    Returns: dx (N, D); dgamma (D,); dbeta (D,).
    """
    _, inv_std, x_hat, gamma = cache
    n = dout.shape[0]
    dbeta = dout.sum(axis=0)
    dgamma = (dout * x_hat).sum(axis=0)
    dx = (gamma * inv_std / n) * (n * dout - dbeta - x_hat * dgamma)
    return dx, dgamma, dbeta


def layernorm_forward(x, gamma, beta, ln_param):
    """Layer normalization: normalize each example over its own features, then scale and shift each feature.

    Nothing is remembered from one call to the next, so there is no difference between training and test.

    x: (N, D). gamma, beta: (D,), scale and shift of the features.
    ln_param: a dictionary with
      - eps: added to the variance for numerical stability; 1e-5 if absent
    Returns: out (N, D); cache, holding what the backward pass needs.
    """
    eps = ln_param.get("eps", 1e-5)
    centered = x - x.mean(axis=1, keepdims=True)
    inv_std = 1 / np.sqrt((centered**2).mean(axis=1, keepdims=True) + eps)
    x_hat = centered * inv_std
    return gamma * x_hat + beta, (inv_std, x_hat, gamma)


def layernorm_backward(dout, cache):
    """Backward pass of layer normalization.

    Much of batch normalization's backward pass carries over. Mind the axes, and where gamma comes in.

    dout: (N, D). cache: from `layernorm_forward`.
    Returns: dx (N, D); dgamma (D,); dbeta (D,).
    """
    inv_std, x_hat, gamma = cache
    dbeta = dout.sum(axis=0)
    dgamma = (dout * x_hat).sum(axis=0)
    dx_hat = dout * gamma
    mean_grad = dx_hat.mean(axis=1, keepdims=True)
    mean_slope = (dx_hat * x_hat).mean(axis=1, keepdims=True)
    return inv_std * (dx_hat - mean_grad - x_hat * mean_slope), dgamma, dbeta


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
