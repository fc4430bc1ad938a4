import tensorflow as tf

def batchnorm_forward(x, gamma, beta, bn_param):
    """
    x: tensor (N, D)
    """
    mode = bn_param['mode']
    eps = bn_param['eps']
    momentum = bn_param['momentum']
    if mode == 'train':
        mean, var = tf.nn.moments(x, axes=[0], keep_dims=True)
        bn_param['running_mean'] = momentum * bn_param['running_mean'] + (1 - momentum) * mean
        bn_param['running_var'] = momentum * bn_param['running_var'] + (1 - momentum) * var
    else:
        mean, var = bn_param['running_mean'], bn_param['running_var']
    return tf.nn.batch_normalization(x, mean, var, beta, gamma, eps)
