import numpy as np
import pdb

from .layers import *
from .layer_utils import *


class FullyConnectedNet(object):
  def __init__(self, hidden_dims, input_dim=3*32*32, num_classes=10,
               dropout=0, use_batchnorm=False, reg=0.0,
               weight_scale=1e-2, dtype=np.float32, seed=None):
    self.use_batchnorm = use_batchnorm
    self.use_dropout = dropout > 0
    self.reg = reg
    self.num_layers = 1 + len(hidden_dims)
    self.dtype = dtype
    self.params = {}

    for i in np.arange(self.num_layers):
      name_W = 'W' + str(i + 1)
      name_b = 'b' + str(i + 1)
      if i == 0:
        rows, cols = input_dim, hidden_dims[i]
      elif i == self.num_layers - 1:
        rows, cols = hidden_dims[i - 1], num_classes
      else:
        rows, cols = hidden_dims[i - 1], hidden_dims[i]
      self.params[name_W] = np.random.normal(0, weight_scale, (rows, cols))
      self.params[name_b] = np.zeros(cols)
      if self.use_batchnorm and i != self.num_layers - 1:
        self.params['gamma' + str(i + 1)] = np.ones(cols)
        self.params['beta' + str(i + 1)] = np.zeros(cols)

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
        bn_param[mode] = mode

    scores = None
    H = []
    H_cache = []
    drop_cache = []
    for i in np.arange(self.num_layers):
      inp = X if i == 0 else H[i - 1]
      W, b = self.params['W' + str(i + 1)], self.params['b' + str(i + 1)]
      if i == self.num_layers - 1:
        scores, cache = affine_forward(inp, W, b)
        H_cache.append(cache)
      else:
        if self.use_batchnorm:
          h, cache = affine_bn_relu_forward(inp, W, b, self.params['gamma' + str(i + 1)],
                                            self.params['beta' + str(i + 1)], self.bn_params[i])
        else:
          h, cache = affine_relu_forward(inp, W, b)
        H_cache.append(cache)
        if self.use_dropout:
          h, cache = dropout_forward(h, self.dropout_param)
          drop_cache.append(cache)
        H.append(h)

    if mode == 'test':
      return scores

    loss, grads = 0.0, {}
    loss, dz = softmax_loss(scores, y)
    for i in np.arange(self.num_layers, 0, -1):
      loss += 0.5 * self.reg * np.linalg.norm(self.params['W' + str(i)], 'fro') ** 2
      if i == self.num_layers:
        dh, dw, grads['b' + str(i)] = affine_backward(dz, H_cache[i - 1])
      else:
        if self.use_dropout:
          dh = dropout_backward(dh, drop_cache[i - 1])
        if self.use_batchnorm:
          dh, dw, grads['b' + str(i)], grads['gamma' + str(i)], grads['beta' + str(i)] = \
            affine_bn_relu_backward(dh, H_cache[i - 1])
        else:
          dh, dw, grads['b' + str(i)] = affine_relu_backward(dh, H_cache[i - 1])
      grads['W' + str(i)] = dw + self.reg * self.params['W' + str(i)]
    return loss, grads
