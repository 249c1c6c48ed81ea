"""Benchmarks carried out as their users do."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def benchmark() -> Callable[..., str]:
    """Carries ``python -m benchmarks.NAME`` out, which must not fail, and gives what it prints."""

    def carry_out(name: str, *arguments: str, environment: dict[str, str]) -> str:
        command = [sys.executable, "-m", f"benchmarks.{name}", *arguments]
        done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, env=environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return carry_out
