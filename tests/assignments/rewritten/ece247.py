# ruff: noqa: E501 - students lines are as long as they are
"""Right parts of ECE 247 in habits of their own. Each is appended to the file whose functions of the same names it takes the place of."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["REWRITTEN"]

#: By name: the file, and what is appended to it.
REWRITTEN: Mapping[str, tuple[str, str]] = {
    "affine with reshape -1 and vdot": (
        "nndl/layers.py",
        """
def affine_forward(x, w, b):
    N = x.shape[0]
    D = int(np.prod(x.shape[1:]))
    return np.add(np.matmul(np.reshape(x, (N, D)), w), b[None, :]), (x, w, b)
def affine_backward(dout, cache):
    (x, w, b), N = cache, dout.shape[0]
    dx = np.reshape(np.dot(dout, w.T), x.shape)
    dw = np.tensordot(x, dout, axes=(0, 0)).reshape(w.shape)
    db = np.matmul(np.ones((1, N)), dout).reshape(b.shape)
    return dx, dw, db
""",
    ),
    "affine appends ones": (
        "nndl/layers.py",
        """
class Affine:
    __slots__ = ("x", "w", "b")
    def __init__(self, *parts):
        self.x, self.w, self.b = parts
    def __iter__(self):
        return iter((self.x, self.w, self.b))
def affine_forward(x, w, b):
    rows = np.c_[x.reshape(len(x), -1), np.ones(len(x))]
    return rows.dot(np.r_[w, b[None]]), Affine(x, w, b)
def affine_backward(dout, cache):
    x, w, b = cache
    both = np.c_[x.reshape(len(x), -1), np.ones(len(x))].T.dot(dout)
    return dout.dot(w.T).reshape(*x.shape), both[:-1], both[-1]
""",
    ),
    "relu in several ways": (
        "nndl/layers.py",
        """
def relu_forward(x):
    out = x.copy()
    out[~(x > 0)] = 0
    return out, (x, out)
def relu_backward(dout, cache):
    _, out = cache
    dx = np.zeros(dout.shape)
    np.copyto(dx, dout, where=out > 0)
    return dx
""",
    ),
    "batchnorm with a chain of nodes": (
        "nndl/layers.py",
        """
def batchnorm_forward(x, gamma, beta, bn_param):
    def settings(mode, eps=1e-5, momentum=0.9, running_mean=None, running_var=None, **_):
        z = np.zeros(x.shape[1], dtype=x.dtype)
        return mode, eps, momentum, z if running_mean is None else running_mean, z if running_var is None else running_var
    mode, eps, momentum, running_mean, running_var = settings(**bn_param)
    cache = None
    if mode == "train":
        nodes = {}
        nodes["mu"] = np.sum(x, axis=0) / x.shape[0]
        nodes["xmu"] = x - nodes["mu"]
        nodes["sq"] = nodes["xmu"] ** 2
        nodes["var"] = np.sum(nodes["sq"], axis=0) / x.shape[0]
        nodes["sqrtvar"] = np.sqrt(nodes["var"] + eps)
        nodes["ivar"] = 1. / nodes["sqrtvar"]
        nodes["xhat"] = nodes["xmu"] * nodes["ivar"]
        nodes["gammax"] = gamma * nodes["xhat"]
        out = nodes["gammax"] + beta
        running_mean = momentum * running_mean + (1 - momentum) * nodes["mu"]
        running_var = momentum * running_var + (1 - momentum) * nodes["var"]
        cache = {**nodes, "gamma": gamma, "eps": eps}
    elif mode == "test":
        out = gamma * ((x - running_mean) / np.sqrt(running_var + eps)) + beta
    else:
        raise ValueError
    bn_param["running_mean"] = running_mean
    bn_param["running_var"] = running_var
    return out, cache
