#!/usr/bin/env python
# DD2424 assignment 3 - k lager med batch normalization
import numpy as np
import matplotlib.pyplot as plt
import pickle
import time
from tqdm import tqdm

np.random.seed(400)

def LoadBatch(filename):
    with open(filename, 'rb') as fo:
        d = pickle.load(fo, encoding='bytes')
    X = d[b'data'].astype(np.float64).T / 255.0
    y = np.array(d[b'labels'])
    Y = np.zeros((10, X.shape[1]))
    Y[y, np.arange(X.shape[1])] = 1
    return X, Y, y

def InitParams(layers, he=True, sig=0.1, use_bn=True):
    # layers = [d, m1, ..., K]
    W, b, gamma, beta = [], [], [], []
    for i in range(1, len(layers)):
        s = np.sqrt(2 / layers[i-1]) if he else sig
        W.append(s * np.random.randn(layers[i], layers[i-1]))
        b.append(np.zeros((layers[i], 1)))
        if i < len(layers) - 1:
            gamma.append(np.ones((layers[i], 1)))
            beta.append(np.zeros((layers[i], 1)))
    return W, b, gamma, beta

def softmax(s):
    return np.exp(s - np.max(s, axis=0)) / np.sum(np.exp(s - np.max(s, axis=0)), axis=0)

def BatchNormalize(s, mu, v):
    return (s - mu) / np.sqrt(v + np.finfo(float).eps)

def EvaluateClassifier(X, W, b, gamma=None, beta=None, mu_av=None, v_av=None):
    # om mu_av inte ges: traning
    k = len(W)
    H, S, S_hat, mus, vs = [X], [], [], [], []
    h = X
    for l in range(k - 1):
        s = W[l] @ h + b[l]
        if gamma is not None:
            if mu_av is None:
                mu = np.mean(s, axis=1, keepdims=True)
                v = np.var(s, axis=1, keepdims=True)
            else:
                mu, v = mu_av[l], v_av[l]
            S.append(s); mus.append(mu); vs.append(v)
            s = BatchNormalize(s, mu, v)
            S_hat.append(s)
            s = gamma[l] * s + beta[l]
        h = np.maximum(0, s)
        H.append(h)
    P = softmax(W[-1] @ h + b[-1])
    return P, H, S, S_hat, mus, vs

def ComputeCost(X, Y, W, b, lam, gamma=None, beta=None, mu_av=None, v_av=None):
    P = EvaluateClassifier(X, W, b, gamma, beta, mu_av, v_av)[0]
    loss = -np.mean(np.log(np.sum(Y * P, axis=0)))
    return loss + lam * sum(np.sum(w ** 2) for w in W), loss

def ComputeAccuracy(X, y, W, b, gamma=None, beta=None, mu_av=None, v_av=None):
    P = EvaluateClassifier(X, W, b, gamma, beta, mu_av, v_av)[0]
    return np.mean(np.argmax(P, axis=0) == y)

def BatchNormBackPass(G, S, mu, v):
    n = G.shape[1]
    s1 = 1 / np.sqrt(v + np.finfo(float).eps)
    s2 = s1 ** 3
    G1 = G * s1
    G2 = G * s2
    D = S - mu
    c = np.sum(G2 * D, axis=1, keepdims=True)
    return G1 - np.sum(G1, axis=1, keepdims=True) / n - D * c / n

def ComputeGradients(X, Y, P, H, S, S_hat, mus, vs, W, b, lam, gamma=None, beta=None):
    n = X.shape[1]
    k = len(W)
    grad_W = [None] * k
    grad_b = [None] * k
    grad_gamma = [None] * (k - 1)
    grad_beta = [None] * (k - 1)
    G = P - Y
    for l in range(k - 1, -1, -1):
        if l < k - 1 and gamma is not None:
            grad_gamma[l] = np.mean(G * S_hat[l], axis=1, keepdims=True)
            grad_beta[l] = np.mean(G, axis=1, keepdims=True)
            G = BatchNormBackPass(G * gamma[l], S[l], mus[l], vs[l])
        grad_W[l] = G @ H[l].T / n + 2 * lam * W[l]
        grad_b[l] = np.sum(G, axis=1, keepdims=True) / n
        if l > 0:
            G = (W[l].T @ G) * (H[l] > 0)
    return grad_W, grad_b, grad_gamma, grad_beta

