"""What the self-check's process runs: the checks, the comparison and the folder, brought together."""

import json
import sys
from pathlib import Path

from . import checks
from .compare import compare_value
from .selfcheck_worker import work

folder, request = sys.argv[1:]
del sys.argv[1:]  # else students' scripts would take them for their own arguments
work(Path(folder), compare_value, vars(checks), json.loads(request))
