import io
import json
from pathlib import Path

import pytest
from cli.begun import begun
from cli.ended import Command
from workflow.handmade import carried_out, numbers, small_study

from justfit.store import StoredStudy, read_run
from justfit.workflow import Stored, carry_out


def runs_in(store: Path) -> set[str]:
    return {path.stem for path in (store / "runs").iterdir()}


@pytest.fixture
def study(tmp_path: Path) -> StoredStudy:
    return carried_out(small_study(), numbers("binary"), tmp_path / "runs")


@pytest.fixture
def _on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.BytesIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(io, "BytesIO", Terminal)  # what `command` makes standard input of


def test_a_study_is_removed_with_its_runs(command: Command, study: StoredStudy) -> None:
    store = study.folder.parent
    before = runs_in(store)
    assert len(before) == 22
    ended = command("rm", "small", "--store", store, "--yes")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == f"removed {study.folder} and 22 runs\n"
    assert not study.folder.exists()
    assert runs_in(store) == set()


def test_runs_that_another_study_uses_are_kept_and_said_so(command: Command, study: StoredStudy) -> None:
    store = study.folder.parent
    other = carried_out(
        small_study("other", stages=small_study().stages[:1], final=None), numbers("binary"), store
    )
    ended = command("rm", "small", "--store", store, "--yes", "--json")
    told = json.loads(ended.out)
    assert told["removed"] == str(study.folder)
    # Three networks of four runs each are in both; two networks, and what was tested, are not.
    assert (len(told["runs"]), told["kept_runs"]) == (10, 12)
    assert {run.id for name in other.networks for run in other.runs(name)} == runs_in(store)
    assert not set(told["runs"]) & runs_in(store)
    ended = command("rm", "other", "--store", store, "-y")
    assert ended.out == f"removed {other.folder} and 12 runs\n"


def test_the_second_of_two_alike_says_what_was_kept(command: Command, study: StoredStudy) -> None:
    store = study.folder.parent
    carried_out(small_study("other"), numbers("binary"), store)
    out = command("rm", "small", "--store", store, "--yes").out
    assert out == f"removed {study.folder} and 0 runs\n22 runs kept, as other studies use them\n"


def test_a_study_cut_short_is_removed_with_the_runs_that_there_are(command: Command, tmp_path: Path) -> None:
    folder = begun(small_study(), numbers("binary"), tmp_path, runs=1)
    assert command("rm", "small", "--store", tmp_path, "--yes").out == f"removed {folder} and 1 run\n"
    assert runs_in(tmp_path) == set()


def test_without_a_terminal_nothing_is_removed_unless_yes_is_given(
    command: Command, study: StoredStudy
) -> None:
    error = command("rm", "small", "--store", study.folder.parent).error
    told = f"{study.folder} would be removed, but there is no terminal to ask on: give --yes to remove it."
    assert error == told
    assert len(runs_in(study.folder.parent)) == 22
    assert study.folder.is_dir()


@pytest.mark.usefixtures("_on_a_terminal")
def test_on_a_terminal_it_asks(command: Command, study: StoredStudy) -> None:
    store, question = study.folder.parent, f"Remove {study.folder.name} (done, 22 runs, less those that other"
    for answer in (b"n\n", b"\n"):
        ended = command("rm", "small", "--store", store, stdin=answer)
        assert ended.code == 0
        assert ended.out.startswith(question)
        assert ended.out.endswith(" Nothing was removed.\n")
    assert len(runs_in(store)) == 22
    ended = command("rm", "small", "--store", store, stdin=b"y\n")
    assert ended.out.endswith(f" removed {study.folder} and 22 runs\n")
    assert not study.folder.exists()


@pytest.mark.usefixtures("_on_a_terminal")
def test_where_one_json_object_is_wanted_nothing_is_asked(command: Command, study: StoredStudy) -> None:
    error = command("rm", "small", "--store", study.folder.parent, "--json", stdin=b"y\n").answer["error"]
    assert error["message"].endswith("but with --json nothing is asked: give --yes to remove it.")
    assert study.folder.is_dir()


def test_a_study_that_is_not_there_is_told(command: Command, study: StoredStudy) -> None:
    error = command("rm", "smal1", "--store", study.folder.parent, "--yes").error
    assert error.startswith('No study "smal1" at that path')
    assert f"Known are {study.folder.name}." in error
    assert study.folder.is_dir()


def test_what_was_removed_can_be_trained_again(command: Command, study: StoredStudy) -> None:
    store = study.folder.parent
    before = {name: [run.history[-1].val_loss for run in study.runs(name)] for name in study.networks}
    command("rm", "small", "--store", store, "--yes")
    *_, last = carry_out(small_study(), numbers("binary"), store)
    assert isinstance(last, Stored)
    ids = last.study.networks
    again = {
        name: [read_run(store, run_id).history[-1].val_loss for run_id in ids[name]["runs"]] for name in ids
    }
    assert again == before
