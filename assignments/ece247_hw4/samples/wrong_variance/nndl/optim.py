"""First-order update rules. Each takes a parameter, its gradient and a dictionary of settings, and returns the new parameter
and the dictionary to hand in with the next call. `w` and `dw` are left as they are.
"""

import numpy as np


def sgd(w, dw, config=None):
    """Plain gradient descent. config: learning_rate."""
    config = {} if config is None else config
    config.setdefault("learning_rate", 1e-2)
    return w - config["learning_rate"] * dw, config


def sgd_momentum(w, dw, config=None):
    """Gradient descent with momentum.

    config: a dictionary with
      - learning_rate
      - momentum: between 0 and 1; with 0 this is plain gradient descent
      - velocity: in the shape of w, a decaying sum of the steps so far; zeros if absent; stored back
    """
    config = {} if config is None else config
    config.setdefault("learning_rate", 1e-2)
    config.setdefault("momentum", 0.9)
    v = config.get("velocity", np.zeros_like(w))

    next_w = None
    # The new velocity as v, the new weights as next_w.
    v = config["momentum"] * v - config["learning_rate"] * dw
    next_w = w + v
    config["velocity"] = v
    return next_w, config


def sgd_nesterov_momentum(w, dw, config=None):
    """Gradient descent with Nesterov momentum, in the form that uses the gradient at w itself. config: as `sgd_momentum`."""
    config = {} if config is None else config
    config.setdefault("learning_rate", 1e-2)
    config.setdefault("momentum", 0.9)
    v = config.get("velocity", np.zeros_like(w))

    next_w = None
    # The new velocity as v, the new weights as next_w.
    before = v
    v = config["momentum"] * before - config["learning_rate"] * dw
    next_w = w + v + config["momentum"] * (v - before)
    config["velocity"] = v
    return next_w, config


def rmsprop(w, dw, config=None):
    """RMSProp: each entry's step is divided by a running root mean square of its gradient.

    config: a dictionary with
      - learning_rate
      - decay_rate: weight of the old average
      - epsilon: added to the root, so that nothing is divided by zero
      - a: in the shape of w, the running average of squared gradients; zeros if absent; stored back
    """
    config = {} if config is None else config
    config.setdefault("learning_rate", 1e-2)
    config.setdefault("decay_rate", 0.99)
    config.setdefault("epsilon", 1e-8)
    config.setdefault("a", np.zeros_like(w))

    next_w = None
    # Store the new average in config["a"], the new weights as next_w.
    a = config["decay_rate"] * config["a"] + (1 - config["decay_rate"]) * dw**2
    next_w = w - config["learning_rate"] * dw / (np.sqrt(a) + config["epsilon"])
    config["a"] = a
    return next_w, config


def adam(w, dw, config=None):
    """Adam: running averages of the gradient and of its square, both corrected for having started at zero.

    config: a dictionary with
      - learning_rate
      - beta1, beta2: weights of the old averages of the gradient and of its square
      - epsilon: added to the root of the corrected second average
      - v, a: in the shape of w, the averages of the gradient and of its square; zeros if absent; stored back
      - t: how many steps were taken; count this one before you use it, and store it back
    """
    config = {} if config is None else config
    config.setdefault("learning_rate", 1e-3)
    config.setdefault("beta1", 0.9)
    config.setdefault("beta2", 0.999)
    config.setdefault("epsilon", 1e-8)
    config.setdefault("v", np.zeros_like(w))
    config.setdefault("a", np.zeros_like(w))
    config.setdefault("t", 0)

    next_w = None
    # Store t, v and a in config, the new weights as next_w.
    t = config["t"] + 1
    v = config["beta1"] * config["v"] + (1 - config["beta1"]) * dw
    a = config["beta2"] * config["a"] + (1 - config["beta2"]) * dw**2
    # the first correction folded into a scalar, so that the large arrays are passed over less often
    root = np.sqrt(a / (1 - config["beta2"] ** t)) + config["epsilon"]
    next_w = w - config["learning_rate"] / (1 - config["beta1"] ** t) * v / root
    config["t"], config["v"], config["a"] = t, v, a
    return next_w, config
