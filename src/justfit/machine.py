"""What this machine lends to the process, and where runs are kept unless asked otherwise."""

import os
from pathlib import Path

DEFAULT_STORE = Path("justfit-runs")
"""The folder, in the working folder, that holds the runs' folders."""


def available_threads() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
