# ruff: noqa: E501 - students lines are as long as they are
"""Right parts of CS231n in habits of their own. Each is appended to the file whose functions of the same names it takes the place of."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["REWRITTEN"]

#: By name: the file, and what is appended to it.
REWRITTEN: Mapping[str, tuple[str, str]] = {
    "closures": (
        "cs231n/layers.py",
        """
def batchnorm_forward(x, gamma, beta, bn_param):
    eps = bn_param.get("eps", 1e-5); momentum = bn_param.get("momentum", 0.9)
    D = x.shape[1]
    rm = bn_param.get("running_mean", np.zeros(D)); rv = bn_param.get("running_var", np.zeros(D))
    if bn_param["mode"] == "test":
        return (x - rm) * (gamma / np.sqrt(rv + eps)) + beta, None
    mu, var = x.mean(0), x.var(0)
    istd = (var + eps) ** -0.5
    xn = (x - mu) * istd
    bn_param["running_mean"] = momentum * rm + (1 - momentum) * mu
    bn_param["running_var"] = momentum * rv + (1 - momentum) * var
    def backward(dout):
        db, dg = dout.sum(0), np.einsum("nd,nd->d", dout, xn)
        return gamma * istd * (dout - db / len(x) - xn * dg / len(x)), dg, db
    return gamma * xn + beta, backward
def batchnorm_backward(dout, cache): return cache(dout)
def batchnorm_backward_alt(dout, cache):
    return tuple(part for part in cache(dout))
""",
    ),
    "callable classes": (
        "cs231n/layers.py",
        '''
class Norm:
    """One class for both kinds, along an axis."""
    def __init__(self, axis): self.axis = axis
    def __call__(self, x, gamma, beta, param):
        eps = param.get("eps", 1e-5)
        mean = np.mean(x, axis=self.axis, keepdims=True)
        std = np.sqrt(np.mean(np.square(x - mean), axis=self.axis, keepdims=True) + eps)
        xhat = (x - mean) / std
        return gamma * xhat + beta, {"xhat": xhat, "std": std, "gamma": gamma, "axis": self.axis, "mean": mean, "var": std ** 2 - eps}
class Backward:
    def __call__(self, dout, cache):
        xhat, std, gamma, axis = (cache[k] for k in ("xhat", "std", "gamma", "axis"))
        g = dout * gamma
        dx = (g - g.mean(axis=axis, keepdims=True) - xhat * (g * xhat).mean(axis=axis, keepdims=True)) / std
        return dx, np.sum(dout * xhat, axis=0), np.sum(dout, axis=0)
_bn = Norm(0)
class BatchNorm(Norm):
    def __call__(self, x, gamma, beta, bn_param):
        rm = bn_param.setdefault("running_mean", np.zeros(x.shape[1], x.dtype))
        rv = bn_param.setdefault("running_var", np.zeros(x.shape[1], x.dtype))
        if bn_param["mode"] == "train":
            out, cache = super().__call__(x, gamma, beta, bn_param)
            m = bn_param.get("momentum", .9)
            bn_param["running_mean"] = m * rm + (1 - m) * x.mean(0)
            bn_param["running_var"] = m * rv + (1 - m) * x.var(0)
            return out, cache
        elif bn_param["mode"] == "test":
            return gamma * (x - rm) / np.sqrt(rv + bn_param.get("eps", 1e-5)) + beta, {}
        raise ValueError
batchnorm_forward = BatchNorm(0)
layernorm_forward = Norm(1)
batchnorm_backward = layernorm_backward = Backward()
class Short(Backward):
    def __call__(self, dout, c):
        n = dout.shape[0]
        db = dout.sum(axis=0); dg = (dout * c["xhat"]).sum(axis=0)
        return c["gamma"] / c["std"] / n * (n * dout - db - c["xhat"] * dg), dg, db
batchnorm_backward_alt = Short()
''',
    ),
    "decorated": (
        "cs231n/layers.py",
        """
