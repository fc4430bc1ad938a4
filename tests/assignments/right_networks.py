"""Right networks of the CS231n family, written in several ways on top of whatever layers they are given: none may lose a point.

The library's own network, from which the expected numbers come, is not used: these are an implementation of their own.
"""

from itertools import pairwise

import numpy as np

__all__ = ["NETWORKS", "SOFTMAX"]


# --- The loss ---------------------------------------------------------------------------------------------------------------


def by_logarithms(scores, y):
    shifted = scores - scores.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows = np.arange(len(y))
    slope = np.exp(logs)
    slope[rows, y] -= 1
    return -logs[rows, y].mean(), slope / len(y)


def by_probabilities(scores, y):
    powers = np.exp(scores - np.max(scores))
    shares = powers / powers.sum(1)[:, None]
    wanted = np.eye(scores.shape[1])[y]
    return -np.sum(wanted * np.log(shares)) / y.shape[0], (shares - wanted) / y.shape[0]


def by_examples(scores, y):
    loss, slope = 0.0, np.zeros_like(scores)
    for i, right in enumerate(y):
        top = max(scores[i])
        total = sum(np.exp(score - top) for score in scores[i])
        loss += (np.log(total) + top - scores[i, right]) / len(y)
        for j in range(scores.shape[1]):
            slope[i, j] = (np.exp(scores[i, j] - top) / total - (j == right)) / len(y)
    return loss, slope


SOFTMAX = (by_logarithms, by_probabilities, by_examples)


# --- The penalty and its gradient -------------------------------------------------------------------------------------------


def squared(w):
    return np.sum(w**2)


def by_dot(w):
    return np.vdot(w, w)


def by_norm(w):
    return np.linalg.norm(w) ** 2


def by_entries(w):
    return sum(float(number) * number for number in w.ravel())


# --- The network ------------------------------------------------------------------------------------------------------------


def network(layers, softmax, penalty, *, rows=False, backward_first=False):
    """A class under CS231n's names that calls these layers.

    layers: a namespace of the course's functions. rows: vectors are (1, D). backward_first: the penalty comes after all gradients.
    """

    class FullyConnectedNet:
        def __init__(  # noqa: PLR0917 - the courses' signatures, one after the other
            self,
            hidden_dims,
            input_dim=3 * 32 * 32,
            num_classes=10,
            dropout=0,
            use_batchnorm=False,
            reg=0.0,
            weight_scale=1e-2,
            dtype=np.float32,
            seed=None,
            dropout_keep_ratio=1,
            normalization=None,
        ):
            self.normalization = "batchnorm" if use_batchnorm else normalization
            self.keep = dropout or dropout_keep_ratio
            self.use_dropout = self.keep != 1
            self.reg, self.dtype, self.params = reg, dtype, {}
            sizes = [input_dim, *hidden_dims, num_classes]
            self.num_layers = len(sizes) - 1
            for i, (inside, outside) in enumerate(pairwise(sizes), 1):
                shape = (1, outside) if rows else (outside,)
                self.params[f"b{i}"] = np.zeros(shape, dtype)
                self.params[f"W{i}"] = np.random.normal(0, weight_scale, (inside, outside)).astype(dtype)
                if self.normalization and i < self.num_layers:
                    self.params[f"beta{i}"], self.params[f"gamma{i}"] = (
                        np.zeros(shape, dtype),
                        np.ones(shape, dtype),
                    )
            self.dropout_param = {"p": self.keep, "mode": "train"} if self.use_dropout else {}
            if seed is not None and self.use_dropout:
                self.dropout_param["seed"] = seed
            self.bn_params = [{"mode": "train"} for _ in hidden_dims]

        def loss(self, X, y=None):
            self._set_mode("test" if y is None else "train")
            hidden, caches = X.astype(self.dtype).reshape(X.shape[0], -1), []
            for i in range(1, self.num_layers):
                hidden, cache = self._down(hidden, i)
                caches.append(cache)
            scores, last = layers.affine_forward(
                hidden, self.params[f"W{self.num_layers}"], self._vector("b", self.num_layers)
            )
            if y is None:
                return scores
            loss, slope = softmax(scores, y)
            grads = {}
            slope, grads[f"W{self.num_layers}"], grads[f"b{self.num_layers}"] = layers.affine_backward(
                slope, last
            )
            for i in reversed(range(1, self.num_layers)):
                slope = self._up(slope, caches.pop(), i, grads)
            order = range(1, self.num_layers + 1)
            for i in reversed(order) if backward_first else order:
                weights = self.params[f"W{i}"]
                loss = loss + 0.5 * self.reg * penalty(weights)
                grads[f"W{i}"] = grads[f"W{i}"] + self.reg * weights
            return loss, grads

        def _vector(self, kind, i):
            return np.ravel(self.params[f"{kind}{i}"])

        def _set_mode(self, mode):
            for settings in (*self.bn_params, self.dropout_param):
                settings["mode"] = mode

        def _down(self, hidden, i):
            out, cache = {}, {}
            out, cache["affine"] = layers.affine_forward(hidden, self.params[f"W{i}"], self._vector("b", i))
            if self.normalization:
                forward = getattr(layers, f"{self.normalization}_forward")
                given = out, self._vector("gamma", i), self._vector("beta", i), self.bn_params[i - 1]
                out, cache["norm"] = forward(*given)
            out, cache["relu"] = layers.relu_forward(out)
            if self.use_dropout:
                out, cache["dropout"] = layers.dropout_forward(out, self.dropout_param)
            return out, cache

        def _up(self, slope, cache, i, grads):
            if "dropout" in cache:
                slope = layers.dropout_backward(slope, cache["dropout"])
            slope = layers.relu_backward(slope, cache["relu"])
            if "norm" in cache:
                backward = getattr(layers, f"{self.normalization}_backward")
                slope, grads[f"gamma{i}"], grads[f"beta{i}"] = backward(slope, cache["norm"])
            slope, grads[f"W{i}"], grads[f"b{i}"] = layers.affine_backward(slope, cache["affine"])
            return slope

    return FullyConnectedNet


#: Six ways, by name: each takes the layers.
NETWORKS = {
    "logarithms": lambda layers: network(layers, by_logarithms, squared),
    "probabilities": lambda layers: network(layers, by_probabilities, by_dot, rows=True),
    "examples": lambda layers: network(layers, by_examples, by_norm, backward_first=True),
    "rows": lambda layers: network(layers, by_logarithms, by_entries, rows=True, backward_first=True),
    "entries": lambda layers: network(layers, by_examples, by_entries),
    "backwards": lambda layers: network(layers, by_probabilities, squared, backward_first=True),
}
