import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

EXTENSIONS = Path(__file__).parents[2] / "docs" / "_ext"


@pytest.fixture(scope="session")
def messages() -> Iterator[ModuleType]:
    """The generator of the pages of messages."""
    sys.path.insert(0, str(EXTENSIONS))
    yield importlib.import_module("justfit_docs.messages")
    sys.path.remove(str(EXTENSIONS))
