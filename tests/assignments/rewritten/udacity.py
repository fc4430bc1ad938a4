# ruff: noqa: E501 - students lines are as long as they are
"""Right parts of Udacity in habits of their own. Each is appended to the cell whose definitions of the same names it takes the place of."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["REWRITTEN"]

NET, ACTIVATIONS, TRAINING, BACK = (
    "neural-net",
    "activation-gradient",
    "batch-norm-training",
    "batch-norm-gradients",
)

#: By name: the cell, and what is appended to it.
REWRITTEN: Mapping[str, tuple[str, str]] = {
    "population written into": (
        NET,
        """
class NeuralNet(NeuralNet):
    def build_network(self, initial_weights):
        self.params, self.population = {}, []
        for i in range(self.layers):
            n = initial_weights[i].shape[1]
            self.params["W%d" % (i + 1)] = initial_weights[i].copy()
            if self.use_batch_norm and i < self.layers - 1:
                self.params["gamma%d" % (i + 1)] = np.ones(n, dtype=np.float32)
                self.params["beta%d" % (i + 1)] = np.zeros(n, dtype=np.float32)
                self.population.append([np.zeros(n), np.ones(n)])
            else:
                self.params["b%d" % (i + 1)] = np.zeros(n, dtype=np.float32)
    def train_step(self, images, labels, learning_rate):
        xs, zs, outs = [], [], []
        x = images
        for layer in range(1, self.layers + 1):
            xs.append(x)
            z = x @ self.params[f"W{layer}"]
            zs.append(z)
            if f"gamma{layer}" in self.params:
                pop = self.population[layer - 1]
                x, pop[0], pop[1] = batch_norm_training(z, self.params[f"gamma{layer}"], self.params[f"beta{layer}"], pop_mean=pop[0], pop_variance=pop[1])
            else:
                x = z + self.params[f"b{layer}"]
            if layer < self.layers: x = self.activation_fn(x)
            outs.append(x)
        d = softmax_cross_entropy(x, labels)[1]
        updates = []
        for layer in range(self.layers, 0, -1):
            if layer < self.layers: d = d * activation_gradient(outs[layer - 1], self.activation_fn)
            if f"gamma{layer}" in self.params:
                d, dg, db = batch_norm_gradients(d, zs[layer - 1], self.params[f"gamma{layer}"])
                updates += [(f"gamma{layer}", dg), (f"beta{layer}", db)]
            else:
                updates.append((f"b{layer}", d.sum(0)))
            updates.append((f"W{layer}", xs[layer - 1].T @ d))
            d = d @ self.params[f"W{layer}"].T
        for name, g in updates: self.params[name] = self.params[name] - learning_rate * g
""",
    ),
    "population of one array": (
        NET,
        """
class NeuralNet(NeuralNet):
    def build_network(self, initial_weights):
        super().build_network(initial_weights)
        self.population = [np.stack(pair) for pair in self.population]
    def train_step(self, images, labels, learning_rate):
        before = [pair.copy() for pair in self.population]
        super().train_step(images, labels, learning_rate)
        for pair, (mean, variance) in zip(before, self.population):
            pair[0, :], pair[1, :] = mean, variance
        self.population = before
""",
    ),
    "layers as objects": (
        NET,
        """
class Dense:
    def __init__(self, net, k):
        self.net, self.k, self.last, self.bn = net, k, k == net.layers, net.use_batch_norm and k < net.layers
    def p(self, kind): return self.net.params["%s%d" % (kind, self.k)]
    def forward(self, x, is_training, learn=False):
        self.x, self.z = x, np.matmul(x, self.p("W"))
        if self.bn:
            mean, var = self.net.population[self.k - 1]
            if is_training:
                y, m, v = batch_norm_training(self.z, self.p("gamma"), self.p("beta"), pop_mean=mean, pop_variance=var)
                if learn: self.net.population[self.k - 1] = (m, v)
            else:
                y = batch_norm_inference(self.z, self.p("gamma"), self.p("beta"), pop_mean=mean, pop_variance=var)
        else:
            y = self.z + self.p("b")
        self.out = y if self.last else self.net.activation_fn(y)
        return self.out
    def backward(self, d, rate):
        if not self.last: d = d * activation_gradient(self.out, self.net.activation_fn)
        slopes = {}
        if self.bn: d, slopes["gamma"], slopes["beta"] = batch_norm_gradients(d, self.z, self.p("gamma"))
        else: slopes["b"] = np.sum(d, axis=0)
        slopes["W"] = np.dot(self.x.T, d)
        below = np.dot(d, self.p("W").T)
        for kind, slope in slopes.items(): self.net.params["%s%d" % (kind, self.k)] = self.p(kind) - rate * slope
        return below
