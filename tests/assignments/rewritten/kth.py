# ruff: noqa: E501 - students lines are as long as they are
"""Right parts of KTH in habits of their own. Each is appended to the file whose functions of the same names it takes the place of."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["REWRITTEN"]

BNN = "bnn.py"

#: By name: the file, and what is appended to it.
REWRITTEN: Mapping[str, tuple[str, str]] = {
    "tape of closures": (
        BNN,
        """
def _affine(W, b, lmda):
    def run(x):
        def back(g):
            n = g.shape[1]
            return W.T @ g, [("W", g @ x.T / n + 2 * lmda * W), ("b", g.sum(1, keepdims=True) / n)]
        return W @ x + b, back
    return run
def _rectify(x):
    mask = x > 0
    return x * mask, lambda g: (g * mask, [])
def _normalize(gamma, beta, kept):
    def run(s):
        m = s.mean(1, keepdims=True)
        v = np.square(s - m).mean(1, keepdims=True)
        hat = (s - m) * (v + EPS) ** -0.5
        kept.append((s, hat, m, v))
        def back(g):
            n = g.shape[1]
            dg, db = (g * hat).sum(1, keepdims=True) / n, g.sum(1, keepdims=True) / n
            d = g * gamma
            d = (n * d - d.sum(1, keepdims=True) - hat * (d * hat).sum(1, keepdims=True)) / (n * np.sqrt(v + EPS))
            return d, [("gamma", dg), ("beta", db)]
        return gamma * hat + beta, back
    return run
class BNN(BNN):
    def computeGradients(self, X, Y):
        tape, kept, x = [], [], X
        for i in range(self.nl + 1):
            steps = [_affine(self.W[i], self.b[i], self.lmda)]
            if i < self.nl and self.batchNorm:
                steps.append(_normalize(self.gamma[i], self.beta[i], kept))
            if i < self.nl:
                steps.append(_rectify)
            for step in steps:
                x, back = step(x)
                tape.append((i, back))
        for i, (_, _, m, v) in enumerate(kept):
            self.muMA[i], self.vaMA[i] = self.alpha * self.muMA[i] + (1 - self.alpha) * m, self.alpha * self.vaMA[i] + (1 - self.alpha) * v
        found = dict(zip(("W", "b", "gamma", "beta"), self.zeros()))
        g = softMax(x) - Y
        while tape:
            i, back = tape.pop()
            g, learnt = back(g)
            for kind, value in learnt:
                found[kind][i] = value
        return tuple(found.values())
""",
    ),
    "matlab port": (
        BNN,
        """
def repmat(a, m, n): return np.tile(a, (m, n))
def softMax(s):
    e = np.exp(s - repmat(np.max(s, axis=0), s.shape[0], 1))
    return e / repmat(np.sum(e, 0), s.shape[0], 1)
class BNN(BNN):
    def evaluateClassifier(self, X, training=True):
        n = X.shape[1]
        H, S, Shat, MU, V = [], [], [], [], []
        x = X.copy()
        for l in range(0, self.nl):
            H.append(x)
            s = np.dot(self.W[l], x) + repmat(self.b[l], 1, n)
            if self.batchNorm:
                S.append(s)
                if training:
                    mu = np.dot(s, np.ones((n, 1))) / n
                    v = np.diag(np.dot(s - repmat(mu, 1, n), (s - repmat(mu, 1, n)).T)).reshape(-1, 1) / n
                    self.muMA[l] = self.alpha * self.muMA[l] + (1 - self.alpha) * mu
                    self.vaMA[l] = self.alpha * self.vaMA[l] + (1 - self.alpha) * v
                else:
                    mu = self.muMA[l]; v = self.vaMA[l]
                MU.append(mu); V.append(v)
                s = np.dot(np.diag(np.power(v.flatten() + EPS, -1 / 2)), s - repmat(mu, 1, n))
                Shat.append(s)
                s = np.multiply(repmat(self.gamma[l], 1, n), s) + repmat(self.beta[l], 1, n)
            x = np.maximum(0, s)
        H.append(x)
        P = softMax(np.dot(self.W[self.nl], x) + repmat(self.b[self.nl], 1, n))
        if self.batchNorm:
            return P, H, S, Shat, MU, V
        return P, H
    def computeCost(self, X, Y):
        mu, va = self.muMA[:], self.vaMA[:]
        P = self.evaluateClassifier(X, True)[0]
        self.muMA, self.vaMA = mu, va
        n = X.shape[1]
        L = 0
        for i in range(n):
            L = L - np.log(np.dot(Y[:, [i]].T, P[:, [i]]))
        J = L / n
        for l in range(len(self.W)):
            J = J + self.lmda * np.sum(np.power(self.W[l], 2))
        return J, L / n
    def computeAccuracy(self, X, y):
        P = self.evaluateClassifier(X, False)[0]
        correct = np.sum(np.argmax(P, axis=0)[np.newaxis, :] == y[np.newaxis, :], axis=1)
        return correct / X.shape[1]
    def computeGradientsNum(self, X, Y, h=1e-6):
        grads = self.zeros()
        for k, name in enumerate(["W", "b", "gamma", "beta"][0:len(grads)]):
            for l in range(len(grads[k])):
                for i in range(grads[k][l].size):
                    value = getattr(self, name)[l]
                    r, c = np.unravel_index(i, value.shape)
                    tries = []
                    for sign in [-1, 1]:
                        trial = value.copy(); trial[r, c] = trial[r, c] + sign * h
                        getattr(self, name)[l] = trial
                        tries.append(self.computeCost(X, Y)[0])
                    getattr(self, name)[l] = value
                    grads[k][l][r, c] = ((tries[1] - tries[0]) / (2 * h)).item()
        return grads
