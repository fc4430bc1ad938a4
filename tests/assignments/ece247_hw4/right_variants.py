"""Right implementations of ECE C147/C247's homework 4, each function written in several ways: none of them may lose a point."""

from types import SimpleNamespace

import numpy as np

from reference.conventions import ece247
from tests.assignments.cs231n_batchnorm import right_variants as normalizations
from tests.assignments.right_networks import NETWORKS

__all__ = ["RIGHT"]


# --- Affine layers: forward and backward share a cache --------------------------------------------------------------------------


def affine_rows():
    def forward(x, w, b):
        return np.stack([image.ravel() @ w + b for image in x]), (x, w)

    def backward(dout, cache):
        x, w = cache
        dw = sum(np.outer(image.ravel(), slope) for image, slope in zip(x, dout, strict=True))
        dx = np.array([(w @ slope).reshape(x.shape[1:]) for slope in dout])
        return dx, dw, sum(dout)

    return forward, backward


def affine_einsum():
    def forward(x, w, b):
        return np.einsum("nd,dm->nm", x.reshape(len(x), -1), w) + b[None], {"x": x, "w": w}

    def backward(dout, cache):
        x, w = cache["x"], cache["w"]
        dx = np.einsum("nm,dm->nd", dout, w).reshape(x.shape)
        return dx, np.einsum("nd,nm->dm", x.reshape(len(x), -1), dout), np.einsum("nm->m", dout)

    return forward, backward


def affine_tensors():
    def forward(x, w, b):
        wide = w.reshape(*x.shape[1:], -1)
        out = np.tensordot(x, wide, axes=x.ndim - 1)
        out += b
        return out, [x, wide, w.shape]

    def backward(dout, cache):
        x, wide, shape = cache
        dx = np.tensordot(dout, wide, axes=(1, wide.ndim - 1))
        dw = np.tensordot(x, dout, axes=(0, 0)).reshape(shape)
        return dx, dw, dout.sum(0, keepdims=True)

    return forward, backward


def affine_with_bias_in_the_weights():
    def forward(x, w, b):
        wide = np.hstack([x.reshape(x.shape[0], -1), np.ones((x.shape[0], 1))])
        return wide.dot(np.vstack([w, b])), (x.shape, wide, w)

    def backward(dout, cache):
        shape, wide, w = cache
        both = wide.T.dot(dout)
        return dout.dot(w.T).reshape(shape), both[:-1], both[-1]

    return forward, backward


# --- ReLU -----------------------------------------------------------------------------------------------------------------------


def relu_mask():
    return (lambda x: (x * (x > 0), x > 0)), (lambda dout, mask: dout * mask)


def relu_where():
    return (lambda x: (np.where(x > 0, x, 0.0), x)), (lambda dout, x: np.where(x > 0, dout, 0.0))


def relu_through_the_output():
    def forward(x):
        out = np.maximum(0, x)
        return out, out

    def backward(dout, out):
        dx = np.array(dout)
        dx[out <= 0] = 0
        return dx

    return forward, backward


def relu_clipped():
    return (lambda x: (x.clip(min=0), np.sign(x))), (lambda dout, sign: dout * (sign == 1))


# --- Update rules ---------------------------------------------------------------------------------------------------------------


def started(w, config, **terms):
    config = dict(config or {})
    for name, value in terms.items():
        config.setdefault(name, value)
    for name in ("velocity", "v", "a"):
        if name in terms and config.get(name) is None:
            config[name] = np.zeros_like(w)
    return config