def batchnorm_backward(dout, cache):
    globals().update(cache) if False else None
    c = cache
    N, D = dout.shape
    dbeta = np.sum(dout, axis=0)
    dgamma = np.sum(dout * c["xhat"], axis=0)
    dxhat = dout * c["gamma"]
    divar = np.sum(dxhat * c["xmu"], axis=0)
    dxmu1 = dxhat * c["ivar"]
    dsqrtvar = -1. / (c["sqrtvar"] ** 2) * divar
    dvar = 0.5 * 1. / np.sqrt(c["var"] + c["eps"]) * dsqrtvar
    dsq = 1. / N * np.ones((N, D)) * dvar
    dxmu2 = 2 * c["xmu"] * dsq
    dx1 = dxmu1 + dxmu2
    dmu = -1 * np.sum(dxmu1 + dxmu2, axis=0)
    dx2 = 1. / N * np.ones((N, D)) * dmu
    return dx1 + dx2, dgamma, dbeta
""",
    ),
    "dropout by its own comparison": (
        "nndl/layers.py",
        """
def dropout_forward(x, dropout_param):
    p, mode = dropout_param["p"], dropout_param["mode"]
    if dropout_param.get("seed") is not None:
        np.random.seed(dropout_param["seed"])
    keep = None
    if mode == "train":
        keep = np.less(np.random.random(x.shape), p).astype(x.dtype)
        keep /= p
        return np.multiply(x, keep).astype(x.dtype, copy=False), (dropout_param, keep)
    return np.array(x), (dropout_param, keep)
def dropout_backward(dout, cache):
    param, keep = cache
    return {"train": lambda: np.einsum("...,...->...", dout, keep), "test": lambda: dout}[param["mode"]]()
""",
    ),
    "dropout drawn as uniform and floor": (
        "nndl/layers.py",
        """
def dropout_forward(x, dropout_param):
    p, mode = dropout_param["p"], dropout_param["mode"]
    if "seed" in dropout_param:
        np.random.seed(dropout_param["seed"])
    if mode == "test":
        return x, (dropout_param, None)
    mask = np.floor(np.random.random_sample(x.shape) + p) / p
    return x * mask, (dropout_param, mask)
""",
    ),
    "dropout by choice": (
        "nndl/layers.py",
        """
def dropout_forward(x, dropout_param):
    p, mode = dropout_param["p"], dropout_param["mode"]
    if "seed" in dropout_param:
        np.random.seed(dropout_param["seed"])
    if mode == "test":
        return x, (dropout_param, None)
    mask = np.random.choice([0.0, 1.0], size=x.shape, p=[1 - p, p]) / p
    return x * mask, (dropout_param, mask)
""",
    ),
    "own generator seeded by the setting": (
        "nndl/layers.py",
        """
def dropout_forward(x, dropout_param):
    p, mode = dropout_param["p"], dropout_param["mode"]
    rng = np.random.default_rng(dropout_param.get("seed", None) if "seed" in dropout_param else np.random.randint(2**31))
    if mode == "test":
        return x, (dropout_param, None)
    mask = (rng.random(x.shape) < p) / p
    return x * mask, (dropout_param, mask)
""",
    ),
    "optim by a shared helper": (
        "nndl/optim.py",
        """
def _defaults(config, w, state=(), **values):
    config = {} if config is None else config
    for key, value in values.items():
        config.setdefault(key, value)
    for key in state:
        if config.get(key) is None:
            config[key] = np.zeros(np.shape(w))
    return config
def sgd_momentum(w, dw, config=None):
    c = _defaults(config, w, ("velocity",), learning_rate=1e-2, momentum=0.9)
    c["velocity"] = np.subtract(c["momentum"] * c["velocity"], c["learning_rate"] * dw)
    return np.add(w, c["velocity"]), c
def sgd_nesterov_momentum(w, dw, config=None):
    c = _defaults(config, w, ("velocity",), learning_rate=1e-2, momentum=0.9)
    mu, lr, v = c["momentum"], c["learning_rate"], c["velocity"]
    v_prev, v = v, mu * v - lr * dw
    c["velocity"] = v
    return w - mu * v_prev + (1 + mu) * v, c
