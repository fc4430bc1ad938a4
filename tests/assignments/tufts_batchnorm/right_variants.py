"""Right implementations of the Tufts assignment, the layer and the network written in many ways: none of them may lose a point.

Layers go with networks in turn. The library's own, from which the expected numbers come, are not used.
"""
# ruff: noqa: PLR0917 - the signatures are the course's

import itertools
import math
from types import SimpleNamespace

import numpy as np

__all__ = ["RIGHT"]


# --- The layer: batchnorm_forward(x, gamma, beta, bn_param) -> out -----------------------------------------------------------


def plainly(x, gamma, beta, bn_param):
    if bn_param["mode"] == "train":
        mu, var = np.mean(x, axis=0), np.var(x, axis=0)
        m = bn_param["momentum"]
        bn_param["running_mean"] = m * bn_param["running_mean"] + (1 - m) * mu
        bn_param["running_var"] = m * bn_param["running_var"] + (1 - m) * var
    else:
        mu, var = bn_param["running_mean"], bn_param["running_var"]
    return gamma * ((x - mu) / np.sqrt(var + bn_param["eps"])) + beta


def by_loops(x, gamma, beta, bn_param):
    n, d = x.shape
    eps, momentum = bn_param["eps"], bn_param["momentum"]
    out = np.zeros((n, d))
    means, variances = np.array(bn_param["running_mean"]), np.array(bn_param["running_var"])
    for j in range(d):
        mean, variance = means[0, j], variances[0, j]
        if bn_param["mode"] == "train":
            mean = sum(float(x[i, j]) for i in range(n)) / n
            variance = sum((float(x[i, j]) - mean) ** 2 for i in range(n)) / n
            means[0, j] = momentum * means[0, j] + (1 - momentum) * mean
            variances[0, j] = momentum * variances[0, j] + (1 - momentum) * variance
        for i in range(n):
            out[i, j] = gamma[j] * (x[i, j] - mean) / math.sqrt(variance + eps) + beta[j]
    bn_param["running_mean"], bn_param["running_var"] = means, variances
    return out


def by_einsum(x, gamma, beta, bn_param):
    if bn_param["mode"] == "test":
        scale = gamma / np.sqrt(bn_param["running_var"] + bn_param["eps"])
        return np.einsum("nd,d->nd", x, scale[0]) + (beta - bn_param["running_mean"] * scale)
    mean = np.einsum("nd->d", x) / len(x)
    centred = x - mean
    var = np.einsum("nd,nd->d", centred, centred) / len(x)
    for name, value in (("running_mean", mean), ("running_var", var)):
        bn_param[name] = bn_param[name] + (1 - bn_param["momentum"]) * (value[None] - bn_param[name])
    return centred * (gamma / np.sqrt(var + bn_param["eps"])) + beta


def by_matrix_products(x, gamma, beta, bn_param):
    eps = bn_param["eps"]
    if bn_param["mode"] == "test":
        root = np.diag(1 / np.sqrt(bn_param["running_var"].ravel() + eps))
        return (x - np.ones((len(x), 1)) @ bn_param["running_mean"]) @ root @ np.diag(gamma) + beta
    ones = np.full((1, len(x)), 1 / len(x))
    mean = ones @ x
    var = ones @ (x - mean) ** 2
    m = bn_param["momentum"]
    bn_param.update(
        running_mean=bn_param["running_mean"] * m + mean * (1 - m),
        running_var=bn_param["running_var"] * m + var * (1 - m),
    )
    return (x - mean) @ np.diag((var[0] + eps) ** -0.5) * gamma + beta


def in_place(x, gamma, beta, bn_param):
    out = np.array(x, dtype=float)
    if bn_param["mode"] == "train":
        mean = out.mean(axis=0)
        out -= mean
        var = (out**2).mean(axis=0)
        for name, value in (("running_mean", mean), ("running_var", var)):
            bn_param[name] *= bn_param["momentum"]
            bn_param[name] += (1 - bn_param["momentum"]) * value
    else:
        out -= bn_param["running_mean"]
        var = bn_param["running_var"]
    out /= np.sqrt(var + bn_param["eps"])
    out *= gamma
    out += beta
    return out