class NeuralNet(NeuralNet):
    def fully_connected(self, layer_in, layer, is_training=False):
        return Dense(self, layer).forward(layer_in, is_training)
    def train_step(self, images, labels, learning_rate):
        stack = [Dense(self, k) for k in range(1, self.layers + 1)]
        for layer in stack: images = layer.forward(images, True, learn=True)
        _, d = softmax_cross_entropy(images, labels)
        for layer in reversed(stack): d = layer.backward(d, learning_rate)
""",
    ),
    "population moves in the layer": (
        NET,
        """
class NeuralNet(NeuralNet):
    learning = False
    def fully_connected(self, layer_in, layer, is_training=False):
        out = super().fully_connected(layer_in, layer, is_training)
        if self.learning and self.last_pass[2]: self.population[layer - 1] = tuple(self.last_pass[2])
        return out
    def train_step(self, images, labels, learning_rate):
        self.learning = True
        try: super().train_step(images, labels, learning_rate)
        finally: self.learning = False
""",
    ),
    "in place on copies": (
        TRAINING,
        """
def batch_norm_training(linear_output, gamma, beta, *, pop_mean, pop_variance, decay=0.99, epsilon=1e-3):
    out = linear_output.copy()
    axes = tuple(range(out.ndim))[:-1]
    mean = out.mean(axes)
    out -= mean
    variance = (out ** 2).mean(axes)
    out /= np.sqrt(variance + epsilon)
    out *= gamma
    out += beta
    moved = pop_mean.copy(), pop_variance.copy()
    for old, new in zip(moved, (mean, variance)):
        old *= decay
        old += (1 - decay) * new
    return (out, *moved)
""",
    ),
    "explicit loops": (
        TRAINING,
        """
def batch_norm_training(linear_output, gamma, beta, *, pop_mean, pop_variance, decay=0.99, epsilon=1e-3):
    rows = linear_output.reshape(-1, linear_output.shape[-1])
    out = np.zeros_like(rows)
    new_mean, new_variance = np.zeros_like(pop_mean), np.zeros_like(pop_variance)
    for j in range(rows.shape[1]):
        mean = sum(rows[:, j]) / len(rows)
        variance = sum((value - mean) ** 2 for value in rows[:, j]) / len(rows)
        for i in range(len(rows)): out[i, j] = gamma[j] * ((rows[i, j] - mean) / (variance + epsilon) ** 0.5) + beta[j]
        new_mean[j] = decay * pop_mean[j] + (1 - decay) * mean
        new_variance[j] = decay * pop_variance[j] + (1 - decay) * variance
    return out.reshape(linear_output.shape), new_mean, new_variance
""",
    ),
    "statistics with their axes kept": (
        TRAINING,
        """
def batch_norm_training(linear_output, gamma, beta, *, pop_mean, pop_variance, decay=0.99, epsilon=1e-3):
    axes = tuple(range(linear_output.ndim - 1))
    mean = np.mean(linear_output, axis=axes, keepdims=True)
    variance = np.mean(np.square(linear_output), axis=axes, keepdims=True) - np.square(mean)
    scale = gamma / np.sqrt(variance + epsilon)
    move = lambda old, new: old + (new.reshape(old.shape) - old) * (1 - decay)
    return linear_output * scale + (beta - mean * scale), move(pop_mean, mean), move(pop_variance, variance)
""",
    ),
    "gradients step by step": (
        BACK,
        """
