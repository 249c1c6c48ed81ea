"""``--verbose``, and the same by Python's logging."""

import logging
import re
from pathlib import Path

import pytest
from cli.ended import Command

import justfit

RUN = ("run", "wine", "--hidden", "4", "--epochs", "2")


@pytest.mark.slow
def test_what_is_read_prepared_trained_and_written_is_told_on_standard_error(
    command: Command, tmp_path: Path
) -> None:
    loud = command("--verbose", *RUN, "--json")
    assert loud.code == 0
    for told in (
        r"justfit\.data\.load: wine loaded in \d+\.\d\d s: 142 training rows, 36 test rows sealed, ",
        r"justfit\.workflow\.stages: stage network: 0 of 1 runs are there already",
        r"justfit\.workflow\.trials: NumberPreparation fitted on 113 training rows .* 13 columns, 1469 num",
        r"justfit\.engine\.trainings: members: 1, training rows: 113, cohorts: 1 \(.*\), instructions: \w+",
        r"justfit\.engine\.trainings: cohort: 1 of 1 members ended, epoch 2, updates 16, \d+\.\d\d s",
        r"justfit\.store\.files: wrote justfit-runs/wine-\w+/result\.json: \d+ bytes in ",
    ):
        assert re.search(rf"^\d\d:\d\d:\d\d {told}", loud.err, re.MULTILINE), told
    (study,) = loud.answer["studies"]
    size = int(re.search(r"result\.json: (\d+) bytes", loud.err)[1])
    assert (tmp_path / study["folder"] / "result.json").stat().st_size == size
    silent = command("show", study["id"], "--json")
    assert silent.err == "", "the next command is not verbose"


def test_quiet_and_verbose_are_not_both_understood(command: Command) -> None:
    ended = command("--quiet", "--verbose", "list")
    assert ended.code == 2
    assert "the opposite" in " ".join(ended.err.split())


def test_names_in_details_are_text(command: Command, tmp_path: Path) -> None:
    name = "evil\x1b[2J[red].csv"
    (tmp_path / name).write_text("a,b\n" + "1,x\n2,y\n" * 30)
    ended = command("-v", "data", "audit", name, "--target", "b")
    assert r"read evil\x1b[2J[red].csv: 244 bytes, 60 rows in " in ended.err


def test_python_users_get_the_same_by_logging(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    with caplog.at_level(logging.INFO, logger="justfit"):
        justfit.run("wine", justfit.Network((4,)), justfit.Recipe(epochs=1), store=tmp_path)
    names = {record.name for record in caplog.records}
    assert {"justfit.data.load", "justfit.workflow.trials", "justfit.engine.trainings"} <= names
    assert "justfit.store.files" not in names, "files of a store are details, of level DEBUG"


def test_nothing_is_configured_by_importing() -> None:
    logger = logging.getLogger("justfit")
    assert logger.handlers == []
    assert logger.level == logging.NOTSET
