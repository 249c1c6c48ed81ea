import dataclasses

import pytest

from justfit.cli.progress import download_progress, epoch_progress, figures_of
from justfit.spec import TASKS, Epoch
from justfit.workflow import EpochDone

EPOCH = Epoch(3, 0.9, 0.5, 0.75, 0.8, 0.4, 0.7, seconds=0.1)
TRAINED_ONLY = Epoch(3, 0.9, 0.5, 0.75, None, None, None, seconds=0.1)


def test_an_epoch_s_figures_are_those_without_penalties() -> None:
    assert figures_of(EPOCH, TASKS["binary"]) == (
        "loss 0.5000  accuracy 0.7500  val_loss 0.4000  val_accuracy 0.7000"
    )
    assert figures_of(TRAINED_ONLY, TASKS["regression"]) == "loss 0.5000  mae 0.7500"
    fitted = dataclasses.replace(EPOCH, fit_loss=0.45, fit_metric=0.8)
    assert figures_of(fitted, TASKS["binary"]) == (
        "loss 0.5000  accuracy 0.7500  fit_loss 0.4500  fit_accuracy 0.8000  "
        "val_loss 0.4000  val_accuracy 0.7000"
    )


def test_epochs_are_plain_lines_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    with epoch_progress(TASKS["binary"]) as tell:
        tell(EpochDone("validation", EPOCH, 20))
        tell(EpochDone("final", TRAINED_ONLY, 5))
    assert capsys.readouterr().out.splitlines() == [
        f"validation epoch 3/20  {figures_of(EPOCH, TASKS['binary'])}",
        "final epoch 3/5  loss 0.5000  accuracy 0.7500",
    ]


def test_a_download_is_told_in_quarters_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    with download_progress() as progress:
        for done in range(0, 2_000_001, 1000):
            progress("imdb.npz", done, 2_000_000)
        for done in range(0, 5000, 1000):
            progress("endless", done, None)
    assert capsys.readouterr().out.splitlines() == [
        *(f"downloading imdb.npz: {done:.1f} MB of 2.0 MB" for done in (0, 0.5, 1, 1.5, 2)),
        "downloading endless: 0.0 MB",
    ]
