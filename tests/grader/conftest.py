"""A small assignment with a package, a provided and a fallback file and one notebook, and ways to hand something in for it."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from grader.assignment import Assignment, load_assignment
from grader.model import Submission
from grader.store.blobs import BlobStore
from grader.submission import Rejected, find_submissions

SPEC = """\
format: 1
title: Normalization
course: Test
reference: solution
files:
  modules:
    - path: net231/layers.py
      defines: [norm_forward, norm_backward]
    - path: net231/classifiers/fc_net.py
      defines: [Net]
  provided: [net231/solver.py]
  fallback: [net231/optim.py]
notebooks:
  - path: Normalization.ipynb
    matches: ["*norm*.ipynb"]
    headings: ["Norm: forward", "Norm: backward"]
data: cifar10
data_folder: net231/images
"""


class Kit:
    """Files of hand-ins for the small assignment, and what makes folders and zips of them."""

    solver = b"class Solver:\n    pass\n"
    optim = b"def sgd(w, dw, config=None):\n    return w - dw, config\n"
    layers = b"def norm_forward(x):\n    return x - x.mean(0)\n\n\ndef norm_backward(d):\n    return d - d.mean(0)\n"
    blank_layers = b"def norm_forward(x):\n    raise NotImplementedError('to' + 'do')\n\n\ndef norm_backward(d):\n    pass\n"
    fc_net = b"from ..layers import norm_forward\n\n\nclass Net:\n    def loss(self, x):\n        return norm_forward(x) + 1\n"

    @staticmethod
    def notebook(*headings: str, code: str = "1 + 1") -> bytes:
        cells = [
            {"cell_type": "markdown", "metadata": {}, "source": [f"## {heading}\n", "text"]}
            for heading in headings
        ]
        cells.append(
            {"cell_type": "code", "metadata": {}, "source": code, "outputs": [], "execution_count": None}
        )
        return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}).encode()

    @property
    def whole(self) -> dict[str, bytes]:
        """A complete hand-in, as the assignment lays it out."""
        return {
            "Normalization.ipynb": self.notebook("Norm: forward", "Norm: backward"),
            "net231/layers.py": self.layers,
            "net231/classifiers/fc_net.py": self.fc_net,
        }

    @staticmethod
    def below(prefix: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
        return {f"{prefix}/{path}": data for path, data in files.items()}

    @staticmethod
    def write(folder: Path, files: Mapping[str, bytes]) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for path, data in files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        return folder

    @staticmethod
    def zipped(files: Mapping[str, bytes]) -> bytes:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, data in files.items():
                archive.writestr(path, data)
        return stream.getvalue()


Take = Callable[..., list[Submission | Rejected]]


@pytest.fixture(scope="session")
def kit() -> Kit:
    return Kit()


@pytest.fixture(scope="session")
def norm_assignment(tmp_path_factory: pytest.TempPathFactory, kit: Kit) -> Assignment:
    folder = tmp_path_factory.mktemp("assignments") / "norm"
    source = {**kit.whole, "net231/solver.py": kit.solver, "net231/optim.py": kit.optim}
    kit.write(
        folder,
        {"assignment.yaml": SPEC.encode(), "checks.py": b'"""No checks."""\n', **kit.below("source", source)},
    )
    return load_assignment(folder)


@pytest.fixture
def take(norm_assignment: Assignment, tmp_path: Path) -> Take:
    """Take in some paths; every staged file is read back from the store, so that what is listed is really kept."""
    blobs = BlobStore(tmp_path / "blobs")

    def taken(*paths: Path, **settings: object) -> list[Submission | Rejected]:
        found = list(find_submissions(paths, norm_assignment, blobs, **settings))  # type: ignore[arg-type]
        for item in found:
            if isinstance(item, Submission):
                assert all(len(blobs.get(file.digest)) == file.size_bytes for file in item.files)
        return found

    return taken


ONE_CHECK = """
import numpy as np

from grader.probe import check


@check(points=5, tolerance=1e-7, of="batchnorm_forward")
def output_is_normalised(impl, rng):
    \"\"\"Each column has mean zero and deviation one.\"\"\"
    x = 5 * rng.standard_normal((6, 4)) + 12
    return {"out": impl.batchnorm_forward(x, np.ones(4), np.zeros(4), {"mode": "train"})[0]}
"""


@pytest.fixture
def course_of_one_check(pytestconfig: pytest.Config, tmp_path: Path) -> Path:
    """The folder of a course with one function and the whole catalogue: what known mistakes give is soon computed."""
    folder = tmp_path / "one_check"
    shutil.copytree(pytestconfig.rootpath / "tests" / "data" / "small_assignment", folder)
    spec = (folder / "assignment.yaml").read_text("utf-8")
    of_course = "reference: reference.conventions.cs231n\nmisconceptions: reference.misconceptions\n"
    for old, new in (("reference: solution\n", of_course), ("scale_forward, Scaler", "batchnorm_forward")):
        assert old in spec
        spec = spec.replace(old, new)
    (folder / "assignment.yaml").write_text(spec, "utf-8")
    (folder / "checks.py").write_text(ONE_CHECK, "utf-8")
    return folder
