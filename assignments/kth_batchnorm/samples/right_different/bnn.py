"""k-layer networks with and without batch normalization, on columns.

An image is a column: X is (d, N), one-hot labels Y are (K, N), biases, gamma, beta, means and variances are (m, 1). The cost is the
mean cross-entropy plus lmda times the sum of all squared weights (no one half). Batches and weights are drawn from NumPy's global
generator, so that `np.random.seed` repeats an experiment.
"""

import numpy as np

EPS = 1e-10


def relu(s):
    return np.maximum(s, 0)


def softMax(s):
    s = s - np.max(s, axis=0)
    return np.exp(s) / np.matmul(np.ones((1, s.shape[0])), np.exp(s))


def initializeParam(layer, he, batchNorm, sig):
    """Starting values of one layer.

    layer: (inputs, outputs). he: He initialization, normal with variance 2 / inputs; otherwise normal with standard deviation sig.
    Returns: W (outputs, inputs), b zeros (outputs, 1); with batchNorm also gamma ones, beta zeros, and the moving averages of mean
        (zeros) and variance (ones), all (outputs, 1).
    """
    inputs, outputs = layer
    sigma = np.sqrt(2 / inputs) if he else sig
    W = np.random.normal(0, sigma, size=(outputs, inputs))
    b = np.zeros((outputs, 1))
    if not batchNorm:
        return W, b
    return W, b, np.ones_like(b), np.zeros_like(b), np.zeros_like(b), np.ones_like(b)


