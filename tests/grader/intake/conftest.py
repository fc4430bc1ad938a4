"""A small assignment with a package, a provided and a fallback file and one notebook, and ways to hand something in for it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from grader.assignment import Assignment, load_assignment
from grader.blobs import BlobStore
from grader.model import Submission
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

SOLVER = b"class Solver:\n    pass\n"
OPTIM = b"def sgd(w, dw, config=None):\n    return w - dw, config\n"
LAYERS = (
    b"def norm_forward(x):\n    return x - x.mean(0)\n\n\ndef norm_backward(d):\n    return d - d.mean(0)\n"
)
BLANK_LAYERS = b'def norm_forward(x):\n    """To do."""\n    raise NotImplementedError("to" + "do")\n\n\ndef norm_backward(d):\n    pass\n'
FC_NET = b"from ..layers import norm_forward\n\n\nclass Net:\n    def loss(self, x):\n        return norm_forward(x) + 1\n"


def notebook(*headings: str, code: str = "1 + 1") -> bytes:
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": [f"## {heading}\n", "text"]}
        for heading in headings
    ]
    cells.append(
        {"cell_type": "code", "metadata": {}, "source": code, "outputs": [], "execution_count": None}
    )
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}).encode()


NOTEBOOK = notebook("Norm: forward", "Norm: backward")

#: A complete hand-in, as the assignment lays it out.
WHOLE: Mapping[str, bytes] = {
    "Normalization.ipynb": NOTEBOOK,
    "net231/layers.py": LAYERS,
    "net231/classifiers/fc_net.py": FC_NET,
}


def below(prefix: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {f"{prefix}/{path}": data for path, data in files.items()}


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    for path, data in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return folder


def zipped(files: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            archive.writestr(path, data)
    return stream.getvalue()


Take = Callable[..., list[Submission | Rejected]]


@pytest.fixture(scope="session")
def assignment(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    folder = tmp_path_factory.mktemp("assignments") / "norm"
    source = {**WHOLE, "net231/solver.py": SOLVER, "net231/optim.py": OPTIM}
    write(
        folder,
        {"assignment.yaml": SPEC.encode(), "checks.py": b'"""No checks."""\n', **below("source", source)},
    )
    return load_assignment(folder)


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path / "blobs")


@pytest.fixture
def take(assignment: Assignment, blobs: BlobStore) -> Take:
    """Take in some paths; every staged file is read back from the store, so that what is listed is really kept."""

    def taken(*paths: Path, **settings: object) -> list[Submission | Rejected]:
        found = list(find_submissions(paths, assignment, blobs, **settings))  # type: ignore[arg-type]
        for item in found:
            if isinstance(item, Submission):
                assert all(len(blobs.get(file.digest)) == file.size_bytes for file in item.files)
        return found

    return taken
