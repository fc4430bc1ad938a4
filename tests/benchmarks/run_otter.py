"""`otter run` for many submissions, some at once: `run_otter.py AT_ONCE PYTHON AUTOGRADER NOTEBOOK...`."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def one(path: str) -> None:
    """Grade one notebook; what comes of it lies beside it."""
    out = Path(f"{path}.results")
    out.mkdir(exist_ok=True)
    _, _, python, archive, *_ = sys.argv
    subprocess.run([python, "-m", "otter", "run", path, "-a", archive, "-o", out, "--no-logo"], check=True)


if __name__ == "__main__":
    with ThreadPoolExecutor(int(sys.argv[1])) as pool:
        list(pool.map(one, sys.argv[4:]))
