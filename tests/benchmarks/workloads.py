"""Make the work that is measured: a light class, a heavy class, and the same notebooks as nbgrader and otter want them.

The light notebook has six code cells, eight functions that are checked, and one plot; the heavy one trains a small network in plain
NumPy. Every submission differs from every other, so that nothing is executed once for two. All solutions are right: what is
measured is the machinery.
"""

from __future__ import annotations

import json
import textwrap
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = [
    "HEAVY",
    "LIGHT",
    "Workload",
    "write_assignment",
    "write_nbgrader",
    "write_otter",
    "write_submissions",
]

IMPORTS = """
import numpy as np
import matplotlib.pyplot as plt

STUDENT = {number}
rng = np.random.default_rng(STUDENT)
"""

LAYERS = '''
def affine_forward(x, w, b):
    """Flatten each example, multiply, add."""
    return x.reshape(len(x), -1) @ w + b


def affine_backward(dout, x, w):
    """Gradients for x, w and b."""
    return (dout @ w.T).reshape(x.shape), x.reshape(len(x), -1).T @ dout, dout.sum(axis=0)


def relu_forward(x):
    """Cut at zero."""
    return np.maximum(x, 0)


def relu_backward(dout, x):
    """Pass on where the input was positive."""
    return dout * (x > 0)
'''

NORMALIZATION = '''
def batchnorm_forward(x, gamma, beta):
    """Normalise each column, then scale and shift."""
    return gamma * (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-5) + beta


def batchnorm_backward(dout, x, gamma):
    """Gradient for x."""
    std = np.sqrt(x.var(axis=0) + 1e-5)
    xhat = (x - x.mean(axis=0)) / std
    dxhat = dout * gamma
    return (dxhat - dxhat.mean(axis=0) - xhat * (dxhat * xhat).mean(axis=0)) / std
'''

TRAINING = '''
def softmax_loss(scores, y):
    """Mean cross-entropy and its gradient."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    logp = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    dscores = np.exp(logp)
    dscores[np.arange(len(y)), y] -= 1
    return -logp[np.arange(len(y)), y].mean(), dscores / len(y)


def momentum_step(w, dw, v):
    """One step of gradient descent with momentum: new weights and velocity."""
    v = 0.9 * v - 1e-2 * dw
    return w + v, v
'''

LOOP = """
x, y = rng.standard_normal(({examples}, {features})), rng.integers(10, size={examples})
x += np.eye({features})[y] * 3
w1, b1 = 0.1 * rng.standard_normal(({features}, {hidden})), np.zeros({hidden})
w2, b2 = 0.1 * rng.standard_normal(({hidden}, 10)), np.zeros(10)
v1, v2, losses = np.zeros_like(w1), np.zeros_like(w2), []
for step in range({steps}):
    hidden = relu_forward(affine_forward(x, w1, b1))
    loss, dscores = softmax_loss(affine_forward(hidden, w2, b2), y)
    dhidden, dw2, _ = affine_backward(dscores, hidden, w2)
    _, dw1, _ = affine_backward(relu_backward(dhidden, hidden), x, w1)
    (w1, v1), (w2, v2) = momentum_step(w1, dw1, v1), momentum_step(w2, dw2, v2)
    losses.append(loss)
print(f"loss {{losses[0]:.3f}} -> {{losses[-1]:.3f}}")
"""

PLOT = """
plt.figure(figsize=(5, 3))
plt.plot(losses)
plt.xlabel("step")
plt.ylabel("loss")
plt.title(f"training of {STUDENT}")
plt.show()
"""

PLACES = (IMPORTS, LAYERS, NORMALIZATION, TRAINING, LOOP, PLOT)

#: Per function, what is done with it and the values that come of it. The same for every tool.
PROBES = {
    "affine_forward": "out = {f}affine_forward(rng.standard_normal((6, 5)), rng.standard_normal((5, 4)), rng.standard_normal(4))",
    "affine_backward": "out = {f}affine_backward(rng.standard_normal((6, 4)), rng.standard_normal((6, 5)), "
    "rng.standard_normal((5, 4)))[1]",
    "relu_forward": "out = {f}relu_forward(rng.standard_normal((6, 5)))",
    "relu_backward": "out = {f}relu_backward(rng.standard_normal((6, 5)), rng.standard_normal((6, 5)))",
    "batchnorm_forward": "out = {f}batchnorm_forward(rng.standard_normal((20, 5)), np.full(5, 2.0), np.full(5, 0.5))",
    "batchnorm_backward": "out = {f}batchnorm_backward(rng.standard_normal((20, 5)), rng.standard_normal((20, 5)), "
    "np.full(5, 2.0))",
    "softmax_loss": "out = {f}softmax_loss(rng.standard_normal((6, 10)), rng.integers(10, size=6))[1]",
    "momentum_step": "out = {f}momentum_step(*rng.standard_normal((3, 6, 5)))[0]",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """One kind of class. steps, examples, features, hidden: of the training loop. cell_s: what a cell may take."""

    name: str
    steps: int
    examples: int = 64
    features: int = 20
    hidden: int = 16
    cell_s: int = 120

    def cells(self, number: int) -> list[str]:
        """The code cells of submission `number`."""
        size = {
            "steps": self.steps,
            "examples": self.examples,
            "features": self.features,
            "hidden": self.hidden,
        }
        sources = [IMPORTS.format(number=number), LAYERS, NORMALIZATION, TRAINING, LOOP.format(**size), PLOT]
        return [source.strip() for source in sources]


LIGHT = Workload(name="light", steps=50)
HEAVY = Workload(name="heavy", steps=700, examples=1000, features=400, hidden=400)  # some 10 s on one core


def notebook(sources: list[str | tuple[str, dict[str, Any]]]) -> str:
    """A notebook of code cells, some with metadata."""
    cells = []
    for number, source in enumerate(sources):
        text, metadata = source if isinstance(source, tuple) else (source, {})
        cells.append(
            {
                "cell_type": "code",
                "id": f"cell-{number}",
                "metadata": metadata,
                "execution_count": None,
                "outputs": [],
                "source": text,
            }
        )
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}, indent=1)


