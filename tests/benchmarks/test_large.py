import json
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def test_each_step_is_measured_in_processes_of_their_own_and_nothing_is_left(
    benchmark: Callable[..., str], tmp_path: Path
) -> None:
    folder, figures = tmp_path / "temporary", tmp_path / "large.json"
    folder.mkdir()
    environment = {"TMPDIR": str(folder), "PATH": ""}
    printed = benchmark("large", "--rows", "5000", "--json", str(figures), environment=environment)
    steps = json.loads(figures.read_text())["steps"]
    assert [step[0].split(",")[0].split(" (")[0] for step in steps] == [
        "writing the file",
        "reading it",
        "splitting",
        "rows of n-grams",
        "rows of n-grams",
        "writing the result",
        "all of it by justfit run",
    ]
    for _, seconds, processors, megabytes in steps:
        assert seconds > 0
        assert processors >= 0
        assert 50 < megabytes < 1000
    assert "Peak below 2,000 MB: met." in printed
    assert "3,200 rows train, 800 validate; 1,000 test rows are sealed" in printed
    assert list(folder.iterdir()) == []