def rules_by_the_book():
    def momentum(w, dw, config=None):
        c = started(w, config, learning_rate=1e-2, momentum=0.9, velocity=np.zeros_like(w))
        c["velocity"] = c["momentum"] * c["velocity"] - c["learning_rate"] * dw
        return w + c["velocity"], c

    def nesterov(w, dw, config=None):
        c = started(w, config, learning_rate=1e-2, momentum=0.9, velocity=np.zeros_like(w))
        before = c["velocity"]
        c["velocity"] = c["momentum"] * before - c["learning_rate"] * dw
        return w - c["momentum"] * before + (1 + c["momentum"]) * c["velocity"], c

    def rmsprop(w, dw, config=None):
        c = started(w, config, learning_rate=1e-2, decay_rate=0.99, epsilon=1e-8, a=np.zeros_like(w))
        c["a"] = c["decay_rate"] * c["a"] + (1 - c["decay_rate"]) * dw * dw
        return w - c["learning_rate"] * dw / (c["a"] ** 0.5 + c["epsilon"]), c

    def adam(w, dw, config=None):
        c = started(
            w, config, learning_rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8, t=0, v=w * 0, a=w * 0
        )
        c["t"] += 1
        c["v"] = c["beta1"] * c["v"] + (1 - c["beta1"]) * dw
        c["a"] = c["beta2"] * c["a"] + (1 - c["beta2"]) * np.square(dw)
        v, a = c["v"] / (1 - c["beta1"] ** c["t"]), c["a"] / (1 - c["beta2"] ** c["t"])
        return w - c["learning_rate"] * v / (np.sqrt(a) + c["epsilon"]), c

    return momentum, nesterov, rmsprop, adam


def rules_in_place():
    def momentum(w, dw, config=None):
        c = started(w, config, learning_rate=1e-2, momentum=0.9, velocity=np.zeros_like(w))
        c["velocity"] *= c["momentum"]
        c["velocity"] -= c["learning_rate"] * dw
        w += c["velocity"]
        return w, c

    def nesterov(w, dw, config=None):
        c = started(w, config, learning_rate=1e-2, momentum=0.9, velocity=np.zeros_like(w))
        step = c["learning_rate"] * dw
        c["velocity"] *= c["momentum"]
        c["velocity"] -= step
        w += c["momentum"] * c["velocity"]
        w -= step
        return w, c

    def rmsprop(w, dw, config=None):
        c = started(w, config, learning_rate=1e-2, decay_rate=0.99, epsilon=1e-8, a=np.zeros_like(w))
        c["a"] += (1 - c["decay_rate"]) * (dw**2 - c["a"])
        w -= c["learning_rate"] * (dw / (np.sqrt(c["a"]) + c["epsilon"]))
        return w, c

    def adam(w, dw, config=None):
        c = started(
            w, config, learning_rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8, t=0, v=w * 0, a=w * 0
        )
        c["t"] = c["t"] + 1
        c["v"] += (1 - c["beta1"]) * (dw - c["v"])
        c["a"] += (1 - c["beta2"]) * (dw**2 - c["a"])
        root = np.sqrt(1 - c["beta2"] ** c["t"])  # both corrections in the rate, as in section 2 of the paper
        rate = c["learning_rate"] * root / (1 - c["beta1"] ** c["t"])
        w -= rate * c["v"] / (np.sqrt(c["a"]) + c["epsilon"] * root)
        return w, c

    return momentum, nesterov, rmsprop, adam


def rules_by_entries():
    def entries(w, *others):
        return np.ndindex(w.shape), [np.array(one, dtype=float) for one in (w, *others)]

    def momentum(w, dw, config=None):
        c = started(w, config, learning_rate=1e-2, momentum=0.9, velocity=np.zeros_like(w))
        places, (out, velocity) = entries(w, c["velocity"])
        for i in places:
            velocity[i] = c["momentum"] * velocity[i] - c["learning_rate"] * dw[i]
            out[i] += velocity[i]
        return out, {**c, "velocity": velocity}

    def nesterov(w, dw, config=None):
        c = started(w, config, learning_rate=1e-2, momentum=0.9, velocity=np.zeros_like(w))
        places, (out, velocity) = entries(w, c["velocity"])
        for i in places:
            before = velocity[i]
            velocity[i] = c["momentum"] * before - c["learning_rate"] * dw[i]
            out[i] += velocity[i] + c["momentum"] * (velocity[i] - before)
        return out, {**c, "velocity": velocity}

    def rmsprop(w, dw, config=None):
        c = started(w, config, learning_rate=1e-2, decay_rate=0.99, epsilon=1e-8, a=np.zeros_like(w))
        places, (out, a) = entries(w, c["a"])
        for i in places:
            a[i] = c["decay_rate"] * a[i] + (1 - c["decay_rate"]) * dw[i] ** 2
            out[i] -= c["learning_rate"] * dw[i] / (a[i] ** 0.5 + c["epsilon"])
        return out, {**c, "a": a}

    def adam(w, dw, config=None):
        c = started(
            w, config, learning_rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8, t=0, v=w * 0, a=w * 0
        )
        t = c["t"] + 1
        places, (out, v, a) = entries(w, c["v"], c["a"])
        for i in places:
            v[i] = c["beta1"] * v[i] + (1 - c["beta1"]) * dw[i]
            a[i] = c["beta2"] * a[i] + (1 - c["beta2"]) * dw[i] ** 2
            root = (a[i] / (1 - c["beta2"] ** t)) ** 0.5
            out[i] -= c["learning_rate"] * (v[i] / (1 - c["beta1"] ** t)) / (root + c["epsilon"])
        return out, {**c, "v": v, "a": a, "t": t}

    return momentum, nesterov, rmsprop, adam


