import json
from pathlib import Path

from cli.ended import Command
from store.handmade import rewrite

from justfit.store import StudyPaths


def test_the_card_is_printed_or_written(command: Command, store: Path, tmp_path: Path) -> None:
    run = min(store.glob("wine-*"))
    ended = command("card", run)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("# wine\n\nA feed-forward network that tells which of 3 classes a row has")
    assert command("card", run, "--out", "card.md").out == ""
    assert (tmp_path / "card.md").read_text() == ended.out
    command("export", run, "--out", "wine.justfit")
    assert command("card", "wine.justfit").out == ended.out


def test_a_study_without_a_model_or_with_a_strange_result_is_told(
    command: Command, store: Path, tmp_path: Path
) -> None:
    assert 'No finished study "wien"' in command("card", "wien", "--store", store).error
    run = min(store.glob("breast_cancer-*"))
    command("export", run, "--out", "model.justfit")
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in (StudyPaths(run).study, StudyPaths(run).result):
        (copy / path.name).write_bytes(path.read_bytes())
    assert "model.json is missing" in command("card", copy).error
    result = json.loads(StudyPaths(run).result.read_text())
    del result["audit"]
    (copy / "model").mkdir()
    for path in (StudyPaths(run).model, StudyPaths(run).weights):
        (copy / "model" / path.name).write_bytes(path.read_bytes())
    rewrite(StudyPaths(copy).result, result)
    assert "has files that do not fit together (KeyError: 'audit')" in command("card", copy).error
