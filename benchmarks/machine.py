"""What the figures were measured on and with, without the name of the machine."""

import json
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.rounds import Figures
from justfit import _native
from justfit.machine import available_threads

PACKAGES = ("justfit", "numpy", "scikit-learn", "keras", "tensorflow-cpu", "jax")


def machine(packages: tuple[str, ...] = PACKAGES) -> dict[str, str]:
    """Processor, memory, system, and the versions of ``packages``, those that took part."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": f"{_processor()}, {available_threads()} cores, kernels {_native.instructions()}",
        "memory": f"{memory / 2**30:.0f} GB",
        "system": f"{platform.system()}, Python {platform.python_version()}",
        "packages": ", ".join(f"{package} {_version(package)}" for package in packages),
    }


def earlier(path: Path, here: dict[str, str]) -> Figures:
    """Figures in the file of before, if they were measured on this `machine` with these versions."""
    if path.is_file():
        figures: Figures = json.loads(path.read_text())
        if figures["machine"] == here:
            return figures
    return {"machine": here, "results": {}}


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
