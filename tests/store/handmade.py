"""Runs, studies and a model made by hand, for tests of the store."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from justfit.data.preparation import NumberPreparation
from justfit.spec import (
    TASKS,
    Candidate,
    Data,
    Done,
    Epoch,
    History,
    HoldOut,
    Network,
    Recipe,
    Run,
    Scaling,
    Stage,
    Study,
)
from justfit.store import Model, begin_study, write_result, write_run, write_stages
from justfit.store.records import write_record

RUN = Run(
    data="wine",
    fingerprint="0123456789abcdef",
    task="multiclass",
    preparation=Scaling(),
    candidate=Candidate(Network((16, 8), dropout=0.5), Recipe(batch_size=16, epochs=3)),
    protocol=HoldOut(),
)
MODEL = Model(
    name="wine",
    run_id="0123456789ab",
    task=TASKS["binary"],
    classes=("red", "white"),
    network=Network(()),
    preparation=NumberPreparation(Scaling("none"), ("acid",), np.zeros(1), np.ones(1)),
    target=None,
    kernels=(np.ones((1, 1), np.float32),),
    biases=(np.zeros(1, np.float32),),
)
RESULT = {"accuracy": {"value": 0.9, "low": 0.8, "high": None}}


def run(seed: int = 0) -> Run:
    return replace(RUN, seed=seed)


def history(loss: float = 0.5, *, validated: bool = True) -> History:
    val = (0.6, 0.55, 0.8) if validated else (None, None, None)
    return tuple(Epoch(number, loss, 0.45, 0.9, *val, seconds=0.01) for number in (1, 2, 3))


def rewrite(path: Path, content: Mapping[str, object]) -> None:
    """Puts another content into a stored JSON file, with the checksum that makes it look right."""
    values = {key: value for key, value in content.items() if key not in ("format", "checksum")}
    write_record(path, content["format"], values)


def keep_runs(store: Path, *seeds: int) -> list[str]:
    """Stores the runs of these seeds and gives their ids."""
    for seed in seeds:
        write_run(store, run(seed), history(), Done(), 30)
    return [run(seed).id for seed in seeds]


def study(name: str = "wine", **changes: object) -> Study:
    return Study(name, Data("wine"), (Stage("first"),), **changes)


def network(name: str, runs: list[str]) -> dict[str, object]:
    return {
        "name": name,
        "candidate": {},
        "parameters": 1,
        "layers": [],
        "runs": runs,
        "left": None,
        "standing": None,
    }


def keep_study(
    store: Path,
    made: Study,
    networks: dict[str, list[str]] | None = None,
    final_runs: list[str] | None = None,
    *,
    done: bool = True,
) -> Path:
    """Stores a study of one stage, whose networks have these runs, and gives its folder."""
    folder = begin_study(store, made)
    stage = {
        "name": "first",
        "choice": None,
        "networks": [network(*each) for each in (networks or {}).items()],
    }
    write_stages(folder, [stage])
    if done:
        write_result(folder, {**RESULT, "final_runs": final_runs or []}, MODEL)
    return folder
