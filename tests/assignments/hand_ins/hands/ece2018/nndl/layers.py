import numpy as np
import pdb

"""
My layers for HW 4.
"""


def affine_forward(x, w, b):
  # ================================================================ #
  # YOUR CODE HERE:
  # ================================================================ #
  x_reshape = x.reshape((x.shape[0], w.shape[0]))
  out = x_reshape.dot(w) + b.reshape((1, b.shape[0]))
  # ================================================================ #
  # END YOUR CODE HERE
  # ================================================================ #
  cache = (x, w, b)
  return out, cache


def affine_backward(dout, cache):
  x, w, b = cache
  dx, dw, db = None, None, None
  # ================================================================ #
  # YOUR CODE HERE:
  # ================================================================ #
  x_reshape = np.reshape(x, (x.shape[0], w.shape[0]))
  dx_reshape = dout.dot(w.T)
  dx = np.reshape(dx_reshape, x.shape)
  dw = x_reshape.T.dot(dout)
  db = np.sum(dout.T, axis=1)
  # ================================================================ #
  # END YOUR CODE HERE
  # ================================================================ #
  return dx, dw, db


def relu_forward(x):
  relu = lambda x: x * (x > 0)
  out = relu(x)
  cache = x
  return out, cache


def relu_backward(dout, cache):
  x = cache
  dx = dout * (x.reshape(x.shape[0], -1) > 0).reshape(x.shape)
  return dx


def batchnorm_forward(x, gamma, beta, bn_param):
  mode = bn_param['mode']
  eps = bn_param.get('eps', 1e-5)
  momentum = bn_param.get('momentum', 0.9)

  N, D = x.shape
  running_mean = bn_param.get('running_mean', np.zeros(D, dtype=x.dtype))
  running_var = bn_param.get('running_var', np.zeros(D, dtype=x.dtype))

  out, cache = None, None
  if mode == 'train':
    mu = np.mean(x, axis=0)
    sigma = np.var(x, axis=0)
    x_norm = (x - mu) / ((sigma + eps) ** 0.5)
    out = gamma * x_norm + beta
    running_mean = momentum * running_mean + (1 - momentum) * mu
    running_var = momentum * running_var + (1 - momentum) * sigma
    cache = {
      'x_minus_mean': (x - mu),
      'normalized_x': x_norm,
      'gamma': gamma,
      'ivar': 1. / np.sqrt(sigma + eps),
      'sqrtvar': np.sqrt(sigma + eps),
    }
  elif mode == 'test':
    out = gamma * (x - running_mean) / (running_var + eps) ** 0.5 + beta
  else:
    raise ValueError('Invalid forward batchnorm mode "%s"' % mode)

  bn_param['running_mean'] = running_mean
  bn_param['running_var'] = running_var
  return out, cache


def batchnorm_backward(dout, cache):
  N, D = dout.shape
  normalized_x = cache.get('normalized_x')
  gamma = cache.get('gamma')
  ivar = cache.get('ivar')
  x_minus_mean = cache.get('x_minus_mean')
  sqrtvar = cache.get('sqrtvar')

  dbeta = np.sum(dout, axis=0)
  dgamma = np.sum(dout * normalized_x, axis=0)

  dxhat = dout * gamma
  da = dxhat / sqrtvar
  dmu = -np.sum(da, axis=0)
  de = -0.5 * ivar ** 3 * np.sum(dxhat * x_minus_mean, axis=0)
  dx = da + 2 * x_minus_mean * de / N + dmu / N
  return dx, dgamma, dbeta


def dropout_forward(x, dropout_param):
  p, mode = dropout_param['p'], dropout_param['mode']
  if 'seed' in dropout_param:
    np.random.seed(dropout_param['seed'])
  mask = None
  out = None
  if mode == 'train':
    mask = (np.random.random_sample(x.shape) >= p) / (1 - p)
    out = x * mask
  elif mode == 'test':
    out = x
  cache = (dropout_param, mask)
  out = out.astype(x.dtype, copy=False)
  return out, cache


def dropout_backward(dout, cache):
  dropout_param, mask = cache
  mode = dropout_param['mode']
  dx = None
  if mode == 'train':
    dx = dout * mask
  elif mode == 'test':
    dx = dout
  return dx


def svm_loss(x, y):
  N = x.shape[0]
  correct = x[np.arange(N), y]
  margins = np.maximum(0, x - correct[:, np.newaxis] + 1.0)
  margins[np.arange(N), y] = 0
  loss = np.sum(margins) / N
  dx = (margins > 0).astype(float)
  dx[np.arange(N), y] -= np.sum(margins > 0, axis=1)
  return loss, dx / N


def softmax_loss(x, y):
  probs = np.exp(x - np.max(x, axis=1, keepdims=True))
  probs /= np.sum(probs, axis=1, keepdims=True)
  N = x.shape[0]
  loss = -np.sum(np.log(np.maximum(probs[np.arange(N), y], 1e-8))) / N
  dx = probs.copy()
  dx[np.arange(N), y] -= 1
  dx /= N
  return loss, dx
