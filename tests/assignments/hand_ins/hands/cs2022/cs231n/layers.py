from builtins import range
import numpy as np


def affine_forward(x, w, b):
    out = None
    # *****START OF YOUR CODE (DO NOT DELETE/MODIFY THIS LINE)*****
    out = np.einsum('nd,dm->nm', x.reshape(x.shape[0], -1), w) + b[None, :]
    # *****END OF YOUR CODE (DO NOT DELETE/MODIFY THIS LINE)*****
    cache = (x, w, b)
    return out, cache


def affine_backward(dout, cache):
    x, w, b = cache
    dx, dw, db = None, None, None
    # *****START OF YOUR CODE (DO NOT DELETE/MODIFY THIS LINE)*****
    dx = (dout @ w.T).reshape(*x.shape)
    dw = x.reshape(x.shape[0], -1).T @ dout
    db = dout.sum(0)
    # *****END OF YOUR CODE (DO NOT DELETE/MODIFY THIS LINE)*****
    return dx, dw, db


def relu_forward(x):
    return np.maximum(0, x), x


def relu_backward(dout, cache):
    return dout * np.sign(np.maximum(cache, 0))


def softmax_loss(x, y):
    loss, dx = None, None
    num = x.shape[0]
    p = np.exp(x - x.max(axis=1)[:, None])
    p = p / p.sum(axis=1)[:, None]
    loss = 0.0
    for i in range(num):
        loss += -np.log(p[i][y[i]])
    loss /= num
    one_hot = np.zeros_like(p)
    one_hot[range(num), y] = 1
    dx = (p - one_hot) / num
    return loss, dx


class Cache:
    pass


def batchnorm_forward(x, gamma, beta, bn_param):
    mode = bn_param["mode"]
    eps = bn_param.get("eps", 1e-5)
    momentum = bn_param.get("momentum", 0.9)

    N, D = x.shape
    running_mean = bn_param.get("running_mean", np.zeros(D, dtype=x.dtype))
    running_var = bn_param.get("running_var", np.zeros(D, dtype=x.dtype))

    out, cache = None, None
    if mode == "train":
        # *****START OF YOUR CODE (DO NOT DELETE/MODIFY THIS LINE)*****
        cache = Cache()
        cache.mu = x.mean(0, keepdims=True)
        cache.var = ((x - cache.mu) ** 2).mean(0, keepdims=True)
        cache.std = np.power(cache.var + eps, 0.5)
        cache.xhat = (x - cache.mu) * (cache.var + eps) ** -0.5
        cache.gamma = gamma
        cache.axis = 0
        out = gamma * cache.xhat + beta
        running_mean *= momentum
        running_mean += (1 - momentum) * cache.mu[0]
        running_var *= momentum
        running_var += (1 - momentum) * cache.var[0]
        # *****END OF YOUR CODE (DO NOT DELETE/MODIFY THIS LINE)*****
    elif mode == "test":
        # *****START OF YOUR CODE (DO NOT DELETE/MODIFY THIS LINE)*****
        a = gamma / np.sqrt(running_var + eps)
        b = beta - a * running_mean
        out = a * x + b
        # *****END OF YOUR CODE (DO NOT DELETE/MODIFY THIS LINE)*****
    else:
        raise ValueError('Invalid forward batchnorm mode "%s"' % mode)

    bn_param["running_mean"] = running_mean
    bn_param["running_var"] = running_var
    return out, cache


def batchnorm_backward(dout, cache):
    c = cache
    N = dout.shape[0]
    dbeta = dout.sum(axis=0)
    dgamma = np.diag(dout.T @ c.xhat)
    dxhat = dout * c.gamma
    # d xhat / d x = (I - 1/N - xhat xhat^T / N) / std, column by column
    dx = np.empty_like(dout)
    for d in range(dout.shape[1]):
        J = np.eye(N) - np.ones((N, N)) / N - np.outer(c.xhat[:, d], c.xhat[:, d]) / N
        dx[:, d] = J.dot(dxhat[:, d]) / c.std[0, d]
    return dx, dgamma, dbeta


def batchnorm_backward_alt(dout, cache):
    c = cache
    dxhat = dout * c.gamma
    dx = (dxhat - dxhat.mean(0) - c.xhat * (dxhat * c.xhat).mean(0)) / c.std
    return dx, (dout * c.xhat).sum(0), dout.sum(0)


def layernorm_forward(x, gamma, beta, ln_param):
    eps = ln_param.get("eps", 1e-5)
    mu = np.mean(x, axis=1).reshape(-1, 1)
    # E[x^2] - E[x]^2
    var = np.mean(x ** 2, axis=1).reshape(-1, 1) - mu ** 2
    std = np.sqrt(var + eps)
    xhat = (x - mu) / std
    return gamma * xhat + beta, [xhat, std, gamma]


def layernorm_backward(dout, cache):
    xhat, std, gamma = cache
    D = dout.shape[1]
    g = dout * gamma
    dx = 1 / (D * std) * (D * g - g.sum(axis=1, keepdims=True) - xhat * np.sum(g * xhat, axis=1, keepdims=True))
    return [dx, np.sum(dout * xhat, axis=0), np.sum(dout, axis=0)]


def dropout_forward(x, dropout_param):
    p, mode = dropout_param["p"], dropout_param["mode"]
    if "seed" in dropout_param:
        np.random.seed(dropout_param["seed"])
    mask = None
    out = x
    if mode == "train":
        mask = np.random.binomial(1, p, size=x.shape) / p
        out = x * mask
    return out, (dropout_param, mask)


def dropout_backward(dout, cache):
    dropout_param, mask = cache
    return dout if mask is None else dout * mask
