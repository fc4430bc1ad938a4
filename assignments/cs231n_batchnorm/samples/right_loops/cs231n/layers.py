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
    mode = bn_param["mode"]
    eps = bn_param.get("eps", 1e-5)
    momentum = bn_param.get("momentum", 0.9)
    N, D = x.shape
    running_mean = bn_param.get("running_mean", np.zeros(D, dtype=x.dtype))
    running_var = bn_param.get("running_var", np.zeros(D, dtype=x.dtype))
    out = np.zeros_like(x)
    if mode == "train":
        x_hat = np.zeros_like(x)
        new_mean, new_var, stds = np.zeros(D), np.zeros(D), []
        for j in range(D):
            mu = sum(x[:, j]) / N
            var = sum((value - mu) ** 2 for value in x[:, j]) / N
            stds.append((var + eps) ** 0.5)
            for i in range(N):
                x_hat[i, j] = (x[i, j] - mu) / stds[j]
                out[i, j] = gamma[j] * x_hat[i, j] + beta[j]
            new_mean[j] = momentum * running_mean[j] + (1 - momentum) * mu
            new_var[j] = momentum * running_var[j] + (1 - momentum) * var
        running_mean, running_var = new_mean, new_var
        cache = [x_hat, stds, gamma]
    elif mode == "test":
        for j in range(D):
            out[:, j] = gamma[j] * (x[:, j] - running_mean[j]) / (running_var[j] + eps) ** 0.5 + beta[j]
        cache = None
    bn_param["running_mean"] = running_mean
    bn_param["running_var"] = running_var
    return out, cache


def batchnorm_backward(dout, cache):
    x_hat, stds, gamma = cache
    N, D = dout.shape
    dx, dgamma, dbeta = np.zeros_like(dout), np.zeros(D), np.zeros(D)
    for j in range(D):
        for i in range(N):
            dbeta[j] += dout[i, j]
            dgamma[j] += dout[i, j] * x_hat[i, j]
        for i in range(N):
            direct = dout[i, j] - dbeta[j] / N - x_hat[i, j] * dgamma[j] / N
            dx[i, j] = gamma[j] * direct / stds[j]
    return dx, dgamma, dbeta


def batchnorm_backward_alt(dout, cache):
    x_hat, stds, gamma = cache
    dbeta = np.einsum("nd->d", dout)
    dgamma = np.einsum("nd,nd->d", dout, x_hat)
    dx = (dout - (dbeta + x_hat * dgamma) / len(dout)) * (gamma / np.array(stds))
    return dx, dgamma, dbeta


def layernorm_forward(x, gamma, beta, ln_param):
    eps = ln_param.get("eps", 1e-5)
    rows, stds = [], []
    for row in x:
        stds.append(np.sqrt(np.var(row) + eps))
        rows.append((row - np.mean(row)) / stds[-1])
    x_hat = np.stack(rows)
    return x_hat * gamma[None, :] + beta[None, :], {"x_hat": x_hat, "stds": stds, "gamma": gamma}


def layernorm_backward(dout, cache):
    dx = np.zeros(dout.shape)
    for n, (upstream, row) in enumerate(zip(dout, cache["x_hat"])):
        g = upstream * cache["gamma"]
        dx[n] = (g - np.mean(g) - row * np.mean(g * row)) / cache["stds"][n]
    return dx, sum(dout * cache["x_hat"]), sum(dout)


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
