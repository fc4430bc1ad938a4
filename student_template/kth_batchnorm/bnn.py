"""k-layer networks with and without batch normalization, on columns.

An image is a column: X is (d, N), one-hot labels Y are (K, N), biases, gamma, beta, means and variances are (m, 1). The cost is the
mean cross-entropy plus lmda times the sum of all squared weights (no one half). Batches and weights are drawn from NumPy's global
generator, so that `np.random.seed` repeats an experiment.
"""

import numpy as np

EPS = np.finfo(float).eps  # added to variances under the root


def relu(s):
    """max(s, 0), entry by entry; any shape. s itself stays as it is."""
    # YOUR CODE HERE
    raise NotImplementedError("relu is not written yet")


def softMax(s):
    """Probabilities from scores, column by column.

    s: (K, N), also large scores such as 1000. Returns: (K, N); every column sums to 1.
    """
    # YOUR CODE HERE
    raise NotImplementedError("softMax is not written yet")


def initializeParam(layer, he, batchNorm, sig):
    """Starting values of one layer.

    layer: (inputs, outputs). he: He initialization, normal with variance 2 / inputs; otherwise normal with standard deviation sig.
    Returns: W (outputs, inputs), b zeros (outputs, 1); with batchNorm also gamma ones, beta zeros, and the moving averages of mean
        (zeros) and variance (ones), all (outputs, 1).
    """
    # YOUR CODE HERE
    raise NotImplementedError("initializeParam is not written yet")


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
        # YOUR CODE HERE

    # YOUR CODE HERE

    def zeros(self):
        """Zeros in the shapes of the gradients: lists for W and b, and with batchNorm for gamma and beta."""
        # YOUR CODE HERE
        raise NotImplementedError("BNN.zeros is not written yet")

    def evaluateClassifier(self, X, training=True):
        """Forward pass of X (d, N).

        Without batchNorm: returns p (K, N), h; h[i] is the input of layer i.
        With batchNorm: returns p, h, s, sh, mu, v; for each hidden layer, s holds the scores, sh the normalized scores (before
        gamma and beta), mu and v the batch's mean and variance.
        In training, scores are normalized by the batch's own mean and variance, and the moving averages move:
        muMA = alpha * muMA + (1 - alpha) * mean, and vaMA likewise. Otherwise the moving averages normalize, and stay.
        """
        # YOUR CODE HERE
        raise NotImplementedError("BNN.evaluateClassifier is not written yet")

    def batchNormBackPass(self, g, s, mu, v, eps=EPS):
        """Gradient of the cost for the scores s (m, N), given g (m, N), the gradient for the normalized scores.

        mu, v: (m, 1), the batch's mean and variance of s. Returns: (m, N).
        """
        # YOUR CODE HERE
        raise NotImplementedError("BNN.batchNormBackPass is not written yet")

    def computeGradients(self, X, Y):
        """Gradients of the cost on a batch: X (d, N), Y (K, N).

        Returns: gradW, gradB, and with batchNorm gradG, gradBeta: lists of arrays in the shapes of W, b, gamma, beta. Zeros for the
        last layer's gamma and beta.
        """
        # YOUR CODE HERE
        raise NotImplementedError("BNN.computeGradients is not written yet")

    def computeCost(self, X, Y):
        """Cost (with the penalty on W) and loss (without it) of X (d, N), Y (K, N).

        With batchNorm, scores are normalized by the mean and variance of X itself. Looking at the cost is no training: the moving
        averages are afterwards what they were before.
        """
        # YOUR CODE HERE
        raise NotImplementedError("BNN.computeCost is not written yet")

    def computeAccuracy(self, X, y):
        """Share of the columns of X (d, N) whose class y (N,) gets the highest probability, by the moving averages."""
        # YOUR CODE HERE
        raise NotImplementedError("BNN.computeAccuracy is not written yet")

    def computeGradientsNum(self, X, Y, h=1e-6):
        """The gradients of `computeGradients` by central differences of the cost, (c(x + h) - c(x - h)) / (2 h). Slow.

        Every parameter is afterwards what it was before.
        """
        # YOUR CODE HERE
        raise NotImplementedError("BNN.computeGradientsNum is not written yet")

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
        # YOUR CODE HERE
        raise NotImplementedError("BNN.miniBatchGD is not written yet")
