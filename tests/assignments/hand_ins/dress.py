"""What becomes of a student's files between editor and hand-in: folders, copies, encodings, notebooks, zips. Bytes in and out."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

__all__ = [
    "added",
    "bom",
    "colab_notebook",
    "crlf",
    "flat",
    "latin_1",
    "macosx",
    "moved",
    "notebook",
    "old_notebook",
    "only",
    "prefixed",
    "put_before",
    "replaced",
    "repository",
    "tabs",
    "without",
    "zipped",
]

Files = dict[str, bytes]
Dress = Callable[[Files], Files]


def added(files: Mapping[str, str | bytes]) -> Dress:
    """These files lie there as well."""
    return lambda got: {**got, **{path: _bytes(text) for path, text in files.items()}}


def without(*paths: str) -> Dress:
    """These files are not there."""
    return lambda got: {path: data for path, data in got.items() if path not in paths}


def only(*paths: str) -> Dress:
    """Nothing but these files is there."""
    return lambda got: {path: got[path] for path in paths}


def moved(old: str, new: str) -> Dress:
    """A file lies elsewhere."""
    return lambda got: {new if path == old else path: data for path, data in got.items()}


def prefixed(folder: str) -> Dress:
    """Everything lies in a folder."""
    return lambda got: {f"{folder}/{path}": data for path, data in got.items()}


def flat(got: Files) -> Files:
    """Every file at the top, relative imports of packages above the file's own as its author had to write them."""
    return {
        path.rpartition("/")[2]: data.replace(b"from ..", b"from ")
        .replace(b"from .", b"from ")
        .replace(b"cs231n.", b"")
        for path, data in got.items()
    }


def put_before(path: str, text: str) -> Dress:
    """Lines at the top of one file."""
    return lambda got: {**got, path: text.encode() + got[path]}


def replaced(path: str, texts: Mapping[str, str]) -> Dress:
    """Every one of some texts stands for another in one file."""

    def replace(got: Files) -> Files:
        text = got[path].decode()
        for old, new in texts.items():
            assert old in text, old
            text = text.replace(old, new)
        return {**got, path: text.encode()}

    return replace


def crlf(got: Files) -> Files:
    """Windows line ends."""
    return {
        path: data.replace(b"\n", b"\r\n") if path.endswith(".py") else data for path, data in got.items()
    }


def bom(got: Files) -> Files:
    """Windows' mark of UTF-8 in front of every module."""
    return {path: b"\xef\xbb\xbf" + data if path.endswith(".py") else data for path, data in got.items()}


def latin_1(path: str, comment: str) -> Dress:
    """A comment in Latin-1, said to be so in the first line."""
    head = f"# -*- coding: latin-1 -*-\n# {comment}\n".encode("latin-1")
    return lambda got: {**got, path: head + got[path]}


def tabs(path: str) -> Dress:
    """Tabs for every level of indentation of a file that is indented by two spaces."""

    def tabbed(got: Files) -> Files:
        lines = []
        for line in got[path].decode().splitlines():
            body = line.lstrip(" ")
            depth = len(line) - len(body)
            lines.append("\t" * (depth // 2) + " " * (depth % 2) + body)
        return {**got, path: ("\n".join(lines) + "\n").encode()}

    return tabbed


def repository(got: Files) -> Files:
    """The whole course repository, with the other assignments' files of the same names, git, caches and a data set."""
    own = {f"cs231n-solutions-master/assignment2/{path}": data for path, data in got.items()}
    empty = "def {}:\n    pass\n"
    signatures = ("affine_forward(x, w, b)", "batchnorm_forward(x, gamma, beta, bn_param)")
    other = "\n\n".join(["import numpy as np\n", *map(empty.format, signatures)]).encode()
    return {
        **own,
        "cs231n-solutions-master/README.md": b"# My solutions\n",
        "cs231n-solutions-master/.git/config": b"[core]\n",
        "cs231n-solutions-master/assignment1/knn.ipynb": notebook(["print(1)"]),
        "cs231n-solutions-master/assignment1/cs231n/classifiers/softmax.py": b"def softmax_loss_naive(W, X, y, reg):\n    pass\n",
        "cs231n-solutions-master/assignment1/cs231n/layers.py": other,
        "cs231n-solutions-master/assignment1/cs231n/classifiers/fc_net.py": b"class TwoLayerNet(object):\n    pass\n",
        "cs231n-solutions-master/assignment3/cs231n/layers.py": other,
        "cs231n-solutions-master/assignment2/cs231n/datasets/cifar-10-batches-py/data_batch_1": bytes(
            3_000_000
        ),
        "cs231n-solutions-master/assignment2/cs231n/__pycache__/layers.cpython-36.pyc": b"\x33\x0d\x0d\x0a",
        "cs231n-solutions-master/assignment2/.ipynb_checkpoints/BatchNormalization-checkpoint.ipynb": notebook(
            []
        ),
        "cs231n-solutions-master/assignment2/report.pdf": b"%PDF-1.4\n",
        "cs231n-solutions-master/assignment2/collectSubmission.sh": b"zip -r assignment2.zip .\n",
    }


def macosx(got: Files) -> Files:
    """What the Finder puts into a zip."""
    twins = {f"__MACOSX/{path.rpartition('/')[0]}/._{path.rpartition('/')[2]}": b"\0\5\x16\7" for path in got}
    return {**got, **twins, ".DS_Store": b"\0\0\0\1Bud1"}


def zipped(got: Files) -> bytes:
    """One zip of all files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in got.items():
            archive.writestr(path, data)
    return buffer.getvalue()


# --- Notebooks ----------------------------------------------------------------------------------------------------------------


def notebook(code: list[str], answers: list[str] | None = None) -> bytes:
    """A notebook of nbformat 4.0: cells have no ids."""
    cells: list[dict[str, Any]] = [_code(source) for source in code]
    cells += [{"cell_type": "markdown", "metadata": {}, "source": text} for text in answers or []]
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "conda-env-cs231n-py"}}
    return json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 0}).encode()


def _code(source: str) -> dict[str, Any]:
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source}


def old_notebook(code: list[str], answers: list[str]) -> bytes:
    """A notebook of nbformat 3, with a worksheet."""
    cells: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "collapsed": False,
            "input": source,
            "language": "python",
            "metadata": {},
            "outputs": [],
        }
        for source in code
    ]
    cells += [{"cell_type": "markdown", "metadata": {}, "source": text} for text in answers]
    document = {"metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0}
    return json.dumps({**document, "worksheets": [{"cells": cells, "metadata": {}}]}).encode()


def colab_notebook(code: list[str], answers: list[str]) -> bytes:
    """A notebook that first mounts a drive, changes folders and fetches data."""
    head = [
        "from google.colab import drive\ndrive.mount('/content/drive', force_remount=True)\n"
        "FOLDERNAME = 'cs231n/assignments/assignment2/'\nassert FOLDERNAME is not None, '[!] Enter the foldername.'\n"
        "%cd drive/My\\ Drive\n%cp -r $FOLDERNAME ../../\n%cd ../../\n%cd cs231n/datasets/\n!bash get_datasets.sh\n%cd ../../",
        "import os\nimport sys\nos.chdir('/content/drive/My Drive/cs231n/assignments/assignment2')\n"
        "sys.path.append('/content/drive/My Drive/cs231n')",
        "!pip install imageio==2.8.0\n%load_ext autoreload\n%autoreload 2\n%matplotlib inline",
    ]
    return notebook([*head, *code], answers)


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text
