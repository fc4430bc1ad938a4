"""Right implementations of CS231n's normalizations and network, written in many ways: none of them may lose a point.

Statistics, forward formula and backward formula are written apart, and every statistic goes with every formula.
"""

import itertools
import math
from types import SimpleNamespace

import numpy as np

from reference.conventions import cs231n
from tests.assignments.right_networks import NETWORKS

__all__ = ["RIGHT"]


# --- Mean and (biased) variance over axis 0 -----------------------------------------------------------------------------------


def by_numpy(x):
    return np.mean(x, axis=0), np.var(x, axis=0)


def by_loops(x):
    n, d = x.shape
    mean, var = np.zeros(d), np.zeros(d)
    for j in range(d):
        for i in range(n):
            mean[j] += x[i, j] / n
        for i in range(n):
            var[j] += (x[i, j] - mean[j]) ** 2 / n
    return mean, var


def by_einsum(x):
    mean = np.einsum("nd->d", x) / len(x)
    centred = x - mean
    return mean, np.einsum("nd,nd->d", centred, centred) / len(x)


def by_exact_sums(x):
    mean = np.array([math.fsum(column) / len(x) for column in x.T])
    return mean, np.array(
        [math.fsum((column - m) ** 2) / len(x) for column, m in zip(x.T, mean, strict=True)]
    )


def by_matrix_products(x):
    ones = np.full(len(x), 1 / len(x))
    mean = ones @ x
    return mean, ones @ (x - mean) ** 2


def backwards(x):
    mean = x[::-1].sum(0) / x.shape[0]
    centred = x[::-1] - mean
    return mean, (centred**2).sum(0) / x.shape[0]


def by_welford(x):
    mean, squares = np.zeros(x.shape[1]), np.zeros(x.shape[1])
    for count, row in enumerate(x, 1):
        away = row - mean
        mean = mean + away / count
        squares = squares + away * (row - mean)
    return mean, squares / len(x)


def by_squares(x):
    mean = x.mean(0)
    return mean, (x**2).mean(0) - mean**2


STATISTICS = (
    by_welford,
    by_squares,
    by_numpy,
    by_loops,
    by_einsum,
    by_exact_sums,
    by_matrix_products,
    backwards,
)


# --- The gradient for x, given xhat, 1 / std and dout * gamma ------------------------------------------------------------------


def simplified(d, xhat, inv):
    return inv * (d - d.mean(axis=0) - xhat * (d * xhat).mean(axis=0))


def graph(d, xhat, inv):
    n = len(d)
    centred = xhat / inv
    dvar = np.sum(d * centred, axis=0) * -0.5 * inv**3
    dmean = np.sum(-d * inv, axis=0) + dvar * np.mean(-2 * centred, axis=0)
    return d * inv + dvar * 2 * centred / n + dmean / n


def jacobian(d, xhat, inv):
    n = len(d)
    columns = []
    for j in range(d.shape[1]):
        matrix = (np.eye(n) - 1 / n - np.outer(xhat[:, j], xhat[:, j]) / n) * inv[j]
        columns.append(matrix @ d[:, j])
    return np.stack(columns, axis=1)


def by_rows(d, xhat, inv):
    total, along = sum(d), sum(d * xhat)
    return np.array(
        [inv / len(d) * (len(d) * row - total - h * along) for row, h in zip(d, xhat, strict=True)]
    )


def in_place(d, xhat, inv):
    out = d.copy()
    out -= np.add.reduce(d) / len(d)
    out -= xhat * (np.add.reduce(d * xhat) / len(d))
    out *= inv
    return out


GRADIENTS = (simplified, graph, jacobian, by_rows, in_place)


def implementation(statistics, gradient, network):
    """The course's functions with these parts, and a network on top of them; everything else as the reference has it."""

    def standardized(x, eps):
        mean, var = statistics(x)
        inv = 1 / np.sqrt(var + eps)
        return (x - mean) * inv, inv, mean, var

    def batchnorm_forward(x, gamma, beta, bn_param):
        eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
        mean = bn_param.setdefault("running_mean", np.zeros(x.shape[1]))
        var = bn_param.setdefault("running_var", np.zeros(x.shape[1]))
        if bn_param["mode"] == "test":
            scale = gamma / np.sqrt(var + eps)
            return x * scale + (beta - mean * scale), None
        xhat, inv, batch_mean, batch_var = standardized(x, eps)
        bn_param["running_mean"] = mean + (1 - momentum) * (batch_mean - mean)
        bn_param["running_var"] = var * momentum + batch_var * (1 - momentum)
        return xhat * gamma + beta, {"xhat": xhat, "inv": inv, "gamma": gamma}

    def batchnorm_backward(dout, cache):
        dx = gradient(dout * cache["gamma"], cache["xhat"], cache["inv"])
        return dx, np.einsum("nd,nd->d", dout, cache["xhat"]), np.ones(len(dout)) @ dout

    def layernorm_forward(x, gamma, beta, ln_param):
        xhat, inv, _, _ = standardized(x.T, ln_param.get("eps", 1e-5))
        return xhat.T * gamma + beta, (xhat, inv, gamma)

    def layernorm_backward(dout, cache):
        xhat, inv, gamma = cache
        dx = gradient((dout * gamma).T, xhat, inv).T
        return dx, (dout * xhat.T).sum(axis=0), dout.sum(axis=0)

    names = {name: getattr(cs231n, name) for name in cs231n.__all__}
    names |= {"batchnorm_forward": batchnorm_forward, "batchnorm_backward": batchnorm_backward}
    names |= {"batchnorm_backward_alt": batchnorm_backward}
    names |= {"layernorm_forward": layernorm_forward, "layernorm_backward": layernorm_backward}
    made = SimpleNamespace(**names)
    made.FullyConnectedNet = network(made)
    return made


#: Every statistic with every gradient, and the networks in turn, by name.
RIGHT = {
    f"{statistics.__name__}-{gradient.__name__}-{name}": implementation(statistics, gradient, NETWORKS[name])
    for (statistics, gradient), name in zip(
        itertools.product(STATISTICS, GRADIENTS), itertools.cycle(NETWORKS), strict=False
    )
}
