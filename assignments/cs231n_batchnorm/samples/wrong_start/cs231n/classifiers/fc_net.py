"""A fully connected network of any depth, with optional normalization and dropout."""

import numpy as np

from ..layer_utils import *
from ..layers import *


class FullyConnectedNet:
    """A network of L layers, ReLU between them, softmax loss at the end:

        {affine - [batch or layer normalization] - ReLU - [dropout]} x (L - 1) - affine - softmax

    What stands in brackets is optional. Learnable parameters live in the dictionary `self.params`: W1, b1, W2, b2, ... and,
    with normalization, gamma1, beta1, ... for every layer but the last.
    """

    def __init__(
        self,
        hidden_dims,
        input_dim=3 * 32 * 32,
        num_classes=10,
        dropout_keep_ratio=1,
        normalization=None,
        reg=0.0,
        weight_scale=1e-2,
        dtype=np.float32,
        seed=None,
    ):
        """Set up the parameters.

        hidden_dims: sizes of the hidden layers. input_dim, num_classes: sizes of input and output.
        dropout_keep_ratio: probability of keeping a unit; 1 means no dropout. normalization: None, "batchnorm" or "layernorm".
        reg: strength of the L2 penalty 0.5 * reg * sum(W**2), on weight matrices only. weight_scale: standard deviation of the
        starting weights. dtype: of all computations. seed: makes dropout repeatable, for gradient checks.
        """
        if normalization not in (None, "batchnorm", "layernorm"):
            raise ValueError(f"normalization is {normalization!r}, expected None, 'batchnorm' or 'layernorm'")
        self.normalization = normalization
        self.use_dropout = dropout_keep_ratio != 1
        self.reg = reg
        self.num_layers = 1 + len(hidden_dims)
        self.dtype = dtype
        self.params = {}

        # Fill self.params. Weights are normal with standard deviation weight_scale, biases zero. With normalization, every
        # layer but the last also has a scale gamma, starting at one, and a shift beta, starting at zero.
        sizes = [input_dim, *hidden_dims, num_classes]
        for layer in range(1, self.num_layers + 1):
            fan_in, fan_out = sizes[layer - 1], sizes[layer]
            self.params[f"W{layer}"] = np.sqrt(2 / fan_in) * np.random.randn(fan_in, fan_out)
            self.params[f"b{layer}"] = np.zeros(fan_out)
            if normalization and layer < self.num_layers:
                self.params[f"gamma{layer}"] = np.ones(fan_out)
                self.params[f"beta{layer}"] = np.zeros(fan_out)

        # Every dropout layer gets the same settings; every normalization layer has a dictionary of its own, because
        # batch normalization keeps its running averages there.
        self.dropout_param = {}
        if self.use_dropout:
            self.dropout_param = {"mode": "train", "p": dropout_keep_ratio}
            if seed is not None:
                self.dropout_param["seed"] = seed
        self.bn_params = []
        if normalization == "batchnorm":
            self.bn_params = [{"mode": "train"} for _ in range(self.num_layers - 1)]
        elif normalization == "layernorm":
            self.bn_params = [{} for _ in range(self.num_layers - 1)]

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
        if self.normalization == "batchnorm":
            for bn_param in self.bn_params:
                bn_param["mode"] = mode

        # Forward pass: compute the scores, and keep what the backward pass needs. There is no normalization, ReLU or dropout
        # after the last affine layer. Layer i (counted from 1) has its settings in self.bn_params[i - 1].
        scores = None
        caches = []
        hidden = X
        for layer in range(1, self.num_layers):
            hidden, cache = self._hidden_forward(hidden, layer)
            caches.append(cache)
        scores, last_cache = affine_forward(
            hidden, self.params[f"W{self.num_layers}"], self.params[f"b{self.num_layers}"]
        )

        if mode == "test":
            return scores

        # Backward pass: the softmax loss plus the L2 penalty of every weight matrix, and all gradients.
        loss, grads = 0.0, {}
        loss, dscores = softmax_loss(scores, y)
        last = self.num_layers
        dhidden, grads[f"W{last}"], grads[f"b{last}"] = affine_backward(dscores, last_cache)
        for layer in range(last - 1, 0, -1):
            dhidden = self._hidden_backward(dhidden, caches[layer - 1], layer, grads)
        for layer in range(1, last + 1):
            weights = self.params[f"W{layer}"]
            loss += 0.5 * self.reg * np.sum(weights * weights)
            grads[f"W{layer}"] += self.reg * weights
        return loss, grads

    def _hidden_forward(self, hidden, layer):
        """One block: affine, normalization, ReLU, dropout."""
        out, affine_cache = affine_forward(hidden, self.params[f"W{layer}"], self.params[f"b{layer}"])
        norm_cache = dropout_cache = None
        if self.normalization:
            normalize = batchnorm_forward if self.normalization == "batchnorm" else layernorm_forward
            gamma, beta = self.params[f"gamma{layer}"], self.params[f"beta{layer}"]
            out, norm_cache = normalize(out, gamma, beta, self.bn_params[layer - 1])
        out, relu_cache = relu_forward(out)
        if self.use_dropout:
            out, dropout_cache = dropout_forward(out, self.dropout_param)
        return out, (affine_cache, norm_cache, relu_cache, dropout_cache)

    def _hidden_backward(self, dout, cache, layer, grads):
        """The block's gradients, stored in grads; returns the gradient for the block below."""
        affine_cache, norm_cache, relu_cache, dropout_cache = cache
        if self.use_dropout:
            dout = dropout_backward(dout, dropout_cache)
        dout = relu_backward(dout, relu_cache)
        if self.normalization:
            back = batchnorm_backward_alt if self.normalization == "batchnorm" else layernorm_backward
            dout, grads[f"gamma{layer}"], grads[f"beta{layer}"] = back(dout, norm_cache)
        dx, grads[f"W{layer}"], grads[f"b{layer}"] = affine_backward(dout, affine_cache)
        return dx

