from builtins import range
import numpy as np


def affine_forward(x, w, b):
    out = x.reshape(len(x), -1).dot(w) + b
    cache = (x, w, b)
    return out, cache


def affine_backward(dout, cache):
    x, w, b = cache
    N = x.shape[0]
    dx = dout.dot(w.T).reshape(x.shape)
    dw = x.reshape(N, -1).T.dot(dout)
    db = dout.T.dot(np.ones(N))
    return dx, dw, db


def relu_forward(x):
    out = np.where(x > 0, x, 0)
    return out, x


def relu_backward(dout, cache):
    x = cache
    dx = np.where(x > 0, dout, 0)
    return dx


def batchnorm_forward(x, gamma, beta, bn_param):
    mode = bn_param['mode']
    eps = bn_param.get('eps', 1e-5)
    momentum = bn_param.get('momentum', 0.9)

    N, D = x.shape
    running_mean = bn_param.get('running_mean', np.zeros(D, dtype=x.dtype))
    running_var = bn_param.get('running_var', np.zeros(D, dtype=x.dtype))

    # layernorm below calls this with the transposed input
    axis = bn_param.get('axis', 0)

    out, cache = None, None
    if mode == 'train':
        sample_mean = np.mean(x, axis=0)
        sample_var = np.var(x, axis=0)
        sample_std = np.sqrt(sample_var + eps)
        x_norm = (x - sample_mean) / sample_std
        out = x_norm * gamma + beta

        if axis == 0:
            running_mean = momentum * running_mean + (1 - momentum) * sample_mean
            running_var = momentum * running_var + (1 - momentum) * sample_var
        cache = {'x': x, 'gamma': gamma, 'mean': sample_mean, 'std': sample_std, 'x_norm': x_norm, 'axis': axis}
    elif mode == 'test':
        x_norm = (x - running_mean) / np.sqrt(running_var + eps)
        out = x_norm * gamma + beta
    else:
        raise ValueError('Invalid forward batchnorm mode "%s"' % mode)

    bn_param['running_mean'] = running_mean
    bn_param['running_var'] = running_var
    return out, cache


def batchnorm_backward(dout, cache):
    x, gamma, mean, std, x_norm = (cache[k] for k in ('x', 'gamma', 'mean', 'std', 'x_norm'))
    N, D = dout.shape
    axis = cache['axis']

    dbeta = dout.sum(axis=axis)
    dgamma = (dout * x_norm).sum(axis=axis)

    dx_norm = dout * gamma
    dstd = np.sum(dx_norm * (x - mean) * -(std ** -2), axis=0)
    dvar = dstd * 0.5 / std
    dmean = np.sum(-dx_norm / std, axis=0) + dvar * np.mean(-2 * (x - mean), axis=0)
    dx = dx_norm / std + dvar * 2 * (x - mean) / N + dmean / N
    return dx, dgamma, dbeta


def batchnorm_backward_alt(dout, cache):
    gamma, std, x_norm, axis = cache['gamma'], cache['std'], cache['x_norm'], cache['axis']
    N = dout.shape[0]
    dbeta = dout.sum(axis=axis)
    dgamma = (dout * x_norm).sum(axis=axis)
    dfdz = dout * gamma
    dx = (dfdz - np.sum(dfdz, axis=0) / N - x_norm * np.sum(dfdz * x_norm, axis=0) / N) / std
    return dx, dgamma, dbeta


def layernorm_forward(x, gamma, beta, ln_param):
    eps = ln_param.get('eps', 1e-5)
    ln_param['mode'] = 'train'  # same as batchnorm in train mode over transposed input
    ln_param['axis'] = 1
    gamma = gamma.reshape(-1, 1)
    beta = beta.reshape(-1, 1)
    out, cache = batchnorm_forward(x.T, gamma, beta, ln_param)
    return out.T, cache


def layernorm_backward(dout, cache):
    dx, dgamma, dbeta = batchnorm_backward_alt(dout.T, cache)
    dx = dx.T
    return dx, dgamma, dbeta


def dropout_forward(x, dropout_param):
    p, mode = dropout_param['p'], dropout_param['mode']
    if 'seed' in dropout_param:
        np.random.seed(dropout_param['seed'])
    mask = None
    if mode == 'train':
        mask = (np.random.rand(*x.shape) < p) / p
        out = x * mask
    else:
        out = x
    return out.astype(x.dtype, copy=False), (dropout_param, mask)


def dropout_backward(dout, cache):
    dropout_param, mask = cache
    return dout * mask if dropout_param['mode'] == 'train' else dout


def spatial_groupnorm_forward(x, gamma, beta, G, gn_param):
    eps = gn_param.get('eps', 1e-5)
    N, C, H, W = x.shape
    groups = x.reshape(N, G, C // G * H * W)
    mean = groups.mean(axis=2, keepdims=True)
    std = np.sqrt(groups.var(axis=2, keepdims=True) + eps)
    x_norm = ((groups - mean) / std).reshape(x.shape)
    return gamma * x_norm + beta, (x_norm, gamma, std, G)


def softmax_loss(x, y):
    shifted_logits = x - np.max(x, axis=1, keepdims=True)
    Z = np.sum(np.exp(shifted_logits), axis=1, keepdims=True)
    log_probs = shifted_logits - np.log(Z)
    probs = np.exp(log_probs)
    N = x.shape[0]
    loss = -np.sum(log_probs[np.arange(N), y]) / N
    dx = probs.copy()
    dx[np.arange(N), y] -= 1
    dx /= N
    return loss, dx
