"""The stand-ins: shapes, honesty, repeatability, and that networks can learn them but not at a glance."""

import numpy as np
import pytest

from reference.conventions import cs231n
from reference.synthetic import synthetic_cifar10, synthetic_mnist


@pytest.mark.parametrize(("make", "shape"), [(synthetic_cifar10, (3, 32, 32)), (synthetic_mnist, (28, 28))])
def test_stand_ins_have_the_real_shapes_and_say_what_they_are(make, shape):
    dataset = make(train=60, test=20)
    assert dataset.x_train.shape == (60, *shape)
    assert dataset.x_test.shape == (20, *shape)
    assert dataset.x_train.dtype == np.uint8
    assert dataset.y_train.dtype == np.int64
    assert dataset.synthetic
    assert "synthetic stand-in" in dataset.source
    assert len(dataset.classes) == 10


def test_equal_arguments_give_equal_data_and_seeds_matter():
    first, again, other = (
        synthetic_mnist(train=9, test=1),
        synthetic_mnist(train=9, test=1),
        synthetic_mnist(train=9, test=1, seed=1),
    )
    np.testing.assert_array_equal(first.x_train, again.x_train)
    assert not np.array_equal(first.x_train, other.x_train)


@pytest.mark.parametrize(
    ("make", "learned"), [(synthetic_cifar10, (0.3, 0.9)), (synthetic_mnist, (0.8, 1.0))]
)
def test_a_small_network_learns_them_and_keeps_it_on_test_images(make, learned):
    dataset = make(train=1000, test=300)
    mean = dataset.x_train.mean(axis=0)
    data = {
        "X_train": dataset.x_train - mean,
        "y_train": dataset.y_train,
        "X_val": dataset.x_test - mean,
        "y_val": dataset.y_test,
    }
    np.random.seed(0)
    model = cs231n.FullyConnectedNet([50, 50], mean.size, 10, normalization="batchnorm", weight_scale=1e-2)
    settings = {"update_rule": "adam", "optim_config": {"learning_rate": 1e-3}, "verbose": False}
    solver = cs231n.Solver(model, data, num_epochs=5, batch_size=50, **settings)
    solver.train()
    assert solver.val_acc_history[0] < 0.25
    low, high = learned
    assert low < solver.best_val_acc < high
