"""Check your own work: `python check.py [FUNCTION ...]`, or in the notebook:

    from check import check
    check("relu")
"""

import sys

if __name__ == "__main__" and sys.path and not getattr(sys.flags, "safe_path", False):
    sys.path.append(sys.path.pop(0))  # a random.py of yours, say, is not to take the place of Python's own

from pathlib import Path

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.append(str(HERE))

try:
    from selfcheck.selfcheck import check_folder, main
    from selfcheck.selfcheck_notebook import kernel_namespace
except ModuleNotFoundError as exc:
    if str(exc.name).partition(".")[0] != "selfcheck":
        raise
    part = str(exc.name).replace(".", "/")
    missing = f"check.py: {part} is missing beside it; take selfcheck/ once more from what you were given"
    if __name__ == "__main__":
        sys.exit(missing)
    raise ImportError(missing) from None


def check(*functions):
    """Check the functions named, or all; the last line of a notebook cell shows the result as a table.

    What you define in the notebook itself is checked as it is in the notebook now: run its cells first.
    """
    names = kernel_namespace()
    if names is None:
        return check_folder(HERE, *functions)
    from selfcheck.here import look  # brings NumPy and the checks into the kernel, and only into it

    return check_folder(HERE, *functions, look=lambda wanted: look(HERE, wanted, names))


if __name__ == "__main__":
    sys.exit(main(HERE))
