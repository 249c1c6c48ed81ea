import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def test_both_score_the_same_24_points_each_in_a_process_of_its_own(
    benchmark: Callable[..., str], real_data: Path, tmp_path: Path
) -> None:
    figures = tmp_path / "grid.json"
    environment = os.environ | {"JUSTFIT_DATA": str(real_data), "PYTHONWARNINGS": "ignore"}
    options = ("--rounds", "1", "--rows", "200", "--json", str(figures))
    printed = benchmark("grid", *options, environment=environment)
    grid = json.loads(figures.read_text())["grid"]
    for who in ("justfit", "scikit-learn"):
        assert len(grid[who]["scores"]) == 24
        assert all(0.3 < score < 1 for score in grid[who]["scores"])
    assert "| justfit | scikit-learn | times |" in printed