def write_submissions(folder: Path, workload: Workload, count: int, *, first: int = 0) -> None:
    """Write `count` submissions, a folder with one notebook each."""
    for number in range(first, first + count):
        place = folder / f"student{number:05d}"
        place.mkdir(parents=True, exist_ok=True)
        (place / "layers.ipynb").write_text(notebook(list(workload.cells(number))))


def write_assignment(root: Path, workload: Workload, *, points: int = 1, checks: int = len(PROBES)) -> Path:
    """Write this grader's assignment, with a reference of its own, below `root`; return its folder.

    points: of each check. checks: how many of the functions are checked.
    """
    folder = root / "assignments" / workload.name
    (folder / "source").mkdir(parents=True, exist_ok=True)
    common = root / "assignments" / "common"
    common.mkdir(exist_ok=True)
    reference = "\n\n".join(('"""What is right."""', "import numpy as np", LAYERS, NORMALIZATION, TRAINING))
    (common / "layers_reference.py").write_text(reference)
    (folder / "source" / "layers.ipynb").write_text(notebook(list(workload.cells(0))))
    (folder / "assignment.yaml").write_text(
        textwrap.dedent(f"""
        format: 1
        title: Layers ({workload.name})
        course: A course to be measured
        reference: assignments.common.layers_reference
        files: {{}}
        notebooks:
          - path: layers.ipynb
        limits: {{cell_s: {workload.cell_s}}}
        """).lstrip()
    )
    probes = [
        '"""Checks of functions in a notebook."""',
        "import numpy as np",
        "from grader.probe import check",
    ]
    for name, line in list(PROBES.items())[:checks]:
        probes.append(
            f'@check(points={points}, tolerance=1e-7, of="{name}", where="notebook")\n'
            f'def {name}_is_right(impl, rng):\n    """{name} gives what it should."""\n'
            f'    {line.format(f="impl.")}\n    return {{"out": out}}'
        )
    (folder / "checks.py").write_text("\n\n".join(probes) + "\n")
    return folder


def _assertion(name: str, line: str) -> str:
    """The check of one function as the other tools have it: the expected values stand in the test, within reach of the student."""
    space: dict[str, Any] = {}
    exec("import numpy as np\n" + LAYERS + NORMALIZATION + TRAINING, space)  # our own text
    exec("rng = np.random.default_rng(7)\n" + line.format(f=""), space)
    expected = space["out"].tolist()
    return (
        f"rng = np.random.default_rng(7)\n{line.format(f='')}\nassert np.allclose(out, {expected}), {name!r}"
    )


def write_nbgrader(course: Path, workload: Workload, count: int) -> None:
    """Write an nbgrader course: released source with eight test cells, and submissions with the students' cells."""

    def cells(number: int) -> list[str | tuple[str, dict[str, Any]]]:
        grade = {
            "schema_version": 3,
            "solution": False,
            "grade": True,
            "locked": True,
            "task": False,
            "points": 1,
        }
        found: list[str | tuple[str, dict[str, Any]]] = list(workload.cells(number))
        found += [
            (_assertion(name, line), {"nbgrader": {**grade, "grade_id": name, "cell_type": "code"}})
            for name, line in PROBES.items()
        ]
        return found

    source = course / "source" / workload.name
    source.mkdir(parents=True, exist_ok=True)
    (source / "layers.ipynb").write_text(notebook(cells(0)))
    for number in range(count):
        place = course / "submitted" / f"student{number:05d}" / workload.name
        place.mkdir(parents=True, exist_ok=True)
        (place / "layers.ipynb").write_text(notebook(cells(number)))
    (course / "nbgrader_config.py").write_text(
        "c = get_config()\n"
        f"c.CourseDirectory.course_id = 'measured'\nc.CourseDirectory.root = {str(course)!r}\n"
        "c.ExecutePreprocessor.timeout = 600\n"
    )


def write_otter(place: Path, workload: Workload) -> Path:
    """Write an otter autograder zip with eight tests; return its path. The submissions are those of `write_submissions`."""
    place.mkdir(parents=True, exist_ok=True)
    path = place / "autograder.zip"
    config = {"token": None, "score_threshold": None, "points_possible": None, "show_stdout": False}
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("otter_config.json", json.dumps(config))
        for name, line in PROBES.items():
            lines = _assertion(name, line).splitlines()
            code = "\n".join(f">>> {one}" for one in lines)
            case = {"code": code, "hidden": False, "locked": False, "points": 1}
            suite = {"cases": [case], "scored": True, "setup": "", "teardown": "", "type": "doctest"}
            test = {"name": name, "points": 1, "suites": [suite]}
            file.writestr(f"tests/{name}.py", f"OK_FORMAT = True\n\ntest = {test!r}\n")
    return path
