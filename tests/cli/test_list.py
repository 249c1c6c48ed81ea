import json
import os
from pathlib import Path

import pytest
from cli.begun import begun, diverging, leaked
from cli.ended import Command
from store.handmade import rewrite
from workflow.handmade import carried_out, numbers, small_study

from justfit.spec import HoldOut
from justfit.store import StudyPaths, begin_study


def lines_of(out: str) -> dict[str, str]:
    """The lines of the table by study."""
    return {line.split()[0]: line for line in out.partition("\n\n")[0].splitlines()}


def written(folder: Path, seconds: int) -> None:
    """Have all files of a study written at a time."""
    for path in folder.rglob("*.json"):
        os.utime(path, (seconds, seconds))


def test_without_studies_it_says_how_to_begin(command: Command, tmp_path: Path) -> None:
    for store in ("nowhere", "empty"):
        (tmp_path / "empty").mkdir(exist_ok=True)
        ended = command("list", "--store", store)
        assert (ended.code, ended.err) == (0, "")
        assert ended.out == (
            f"There are no studies in {store} yet. Begin with the whole workflow on data that needs no "
            "download: justfit run docstrings\n"
        )
        asked = json.loads(command("list", "--store", store, "--json").out)
        assert asked == {"store": store, "studies": [], "broken": [], "looks": {}}


def test_a_study_that_is_done_is_listed_with_what_it_chose_and_tested(
    command: Command, tmp_path: Path
) -> None:
    study = carried_out(small_study(), numbers("binary"), tmp_path)
    ended = command("list", "--store", tmp_path)
    assert (ended.code, ended.err) == (0, "")
    line = lines_of(ended.out)["small"]
    assert study.result is not None
    values = study.result["test_replicates"]["accuracy"]["values"]
    assert len(values) == 2
    # Five networks of 2 folds x 2 seeds each, and the final one with 2 seeds.
    for told in (
        study.id,
        "handmade",
        "done",
        study.result["chosen"],
        f"accuracy {sum(values) / 2:.1%}",
        " 5 ",
        " 22 ",
    ):
        assert told in line
    assert "LEAKED" not in ended.out
    entry = json.loads(command("list", "--store", tmp_path, "--json").out)["studies"][0]
    assert (entry["runs_trained"], entry["runs_planned"], entry["networks"]) == (22, 22, 5)
    assert entry["test"]["value"] == pytest.approx(sum(values) / 2)
    assert (entry["test"]["over"], entry["test"]["seeds"]) == ("seeds", 2)


def test_one_seed_has_the_interval_over_test_rows(command: Command, tmp_path: Path) -> None:
    study = carried_out(small_study(replicates=1), numbers("regression"), tmp_path)
    assert study.result is not None
    test = json.loads(command("list", "--store", tmp_path, "--json").out)["studies"][0]["test"]
    figure = study.result["test"]["mae"]
    assert test == {**figure, "figure": "mae", "over": "test rows", "seeds": 1}
    assert f"mae {figure['value']:.4f}" in command("list", "--store", tmp_path).out


def test_an_interval_over_seeds_stays_in_the_range_of_an_accuracy(command: Command, tmp_path: Path) -> None:
    study = carried_out(small_study(), numbers("binary"), tmp_path)
    paths = StudyPaths(study.folder)
    result = json.loads(paths.result.read_text())
    result["test_replicates"]["accuracy"] |= {"value": 0.6, "low": -0.2, "high": 1.4}
    rewrite(paths.result, result)
    assert " 0.0% to 100.0% " in command("list", "--store", tmp_path).out


def test_a_study_cut_short_is_listed_with_what_is_trained_and_known(command: Command, tmp_path: Path) -> None:
    begun(small_study(), numbers("binary"), tmp_path, runs=5)
    out = command("list", "--store", tmp_path).out
    line = lines_of(out)["small"]
    assert "unfinished" in line
    # Of the second stage nothing is known before the first has a winner: 3 networks of 4 runs, and 2 to test.
    assert " 3+ " in line
    assert " 5/14+ " in line
    assert "+: stages that are not reached yet bring more" in out


