"""First-order update rules. Each takes a parameter, its gradient and a dictionary of settings, and returns the new parameter
and the dictionary to hand in with the next call.
"""

import math

import numpy as np


def sgd(w, dw, config=None):
    """Plain gradient descent. config: learning_rate."""
    config = {} if config is None else config
    config.setdefault("learning_rate", 1e-2)
    return w - config["learning_rate"] * dw, config


def sgd_momentum(w, dw, config=None):
    """Gradient descent with momentum. config: learning_rate, momentum, velocity."""
    config = {} if config is None else config
    config.setdefault("learning_rate", 1e-2)
    config.setdefault("momentum", 0.9)
    velocity = config.get("velocity", 0.0)
    velocity = config["momentum"] * velocity - config["learning_rate"] * dw
    config["velocity"] = velocity
    return w + velocity, config


def rmsprop(w, dw, config=None):
    """Steps divided by a running root mean square of the gradient. config: learning_rate, decay_rate, epsilon, cache."""
    config = {} if config is None else config
    config.setdefault("learning_rate", 1e-2)
    config.setdefault("decay_rate", 0.99)
    config.setdefault("epsilon", 1e-8)
    cache = config.get("cache", 0.0)
    cache = config["decay_rate"] * cache + (1 - config["decay_rate"]) * dw**2
    config["cache"] = cache
    return w - config["learning_rate"] * dw / (np.sqrt(cache) + config["epsilon"]), config


def adam(w, dw, config=None):
    """Running averages of the gradient and of its square, both corrected for their start at zero.

    config: learning_rate, beta1, beta2, epsilon, m, v, t (the number of steps taken so far).
    """
    config = {} if config is None else config
    rate = config.setdefault("learning_rate", 1e-3)
    beta1 = config.setdefault("beta1", 0.9)
    beta2 = config.setdefault("beta2", 0.999)
    epsilon = config.setdefault("epsilon", 1e-8)
    step = config.get("t", 0) + 1
    first = beta1 * config.get("m", 0.0) + (1 - beta1) * dw
    second = beta2 * config.get("v", 0.0) + (1 - beta2) * (dw * dw)
    config.update(m=first, v=second, t=step)
    # Both corrections folded into scalars, so that the large arrays are passed over less often (Kingma & Ba 2015, section 2).
    # Python's own root: NumPy's is a float64, and would make float64 of float32 parameters.
    root = math.sqrt(1 - beta2**step)
    return w - rate * root / (1 - beta1**step) * first / (np.sqrt(second) + epsilon * root), config
