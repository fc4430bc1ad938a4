# ruff: noqa: E501 - students lines are as long as they are
"""Right parts of Tufts in habits of their own. Each is appended to the file whose functions of the same names it takes the place of."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["REWRITTEN"]

#: By name: the file, and what is appended to it.
REWRITTEN: Mapping[str, tuple[str, str]] = {
    "class with call": (
        "implementations/layers.py",
        """
class BatchNormalization:
    def __call__(self, x, gamma, beta, bn_param):
        return getattr(self, bn_param["mode"])(np.asarray(x, dtype=float), gamma, beta, bn_param)
    def train(self, x, gamma, beta, p):
        self.mean, self.var = x.mean(axis=0, keepdims=True), x.var(axis=0, keepdims=True)
        for key in ("mean", "var"):
            p["running_" + key] = p["momentum"] * p["running_" + key] + (1. - p["momentum"]) * getattr(self, key)
        return self.apply(x, gamma, beta, p["eps"])
    def test(self, x, gamma, beta, p):
        self.mean, self.var = p["running_mean"], p["running_var"]
        return self.apply(x, gamma, beta, p["eps"])
    def apply(self, x, gamma, beta, eps): return (x - self.mean) / np.sqrt(self.var + eps) * gamma + beta
batchnorm_forward = BatchNormalization()
""",
    ),
    "unpacked by itemgetter": (
        "implementations/layers.py",
        """
from operator import itemgetter
def batchnorm_forward(x, gamma, beta, bn_param):
    mode, eps, momentum, rm, rv = itemgetter("mode", "eps", "momentum", "running_mean", "running_var")(bn_param)
    if mode not in {"train", "test"}: raise ValueError(mode)
    mean, var = (np.mean(x, 0), np.var(x, 0)) if mode == "train" else (rm, rv)
    if mode == "train":
        bn_param |= {"running_mean": rm * momentum + mean * (1 - momentum), "running_var": rv * momentum + var * (1 - momentum)}
    return np.add(beta, np.multiply(gamma, np.divide(np.subtract(x, mean), np.sqrt(np.add(var, eps)))))
""",
    ),
    "moments in one pass over float128": (
        "implementations/layers.py",
        """
def _moments(x):
    x = x.astype(np.longdouble)
    n = x.shape[0]
    s, q = x.sum(0), (x * x).sum(0)
    return (s / n).astype(float), (q / n - (s / n) ** 2).astype(float)
def batchnorm_forward(x, gamma, beta, bn_param):
    if bn_param["mode"] == "train":
        mean, var = _moments(np.asarray(x))
        m = bn_param["momentum"]
        bn_param["running_mean"] = m * bn_param["running_mean"] + (1 - m) * mean.reshape(1, -1)
        bn_param["running_var"] = m * bn_param["running_var"] + (1 - m) * var.reshape(1, -1)
    else:
        mean, var = bn_param["running_mean"].ravel(), bn_param["running_var"].ravel()
    scale = gamma * (var + bn_param["eps"]) ** -0.5
    return x * scale + (beta - mean * scale)
""",
    ),
    "tensorflow names": (
        "implementations/layers.py",
        '''
class tf:
    """What the notebook of 2019 took from TensorFlow."""
    @staticmethod
    def moments(x, axes, keep_dims=False):
        mean = np.mean(x, axis=tuple(axes), keepdims=keep_dims)
        return mean, np.mean((x - np.mean(x, axis=tuple(axes), keepdims=True)) ** 2, axis=tuple(axes), keepdims=keep_dims)
    class nn:
        @staticmethod
        def batch_normalization(x, mean, variance, offset, scale, variance_epsilon):
            inv = 1 / np.sqrt(variance + variance_epsilon)
            inv = inv * scale
            return x * inv + (offset - mean * inv)
def batchnorm_forward(x, gamma, beta, bn_param):
    mean, var = tf.moments(x, [0], keep_dims=True)
    if bn_param["mode"] == "train":
        decay = bn_param["momentum"]
        bn_param["running_mean"] = bn_param["running_mean"] * decay + mean * (1 - decay)
        bn_param["running_var"] = bn_param["running_var"] * decay + var * (1 - decay)
    else:
        mean, var = bn_param["running_mean"], bn_param["running_var"]
    return tf.nn.batch_normalization(x, mean, var, beta, gamma, bn_param["eps"])
''',
    ),
    "context and exceptions": (
        "implementations/layers.py",
        """
def batchnorm_forward(x, gamma, beta, bn_param):
    steps = {"train": _train_step, "test": lambda x, p: (p["running_mean"], p["running_var"])}
    try:
        mean, var = steps[bn_param["mode"]](x, bn_param)
    except KeyError as problem:
        raise ValueError("mode") from problem
    with np.errstate(invalid="raise"):
        return gamma[np.newaxis] * ((x - mean) / np.sqrt(var + bn_param["eps"])) + beta[np.newaxis]
def _train_step(x, p):
    stats = np.stack([x.mean(axis=0), x.var(axis=0)])
    running = np.concatenate([p["running_mean"], p["running_var"]])
    running = p["momentum"] * running + (1 - p["momentum"]) * stats
    p["running_mean"], p["running_var"] = running[:1], running[1:]
    return stats
""",
    ),
    "sorted rows and cumsum": (
        "implementations/layers.py",
        """
