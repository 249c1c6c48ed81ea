"""The first layer's kernels beside bare loops that move the same bytes (native/bench/kernel_bench.cpp)."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.rounds import ROOT, Figures
from benchmarks.rows import examples
from justfit.data.rows import Bags

BUILD = ROOT / "build" / "bench"


def measure_kernels(rounds: int, *, quick: bool) -> Figures:
    """Seconds of an epoch's batches of 512 IMDB rows, and of the limit, by kernel, columns and threads."""
    program = _built("kernel_bench")
    data = examples("imdb", quick)
    rows = data.rows.take(np.arange(data.validation, len(data.rows)))
    assert isinstance(rows, Bags)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows"
        with path.open("wb") as file:
            np.array([len(rows), rows.columns, len(rows.indices)], np.int64).tofile(file)
            rows.indptr.tofile(file)
            rows.indices.tofile(file)
        printed = subprocess.run([program, path, str(3 * rounds)], check=True, capture_output=True, text=True)
    return {"kernels": [json.loads(line) for line in printed.stdout.splitlines()]}


def _built(program: str) -> Path:
    # A virtual environment's cmake and ninja come first, as in the module's own build.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for command in (
        ["cmake", "-S", ROOT, "-B", BUILD, "-DJUSTFIT_NATIVE_BENCH=ON"],
        ["cmake", "--build", BUILD, "--target", program],
    ):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "PATH": path})
    return BUILD / program
