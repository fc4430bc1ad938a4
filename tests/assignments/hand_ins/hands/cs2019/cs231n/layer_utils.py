pass
from .layers import *
from .fast_layers import *


def affine_relu_forward(x, w, b):
    a, fc_cache = affine_forward(x, w, b)
    out, relu_cache = relu_forward(a)
    return out, (fc_cache, relu_cache)


def affine_relu_backward(dout, cache):
    fc_cache, relu_cache = cache
    return affine_backward(relu_backward(dout, relu_cache), fc_cache)


def affine_norm_relu_forward(x, w, b, gamma, beta, norm_param, normalization):
    a, fc_cache = affine_forward(x, w, b)
    if normalization == 'batchnorm':
        a, norm_cache = batchnorm_forward(a, gamma, beta, norm_param)
    elif normalization == 'layernorm':
        a, norm_cache = layernorm_forward(a, gamma, beta, norm_param)
    else:
        norm_cache = None
    out, relu_cache = relu_forward(a)
    return out, (fc_cache, norm_cache, relu_cache, normalization)


def affine_norm_relu_backward(dout, cache):
    fc_cache, norm_cache, relu_cache, normalization = cache
    da = relu_backward(dout, relu_cache)
    dgamma, dbeta = None, None
    if normalization == 'batchnorm':
        da, dgamma, dbeta = batchnorm_backward_alt(da, norm_cache)
    elif normalization == 'layernorm':
        da, dgamma, dbeta = layernorm_backward(da, norm_cache)
    dx, dw, db = affine_backward(da, fc_cache)
    return dx, dw, db, dgamma, dbeta


def conv_relu_forward(x, w, b, conv_param):
    a, conv_cache = conv_forward_fast(x, w, b, conv_param)
    out, relu_cache = relu_forward(a)
    return out, (conv_cache, relu_cache)
