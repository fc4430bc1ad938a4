import numpy as np


def standardize(x, eps):
    mu = np.mean(x, axis=0, keepdims=True)
    var = np.var(x, axis=0, keepdims=True)
    return (x - mu) / np.sqrt(var + eps), mu, var


def standardize_backward(dy, y, var, eps):
    n = dy.shape[0]
    total = dy.sum(axis=0, keepdims=True)
    slope = (dy * y).sum(axis=0, keepdims=True)
    return (n * dy - total - y * slope) / (n * np.sqrt(var + eps))
