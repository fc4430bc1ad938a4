"""The attacks once more, for a grader that is an ordinary user: where root runs the tests, `nobody` runs these."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.sandbox

NOBODY = 65534
HERE = Path(__file__).resolve().parent
TIME_S = 300


def readable_python():
    """An interpreter of this version that everybody may run."""
    version = f"python3.{sys.version_info.minor}"
    for candidate in (Path(sys.base_prefix) / "bin" / version, Path("/usr/bin") / version):
        parts = [candidate.resolve(), *candidate.resolve().parents]
        if candidate.exists() and all(path.stat().st_mode & 0o005 for path in parts):
            return str(candidate)
    pytest.skip("no interpreter of this version can be read by an ordinary user")


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user runs these tests already")
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv is not installed")
@pytest.mark.parametrize("attacks", ["test_modules.py", "test_notebooks.py"])
def test_attacks_fail_against_an_ordinary_user_s_grader_too(attacks):
    with tempfile.TemporaryDirectory(prefix="gc-nobody-", ignore_cleanup_errors=True) as folder:
        place = Path(folder)
        place.chmod(0o755)
        home = place / "home"
        home.mkdir()
        os.chown(home, NOBODY, NOBODY)
        environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(home),
            "PYTHONPATH": f"{Path(np.__file__).parents[1]}:{HERE.parents[1]}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }
        user = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"]
        tests = [str(HERE / attacks), "-q", "-p", "no:cacheprovider", f"--basetemp={home / 'tmp'}"]
        done = subprocess.run(
            [*user, readable_python(), "-m", "pytest", *tests],
            env=environment,
            cwd=HERE.parents[1],
            capture_output=True,
            text=True,
            timeout=TIME_S,
            check=False,
        )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