def test_a_study_that_has_only_begun_is_listed(command: Command, tmp_path: Path) -> None:
    begin_study(tmp_path, small_study())
    line = lines_of(command("list", "--store", tmp_path).out)["small"]
    assert "unfinished" in line
    assert " 0+ " in line


def test_nothing_tested_is_left_empty(command: Command, tmp_path: Path) -> None:
    carried_out(diverging(), numbers("regression"), tmp_path)
    out = command("list", "--store", tmp_path).out
    assert "tame" in lines_of(out)["wild"]
    assert "mae" not in out
    assert json.loads(command("list", "--store", tmp_path, "--json").out)["studies"][0]["test"] is None


def test_leaked_studies_are_marked(command: Command, tmp_path: Path) -> None:
    carried_out(leaked(), numbers("binary"), tmp_path)
    carried_out(small_study(), numbers("binary"), tmp_path)
    out = command("list", "--store", tmp_path).out
    lines = lines_of(out)
    assert lines["leaky"].count("LEAKED") == 2, "beside the state and the figure"
    assert "LEAKED" not in lines["small"]
    assert "LEAKED: chosen by the test rows themselves" in out
    studies = json.loads(command("list", "--store", tmp_path, "--json").out)["studies"]
    assert {study["name"]: study["leaked"] for study in studies} == {"leaky": True, "small": False}
    begun(leaked("begun"), numbers("binary"), tmp_path / "other", runs=1)
    assert "unfinished LEAKED" in command("list", "--store", tmp_path / "other").out


def test_the_last_written_come_first(command: Command, tmp_path: Path) -> None:
    for number, name in enumerate(("b", "c", "a")):
        written(
            begun(small_study(name), numbers("binary"), tmp_path, runs=1), 1_600_000_000 + number * 86_400
        )
    out = command("list", "--store", tmp_path).out
    assert [line.split()[0] for line in out.splitlines()[1:4]] == ["a", "c", "b"]
    studies = json.loads(command("list", "--store", tmp_path, "--json").out)["studies"]
    assert [study["written"][:10] for study in studies] == ["2020-09-15", "2020-09-14", "2020-09-13"]


@pytest.mark.slow
def test_two_hundred_studies_are_all_listed_whole(command: Command, tmp_path: Path) -> None:
    for number in range(200):
        begin_study(
            tmp_path, small_study(f"study {number} of a long name", validation=HoldOut(), seed=number)
        )
    out = command("list", "--store", tmp_path).out
    assert all(f"study {number} of a long name" in out for number in range(200))
    assert len(json.loads(command("list", "--store", tmp_path, "--json").out)["studies"]) == 200


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("study.json", "{"),
        ("stages.json", "[]"),
        ("result.json", ""),
        ("result.json", '{"format": 1, "final_runs": []}'),
        ("result.json", '{"format": 99}'),
        ("study.json", '{"format": 1, "spec": {"name": "small"}}'),
        ("study.json", '{"format": 1, "spec": {"name": "small", "final": 1, "data": 3, "validation": []}}'),
    ],
)
def test_a_broken_study_is_named_and_hides_no_other(
    command: Command, tmp_path: Path, file: str, content: str
) -> None:
    small = carried_out(small_study(), numbers("binary"), tmp_path).folder
    carried_out(leaked(), numbers("binary"), tmp_path)
    (small / file).write_text(content)
    ended = command("list", "--store", tmp_path)
    assert (ended.code, ended.err) == (0, "")
    assert "leaky" in lines_of(ended.out)
    last = ended.out.splitlines()[-1]
    assert last.startswith("cannot be read: ")
    assert str(small) in last
    asked = json.loads(command("list", "--store", tmp_path, "--json").out)
    assert [study["name"] for study in asked["studies"]] == ["leaky"]
    assert [each["folder"] for each in asked["broken"]] == [str(small)]


def test_names_are_shown_as_text(command: Command, tmp_path: Path) -> None:
    folder = carried_out(small_study(), numbers("binary"), tmp_path).folder
    result = json.loads((folder / "result.json").read_text())
    rewrite(folder / "result.json", {**result, "chosen": "[red]x[/red]\x1b[2J\n\ttwo"})
    assert r"[red]x[/red]\x1b[2J\n\ttwo" in command("list", "--store", tmp_path).out
