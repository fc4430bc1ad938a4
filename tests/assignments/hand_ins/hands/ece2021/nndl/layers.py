import numpy as np
import pdb


def affine_forward(x, w, b):
    # START YOUR CODE HERE
    batch = x.shape[0]
    out = np.matmul(np.reshape(x, (batch, -1)), w) + b
    # END YOUR CODE HERE
    return out, (x, w, b)


def affine_backward(dout, cache):
    x, w, b = cache
    # START YOUR CODE HERE
    flat = x.reshape(len(x), -1)
    dx = (w @ dout.T).T.reshape(x.shape)
    dw = (dout.T @ flat).T
    db = np.sum(dout, axis=0)
    # END YOUR CODE HERE
    return dx, dw, db


def relu_forward(x):
    out = np.copy(x)
    out[out < 0] = 0
    return out, x


def relu_backward(dout, cache):
    mask = np.zeros(cache.shape)
    mask[cache > 0] = 1
    return mask * dout


def batchnorm_forward(x, gamma, beta, bn_param):
    mode = bn_param['mode']
    eps = bn_param.get('eps', 1e-5)
    momentum = bn_param.get('momentum', 0.9)
    N, D = x.shape
    running_mean = bn_param.get('running_mean', np.zeros(D, dtype=x.dtype))
    running_var = bn_param.get('running_var', np.zeros(D, dtype=x.dtype))
    out, cache = None, None
    if mode == 'train':
        # START YOUR CODE HERE
        m = np.mean(x, axis=0)
        v = np.mean(np.square(x), axis=0) - np.square(m)
        z = (x - m) / np.sqrt(v + eps)
        out = np.multiply(gamma, z) + beta
        running_mean = running_mean * momentum + m * (1 - momentum)
        running_var = running_var * momentum + v * (1 - momentum)
        cache = (z, gamma, v, eps)
        # END YOUR CODE HERE
    elif mode == 'test':
        # START YOUR CODE HERE
        out = gamma * ((x - running_mean) / np.sqrt(running_var + eps)) + beta
        # END YOUR CODE HERE
    else:
        raise ValueError('Invalid forward batchnorm mode "%s"' % mode)
    bn_param['running_mean'] = running_mean
    bn_param['running_var'] = running_var
    return out, cache


def batchnorm_backward(dout, cache):
    z, gamma, v, eps = cache
    N = z.shape[0]
    dgamma = np.einsum('ij,ij->j', dout, z)
    dbeta = np.einsum('ij->j', dout)
    dx = gamma / (N * np.sqrt(v + eps)) * (N * dout - dbeta - z * dgamma)
    return dx, dgamma, dbeta


def dropout_forward(x, dropout_param):
    p, mode = dropout_param['p'], dropout_param['mode']
    assert (0 < p <= 1), 'dropout probability is not in (0,1]'
    if 'seed' in dropout_param:
        np.random.seed(dropout_param['seed'])
    mask = None
    out = None
    if mode == 'train':
        mask = (np.random.uniform(size=x.shape) < p).astype(float)
        mask /= p
        out = np.multiply(mask, x)
    elif mode == 'test':
        out = x
    cache = (dropout_param, mask)
    out = out.astype(x.dtype, copy=False)
    return out, cache


def dropout_backward(dout, cache):
    dropout_param, mask = cache
    if dropout_param['mode'] == 'train':
        return np.multiply(dout, mask)
    return dout


def softmax_loss(x, y):
    probs = np.exp(x - np.max(x, axis=1, keepdims=True))
    probs /= np.sum(probs, axis=1, keepdims=True)
    N = x.shape[0]
    loss = -np.sum(np.log(probs[np.arange(N), y])) / N
    dx = probs.copy()
    dx[np.arange(N), y] -= 1
    dx /= N
    return loss, dx
