import time
import numpy as np
import tensorflow as tf
from tqdm import tqdm
from implementations.layers import *

config = tf.ConfigProto()
config.gpu_options.allow_growth = True


class FullyConnectedNet(object):
    def __init__(self, input_size, hidden_size, output_size, centering_data=False, use_dropout=False, use_bn=False):
        self.options = {'centering_data': centering_data, 'use_dropout': use_dropout, 'use_bn': use_bn}
        self.sess = tf.Session(config=config)
        self.params, self.bn_params = {'W': [], 'b': [], 'gamma': [], 'beta': []}, []
        sizes = [input_size] + hidden_size + [output_size]
        for n_in, n_out in zip(sizes, sizes[1:]):
            self.params['W'].append(tf.Variable(tf.random_normal([n_in, n_out]) * np.sqrt(2. / n_in)))
            self.params['b'].append(tf.Variable(0.01 * tf.ones(n_out)))

    def train(self, X, y, X_val, y_val, learning_rate=1e-3, reg=np.float32(5e-6), keep_prob=1.0, num_iters=100,
              batch_size=200, verbose=False):
        objective_history = []
        for it in tqdm(range(num_iters)):
            obj = self.sess.run(self.objective)
            objective_history.append(obj)
        return {'objective_history': objective_history}