def by_exact_sums(x, gamma, beta, bn_param):
    columns = np.asarray(x, dtype=float).T
    if bn_param["mode"] == "train":
        mean = np.array([math.fsum(column) for column in columns]) / len(x)
        var = np.array([math.fsum((c - m) ** 2) / len(x) for c, m in zip(columns, mean, strict=True)])
        m = bn_param["momentum"]
        bn_param["running_mean"] = (m * bn_param["running_mean"][0] + (1 - m) * mean)[np.newaxis, :]
        bn_param["running_var"] = (m * bn_param["running_var"][0] + (1 - m) * var)[np.newaxis, :]
    else:
        mean, var = bn_param["running_mean"][0], bn_param["running_var"][0]
    return ((columns - mean[:, None]) / np.sqrt(var + bn_param["eps"])[:, None]).T * gamma + beta


def from_the_last_row(x, gamma, beta, bn_param):
    mean, var = bn_param["running_mean"].reshape(-1), bn_param["running_var"].reshape(-1)
    if bn_param["mode"] == "train":
        turned = x[::-1]
        batch = turned.sum(0) / x.shape[0]
        spread = np.power(turned - batch, 2).sum(0) / x.shape[0]
        # Statistics as (D,): the notebook's cells and the network work with them as well.
        bn_param["running_mean"] = mean - (1 - bn_param["momentum"]) * (mean - batch)
        bn_param["running_var"] = var - (1 - bn_param["momentum"]) * (var - spread)
        mean, var = batch, spread
    return beta + np.divide(gamma * (x - mean), np.sqrt(np.add(var, bn_param["eps"])))


def by_standard_deviation(x, gamma, beta, bn_param):
    mode, eps, momentum = (bn_param.get(name) for name in ("mode", "eps", "momentum"))
    if mode == "train":
        mean, std = x.mean(axis=0, keepdims=True), x.std(axis=0, keepdims=True)
        bn_param["running_mean"] = np.average([bn_param["running_mean"], mean], 0, [momentum, 1 - momentum])
        bn_param["running_var"] = np.average([bn_param["running_var"], std**2], 0, [momentum, 1 - momentum])
        return gamma * (x - mean) * (std**2 + eps) ** -0.5 + beta
    return gamma * (x - bn_param["running_mean"]) * np.power(bn_param["running_var"] + eps, -0.5) + beta


def by_second_moments(x, gamma, beta, bn_param):
    """E[x^2] - E[x]^2, about a first guess of the mean, so that little is cancelled."""
    test = bn_param["mode"] != "train"
    guess = x[:1]
    mean = bn_param["running_mean"] if test else guess + np.mean(x - guess, axis=0, keepdims=True)
    var = (
        bn_param["running_var"] if test else np.mean((x - guess) ** 2, 0, keepdims=True) - (mean - guess) ** 2
    )
    if not test:
        for name, value in zip(("running_mean", "running_var"), (mean, var), strict=True):
            bn_param[name] = (1 - bn_param["momentum"]) * value + bn_param["momentum"] * bn_param[name]
    return np.reshape(gamma, (1, -1)) * (x - mean) / np.sqrt(var + bn_param["eps"]) + np.reshape(
        beta, (1, -1)
    )


def row_by_row(x, gamma, beta, bn_param):
    """Welford's update of mean and variance, and rows put together at the end."""
    if bn_param["mode"] == "train":
        mean = np.zeros(x.shape[1])
        squares = np.zeros(x.shape[1])
        for count, line in enumerate(x, 1):
            before = line - mean
            mean = mean + before / count
            squares = squares + before * (line - mean)
        var, m = squares / len(x), bn_param["momentum"]
        bn_param["running_mean"] = bn_param["running_mean"] * m + mean.reshape(1, -1) * (1 - m)
        bn_param["running_var"] = bn_param["running_var"] * m + var.reshape(1, -1) * (1 - m)
    else:
        mean, var = bn_param["running_mean"][0], bn_param["running_var"][0]
    inv = 1.0 / np.sqrt(var + bn_param["eps"])
    return np.vstack([gamma * (line - mean) * inv + beta for line in x])


