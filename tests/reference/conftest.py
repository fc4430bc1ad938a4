"""Where the tests find data: the real files if they are there, else a small stand-in in the same official formats."""

import os
from pathlib import Path

import pytest

from reference import cifar10, data, mnist


def real_folder(name):
    """A folder of real files: GRADECHECK_DATA, else a folder shared/data in the repository or beside it."""
    root = Path(__file__).parents[2]
    places = [Path(value) for value in [os.environ.get(data.ENVIRONMENT)] if value]
    places += [root / "shared" / "data", root.parent / "shared" / "data"]
    return next((place / name for place in places if (place / name).is_dir()), None)


@pytest.fixture(scope="session", params=["real", "synthetic"])
def cifar10_folder(request, tmp_path_factory):
    """Official CIFAR-10 batch files: once the real ones (skipped where absent), once a stand-in."""
    return official_files(request.param, tmp_path_factory, "cifar10", cifar10.FOLDER)


@pytest.fixture(scope="session", params=["real", "synthetic"])
def mnist_folder(request, tmp_path_factory):
    """Official MNIST files: once the real ones (skipped where absent), once a stand-in."""
    return official_files(request.param, tmp_path_factory, "mnist", mnist.FOLDER)


def official_files(kind, tmp_path_factory, name, folder_name):
    if kind == "real":
        folder = real_folder(folder_name)
        if folder is None:
            pytest.skip(f"no real {folder_name}: set {data.ENVIRONMENT} to test with it")
        return folder
    folder = tmp_path_factory.mktemp(name)
    data.write_synthetic(name, folder, train=200, test=50)
    return folder
