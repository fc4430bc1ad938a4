"""The gradient of batch normalization. A deep learning framework would derive it from the forward pass; here it is given."""

import numpy as np


def batchnorm_backward(dout, x, gamma, eps):
    """Gradients of batch normalization in training mode, where the minibatch's own mean and variance are used.

    dout: (N, D), gradient of the objective with respect to the output. x: (N, D), what was normalized. gamma: (D,).
    eps: added to the variance, as in the forward pass.
    Returns: dx (N, D); dgamma (D,); dbeta (D,).
    """
    inv_std = 1 / np.sqrt(x.var(axis=0) + eps)
    x_hat = (x - x.mean(axis=0)) * inv_std
    dbeta = dout.sum(axis=0)
    dgamma = (dout * x_hat).sum(axis=0)
    dx = gamma * inv_std * (dout - dbeta / len(x) - x_hat * dgamma / len(x))
    return dx, dgamma, dbeta
