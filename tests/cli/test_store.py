"""``justfit store check``: what it prints, how it ends, and what a repaired study comes to."""

import json
import shutil
from pathlib import Path

import pytest
from cli.ended import Command

from justfit.store import StudyPaths, read_study

EXAMPLE = Path(__file__).parents[1] / "store" / "stored_examples" / "format_1" / "store"
FOLDER = "example-25a2eada5ca5"
RUN = "fbf55b4f7c56.json"


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """A copy of the stored example in which a run is cut off, and a line of the log of looks."""
    store = shutil.copytree(EXAMPLE, tmp_path / "store")
    path = store / "runs" / RUN
    path.write_bytes(path.read_bytes()[:700])
    with (store / "looks.jsonl").open("ab") as file:
        file.write(b'{"when')
    return store


def test_a_whole_store_ends_well(command: Command) -> None:
    ended = command("store", "check", "--store", EXAMPLE)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == f"{EXAMPLE}: 1 study, 3 runs, 1 file of splits, 1 look, 0 uploads; nothing is wrong\n"


def test_the_study_of_a_stored_example_is_listed_shown_and_compared(command: Command) -> None:
    (entry,) = command("list", "--store", EXAMPLE, "--json").answer["studies"]
    assert (entry["state"], entry["runs_trained"]) == ("done", 3)
    said = json.loads((EXAMPLE.parent / "said.json").read_text())
    shown = command("show", EXAMPLE / FOLDER, "--json").answer
    assert shown["result"]["test"]["accuracy"]["value"] == said["accuracy"]
    best = command("compare", EXAMPLE / FOLDER, "--json").answer["networks"][0]
    assert best["name"] == said["chosen"]


def test_each_fault_is_a_line_with_its_path_and_the_exit_code_is_1(command: Command, damaged: Path) -> None:
    ended = command("store", "check", "--store", damaged)
    assert (ended.code, ended.err) == (1, "")
    first, second, last = ended.out.splitlines()
    assert first.startswith(f"torn: {damaged / 'looks.jsonl'} ends with 6 bytes of a line that was cut off")
    assert second.startswith(f"broken: {damaged / 'runs' / RUN} is not valid JSON")
    assert last.endswith("; 2 faults")
    answer = command("store", "check", "--store", damaged, "--json").answer
    assert [each["kind"] for each in answer["faults"]] == ["torn", "broken"]
    assert answer["notes"] == answer["repaired"] == []


def test_a_repair_says_what_it_did_and_what_remains(command: Command, damaged: Path) -> None:
    ended = command("store", "check", "--repair", "--store", damaged)
    assert ended.code == 1
    *done, remaining, last = ended.out.splitlines()
    assert all(line.startswith("repaired: ") for line in done)
    assert len(done) == 2
    assert remaining.startswith(f"missing: {damaged / 'runs' / RUN} is missing")
    assert last.endswith("; 1 fault that no repair can mend without losing something")
    again = command("store", "check", "--repair", "--store", damaged)
    assert again.out.splitlines() == [remaining, last]


@pytest.mark.slow
def test_a_repaired_study_that_goes_on_comes_to_the_same_result(command: Command, damaged: Path) -> None:
    folder = damaged / FOLDER
    before = read_study(folder).result
    command("store", "check", "--repair", "--store", damaged)
    StudyPaths(folder).result.rename(damaged.parent / "result.json")  # as the message says
    assert command("run", StudyPaths(folder).file, "--store", damaged).code == 0
    whole, after = read_study(EXAMPLE / FOLDER), read_study(folder)
    for name in whole.networks:
        losses = [[[e.data_loss for e in run.history] for run in each.runs(name)] for each in (whole, after)]
        assert losses[0] == losses[1]
    assert {key for key, value in after.result.items() if value != before[key]} <= {
        "looks",
        "seconds",
        "justfit",
    }
    assert (after.result["looks"]["number"], after.result["looks"]["resumed"]) == (1, True)
    ended = command("store", "check", "--store", damaged)
    assert (ended.code, ended.out.count("\n")) == (0, 1), ended


def test_a_store_that_is_not_there_is_one_sentence(command: Command) -> None:
    assert "nowhere is missing" in command("store", "check", "--store", "nowhere").error


def test_names_in_a_store_are_text(command: Command, tmp_path: Path) -> None:
    (tmp_path / "kept" / "\x1b[2J[red]-0123456789ab").mkdir(parents=True)
    ended = command("store", "check", "--store", tmp_path / "kept")
    assert ended.code == 0
    assert "\x1b" not in ended.out
    assert "[red]-0123456789ab was begun" in ended.out
