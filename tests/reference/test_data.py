"""Finding a data set: the named folder, the environment, the stand-in; never a silent stand-in for a folder that was named."""

import numpy as np
import pytest

from reference import data


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    monkeypatch.delenv(data.ENVIRONMENT, raising=False)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    data.write_synthetic("cifar10", folder / "cifar-10-batches-py", train=20, test=4)
    data.write_synthetic("mnist", folder / "mnist", train=12, test=3)
    return folder


def test_named_folder_may_be_the_root_or_the_files_own(root):
    assert len(data.find_cifar10(root).y_train) == 20
    assert len(data.find_cifar10(root / "cifar-10-batches-py").y_train) == 20
    assert len(data.find_mnist(root).y_train) == 12
    assert not data.find_mnist(root).synthetic  # it was read from files, and says only that


def test_environment_names_the_root(root, monkeypatch):
    monkeypatch.setenv(data.ENVIRONMENT, str(root))
    assert len(data.find_cifar10().y_train) == 20
    assert len(data.find_mnist().y_train) == 12


def test_nothing_named_gives_the_stand_in_which_says_so():
    dataset = data.find_mnist()
    assert dataset.synthetic
    assert "not the real images" in dataset.source


def test_named_folder_without_files_is_an_error(tmp_path, monkeypatch):
    with pytest.raises(data.DataError, match=r"no data_batch_\* there"):
        data.find_cifar10(tmp_path)
    monkeypatch.setenv(data.ENVIRONMENT, str(tmp_path))
    with pytest.raises(data.DataError, match="expected the official MNIST files"):
        data.find_mnist()


def test_write_synthetic_rejects_other_names(tmp_path):
    with pytest.raises(data.DataError, match="no data set 'imagenet', expected cifar10 or mnist"):
        data.write_synthetic("imagenet", tmp_path)


def test_split_validation_takes_first_rows_then_the_next(root):
    dataset = data.find_cifar10(root)
    split = data.split_validation(dataset, train=10, validation=5, test=2)
    assert {name: len(array) for name, array in split.items()} == {
        "X_train": 10,
        "y_train": 10,
        "X_val": 5,
        "y_val": 5,
        "X_test": 2,
        "y_test": 2,
    }
    np.testing.assert_array_equal(split["X_val"], dataset.x_train[10:15])
    assert split["X_train"].dtype == np.float64


def test_split_validation_of_a_small_set_gives_validation_its_rows_first(root):
    dataset = data.find_cifar10(root)
    split = data.split_validation(dataset, train=49000, validation=6, test=1000)
    assert len(split["y_train"]) == 14
    np.testing.assert_array_equal(split["y_val"], dataset.y_train[14:])
    assert len(split["y_test"]) == 4
    with pytest.raises(data.DataError, match="20 of 20 rows for validation leave none"):
        data.split_validation(dataset, train=10, validation=20, test=1)
