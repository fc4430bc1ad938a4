"""Terms of the whole suite: property tests are judged by what they find, not by how fast a shared machine draws examples.

Files of tests whose classes take long to grade come first, so that no worker is left with one at the end.
"""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

LONG = ("hostile", "assignments")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the folders whose files take longest first; within them, and of the others, the order stays."""

    def rank(item: pytest.Item) -> int:
        folder = item.path.relative_to(Path(__file__).parent).parts[0]
        return LONG.index(folder) if folder in LONG else len(LONG)

    items.sort(key=rank)