class BNN:
    """A k-layer network: ReLU after every layer but the last, softmax after the last.

    With batchNorm, the scores of every layer but the last are normalized before the ReLU. W, b (and with batchNorm gamma, beta,
    muMA, vaMA) are lists with one array for each layer; the last layer's gamma, beta, muMA, vaMA are never used.
    nl: index of the last layer.
    """

    def __init__(self, layers, lmda=0, alpha=0.8, batchNorm=True, he=True, sig=1e-1):
        """layers: (inputs, outputs) of each layer. alpha: share of the old moving average in the new one."""
        self.layers = layers
        self.nl = len(layers) - 1
        self.lmda = lmda
        self.alpha = alpha
        self.batchNorm = batchNorm
        self.he = he
        self.sig = sig
        self.W, self.b = [], []
        self.gamma, self.beta, self.muMA, self.vaMA = [], [], [], []
        for layer in layers:
            drawn = initializeParam(layer, he, batchNorm, sig)
            for kept, value in zip(self._lists()[: len(drawn)], drawn, strict=True):
                kept.append(value)

    def _lists(self):
        return (self.W, self.b, self.gamma, self.beta, self.muMA, self.vaMA)

    def _learnt(self):
        return self._lists()[:4] if self.batchNorm else self._lists()[:2]


    def zeros(self):
        """Zeros in the shapes of the gradients: lists for W and b, and with batchNorm for gamma and beta."""
        return tuple([np.zeros_like(value) for value in kind] for kind in self._learnt())

    def evaluateClassifier(self, X, training=True):
        ones = np.ones((1, X.shape[1]))
        h, s, sh, mu, v = [X], [], [], [], []
        for i in range(len(self.W) - 1):
            scores = np.matmul(self.W[i], h[-1]) + np.matmul(self.b[i], ones)
            if self.batchNorm:
                s.append(scores)
                mu.append(np.mean(scores, axis=1).reshape(-1, 1) if training else self.muMA[i])
                v.append(np.var(scores, axis=1).reshape(-1, 1) if training else self.vaMA[i])
                sh.append(np.diag((v[i] + EPS).ravel() ** -0.5) @ (scores - mu[i] @ ones))
                if training:
                    self.muMA[i] = self.muMA[i] + (1 - self.alpha) * (mu[i] - self.muMA[i])
                    self.vaMA[i] = self.vaMA[i] + (1 - self.alpha) * (v[i] - self.vaMA[i])
                scores = (self.gamma[i] @ ones) * sh[i] + self.beta[i] @ ones
            h.append(relu(scores))
        p = softMax(np.matmul(self.W[-1], h[-1]) + self.b[-1])
        if self.batchNorm:
            return p, h, s, sh, mu, v
        return p, h

    def batchNormBackPass(self, g, s, mu, v, eps=EPS):
        n = g.shape[1]
        ones = np.ones((n, 1))
        g1 = g * ((v + eps) ** -0.5 @ ones.T)
        g2 = g * ((v + eps) ** -1.5 @ ones.T)
        d = s - mu @ ones.T
        c = (g2 * d) @ ones
        return g1 - (g1 @ ones) @ ones.T / n - d * (c @ ones.T) / n

    def computeGradients(self, X, Y):
        k, n = len(self.W), X.shape[1]
        out = self.evaluateClassifier(X)
        p, h = out[0], out[1]
        gradW, gradB = [None] * k, [None] * k
        if self.batchNorm:
            gradG, gradBeta = [np.zeros_like(x) for x in self.gamma], [np.zeros_like(x) for x in self.beta]
        g = -(Y - p)
        for layer in reversed(range(k)):
            gradW[layer] = np.dot(g, h[layer].T) / n + 2 * self.lmda * self.W[layer]
            gradB[layer] = np.dot(g, np.ones((n, 1))) / n
            if layer == 0:
                break
            g = np.dot(self.W[layer].T, g)
            g[h[layer] <= 0] = 0
            if self.batchNorm:
                below = layer - 1
                gradG[below] = np.sum(g * out[3][below], axis=1, keepdims=True) / n
                gradBeta[below] = np.sum(g, axis=1, keepdims=True) / n
                g = self.batchNormBackPass(g * self.gamma[below], out[2][below], out[4][below], out[5][below])
        return (gradW, gradB, gradG, gradBeta) if self.batchNorm else (gradW, gradB)

    def computeCost(self, X, Y):
        """Cost (with the penalty on W) and loss (without it) of X (d, N), Y (K, N).

        With batchNorm, scores are normalized by the mean and variance of X itself. Looking at the cost is no training: the moving
        averages are afterwards what they were before.
        """
        kept = list(self.muMA), list(self.vaMA)
        p = self.evaluateClassifier(X)[0]
        self.muMA, self.vaMA = kept
        loss = -np.mean(np.log(np.sum(Y * p, axis=0)))
        penalty = sum(np.sum(W**2) for W in self.W)
        return loss + self.lmda * penalty, loss

    def computeAccuracy(self, X, y):
        """Share of the columns of X (d, N) whose class y (N,) gets the highest probability, by the moving averages."""
        p = self.evaluateClassifier(X, training=False)[0]
        return np.mean(p.argmax(axis=0) == y)

    def computeGradientsNum(self, X, Y, h=1e-6):
        """The gradients of `computeGradients` by central differences of the cost, (c(x + h) - c(x - h)) / (2 h). Slow.

        Every parameter is afterwards what it was before.
        """
        grads = self.zeros()
        for kind, results in zip(self._learnt(), grads, strict=True):
            for values, result in zip(kind, results, strict=True):
                for place in np.ndindex(values.shape):
                    old = values[place]
                    values[place] = old + h
                    above = self.computeCost(X, Y)[0]
                    values[place] = old - h
                    below = self.computeCost(X, Y)[0]
                    values[place] = old
                    result[place] = (above - below) / (2 * h)
        return grads

    def miniBatchGD(self, X, Y, GDParams, xVal, yVal):
        n_batch, eta_min, eta_max, n_epochs, n_s = GDParams
        history = [[] for _ in range(6)]
        t = 0
        for epoch in range(n_epochs):
            index = np.arange(X.shape[1])
            np.random.shuffle(index)
            X, Y = X[:, index], Y[:, index]
            for j in range(X.shape[1] // n_batch):
                cycle, place = t // (2 * n_s), t % (2 * n_s)
                if place <= n_s:
                    eta = eta_min + place / n_s * (eta_max - eta_min)
                else:
                    eta = eta_max - (place - n_s) / n_s * (eta_max - eta_min)
                batch = slice(j * n_batch, (j + 1) * n_batch)
                grads = self.computeGradients(X[:, batch], Y[:, batch])
                for values, steps in zip([self.W, self.b, self.gamma, self.beta], grads):
                    for value, step in zip(values, steps):
                        value -= eta * step
                t += 1
            measured = [self.computeCost(X, Y), self.computeCost(xVal, yVal)]
            measured = [measured[0][0], measured[1][0], measured[0][1], measured[1][1]]
            measured += [self.computeAccuracy(x, np.argmax(y, axis=0)) for x, y in ((X, Y), (xVal, yVal))]
            for kept, number in zip(history, measured):
                kept.append(number)
        return tuple(history)
