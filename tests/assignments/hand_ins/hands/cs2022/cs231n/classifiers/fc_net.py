from builtins import range
from builtins import object
import os
import numpy as np

from ..layers import *
from ..layer_utils import *


class FullyConnectedNet(object):
    """Everything in one class."""

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
        self.normalization = normalization
        self.use_dropout = dropout_keep_ratio != 1
        self.reg = reg
        self.num_layers = 1 + len(hidden_dims)
        self.dtype = dtype
        self.params = {}

        for i, (a, b) in enumerate(zip([input_dim] + hidden_dims, hidden_dims + [num_classes]), 1):
            self.params.update({f'W{i}': np.random.randn(a, b) * weight_scale, f'b{i}': np.zeros(b)})
            if normalization and i < self.num_layers:
                self.params.update({f'gamma{i}': np.ones(b), f'beta{i}': np.zeros(b)})

        self.dropout_param = {}
        if self.use_dropout:
            self.dropout_param = {"mode": "train", "p": dropout_keep_ratio}
            if seed is not None:
                self.dropout_param["seed"] = seed

        self.bn_params = []
        if self.normalization == "batchnorm":
            self.bn_params = [{"mode": "train"} for i in range(self.num_layers - 1)]
        if self.normalization == "layernorm":
            self.bn_params = [{} for i in range(self.num_layers - 1)]

        for k, v in self.params.items():
            self.params[k] = v.astype(dtype)

    def loss(self, X, y=None):
        X = X.astype(self.dtype)
        mode = "test" if y is None else "train"
        if self.use_dropout:
            self.dropout_param["mode"] = mode
        if self.normalization == "batchnorm":
            for bn_param in self.bn_params:
                bn_param["mode"] = mode

        p = self.params
        tape = []
        out = X
        for i in range(1, self.num_layers + 1):
            out, c = affine_forward(out, p[f'W{i}'], p[f'b{i}'])
            tape.append(('affine', i, c))
            if i == self.num_layers:
                break
            if self.normalization == 'batchnorm':
                out, c = batchnorm_forward(out, p[f'gamma{i}'], p[f'beta{i}'], self.bn_params[i - 1])
                tape.append(('bn', i, c))
            if self.normalization == 'layernorm':
                out, c = layernorm_forward(out, p[f'gamma{i}'], p[f'beta{i}'], self.bn_params[i - 1])
                tape.append(('ln', i, c))
            out, c = relu_forward(out)
            tape.append(('relu', i, c))
            if self.use_dropout:
                out, c = dropout_forward(out, self.dropout_param)
                tape.append(('drop', i, c))
        scores = out

        if mode == "test":
            return scores

        loss, grads = 0.0, {}
        loss, d = softmax_loss(scores, y)
        while tape:
            kind, i, c = tape.pop()
            if kind == 'affine':
                d, dw, grads[f'b{i}'] = affine_backward(d, c)
                grads[f'W{i}'] = dw + self.reg * p[f'W{i}']
                loss += self.reg / 2 * np.square(p[f'W{i}']).sum()
            elif kind == 'bn':
                d, grads[f'gamma{i}'], grads[f'beta{i}'] = batchnorm_backward(d, c)
            elif kind == 'ln':
                d, grads[f'gamma{i}'], grads[f'beta{i}'] = layernorm_backward(d, c)
            elif kind == 'relu':
                d = relu_backward(d, c)
            else:
                d = dropout_backward(d, c)
        return loss, grads
