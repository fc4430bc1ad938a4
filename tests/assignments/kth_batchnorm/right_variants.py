"""Right implementations of KTH's k-layer network, its parts written in many ways: none of them may lose a point.

Each variant takes one way for each part. The library's own network, from which the expected numbers come, is not used.
"""
# ruff: noqa: N802, PLR0917 - the names and signatures are the course's; parts are told apart by their place

import math
from types import SimpleNamespace

import numpy as np

__all__ = ["RIGHT"]

TINY = np.finfo(float).tiny


# --- relu and softMax --------------------------------------------------------------------------------------------------------


def relu_maximum(s):
    return np.maximum(0, s)


def relu_mask(s):
    return s * (s > 0)


def relu_in_place(s):
    out = np.array(s, dtype=float)
    out[out < 0] = 0
    return out


def relu_half(s):
    return (np.abs(s) + s) / 2


def softmax_shifted(s):
    e = np.exp(s - np.max(s, axis=0))
    return e / e.sum(axis=0)


def softmax_by_logarithms(s):
    top = s.max(axis=0, keepdims=True)
    return np.exp(s - (top + np.log(np.sum(np.exp(s - top), axis=0, keepdims=True))))


def softmax_by_columns(s):
    out = np.empty(s.shape)
    for j in range(s.shape[1]):
        powers = [math.exp(value - max(s[:, j])) for value in s[:, j]]
        out[:, j] = np.array(powers) / math.fsum(powers)
    return out


def softmax_by_products(s):
    powers = np.exp(s - s.max(0)[None])
    return (
        np.dot(powers, np.diag(1 / np.dot(np.ones(len(s)), powers)))
        if s.shape[1] < 50
        else powers / powers.sum(0)
    )


# --- Mean and variance of scores (m, n), as (m, 1) ---------------------------------------------------------------------------


def by_numpy(s):
    return s.mean(axis=1, keepdims=True), s.var(axis=1, keepdims=True)


def by_products(s):
    ones = np.full((s.shape[1], 1), 1 / s.shape[1])
    mean = s @ ones
    return mean, (s - mean) ** 2 @ ones


def by_einsum(s):
    mean = np.einsum("mn->m", s) / s.shape[1]
    centred = s - mean[:, None]
    return mean[:, None], (np.einsum("mn,mn->m", centred, centred) / s.shape[1])[:, None]


def turned_round(s):
    mean = np.sum(s[:, ::-1].T, axis=0) / s.shape[1]
    return mean.reshape(-1, 1), (np.std(s[:, ::-1], axis=1) ** 2).reshape(-1, 1)


# --- The way back through the normalization ----------------------------------------------------------------------------------


def as_in_the_notes(g, s, mu, v, eps):
    ones = np.ones((s.shape[1], 1))
    s1, s2 = (v + eps) ** -0.5, (v + eps) ** -1.5
    g1, g2 = g * (s1 @ ones.T), g * (s2 @ ones.T)
    d = s - mu @ ones.T
    c = (g2 * d) @ ones
    return g1 - (g1 @ ones) @ ones.T / len(ones) - d * (c @ ones.T) / len(ones)


def by_graph(g, s, mu, v, eps):
    n = s.shape[1]
    std = np.sqrt(v + eps)
    dvar = np.sum(g * (s - mu), axis=1, keepdims=True) * -0.5 / std**3
    dmean = -np.sum(g, axis=1, keepdims=True) / std
    return g / std + 2 * dvar * (s - mu) / n + dmean / n


def by_normalized_scores(g, s, mu, v, eps):
    hat = (s - mu) / np.sqrt(v + eps)
    return (g - g.mean(1, keepdims=True) - hat * (g * hat).mean(1, keepdims=True)) / np.sqrt(v + eps)


def row_by_row(g, s, mu, v, eps):
    rows = []
    for i in range(len(s)):
        hat = (s[i] - mu[i]) / math.sqrt(v[i].item() + eps)
        rows.append(
            (g[i] - sum(g[i]) / len(hat) - hat * (np.dot(g[i], hat) / len(hat)))
            / math.sqrt(v[i].item() + eps)
        )
    return np.array(rows)


# --- Loss of probabilities (K, N) and one-hot labels -------------------------------------------------------------------------


def loss_of_sums(p, Y):
    return -np.log(np.sum(Y * p, axis=0)).mean()


def loss_of_products(p, Y):
    return -np.sum(Y * np.log(np.maximum(p, TINY))) / Y.shape[1]


