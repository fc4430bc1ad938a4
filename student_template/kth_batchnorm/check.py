"""Check your own work: `python check.py [FUNCTION ...]`, or in the notebook:

    from check import check
    check("relu")
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))

from selfcheck.selfcheck import check_folder, main  # noqa: E402 - found only now


def check(*functions):
    """Check the functions named, or all; the last line of a notebook cell shows the result as a table."""
    return check_folder(HERE, *functions)


if __name__ == "__main__":
    sys.exit(main(HERE))
