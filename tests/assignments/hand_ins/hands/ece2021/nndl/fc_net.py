import numpy as np
import pdb

from .layers import *
from .layer_utils import *


class FullyConnectedNet(object):
    def __init__(self, hidden_dims, input_dim=3*32*32, num_classes=10,
                 dropout=1, use_batchnorm=False, reg=0.0,
                 weight_scale=1e-2, dtype=np.float32, seed=None):
        self.use_batchnorm = use_batchnorm
        self.use_dropout = dropout < 1
        self.reg = reg
        self.num_layers = 1 + len(hidden_dims)
        self.dtype = dtype
        self.params = {}

        dims = np.concatenate(([input_dim], hidden_dims, [num_classes])).astype(int)
        for l in range(1, self.num_layers + 1):
            self.params['W%d' % l] = weight_scale * np.random.randn(dims[l - 1], dims[l])
            self.params['b%d' % l] = np.zeros(dims[l])
        if self.use_batchnorm:
            for l in range(1, self.num_layers):
                self.params['gamma%d' % l] = np.ones(dims[l])
                self.params['beta%d' % l] = np.zeros(dims[l])

        self.dropout_param = {}
        if self.use_dropout:
            self.dropout_param = {'mode': 'train', 'p': dropout}
            if seed is not None:
                self.dropout_param['seed'] = seed

        self.bn_params = []
        if self.use_batchnorm:
            self.bn_params = [{'mode': 'train'} for i in np.arange(self.num_layers - 1)]

        for k, v in self.params.items():
            self.params[k] = v.astype(dtype)

    def loss(self, X, y=None):
        X = X.astype(self.dtype)
        mode = 'test' if y is None else 'train'
        if self.dropout_param is not None:
            self.dropout_param['mode'] = mode
        if self.use_batchnorm:
            for bn_param in self.bn_params:
                bn_param['mode'] = mode

        scores = X
        fc, dr = {}, {}
        for l in range(1, self.num_layers):
            args = [scores, self.params['W%d' % l], self.params['b%d' % l]]
            if self.use_batchnorm:
                args += [self.params['gamma%d' % l], self.params['beta%d' % l], self.bn_params[l - 1]]
                scores, fc[l] = affine_batchnorm_relu_forward(*args)
            else:
                scores, fc[l] = affine_relu_forward(*args)
            if self.use_dropout:
                scores, dr[l] = dropout_forward(scores, self.dropout_param)
        l = self.num_layers
        scores, fc[l] = affine_forward(scores, self.params['W%d' % l], self.params['b%d' % l])
        if mode == 'test':
            return scores

        loss, grads = 0.0, {}
        loss, upstream = softmax_loss(scores, y)
        upstream, grads['W%d' % l], grads['b%d' % l] = affine_backward(upstream, fc[l])
        for l in range(self.num_layers - 1, 0, -1):
            if self.use_dropout:
                upstream = dropout_backward(upstream, dr[l])
            if self.use_batchnorm:
                upstream, grads['W%d' % l], grads['b%d' % l], grads['gamma%d' % l], grads['beta%d' % l] = \
                    affine_batchnorm_relu_backward(upstream, fc[l])
            else:
                upstream, grads['W%d' % l], grads['b%d' % l] = affine_relu_backward(upstream, fc[l])
        for l in range(1, self.num_layers + 1):
            W = self.params['W%d' % l]
            loss = loss + 0.5 * self.reg * np.sum(W * W)
            grads['W%d' % l] += self.reg * W
        return loss, grads