def loss_by_columns(p, Y):
    return sum(-math.log(p[:, j] @ Y[:, j]) for j in range(Y.shape[1])) / Y.shape[1]


def loss_by_index(p, Y):
    return -np.mean(np.log(p[Y.argmax(axis=0), np.arange(Y.shape[1])]))


# --- The rate of a step ------------------------------------------------------------------------------------------------------


def rate_by_cycles(t, low, high, n_s):
    cycle = t // (2 * n_s)
    if 2 * cycle * n_s <= t <= (2 * cycle + 1) * n_s:
        return low + (t - 2 * cycle * n_s) / n_s * (high - low)
    return high - (t - (2 * cycle + 1) * n_s) / n_s * (high - low)


def rate_by_distance(t, low, high, n_s):
    return low + (high - low) * max(0, 1 - abs(t / n_s - 2 * math.floor(1 + t / (2 * n_s)) + 1))


def rate_by_table(t, low, high, n_s):
    up = np.linspace(low, high, n_s + 1)
    return np.concatenate([up[:-1], up[:0:-1]])[t % (2 * n_s)]


# --- The network -------------------------------------------------------------------------------------------------------------


def network(relu, soft_max, statistics, back, loss_of, rate_of, *, eps, flat, in_place, copies):
    """A class BNN of these parts.

    flat: vectors are (m,). in_place: parameters and averages are written into. copies: batches are drawn by shuffling, and the last
    layer has scale, shift and averages, too.
    """

    def col(value):
        return value.reshape(-1, 1)

    class BNN:
        def __init__(self, layers, lmda=0, alpha=0.8, batchNorm=True, he=True, sig=1e-1):
            self.lmda, self.alpha, self.batchNorm = lmda, alpha, batchNorm
            self.layers, self.nl = layers, len(layers) - 1
            self.W, self.b, self.gamma, self.beta, self.muMA, self.vaMA = [], [], [], [], [], []
            for inputs, outputs in layers:
                self.W.append((math.sqrt(2 / inputs) if he else sig) * np.random.randn(outputs, inputs))
                self.b.append(self.form(np.zeros(outputs)))
                if batchNorm and (len(self.W) < len(layers) or copies):
                    for kind, value in ((self.gamma, 1), (self.beta, 0), (self.muMA, 0), (self.vaMA, 1)):
                        kind.append(self.form(np.full(outputs, float(value))))

        def form(self, vector):
            return vector.reshape(-1) if flat else vector.reshape(-1, 1)

        def learnt(self):
            return [self.W, self.b, self.gamma, self.beta][: 4 if self.batchNorm else 2]

        def zeros(self):
            return [[0 * value for value in kind] for kind in self.learnt()]

        def run(self, X, training):
            h, s, hats, mus, vs = [X], [], [], [], []
            for i in range(self.nl):
                out = np.matmul(self.W[i], h[-1]) + col(self.b[i])
                if self.batchNorm:
                    mu, v = statistics(out) if training else (col(self.muMA[i]), col(self.vaMA[i]))
                    hat = (out - mu) / np.sqrt(v + eps)
                    for kept, value in ((s, out), (hats, hat), (mus, mu), (vs, v)):
                        kept.append(value)
                    out = col(self.gamma[i]) * hat + col(self.beta[i])
                h.append(relu(out))
            return soft_max(np.matmul(self.W[-1], h[-1]) + col(self.b[-1])), h, s, hats, mus, vs

        def evaluateClassifier(self, X, training=True):
            p, h, s, hats, mus, vs = self.run(X, training)
            if not self.batchNorm:
                return p, h
            for i in range(self.nl if training else 0):
                for kept, value in ((self.muMA, mus[i]), (self.vaMA, vs[i])):
                    step = (1 - self.alpha) * (self.form(value) - kept[i])
                    if in_place:
                        kept[i] += step
                    else:
                        kept[i] = kept[i] + step
            return p, h, s, hats, [self.form(mu) for mu in mus], [self.form(v) for v in vs]

        def batchNormBackPass(self, g, s, mu, v, eps=eps):
            return back(g, s, col(mu), col(v), eps)

        def computeGradients(self, X, Y):
            n = X.shape[1]
            result = self.evaluateClassifier(X)
            g, h = (result[0] - Y) / n, result[1]
            grads = self.zeros()
            for i in range(self.nl, -1, -1):
                if i < self.nl:
                    g = np.where(h[i + 1] > 0, g, 0)
                    if self.batchNorm:
                        grads[2][i] = self.form(np.einsum("mn,mn->m", g, result[3][i]))
                        grads[3][i] = self.form(g.sum(1))
                        g = self.batchNormBackPass(
                            col(self.gamma[i]) * g, result[2][i], result[4][i], result[5][i]
                        )
                grads[0][i] = np.dot(g, h[i].T) + self.W[i] * (self.lmda + self.lmda)
                grads[1][i] = self.form(g @ np.ones(n))
                g = np.dot(self.W[i].T, g)
            return tuple(grads)

        def computeCost(self, X, Y):
            loss = loss_of(self.run(X, True)[0], Y)
            return loss + self.lmda * sum(np.linalg.norm(W) ** 2 for W in self.W), loss

        def computeAccuracy(self, X, y):
            guesses = np.argmax(self.run(X, False)[0], axis=0)
            return np.count_nonzero(guesses == y) / len(guesses)

        def computeGradientsNum(self, X, Y, h=1e-6):
            grads = self.zeros()
            for kind, found in zip(self.learnt(), grads, strict=True):
                for i in range(len(kind)):
                    given = kind[i]
                    for place in np.ndindex(given.shape):
                        costs = []
                        for sign in (1, -1):
                            kind[i] = given.copy()
                            kind[i][place] += sign * h
                            costs.append(self.computeCost(X, Y)[0])
                        found[i][place] = (costs[0] - costs[1]) / (2 * h)
                    kind[i] = given
            return grads

        def miniBatchGD(self, X, Y, GDParams, xVal, yVal):
            size, low, high, epochs, n_s = GDParams
            told = [[] for _ in range(6)]
            t, order = 0, np.arange(X.shape[1])
            for _ in range(epochs):
                if copies:
                    np.random.shuffle(order)
                else:
                    order = np.random.permutation(X.shape[1])
                for j in range(X.shape[1] // size):
                    taken = order[j * size : (j + 1) * size]
                    eta = rate_of(t, low, high, n_s)
                    grads = self.computeGradients(X[:, taken], Y[:, taken])
                    for kind, slopes in zip(self.learnt(), grads, strict=True):
                        for i, slope in enumerate(slopes):
                            if in_place:
                                kind[i] -= eta * slope
                            else:
                                kind[i] = kind[i] - eta * slope
                    t += 1
                for k, (columns, labels) in enumerate(((X, Y), (xVal, yVal))):
                    cost, loss = self.computeCost(columns, labels)
                    accuracy = self.computeAccuracy(columns, labels.argmax(0))
                    for number, value in enumerate((cost, loss, accuracy)):
                        told[2 * number + k].append(value)
            return told

    def initializeParam(layer, he, batchNorm, sig):
        net = BNN([layer, layer], he=he, batchNorm=batchNorm, sig=sig)
        first = [net.W[0], net.b[0]]
        return (*first, net.gamma[0], net.beta[0], net.muMA[0], net.vaMA[0]) if batchNorm else tuple(first)

    return SimpleNamespace(BNN=BNN, relu=relu, softMax=soft_max, initializeParam=initializeParam)


RELUS = (relu_maximum, relu_mask, relu_in_place, relu_half)
SOFTMAXES = (softmax_shifted, softmax_by_logarithms, softmax_by_columns, softmax_by_products)
STATISTICS = (by_numpy, by_products, by_einsum, turned_round)
BACKS = (as_in_the_notes, by_graph, by_normalized_scores, row_by_row)
LOSSES = (loss_of_sums, loss_of_products, loss_by_columns, loss_by_index)
RATES = (rate_by_cycles, rate_by_distance, rate_by_table)
EPSILONS = (np.finfo(float).eps, 1e-10, 1e-8, 1e-16)
COUNT = 14


def implementation(number):
    """Parts taken in turn, so that neighbours share few of them."""
    parts = [
        ways[(number + number // 4 * shift) % len(ways)]
        for shift, ways in enumerate((RELUS, SOFTMAXES, STATISTICS, BACKS, LOSSES, RATES))
    ]
    flags = {"flat": number % 5 == 4, "in_place": number % 2 == 1, "copies": number % 3 == 0}
    return network(*parts, eps=EPSILONS[number % len(EPSILONS)], **flags)


#: By number.
RIGHT = {f"way-{number:02}": implementation(number) for number in range(COUNT)}
