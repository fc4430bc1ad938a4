from builtins import range
from builtins import object
import numpy as np

from ..layers import *
from ..layer_utils import *


class FullyConnectedNet(object):
    def __init__(self, hidden_dims, input_dim=3*32*32, num_classes=10,
                 dropout=1, normalization=None, reg=0.0,
                 weight_scale=1e-2, dtype=np.float32, seed=None):
        self.normalization = normalization
        self.use_dropout = dropout != 1
        self.reg = reg
        self.num_layers = 1 + len(hidden_dims)
        self.dtype = dtype
        self.params = {}

        layers_dims = np.hstack([input_dim, hidden_dims, num_classes])
        for i in range(self.num_layers):
            self.params['W' + str(i+1)] = np.random.normal(0, weight_scale, (layers_dims[i], layers_dims[i+1]))
            self.params['b' + str(i+1)] = np.zeros(layers_dims[i+1])
        if self.normalization is not None:
            for i in range(self.num_layers - 1):
                self.params['gamma' + str(i+1)] = np.ones(layers_dims[i+1])
                self.params['beta' + str(i+1)] = np.zeros(layers_dims[i+1])

        self.dropout_param = {}
        if self.use_dropout:
            self.dropout_param = {'mode': 'train', 'p': dropout}
            if seed is not None:
                self.dropout_param['seed'] = seed

        self.bn_params = []
        if self.normalization=='batchnorm':
            self.bn_params = [{'mode': 'train'} for i in range(self.num_layers - 1)]
        if self.normalization=='layernorm':
            self.bn_params = [{} for i in range(self.num_layers - 1)]

        for k, v in self.params.items():
            self.params[k] = v.astype(dtype)

    def loss(self, X, y=None):
        X = X.astype(self.dtype)
        mode = 'test' if y is None else 'train'
        if self.use_dropout:
            self.dropout_param['mode'] = mode
        if self.normalization=='batchnorm':
            for bn_param in self.bn_params:
                bn_param['mode'] = mode

        caches, drops = [], []
        h = X
        for i in range(self.num_layers - 1):
            n = str(i + 1)
            gamma, beta, param = None, None, None
            if self.normalization is not None:
                gamma, beta, param = self.params['gamma' + n], self.params['beta' + n], self.bn_params[i]
            h, cache = affine_norm_relu_forward(h, self.params['W' + n], self.params['b' + n],
                                                gamma, beta, param, self.normalization)
            caches.append(cache)
            if self.use_dropout:
                h, drop = dropout_forward(h, self.dropout_param)
                drops.append(drop)
        n = str(self.num_layers)
        scores, cache = affine_forward(h, self.params['W' + n], self.params['b' + n])
        caches.append(cache)

        if mode == 'test':
            return scores

        loss, grads = 0.0, {}
        loss, dh = softmax_loss(scores, y)
        loss += 0.5 * self.reg * sum(np.sum(w ** 2) for k, w in self.params.items() if k.startswith('W'))
        dh, grads['W' + n], grads['b' + n] = affine_backward(dh, caches.pop())
        for i in range(self.num_layers - 2, -1, -1):
            n = str(i + 1)
            if self.use_dropout:
                dh = dropout_backward(dh, drops.pop())
            dh, grads['W' + n], grads['b' + n], dgamma, dbeta = affine_norm_relu_backward(dh, caches.pop())
            if self.normalization is not None:
                grads['gamma' + n], grads['beta' + n] = dgamma, dbeta
        for k in self.params:
            if k.startswith('W'):
                grads[k] += self.reg * self.params[k]
        return loss, grads
