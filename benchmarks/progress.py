"""``python -m benchmarks.progress``: how right the time left is, tenth by tenth of studies carried out."""

import argparse
import dataclasses
import json
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.results import write_results
from benchmarks.tables import table
from justfit.data.load import load
from justfit.spec import Data, Done, Epoch, Stage, Study
from justfit.spec.study_file import parse_studies
from justfit.workflow import (
    Chosen,
    EpochDone,
    Event,
    Halved,
    NetworkSummary,
    Planned,
    Progress,
    RunDone,
    StageDone,
    StagePlanned,
    carry_out,
    carry_out_automatically,
)
from justfit.workflow.breadth import seen
from justfit.workflow.events import Foreseen, RowCounts

STUDIES = {
    "grid": """
data: docstrings
replicates: 2
defaults: {epochs: 30, batch_size: 128}
stages:
  grid:
    grid: {hidden: [[4], [16], [64], [16, 16], [64, 64], [128, 64]], dropout: [0, 0.3, 0.5], l2: [0, 0.001]}
""",
    "folds": """
data: docstrings
validation: {k_fold: 4}
replicates: 3
defaults: {epochs: 20, batch_size: 128}
stages:
  widths: {grid: {hidden: [[4, 2], [16, 8], [64, 32]]}}
  regularized: {from: {winner_of: widths}, halving: 10, grid: {dropout: [0, 0.3, 0.5], l2: [0, 0.001]}}
  rates: {from: {winner_of: regularized}, zip: {optimizer: [rmsprop, adam], learning_rate: [0.003, 0.001]}}
""",
    "halving": """
data: {name: imdb, encoding: multi_hot, num_words: 5000}
validation: 10000
defaults: {epochs: 24, batch_size: 512}
stages:
  grid:
    halving: 3
    grid: {hidden: [[8], [16], [32], [64]], dropout: [0, 0.3, 0.5], learning_rate: [0.001, 0.003]}
""",
    "patience": """
data: mnist
validation: 10000
replicates: 2
defaults: {epochs: 30, batch_size: 256, patience: 3}
stages:
  widths: {grid: {hidden: [[16], [32], [64], [128], [64, 64]]}}
  regularized: {from: {winner_of: widths}, grid: {dropout: [0.1, 0.2, 0.4]}}
""",
    "one": """
data: imdb
validation: 10000
defaults: {epochs: 60, batch_size: 512}
stages:
  one: {hidden: [64, 64], dropout: 0.5}
""",
}
"""Studies by name, beside the whole workflow on a data set."""

NAMES = (*STUDIES, "docstrings", "imdb", "mnist")

RIGHT = 0.2
"""How far off the time left may be, as a share of the whole, after the first tenth."""

Recording = dict[str, Any]
"""``seconds`` that a study took; its ``runs``, each with stage, network, split and seed; and ``events``: when
each was told, its kind, and what `Progress` takes of it. Epochs of one cohort stand together."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.progress", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"some of {', '.join(NAMES)}; by default all"
    )
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="keep what was recorded, or take what is there"
    )
    parser.add_argument(
        "--alone",
        action="store_true",
        help="on one thread and by its processor time, so that nothing else on the machine disturbs",
    )
    arguments = parser.parse_args()
    if unknown := sorted(set(arguments.names) - set(NAMES)):
        parser.error(f"expected some of {', '.join(NAMES)}, got {', '.join(unknown)}")
    if arguments.alone:
        time.perf_counter = time.process_time
    rows = []
    for name in arguments.names or NAMES:
        path = arguments.keep and arguments.keep / f"{name}.json"
        if path is not None and path.is_file():
            recording = json.loads(path.read_text())
        else:
            recording = _recorded_study(name, threads=1 if arguments.alone else None)
            if path is not None:
                write_results(path, recording)
        rows.append([name, f"{recording['seconds']:.1f} s", *map(_percent, errors(recording))])
        print(table(["study", "took", *(f"{10 * at}%" for at in range(1, 11))], rows[-1:]), flush=True)


def _percent(error: float | None) -> str:
    return "" if error is None else f"{error:+.0%}"


def _recorded_study(name: str, threads: int | None) -> Recording:
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder)
        if name not in STUDIES:
            data = Data(name)
            return recorded(carry_out_automatically(data, load(data), store, threads=threads))
        (study,) = parse_studies(STUDIES[name], name)
        return recorded(carry_out(study, load(study.data), store, threads=threads))


def recorded(events: Iterable[Event], clock: Callable[[], float] = time.perf_counter) -> Recording:
    """What a study tells as it is carried out, with the seconds since it began."""
    start, now = clock(), 0.0
    runs: dict[tuple[str, str, int, int], int] = {}
    lines: list[list[Any]] = []
    for event in events:
        now = clock() - start
        match event:
            case EpochDone(stage, network, split, seed, epoch, epochs):
                number = runs.setdefault((stage, network, split, seed), len(runs))
                told = [epochs, epoch.epoch, epoch.seconds]
                if not lines or lines[-1][1:5] != ["epoch", *told]:
                    lines.append([now, "epoch", *told, []])
                loss = epoch.val_data_loss
                lines[-1][5].append([number, None if loss is None else float(f"{loss:.4g}")])
            case RunDone(stage, network, split, seed):
                lines.append([now, "run", runs.setdefault((stage, network, split, seed), len(runs))])
            case _ if (told := _told(event)) is not None:
                lines.append([now, *told])
    return {"seconds": now, "runs": list(runs), "events": lines}


def _told(event: Event) -> list[Any] | None:
    """An event other than epochs and runs as a line; None where time is not told by it."""
    match event:
        case Planned():
            foreseen = [_own(each) for each in event.foreseen]
            rows = [event.rows.train, event.rows.validation, event.rows.test]
            return ["planned", event.replicates, event.splits, event.keeps_rows, rows, foreseen]
        case StagePlanned(stage, networks, halving):
            told = [
                [each.name, each.epochs, each.runs, each.missing, each.work, each.ends_early]
                for each in networks
            ]
            return ["stage", stage, halving, told]
        case Halved(stage=stage, epoch=epoch, left=left, stay=stay):
            return ["halved", stage, epoch, list(left), list(stay)]
        case StageDone(stage):
            return ["stage_done", stage]
        case Chosen(network, epochs, is_tested=is_tested):
            return ["chosen", network, epochs, is_tested]
    return None


_OWN = ("networks", "runs", "epochs", "halving", "work", "if_leads", "anyway")
"""What is a search's own of a step that it foresees: all else is what `Breadth` says in the replay."""


