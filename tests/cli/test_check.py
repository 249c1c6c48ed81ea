import json
from pathlib import Path

import jsonschema
import pytest
from cli.ended import Command

from justfit.spec.study_yaml import Problems, plain_value, read_yaml

STUDY = """\
name: widths
data: wine
validation: first:42
replicates: 2
defaults: {batch_size: 25, epochs: 4}
stages:
  small: {grid: {hidden: [[4], [8, 8]]}}
  dropped: {from: {winner_of: small}, grid: {dropout: [0, 0.5]}}
final: {of: dropped}
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "study.yaml"
    file.write_text(text)
    return file


def test_a_study_is_shown_with_all_that_would_be_trained_and_nothing_is(
    command: Command, tmp_path: Path
) -> None:
    ended = command("check", written(tmp_path, STUDY))
    assert (ended.code, ended.err) == (0, "")
    lines = [" ".join(line.split()) for line in ended.out.splitlines()]
    assert lines[0].startswith("widths: study ")
    assert lines[0].endswith(" on wine")
    assert "100 rows train, 42 validate; 36 test rows are sealed" in lines
    assert "each network is trained 2 times, with seeds 0 to 1" in lines
    at = lines.index("stage small, 2 networks")
    # 13 columns and 3 classes: 13 * 4 + 4 + 4 * 3 + 3, and 13 * 8 + 8 + 8 * 8 + 8 + 8 * 3 + 3.
    assert lines[at + 1 : at + 4] == [
        "network parameters epochs batch size runs",
        "4-3 71 4 25 2",
        "8-8-3 211 4 25 2",
    ]
    at = next(number for number, line in enumerate(lines) if line.startswith("stage dropped"))
    assert lines[at] == (
        "stage dropped, 2 networks, built on the winner of small; no winner is known before training, so "
        '"4-3" stands in for it here'
    )
    assert lines[at + 2 : at + 4] == ["4-3 71 4 25 as before", "4-3, dropout 0.5 71 4 25 2"]
    assert "6 runs; the best epoch and the best network are those of the best mean val_data_loss" in lines
    assert (
        "tested once: the winner of stage dropped, trained anew 2 times on all training rows for its best "
        "number of epochs"
    ) in lines
    assert lines[-1] == "nothing was trained or written"
    assert [path.name for path in tmp_path.iterdir()] == ["study.yaml"]


def test_a_study_is_told_as_json(command: Command, tmp_path: Path) -> None:
    ended = command("check", written(tmp_path, STUDY), "--json")
    (study,) = json.loads(ended.out)["studies"]
    assert study["rows"] == {"train": 100, "validation": 42, "test": 36}
    assert (study["runs"], study["replicates"], study["splits"], study["leaked"]) == (6, 2, 1, False)
    assert [stage["stand_in"] for stage in study["stages"]] == [None, "4-3"]
    assert study["stages"][0]["networks"][1] == {
        "name": "8-8-3",
        "parameters": 211,
        "epochs": 4,
        "batch_size": 25,
        "runs": 2,
        "new": True,
    }


def test_a_leak_is_said(command: Command, tmp_path: Path) -> None:
    ended = command(
        "check", written(tmp_path, "data: wine\nvalidation: test\nstages: {a: {}}\nfinal: none\n")
    )
    assert ended.code == 0
    assert "LEAKED: chosen by the test rows themselves" in ended.out
    assert "nothing is tested" in ended.out


def test_all_that_is_wrong_with_a_file_is_told_a_line_each(command: Command, tmp_path: Path) -> None:
    file = written(tmp_path, "data: wine\nstages:\n  a: {epohs: 3}\n  b: {batch_size: 0}\n")
    for verb in ("check", "plan", "run"):
        ended = command(verb, file)
        assert (ended.code, ended.out) == (1, "")
        first, second = ended.err.splitlines()
        assert first.startswith(f'error: {file}, line 3, stages.a.epohs: unknown key; did you mean "epochs"?')
        assert second.startswith(f"error: {file}, line 4, stages.b.batch_size: batch_size must be")


def test_what_does_not_fit_the_data_is_told_of_each_study(command: Command, tmp_path: Path) -> None:
    text = (
        "name: a\ndata: wine\nvalidation: first:142\nstages: {s: {}}\n---\n"
        "name: b\ndata: {name: wine, num_words: 50}\nstages: {s: {}}\n---\n"
        "name: c\ndata: wine\nstages: {s: {loss: binary_crossentropy}}\n---\n"
        "name: d\ndata: wines\nstages: {s: {}}\n---\n"
        "name: e\ndata: wine\nstages: {s: {}}\n"
    )
    ended = command("check", written(tmp_path, text))
    assert (ended.code, ended.out) == (1, "")
    lines = ended.err.splitlines()
    assert [line.partition(": ")[2].partition(": ")[0][-7:] for line in lines] == [
        f"study {n}" for n in "abcd"
    ]
    for line, part in zip(
        lines,
        ("142 of 142 training rows", "rows of numbers", 'loss "binary_crossentropy" is not known', '"wines"'),
        strict=True,
    ):
        assert part in line


def test_problems_are_told_as_json(command: Command, tmp_path: Path) -> None:
    ended = command("check", written(tmp_path, "data: wine\nstages: {a: {epochs: 0}}"), "--json")
    assert ended.code == 1
    (problem,) = json.loads(ended.out)["problems"]
    assert (problem["line"], problem["column"], problem["path"]) == (2, 14, "stages.a.epochs")
    assert "nothing would be trained" in problem["message"]


def test_the_schema_is_printed_for_editors(command: Command) -> None:
    schema = json.loads(command("schema").out)
    jsonschema.Draft202012Validator.check_schema(schema)
    (document,) = read_yaml(STUDY, Problems())
    jsonschema.Draft202012Validator(schema).validate(plain_value(document))


def test_a_plan_tells_runs_time_and_memory_before_anything_is_trained(
    command: Command, tmp_path: Path
) -> None:
    file = written(tmp_path, STUDY)
    ended = command("plan", file, "--threads", "1")
    assert (ended.code, ended.err) == (0, "")
    *_, runs, about = ended.out.splitlines()
    assert runs.startswith("to train: 6 runs; in ")
    assert about.startswith(("about ", "less than "))
    assert about.endswith(" GB of memory")
    assert [path.name for path in tmp_path.iterdir()] == ["study.yaml"]
    (study,) = json.loads(command("plan", file, "--json").out)["studies"]
    found = study["estimate"]
    assert (found["runs"], found["stored"]) == (6, 0)
    assert 0 < found["seconds"] < 600
    assert found["memory"] > 10**7
    assert 2 <= found["cohorts"] <= 8


@pytest.mark.slow
def test_what_is_stored_is_not_to_train(command: Command, tmp_path: Path) -> None:
    file = written(tmp_path, STUDY)
    assert command("run", file).code == 0
    (study,) = json.loads(command("plan", file, "--json").out)["studies"]
    assert study["estimate"]["stored"] >= 4
    assert study["estimate"]["runs"] + study["estimate"]["stored"] == 6
