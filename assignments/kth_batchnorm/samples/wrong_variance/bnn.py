"""k-layer networks with and without batch normalization, on columns.

An image is a column: X is (d, N), one-hot labels Y are (K, N), biases, gamma, beta, means and variances are (m, 1). The cost is the
mean cross-entropy plus lmda times the sum of all squared weights (no one half). Batches and weights are drawn from NumPy's global
generator, so that `np.random.seed` repeats an experiment.
"""

import numpy as np

EPS = np.finfo(float).eps  # added to variances under the root


def relu(s):
    """max(s, 0), entry by entry; any shape. s itself stays as it is."""
    return np.where(s > 0, s, 0.0)


def softMax(s):
    """Probabilities from scores, column by column.

    s: (K, N), also large scores such as 1000. Returns: (K, N); every column sums to 1.
    """
    powers = np.exp(s - s.max(axis=0, keepdims=True))
    return powers / powers.sum(axis=0, keepdims=True)


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
        """Forward pass of X (d, N).

        Without batchNorm: returns p (K, N), h; h[i] is the input of layer i.
        With batchNorm: returns p, h, s, sh, mu, v; for each hidden layer, s holds the scores, sh the normalized scores (before
        gamma and beta), mu and v the batch's mean and variance.
        In training, scores are normalized by the batch's own mean and variance, and the moving averages move:
        muMA = alpha * muMA + (1 - alpha) * mean, and vaMA likewise. Otherwise the moving averages normalize, and stay.
        """
        h, s, sh, mu, v = [], [], [], [], []
        flow = X
        for i in range(self.nl):
            h.append(flow)
            flow = self.W[i] @ flow + self.b[i]
            if self.batchNorm:
                s.append(flow)
                if training:
                    mean = flow.mean(axis=1, keepdims=True)
                    variance = np.var(flow, axis=1, keepdims=True) * (X.shape[1] - 1) / X.shape[1]
                    self.muMA[i] = self.alpha * self.muMA[i] + (1 - self.alpha) * mean
                    self.vaMA[i] = self.alpha * self.vaMA[i] + (1 - self.alpha) * variance
                else:
                    mean, variance = self.muMA[i], self.vaMA[i]
                mu.append(mean)
                v.append(variance)
                sh.append((flow - mean) / np.sqrt(variance + EPS))
                flow = self.gamma[i] * sh[i] + self.beta[i]
            flow = relu(flow)
        h.append(flow)
        p = softMax(self.W[self.nl] @ flow + self.b[self.nl])
        return (p, h, s, sh, mu, v) if self.batchNorm else (p, h)

    def batchNormBackPass(self, g, s, mu, v, eps=EPS):
        """Gradient of the cost for the scores s (m, N), given g (m, N), the gradient for the normalized scores.

        mu, v: (m, 1), the batch's mean and variance of s. Returns: (m, N).
        """
        n = g.shape[1]
        root = np.sqrt(v + eps)
        d = s - mu
        through_variance = np.sum(g * d, axis=1, keepdims=True) / root**3
        return g / root - np.sum(g, axis=1, keepdims=True) / (n * root) - d * through_variance / n

    def computeGradients(self, X, Y):
        """Gradients of the cost on a batch: X (d, N), Y (K, N).

        Returns: gradW, gradB, and with batchNorm gradG, gradBeta: lists of arrays in the shapes of W, b, gamma, beta. Zeros for the
        last layer's gamma and beta.
        """
        n = X.shape[1]
        grads = self.zeros()
        forward = self.evaluateClassifier(X, training=True)
        p, h = forward[:2]
        g = p - Y
        for i in range(self.nl, -1, -1):
            if i < self.nl and self.batchNorm:
                _, _, s, sh, mu, v = forward
                grads[2][i] = (g * sh[i]).mean(axis=1, keepdims=True)
                grads[3][i] = g.mean(axis=1, keepdims=True)
                g = self.batchNormBackPass(self.gamma[i] * g, s[i], mu[i], v[i])
            grads[0][i] = g @ h[i].T / n + 2 * self.lmda * self.W[i]
            grads[1][i] = g.mean(axis=1, keepdims=True)
            if i > 0:
                g = (self.W[i].T @ g) * (h[i] > 0)
        return grads

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
        """Train with mini-batches and the cyclical learning rate.

        X, xVal: (d, N). Y, yVal: (K, N). GDParams: [nBatch, etaMin, etaMax, nEpochs, nS].
        Every epoch takes the columns in a new order, `np.random.permutation(N)`, in full batches of nBatch; each batch is one
        step of plain gradient descent on all parameters, with the gradients of `computeGradients`. The rate is etaMin for the first
        step, rises evenly to etaMax, which step nS has (counting from 0), falls evenly to etaMin at step 2 nS, and so on through
        all epochs.
        Returns: costs (training, validation), losses (training, validation), accuracies (training, validation): six lists, in
        this order, with one entry after each epoch.
        """
        nBatch, etaMin, etaMax, nEpochs, nS = GDParams
        tcl, vcl, tll, vll, tacl, vacl = [], [], [], [], [], []
        N = X.shape[1]
        t = 0
        for _ in range(nEpochs):
            order = np.random.permutation(N)
            for start in range(0, N - nBatch + 1, nBatch):
                chosen = order[start : start + nBatch]
                from_peak = abs(t % (2 * nS) - nS) / nS
                eta = etaMax - from_peak * (etaMax - etaMin)
                grads = self.computeGradients(X[:, chosen], Y[:, chosen])
                for kind, grad in zip(self._learnt(), grads, strict=True):
                    for i in range(len(kind)):
                        kind[i] = kind[i] - eta * grad[i]
                t += 1
            for costs, losses, accuracies, columns, labels in (
                (tcl, tll, tacl, X, Y),
                (vcl, vll, vacl, xVal, yVal),
            ):
                cost, loss = self.computeCost(columns, labels)
                costs.append(cost)
                losses.append(loss)
                accuracies.append(self.computeAccuracy(columns, labels.argmax(axis=0)))
        return tcl, vcl, tll, vll, tacl, vacl
