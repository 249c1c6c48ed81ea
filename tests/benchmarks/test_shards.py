import json
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def test_a_hundred_times_the_rows_take_little_more_memory(
    benchmark: Callable[..., str], tmp_path: Path
) -> None:
    folder, figures = tmp_path / "temporary", tmp_path / "shards.json"
    folder.mkdir()
    environment = {"TMPDIR": str(folder), "PATH": ""}
    printed = benchmark("shards", "--rows", "1000", "--json", str(figures), environment=environment)
    steps = json.loads(figures.read_text())["steps"]
    assert list(steps) == ["1000", "10000", "100000"]
    for first, last in zip(steps["1000"], steps["100000"], strict=True):
        assert first[0] == last[0]
        assert 30 < first[2] < first[3]
        # Of a hundred times the rows 80 MB are on the disk, and whoever holds those that train holds 51 MB.
        # Reading has labels as texts for a moment.
        assert last[2] - first[2] < (40 if "reading" in last[0] else 20), last
    assert "An epoch in at most 1.25 times the memory: met." in printed
    assert list(folder.iterdir()) == []