def rmsprop(w, dw, config=None):
    c = _defaults(config, w, ("a",), learning_rate=1e-2, decay_rate=0.99, epsilon=1e-8)
    rho = c["decay_rate"]
    c["a"] = c["a"] + (1 - rho) * (np.square(dw) - c["a"])
    return w - np.divide(c["learning_rate"], np.sqrt(c["a"]) + c["epsilon"]) * dw, c
def adam(w, dw, config=None):
    c = _defaults(config, w, ("v", "a"), learning_rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8, t=0)
    c["t"] += 1
    b1, b2 = c["beta1"], c["beta2"]
    c["v"], c["a"] = b1 * c["v"] + (1 - b1) * dw, b2 * c["a"] + (1 - b2) * np.multiply(dw, dw)
    v_hat, a_hat = c["v"] / (1 - np.power(b1, c["t"])), c["a"] / (1 - np.power(b2, c["t"]))
    return w - c["learning_rate"] * v_hat / (np.sqrt(a_hat) + c["epsilon"]), c
""",
    ),
    "optim copies its dictionary": (
        "nndl/optim.py",
        """
def rmsprop(w, dw, config=None):
    config = dict({"learning_rate": 1e-2, "decay_rate": 0.99, "epsilon": 1e-8, "a": np.zeros_like(w)}, **(config or {}))
    config["a"] = config["decay_rate"] * config["a"] + (1 - config["decay_rate"]) * dw * dw
    return w - config["learning_rate"] / (np.sqrt(config["a"]) + config["epsilon"]) * dw, config
def adam(w, dw, config=None):
    config = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "v": 0.0 * w, "a": 0.0 * w, "t": 0, **(config or {})}
    new = dict(config, t=config["t"] + 1)
    t = new["t"]
    new["v"] = config["beta1"] * config["v"] + (1 - config["beta1"]) * dw
    new["a"] = config["beta2"] * config["a"] + (1 - config["beta2"]) * np.power(dw, 2)
    rate = config["learning_rate"] * np.sqrt(1 - config["beta2"] ** t) / (1 - config["beta1"] ** t)
    return w - rate * new["v"] / (np.sqrt(new["a"]) + config["epsilon"] * np.sqrt(1 - config["beta2"] ** t)), new
""",
    ),
    "optim as classes": (
        "nndl/optim.py",
        """
class Rule:
    def __call__(self, w, dw, config=None):
        config = config if config is not None else {}
        for key, make in self.terms.items():
            if key not in config: config[key] = make(w)
        return self.step(w, dw, config), config
def const(value): return lambda w: value
class Momentum(Rule):
    terms = {"learning_rate": const(1e-2), "momentum": const(0.9), "velocity": np.zeros_like}
    def step(self, w, dw, c):
        c["velocity"] = c["momentum"] * c["velocity"] - c["learning_rate"] * dw
        return w + c["velocity"]
class Nesterov(Momentum):
    def step(self, w, dw, c):
        old = c["velocity"].copy()
        super().step(w, dw, c)
        return w + c["velocity"] + c["momentum"] * (c["velocity"] - old)
sgd_momentum, sgd_nesterov_momentum = Momentum(), Nesterov()
""",
    ),
    "network with lists of layers": (
        "nndl/fc_net.py",
        """
