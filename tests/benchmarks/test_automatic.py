import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


FEW = """
from benchmarks import automatic
automatic.GRID = {"hidden_layer_sizes": [(32,)], "alpha": [0.1, 1.0], "learning_rate_init": [0.01]}
automatic.main()
"""
"""``python -m benchmarks.automatic``, but that scikit-learn tries two networks instead of thirty."""


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """In a process of its own; no test imports it, as only a checkout has it."""
    command = [sys.executable, "-c", FEW, *arguments]
    return subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)


def test_both_are_measured_on_the_same_rows_compared_kept_and_told(tmp_path: Path) -> None:
    shutil.copy(ROOT / "benchmarks" / "README.md", tmp_path)
    figures = tmp_path / "automatic.json"
    done = run("wine", "--json", str(figures))
    assert done.returncode == 0, done.stderr
    assert not done.stderr  # no warning of the 30 networks
    (wine,) = json.loads(figures.read_text())["results"].values()
    assert wine["rows"] == {"train": 142, "test": 36}  # a fifth of 178
    # Aeberhard and others (1992) separate the three wines without an error, and standardized networks nearly.
    for peer in ("justfit", "scikit-learn"):
        assert 32 <= wine[peer]["value"] * 36 <= 36
        assert wine[peer]["value"] * 36 == pytest.approx(round(wine[peer]["value"] * 36))
        assert wine[peer]["seconds"] > 0
    value, low, high = wine["difference"]
    assert value == pytest.approx(wine["justfit"]["value"] - wine["scikit-learn"]["value"])
    assert low < value < high
    assert wine["verdict"] == "tie"  # 4 rows of 36 at most tell them apart, and p is then 0.0625 at least
    assert "| wine, accuracy | 36 of 178 |" in (tmp_path / "README.md").read_text()


def test_what_is_measured_as_mean_error_is_told_in_the_labels_units(tmp_path: Path) -> None:
    figures = tmp_path / "automatic.json"
    done = run("diabetes", "--json", str(figures))
    assert done.returncode == 0, done.stderr
    diabetes = json.loads(figures.read_text())["results"]["diabetes"]
    assert diabetes["figure"] == "mean absolute error"
    for peer in ("justfit", "scikit-learn"):  # who always answers the mean errs by 59
        assert 30 < diabetes[peer]["value"] < 55
    assert diabetes["difference"][0] == pytest.approx(
        diabetes["justfit"]["value"] - diabetes["scikit-learn"]["value"]
    )
    assert [path.name for path in tmp_path.iterdir()] == ["automatic.json"]  # there was no README.md


def test_a_data_set_that_is_not_measured_is_refused_with_the_names_of_those_that_are() -> None:
    done = run("imdb")
    assert done.returncode == 2
    assert "expected some of digits, breast_cancer, wine, docstrings, diabetes, got imdb" in done.stderr
