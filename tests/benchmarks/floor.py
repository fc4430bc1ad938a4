"""What the students' own code costs without any grader, and plain nbclient: `floor.py warm|scripts|nbclient FOLDER`.

warm: the cells of each notebook in a fork of a process that has imported NumPy and matplotlib and drawn a figure; the figure that
`plt.show()` asks for is drawn as PNG, as Jupyter does. It prints CPU seconds. scripts: a fresh Python for each notebook.
nbclient: a fresh kernel for each notebook, two at once, outputs kept, nothing checked. `floor.py loops` prints which part of all
cores' time processes get that do nothing but count.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

AT_ONCE = len(os.sched_getaffinity(0))
LOOPS_S = 20.0  # by the clock


def cells(path: Path) -> list[str]:
    """The sources of a notebook's code cells."""
    return ["".join(cell["source"]) for cell in json.loads(path.read_text())["cells"]]


def warm(paths: list[Path]) -> None:
    """Print the CPU seconds of all cells of all notebooks, AT_ONCE at a time."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    def show() -> None:
        plt.gcf().savefig(io.BytesIO(), format="png", bbox_inches="tight")
        plt.close("all")

    plt.show = show
    plt.plot([0, 1])
    plt.title("x")
    plt.show()
    used = 0.0
    for number, path in enumerate(paths):
        if number >= AT_ONCE:  # what runs beside it costs the same as under a grader
            used += waited()
        if os.fork() == 0:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            space: dict[str, Any] = {"__name__": "__main__"}
            for source in cells(path):
                exec(source, space)
            os._exit(0)
    print(used + sum(waited() for _ in paths[:AT_ONCE]))


def waited() -> float:
    """Wait for one fork; the CPU seconds that it took."""
    _, status, usage = os.wait4(-1, 0)
    if status:
        raise RuntimeError("a cell failed")
    return usage.ru_utime + usage.ru_stime


def loops() -> None:
    """Print CPU seconds over cores times wall seconds of as many endless loops as there are cores."""
    started = time.monotonic()
    for _ in range(AT_ONCE):
        if os.fork() == 0:
            while time.monotonic() - started < LOOPS_S:
                sum(range(100_000))
            os._exit(0)
    used = sum(waited() for _ in range(AT_ONCE))
    print(used / (AT_ONCE * (time.monotonic() - started)))


def scripts(paths: list[Path]) -> None:
    """Run each notebook's cells as one script, one after another."""
    for path in paths:
        with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
            file.write("\n".join(cells(path)))
            file.flush()
            environment = {**os.environ, "MPLBACKEND": "Agg"}
            subprocess.run(
                [sys.executable, file.name], check=True, stdout=subprocess.DEVNULL, env=environment
            )


def nbclient(paths: list[Path]) -> None:
    """Run each notebook in a fresh kernel."""
    import nbformat
    from nbclient import NotebookClient

    async def work(queue: list[Path]) -> None:
        while queue:
            path = queue.pop()
            notebook = nbformat.read(path, as_version=4)
            await NotebookClient(notebook, timeout=600).async_execute()
            nbformat.write(notebook, path.with_suffix(".executed"))

    async def all_of_them() -> None:
        await asyncio.gather(*(work(paths) for _ in range(AT_ONCE)))

    asyncio.run(all_of_them())


if __name__ == "__main__":
    if sys.argv[1:] == ["loops"]:
        loops()
        sys.exit()
    found = sorted(Path(sys.argv[2]).glob("*/*.ipynb"))
    {"warm": warm, "scripts": scripts, "nbclient": nbclient}[sys.argv[1]](found)
