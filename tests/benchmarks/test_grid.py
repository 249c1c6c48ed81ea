import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


def test_both_score_the_same_24_points_each_in_a_process_of_its_own(real_data: Path, tmp_path: Path) -> None:
    figures = tmp_path / "grid.json"
    command = [
        sys.executable,
        "-m",
        "benchmarks.grid",
        "--rounds",
        "1",
        "--rows",
        "200",
        "--json",
        str(figures),
    ]
    environment = os.environ | {"JUSTFIT_DATA": str(real_data), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    grid = json.loads(figures.read_text())["grid"]
    for who in ("justfit", "scikit-learn"):
        assert len(grid[who]["scores"]) == 24
        assert all(0.3 < score < 1 for score in grid[who]["scores"])
    assert "| justfit | scikit-learn | times |" in done.stdout
