from builtins import range
from builtins import object
import numpy as np

from cs231n.layers import *
from cs231n.layer_utils import *


class TwoLayerNet(object):
  def __init__(self, input_dim=3*32*32, hidden_dim=100, num_classes=10,
               weight_scale=1e-3, reg=0.0):
    self.params = {}
    self.reg = reg
    self.params['W1'] = weight_scale * np.random.randn(input_dim, hidden_dim)
    self.params['b1'] = np.zeros(hidden_dim)
    self.params['W2'] = weight_scale * np.random.randn(hidden_dim, num_classes)
    self.params['b2'] = np.zeros(num_classes)


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

    dims = [input_dim] + hidden_dims + [num_classes]
    for i in range(self.num_layers):
      self.params['W' + str(i + 1)] = np.random.randn(dims[i], dims[i + 1]) * weight_scale
      self.params['b' + str(i + 1)] = np.zeros((1, dims[i + 1]))
      if self.use_batchnorm and i < self.num_layers - 1:
        self.params['gamma' + str(i + 1)] = np.ones((1, dims[i + 1]))
        self.params['beta' + str(i + 1)] = np.zeros((1, dims[i + 1]))

    self.dropout_param = {}
    if self.use_dropout:
      self.dropout_param = {'mode': 'train', 'p': dropout}
      if seed is not None:
        self.dropout_param['seed'] = seed

    self.bn_params = []
    if self.use_batchnorm:
      self.bn_params = [{'mode': 'train'} for i in range(self.num_layers - 1)]

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

    scores = None
    layer = {}
    layer[0] = X
    cache_layer = {}
    dropout_cache = {}

    for i in range(1, self.num_layers):
      W, b = self.params['W%d' % i], self.params['b%d' % i]
      if self.use_batchnorm:
        layer[i], cache_layer[i] = affine_bn_relu_forward(layer[i - 1], W, b,
          self.params['gamma%d' % i], self.params['beta%d' % i], self.bn_params[i - 1])
      else:
        layer[i], cache_layer[i] = affine_relu_forward(layer[i - 1], W, b)
      if self.use_dropout:
        layer[i], dropout_cache[i] = dropout_forward(layer[i], self.dropout_param)

    L = self.num_layers
    scores, cache_scores = affine_forward(layer[L - 1], self.params['W%d' % L], self.params['b%d' % L])

    if mode == 'test':
      return scores

    loss, grads = 0.0, {}
    loss, dscores = softmax_loss(scores, y)
    for i in range(1, L + 1):
      loss += 0.5 * self.reg * np.sum(self.params['W%d' % i] ** 2)

    dx, grads['W%d' % L], grads['b%d' % L] = affine_backward(dscores, cache_scores)
    grads['W%d' % L] += self.reg * self.params['W%d' % L]
    for i in reversed(range(1, L)):
      if self.use_dropout:
        dx = dropout_backward(dx, dropout_cache[i])
      if self.use_batchnorm:
        dx, dw, db, dgamma, dbeta = affine_bn_relu_backward(dx, cache_layer[i])
        grads['gamma%d' % i] = dgamma
        grads['beta%d' % i] = dbeta
      else:
        dx, dw, db = affine_relu_backward(dx, cache_layer[i])
      grads['W%d' % i] = dw + self.reg * self.params['W%d' % i]
      grads['b%d' % i] = db
    return loss, grads
