"""What this machine lends to the process, and where runs are kept unless asked otherwise."""

import os
from pathlib import Path

DEFAULT_STORE = Path("justfit-runs")
"""The folder, in the working folder, that holds the studies' folders."""

MOST_THREADS = 1024
"""What the native module takes."""


def available_threads() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
