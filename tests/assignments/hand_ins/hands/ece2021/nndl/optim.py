import numpy as np


def sgd(w, dw, config=None):
    if config is None:
        config = {}
    config.setdefault('learning_rate', 1e-2)
    w -= config['learning_rate'] * dw
    return w, config


def sgd_momentum(w, dw, config=None):
    if config is None:
        config = {}
    config.setdefault('learning_rate', 1e-2)
    config.setdefault('momentum', 0.9)
    v = config.get('velocity', np.zeros_like(w))
    # START YOUR CODE HERE
    v *= config['momentum']
    v -= config['learning_rate'] * dw
    w += v
    next_w = w
    # END YOUR CODE HERE
    config['velocity'] = v
    return next_w, config


def sgd_nesterov_momentum(w, dw, config=None):
    if config is None:
        config = {}
    config.setdefault('learning_rate', 1e-2)
    config.setdefault('momentum', 0.9)
    v = config.get('velocity', np.zeros_like(w))
    # START YOUR CODE HERE
    new_v = config['momentum'] * v - config['learning_rate'] * dw
    next_w = w + new_v + config['momentum'] * (new_v - v)
    v = new_v
    # END YOUR CODE HERE
    config['velocity'] = v
    return next_w, config


def rmsprop(w, dw, config=None):
    if config is None:
        config = {}
    config.setdefault('learning_rate', 1e-2)
    config.setdefault('decay_rate', 0.99)
    config.setdefault('epsilon', 1e-8)
    config.setdefault('a', np.zeros_like(w))
    # START YOUR CODE HERE
    beta = config['decay_rate']
    config['a'] *= beta
    config['a'] += (1 - beta) * np.power(dw, 2)
    next_w = w - config['learning_rate'] * dw / (np.power(config['a'], 0.5) + config['epsilon'])
    # END YOUR CODE HERE
    return next_w, config


def adam(w, dw, config=None):
    if config is None:
        config = {}
    config.setdefault('learning_rate', 1e-3)
    config.setdefault('beta1', 0.9)
    config.setdefault('beta2', 0.999)
    config.setdefault('epsilon', 1e-8)
    config.setdefault('v', np.zeros_like(w))
    config.setdefault('a', np.zeros_like(w))
    config.setdefault('t', 0)
    # START YOUR CODE HERE
    config['t'] += 1
    b1, b2, t = config['beta1'], config['beta2'], config['t']
    config['v'] = b1 * config['v'] + (1 - b1) * dw
    config['a'] = b2 * config['a'] + (1 - b2) * (dw ** 2)
    v_hat = config['v'] / (1 - b1 ** t)
    a_hat = config['a'] / (1 - b2 ** t)
    next_w = w - config['learning_rate'] * v_hat / (np.sqrt(a_hat) + config['epsilon'])
    # END YOUR CODE HERE
    return next_w, config
