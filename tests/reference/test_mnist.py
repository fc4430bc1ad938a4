"""MNIST files: the same tests on the real ones (where found) and on a stand-in; damaged files."""

import gzip
import struct

import numpy as np
import pytest

from reference.dataset import DataError
from reference.mnist import load_mnist, read_idx, write_mnist
from reference.synthetic import synthetic_mnist


def test_load_mnist_reads_official_files(mnist_folder):
    dataset = load_mnist(mnist_folder)
    rows = len(dataset.y_train)
    assert dataset.x_train.shape == (rows, 28, 28)
    assert dataset.x_test.shape == (len(dataset.y_test), 28, 28)
    assert dataset.x_train.dtype == np.uint8
    assert dataset.y_test.dtype == np.int64
    assert set(dataset.y_train) == set(range(10))
    assert f"{rows} training" in dataset.source


def test_header_says_how_many_rows_there_are(mnist_folder):
    """By another method: the lengths straight from the file's bytes."""
    content = gzip.decompress((mnist_folder / "train-images-idx3-ubyte.gz").read_bytes())
    magic, rows, height, width = struct.unpack(">4I", content[:16])
    assert (magic, height, width) == (2051, 28, 28)
    assert load_mnist(mnist_folder).x_train.shape == (rows, 28, 28)


def test_write_then_load_gives_back_the_same_images(tmp_path):
    dataset = synthetic_mnist(train=12, test=3)
    write_mnist(dataset, tmp_path)
    again = load_mnist(tmp_path)
    np.testing.assert_array_equal(again.x_train, dataset.x_train)
    np.testing.assert_array_equal(again.y_test, dataset.y_test)
    first = (tmp_path / "train-images-idx3-ubyte.gz").read_bytes()
    write_mnist(dataset, tmp_path)
    assert (tmp_path / "train-images-idx3-ubyte.gz").read_bytes() == first


def test_unpacked_files_are_read_too(tmp_path):
    write_mnist(synthetic_mnist(train=4, test=2), tmp_path)
    for path in list(tmp_path.iterdir()):
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
    assert len(load_mnist(tmp_path).y_train) == 4


def test_read_idx_by_hand(tmp_path):
    (tmp_path / "tiny").write_bytes(bytes([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6]))
    np.testing.assert_array_equal(read_idx(tmp_path / "tiny"), [[1, 2, 3], [4, 5, 6]])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "expected 00 00 08", id="empty"),
        pytest.param(bytes([0, 0, 13, 1, 0, 0, 0, 0]), "starts with 00 00 0d 01", id="floats"),
        pytest.param(bytes([0, 0, 8, 3, 0, 0]), "ends within its header", id="short-header"),
        pytest.param(
            bytes([0, 0, 8, 1, 0, 0, 0, 9, 1]), "holds 1 bytes of data, expected 9", id="short-data"
        ),
        pytest.param(
            bytes([0, 0, 8, 1, 0, 0, 0, 1, 1, 1]), "holds 2 bytes of data, expected 1", id="long-data"
        ),
        pytest.param(bytes([0, 0, 8, 2] + [255] * 8 + [1]), "expected 18446744065119617025", id="huge-shape"),
    ],
)
def test_read_idx_says_what_is_wrong(tmp_path, content, message):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_idx(tmp_path / "file")


def test_damaged_gzip_and_absent_files_are_named(tmp_path):
    write_mnist(synthetic_mnist(train=4, test=2), tmp_path)
    labels = tmp_path / "t10k-labels-idx1-ubyte.gz"
    whole = labels.read_bytes()
    for damaged in (whole[:-9], b"not gzip", whole[:12] + b"\xff\xff" + whole[14:]):
        labels.write_bytes(damaged)
        with pytest.raises(DataError, match=r"t10k-labels-idx1-ubyte\.gz: .*download the file again"):
            load_mnist(tmp_path)
    labels.unlink()
    with pytest.raises(
        DataError, match=r"neither t10k-labels-idx1-ubyte\.gz nor t10k-labels-idx1-ubyte there"
    ):
        load_mnist(tmp_path)


def test_images_and_labels_that_do_not_match_are_rejected(tmp_path):
    write_mnist(synthetic_mnist(train=4, test=2), tmp_path)
    labels = tmp_path / "train-labels-idx1-ubyte.gz"
    labels.write_bytes(gzip.compress(bytes([0, 0, 8, 1, 0, 0, 0, 4, 1, 2, 3, 10])))
    with pytest.raises(DataError, match="expected 4 numbers from 0 to 9"):
        load_mnist(tmp_path)
    labels.write_bytes(gzip.compress(bytes([0, 0, 8, 1, 0, 0, 0, 1, 1])))
    with pytest.raises(DataError, match=r"labels are \(1,\), expected 4 numbers"):
        load_mnist(tmp_path)
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(bytes([0, 0, 8, 1, 0, 0, 0, 1, 1])))
    with pytest.raises(DataError, match=r"images are \(1,\), expected \(N, 28, 28\)"):
        load_mnist(tmp_path)


def test_write_mnist_rejects_other_images(tmp_path):
    dataset = synthetic_mnist(train=2, test=1)
    object.__setattr__(dataset, "x_train", dataset.x_train.reshape(2, -1))
    with pytest.raises(DataError, match=r"images are uint8 \(2, 784\), expected uint8 \(N, 28, 28\)"):
        write_mnist(dataset, tmp_path)
