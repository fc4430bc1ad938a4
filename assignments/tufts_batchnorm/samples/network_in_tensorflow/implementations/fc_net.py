import numpy as np
import tensorflow as tf


class FullyConnectedNet(object):
    def __init__(self, input_size, hidden_size, output_size, weight_scale=None, centering_data=False,
                 use_dropout=False, use_bn=False):
        tf.reset_default_graph()
        self.x = tf.placeholder(tf.float32, [None, input_size])