def _own(step: Foreseen) -> dict[str, Any]:
    told = dataclasses.asdict(step)
    of_search = seen(step.stage)
    if dataclasses.replace(of_search, **{name: told[name] for name in _OWN}) == step:
        return {name: told[name] for name in ("stage", *_OWN)}
    return told


def _step(told: Mapping[str, Any]) -> Foreseen:
    names = {name: tuple(told[name]) for name in ("if_leads", "anyway")}
    return dataclasses.replace(seen(told["stage"]), **{name: told[name] for name in _OWN} | names)


def replayed(recording: Mapping[str, Any]) -> Iterator[tuple[float, Event]]:
    """The events of a recording, each with the seconds at which it was told."""
    for at, kind, *told in recording["events"]:
        for event in _events(kind, told, recording["runs"]):
            yield at, event


def _events(kind: str, told: list[Any], runs: list[Any]) -> Iterator[Event]:
    match kind, told:
        case "planned", [replicates, splits, keeps_rows, rows, foreseen]:
            study = Study("recorded", Data("wine"), (Stage("all"),), replicates=replicates)
            steps = tuple(Foreseen(**each) if "times" in each else _step(each) for each in foreseen)
            counts = RowCounts(*rows)
            yield Planned(study, counts, splits, False, None, (), foreseen=steps, keeps_rows=keeps_rows)
        case "stage", [stage, halving, networks]:
            summaries = (NetworkSummary(name, (), *numbers) for name, *numbers in networks)
            yield StagePlanned(stage, tuple(summaries), halving)
        case "epoch", [epochs, number, seconds, members]:
            for run, loss in members:
                epoch = Epoch(number, 0.0, 0.0, 0.0, loss, loss, loss, seconds=seconds)
                yield EpochDone(*runs[run], epoch, epochs)
        case "run", [run]:
            yield RunDone(*runs[run], Done())
        case "halved", [stage, epoch, left, stay]:
            yield Halved(stage, "val_data_loss", epoch, tuple(left), tuple(stay), None, None)
        case "stage_done", [stage]:
            yield StageDone(stage, {}, None)
        case "chosen", [network, epochs, is_tested]:
            yield Chosen(network, epochs, None, is_tested)


def errors(
    recording: Mapping[str, Any], made: Callable[[Callable[[], float]], Progress] = Progress
) -> list[float | None]:
    """How far off the time left is at worst in each tenth of a recorded study, as a share of all its seconds.

    Args:
        recording: of the study.
        made: gives what tells the time left, from a clock.

    Returns:
        A number a tenth, above 0 where too much is told; None where nothing is told at all.
    """
    now, whole = 0.0, recording["seconds"]
    progress = made(lambda: now)
    found: list[list[float]] = [[] for _ in range(10)]
    for at, event in replayed(recording):
        # Between events time goes by, too, and whoever watches looks at the time left.
        for step in range(int(200 * now / whole) + 1, int(200 * at / whole) + 1):
            now = step * whole / 200
            _note(found, progress, now, whole)
        now = at
        progress.tell(event)
        _note(found, progress, now, whole)
    return [max(each, key=abs) if each else None for each in found]


def _note(found: list[list[float]], progress: Progress, now: float, whole: float) -> None:
    left = progress.seconds_left
    if left is not None:
        found[min(9, int(10 * now / whole))].append((left - (whole - now)) / whole)


if __name__ == "__main__":
    main()
