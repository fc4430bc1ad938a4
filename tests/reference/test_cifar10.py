"""CIFAR-10 files: the same tests on the real ones (where found) and on a stand-in; hostile and damaged files."""

import pickle

import numpy as np
import pytest

from reference.cifar10 import CLASSES, load_cifar10, read_batch, write_cifar10
from reference.dataset import DataError
from reference.synthetic import synthetic_cifar10


def test_load_cifar10_reads_official_files(cifar10_folder):
    dataset = load_cifar10(cifar10_folder)
    rows = len(dataset.y_train)
    assert dataset.x_train.shape == (rows, 3, 32, 32)
    assert dataset.x_test.shape == (len(dataset.y_test), 3, 32, 32)
    assert dataset.x_train.dtype == np.uint8
    assert dataset.y_train.dtype == np.int64
    assert set(dataset.y_train) == set(range(10))
    assert dataset.classes == CLASSES
    assert f"{rows} training" in dataset.source


def test_load_cifar10_keeps_the_official_order(cifar10_folder):
    dataset = load_cifar10(cifar10_folder)
    first, _ = read_batch(cifar10_folder / "data_batch_1")
    second, labels = read_batch(cifar10_folder / "data_batch_2")
    np.testing.assert_array_equal(dataset.x_train[: len(first)], first)
    np.testing.assert_array_equal(dataset.y_train[len(first) : len(first) + len(second)], labels)


@pytest.mark.filterwarnings("ignore:numpy.core")
@pytest.mark.parametrize(("encoding", "key"), [("bytes", b"data"), ("latin1", "data")])
def test_written_files_read_like_official_ones_with_plain_pickle(cifar10_folder, encoding, key):
    """Students' code unpickles the official way: by byte keys or by latin1 ones."""
    with (cifar10_folder / "test_batch").open("rb") as file:
        batch = pickle.load(file, encoding=encoding)
    images, _ = read_batch(cifar10_folder / "test_batch")
    np.testing.assert_array_equal(batch[key], images.reshape(len(images), -1))
    assert len(batch) == 4
    with (cifar10_folder / "batches.meta").open("rb") as file:
        meta = pickle.load(file, encoding="latin1")
    assert tuple(meta["label_names"]) == CLASSES
    assert meta["num_vis"] == 3072


def test_write_then_load_gives_back_the_same_images(tmp_path):
    dataset = synthetic_cifar10(train=17, test=3)
    write_cifar10(dataset, tmp_path)
    again = load_cifar10(tmp_path)
    np.testing.assert_array_equal(again.x_train, dataset.x_train)
    np.testing.assert_array_equal(again.y_train, dataset.y_train)
    np.testing.assert_array_equal(again.x_test, dataset.x_test)
    first = (tmp_path / "data_batch_1").read_bytes()
    write_cifar10(dataset, tmp_path)
    assert (tmp_path / "data_batch_1").read_bytes() == first


def test_pixels_run_by_channel_then_row_then_column(tmp_path):
    batch = {b"data": np.arange(3072).astype(np.uint8)[None], b"labels": [4]}
    (tmp_path / "batch").write_bytes(pickle.dumps(batch, protocol=2))
    with pytest.raises(DataError, match=r"it asks for _codecs.encode"):
        read_batch(tmp_path / "batch")  # Python 3's bytes in protocol 2 are calls: no official file has them
    (tmp_path / "batch").write_bytes(pickle.dumps(batch, protocol=3))
    images, labels = read_batch(tmp_path / "batch")
    assert images[0, 1, 2, 3] == (1024 + 2 * 32 + 3) % 256
    assert labels.tolist() == [4]


class Hostile:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def test_hostile_pickles_run_nothing(tmp_path):
    path, canary = tmp_path / "data_batch_1", tmp_path / "canary"
    for call in (
        Hostile(open, str(canary), "w"),
        Hostile(eval, "1"),
        Hostile(np.load, str(canary)),
        Hostile(np.dtype, "O"),
    ):
        path.write_bytes(pickle.dumps({b"data": call, b"labels": []}, protocol=2))
        with pytest.raises(DataError, match="not a CIFAR-10 batch"):
            read_batch(path)
    assert not canary.exists()


def test_a_huge_shape_is_not_allocated(tmp_path):
    reconstruct = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nJ\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86U\x01btR"
    (tmp_path / "batch").write_bytes(b"\x80\x02}(U\x04data" + reconstruct + b"U\x06labels]u.")
    with pytest.raises(DataError, match=r"data is uint8 \(0,\), expected uint8 \(N, 3072\)"):
        read_batch(tmp_path / "batch")


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        pytest.param({b"labels": [0]}, "KeyError", id="no-data"),
        pytest.param([1, 2], "TypeError", id="not-a-dict"),
        pytest.param({b"data": [1], b"labels": [0]}, r"data is list, expected uint8 \(N, 3072\)", id="list"),
        pytest.param(
            {b"data": np.zeros((1, 5), np.uint8), b"labels": [0]}, r"data is uint8 \(1, 5\)", id="size"
        ),
        pytest.param(
            {b"data": np.zeros((2, 3072), np.uint8), b"labels": [0]},
            "expected 2 integers from 0 to 9",
            id="count",
        ),
        pytest.param(
            {b"data": np.zeros((1, 3072), np.uint8), b"labels": [10]},
            "expected 1 integers from 0 to 9",
            id="range",
        ),
        pytest.param(
            {b"data": np.zeros((1, 3072), np.uint8), b"labels": [0.5]}, "labels are float64", id="float"
        ),
        pytest.param(
            {b"data": np.zeros((0, 3072), np.uint8), b"labels": []}, "labels are float64", id="empty"
        ),
    ],
)
def test_read_batch_says_what_is_wrong(tmp_path, batch, message):
    (tmp_path / "data_batch_1").write_bytes(pickle.dumps(batch, protocol=3))
    with pytest.raises(DataError, match=message):
        read_batch(tmp_path / "data_batch_1")


def test_absent_and_cut_files_are_named(tmp_path):
    with pytest.raises(DataError, match=r"no data_batch_\* there"):
        load_cifar10(tmp_path)
    write_cifar10(synthetic_cifar10(train=5, test=1), tmp_path)
    whole = (tmp_path / "data_batch_3").read_bytes()
    (tmp_path / "data_batch_3").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"data_batch_3: not a CIFAR-10 batch .* download the file again"):
        load_cifar10(tmp_path)
    (tmp_path / "data_batch_3").write_bytes(whole)
    (tmp_path / "test_batch").unlink()
    with pytest.raises(DataError, match="test_batch: not there"):
        load_cifar10(tmp_path)


def test_write_cifar10_rejects_other_images(tmp_path):
    dataset = synthetic_cifar10(train=5, test=1)
    object.__setattr__(dataset, "x_test", dataset.x_test / 255)
    with pytest.raises(
        DataError, match=r"images are float64 \(1, 3, 32, 32\), expected uint8 \(N, 3, 32, 32\)"
    ):
        write_cifar10(dataset, tmp_path)
