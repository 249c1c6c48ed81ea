"""What this machine lends to the process, and where runs are kept unless asked otherwise."""

import contextlib
import ctypes
import os
import platform
import sys
from pathlib import Path

if sys.platform != "win32":
    import resource

DEFAULT_STORE = Path("justfit-runs")
"""The folder, in the working folder, that holds the studies' folders."""

MOST_THREADS = 1024
"""What the native module takes."""


MOST_SHARE = 0.5
"""Of the machine's memory that dense rows may take: a network, its gradients and others need some, too."""


def memory() -> int:
    """Bytes of the machine's memory; 8 GiB where it does not say."""
    if sys.platform != "win32":
        with contextlib.suppress(OSError, ValueError):
            return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return 8 * 2**30


def glibc() -> ctypes.CDLL | None:
    """The C library, whose allocator can be told to hold less; None where it is another one."""
    return ctypes.CDLL(None) if platform.libc_ver()[0] == "glibc" else None


def give_back() -> None:
    """Have the C library give back to the system what memory it holds without need, where it can."""
    if (library := glibc()) is not None:
        library.malloc_trim(0)


def available_threads() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def most_taken() -> int:
    """Bytes of memory that this process has taken at most so far; 0 where the system does not say."""
    if sys.platform == "win32":
        return 0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
