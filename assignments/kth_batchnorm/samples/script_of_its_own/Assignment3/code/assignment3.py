import os
import pickle

import numpy as np
import pandas as pd

np.random.seed(100)


def softMax(s):
    e = np.exp(s - s.max(axis=0))
    return e / e.sum(axis=0)


def relu(s):
    s[s < 0] = 0
    return s


def initializeParam(d, he, batch_norm, sigma):
    # d = (units, inputs)
    W = np.random.normal(0, np.sqrt(2.0 / d[1]) if he else sigma, d)
    return [W, np.zeros((d[0], 1))] + [np.full((d[0], 1), x, dtype=np.float) for x in ([1, 0, 0, 0] if batch_norm else [])]


class BNN(object):
    def __init__(self, layers, lamda=0, alpha=0.8, batch_norm=True, he=True, sigma=0.1):
        self.lamda, self.alpha, self.batchNorm = lamda, alpha, batch_norm
        params = [initializeParam(d, he, batch_norm, sigma) for d in layers]
        self.W = [p[0] for p in params]
        self.b = [p[1] for p in params]
        if batch_norm:  # the last layer has none
            self.gamma = [p[2] for p in params[:-1]]
            self.beta = [p[3] for p in params[:-1]]
            self.muMA = [p[4] for p in params[:-1]]
            self.vaMA = [p[5] for p in params[:-1]]

    def zeros(self):
        values = [self.W, self.b] + ([self.gamma, self.beta] if self.batchNorm else [])
        return [[0 * x for x in kind] for kind in values]

    def evaluate_classifier(self, X, train=True):
        H, S, Sh, M, V = [X], [], [], [], []
        for i in range(len(self.W) - 1):
            s = self.W[i].dot(H[-1]) + self.b[i]
            if self.batchNorm:
                m, v = (s.mean(1, keepdims=True), s.var(1, keepdims=True)) if train else (self.muMA[i], self.vaMA[i])
                if train:
                    self.muMA[i] = self.alpha * self.muMA[i] + (1 - self.alpha) * m
                    self.vaMA[i] = self.alpha * self.vaMA[i] + (1 - self.alpha) * v
                S.append(s)
                M.append(m)
                V.append(v)
                Sh.append((s - m) / np.sqrt(v + np.finfo(np.float).eps))
                s = self.gamma[i] * Sh[i] + self.beta[i]
            H.append(relu(s))
        P = softMax(self.W[-1].dot(H[-1]) + self.b[-1])
        return (P, H, S, Sh, M, V) if self.batchNorm else (P, H)

    def batch_norm_back_pass(self, g, s, m, v):
        n = g.shape[1]
        x = (s - m) / np.sqrt(v + 1e-15)
        return (g - g.mean(1, keepdims=True) - x * (g * x).mean(1, keepdims=True)) / np.sqrt(v + 1e-15)

    def ComputeGradients(self, X, Y):
        n = X.shape[1]
        out = self.evaluate_classifier(X)
        g = out[0] - Y
        dW, db, dg, dbeta = [], [], [], []
        for i in range(len(self.W))[::-1]:
            dW.insert(0, g.dot(out[1][i].T) / n + 2 * self.lamda * self.W[i])
            db.insert(0, g.mean(axis=1))
            g = self.W[i].T.dot(g)
            if i == 0:
                break
            g = g * (out[1][i] > 0)
            if self.batchNorm:
                dg.insert(0, (g * out[3][i - 1]).mean(axis=1))
                dbeta.insert(0, g.mean(axis=1))
                g = self.batch_norm_back_pass(g * self.gamma[i - 1], out[2][i - 1], out[4][i - 1], out[5][i - 1])
        db, dg, dbeta = [[x[:, None] for x in xs] for xs in (db, dg, dbeta)]
        return (dW, db, dg, dbeta) if self.batchNorm else (dW, db)

    def ComputeCost(self, X, Y):
        if self.batchNorm:
            kept = self.muMA[:], self.vaMA[:]
        P = self.evaluate_classifier(X)[0]
        if self.batchNorm:
            self.muMA, self.vaMA = kept
        loss = -np.log(P[np.argmax(Y, axis=0), np.arange(X.shape[1])]).mean()
        return loss + self.lamda * sum([(W**2).sum() for W in self.W]), loss

    def ComputeAccuracy(self, X, y):
        return (self.evaluate_classifier(X, False)[0].argmax(axis=0) == y).mean()

    def ComputeGradsNum(self, X, Y, h=1e-5):
        result = []
        for params in [self.W, self.b] + ([self.gamma, self.beta] if self.batchNorm else []):
            grads = [np.zeros(p.shape) for p in params]
            for p, grad in zip(params, grads):
                for i in range(p.size):
                    p.flat[i] += h
                    c = self.ComputeCost(X, Y)[0]
                    p.flat[i] -= 2 * h
                    grad.flat[i] = (c - self.ComputeCost(X, Y)[0]) / (2 * h)
                    p.flat[i] += h
            result.append(grads)
        return result

    def MiniBatchGD(self, X, Y, GDparams, X_val, Y_val):
        n_batch, eta_min, eta_max, epochs, n_s = GDparams
        J, Jv, L, Lv, A, Av = [], [], [], [], [], []
        step = 0
        for e in range(epochs):
            p = np.random.permutation(X.shape[1])
            for j in range(0, X.shape[1], n_batch):
                eta = np.interp(step % (2 * n_s), [0, n_s, 2 * n_s], [eta_min, eta_max, eta_min])
                grads = self.ComputeGradients(X[:, p[j : j + n_batch]], Y[:, p[j : j + n_batch]])
                for values, gs in zip([self.W, self.b] + ([self.gamma, self.beta] if self.batchNorm else []), grads):
                    for i in range(len(values)):
                        values[i] = values[i] - eta * gs[i]
                step += 1
            for costs, losses, accs, x, y in [(J, L, A, X, Y), (Jv, Lv, Av, X_val, Y_val)]:
                cost, loss = self.ComputeCost(x, y)
                costs.append(cost)
                losses.append(loss)
                accs.append(self.ComputeAccuracy(x, y.argmax(axis=0)))
        return J, Jv, L, Lv, A, Av


os.chdir(os.path.dirname(os.path.abspath(__file__)))
batch = pickle.load(open("C:\\Users\\me\\Datasets\\data_batch_1", "rb"), encoding="bytes")
X_train, y_train = batch[b"data"].T / 255, np.array(batch[b"labels"])
net = BNN([(50, 3072), (10, 50)], lamda=0.005)
history = net.MiniBatchGD(X_train, np.eye(10)[y_train].T, [100, 1e-5, 1e-1, 20, 50], X_train, np.eye(10)[y_train].T)
print(net.ComputeAccuracy(X_train, y_train))
