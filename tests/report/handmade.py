"""Studies whose every figure is written by hand: nothing is trained."""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from justfit.spec import (
    AllRows,
    Data,
    Diverged,
    Done,
    Epoch,
    Final,
    History,
    HoldOut,
    KFold,
    Protocol,
    Run,
    Scaling,
    Settings,
    Stage,
    Study,
    TestRows,
    candidate_of,
    plain,
)
from justfit.store import StoredStudy, begin_study, read_study, write_result, write_run, write_stages

Losses = Callable[[str, int, int], list[float]]
"""Validation losses of a network on a split with a seed."""


def history(losses: list[float], *, validated: bool = True, fit: bool = False) -> History:
    """Epochs with these validation losses. Training losses are half of them, and 100 more with penalties."""
    return tuple(
        Epoch(
            epoch=number,
            loss=100 + loss / 2,
            data_loss=loss / 2,
            metric=1 - loss / 4,
            val_loss=100 + loss if validated else None,
            val_data_loss=loss if validated else None,
            val_metric=1 - loss / 2 if validated else None,
            seconds=0.5,
            fit_loss=loss / 8 if fit else None,
            fit_metric=1 - loss / 8 if fit else None,
        )
        for number, loss in enumerate(losses, start=1)
    )


def study(
    store: Path,
    networks: Mapping[str, Settings],
    losses: Losses,
    *,
    name: str = "handmade",
    validation: Protocol | None = None,
    replicates: int = 1,
    task: str = "binary",
    select: str = "val_data_loss",
    fit: bool = False,
    chosen: str | None = None,
    diverged: tuple[str, ...] = (),
    untrained: tuple[str, ...] = (),
) -> StoredStudy:
    """A stored study; its first network stands in stage ``first``, the others in ``second``.

    It is done where one is ``chosen``; of those ``untrained`` no run is kept.
    """
    validation = validation or HoldOut()
    stages = [Stage("first"), Stage("second")]
    spec = Study(
        name,
        Data("wine"),
        tuple(stages),
        validation,
        replicates=replicates,
        select=select,
        final=Final(epochs="last"),
        fit=fit,
    )
    folder = begin_study(store, spec)
    kept = []
    for network, settings in networks.items():
        first = _run(settings, validation, task)
        runs = [
            dataclasses.replace(first, split=split, seed=seed)
            for split in range(1, validation.splits + 1)
            for seed in spec.seeds
            if not isinstance(validation, AllRows)
        ]
        for run in runs if network not in untrained else ():
            found = history(losses(network, run.split, run.seed), fit=fit)
            outcome = Diverged(len(found) + 1) if network in diverged else Done()
            write_run(store, run, found, outcome, updates=7)
        kept.append(_kept(network, first, runs))
    write_stages(
        folder,
        [
            {"name": "first", "choice": None, "networks": kept[:1]},
            {"name": "second", "choice": None, "networks": kept[1:]},
        ],
    )
    if chosen is not None:
        final = _run(networks[chosen], AllRows(), task)
        finals = [dataclasses.replace(final, seed=seed) for seed in spec.seeds]
        for run in finals:
            write_run(store, run, history(losses(chosen, 1, run.seed), validated=False), Done(), updates=9)
        write_result(folder, {"chosen": chosen, "final_runs": [run.id for run in finals]}, None)
    return read_study(folder)


def _run(settings: Settings, protocol: Protocol, task: str) -> Run:
    return Run(
        data="wine",
        fingerprint="0123456789abcdef",
        task=task,
        preparation=Scaling(),
        candidate=candidate_of({"batch_size": 16, **settings}),
        protocol=protocol,
    )


def _kept(network: str, first: Run, runs: list[Run]) -> dict[str, Any]:
    return {
        "name": network,
        "candidate": plain(first.candidate),
        "parameters": 10 * sum(first.candidate.network.hidden),
        "layers": [],
        "runs": [run.id for run in runs],
        "left": None,
        "standing": None,
    }


FOUR_FOLDS = KFold(4)
THREE_TIMES_FOUR = KFold(4, repeats=3)
LEAK = TestRows()


def rows_of(chart: Any) -> list[dict[str, Any]]:
    """All rows of data in a chart."""
    return [row for rows in chart.to_dict()["datasets"].values() for row in rows]


def curve_of(chart: Any, name: str) -> dict[int, float]:
    """Value by epoch of the line with this name."""
    return {row["epoch"]: row["value"] for row in rows_of(chart) if row.get("name") == name}


def labels_of(chart: Any) -> list[str]:
    """The names that stand beside the frame."""
    return [" ".join(row["label"]) for row in rows_of(chart) if isinstance(row.get("label"), list)]


def bests_of(chart: Any) -> dict[str, int]:
    """The epochs with a ring."""
    return {row["name"]: row["best epoch"] for row in rows_of(chart) if "best epoch" in row}


def texts_of(chart: Any) -> tuple[str, str]:
    """Title and subtitle."""
    title = chart.to_dict()["title"]
    return " ".join(title["text"]), " ".join(title["subtitle"])
