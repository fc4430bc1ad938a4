"""PyTorch as an independent oracle, in float64. Where its conventions differ, the test says how and allows for it."""

import numpy as np
import pytest

from reference import convolution, layers, losses, normalization, optim
from reference.dropout import dropout_forward

torch = pytest.importorskip("torch", reason="PyTorch is the extra `oracle`")
functional = torch.nn.functional

AGREE = 1e-10  # relative to the largest entry; most agree to 1e-15


def leaf(array):
    return torch.tensor(array, dtype=torch.float64, requires_grad=True)


def assert_agree(ours, theirs):
    theirs = theirs.detach().numpy() if isinstance(theirs, torch.Tensor) else theirs
    assert np.shape(ours) == np.shape(theirs)
    scale = max(float(np.max(np.abs(theirs))), 1e-300)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=AGREE * scale)


def draws(*shapes, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape) for shape in shapes]


# --- Layers ---------------------------------------------------------------------------------------------------------------------


def test_affine():
    x, w, b, dout = draws((4, 5), (5, 3), 3, (4, 3))
    tx, tw, tb = leaf(x), leaf(w), leaf(b)
    theirs = functional.linear(tx, tw.T, tb)  # PyTorch keeps weights as (out, in)
    theirs.backward(torch.tensor(dout))
    out, cache = layers.affine_forward(x, w, b)
    assert_agree(out, theirs)
    for ours, tensor in zip(layers.affine_backward(dout, cache), (tx, tw, tb), strict=True):
        assert_agree(ours, tensor.grad)


@pytest.mark.parametrize("name", ["relu", "sigmoid"])
def test_activations(name):
    x, dout = draws((6, 5), (6, 5))
    x[0, 0] = 0.0  # both take the gradient of ReLU at 0 as 0
    tx = leaf(x)
    theirs = getattr(torch, name)(tx)
    theirs.backward(torch.tensor(dout))
    forward, backward = layers.ACTIVATIONS[name]
    out, cache = forward(x)
    assert_agree(out, theirs)
    assert_agree(backward(dout, cache), tx.grad)


# --- Normalisation --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("eps", [1e-5, 1e-3])
def test_batchnorm_training(eps):
    x, gamma, beta, dout, mean = draws((8, 5), 5, 5, (8, 5), 5)
    var = np.abs(mean) + 0.5
    tx, tg, tb, tmean, tvar = leaf(x), leaf(gamma), leaf(beta), torch.tensor(mean), torch.tensor(var)
    # PyTorch's momentum is the new batch's share: 0.1 there is 0.9 here.
    theirs = functional.batch_norm(tx, tmean, tvar, tg, tb, training=True, momentum=0.1, eps=eps)
    theirs.backward(torch.tensor(dout))
    step = normalization.batchnorm_forward(x, gamma, beta, mean, var, eps=eps, momentum=0.9)
    assert_agree(step.out, theirs)
    assert_agree(step.running_mean, tmean)
    # PyTorch's running variance takes the unbiased one, N / (N - 1) times ours.
    assert_agree(step.running_var + 0.1 * step.cache.var * (8 / 7 - 1), tvar)
    for backward in (normalization.batchnorm_backward, normalization.batchnorm_backward_alt):
        for ours, tensor in zip(backward(dout, step.cache), (tx, tg, tb), strict=True):
            assert_agree(ours, tensor.grad)


def test_batchnorm_inference():
    x, gamma, beta, mean = draws((8, 5), 5, 5, 5)
    var = np.abs(mean) + 0.5
    theirs = functional.batch_norm(*(torch.tensor(a) for a in (x, mean, var, gamma, beta)), training=False)
    assert_agree(normalization.batchnorm_inference(x, gamma, beta, mean, var), theirs)


def test_layernorm():
    x, gamma, beta, dout = draws((4, 6), 6, 6, (4, 6))
    tx, tg, tb = leaf(x), leaf(gamma), leaf(beta)
    theirs = functional.layer_norm(tx, (6,), tg, tb)
    theirs.backward(torch.tensor(dout))
    out, cache = normalization.layernorm_forward(x, gamma, beta)
    assert_agree(out, theirs)
    for ours, tensor in zip(normalization.layernorm_backward(dout, cache), (tx, tg, tb), strict=True):
        assert_agree(ours, tensor.grad)


@pytest.mark.parametrize("groups", [1, 2, 6])
def test_groupnorm(groups):
    x, gamma, beta, dout = draws((2, 6, 3, 4), 6, 6, (2, 6, 3, 4))
    tx, tg, tb = leaf(x), leaf(gamma), leaf(beta)
    theirs = functional.group_norm(tx, groups, tg, tb)
    theirs.backward(torch.tensor(dout))
    out, cache = normalization.groupnorm_forward(x, gamma, beta, groups=groups)
    assert_agree(out, theirs)
    for ours, tensor in zip(normalization.groupnorm_backward(dout, cache), (tx, tg, tb), strict=True):
        assert_agree(ours, tensor.grad)


def test_spatial_batchnorm():
    x, gamma, beta, dout, mean = draws((2, 3, 4, 5), 3, 3, (2, 3, 4, 5), 3)
    var = np.abs(mean) + 0.5
    tx, tg, tb, tmean, tvar = leaf(x), leaf(gamma), leaf(beta), torch.tensor(mean), torch.tensor(var)
    theirs = functional.batch_norm(tx, tmean, tvar, tg, tb, training=True, momentum=0.1)
    theirs.backward(torch.tensor(dout))
    out, cache, new_mean, new_var = normalization.spatial_batchnorm_forward(x, gamma, beta, mean, var)
    assert_agree(out, theirs)
    assert_agree(new_mean, tmean)
    assert_agree(new_var + 0.1 * x.var(axis=(0, 2, 3)) / 39, tvar)  # unbiased there: 40 / 39 times ours
    for ours, tensor in zip(normalization.spatial_batchnorm_backward(dout, cache), (tx, tg, tb), strict=True):
        assert_agree(ours, tensor.grad)
    inferred = normalization.spatial_batchnorm_inference(x, gamma, beta, mean, var)
    assert_agree(inferred, functional.batch_norm(*(torch.tensor(a) for a in (x, mean, var, gamma, beta))))