def ComputeGradsNum(X, Y, W, b, lam, gamma=None, beta=None, h=1e-5):
    # langsam!
    def num(params):
        grads = []
        for p in params:
            g = np.zeros(p.shape)
            for i in np.ndindex(p.shape):
                old = p[i]
                p[i] = old + h
                c2 = ComputeCost(X, Y, W, b, lam, gamma, beta)[0]
                p[i] = old - h
                c1 = ComputeCost(X, Y, W, b, lam, gamma, beta)[0]
                p[i] = old
                g[i] = (c2 - c1) / (2 * h)
            grads.append(g)
        return grads
    grad_W, grad_b = num(W), num(b)
    if gamma is None:
        return grad_W, grad_b
    grad_gamma, grad_beta = num(gamma), num(beta)
    return grad_W, grad_b, grad_gamma, grad_beta

def MiniBatchGD(X, Y, X_val, Y_val, GDparams, W, b, lam, gamma=None, beta=None, alpha=0.9):
    n_batch, eta_min, eta_max, n_s, n_epochs = GDparams
    y, y_val = np.argmax(Y, axis=0), np.argmax(Y_val, axis=0)
    mu_av = v_av = None
    cost_train, cost_val, loss_train, loss_val, acc_train, acc_val = [], [], [], [], [], []
    t = 0
    for e in tqdm(range(n_epochs)):
        perm = np.random.permutation(X.shape[1])
        for j in range(X.shape[1] // n_batch):
            idx = perm[j * n_batch:(j + 1) * n_batch]
            c = t % (2 * n_s)
            eta = eta_min + c / n_s * (eta_max - eta_min) if c <= n_s else eta_max - (c - n_s) / n_s * (eta_max - eta_min)
            P, H, S, S_hat, mus, vs = EvaluateClassifier(X[:, idx], W, b, gamma, beta)
            if gamma is not None:
                if mu_av is None:
                    mu_av, v_av = mus, vs
                else:
                    mu_av = [alpha * m + (1 - alpha) * m2 for m, m2 in zip(mu_av, mus)]
                    v_av = [alpha * m + (1 - alpha) * m2 for m, m2 in zip(v_av, vs)]
            gW, gb, gg, gbeta = ComputeGradients(X[:, idx], Y[:, idx], P, H, S, S_hat, mus, vs, W, b, lam, gamma, beta)
            W = [w - eta * g for w, g in zip(W, gW)]
            b = [w - eta * g for w, g in zip(b, gb)]
            if gamma is not None:
                gamma = [w - eta * g for w, g in zip(gamma, gg)]
                beta = [w - eta * g for w, g in zip(beta, gbeta)]
            t += 1
        for XX, YY, yy, cs, ls, accs in ((X, Y, y, cost_train, loss_train, acc_train), (X_val, Y_val, y_val, cost_val, loss_val, acc_val)):
            J, l = ComputeCost(XX, YY, W, b, lam, gamma, beta, mu_av, v_av)
            cs.append(J)
            ls.append(l)
            accs.append(ComputeAccuracy(XX, yy, W, b, gamma, beta, mu_av, v_av))
    return W, b, gamma, beta, mu_av, v_av, cost_train, cost_val, loss_train, loss_val, acc_train, acc_val

print('laddar data')
Xtr, Ytr, ytr = LoadBatch('/home/anna/Datasets/cifar-10-batches-py/data_batch_1')
Xv, Yv = Xtr[:, :1000], Ytr[:, :1000]
layers = [3072, 50, 50, 10]
lam = 0.005
W, b, gamma, beta = InitParams(layers)
GDparams = [100, 1e-5, 1e-1, 450, 2000]
start = time.time()
res = MiniBatchGD(Xtr, Ytr, Xv, Yv, GDparams, W, b, lam, gamma, beta)
print('tid', time.time() - start)
plt.plot(res[6], label='train')
plt.plot(res[7], label='val')
plt.legend()
plt.savefig('cost.png')
