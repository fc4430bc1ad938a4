"""Layers of the network. This assignment asks for one: batch normalization."""

import numpy as np


def batchnorm_forward(x, gamma, beta, bn_param):
    mean, var, m = bn_param["running_mean"], bn_param["running_var"], bn_param["momentum"]
    if bn_param["mode"] == "test":
        slope = gamma * (var + bn_param["eps"]) ** -0.5
        return x * slope + (beta - mean * slope)
    mu = np.einsum("nd->d", x) / x.shape[0]
    centred = x - mu
    sigma2 = np.einsum("nd,nd->d", centred, centred) / x.shape[0]
    mean *= m
    mean += (1 - m) * mu
    var *= m
    var += (1 - m) * sigma2
    return centred * (gamma / np.sqrt(sigma2 + bn_param["eps"])) + beta
