import re
from pathlib import Path

import pytest
from cli.ended import Command

pytestmark = pytest.mark.usefixtures("documents")


def test_each_published_figure_stands_beside_ours_and_says_whether_it_agrees(
    command: Command, tmp_path: Path
) -> None:
    ended = command("reproduce", "tanh")
    assert (ended.code, ended.err) == (0, "")
    assert re.search(r"^first +\S+ +test_accuracy +2\.0000 .* no +no accuracy is above 1$", ended.out, re.M)
    assert re.search(r"^leaked \(leaked\) +4-3 +peak_val_accuracy +0\.5000 .* yes *$", ended.out, re.M)
    assert re.search(r"^first +4-3 +71 +71 +yes$", ended.out, re.M)
    assert (
        "first, stage widths. Published: wide is good. Ours:\n  4-3: Unclear: 3 epochs are too few"
        in ended.out
    )
    assert re.search(r"^refused, as published: refused.*line 3.*epochs is 0", ended.out, re.M)
    assert "1 of 2 published figures agree" in ended.out
    written = tmp_path / "justfit-runs" / "reproduced"
    assert {path.name for path in written.iterdir()} == {"tanh.md", "tanh.html"}
    assert "no accuracy is above 1" in (written / "tanh.md").read_text()


@pytest.mark.slow
def test_replicates_are_those_of_the_files_unless_asked_otherwise(command: Command) -> None:
    assert "trained 2 times, with seeds 0 to 1" in command("reproduce", "tanh").out
    again = command("reproduce", "tanh", "--replicates", "3").out
    assert "trained 3 times, with seeds 0 to 2" in again


def test_a_document_that_is_not_known_is_told_with_the_nearest(command: Command) -> None:
    assert 'Did you mean "tanh"' in command("reproduce", "tahn").error