import functools, time
CALLS = {}
def timed(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        start = time.perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            CALLS[function.__name__] = CALLS.get(function.__name__, 0) + time.perf_counter() - start
    return wrapper
batchnorm_forward = timed(batchnorm_forward)
batchnorm_backward = timed(batchnorm_backward)
batchnorm_backward_alt = timed(batchnorm_backward_alt)
layernorm_forward = timed(layernorm_forward)
layernorm_backward = timed(layernorm_backward)
""",
    ),
    "type hints and dataclass": (
        "cs231n/layers.py",
        """
from dataclasses import dataclass
from typing import Any, Dict, Optional, Tuple
Array = np.ndarray
@dataclass
class LNCache:
    xc: Array
    sigma: Array
    gamma: Array
    @property
    def xhat(self) -> Array: return self.xc / self.sigma
def layernorm_forward(x: Array, gamma: Array, beta: Array, ln_param: Optional[Dict[str, Any]] = None) -> Tuple[Array, LNCache]:
    eps: float = (ln_param or {}).get("eps", 1e-5)
    xc: Array = (x.T - x.T.mean(axis=0)).T
    sigma: Array = np.sqrt((xc.T ** 2).mean(axis=0) + eps)[:, None]
    cache = LNCache(xc, sigma, gamma)
    return cache.xhat * gamma + beta, cache
def layernorm_backward(dout: Array, cache: LNCache) -> Tuple[Array, Array, Array]:
    g: Array = (dout * cache.gamma).T          # columns are examples now
    xhat: Array = cache.xhat.T
    D: int = g.shape[0]
    dxT: Array = (1.0 / D) / cache.sigma.T * (D * g - g.sum(axis=0) - xhat * (g * xhat).sum(axis=0))
    return dxT.T, (dout * cache.xhat).sum(axis=0), dout.sum(axis=0)
""",
    ),
    "layernorm through batchnorm": (
        "cs231n/layers.py",
        """
def layernorm_forward(x, gamma, beta, ln_param):
    D = x.shape[1]
    ones, zeros = np.ones(x.shape[0]), np.zeros(x.shape[0])
    xhat, cache = batchnorm_forward(x.T, ones, zeros, {"mode": "train", "eps": ln_param.get("eps", 1e-5)})
    return xhat.T * gamma + beta, (cache, xhat.T, gamma)
def layernorm_backward(dout, cache):
    bn, xhat, gamma = cache
    dxT, _, _ = batchnorm_backward_alt((dout * gamma).T, bn)
    return dxT.T, (dout * xhat).sum(axis=0), dout.sum(axis=0)
""",
    ),
    "unicode": (
        "cs231n/layers.py",
        """
def batchnorm_forward(x, γ, β, bn_param):
    ε, α = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    μ_, σ2_ = bn_param.get("running_mean", 0 * γ), bn_param.get("running_var", 0 * γ)
    if bn_param["mode"] == "train":
        μ, σ2 = x.mean(axis=0), x.var(axis=0)
        x̂ = (x - μ) / np.sqrt(σ2 + ε)
        bn_param["running_mean"], bn_param["running_var"] = α * μ_ + (1 - α) * μ, α * σ2_ + (1 - α) * σ2
        return γ * x̂ + β, (x̂, γ, σ2, ε)
    return γ * (x - μ_) / np.sqrt(σ2_ + ε) + β, (μ_, σ2_)
def batchnorm_backward(δ, cache):
    x̂, γ, σ2, ε = cache
    N = len(δ)
    ðx̂ = δ * γ
    ðσ2 = -.5 * (ðx̂ * x̂).sum(0) / (σ2 + ε)
    ðμ = -ðx̂.sum(0) / np.sqrt(σ2 + ε)
    return ðx̂ / np.sqrt(σ2 + ε) + ðσ2 * 2 * x̂ * np.sqrt(σ2 + ε) / N + ðμ / N, (δ * x̂).sum(0), δ.sum(0)
def batchnorm_backward_alt(δ, cache):
    x̂, γ, σ2, ε = cache
    ðγ, ðβ = (δ * x̂).sum(0), δ.sum(0)
    return γ / np.sqrt(σ2 + ε) * (δ - (ðβ + x̂ * ðγ) / len(δ)), ðγ, ðβ
""",
    ),
    "centering matrix": (
        "cs231n/layers.py",
        """
import functools
@functools.lru_cache(maxsize=None)
def centering(n):
    return np.eye(n) - 1.0 / n
def batchnorm_backward(dout, cache):
    centered, inv_std, xhat, gamma = cache
    n = len(dout)
    g = dout * gamma
    C = centering(n)
    dx = inv_std * (C @ g - xhat * np.mean(g * xhat, axis=0))
    return dx, np.diag(dout.T @ xhat), np.ones(n) @ dout
def layernorm_backward(dout, cache):
    inv_std, xhat, gamma = cache
    C = centering(dout.shape[1])
    g = dout * gamma
    return inv_std * (g @ C - xhat * np.mean(g * xhat, axis=1, keepdims=True)), np.einsum("ij,ij->j", dout, xhat), np.einsum("ij->j", dout)
""",
    ),
    "norms and cov": (
        "cs231n/layers.py",
        """
def batchnorm_forward(x, gamma, beta, bn_param):
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    N, D = x.shape
    rm, rv = bn_param.get("running_mean", np.zeros(D)), bn_param.get("running_var", np.zeros(D))
    if bn_param["mode"] == "train":
        mean = np.average(x, axis=0)
        var = (np.linalg.norm(x - mean, axis=0) / N ** 0.5) ** 2
        bn_param["running_mean"] = rm + (1 - momentum) * (mean - rm)
        bn_param["running_var"] = rv + (1 - momentum) * (var - rv)
        xhat = np.divide(x - mean, np.hypot(np.sqrt(var), np.sqrt(eps)))
        return xhat * gamma + beta, (x, mean, var, eps, gamma)
    z = (x - rm) / np.power(rv + eps, 0.5)
    return z * gamma + beta, (z,)
def batchnorm_backward(dout, cache):
    x, mean, var, eps, gamma = cache
    N = x.shape[0]
    root = np.sqrt(var + eps)
    dx = np.zeros_like(dout)
    xhat = (x - mean) / root
    s1, s2 = (dout * gamma).sum(axis=0), (dout * gamma * xhat).sum(axis=0)
    for i, row in enumerate(dout):
        dx[i] = (row * gamma - s1 / N - xhat[i] * s2 / N) / root
    return dx, sum(row * h for row, h in zip(dout, xhat)), sum(dout)
def batchnorm_backward_alt(dout, cache):
    x, mean, var, eps, gamma = cache
    N = x.shape[0]
    dgamma = ((x - mean) * (var + eps) ** (-1. / 2.) * dout).sum(axis=0)
    dbeta = np.sum(dout, axis=0)
    dx = (1. / N) * gamma * (var + eps) ** (-1. / 2.) * (N * dout - np.sum(dout, axis=0)
        - (x - mean) * (var + eps) ** (-1.0) * np.sum(dout * (x - mean), axis=0))
    return dx, dgamma, dbeta
""",
    ),
    "generator and match": (
        "cs231n/layers.py",
        """
def batchnorm_forward(x, gamma, beta, bn_param):
    get = bn_param.get
    def statistics():
        match bn_param["mode"]:
            case "train":
                yield x.mean(axis=0, keepdims=True)
                yield x.var(axis=0, keepdims=True)
            case "test":
                yield np.reshape(get("running_mean", np.zeros(x.shape[1])), (1, -1))
                yield np.reshape(get("running_var", np.zeros(x.shape[1])), (1, -1))
            case other:
                raise ValueError(other)
    mean, var = statistics()
    if bn_param["mode"] == "train":
        for name, new in zip(("running_mean", "running_var"), (mean, var)):
            m = get("momentum", 0.9)
            bn_param[name] = m * get(name, np.zeros(x.shape[1])) + (1 - m) * new.squeeze(axis=0)
    inv = 1. / np.sqrt(var + get("eps", 1e-5))
    xhat = (x - mean) * inv
    return gamma[None, :] * xhat + beta[None, :], (xhat, inv, gamma[None, :], x - mean)
def batchnorm_backward(dout, cache):
    def parts():
        xhat, inv, gamma, xmu = cache
        N = dout.shape[0]
        d = dout * gamma
        dvar = np.sum(d * xmu * -0.5 * inv ** 3, axis=0, keepdims=True)
        dmu = np.sum(-d * inv, axis=0, keepdims=True) + dvar * np.mean(-2 * xmu, axis=0, keepdims=True)
        yield d * inv + dvar * 2 * xmu / N + dmu / N
        yield np.sum(dout * xhat, axis=0)
        yield np.sum(dout, axis=0)
    return tuple(parts())
def batchnorm_backward_alt(dout, cache):
    xhat, inv, gamma, _ = cache
    N = dout.shape[0]
    b, g = dout.sum(axis=0, keepdims=True), (dout * xhat).sum(axis=0, keepdims=True)
    return gamma * inv / N * (N * dout - b - xhat * g), g[0], b[0]
""",
    ),
    "object cache": (
        "cs231n/layers.py",
        """
class C: pass
def batchnorm_forward(x, gamma, beta, bn_param):
    self = C()
    self.__dict__.update(x=x.copy(), gamma=gamma.copy(), beta=beta.copy(), **{k: v for k, v in bn_param.items() if k in ("mode", "eps", "momentum")})
    eps = getattr(self, "eps", 1e-5); mom = getattr(self, "momentum", 0.9)
    if self.mode == "train":
        self.mu = x.sum(axis=0) / float(x.shape[0]); self.v = ((x - self.mu) * (x - self.mu)).sum(axis=0) / float(x.shape[0])
        bn_param["running_mean"] = mom * bn_param.get("running_mean", np.zeros_like(self.mu)) + (1.0 - mom) * self.mu
        bn_param["running_var"] = mom * bn_param.get("running_var", np.zeros_like(self.v)) + (1.0 - mom) * self.v
    else:
        self.mu = bn_param["running_mean"]; self.v = bn_param["running_var"]
    self.std = np.sqrt(self.v + eps); self.xhat = (x - self.mu) / self.std
    self.out = self.gamma * self.xhat + self.beta
    return self.out, self
def batchnorm_backward(dout, c):
    N = float(dout.shape[0])
    dxhat = dout * c.gamma
    dstd = (dxhat * -(c.x - c.mu) / (c.std * c.std)).sum(axis=0)
    dv = dstd * 0.5 / c.std
    dxmu = dxhat / c.std + dv * 2.0 * (c.x - c.mu) / N
    return dxmu - dxmu.sum(axis=0) / N, (dout * c.xhat).sum(axis=0), dout.sum(axis=0)
def batchnorm_backward_alt(dout, c):
    m = dout.mean(axis=0)
    return c.gamma / c.std * (dout - m - c.xhat * (dout * c.xhat).mean(axis=0)), (dout * c.xhat).sum(axis=0), dout.sum(axis=0)
""",
    ),
    "prints and asserts": (
        "cs231n/layers.py",
        """
def layernorm_forward(x, gamma, beta, ln_param):
    assert x.ndim == 2 and gamma.shape == (x.shape[1],), (x.shape, gamma.shape)
    assert not isinstance(ln_param.get("eps", 0), str)
    print("layernorm", x.shape)
    eps = ln_param.setdefault("eps", 1e-5)
    mu = np.apply_along_axis(np.mean, 1, x).reshape(-1, 1)
    sq = np.apply_along_axis(lambda r: ((r - r.mean()) ** 2).mean(), 1, x).reshape(-1, 1)
    xhat = (x - mu) / np.sqrt(sq + eps)
    out = xhat * gamma + beta
    assert out.shape == x.shape
    return out, dict(xhat=xhat, var=sq, eps=eps, gamma=gamma, N=x.shape[0], D=x.shape[1])
def layernorm_backward(dout, cache):
    xhat, var, eps, gamma, N, D = cache.values()
    dbeta = np.sum(dout, axis=0)
    dgamma = np.sum(dout * xhat, axis=0)
    dxhat = dout * gamma
    out = []
    for n in range(N):
        J = (np.eye(D) - 1 / D - np.outer(xhat[n], xhat[n]) / D) / np.sqrt(var[n, 0] + eps)
        out.append(J @ dxhat[n])
    return np.array(out), dgamma, dbeta
""",
    ),
    "running averages in place": (
        "cs231n/layers.py",
        """
def batchnorm_forward(x, gamma, beta, bn_param):
    mode = bn_param["mode"]; eps = bn_param.get("eps", 1e-5); momentum = bn_param.get("momentum", 0.9)
    if "running_mean" not in bn_param:
        bn_param["running_mean"] = np.zeros(x.shape[1], dtype=x.dtype)
        bn_param["running_var"] = np.zeros(x.shape[1], dtype=x.dtype)
    if mode == "train":
        mu = x.mean(0); var = ((x - mu) ** 2).mean(0)
        bn_param["running_mean"] *= momentum; bn_param["running_mean"] += (1 - momentum) * mu
        bn_param["running_var"] *= momentum; bn_param["running_var"] += (1 - momentum) * var
    if mode == "test":
        mu = bn_param["running_mean"]; var = bn_param["running_var"]
    xhat = (x - mu) / np.sqrt(var + eps)
    cache = (x - mu, 1 / np.sqrt(var + eps), xhat, gamma) if mode == "train" else None
    return gamma * xhat + beta, cache
""",
    ),
    "np where one-liners": (
        "cs231n/layers.py",
        """
relu = lambda x: np.where(x > 0, x, 0)
def layernorm_forward(x, gamma, beta, ln_param, f=lambda a: a.mean(axis=-1)[:, np.newaxis]):
    return (lambda c: (lambda s: (gamma * c / s + beta, (c / s, s, gamma)))(np.sqrt(f(c * c) + ln_param.get("eps", 1e-5))))(x - f(x))
layernorm_backward = lambda dout, cache, f=lambda a: a.mean(axis=-1)[:, np.newaxis]: (
    (dout * cache[2] - f(dout * cache[2]) - cache[0] * f(dout * cache[2] * cache[0])) / cache[1], (dout * cache[0]).sum(0), dout.sum(0))
""",
    ),
    "keyed by id, still right": (
        "cs231n/layers.py",
        """
_memo = {}
def _stats(x, axis):
    key = (x.tobytes(), x.shape, axis)
    if key not in _memo:
        _memo.clear()
        _memo[key] = (x.mean(axis=axis, keepdims=True), x.var(axis=axis, keepdims=True))
    return _memo[key]
def layernorm_forward(x, gamma, beta, ln_param):
    mean, var = _stats(x, 1)
    std = np.sqrt(var + ln_param.get("eps", 1e-5))
    return gamma * ((x - mean) / std) + beta, (1 / std, (x - mean) / std, gamma)
""",
    ),
    "network as a tape": (
        "cs231n/classifiers/fc_net.py",
        '''
_Base = FullyConnectedNet
class FullyConnectedNet(_Base):
    """Every step of the forward pass leaves a function that goes back over it."""
    def loss(self, X, y=None):
        X = X.astype(self.dtype)
        mode = "test" if y is None else "train"
        for p in [self.dropout_param] * self.use_dropout + self.bn_params * (self.normalization == "batchnorm"):
            p["mode"] = mode
        tape, grads, P, L = [], {}, self.params, self.num_layers
        def record(result, back, *names):
            out, cache = result
            def pull(d):
                got = back(d, cache)
                got = got if isinstance(got, tuple) else (got,)
                grads.update(zip(names, got[1:]))
                return got[0]
            tape.append(pull)
            return out
        h = X
        for i in range(1, L + 1):
            h = record(affine_forward(h, P["W%d" % i], P["b%d" % i]), affine_backward, "W%d" % i, "b%d" % i)
            if i == L: break
            if self.normalization is not None:
                f, b = {"batchnorm": (batchnorm_forward, batchnorm_backward), "layernorm": (layernorm_forward, layernorm_backward)}[self.normalization]
                h = record(f(h, P["gamma%d" % i], P["beta%d" % i], self.bn_params[i - 1]), b, "gamma%d" % i, "beta%d" % i)
            h = record(relu_forward(h), relu_backward)
            if self.use_dropout:
                h = record(dropout_forward(h, self.dropout_param), dropout_backward)
        if y is None: return h
        loss, d = softmax_loss(h, y)
        while tape: d = tape.pop()(d)
        for W in (k for k in P if k[0] == "W"):
            loss += .5 * self.reg * np.vdot(P[W], P[W])
            grads[W] += self.reg * P[W]
        return loss, grads
''',
    ),
    "network by recursion": (
        "cs231n/classifiers/fc_net.py",
        '''
class FullyConnectedNet(FullyConnectedNet):
    def loss(self, X, y=None):
        X = X.astype(self.dtype)
        mode = "test" if y is None else "train"
        if self.use_dropout: self.dropout_param["mode"] = mode
        for bn_param in self.bn_params:
            bn_param["mode"] = mode
        grads = {}
        reg_loss = 0
        def go(h, i):
            """Returns loss and gradient of h."""
            a, ca = affine_forward(h, self.params[f"W{i}"], self.params[f"b{i}"])
            if i == self.num_layers:
                if y is None: return a, None
                loss, da = softmax_loss(a, y)
            else:
                cn = None
                if self.normalization == "batchnorm":
                    a, cn = batchnorm_forward(a, self.params[f"gamma{i}"], self.params[f"beta{i}"], self.bn_params[i - 1])
                if self.normalization == "layernorm":
                    a, cn = layernorm_forward(a, self.params[f"gamma{i}"], self.params[f"beta{i}"], self.bn_params[i - 1])
                r, cr = relu_forward(a)
                if self.use_dropout: r, cd = dropout_forward(r, self.dropout_param)
                loss, da = go(r, i + 1)
                if y is None: return loss, None
                if self.use_dropout: da = dropout_backward(da, cd)
                da = relu_backward(da, cr)
                if cn is not None:
                    back = batchnorm_backward if self.normalization == "batchnorm" else layernorm_backward
                    da, grads[f"gamma{i}"], grads[f"beta{i}"] = back(da, cn)
            dh, grads[f"W{i}"], grads[f"b{i}"] = affine_backward(da, ca)
            grads[f"W{i}"] += self.reg * self.params[f"W{i}"]
            return loss + self.reg / 2 * np.linalg.norm(self.params[f"W{i}"]) ** 2, dh
        value, _ = go(X, 1)
        return value if y is None else (value, grads)
''',
    ),
    "network of layer objects": (
        "cs231n/classifiers/fc_net.py",
        """
class FullyConnectedNet(object):
    class Block:
        def __init__(self, net, i):
            self.net, self.i, self.last = net, i, i == net.num_layers
        def __getitem__(self, kind): return self.net.params[kind + str(self.i)]
        def forward(self, h):
            net = self.net
            h, self.fc = affine_forward(h, self["W"], self["b"])
            if self.last: return h
            if net.normalization:
                self.norm_back = globals()[net.normalization + "_backward"]
                h, self.norm = globals()[net.normalization + "_forward"](h, self["gamma"], self["beta"], net.bn_params[self.i - 1])
            h, self.act = relu_forward(h)
            return h
        def backward(self, d, grads):
            net = self.net
            if not self.last:
                d = relu_backward(d, self.act)
                if net.normalization:
                    d, grads["gamma%i" % self.i], grads["beta%i" % self.i] = self.norm_back(d, self.norm)
            d, dW, grads["b%i" % self.i] = affine_backward(d, self.fc)
            grads["W%i" % self.i] = dW + net.reg * self["W"]
            return d
    def __init__(self, hidden_dims, input_dim=3*32*32, num_classes=10, dropout_keep_ratio=1, normalization=None, reg=0.0, weight_scale=1e-2, dtype=np.float32, seed=None):
        self.normalization, self.reg, self.dtype, self.num_layers = normalization, reg, dtype, len(hidden_dims) + 1
        self.use_dropout, self.dropout_param = dropout_keep_ratio != 1, {}
        dims = np.hstack([input_dim, hidden_dims, num_classes])
        self.params = {}
        for i, (a, b) in enumerate(zip(dims[:-1], dims[1:]), 1):
            self.params.update({"W%i" % i: np.random.normal(0.0, weight_scale, size=(a, b)), "b%i" % i: np.zeros(b)})
            if normalization and i != self.num_layers:
                self.params.update({"gamma%i" % i: np.ones(b), "beta%i" % i: np.zeros(b)})
        self.params = {k: v.astype(dtype) for k, v in self.params.items()}
        self.bn_params = [{"mode": "train"} for _ in hidden_dims] if normalization else []
        self.blocks = [self.Block(self, i + 1) for i in range(self.num_layers)]
    def loss(self, X, y=None):
        for p in self.bn_params: p["mode"] = "train" if y is not None else "test"
        h = X.astype(self.dtype)
        for block in self.blocks: h = block.forward(h)
        if y is None: return h
        loss, d = softmax_loss(h, y)
        grads = {}
        for block in self.blocks[::-1]: d = block.backward(d, grads)
        return loss + 0.5 * self.reg * sum((block["W"] ** 2).sum() for block in self.blocks), grads
""",
    ),
    "caches are numbers in a list": (
        "cs231n/layers.py",
        """
_STORE = []
def _keep(**kw):
    _STORE.append(kw)
    return len(_STORE) - 1
def batchnorm_forward(x, gamma, beta, bn_param):
    def g(k, default): return bn_param[k] if k in bn_param else default
    eps, mom = g("eps", 1e-5), g("momentum", 0.9)
    D = x.shape[1]
    if bn_param["mode"] == "train":
        mu = sum(x) / len(x)
        var = sum((x - mu) ** 2) / len(x)
        handle = _keep(x=x.copy(), mu=mu, var=var, gamma=gamma.copy(), eps=eps)
        bn_param.update(running_mean=mom * g("running_mean", 0) + (1 - mom) * mu, running_var=mom * g("running_var", 0) + (1 - mom) * var)
        return (x - mu) / (var + eps) ** .5 * gamma + beta, handle
    assert bn_param["mode"] == "test"
    return (x - g("running_mean", np.zeros(D))) / (g("running_var", np.zeros(D)) + eps) ** .5 * gamma + beta, None
def batchnorm_backward(dout, cache):
    c = _STORE[cache]
    N, D = dout.shape
    sd = (c["var"] + c["eps"]) ** .5
    xh = (c["x"] - c["mu"]) / sd
    J = np.eye(N) - 1 / N
    dx = np.stack([(J - np.outer(xh[:, j], xh[:, j]) / N) @ dout[:, j] * c["gamma"][j] / sd[j] for j in range(D)], axis=1)
    return dx, np.einsum("nd,nd->d", dout, xh), np.einsum("nd->d", dout)
def batchnorm_backward_alt(dout, cache):
    c = _STORE[cache]; N = len(dout)
    s = 1 / (c["var"] + c["eps"]) ** .5
    xh = (c["x"] - c["mu"]) * s
    db = dout.sum(0); dg = np.einsum("ij,ij->j", dout, xh)
    dx = dout * N; dx -= db; dx -= xh * dg; dx *= c["gamma"] * s / N
    return dx, dg, db
""",
    ),
    "arrays of a class of its own": (
        "cs231n/layers.py",
        """
class Tensor(np.ndarray):
    # it remembers what its gradient needs
    def __new__(cls, a, **kw):
        t = np.asarray(a).view(cls); t.kw = kw
        return t
    def __array_finalize__(self, obj): self.kw = getattr(obj, "kw", {})
def layernorm_forward(x, gamma, beta, ln_param):
    eps = ln_param.get("eps", 1e-5)
    x = Tensor(x.copy())
    mu = x.mean(axis=1).reshape(-1, 1); xc = x - mu
    s = np.sqrt((xc ** 2).mean(axis=1).reshape(-1, 1) + eps)
    out = Tensor(gamma * (xc / s) + beta, s=s, xh=xc / s, gamma=gamma)
    return out, out
def layernorm_backward(dout, cache):
    s, xh, gamma = (cache.kw[k] for k in ("s", "xh", "gamma"))
    h = dout * gamma
    return Tensor((h - h.mean(axis=1).reshape(-1, 1) - xh * (h * xh).mean(axis=1).reshape(-1, 1)) / s), Tensor((dout * xh).sum(0)), Tensor(dout.sum(0))
""",
    ),
    "cache is a structured array": (
        "cs231n/layers.py",
        """
def layernorm_forward(x, gamma, beta, ln_param):
    eps = ln_param.get("eps", 1e-5)
    mu, sd = x.mean(1), np.sqrt(x.var(1) + eps)
    xh = (x - mu[:, None]) / sd[:, None]
    rec = np.zeros(x.shape, dtype=[("xh", "f8"), ("g", "f8"), ("sd", "f8")])
    rec["xh"], rec["g"], rec["sd"] = xh, gamma, sd[:, None]
    return gamma * xh + beta, rec
def layernorm_backward(dout, cache):
    h = dout * cache["g"]; xh = cache["xh"]
    dx = (h - h.mean(1)[:, None] - xh * (h * xh).mean(1)[:, None]) / cache["sd"]
    return dx, (dout * xh).sum(0), dout.sum(0)
""",
    ),
    "axes turned round in memory": (
        "cs231n/layers.py",
        """
def batchnorm_forward(x, gamma, beta, bn_param):
    X = np.asfortranarray(x).T
    D, Nn = X.shape
    eps = bn_param.get("eps", 1e-5); mom = bn_param.get("momentum", .9)
    rm = bn_param.get("running_mean", np.zeros(D, x.dtype)); rv = bn_param.get("running_var", np.zeros(D, x.dtype))
    if bn_param["mode"] == "train":
        mu = X.mean(1)[:, None]; v = X.var(1)[:, None]
        xh = (X - mu) / np.sqrt(v + eps)
        buf = np.empty((3, D, Nn), order="F"); buf[0] = xh; buf[1] = xh * gamma[:, None]; buf[2] = buf[1] + beta[:, None]
        out = buf[2].T
        bn_param["running_mean"] = (mom * rm[:, None] + (1 - mom) * mu)[:, 0]
        bn_param["running_var"] = (mom * rv[:, None] + (1 - mom) * v)[:, 0]
        cache = [buf[0].T, gamma[::1], (1 / np.sqrt(v + eps))[..., 0]]
    else:
        out = ((X - rm[:, None]) / np.sqrt(rv[:, None] + eps) * gamma[:, None] + beta[:, None]).T
        bn_param["running_mean"], bn_param["running_var"] = rm, rv
        cache = []
    return out, cache
def batchnorm_backward(dout, cache):
    xh, g, s = cache
    d = np.asfortranarray(dout)
    both = np.empty((2, xh.shape[1])); np.sum(d * xh, axis=0, out=both[0]); np.add.reduce(d, axis=0, out=both[1])
    dxh = d * g
    dx = (dxh - dxh.mean(0) - xh * (dxh * xh).mean(0)) * s
    return dx[::-1][::-1], both[0], both[1]
batchnorm_backward_alt = batchnorm_backward
""",
    ),
    "one function by a flag and a transpose": (
        "cs231n/layers.py",
        """
def batchnorm_forward(x, gamma, beta, bn_param):
    mode = bn_param["mode"]
    eps = bn_param.get("eps", 1e-5)
    momentum = bn_param.get("momentum", 0.9)
    layernorm = bn_param.get("layernorm", 0)
    N, D = x.shape
    running_mean = bn_param.get("running_mean", np.zeros(D, dtype=x.dtype))
    running_var = bn_param.get("running_var", np.zeros(D, dtype=x.dtype))
    out, cache = None, None
    if mode == "train":
        mu = x.mean(axis=0)
        var = x.var(axis=0)
        std = np.sqrt(var + eps)
        x_hat = (x - mu) / std
        out = gamma * x_hat + beta
        shape = bn_param.get('shape', (N, D))
        axis = bn_param.get('axis', 0)
        cache = x, mu, var, std, gamma, x_hat, shape, axis
        if axis == 0 and not layernorm:
            running_mean = momentum * running_mean + (1 - momentum) * mu
            running_var = momentum * running_var + (1 - momentum) * var
    elif mode == "test":
        x_hat = (x - running_mean) / np.sqrt(running_var + eps)
        out = gamma * x_hat + beta
    else:
        raise ValueError('Invalid forward batchnorm mode "%s"' % mode)
    if not layernorm:
        bn_param["running_mean"] = running_mean
        bn_param["running_var"] = running_var
    return out, cache

def batchnorm_backward(dout, cache):
    x, mu, var, std, gamma, x_hat, shape, axis = cache
    dbeta = dout.reshape(shape, order='F').sum(axis)
    dgamma = (dout * x_hat).reshape(shape, order='F').sum(axis)
    dx_hat = dout * gamma
    dstd = -np.sum(dx_hat * (x-mu), axis=0) / (std**2)
    dvar = 0.5 * dstd / std
    dx1 = dx_hat / std + 2 * (x-mu) * dvar / len(dout)
    dmu = -np.sum(dx1, axis=0)
    dx2 = dmu / len(dout)
    dx = dx1 + dx2
    return dx, dgamma, dbeta

def batchnorm_backward_alt(dout, cache):
    _, _, _, std, gamma, x_hat, shape, axis = cache
    S = lambda x: x.sum(axis=0)
    dbeta = dout.reshape(shape, order='F').sum(axis)
    dgamma = (dout * x_hat).reshape(shape, order='F').sum(axis)
    dx = dout * gamma / (len(dout) * std)
    dx = len(dout)*dx - S(dx*x_hat)*x_hat - S(dx)
    return dx, dgamma, dbeta

def layernorm_forward(x, gamma, beta, ln_param):
    eps = ln_param.get("eps", 1e-5)
    bn_param = {"mode": "train", "axis": 1, **ln_param}
    [gamma, beta] = np.atleast_2d(gamma, beta)
    out, cache = batchnorm_forward(x.T, gamma.T, beta.T, bn_param)
    out = out.T
    return out, (cache, )

def layernorm_backward(dout, cache):
    (cache,) = cache
    x, mu, var, std, gamma, x_hat, shape, axis = cache
    d = dout.T
    dx_hat = d * gamma
    D = d.shape[0]
    dx = (dx_hat - dx_hat.mean(0) - x_hat * (dx_hat*x_hat).mean(0)) / std
    return dx.T, (d*x_hat).sum(1), d.sum(1)
""",
    ),
    "worked out again on the way back": (
        "cs231n/layers.py",
        """
def _stats(x, eps, axis):
    mu = np.mean(x, axis=axis, keepdims=True)
    return mu, np.sqrt(np.mean((x-mu)**2, axis=axis, keepdims=True) + eps)
def batchnorm_forward(x, gamma, beta, bn_param):
    eps = bn_param.get("eps", 1e-5); momentum = bn_param.get("momentum", 0.9)
    rm = bn_param.get("running_mean"); rv = bn_param.get("running_var")
    if rm is None: rm = np.zeros(x.shape[1], x.dtype)
    if rv is None: rv = np.zeros(x.shape[1], x.dtype)
    if bn_param["mode"] == "train":
        mu, std = _stats(x, eps, 0)
        bn_param["running_mean"] = momentum * rm + (1 - momentum) * mu[0]
        bn_param["running_var"] = momentum * rv + (1 - momentum) * (std[0] ** 2 - eps)
        return (x - mu) / std * gamma + beta, (x, gamma, beta, bn_param)
    bn_param["running_mean"], bn_param["running_var"] = rm, rv
    return (x - rm) / np.sqrt(rv + eps) * gamma + beta, None
def batchnorm_backward(dout, cache):
    x, gamma, beta, bn_param = cache
    mu, std = _stats(x, bn_param.get("eps", 1e-5), 0)
    xh = (x - mu) / std
    d = dout * gamma
    return (d - d.mean(0) - xh * (d * xh).mean(0)) / std, (dout * xh).sum(0), dout.sum(0)
batchnorm_backward_alt = batchnorm_backward
def layernorm_forward(x, gamma, beta, ln_param):
    mu, std = _stats(x, ln_param.get("eps", 1e-5), -1)
    return (x - mu) / std * gamma + beta, (x, gamma, ln_param)
def layernorm_backward(dout, cache):
    x, gamma, ln_param = cache
    mu, std = _stats(x, ln_param.get("eps", 1e-5), -1)
    xh = (x - mu) / std
    d = dout * gamma
    return (d - d.mean(-1, keepdims=True) - xh * (d * xh).mean(-1, keepdims=True)) / std, (dout * xh).sum(0), dout.sum(0)
""",
    ),
    "network whose last layer is in the loop": (
        "cs231n/classifiers/fc_net.py",
        """
def _loss(self, X, y=None):
    X = X.astype(self.dtype)
    mode = "test" if y is None else "train"
    for p in self.bn_params + [self.dropout_param]:
        p["mode"] = mode
    L = self.num_layers
    h, stack = X.reshape(len(X), -1), []
    for i in range(1, L + 1):
        z = h.dot(self.params[f"W{i}"]) + self.params[f"b{i}"]
        cache = None; mask = 1
        if i < L:
            if self.normalization:
                fwd = {"batchnorm": batchnorm_forward, "layernorm": layernorm_forward}[self.normalization]
                z, cache = fwd(z, self.params[f"gamma{i}"], self.params[f"beta{i}"], self.bn_params[i-1])
            mask = z > 0
        stack.append((h, cache, mask))
        h = z * mask
    if y is None: return h
    h = h - h.max(axis=1, keepdims=True)
    p = np.exp(h) / np.exp(h).sum(axis=1, keepdims=True)
    n = len(y)
    loss = -np.log(p[range(n), y]).mean() + self.reg / 2 * sum((self.params[f"W{i}"] ** 2).sum() for i in range(1, L+1))
    d = (p - np.eye(p.shape[1])[y]) / n
    grads = {}
    for i in range(L, 0, -1):
        h, cache, mask = stack.pop()
        d = d * mask
        if cache is not None:
            bwd = batchnorm_backward if self.normalization == "batchnorm" else layernorm_backward
            d, grads[f"gamma{i}"], grads[f"beta{i}"] = bwd(d, cache)
        grads[f"W{i}"] = h.T @ d + self.reg * self.params[f"W{i}"]
        grads[f"b{i}"] = d.sum(0)
        d = d @ self.params[f"W{i}"].T
    return loss, grads
FullyConnectedNet.loss = _loss
""",
    ),
}