def batchnorm_forward(x, gamma, beta, bn_param):
    x = np.array(x, dtype=np.float64)
    if bn_param["mode"] == "train":
        n = x.shape[0]
        mean = np.cumsum(x, axis=0)[-1:] / n
        var = np.cumsum((x - mean) ** 2, axis=0)[-1:] / n
        bn_param["running_mean"] = bn_param["running_mean"] - (1 - bn_param["momentum"]) * (bn_param["running_mean"] - mean)
        bn_param["running_var"] = bn_param["running_var"] - (1 - bn_param["momentum"]) * (bn_param["running_var"] - var)
    elif bn_param["mode"] == "test":
        mean, var = bn_param["running_mean"].copy(), bn_param["running_var"].copy()
    x -= mean
    x *= gamma
    x /= np.sqrt(var + bn_param["eps"])
    x += beta
    return x
""",
    ),
    "network methods as one line": (
        "implementations/fc_net.py",
        """
class FullyConnectedNet(FullyConnectedNet):
    def _start_batchnorm(self, hidden_size):
        self.params["gamma"] += [np.ones(n, dtype=np.float32) for n in hidden_size]
        self.params["beta"] += [np.zeros((n,)) for n in hidden_size]
        self.bn_params += [dict(mode="train", eps=BN_EPS, momentum=BN_MOMENTUM, running_mean=np.zeros([1, n]), running_var=np.ones([1, n])) for n in hidden_size]
    def _normalize(self, linear, layer, mode):
        return batchnorm_forward(linear, self.params["gamma"][layer], self.params["beta"][layer], (self.bn_params[layer].update(mode=mode), self.bn_params[layer])[1])
    def _normalize_backward(self, dout, linear, layer, grads):
        x, n = linear, linear.shape[0]
        p = self.bn_params[layer]
        xc = x - x.mean(0)
        s = np.sqrt((xc * xc).mean(0) + p["eps"])
        grads["beta"][layer] = np.einsum("ij->j", dout)
        grads["gamma"][layer] = np.einsum("ij,ij->j", dout, xc / s)
        g = dout * self.params["gamma"][layer]
        return (g - g.mean(0) - xc / s ** 2 * (g * xc).mean(0)) / s
""",
    ),
    "lists that show what layer objects hold": (
        "implementations/fc_net.py",
        """
class Hidden:
    def __init__(self, n_in, n_out, scale, bn):
        self.W, self.b = scale * np.random.randn(n_in, n_out), np.full(n_out, .01)
        self.names = ["W", "b"]
        self.bn = bn
        if bn:
            self.gamma, self.beta = np.ones(n_out), np.zeros(n_out)
            self.names += ["gamma", "beta"]
            self.state = {"mode": "train", "eps": 1e-4, "momentum": 0.95, "running_mean": np.zeros((1, n_out)), "running_var": np.ones((1, n_out))}
    def forward(self, x, mode):
        self.x, self.z = x, x @ self.W + self.b
        a = self.z
        if self.bn:
            self.state["mode"] = mode
            a = batchnorm_forward(a, self.gamma, self.beta, self.state)
        self.on = a > 0
        return a * self.on
    def backward(self, d):
        d = d * self.on
        if self.bn: d, self.dgamma, self.dbeta = batchnorm_backward(d, self.z, self.gamma, self.state["eps"])
        self.dW, self.db = self.x.T @ d, d.sum(0)
        return d @ self.W.T
class Last(Hidden):
    def forward(self, x, mode): self.x = x; return x @ self.W + self.b
    def backward(self, d): self.dW, self.db = self.x.T @ d, d.sum(0); return d @ self.W.T

class FullyConnectedNet:
    def __init__(self, input_size, hidden_size, output_size, weight_scale=None, centering_data=False, use_dropout=False, use_bn=False):
        sizes = [input_size] + list(hidden_size)
        s = np.sqrt(2. / input_size) if weight_scale is None else weight_scale
        self.stack = [Hidden(a, b, s, use_bn) for a, b in zip(sizes, sizes[1:])] + [Last(sizes[-1], output_size, s, False)]
        self.centering, self.center = centering_data, 0.
    @property
    def params(self):
        return {k: [getattr(l, k) for l in self.stack if hasattr(l, k)] for k in ("W", "b", "gamma", "beta")}
    @property
    def bn_params(self):
        return [l.state for l in self.stack if l.bn]
    def scores(self, X, mode):
        a = X - self.center
        for l in self.stack: a = l.forward(a, mode)
        return a
    def train(self, X, y, X_val, y_val, learning_rate=1e-3, learning_rate_decay=1.0, keep_prob=1.0, reg=5e-6, num_iters=100, batch_size=200, verbose=False):
        if self.centering: self.center = X.mean(axis=0)
        hist = {"objective_history": [], "train_acc_history": [], "val_acc_history": []}
        epoch = max(len(X) // batch_size, 1)
        reg = float(reg)
        for it in range(num_iters):
            k = (it * batch_size) % len(X)
            xb, yb = X[k:k + batch_size], y[k:k + batch_size]
            s = self.scores(xb, "train")
            lp = s - s.max(1, keepdims=True); lp = lp - np.log(np.exp(lp).sum(1, keepdims=True))
            J = -lp[np.arange(len(yb)), yb].sum() + reg * sum(np.sum(l.W ** 2) for l in self.stack)
            d = np.exp(lp); d[np.arange(len(yb)), yb] -= 1
            for l in reversed(self.stack):
                d = l.backward(d)
            for l in self.stack:
                l.dW = l.dW + 2 * reg * l.W
                for n in l.names: setattr(l, n, getattr(l, n) - learning_rate * getattr(l, "d" + n))
            hist["objective_history"].append(J)
            if it % epoch == 0:
                hist["train_acc_history"].append(np.mean(self.predict(xb) == yb))
                hist["val_acc_history"].append(np.mean(self.predict(X_val) == y_val))
            if (it + 1) % epoch == 0: learning_rate *= learning_rate_decay
        return hist
    def predict(self, X): return self.scores(X, "test").argmax(1)
""",
    ),
}
