"""Studies in a process that can be killed."""

from collections.abc import Iterator

import pytest
from workflow.killing import Carrier


@pytest.fixture(scope="module")
def carry() -> Iterator[Carrier]:
    """Carries studies out in a process of its own, one for a module."""
    with Carrier() as carrier:
        yield carrier
