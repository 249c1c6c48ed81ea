"""``--workers`` and ``--on``: other processes train, and nothing else changes."""

from pathlib import Path
from typing import Any

import pytest
from cli.ended import Command

from justfit.store import read_study

ONE = ("--hidden", "8", "--epochs", "4", "--replicates", "2", "--validation", "k_fold:3")


def figures_of(store: str) -> dict[str, Any]:
    """All that a store's one study came to, without the seconds that it took."""
    (folder,) = (path.parent for path in Path(store).glob("*/result.json"))
    study = read_study(folder)
    runs = [run for name in study.networks for run in study.runs(name)] + list(study.final_runs)
    epochs = [
        {key: each for key, each in vars(epoch).items() if key != "seconds"}
        for run in runs
        for epoch in run.history
    ]
    result = {key: value for key, value in (study.result or {}).items() if key != "seconds"}
    return {"result": result, "epochs": epochs}


@pytest.mark.slow
def test_processes_give_the_study_that_one_process_gives(command: Command) -> None:
    for store, workers in (("here", ()), ("one", ("--workers", "1")), ("four", ("--workers", "4"))):
        ended = command("run", "wine", *ONE, *workers, "--threads", "4", "--store", store)
        assert (ended.code, ended.err) == (0, "")
    assert figures_of("here") == figures_of("one") == figures_of("four")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--workers", "2", "--on", "ray"), "--workers and --on cannot be given together"),
        (("--on", "dask"), '--on "dask" is not known: expected ray, or ray://HOST:PORT.'),
        (("--workers", "5000"), "workers must be a whole number from 1 to 1024, got 5000"),
    ],
)
def test_workers_that_cannot_be_are_refused_before_anything_is_trained(
    command: Command, options: tuple[str, ...], message: str
) -> None:
    ended = command("run", "wine", *ONE, *options)
    assert message in ended.error
    assert not Path("justfit-runs").exists()
