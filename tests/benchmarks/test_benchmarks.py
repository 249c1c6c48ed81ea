import json
import math
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("real_data")]

ROOT = Path(__file__).parents[2]


def benchmark(folder: Path, *names: str) -> dict[str, Any]:
    """Quick figures, whose tables go into a copy of the README."""
    shutil.copy(ROOT / "benchmarks" / "README.md", folder)
    figures = folder / "results.json"
    options = ["--quick", "--rounds", "1", "--json", str(figures), "--only", *names]
    subprocess.run(
        [sys.executable, "-m", "benchmarks", *options], cwd=ROOT, check=True, stdout=subprocess.DEVNULL
    )
    results: dict[str, Any] = json.loads(figures.read_text())["results"]
    return results


def test_kernels_and_growth_are_measured_drawn_and_told(tmp_path: Path) -> None:
    results = benchmark(tmp_path, "kernels", "growth")
    kernels = results["kernels"]["kernels"]
    assert {(each["columns"], each["threads"]) for each in kernels} == {
        (columns, threads) for columns in (16, 64, 256, 512) for threads in (1, 2)
    }
    assert all(0 < each["limit"] < math.inf and each["seconds"] > 0 for each in kernels)
    assert {path.name for path in (tmp_path / "images").iterdir()} == {
        f"growth_{name}.png" for name in ("rows", "words", "columns", "vocabulary")
    }
    readme = (tmp_path / "README.md").read_text()
    assert "| bag_forward | 16 | 1 |" in readme
    assert "images/growth_vocabulary.png" in readme
    assert readme.startswith("# Benchmarks")


@pytest.mark.skipif(find_spec("tensorflow") is None, reason="TensorFlow is not installed")
def test_peers_are_timed_and_learn_beside_justfit(tmp_path: Path) -> None:
    results = benchmark(tmp_path, "mnist", "workflow")
    for name in ("mnist", "workflow"):
        peers = results[name]["modes"]["validated"]
        assert {"justfit", "keras-tensorflow"} <= set(peers)
        assert all(peer["seconds"] > 0 and peer["accuracy"] > 0.5 for peer in peers.values())
        assert all(megabytes > 0 for megabytes in results[name]["megabytes"].values())
    assert "Keras/TensorFlow" in (tmp_path / "README.md").read_text()
