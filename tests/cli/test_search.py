"""``justfit search``, with its own samplers and with Optuna."""

from pathlib import Path

import optuna
import pytest
from cli.ended import Command

from justfit.bridges.optuna import carry_out_tpe
from justfit.data.load import load
from justfit.spec.study_file import read_studies
from justfit.store import StudyPaths, read_study, study_folders
from justfit.workflow import RunDone

FILE = """
data: wine
defaults: {epochs: 2}
stages:
  drawn:
    trials: 4
    space: {hidden: [[2], [4]], dropout: {from: 0, to: 0.5}}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "asked.yaml"
    path.write_text(FILE)
    return path


@pytest.mark.slow
def test_a_space_is_drawn_from_as_the_file_or_an_option_says(command: Command, file: Path) -> None:
    ended = command("search", file, "--store", "store")
    assert ended.code == 0, ended.err
    assert "stage drawn, 4 networks" in ended.out
    more = command(
        "search",
        file,
        "--store",
        "store",
        "--trials",
        "5",
        "--sampler",
        "quasi_random",
        "--seed",
        "1",
        "--json",
    )
    (told,) = more.answer["studies"]
    assert (told["spec"]["seed"], len(told["stages"][0]["networks"])) == (1, 5)


@pytest.mark.slow
def test_a_search_by_optuna_shows_each_batch_and_where_its_trials_are(command: Command, file: Path) -> None:
    how = ("--sampler", "tpe", "--trials", "6", "--batch", "4", "--storage", "sqlite:///trials.db")
    ended = command("search", file, "--store", "store", *how)
    assert ended.code == 0, ended.err
    assert ended.err == ""
    assert "drawn: 4 of 6 networks tried; the best is " in ended.out
    assert "drawn: 6 of 6 networks tried; the best is " in ended.out
    assert ended.out.count("best first by val_data_loss") == 1
    (name,) = optuna.get_all_study_names("sqlite:///trials.db")
    assert f"all trials are in Optuna's study {name} of the storage" in ended.out
    assert len(optuna.load_study(study_name=name, storage="sqlite:///trials.db").trials) == 6


@pytest.mark.slow
def test_a_search_that_was_stopped_goes_on_by_its_folder(
    command: Command, file: Path, tmp_path: Path
) -> None:
    (asked,) = read_studies(file)
    events = carry_out_tpe(asked, load(asked.data), tmp_path / "store", trials=6, batch=3)
    for event in events:
        if isinstance(event, RunDone):
            break
    events.close()  # type: ignore[attr-defined]
    (stopped,) = study_folders(tmp_path / "store")
    ended = command("run", stopped)
    assert ended.code == 0, ended.err
    (whole,) = study_folders(tmp_path / "store")
    assert StudyPaths(whole).result.is_file()
    assert len(read_study(whole).networks) == 6


MISTAKES = {
    ("--sampler", "gp"): (
        'sampler "gp" is not known: expected one of random, quasi_random, grid, tpe. gp needs PyTorch, which '
        "justfit does without: tpe proposes by earlier trials, too."
    ),
    ("--sampler", "tp"): (
        'sampler "tp" is not known: expected one of random, quasi_random, grid, tpe. Did you mean "tpe"?'
    ),
    ("--prune", "--batch", "3"): (
        "--prune, --batch need --sampler tpe. Of what other samplers draw, halving in the file ends networks "
        "early."
    ),
    ("--sampler", "grid"): (
        "stage drawn: dropout has a range, which the sampler grid cannot try whole: list its values, or take "
        "another sampler."
    ),
    ("--sampler", "tpe", "--storage", "nosql://me:secret@there/x"): (
        "Optuna cannot use this storage (NoSuchModuleError): give an address such as sqlite:///trials.db, in "
        "a folder that is there, with the package of its database installed."
    ),
}


@pytest.mark.parametrize("options", MISTAKES, ids=" ".join)
def test_what_cannot_be_asked_is_told_in_a_sentence(
    command: Command, file: Path, options: tuple[str, ...]
) -> None:
    ended = command("search", file, "--store", "store", *options)
    assert ended.code == 1
    assert ended.error == MISTAKES[options]
    assert not Path("store").exists()


def test_a_study_without_a_space_is_told_how_to_get_one(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "plain.yaml"
    path.write_text("{data: wine, stages: {only: {hidden: [4]}}}")
    assert command("search", path).error == (
        "plain has no stage with a space, so there is nothing to search: give one a space, with lists and "
        "ranges of settings."
    )
