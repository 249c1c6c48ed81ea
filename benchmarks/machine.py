"""What the figures were measured on and with, without the name of the machine."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from justfit import _native
from justfit.machine import available_threads

PACKAGES = ("justfit", "numpy", "scikit-learn", "keras", "tensorflow-cpu", "jax")


def machine() -> dict[str, str]:
    """Processor, memory, system, and the versions that took part."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": f"{_processor()}, {available_threads()} cores, kernels {_native.instructions()}",
        "memory": f"{memory / 2**30:.0f} GB",
        "system": f"{platform.system()}, Python {platform.python_version()}",
        "packages": ", ".join(f"{package} {_version(package)}" for package in PACKAGES),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"
