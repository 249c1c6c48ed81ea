"""How many instructions the kernels take, counted by callgrind: no noise of the machine can change it.

The counts of native/bench/kernel_counts.cpp are stored beside this file, with the compiler that they hold
for. After a change that is meant to change them, run this file as a program to store them anew.
"""

import json
import os
import platform
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "bench"
STORED = Path(__file__).with_name("instruction_counts.json")
SETS = (
    ("avx2", "plain") if platform.machine() in ("x86_64", "AMD64") else ("plain",)
)  # valgrind has no AVX-512
TOLERANCE = 0.05

Counts = dict[str, dict[str, int]]
"""Instructions by instruction set and case."""


@pytest.fixture(scope="module")
def counted() -> dict[str, Any]:
    if shutil.which("valgrind") is None:
        if os.environ.get("CI"):
            pytest.fail("valgrind is not installed, and CI needs it")
        pytest.skip("valgrind is not installed")
    return count()


def count() -> dict[str, Any]:
    """The compiler, and the counts."""
    for command in (
        ["cmake", "-S", str(ROOT), "-B", str(BUILD), "-DJUSTFIT_NATIVE_BENCH=ON"],
        ["cmake", "--build", str(BUILD), "--target", "kernel_counts"],
    ):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    counts: Counts = {}
    compiler = ""
    for name in SETS:
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "out"
            options = ["--tool=callgrind", f"--callgrind-out-file={out}", "--compress-strings=no", "--quiet"]
            program = [str(BUILD / "kernel_counts"), name]
            printed = subprocess.run(
                ["valgrind", *options, *program], check=True, capture_output=True, text=True
            )
            # A call of a function: its name, how often, and the instructions of all that it did.
            calls = re.findall(r"^cfn=case_(\w+)\ncalls=1 .*\n\S+ (\d+)$", out.read_text(), re.MULTILINE)
        counts[name] = {case: int(instructions) for case, instructions in calls}
        compiler = f"{printed.stdout.strip()} {platform.machine()}"
    return {"compiler": compiler, "counts": counts}


def test_words_that_a_batch_lacks_cost_no_instruction(counted: dict[str, Any]) -> None:
    for counts in counted["counts"].values():
        assert counts["large_vocabulary"] == counts["small_vocabulary"]


def test_wider_layers_cost_no_more_instructions_a_column(counted: dict[str, Any]) -> None:
    for name, counts in counted["counts"].items():
        narrow = [case.removesuffix("_16") for case in counts if case.endswith("_16")]
        assert "bag_forward" in narrow
        for case in narrow:
            growth = 16 if case == "matmul" else 4  # its rows grow, too
            assert counts[f"{case}_64"] <= growth * counts[f"{case}_16"], f"{name}, {case}"


def test_kernels_take_as_many_instructions_as_before(counted: dict[str, Any]) -> None:
    stored = json.loads(STORED.read_text())
    if counted["compiler"] != stored["compiler"]:
        pytest.skip(
            f"The stored counts hold for compiler {stored['compiler']}; this is {counted['compiler']}."
        )
    assert {name: set(counts) for name, counts in counted["counts"].items()} == {
        name: set(counts) for name, counts in stored["counts"].items()
    }
    changed = [
        f"{name}, {case}: {before} before, {now} now"
        for name, counts in stored["counts"].items()
        for case, before in counts.items()
        if abs((now := counted["counts"][name][case]) - before) > TOLERANCE * before
    ]
    assert not changed, f"{changed}: if this is meant, run python {Path(__file__).relative_to(ROOT)}"


if __name__ == "__main__":
    STORED.write_text(json.dumps(count(), indent=1) + "\n")