def batch_norm_gradients(d_out, linear_output, gamma, *, epsilon=1e-3):
    shape, D = linear_output.shape, linear_output.shape[-1]
    x, dy = linear_output.reshape(-1, D), d_out.reshape(-1, D)
    N = x.shape[0]
    mu = 1. / N * np.sum(x, axis=0)
    xmu = x - mu
    var = 1. / N * np.sum(xmu ** 2, axis=0)
    sqrtvar = np.sqrt(var + epsilon)
    ivar = 1. / sqrtvar
    dgamma, dbeta = np.sum(dy * xmu * ivar, axis=0), np.sum(dy, axis=0)
    dxhat = dy * gamma
    divar = np.sum(dxhat * xmu, axis=0)
    dsqrtvar = -1. / sqrtvar ** 2 * divar
    dvar = 0.5 * 1. / np.sqrt(var + epsilon) * dsqrtvar
    dxmu = dxhat * ivar + 2 * xmu * 1. / N * np.ones((N, D)) * dvar
    return (dxmu - 1. / N * np.sum(dxmu, axis=0)).reshape(shape), dgamma, dbeta
""",
    ),
    "gradients by projection": (
        BACK,
        """
def batch_norm_gradients(d_out, linear_output, gamma, *, epsilon=1e-3):
    D = linear_output.shape[-1]
    x, d = (a.astype(np.float64).reshape(-1, D).T for a in (linear_output, d_out))
    c = x - x.mean(axis=1, keepdims=True)
    s = np.sqrt((c * c).mean(axis=1) + epsilon)
    dg, db = np.einsum("dn,dn->d", d, c) / s, d.sum(axis=1)
    dx = [gamma.ravel()[k] / s[k] * (d[k] - d[k].mean() - c[k] * (d[k] @ c[k]) / (len(c[k]) * s[k] ** 2)) for k in range(D)]
    return np.array(dx).T.reshape(linear_output.shape), dg, db
""",
    ),
    "activation functions by dictionary": (
        ACTIVATIONS,
        """
def relu(x): return (x > 0) * x
def sigmoid(x):
    x = np.asarray(x)
    positive = x >= 0
    z = np.exp(np.where(positive, -x, x))
    return np.where(positive, 1.0, z) / (1.0 + z)
DERIVATIVES = {"relu": lambda a: np.heaviside(a, 0), "sigmoid": lambda a: np.multiply(a, np.subtract(1, a))}
def activation_gradient(layer_out, activation_fn): return DERIVATIVES[activation_fn.__name__](layer_out)
""",
    ),
    "callables with a derivative": (
        ACTIVATIONS,
        """
class Relu:
    __name__ = "relu"
    def __call__(self, x): return np.where(np.greater(x, 0), x, np.zeros_like(x))
    def slope(self, out): return out > 0
class Sigmoid:
    __name__ = "sigmoid"
    def __call__(self, x): return 0.5 * np.tanh(np.multiply(0.5, x)) + 0.5
    def slope(self, out): return out - out ** 2
relu, sigmoid = Relu(), Sigmoid()
def activation_gradient(layer_out, activation_fn): return activation_fn.slope(layer_out)
""",
    ),
    "loss with an axis left over": (
        "cross-entropy",
        """
def softmax_cross_entropy(logits, labels):
    n = logits.shape[0]
    top = np.max(logits, axis=1, keepdims=True)
    lse = top + np.log(np.exp(logits - top).sum(axis=1, keepdims=True))
    loss = np.ones((1, n)) @ (lse - (logits * labels).sum(axis=1, keepdims=True)) / n
    probs = np.exp(logits - lse)
    probs[np.arange(n), np.argmax(labels, axis=1)] -= 1
    probs /= n
    return loss, probs
""",
    ),
    "moments of stacked axes": (
        "moments",
        """
def moments(values, axes):
    axes = sorted(axes)
    left = [a for a in range(np.ndim(values)) if a not in axes]
    flat = np.transpose(values, left + axes).reshape([np.shape(values)[a] for a in left] + [-1])
    mean = np.average(flat, axis=-1)
    return mean, np.average(flat ** 2, axis=-1) - mean ** 2
def conv_moments(conv_layer, axis=-1):
    maps = np.swapaxes(conv_layer, 0, axis)
    return moments(maps, [1, 2, 3])
""",
    ),
    "starting weights from a generator": (
        "initial-weights",
        """
def initial_weights(use_bad_weights):
    rng = np.random.default_rng()
    sizes = [784] + 3 * [100] + [10]
    out = []
    for n_in, n_out in zip(sizes, sizes[1:]):
        w = rng.standard_normal((n_in, n_out), dtype=np.float32)
        w *= 5 if use_bad_weights else 5e-2
        out.append(w)
    return out
