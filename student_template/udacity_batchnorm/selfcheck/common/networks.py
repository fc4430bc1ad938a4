from __future__ import annotations
import re
from typing import Any
PARAMETER = re.compile('^(?:bn|ln)?_?(W|b|gamma|beta)_?(\\d+)$')

def names_of(keys: Any) -> dict[str, str]:
    matches = {key: PARAMETER.match(key) for key in keys}
    first = min((int(match[2]) for match in matches.values() if match and match[1] == 'W'), default=1)
    return {f'{match[1]}{int(match[2]) - first + 1}': key for key, match in matches.items() if match}