""",
    ),
    "rate by phases": (
        BNN,
        """
class BNN(BNN):
    def miniBatchGD(self, X, Y, GDParams, xVal, yVal):
        n_batch, eta_min, eta_max, n_epochs, n_s = GDParams
        hist = {k: [] for k in ["cost", "val_cost", "loss", "val_loss", "acc", "val_acc"]}
        eta, rising, t = eta_min, True, 0
        inds = np.arange(X.shape[1])
        for epoch in range(n_epochs):
            np.random.shuffle(inds)
            for j in range(1, X.shape[1] // n_batch + 1):
                batch = inds[(j - 1) * n_batch:j * n_batch]
                grads = self.computeGradients(X[:, batch], Y[:, batch])
                for values, slopes in zip((self.W, self.b, self.gamma, self.beta), grads):
                    for l in range(len(slopes)):
                        values[l] -= eta * slopes[l]
                t = t + 1
                if rising:
                    eta += (eta_max - eta_min) / n_s
                else:
                    eta -= (eta_max - eta_min) / n_s
                if t % n_s == 0:
                    rising = not rising
            for prefix, A, B in (("", X, Y), ("val_", xVal, yVal)):
                c, l = self.computeCost(A, B)
                hist[prefix + "cost"].append(c)
                hist[prefix + "loss"].append(l)
                hist[prefix + "acc"].append(self.computeAccuracy(A, np.argmax(B, axis=0)))
        return [np.array(h) for h in hist.values()]
""",
    ),
    "generator of rates and batches": (
        BNN,
        """
import itertools
def _rates(low, high, n_s):
    for cycle in itertools.count():
        yield from np.linspace(low, high, n_s, endpoint=False)
        yield from np.linspace(high, low, n_s, endpoint=False)
def _batches(N, size):
    rng = np.random.default_rng()
    yield from np.array_split(rng.permutation(N), N // size)
class BNN(BNN):
    def miniBatchGD(self, X, Y, GDParams, xVal, yVal, verbose=False):
        size, low, high, epochs, n_s = map(float, GDParams)
        rates = _rates(low, high, int(n_s))
        told = np.zeros((6, int(epochs)))
        for e in range(int(epochs)):
            for part in _batches(X.shape[1], int(size)):
                eta = next(rates)
                params = [*self.W, *self.b] + ([*self.gamma, *self.beta] if self.batchNorm else [])
                flat = [g for kind in self.computeGradients(X[:, part], Y[:, part]) for g in kind]
                for p, g in zip(params, flat):
                    np.subtract(p, eta * g, out=p)
            told[[0, 2], e], told[[1, 3], e] = self.computeCost(X, Y), self.computeCost(xVal, yVal)
            told[4:, e] = [self.computeAccuracy(a, b.argmax(axis=0)) for a, b in ((X, Y), (xVal, yVal))]
        return tuple(told)
""",
    ),
    "columns shuffled with their labels": (
        BNN,
        """
class BNN(BNN):
    def miniBatchGD(self, X, Y, GDParams, xVal, yVal):
        nBatch, etaMin, etaMax, nEpochs, nS = GDParams
        costs, losses, accs = ([], []), ([], []), ([], [])
        updates = 0
        for _ in range(nEpochs):
            both = np.vstack((X, Y)).T
            np.random.shuffle(both)
            X, Y = both[:, :len(X)].T, both[:, len(X):].T
            for Xb, Yb in zip(np.split(X, X.shape[1] // nBatch, axis=1), np.split(Y, Y.shape[1] // nBatch, axis=1)):
                cycle = np.floor(1 + updates / (2 * nS))
                x = np.abs(updates / nS - 2 * cycle + 1)
                eta = etaMin + (etaMax - etaMin) * np.maximum(0, 1 - x)
                grads = self.computeGradients(X=Xb, Y=Yb)
                self.W = [w - eta * g for w, g in zip(self.W, grads[0])]
                self.b = [b - eta * g for b, g in zip(self.b, grads[1])]
                if self.batchNorm:
                    self.gamma = [w - eta * g for w, g in zip(self.gamma, grads[2])]
                    self.beta = [w - eta * g for w, g in zip(self.beta, grads[3])]
                updates += 1
            for i, (A, B) in enumerate([(X, Y), (xVal, yVal)]):
                c, l = self.computeCost(A, B)
                costs[i].append(float(c)); losses[i].append(float(l))
                accs[i].append(self.computeAccuracy(A, np.argmax(B, 0)))
        return costs[0], costs[1], losses[0], losses[1], accs[0], accs[1]
""",
    ),
    "log-sum-exp of scores": (
        BNN,
        """
def logsumexp(s):
    top = np.max(s, axis=0, keepdims=True)
    return top + np.log(np.sum(np.exp(s - top), axis=0, keepdims=True))
def softMax(s): return np.exp(s - logsumexp(s))
def relu(s): return np.clip(s, 0, None)
class BNN(BNN):
    def _scores(self, X):
        for i, (W, b) in enumerate(zip(self.W, self.b)):
            s = W @ X + b
            if i == self.nl:
                return s
            if self.batchNorm:
                s = (s - np.mean(s, 1)[:, None]) / np.sqrt(np.var(s, 1)[:, None] + EPS) * self.gamma[i] + self.beta[i]
            X = relu(s)
    def computeCost(self, X, Y):
        s = self._scores(X)
        loss = np.mean(logsumexp(s) - np.sum(s * Y, axis=0, keepdims=True))
        return loss + self.lmda * np.sum([np.vdot(W, W) for W in self.W]), loss
""",
    ),
    "object arrays": (
        BNN,
        """
def _objects(items):
    out = np.empty(len(items), dtype=object)
    for i, item in enumerate(items): out[i] = item
    return out
class BNN(BNN):
    def __init__(self, layers, lmda=0, alpha=0.8, batchNorm=True, he=True, sig=1e-1):
        super().__init__(layers, lmda, alpha, batchNorm, he, sig)
        for name in ("W", "b", "gamma", "beta", "muMA", "vaMA"):
            setattr(self, name, _objects(getattr(self, name)))
    def _learnt(self): return [self.W, self.b, self.gamma, self.beta][:4 if self.batchNorm else 2]
    def zeros(self): return [_objects([np.zeros(a.shape) for a in kind]) for kind in self._learnt()]
    def computeCost(self, X, Y):
        kept = self.muMA.copy(), self.vaMA.copy()
        p = self.evaluateClassifier(X)[0]
        self.muMA, self.vaMA = kept
        loss = -np.log(p[Y.astype(bool)]).sum() / Y.shape[1]
        return loss + self.lmda * (self.W ** 2).sum().sum() if len({W.shape for W in self.W}) == 1 else loss + self.lmda * sum((W ** 2).sum() for W in self.W), loss
""",
    ),
    "einsum everywhere": (
        BNN,
        """
class BNN(BNN):
    def batchNormBackPass(self, g, s, mu, v, eps=EPS):
        inv = 1 / np.sqrt(v[:, 0] + eps)
        hat = np.einsum("ij,i->ij", s - mu, inv)
        n = s.shape[1]
        mixed = np.einsum("ij,ij->i", g, hat) / n
        return np.einsum("i,ij->ij", inv, g - (np.einsum("ij->i", g) / n)[:, None] - np.einsum("ij,i->ij", hat, mixed))
    def computeGradients(self, X, Y):
        out = self.evaluateClassifier(X)
        h, n = out[1], X.shape[1]
        g = (out[0] - Y) / n
        gW, gb, gg, gt = [], [], [np.zeros_like(self.b[-1])], [np.zeros_like(self.b[-1])]
        for l in reversed(range(len(self.W))):
            if l != self.nl:
                g = np.einsum("oi,on->in", self.W[l + 1], g)
                g[h[l + 1] <= 0] = 0
                if self.batchNorm:
                    gg.insert(0, np.einsum("in,in->i", g, out[3][l])[:, None])
                    gt.insert(0, np.einsum("in->i", g)[:, None])
                    g = self.batchNormBackPass(np.einsum("in,i->in", g, self.gamma[l].ravel()), out[2][l], out[4][l], out[5][l])
            gW.insert(0, np.einsum("on,in->oi", g, h[l]) + 2 * self.lmda * self.W[l])
            gb.insert(0, np.einsum("on->o", g)[:, None])
        return (gW, gb, gg, gt) if self.batchNorm else (gW, gb)
""",
    ),
    "one column at a time": (
        BNN,
        """
class BNN(BNN):
    def computeGradients(self, X, Y):
        n = X.shape[1]
        fp = self.evaluateClassifier(X)
        p, h = fp[0], fp[1]
        grads = self.zeros()
        G = [p[:, [k]] - Y[:, [k]] for k in range(n)]
        for i in range(self.nl, -1, -1):
            if i < self.nl:
                G = [np.diag((h[i + 1][:, k] > 0).astype(int)) @ G[k] for k in range(n)]
                if self.batchNorm:
                    s, sh, mu, v = (part[i] for part in fp[2:])
                    for k in range(n):
                        grads[2][i] += G[k] * sh[:, [k]] / n
                        grads[3][i] += G[k] / n
                    back = self.batchNormBackPass(np.hstack(G) * self.gamma[i], s, mu, v)
                    G = [back[:, [k]] for k in range(n)]
            for k in range(n):
                grads[0][i] += G[k] @ h[i][:, [k]].T / n
                grads[1][i] += G[k] / n
            grads[0][i] += 2 * self.lmda * self.W[i]
            G = [self.W[i].T @ g for g in G]
        return grads
""",
    ),
    "jacobian of a row": (
        BNN,
        """
class BNN(BNN):
    def batchNormBackPass(self, g, s, mu, v, eps=EPS):
        m, n = g.shape
        out = np.zeros((m, n))
        for i in range(m):
            sd = float(np.sqrt(v[i, 0] + eps))
            hat = (s[i] - mu[i]) / sd
            if n <= 50:
                J = (np.identity(n) - np.ones((n, n)) / n - np.outer(hat, hat) / n) / sd
                out[i, :] = g[i, :] @ J
            else:
                out[i] = (g[i] - g[i].mean() - hat * np.dot(hat, g[i]) / n) / sd
        return out
""",
    ),
    "dictionaries of layers": (
        BNN,
        """
class BNN(BNN):
    def evaluateClassifier(self, X, training=True):
        self.cache = [{"h": X} for _ in self.W]
        for i, layer in enumerate(self.cache):
            layer["h"] = X
            X = np.matmul(self.W[i], X) + self.b[i]
            if i == self.nl: break
            if self.batchNorm:
                layer["s"] = X
                layer["mu"], layer["v"] = (X.mean(1, keepdims=True), X.var(1, keepdims=True)) if training else (self.muMA[i], self.vaMA[i])
                if training:
                    for name, key in (("muMA", "mu"), ("vaMA", "v")):
                        kept = getattr(self, name)
                        kept[i] = kept[i] * self.alpha + layer[key] * (1 - self.alpha)
                layer["sh"] = (X - layer["mu"]) / (layer["v"] + EPS) ** 0.5
                X = layer["sh"] * self.gamma[i] + self.beta[i]
            X = relu(X)
        self.p = softMax(X)
        names = ["h", "s", "sh", "mu", "v"] if self.batchNorm else ["h"]
        return (self.p, *([layer[name] for layer in self.cache if name in layer] for name in names))
    def computeGradients(self, X, Y):
        self.evaluateClassifier(X)
        G = self.p - Y
        for i in range(self.nl, -1, -1):
            layer = self.cache[i]
            if i < self.nl:
                G = G * np.heaviside(self.cache[i + 1]["h"], 0)
                if self.batchNorm:
                    layer["dgamma"], layer["dbeta"] = np.mean(G * layer["sh"], 1, keepdims=True), np.mean(G, 1, keepdims=True)
                    G = self.batchNormBackPass(G * self.gamma[i], layer["s"], layer["mu"], layer["v"])
            elif self.batchNorm:
                layer["dgamma"] = layer["dbeta"] = np.zeros(self.gamma[i].shape)
            layer["dW"], layer["db"] = G.dot(layer["h"].T) / X.shape[1] + 2 * self.lmda * self.W[i], G.mean(1, keepdims=True)
            G = self.W[i].T.dot(G)
        keys = ["dW", "db", "dgamma", "dbeta"] if self.batchNorm else ["dW", "db"]
        return [[layer[key] for layer in self.cache] for key in keys]
""",
    ),
    "averages written into": (
        BNN,
        """
class BNN(BNN):
    def evaluateClassifier(self, X, training=True):
        h, s, sh, mu, v = [np.array(X)], [], [], [], []
        for i in range(self.nl):
            scores = self.W[i] @ h[i]
            scores += self.b[i]
            if self.batchNorm:
                s.append(scores.copy())
                mu.append(scores.mean(axis=1).reshape(-1, 1) if training else self.muMA[i].copy())
                v.append(scores.var(axis=1).reshape(-1, 1) if training else self.vaMA[i].copy())
                if training:
                    self.muMA[i] *= self.alpha
                    self.muMA[i] += (1 - self.alpha) * mu[i]
                    self.vaMA[i] *= self.alpha
                    self.vaMA[i] += (1 - self.alpha) * v[i]
                scores -= mu[i]
                scores /= np.sqrt(v[i] + EPS)
                sh.append(scores.copy())
                scores *= self.gamma[i]
                scores += self.beta[i]
            scores[scores < 0] = 0
            h.append(scores)
        p = softMax(self.W[-1] @ h[-1] + self.b[-1])
        return (p, h, s, sh, mu, v) if self.batchNorm else (p, h)
    def computeCost(self, X, Y):
        kept = [a.copy() for a in self.muMA], [a.copy() for a in self.vaMA]
        p = self.evaluateClassifier(X, training=True)[0]
        self.muMA, self.vaMA = kept
        loss = -np.trace(Y.T @ np.log(p)) / X.shape[1] if X.shape[1] < 500 else -(Y * np.log(p)).sum() / X.shape[1]
        return loss + self.lmda * sum(np.trace(W @ W.T) for W in self.W), loss
""",
    ),
    "rows inside": (
        BNN,
        """
def _bn_forward(x, gamma, beta):
    mean, var = x.mean(axis=0), x.var(axis=0)
    xhat = (x - mean) / np.sqrt(var + EPS)
    return gamma * xhat + beta, (x, xhat, mean, var)
def _bn_backward(dout, cache):
    x, xhat, mean, var = cache
    N = x.shape[0]
    dvar = np.sum(dout * (x - mean) * -0.5 * (var + EPS) ** -1.5, axis=0)
    dmean = np.sum(dout * -1 / np.sqrt(var + EPS), axis=0) + dvar * np.mean(-2 * (x - mean), axis=0)
    return dout / np.sqrt(var + EPS) + dvar * 2 * (x - mean) / N + dmean / N
class BNN(BNN):
    def evaluateClassifier(self, X, training=True):
        x, caches, inputs = X.T, [], []
        for W, b, i in zip(self.W, self.b, range(len(self.W))):
            inputs.append(x.T)
            x = x.dot(W.T) + b.ravel()
            if i == self.nl: break
            if self.batchNorm and training:
                x, cache = _bn_forward(x, self.gamma[i].T, self.beta[i].T)
                caches.append(cache)
                self.muMA[i] = self.alpha * self.muMA[i] + (1 - self.alpha) * cache[2][:, np.newaxis]
                self.vaMA[i] = self.alpha * self.vaMA[i] + (1 - self.alpha) * cache[3][:, np.newaxis]
            elif self.batchNorm:
                xhat = (x - self.muMA[i].T) / np.sqrt(self.vaMA[i].T + EPS)
                caches.append((x, xhat, self.muMA[i].ravel(), self.vaMA[i].ravel()))
                x = self.gamma[i].T * xhat + self.beta[i].T
            x = np.maximum(x, 0)
        x = np.exp(x - x.max(axis=1, keepdims=True))
        p = (x / x.sum(axis=1, keepdims=True)).T
        if not self.batchNorm: return p, inputs
        return p, inputs, [c[0].T for c in caches], [c[1].T for c in caches], [c[2][:, None] for c in caches], [c[3][:, None] for c in caches]
    def batchNormBackPass(self, g, s, mu, v, eps=EPS):
        return _bn_backward(g.T, (s.T, None, mu.ravel(), v.ravel())).T
""",
    ),
    "numerical gradients of one vector": (
        BNN,
        """
class BNN(BNN):
    def computeGradientsNum(self, X, Y, h=1e-6):
        kinds = ["W", "b"] + ["gamma", "beta"] * self.batchNorm
        before = {k: [a.copy() for a in getattr(self, k)] for k in kinds}
        flat = np.concatenate([a.ravel() for k in kinds for a in before[k]])
        def put(vector):
            at = 0
            for k in kinds:
                setattr(self, k, [])
                for a in before[k]:
                    getattr(self, k).append(vector[at:at + a.size].reshape(a.shape))
                    at += a.size
        slopes = np.zeros(flat.size)
        for j in range(flat.size):
            costs = []
            for step in (h, -h):
                moved = flat.copy()
                moved[j] += step
                put(moved)
                costs.append(self.computeCost(X, Y)[0])
            slopes[j] = (costs[0] - costs[1]) / (2 * h)
        put(slopes)
        found = tuple(getattr(self, k) for k in kinds)
        for k in kinds: setattr(self, k, before[k])
        return found
""",
    ),
    "numerical gradients of deep copies": (
        BNN,
        """
import copy
class BNN(BNN):
    def computeGradientsNum(self, X, Y, h=1e-6):
        def slope(kind, layer, index):
            cost = {}
            for sign in (+1, -1):
                net = copy.deepcopy(self)
                getattr(net, kind)[layer][index] += sign * h
                cost[sign] = net.computeCost(X, Y)[0]
            return (cost[1] - cost[-1]) / h / 2
        kinds = ("W", "b", "gamma", "beta") if self.batchNorm else ("W", "b")
        return [[np.array([slope(kind, l, i) for i in np.ndindex(*a.shape)]).reshape(a.shape) for l, a in enumerate(getattr(self, kind))] for kind in kinds]
""",
    ),
    "a class of its own": (
        BNN,
        '''
import math
class BNN(object):
    """Written from nothing; no vectors of batch normalization for the last layer."""
    def __init__(self, layers, lmda=0.0, alpha=0.8, batchNorm=True, he=True, sig=0.1, seed=None):
        if seed is not None: np.random.seed(seed)
        self.layers, self.nl = list(layers), len(layers) - 1
        self.lmda, self.alpha, self.batchNorm, self.he, self.sig = lmda, alpha, batchNorm, he, sig
        self.W = [np.random.standard_normal((o, i)) * (math.sqrt(2. / i) if he else sig) for i, o in layers]
        self.b = [np.zeros((o, 1)) for _, o in layers]
        hidden = [(o, 1) for _, o in layers[:-1]] if batchNorm else []
        self.gamma, self.beta = [np.ones(h) for h in hidden], [np.zeros(h) for h in hidden]
        self.muMA, self.vaMA = [np.zeros(h) for h in hidden], [np.ones(h) for h in hidden]
    def zeros(self):
        return [[np.zeros_like(a) for a in kind] for kind in ([self.W, self.b, self.gamma, self.beta] if self.batchNorm else [self.W, self.b])]
    def forward(self, X, mode, update):
        out = {"h": [X], "s": [], "sh": [], "mu": [], "v": []}
        for l in range(self.nl):
            z = self.W[l].dot(out["h"][-1]) + self.b[l]
            if self.batchNorm:
                m, v = (z.mean(1, keepdims=True), z.std(1, keepdims=True) ** 2) if mode == "train" else (self.muMA[l], self.vaMA[l])
                if update:
                    self.muMA[l] = m + self.alpha * (self.muMA[l] - m)
                    self.vaMA[l] = v + self.alpha * (self.vaMA[l] - v)
                zh = (z - m) / np.sqrt(v + EPS)
                for key, value in zip(("s", "sh", "mu", "v"), (z, zh, m, v)): out[key].append(value)
                z = self.gamma[l] * zh + self.beta[l]
            out["h"].append(np.where(z > 0, z, 0))
        out["p"] = softMax(self.W[-1].dot(out["h"][-1]) + self.b[-1])
        return out
    def evaluateClassifier(self, X, training=True):
        out = self.forward(X, "train" if training else "test", update=training)
        if self.batchNorm: return tuple(out[k] for k in ("p", "h", "s", "sh", "mu", "v"))
        return out["p"], out["h"]
    def batchNormBackPass(self, g, s, mu, v, eps=EPS):
        n = s.shape[1]
        iv = np.reciprocal(np.sqrt(v + eps))
        dv = -.5 * iv ** 3 * ((s - mu) * g).sum(1, keepdims=True)
        dm = -(g * iv).sum(1, keepdims=True) - 2 / n * dv * (s - mu).sum(1, keepdims=True)
        return g * iv + dv * (2 / n) * (s - mu) + dm / n
    def computeGradients(self, X, Y):
        fw, n = self.forward(X, "train", update=True), X.shape[1]
        dW, db, dg, dt = [], [], [], []
        G = -(Y - fw["p"])
        for l in range(len(self.W))[::-1]:
            if l < self.nl:
                G = self.W[l + 1].T @ G
                G = np.where(fw["h"][l + 1] > 0, G, 0.)
                if self.batchNorm:
                    dg.append(np.sum(G * fw["sh"][l], axis=1, keepdims=True) / n)
                    dt.append(np.sum(G, axis=1, keepdims=True) / n)
                    G = self.batchNormBackPass(G * self.gamma[l], fw["s"][l], fw["mu"][l], fw["v"][l])
            dW.append(G @ fw["h"][l].T * (1 / n) + self.lmda * 2 * self.W[l])
            db.append(G @ np.ones((n, 1)) * (1 / n))
        return tuple(d[::-1] for d in (dW, db, dg, dt)[: 4 if self.batchNorm else 2])
    def computeCost(self, X, Y):
        p = self.forward(X, "train", update=False)["p"]
        loss = np.float64(np.mean(-np.log(np.maximum((p * Y).sum(0), 1e-300))))
        return loss + self.lmda * np.sum([np.sum(w ** 2) for w in self.W]), loss
    def computeAccuracy(self, X, y):
        return 1 - np.count_nonzero(np.argmax(self.forward(X, "test", update=False)["p"], 0) - y) / len(y)
    def computeGradientsNum(self, X, Y, h=1e-6):
        grads = self.zeros()
        for kind, found in zip([self.W, self.b, self.gamma, self.beta], grads):
            for a, g in zip(kind, found):
                for i in range(a.size):
                    was = a.flat[i]
                    a.flat[i] = was - h; c1, _ = self.computeCost(X, Y)
                    a.flat[i] = was + h; c2, _ = self.computeCost(X, Y)
                    a.flat[i] = was
                    g.flat[i] = (c2 - c1) / (2 * h)
        return grads
    def miniBatchGD(self, X, Y, GDParams, xVal, yVal):
        nB, lo, hi, nE, nS = GDParams
        per_epoch = X.shape[1] // nB
        etas = [lo + (hi - lo) * (1 - abs((t % (2 * nS)) / nS - 1)) for t in range(nE * per_epoch)]
        record = []
        for t, eta in enumerate(etas):
            if t % per_epoch == 0: order = list(np.random.permutation(X.shape[1]))
            cols = [order.pop() for _ in range(nB)]
            for name, grad in zip(("W", "b", "gamma", "beta"), self.computeGradients(X[:, cols], Y[:, cols])):
                setattr(self, name, [a - eta * g for a, g in zip(getattr(self, name), grad)])
            if (t + 1) % per_epoch == 0:
                (c, l), (cv, lv) = self.computeCost(X, Y), self.computeCost(xVal, yVal)
                record.append((c, cv, l, lv, self.computeAccuracy(X, Y.argmax(0)), self.computeAccuracy(xVal, yVal.argmax(0))))
        return tuple(map(list, zip(*record)))
''',
    ),
    "images and weights in single precision": (
        BNN,
        """
def initializeParam(layer, he, batchNorm, sig):
    n_in, n_out = layer
    W = np.random.randn(n_out, n_in).astype(np.float32) * np.float32(np.sqrt(2 / n_in) if he else sig)
    col = lambda value: np.full((n_out, 1), value, dtype=np.float64)
    return (W, col(0), col(1), col(0), col(0), col(1)) if batchNorm else (W, col(0))
class BNN(BNN):
    def miniBatchGD(self, X, Y, GDParams, xVal, yVal):
        return super().miniBatchGD(X.astype(np.float32), Y.astype(np.float32), GDParams, xVal.astype(np.float32), yVal.astype(np.float32))
""",
    ),
    "own step for training": (
        BNN,
        """
class BNN(BNN):
    def _backward(self, passed, X, Y):
        p, h = passed[0], passed[1]
        g, n = p - Y, Y.shape[1]
        grads = self.zeros()
        for i in range(self.nl, -1, -1):
            if i < self.nl and self.batchNorm:
                grads[2][i], grads[3][i] = (g * passed[3][i]).sum(1, keepdims=True) / n, g.sum(1, keepdims=True) / n
                g = self.batchNormBackPass(self.gamma[i] * g, passed[2][i], passed[4][i], passed[5][i])
            grads[0][i], grads[1][i] = g @ h[i].T / n + 2 * self.lmda * self.W[i], g.sum(1, keepdims=True) / n
            if i: g = (self.W[i].T @ g) * (h[i] > 0)
        return grads
    def computeGradients(self, Xbatch, Ybatch):
        return self._backward(self.evaluateClassifier(Xbatch), Xbatch, Ybatch)
    def _epoch(self, X, Y, nBatch, eta):
        for cols in np.random.permutation(X.shape[1])[: X.shape[1] // nBatch * nBatch].reshape(-1, nBatch):
            rate = eta(self.t)
            for kind, grad in zip([self.W, self.b, self.gamma, self.beta], self.computeGradients(Xbatch=X[:, cols], Ybatch=Y[:, cols])):
                for i in range(len(kind)): kind[i] = kind[i] - rate * grad[i]
            self.t += 1
    def miniBatchGD(self, X, Y, GDParams, xVal, yVal):
        nBatch, lo, hi, nEpochs, nS = GDParams
        self.t = 0
        eta = lambda t: np.interp(t % (2 * nS), [0, nS, 2 * nS], [lo, hi, lo])
        seen = []
        for _ in range(nEpochs):
            self._epoch(X, Y, nBatch, eta)
            seen.append([*np.array([self.computeCost(X, Y), self.computeCost(xVal, yVal)]).T.ravel(), self.computeAccuracy(X, Y.argmax(0)), self.computeAccuracy(xVal, yVal.argmax(0))])
        return np.array(seen).T
""",
    ),
    "lists that show what layer objects hold": (
        BNN,
        '''
from dataclasses import dataclass, field
@dataclass
class Layer:
    W: np.ndarray
    b: np.ndarray
    gamma: np.ndarray | None = None
    beta: np.ndarray | None = None
    muMA: np.ndarray | None = None
    vaMA: np.ndarray | None = None
    memory: dict = field(default_factory=dict)

def shown(name):
    """The arrays of all layers as a list."""
    def get(self):
        return [getattr(layer, name) for layer in self.stack if getattr(layer, name) is not None]
    return property(get)

class BNN:
    W, b, gamma, beta, muMA, vaMA = (shown(n) for n in ("W", "b", "gamma", "beta", "muMA", "vaMA"))

    def __init__(self, layers, lmda=0, alpha=0.8, batchNorm=True, he=True, sig=1e-1):
        self.layers = layers
        self.nl = len(layers) - 1
        self.lmda, self.alpha, self.batchNorm = lmda, alpha, batchNorm
        self.stack = [Layer(*initializeParam(l, he, batchNorm, sig)) for l in layers]

    def zeros(self):
        kinds = [self.W, self.b, self.gamma, self.beta] if self.batchNorm else [self.W, self.b]
        return tuple([np.zeros_like(a) for a in k] for k in kinds)

    def _run(self, X, training, move):
        h = [X]
        s, sh, mu, v = [], [], [], []
        for layer in self.stack[:-1]:
            z = layer.W @ h[-1] + layer.b
            if self.batchNorm:
                s.append(z)
                m, va = (z.mean(1, keepdims=True), z.var(1, keepdims=True)) if training else (layer.muMA, layer.vaMA)
                if move:
                    layer.muMA = self.alpha * layer.muMA + (1 - self.alpha) * m
                    layer.vaMA = self.alpha * layer.vaMA + (1 - self.alpha) * va
                mu.append(m); v.append(va)
                sh.append((z - m) / np.sqrt(va + EPS))
                z = layer.gamma * sh[-1] + layer.beta
            h.append(relu(z))
        return softMax(self.stack[-1].W @ h[-1] + self.stack[-1].b), h, s, sh, mu, v

    def evaluateClassifier(self, X, training=True):
        out = self._run(X, training, training and self.batchNorm)
        return out if self.batchNorm else out[:2]

    def batchNormBackPass(self, g, s, mu, v, eps=EPS):
        n = s.shape[1]
        s1, s2 = (v + eps) ** -0.5, (v + eps) ** -1.5
        g1, g2, d = g * s1, g * s2, s - mu
        c = (g2 * d).sum(1, keepdims=True)
        return g1 - g1.sum(1, keepdims=True) / n - d * c / n

    def computeGradients(self, X, Y):
        out = self.evaluateClassifier(X)
        n, g, h = X.shape[1], out[0] - Y, out[1]
        res = self.zeros()
        for i in range(self.nl, -1, -1):
            layer = self.stack[i]
            if self.batchNorm and i != self.nl:
                res[2][i] = (g * out[3][i]).mean(1, keepdims=True)
                res[3][i] = g.mean(1, keepdims=True)
                g = self.batchNormBackPass(g * layer.gamma, out[2][i], out[4][i], out[5][i])
            res[0][i] = g @ h[i].T / n + 2 * self.lmda * layer.W
            res[1][i] = g.mean(1, keepdims=True)
            g = (layer.W.T @ g) * (h[i] > 0)
        return res

    def computeCost(self, X, Y):
        p = self._run(X, True, False)[0]
        loss = -np.mean(np.log((p * Y).sum(0)))
        return loss + self.lmda * sum(np.sum(l.W ** 2) for l in self.stack), loss

    def computeAccuracy(self, X, y):
        return np.mean(np.argmax(self._run(X, False, False)[0], axis=0) == y)

    def computeGradientsNum(self, X, Y, h=1e-6):
        res = self.zeros()
        for name, kind in zip(("W", "b", "gamma", "beta"), res):
            for layer, found in zip(self.stack, kind):
                a = getattr(layer, name)
                for i in np.ndindex(a.shape):
                    old = a[i]
                    a[i] = old + h; up = self.computeCost(X, Y)[0]
                    a[i] = old - h; down = self.computeCost(X, Y)[0]
                    a[i] = old
                    found[i] = (up - down) / (2 * h)
        return res

    def miniBatchGD(self, X, Y, GDParams, xVal, yVal):
        nBatch, lo, hi, nEpochs, nS = GDParams
        costs, vcosts, losses, vlosses, acc, vacc = [], [], [], [], [], []
        t = 0
        for _ in range(nEpochs):
            order = np.random.permutation(X.shape[1])
            for cut in np.split(order[: len(order) // nBatch * nBatch], len(order) // nBatch):
                phase = t % (2 * nS)
                eta = lo + (hi - lo) * (phase / nS if phase < nS else 2 - phase / nS)
                for name, grads in zip(("W", "b", "gamma", "beta"), self.computeGradients(X[:, cut], Y[:, cut])):
                    for layer, g in zip(self.stack, grads):
                        setattr(layer, name, getattr(layer, name) - eta * g)
                t += 1
            c, l = self.computeCost(X, Y); costs.append(c); losses.append(l)
            c, l = self.computeCost(xVal, yVal); vcosts.append(c); vlosses.append(l)
            acc.append(self.computeAccuracy(X, Y.argmax(0))); vacc.append(self.computeAccuracy(xVal, yVal.argmax(0)))
        return costs, vcosts, losses, vlosses, acc, vacc
''',
    ),
}
