import numpy as np

from implementations.layers import batchnorm_forward


class FullyConnectedNet(object):
    def __init__(self, input_size, hidden_size, output_size, weight_scale=None, centering_data=False,
                 use_dropout=False, use_bn=False):
        self.options = dict(centering_data=centering_data, use_dropout=use_dropout, use_bn=use_bn)
        dims = [input_size] + list(hidden_size) + [output_size]
        if weight_scale is None:
            weight_scale = np.sqrt(2.0 / input_size)
        self.params = {"W": [], "b": []}
        for i in range(len(dims) - 1):
            self.params["W"].append(np.random.normal(0, weight_scale, (dims[i], dims[i + 1])))
            self.params["b"].append(0.01 * np.ones((1, dims[i + 1])))
        if use_bn:
            self.params["gamma"] = [np.ones((1, h)) for h in hidden_size]
            self.params["beta"] = [np.zeros((1, h)) for h in hidden_size]
            self.bn = [dict(mode="train", eps=1e-4, momentum=0.95, running_mean=np.zeros(h), running_var=np.ones(h))
                       for h in hidden_size]
        self.center = 0

    def run(self, X, mode, keep):
        h, tape = X - self.center, []
        p, hidden = self.params, len(self.params["W"]) - 1
        for i in range(hidden):
            a = np.dot(h, p["W"][i]) + p["b"][i]
            n = a
            if self.options["use_bn"]:
                self.bn[i]["mode"] = mode
                n = batchnorm_forward(a, p["gamma"][i], p["beta"][i], self.bn[i])
            drop = 1.0
            if self.options["use_dropout"] and mode == "train":
                drop = (np.random.rand(*n.shape) < keep) / keep
            tape.append((h, a, n, drop))
            h = np.maximum(n, 0) * drop
        return h.dot(p["W"][-1]) + p["b"][-1], h, tape

    def step(self, X, y, lr, reg, keep):
        p = self.params
        scores, h, tape = self.run(X, "train", keep)
        prob = np.exp(scores - np.max(scores, axis=1, keepdims=True))
        prob /= prob.sum(axis=1, keepdims=True)
        objective = -np.sum(np.log(prob[np.arange(len(y)), y])) + reg * sum(np.sum(W ** 2) for W in p["W"])
        d = prob - np.eye(prob.shape[1])[y]
        for i in reversed(range(len(p["W"]))):
            dW, db = h.T.dot(d) + 2 * reg * p["W"][i], d.sum(axis=0, keepdims=True)
            d = d.dot(p["W"][i].T)
            p["W"][i] = p["W"][i] - lr * dW
            p["b"][i] = p["b"][i] - lr * db
            if i == 0:
                break
            h, a, n, drop = tape[i - 1]
            d = d * drop * (n > 0)
            if self.options["use_bn"]:
                s = np.sqrt(a.var(axis=0) + 1e-4)
                z = (a - a.mean(axis=0)) / s
                dgamma, dbeta = (d * z).sum(axis=0, keepdims=True), d.sum(axis=0, keepdims=True)
                dz = d * p["gamma"][i - 1]
                d = (dz - dz.mean(axis=0) - z * (dz * z).mean(axis=0)) / s
                p["gamma"][i - 1] = p["gamma"][i - 1] - lr * dgamma
                p["beta"][i - 1] = p["beta"][i - 1] - lr * dbeta
        return objective

    def train(self, X, y, X_val, y_val, learning_rate=1e-3, learning_rate_decay=1.0, keep_prob=1.0,
              reg=np.float32(5e-6), num_iters=100, batch_size=200, verbose=False):
        if self.options["centering_data"]:
            self.center = np.mean(X, axis=0)
        epoch = max(X.shape[0] // batch_size, 1)
        result = {"objective_history": [], "train_acc_history": [], "val_acc_history": []}
        for it in range(num_iters):
            begin = (it * batch_size) % X.shape[0]
            rows = range(begin, min(begin + batch_size, X.shape[0]))
            result["objective_history"].append(self.step(X[rows], y[rows], learning_rate, reg, keep_prob))
            if verbose and it % 100 == 0:
                print("iteration %d / %d: objective %f" % (it, num_iters, result["objective_history"][-1]))
            if it % epoch == 0:
                result["train_acc_history"].append(np.float32(self.predict(X[rows]) == y[rows]).mean())
                result["val_acc_history"].append(np.float32(self.predict(X_val) == y_val).mean())
                learning_rate *= learning_rate_decay
        return result

    def predict(self, X):
        return np.argmax(self.run(X, "test", 1.0)[0], axis=1)
