import dataclasses
from pathlib import Path

import pytest
from workflow.handmade import numbers, small_study

from justfit.cli.progress import download_progress, epoch_progress, figures_of, study_progress
from justfit.spec import TASKS, Diverged, Done, Epoch, Failed, Outcome, Stage
from justfit.workflow import Chosen, EpochDone, Event, NetworkSummary, RunDone, StagePlanned, carry_out

EPOCH = Epoch(3, 0.9, 0.5, 0.75, 0.8, 0.4, 0.7, seconds=0.1)
TRAINED_ONLY = Epoch(3, 0.9, 0.5, 0.75, None, None, None, seconds=0.1)


def test_an_epoch_s_figures_are_those_without_penalties() -> None:
    assert figures_of(EPOCH, TASKS["binary"], leaked=False) == (
        "loss 0.5000  accuracy 0.7500  val_loss 0.4000  val_accuracy 0.7000"
    )
    assert figures_of(TRAINED_ONLY, TASKS["regression"], leaked=False) == "loss 0.5000  mae 0.7500"
    fitted = dataclasses.replace(EPOCH, fit_loss=0.45, fit_metric=0.8)
    assert figures_of(fitted, TASKS["binary"], leaked=False) == (
        "loss 0.5000  accuracy 0.7500  fit_loss 0.4500  fit_accuracy 0.8000  "
        "val_loss 0.4000  val_accuracy 0.7000"
    )


def test_figures_of_test_rows_that_validate_are_marked() -> None:
    plain = figures_of(EPOCH, TASKS["binary"], leaked=False)
    assert figures_of(EPOCH, TASKS["binary"], leaked=True) == f"{plain} LEAKED"
    assert "LEAKED" not in figures_of(TRAINED_ONLY, TASKS["binary"], leaked=True)


def test_epochs_are_plain_lines_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    with epoch_progress(TASKS["binary"], leaked=False) as tell:
        tell(EpochDone("network", "8-1", 1, 0, EPOCH, 20))
        tell(RunDone("network", "8-1", 1, 0, Done()))
        tell(EpochDone("final", "8-1", 1, 0, TRAINED_ONLY, 5))
    assert capsys.readouterr().out.splitlines() == [
        f"validation epoch 3/20  {figures_of(EPOCH, TASKS['binary'], leaked=False)}",
        "final epoch 3/5  loss 0.5000  accuracy 0.7500",
    ]


def told(events: list[Event], capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The lines that a study's events leave where nobody watches."""
    with study_progress() as tell:
        for event in events:
            tell(event)
    return capsys.readouterr().out.splitlines()


def ended(network: str, epochs: int, outcome: Outcome | None = None, of: int = 10) -> list[Event]:
    """The events of a run that was trained for so many epochs ``of`` those it was to have."""
    return [
        *(
            EpochDone("a", network, 1, 0, dataclasses.replace(EPOCH, epoch=epoch + 1), of)
            for epoch in range(epochs)
        ),
        RunDone("a", network, 1, 0, outcome or Done()),
    ]


TWO = StagePlanned("a", (NetworkSummary("one", (), 10, 3, 1), NetworkSummary("two", (), 10, 1, 1)))


def test_a_study_s_runs_are_told_in_tenths_of_their_epochs(capsys: pytest.CaptureFixture[str]) -> None:
    lines = told([TWO, *ended("one", 10), *ended("two", 10)], capsys)
    assert lines == [
        *(f"trained 0 of 2 runs, {10 * tenth}% of their epochs" for tenth in range(1, 6)),
        *(f"trained 1 of 2 runs, {10 * tenth}% of their epochs" for tenth in range(6, 10)),
        "trained 2 of 2 runs, 100% of their epochs",
    ]


@pytest.mark.parametrize(
    ("outcome", "trouble"),
    [
        (Done(), []),
        (Diverged(4), ["diverged in epoch 4: one, split 1, seed 0"]),
        (Failed("no room"), ["failed: one, split 1, seed 0: no room"]),
    ],
)
@pytest.mark.parametrize("epochs", [0, 3])
def test_a_run_that_ends_early_leaves_nothing_to_wait_for(
    capsys: pytest.CaptureFixture[str], outcome: Outcome, trouble: list[str], epochs: int
) -> None:
    lines = told([TWO, *ended("one", epochs, outcome)], capsys)
    assert [line for line in lines if not line.startswith("trained ")] == trouble
    assert lines[-1] == "trained 1 of 2 runs, 50% of their epochs"
    assert told([TWO, *ended("one", epochs, outcome), *ended("two", 10)], capsys)[-1] == (
        "trained 2 of 2 runs, 100% of their epochs"
    )


def test_final_networks_are_counted_where_they_are_trained(capsys: pytest.CaptureFixture[str]) -> None:
    final = [RunDone("final", "one", 1, 0, Done())]
    lines = told([TWO, *ended("one", 10), *ended("two", 10), Chosen("one", 5, None), *final], capsys)
    assert lines[-1] == "trained 3 of 3 runs, 100% of their epochs"
    only_named = Chosen("one", 5, None, is_tested=False)
    lines = told([TWO, *ended("one", 10), *ended("two", 10), only_named], capsys)
    assert lines[-1] == "trained 2 of 2 runs, 100% of their epochs"


def test_a_real_study_comes_to_all_of_its_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    twice = Stage("twice", {"hidden": [8]})  # which is one of the first stage's, too
    study = small_study(stages=(*small_study().stages, twice))
    for expected in ("trained 22 of 22 runs, 100% of their epochs", None):
        lines = told(list(carry_out(study, numbers("binary"), tmp_path)), capsys)
        assert (lines[-1] if lines else None) == expected


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
