from pathlib import Path
from xml.etree import ElementTree

import pytest
from cli.ended import Command
from report.handmade import FOUR_FOLDS, study

from justfit.store import StoredStudy

NETWORKS = {
    "small": {"hidden": [4], "batch_size": 16},
    "middle": {"hidden": [8], "batch_size": 32},
    "large": {"hidden": [16], "batch_size": 64},
}


def losses(network: str, split: int, _seed: int) -> list[float]:
    return [0.9, 0.5 + 0.01 * len(network) + 0.1 * split, 0.8]


@pytest.fixture
def done(tmp_path: Path) -> StoredStudy:
    """A study of three networks on four folds, in the store that is taken by default."""
    store = tmp_path / "justfit-runs"
    return study(store, NETWORKS, losses, validation=FOUR_FOLDS, chosen="middle")


def texts(path: Path) -> set[str]:
    """The texts in a drawing."""
    root = ElementTree.fromstring(path.read_text())
    return {"".join(each.itertext()) for each in root.iter() if each.tag.endswith("text")}


def test_without_options_all_networks_are_drawn_into_the_study_s_folder(
    command: Command, done: StoredStudy
) -> None:
    ended = command("plot", "handmade")
    path = done.folder / "val_data_loss.png"
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("written to justfit-runs/handmade-")
    assert ended.out.endswith("/val_data_loss.png\n")
    assert path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


TITLE = "handmade: validation loss, without penalties"
TOLD = {
    *NETWORKS,
    "mean",
    "fold 4",
    "training",
    "batch size 16",
    TITLE,
    "handmade: middle",
    "handmade: large",
}
"""Texts of which each chart has some."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "name", "drawn"),
    [
        ((), "val_data_loss", {*NETWORKS, TITLE}),
        (("--stage", "second"), "val_data_loss, second", {"middle", "large", TITLE}),
        (("--network", "large"), "large, curves", {"handmade: large", "training"}),
        (
            ("--network", "small", "--network", "large"),
            "val_data_loss, small, large",
            {"small", "large", TITLE},
        ),
        (("--figure", "metric"), "metric", {*NETWORKS}),
        (("--network", "small", "--figure", "metric"), "metric, small", {"small"}),
        (("--folds",), "middle, val_data_loss, folds", {"handmade: middle", "fold 4", "mean"}),
        (
            ("--folds", "--network", "large"),
            "large, val_data_loss, folds",
            {"handmade: large", "fold 4", "mean"},
        ),
        (("--by", "units"), "val_data_loss by units", {"batch size 16"}),
    ],
)
def test_what_is_drawn_is_what_was_asked_for_and_the_file_is_named_after_it(
    command: Command, done: StoredStudy, options: tuple[str, ...], name: str, drawn: set[str]
) -> None:
    out = done.folder / "chart.svg"
    assert command("plot", "handmade", *options, "--out", out).out == f"written to {out}\n"
    assert texts(out) & TOLD == drawn
    assert command("plot", "handmade", *options).code == 0
    assert (done.folder / f"{name}.png").is_file()


@pytest.mark.slow
def test_several_files_are_written_at_once(command: Command, done: StoredStudy, tmp_path: Path) -> None:
    ended = command("plot", done.folder, "--out", "a.png", "--out", "b.html", "--out", tmp_path / "c.svg")
    assert ended.out == f"written to a.png\nwritten to b.html\nwritten to {tmp_path / 'c.svg'}\n"
    assert all((tmp_path / name).is_file() for name in ("a.png", "b.html", "c.svg"))
    assert not (done.folder / "val_data_loss.png").exists()


def test_networks_not_yet_trained_are_told_of(command: Command, tmp_path: Path) -> None:
    study(tmp_path / "justfit-runs", NETWORKS, losses, untrained=("middle",))
    ended = command("plot", "handmade")
    assert ended.out.startswith("note: 1 of 3 networks are not trained yet and left out\nwritten to ")


@pytest.mark.usefixtures("done")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--network", "smal"), 'has no network "smal".'),
        (("--network", "smal"), 'Did you mean "small"?'),
        (("--stage", "secnd"), 'expected one of first, second. Did you mean "second"?'),
        (("--figure", "val_los"), 'Did you mean "val_loss"?'),
        (("--by", "batch"), 'Did you mean "batch_size"?'),
        (("--by", "dropout"), "what differs is hidden, batch_size, units, parameters."),
        (("--out", "chart.pgn"), 'Did you mean ".png"?'),
        (("--folds", "--by", "units"), "give one of them."),
        (("--folds", "--stage", "first", "--network", "large"), 'Trained are "large", "small".'),
        (("--figure", "fit_loss"), "run the study with fit: true."),
    ],
)
def test_what_cannot_be_drawn_is_one_sentence_with_the_nearest_name(
    command: Command, options: tuple[str, ...], message: str
) -> None:
    assert message in command("plot", "handmade", *options).error


def test_an_unknown_study_is_one_sentence(command: Command) -> None:
    assert 'No study "handmade"' in command("plot", "handmade").error