def in_extended_precision(x, gamma, beta, bn_param):
    wide = np.asarray(x).astype(np.longdouble)
    mean, var = np.longdouble(bn_param["running_mean"]), np.longdouble(bn_param["running_var"])
    if bn_param["mode"] == "train":
        m = bn_param["momentum"]
        batch, spread = wide.mean(0, keepdims=True), wide.var(0, keepdims=True)
        bn_param["running_mean"] = np.float64(m * mean + (1 - m) * batch)
        bn_param["running_var"] = np.float64(m * var + (1 - m) * spread)
        mean, var = batch, spread
    return np.asarray(gamma * (wide - mean) / np.sqrt(var + bn_param["eps"]) + beta, dtype=np.float64)


def from_a_table_of_modes(x, gamma, beta, bn_param):
    def train():
        found = np.stack([np.mean(x, 0), np.var(x, 0)])
        old = np.vstack([bn_param["running_mean"], bn_param["running_var"]])
        new = bn_param["momentum"] * old + (1 - bn_param["momentum"]) * found
        bn_param["running_mean"], bn_param["running_var"] = new[:1], new[1:]
        return found

    def test():
        return np.vstack([bn_param["running_mean"], bn_param["running_var"]])

    mean, var = {"train": train, "test": test}[bn_param["mode"]]()
    return np.multiply(gamma, (x - mean) / np.sqrt(var + bn_param["eps"])) + beta


LAYERS = (
    plainly,
    by_loops,
    by_einsum,
    by_matrix_products,
    in_place,
    by_exact_sums,
    from_the_last_row,
    by_standard_deviation,
    by_second_moments,
    row_by_row,
    in_extended_precision,
    from_a_table_of_modes,
)


# --- The way back through the normalization: (dout, x, gamma, eps) -> dx, dgamma, dbeta --------------------------------------


def by_graph(dout, x, gamma, eps):
    n = len(x)
    centred = x - x.mean(axis=0)
    std = np.sqrt(x.var(axis=0) + eps)
    d = dout * gamma
    dvar = np.sum(d * centred, axis=0) * -0.5 / std**3
    dmean = -np.sum(d / std, axis=0) - 2 * dvar * np.mean(centred, axis=0)
    return d / std + dvar * 2 * centred / n + dmean / n, np.sum(dout * centred / std, 0), np.sum(dout, 0)


def by_jacobian(dout, x, gamma, eps):
    n = len(x)
    inv = (x.var(axis=0) + eps) ** -0.5
    xhat = (x - x.mean(axis=0)) * inv
    dx = [
        (np.eye(n) - 1 / n - np.outer(h, h) / n) @ (d * g) * i
        for h, d, g, i in zip(xhat.T, dout.T, gamma.ravel(), inv, strict=True)
    ]
    return np.stack(dx, axis=1), np.einsum("nd,nd->d", dout, xhat), np.ones(n) @ dout


def simplified(dout, x, gamma, eps):
    inv = 1 / np.sqrt(x.var(axis=0, keepdims=True) + eps)
    xhat = (x - x.mean(axis=0, keepdims=True)) * inv
    dbeta, dgamma = dout.sum(axis=0, keepdims=True), (dout * xhat).sum(axis=0, keepdims=True)
    return gamma * inv / len(x) * (len(x) * dout - dbeta - xhat * dgamma), dgamma, dbeta


BACKWARDS = (by_graph, by_jacobian, simplified)


# --- The network -------------------------------------------------------------------------------------------------------------


