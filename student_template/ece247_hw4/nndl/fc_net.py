"""A fully connected network of any depth, with optional batch normalization and dropout."""

import numpy as np

from .layer_utils import *
from .layers import *


class FullyConnectedNet:
    """A network of L layers, ReLU between them, softmax loss at the end:

        {affine - [batch normalization] - ReLU - [dropout]} x (L - 1) - affine - softmax

    What stands in brackets is optional. Learnable parameters live in the dictionary `self.params`: W1, b1, W2, b2, ... and,
    with batch normalization, gamma1, beta1, ... for every layer but the last.
    """

    def __init__(
        self,
        hidden_dims,
        input_dim=3 * 32 * 32,
        num_classes=10,
        dropout=0,
        use_batchnorm=False,
        reg=0.0,
        weight_scale=1e-2,
        dtype=np.float32,
        seed=None,
    ):
        """Set up the parameters.

        hidden_dims: sizes of the hidden layers. input_dim, num_classes: sizes of input and output.
        dropout: the p of every dropout layer, which is the probability to keep a unit; 0 means no dropout at all.
        use_batchnorm: whether to normalize. reg: strength of the L2 penalty 0.5 * reg * sum(W**2), on weight matrices only.
        weight_scale: standard deviation of the starting weights. dtype: of all computations.
        seed: makes dropout repeatable, for gradient checks.
        """
        self.use_batchnorm = use_batchnorm
        self.use_dropout = dropout > 0
        self.reg = reg
        self.num_layers = 1 + len(hidden_dims)
        self.dtype = dtype
        self.params = {}

        # Fill self.params. Weights are normal with standard deviation weight_scale, biases zero. With batch normalization, every
        # layer but the last also has a scale gamma, starting at one, and a shift beta, starting at zero.
        # YOUR CODE HERE

        # Every dropout layer gets the same settings; every normalization layer has a dictionary of its own, because its
        # running averages are kept there. The layer before hidden layer i uses self.bn_params[i - 1].
        self.dropout_param = {}
        if self.use_dropout:
            self.dropout_param = {"mode": "train", "p": dropout}
            if seed is not None:
                self.dropout_param["seed"] = seed
        self.bn_params = []
        if self.use_batchnorm:
            self.bn_params = [{"mode": "train"} for _ in range(self.num_layers - 1)]

        for name, value in self.params.items():
            self.params[name] = value.astype(dtype)

    def loss(self, X, y=None):
        """Compute loss and gradients, or the scores.

        X: (N, d_1, ..., d_k). y: right classes (N,), or None at test time.
        Returns: without y, the scores (N, C), in test mode; with y, the loss and a dictionary of gradients that has the keys of
        `self.params`.
        """
        X = X.astype(self.dtype)
        mode = "test" if y is None else "train"
        if self.use_dropout:
            self.dropout_param["mode"] = mode
        if self.use_batchnorm:
            for bn_param in self.bn_params:
                bn_param["mode"] = mode

        # Forward pass: compute the scores, and keep what the backward pass needs. There is no normalization, ReLU or dropout
        # after the last affine layer.
        scores = None
        # YOUR CODE HERE

        if mode == "test":
            return scores

        # Backward pass: the softmax loss plus the L2 penalty of every weight matrix, and all gradients.
        loss, grads = 0.0, {}
        # YOUR CODE HERE
        return loss, grads

    # YOUR CODE HERE
