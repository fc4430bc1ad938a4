import numpy as np


def sgd(w, dw, config=None):
  if config is None: config = {}
  config.setdefault('learning_rate', 1e-2)
  w -= config['learning_rate'] * dw
  return w, config


def sgd_momentum(w, dw, config=None):
  if config is None: config = {}
  config.setdefault('learning_rate', 1e-2)
  config.setdefault('momentum', 0.9)
  v = config.get('velocity', np.zeros_like(w))
  v = config['momentum'] * v - config['learning_rate'] * dw
  next_w = w + v
  config['velocity'] = v
  return next_w, config


def sgd_nesterov_momentum(w, dw, config=None):
  if config is None: config = {}
  config.setdefault('learning_rate', 1e-2)
  config.setdefault('momentum', 0.9)
  v = config.get('velocity', np.zeros_like(w))
  v_old = v
  v = config['momentum'] * v_old - config['learning_rate'] * dw
  next_w = w - config['momentum'] * v_old + (1 + config['momentum']) * v
  config['velocity'] = v
  return next_w, config


def rmsprop(w, dw, config=None):
  if config is None: config = {}
  config.setdefault('learning_rate', 1e-2)
  config.setdefault('decay_rate', 0.99)
  config.setdefault('epsilon', 1e-8)
  config.setdefault('a', np.zeros_like(w))
  next_w = None
  config['a'] = config['decay_rate'] * config['a'] + (1 - config['decay_rate']) * dw * dw
  next_w = w - np.multiply(config['learning_rate'] / (np.sqrt(config['a']) + config['epsilon']), dw)
  return next_w, config


def adam(w, dw, config=None):
  if config is None: config = {}
  config.setdefault('learning_rate', 1e-3)
  config.setdefault('beta1', 0.9)
  config.setdefault('beta2', 0.999)
  config.setdefault('epsilon', 1e-8)
  config.setdefault('v', np.zeros_like(w))
  config.setdefault('a', np.zeros_like(w))
  config.setdefault('t', 0)
  next_w = None
  t = config['t']
  t = t + 1
  config['v'] = config['beta1'] * config['v'] + (1 - config['beta1']) * dw
  config['a'] = config['beta2'] * config['a'] + (1 - config['beta2']) * np.multiply(dw, dw)
  v_c = config['v'] / (1 - config['beta1'] ** t)
  a_c = config['a'] / (1 - config['beta2'] ** t)
  next_w = w - config['learning_rate'] * v_c / (np.sqrt(a_c) + config['epsilon'])
  config['t'] = t
  return next_w, config