def network(layer, backward, *, flat, steps_in_place):
    """A network on a layer. flat: scale, shift and statistics are (D,) where they can be, else (1, D)."""

    class FullyConnectedNet:
        def __init__(
            self,
            input_size,
            hidden_size,
            output_size,
            weight_scale=None,
            centering_data=False,
            use_dropout=False,
            use_bn=False,
        ):
            widths = [input_size, *hidden_size, output_size]
            scale = weight_scale if weight_scale is not None else (2.0 / input_size) ** 0.5
            form = (lambda value: value) if flat else (lambda value: value[np.newaxis, :])
            pairs = list(itertools.pairwise(widths))
            self.params = {
                "W": [np.random.normal(0, scale, pair) for pair in pairs],
                "b": [form(np.zeros(out) + 0.01) for _, out in pairs],
                "gamma": [form(np.ones(width)) for width in hidden_size] if use_bn else [],
                "beta": [form(np.zeros(width)) for width in hidden_size] if use_bn else [],
            }
            self.bn_params = (
                [
                    {
                        "eps": 1e-4,
                        "momentum": 0.95,
                        "mode": "train",
                        "running_mean": np.zeros((1, w)),
                        "running_var": np.ones((1, w)),
                    }
                    for w in hidden_size
                ]
                if use_bn
                else []
            )
            self.centering, self.dropping, self.normalized = centering_data, use_dropout, use_bn
            self.centre = np.zeros(input_size)

        def forward(self, X, mode, keep=1.0):
            tape, flow, last = [], X - self.centre, len(self.params["W"]) - 1
            for i in range(last):
                linear = np.dot(flow, self.params["W"][i]) + self.params["b"][i]
                record = {"in": flow, "linear": linear}
                tape.append(record)
                ready = linear
                if self.normalized:
                    self.bn_params[i]["mode"] = mode
                    gamma, beta = self.params["gamma"][i].reshape(-1), self.params["beta"][i].reshape(-1)
                    ready = layer(linear, gamma, beta, self.bn_params[i])
                record["mask"] = np.where(ready > 0, 1.0, 0.0)
                if self.dropping and mode == "train":
                    record["mask"] = record["mask"] * (np.random.rand(*ready.shape) < keep) / keep
                flow = ready * record["mask"]
            return np.dot(flow, self.params["W"][last]) + self.params["b"][last], [*tape, {"in": flow}]

        def descend(self, X, y, rate, keep, reg):
            scores, tape = self.forward(X, "train", keep)
            powers = np.exp(scores - scores.max(1)[:, None])
            shares = powers / powers.sum(1)[:, None]
            objective = -np.log(shares[range(len(y)), y]).sum()
            objective += sum(reg * np.linalg.norm(W) ** 2 for W in self.params["W"])
            d = shares - np.eye(shares.shape[1])[y]
            changes = []
            for i in reversed(range(len(tape))):
                if "mask" in tape[i]:
                    d = d * tape[i]["mask"]
                    if self.normalized:
                        eps = self.bn_params[i]["eps"]
                        d, dgamma, dbeta = backward(d, tape[i]["linear"], self.params["gamma"][i], eps)
                        changes += [("gamma", i, dgamma), ("beta", i, dbeta)]
                changes.append(("W", i, tape[i]["in"].T @ d + 2 * reg * self.params["W"][i]))
                changes.append(("b", i, d.sum(axis=0)))
                d = d @ self.params["W"][i].T
            for kind, i, change in changes:
                step = rate * np.reshape(change, self.params[kind][i].shape)
                if steps_in_place:
                    self.params[kind][i] -= step
                else:
                    self.params[kind][i] = self.params[kind][i] - step
            return objective

        def train(
            self,
            X,
            y,
            X_val,
            y_val,
            learning_rate=1e-3,
            learning_rate_decay=1,
            keep_prob=1.0,
            reg=5e-6,
            num_iters=100,
            batch_size=200,
            verbose=False,
        ):
            if self.centering:
                self.centre = np.mean(X, axis=0)
            told = {"objective_history": [], "train_acc_history": [], "val_acc_history": []}
            epoch = max(X.shape[0] // batch_size, 1)
            begin = 0
            for it in range(num_iters):
                rows = slice(begin, begin + batch_size)
                told["objective_history"].append(
                    self.descend(X[rows], y[rows], learning_rate, keep_prob, float(reg))
                )
                if it % epoch == 0:
                    told["train_acc_history"].append((self.predict(X[rows]) == y[rows]).mean())
                    told["val_acc_history"].append((self.predict(X_val) == y_val).mean())
                if (it + 1) % epoch == 0:
                    learning_rate *= learning_rate_decay
                begin = (begin + batch_size) % X.shape[0]
            return told

        def predict(self, X):
            return self.forward(X, "test")[0].argmax(axis=1)

    return FullyConnectedNet


def implementation(number):
    """A layer of its own, and a network on it whose other parts change from one to the next."""
    layer, backward = LAYERS[number], BACKWARDS[number % len(BACKWARDS)]
    made = network(layer, backward, flat=number % 2 == 0, steps_in_place=number % 4 > 1)
    return SimpleNamespace(batchnorm_forward=layer, FullyConnectedNet=made)


#: By the names of layer and way back.
RIGHT = {
    f"{layer.__name__}-{BACKWARDS[number % len(BACKWARDS)].__name__}": implementation(number)
    for number, layer in enumerate(LAYERS)
}