# --- Images ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("stride", "pad"), [(1, 0), (2, 1), (3, 2)])
def test_conv2d(stride, pad):
    x, w, b = draws((2, 3, 7, 6), (4, 3, 3, 2), 4)
    tx, tw, tb = leaf(x), leaf(w), leaf(b)
    theirs = functional.conv2d(tx, tw, tb, stride=stride, padding=pad)
    (dout,) = draws(tuple(theirs.shape), seed=1)
    theirs.backward(torch.tensor(dout))
    out, cache = convolution.conv2d_forward(x, w, b, stride=stride, pad=pad)
    assert_agree(out, theirs)
    for ours, tensor in zip(convolution.conv2d_backward(dout, cache), (tx, tw, tb), strict=True):
        assert_agree(ours, tensor.grad)


@pytest.mark.parametrize(("height", "width", "stride"), [(2, 2, 2), (3, 2, 1), (2, 3, 3)])
def test_max_pool_with_ties(height, width, stride):
    x = (
        np.random.default_rng(3).integers(0, 3, size=(2, 2, 7, 8)).astype(float)
    )  # many ties: both take the first
    tx = leaf(x)
    theirs = functional.max_pool2d(tx, (height, width), stride=stride)
    (dout,) = draws(tuple(theirs.shape), seed=4)
    theirs.backward(torch.tensor(dout))
    out, cache = convolution.max_pool_forward(x, height=height, width=width, stride=stride)
    assert_agree(out, theirs)
    assert_agree(convolution.max_pool_backward(dout, cache), tx.grad)


def test_dropout_scaling():
    """PyTorch's p is the probability to drop; both scale what is kept by the inverse of what is kept. The draws differ."""
    theirs = functional.dropout(torch.ones(4000, dtype=torch.float64), p=0.25, training=True).numpy()
    ours, _ = dropout_forward(np.ones(4000), keep=0.75, rng=np.random.default_rng(0))
    np.testing.assert_allclose(np.unique(ours), np.unique(theirs), rtol=1e-15)
    assert np.mean(ours == 0) == pytest.approx(0.25, abs=0.05)
    assert np.mean(theirs == 0) == pytest.approx(0.25, abs=0.05)


# --- Losses ---------------------------------------------------------------------------------------------------------------------


def test_softmax_loss():
    (scores,) = draws((6, 4))
    y = np.array([0, 1, 2, 3, 0, 1])
    ts = leaf(50 * scores)
    theirs = functional.cross_entropy(ts, torch.tensor(y))
    theirs.backward()
    loss, gradient = losses.softmax_loss(50 * scores, y)
    assert_agree(loss, theirs)
    assert_agree(gradient, ts.grad)
    assert_agree(losses.softmax(scores), torch.softmax(torch.tensor(scores), dim=1))


def test_svm_loss():
    (scores,) = draws((6, 4))
    y = np.array([0, 1, 2, 3, 0, 1])
    ts = leaf(scores)
    theirs = 4 * functional.multi_margin_loss(
        ts, torch.tensor(y)
    )  # PyTorch divides by the number of classes, too
    theirs.backward()
    loss, gradient = losses.svm_loss(scores, y)
    assert_agree(loss, theirs)
    assert_agree(gradient, ts.grad)


# --- Optimisers -----------------------------------------------------------------------------------------------------------------


def descend(theirs, rule, state, steps=25, **settings):
    """Follow the gradient of the same uneven bowl with both, and compare the weights at every step."""
    slopes = np.linspace(0.5, 4.0, 6)
    w = np.linspace(-1.0, 1.0, 6)
    tensor = leaf(w)
    optimizer = theirs([tensor])
    for _ in range(steps):
        optimizer.zero_grad()
        (torch.tensor(slopes) * tensor**2 / 2).sum().backward()
        optimizer.step()
        w, *state = rule(w, slopes * w, *state, **settings)
        assert_agree(w, tensor)
    return w


def test_momentum():
    """The learning rate stands inside our velocity and outside PyTorch's: the same weights while it is constant."""
    descend(
        lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9),
        optim.momentum,
        (np.zeros(6),),
        learning_rate=0.05,
        decay=0.9,
    )


def test_nesterov():
    """PyTorch's variant starts from velocity g instead of 0 decayed, which is the same at zero, and moves by g + mu v."""
    descend(
        lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True),
        optim.nesterov,
        (np.zeros(6),),
        learning_rate=0.05,
        decay=0.9,
    )


def test_rmsprop():
    """Both add epsilon outside the root."""
    descend(
        lambda p: torch.optim.RMSprop(p, lr=0.01, alpha=0.99, eps=1e-2),
        optim.rmsprop,
        (np.zeros(6),),
        learning_rate=0.01,
        decay=0.99,
        epsilon=1e-2,
    )


def test_adam():
    """Both add epsilon to the root of the corrected second moment."""
    descend(
        lambda p: torch.optim.Adam(p, lr=0.01, betas=(0.9, 0.99), eps=1e-2),
        optim.adam,
        (np.zeros(6), np.zeros(6), 0),
        learning_rate=0.01,
        beta1=0.9,
        beta2=0.99,
        epsilon=1e-2,
    )
