"""Layers of the network. This assignment asks for one: batch normalization."""

import numpy as np


def batchnorm_forward(x, gamma, beta, bn_param):
    """Batch normalization: bring every feature to mean zero and variance one, then scale and shift it.

    In training mode the mean and the variance (divided by N) are those of this minibatch, and the running statistics move
    towards them:

        new running value = momentum * old running value + (1 - momentum) * this minibatch's value

    In test mode the running statistics take the minibatch's place, and nothing is changed. `eps` is added to the variance in both
    modes.

    x: (N, D), numbers of any kind, integers too; left as it is. gamma, beta: (D,), scale and shift of each feature.
    bn_param: a dictionary in which all of these stand:
      - mode: "train" or "test"
      - eps, momentum: numbers
      - running_mean, running_var: (1, D); training mode puts the new ones here
    Returns: out (N, D), and nothing else.
    """
    if bn_param["mode"] == "train":
        mean = np.mean(x, axis=0, keepdims=True)
        var = np.var(x, axis=0, keepdims=True)
        momentum = bn_param["momentum"]
        bn_param["running_mean"] = momentum * bn_param["running_mean"] + (1 - momentum) * mean
        bn_param["running_var"] = momentum * bn_param["running_var"] + (1 - momentum) * var
    elif bn_param["mode"] == "test":
        mean, var = bn_param["running_mean"], bn_param["running_var"]
    else:
        raise ValueError(f"bn_param['mode'] is {bn_param['mode']!r}, expected 'train' or 'test'")
    return gamma * (x - mean) / np.sqrt(var + bn_param["eps"]) + beta