""",
    ),
    "networks in a comprehension": (
        "train-and-test",
        """
def train_and_test(use_bad_weights, learning_rate, activation_fn, training_batches=plan.training_batches, batches_per_sample=plan.batches_per_sample, *, mnist=mnist):
    weights = initial_weights(use_bad_weights)
    nets = [NeuralNet([w.copy() for w in weights], activation_fn, flag) for flag in (False, True)]
    [net.train(learning_rate, training_batches, batches_per_sample, mnist=mnist) for net in nets]
    [net.test(mnist=mnist) for net in nets]
    plot_training_accuracies(*nets, batches_per_sample=batches_per_sample)
    return nets
""",
    ),
    "sampled by a counter": (
        NET,
        """
class NeuralNet(NeuralNet):
    def train(self, learning_rate, training_batches, batches_per_sample, save_model_as=None, *, mnist=mnist):
        until_sample = 0
        for _ in range(training_batches):
            self.train_step(*mnist.train.next_batch(60), learning_rate)
            if until_sample == 0:
                self.training_accuracies.append(np.mean(np.equal(self.output_layer(mnist.validation.images).argmax(1), mnist.validation.labels.argmax(1))))
                until_sample = batches_per_sample
            until_sample -= 1
    def test(self, test_training_accuracy=False, include_individual_predictions=False, restore_from=None, *, mnist=mnist):
        accuracy = self.accuracy(mnist.test, test_training_accuracy)
        if not include_individual_predictions: return lesson.InferenceReport(accuracy, network=self)
        predictions = [self.output_layer(mnist.test.images[i].reshape(1, -1), test_training_accuracy).argmax() for i in range(200)]
        correct = sum(int(guess == label.argmax()) for guess, label in zip(predictions, mnist.test.labels))
        return lesson.InferenceReport(accuracy, predictions, correct / 200., network=self)
""",
    ),
    "parameters that show what layer objects hold": (
        NET,
        """
class Layer:
    def __init__(self, w, normalized, hidden):
        self.W, self.hidden, self.normalized = w.copy(), hidden, normalized
        n, t = w.shape[1], w.dtype
        if normalized:
            self.gamma, self.beta, self.pop = np.ones(n, t), np.zeros(n, t), (np.zeros(n, t), np.ones(n, t))
        else:
            self.b = np.zeros(n, t)
    def arrays(self): return ["W", "gamma", "beta"] if self.normalized else ["W", "b"]
    def forward(self, x, fn, is_training, learn=False):
        self.x, self.z = x, x @ self.W
        if not self.normalized: y = self.z + self.b
        elif is_training:
            y, *moved = batch_norm_training(self.z, self.gamma, self.beta, pop_mean=self.pop[0], pop_variance=self.pop[1])
            if learn: self.pop = tuple(moved)
        else: y = batch_norm_inference(self.z, self.gamma, self.beta, pop_mean=self.pop[0], pop_variance=self.pop[1])
        self.y = fn(y) if self.hidden else y
        return self.y
    def backward(self, d, fn):
        if self.hidden: d = d * activation_gradient(self.y, fn)
        if self.normalized: d, self.dgamma, self.dbeta = batch_norm_gradients(d, self.z, self.gamma)
        else: self.db = d.sum(0)
        self.dW = self.x.T @ d
        return d @ self.W.T

class NeuralNet(NeuralNet):
    def build_network(self, initial_weights):
        self.stack = [Layer(w, self.use_batch_norm and k < len(initial_weights), k < len(initial_weights)) for k, w in enumerate(initial_weights, 1)]
    @property
    def params(self): return {f"{name}{k}": getattr(l, name) for k, l in enumerate(self.stack, 1) for name in l.arrays()}
    @property
    def population(self): return [l.pop for l in self.stack if l.normalized]
    def fully_connected(self, layer_in, layer, is_training=False): return self.stack[layer - 1].forward(layer_in, self.activation_fn, is_training)
    def train_step(self, images, labels, learning_rate):
        for l in self.stack: images = l.forward(images, self.activation_fn, True, True)
        d = softmax_cross_entropy(images, labels)[1]
        for l in self.stack[::-1]: d = l.backward(d, self.activation_fn)
        for l in self.stack:
            for name in l.arrays(): setattr(l, name, getattr(l, name) - learning_rate * getattr(l, "d" + name))
""",
    ),
}