class FullyConnectedNet(FullyConnectedNet):
    def loss(self, X, y=None):
        X = X.astype(self.dtype)
        mode = "test" if y is None else "train"
        if self.dropout_param is not None: self.dropout_param["mode"] = mode
        for bn_param in self.bn_params: bn_param["mode"] = mode
        out, stack, grads = X, [], {}
        for i in range(1, self.num_layers):
            W, b = self.params["W" + str(i)], self.params["b" + str(i)]
            if self.use_batchnorm:
                a, fc = affine_forward(out, W, b)
                n, bn = batchnorm_forward(a, self.params["gamma" + str(i)], self.params["beta" + str(i)], self.bn_params[i - 1])
                out, rl = relu_forward(n)
            else:
                out, (fc, rl) = affine_relu_forward(out, W, b); bn = None
            do = None
            if self.use_dropout: out, do = dropout_forward(out, self.dropout_param)
            stack.append((i, fc, bn, rl, do))
        scores, fc = affine_forward(out, self.params["W" + str(self.num_layers)], self.params["b" + str(self.num_layers)])
        if mode == "test": return scores
        loss, d = softmax_loss(scores, y)
        d, grads["W" + str(self.num_layers)], grads["b" + str(self.num_layers)] = affine_backward(d, fc)
        for i, fc, bn, rl, do in reversed(stack):
            if do is not None: d = dropout_backward(d, do)
            if bn is None: d, grads["W" + str(i)], grads["b" + str(i)] = affine_relu_backward(d, (fc, rl))
            else:
                d = relu_backward(d, rl)
                d, grads["gamma" + str(i)], grads["beta" + str(i)] = batchnorm_backward(d, bn)
                d, grads["W" + str(i)], grads["b" + str(i)] = affine_backward(d, fc)
        for k, W in self.params.items():
            if "W" in k:
                loss += 0.5 * self.reg * (W * W).sum(); grads[k] += self.reg * W
        return loss, grads
""",
    ),
    "adam counts in floats": (
        "nndl/optim.py",
        """
def adam(w, dw, config=None):
    c = {"learning_rate": 1e-3, "beta1": .9, "beta2": .999, "epsilon": 1e-8, "v": 0 * w, "a": 0 * w, "t": 0, **(config or {})}
    t = c["t"] + 1.0
    v = c["beta1"] * c["v"] + dw - c["beta1"] * dw
    a = np.average([c["a"], dw ** 2], axis=0, weights=[c["beta2"], 1 - c["beta2"]])
    step = c["learning_rate"] * v / (1 - c["beta1"] ** t) / (np.sqrt(a / (1 - c["beta2"] ** t)) + c["epsilon"])
    return w - step, {**c, "v": v, "a": a, "t": t}
""",
    ),
    "adam by its effective step": (
        "nndl/optim.py",
        """
def adam(w, dw, config=None):
    if config is None: config = {}
    config.setdefault('learning_rate', 1e-3); config.setdefault('beta1', 0.9); config.setdefault('beta2', 0.999)
    config.setdefault('epsilon', 1e-8); config.setdefault('v', np.zeros_like(w)); config.setdefault('a', np.zeros_like(w)); config.setdefault('t', 0)
    config['t'] += 1
    b1, b2, t, eps = config['beta1'], config['beta2'], config['t'], config['epsilon']
    config['v'] = b1*config['v'] + (1-b1)*dw
    config['a'] = b2*config['a'] + (1-b2)*dw**2
    c = np.sqrt(1 - b2**t)
    step = config['learning_rate'] * c / (1 - b1**t)
    return w - step * config['v'] / (np.sqrt(config['a']) + eps * c), config
""",
    ),
    "dropout by boolean indexing": (
        "nndl/layers.py",
        """
def dropout_forward(x, dropout_param):
    p, mode = dropout_param['p'], dropout_param['mode']
    if 'seed' in dropout_param: np.random.seed(dropout_param['seed'])
    mask = None
    if mode == 'train':
        mask = np.random.random(x.shape) < p
        out = x.copy()
        out[~mask] = 0
        out = out / p
    elif mode == 'test':
        out = x.copy()
    return out.astype(x.dtype, copy=False), (dropout_param, mask)
def dropout_backward(dout, cache):
    dropout_param, mask = cache
    if dropout_param['mode'] == 'test': return dout
    dx = np.zeros_like(dout)
    dx[mask] = dout[mask] / dropout_param['p']
    return dx
""",
    ),
    "weights written into": (
        "nndl/optim.py",
        """
def sgd_momentum(w, dw, config=None):
    config = config or {}
    config.setdefault('learning_rate', 1e-2); config.setdefault('momentum', 0.9)
    v = config.get('velocity', np.zeros_like(w))
    v = config['momentum']*v - config['learning_rate']*dw
    w += v
    next_w = w
    config['velocity'] = v
    return next_w, config
""",
    ),
}
