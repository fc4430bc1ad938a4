"""What the self-check's process runs: the checks, the comparison and the folder, brought together."""

import json
import sys
from pathlib import Path

from . import checks
from .compare import compare_value
from .selfcheck_worker import work

work(Path(sys.argv[1]), compare_value, vars(checks), json.loads(sys.argv[2]))
