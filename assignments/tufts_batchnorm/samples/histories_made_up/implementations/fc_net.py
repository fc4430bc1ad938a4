"""A fully connected network of any depth. It works without batch normalization; with `use_bn` it waits for you."""

import numpy as np

from .gradients import batchnorm_backward
from .layers import batchnorm_forward

BN_EPS = 1e-4
BN_MOMENTUM = 0.95


class FullyConnectedNet:
    """A classifier of L layers, trained by plain gradient descent:

        {affine - [batch normalization] - ReLU - [dropout]} x (L - 1) - affine - softmax

    What stands in brackets is optional. Learnable parameters live in the dictionary `self.params`, a list for each kind:
    "W" and "b" of all layers, "gamma" and "beta" of the hidden layers if there is batch normalization. `self.bn_params` holds one
    dictionary for each hidden layer, as `batchnorm_forward` takes it.
    """

    def __init__(
        self,
        input_size,
        hidden_size,
        output_size,
        weight_scale=None,
        centering_data=False,
        use_dropout=False,
        use_bn=False,
    ):
        """Set up the parameters.

        input_size: numbers in an example. hidden_size: list of the hidden layers' widths. output_size: number of classes.
        weight_scale: standard deviation of all starting weights; sqrt(2 / input_size) if absent. centering_data: subtract the
        training rows' mean from whatever comes in. use_dropout: drop hidden units in training; `train` says how many to keep.
        use_bn: normalize before each ReLU.
        """
        self.options = {"centering_data": centering_data, "use_dropout": use_dropout, "use_bn": use_bn}
        scale = np.sqrt(2 / input_size) if weight_scale is None else weight_scale
        sizes = [input_size, *hidden_size, output_size]
        self.params = {"W": [], "b": [], "gamma": [], "beta": []}
        for layer in range(len(sizes) - 1):
            fan_in, fan_out = sizes[layer], sizes[layer + 1]
            self.params["W"].append(scale * np.random.randn(fan_in, fan_out))
            self.params["b"].append(np.full(fan_out, 0.01))
        self.bn_params = []
        if use_bn:
            self._start_batchnorm(hidden_size)
        self.x_center = 0.0

    def _start_batchnorm(self, hidden_size):
        """Put the starting values for each hidden layer into self.params["gamma"], self.params["beta"] and self.bn_params.

        The scale starts at one and the shift at zero, each of shape (D,); the running mean at zero and the running variance at
        one, each of shape (1, D). eps is BN_EPS, momentum is BN_MOMENTUM.
        """
        for width in hidden_size:
            self.params["gamma"].append(np.ones(width))
            self.params["beta"].append(np.zeros(width))
            self.bn_params.append(
                {
                    "mode": "train",
                    "eps": BN_EPS,
                    "momentum": BN_MOMENTUM,
                    "running_mean": np.zeros((1, width)),
                    "running_var": np.ones((1, width)),
                }
            )

    def _normalize(self, linear, layer, mode):
        """Batch normalization of one hidden layer.

        linear: (N, D), the affine layer's output. layer: which hidden layer, counted from 0. mode: "train" or "test".
        Returns: (N, D), what the ReLU gets.
        """
        self.bn_params[layer]["mode"] = mode
        gamma, beta = self.params["gamma"][layer], self.params["beta"][layer]
        return batchnorm_forward(linear, gamma, beta, self.bn_params[layer])

    def _normalize_backward(self, dout, linear, layer, grads):
        """The way back through `_normalize`, in training mode; `batchnorm_backward` has the formulas.

        dout: (N, D), gradient with respect to what `_normalize` returned. linear, layer: as `_normalize` got them.
        grads: put the gradients of gamma and beta into grads["gamma"][layer] and grads["beta"][layer].
        Returns: (N, D), gradient with respect to linear.
        """
        gamma, eps = self.params["gamma"][layer], self.bn_params[layer]["eps"]
        dlinear, grads["gamma"][layer], grads["beta"][layer] = batchnorm_backward(dout, linear, gamma, eps)
        return dlinear

    def compute_scores(self, X, mode="test", keep_prob=1.0):
        """Scores of each class. X: (N, D). keep_prob: share of hidden units to keep, if the network has dropout.

        Returns: scores (N, C); caches, what `compute_gradients` needs of each hidden layer.
        """
        hidden = X - self.x_center
        caches = []
        last = len(self.params["W"]) - 1
        for layer in range(last):
            linear = hidden @ self.params["W"][layer] + self.params["b"][layer]
            ready = self._normalize(linear, layer, mode) if self.options["use_bn"] else linear
            mask = (ready > 0).astype(float)
            if self.options["use_dropout"] and mode == "train":
                mask *= (np.random.rand(*mask.shape) < keep_prob) / keep_prob
            caches.append((hidden, linear, mask))
            hidden = ready * mask
        caches.append((hidden, None, None))
        return hidden @ self.params["W"][last] + self.params["b"][last], caches

    def compute_objective(self, scores, y, reg):
        """The training objective: cross-entropy, summed over the minibatch, plus reg * sum(W * W) over all layers.

        Returns: objective, a number; dscores (N, C), the gradient of its first part.
        """
        shifted = scores - scores.max(axis=1, keepdims=True)
        log_probs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        rows = np.arange(len(y))
        dscores = np.exp(log_probs)
        dscores[rows, y] -= 1
        penalty = sum(np.sum(W * W) for W in self.params["W"])
        return -log_probs[rows, y].sum() + reg * penalty, dscores

    def compute_gradients(self, dscores, caches, reg):
        """Gradients of the objective with respect to all parameters, in lists as self.params has them."""
        grads = {kind: [None] * len(arrays) for kind, arrays in self.params.items()}
        dout = dscores
        for layer in range(len(caches) - 1, -1, -1):
            hidden, linear, mask = caches[layer]
            if mask is not None:
                dout = dout * mask
                if self.options["use_bn"]:
                    dout = self._normalize_backward(dout, linear, layer, grads)
            grads["W"][layer] = hidden.T @ dout + 2 * reg * self.params["W"][layer]
            grads["b"][layer] = dout.sum(axis=0)
            dout = dout @ self.params["W"][layer].T
        return grads

    def train(
        self,
        X,
        y,
        X_val,
        y_val,
        learning_rate=1e-3,
        learning_rate_decay=1.0,
        keep_prob=1.0,
        reg=5e-6,
        num_iters=100,
        batch_size=200,
        verbose=False,
    ):
        """Train from the present parameters. Minibatches are taken in the order of the rows, around and around.

        X, y: training rows (N, D) and classes (N,). X_val, y_val: the same for validation. learning_rate_decay: factor on the
        learning rate after each epoch. verbose: print every 100th objective.
        Returns: dictionary with objective_history, an entry for each step, and train_acc_history (of the current minibatch) and
        val_acc_history, an entry for each epoch.
        """
        if self.options["centering_data"]:
            self.x_center = X.mean(axis=0)
        per_epoch = max(len(X) // batch_size, 1)
        history = {"objective_history": [], "train_acc_history": [], "val_acc_history": []}
        for it in range(num_iters):
            start = (it * batch_size) % len(X)
            X_batch, y_batch = X[start : start + batch_size], y[start : start + batch_size]
            scores, caches = self.compute_scores(X_batch, "train", keep_prob)
            objective, dscores = self.compute_objective(scores, y_batch, float(reg))
            grads = self.compute_gradients(dscores, caches, float(reg))
            for kind, arrays in grads.items():
                for layer, grad in enumerate(arrays):
                    self.params[kind][layer] = self.params[kind][layer] - learning_rate * grad
            history["objective_history"].append(objective)
            if verbose and it % 100 == 0:
                print(f"iteration {it} / {num_iters}: objective {objective:f}")
            if it % per_epoch == 0:
                history["train_acc_history"].append(np.mean(self.predict(X_batch) == y_batch))
                history["val_acc_history"].append(np.mean(self.predict(X_val) == y_val))
            if (it + 1) % per_epoch == 0:
                learning_rate *= learning_rate_decay
        return history

    def predict(self, X):
        """The class of each row of X (N, D), in test mode: (N,), integers."""
        return self.compute_scores(X)[0].argmax(axis=1)