# --- Dropout: a draw and a scale in train mode, nothing in test mode --------------------------------------------------------


def dropout_by(draw, *, scaled):
    """scaled: the mask holds 1 / p already; else the backward pass divides."""

    def forward(x, dropout_param):
        if "seed" in dropout_param:
            np.random.seed(dropout_param["seed"])
        if dropout_param["mode"] == "test":
            return x, (dropout_param, None)
        mask = draw(x.shape, dropout_param["p"])
        if scaled:
            mask = mask / dropout_param["p"]
            return x * mask, (dropout_param, mask)
        return np.where(mask, x / dropout_param["p"], 0.0), (dropout_param, mask)

    def backward(dout, cache):
        dropout_param, mask = cache
        if dropout_param["mode"] == "test":
            return dout
        return dout * mask if scaled else np.where(mask, dout / dropout_param["p"], 0.0)

    return forward, backward


DRAWS = {
    "rand": lambda shape, p: np.random.rand(*shape) < p,
    "binomial": lambda shape, p: np.random.binomial(1, p, shape),
    "uniform": lambda shape, p: np.random.uniform(size=shape) >= 1 - p,
    "choice": lambda shape, p: np.random.choice([True, False], size=shape, p=[p, 1 - p]),
    "generator": lambda shape, p: np.random.default_rng(np.random.randint(2**31)).random(shape) < p,
}

AFFINE = (affine_rows, affine_einsum, affine_tensors, affine_with_bias_in_the_weights)
RELU = (relu_mask, relu_where, relu_through_the_output, relu_clipped)
RULES = (rules_by_the_book, rules_in_place, rules_by_entries)
NORMALIZED = tuple(normalizations.RIGHT.values())


def implementation(number):
    """The n-th of each function's ways, together; the lists have lengths that share no factor with most others."""
    made = SimpleNamespace(**{name: getattr(ece247, name) for name in ece247.__all__})
    made.affine_forward, made.affine_backward = AFFINE[number % len(AFFINE)]()
    made.relu_forward, made.relu_backward = RELU[(number // 2) % len(RELU)]()
    rules = RULES[number % len(RULES)]()
    made.sgd_momentum, made.sgd_nesterov_momentum, made.rmsprop, made.adam = rules
    draw = list(DRAWS.values())[number % len(DRAWS)]
    made.dropout_forward, made.dropout_backward = dropout_by(draw, scaled=number % 2 == 0)
    norm = NORMALIZED[(7 * number) % len(NORMALIZED)]
    made.batchnorm_forward, made.batchnorm_backward = norm.batchnorm_forward, norm.batchnorm_backward

    def affine_relu_forward(x, w, b):
        between, affine = made.affine_forward(x, w, b)
        out, relu = made.relu_forward(between)
        return out, (affine, relu)

    def affine_relu_backward(dout, cache):
        affine, relu = cache
        return made.affine_backward(made.relu_backward(dout, relu), affine)

    made.affine_relu_forward, made.affine_relu_backward = affine_relu_forward, affine_relu_backward
    made.FullyConnectedNet = list(NETWORKS.values())[number % len(NETWORKS)](made)
    return made


COUNT = 30  # all five draws and all six networks with each other, and every way of every other function several times

#: Thirty of them, by name.
RIGHT = {
    f"way-{number:02}-{list(NETWORKS)[number % len(NETWORKS)]}": implementation(number)
    for number in range(COUNT)
}
