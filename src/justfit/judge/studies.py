"""Stored studies as the judge sees them: networks with their runs, how they stand, and whether they fit."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from justfit.judge.comparison import Compared, compare
from justfit.judge.search import SearchFinding, Tried, search_findings
from justfit.judge.verdict import Verdict, verdicts
from justfit.spec import Candidate, candidate_of, task_named
from justfit.store import StoredRun, StoredStudy, find_study, has_run, read_run, read_study
from justfit.store.entries import read_from


@dataclass(frozen=True)
class StoredNetwork:
    """A network of a stored study with those of its runs that are trained."""

    number: int
    """From 1, in the order of the stages."""
    name: str
    parameters: int
    candidate: Candidate
    layers: tuple[Mapping[str, Any], ...]
    """Of each line of its summary ``kind``, ``detail``, ``outputs`` and ``parameters``."""
    run_ids: tuple[str, ...]
    """All that the study plans, trained or not."""
    runs: tuple[StoredRun, ...]
    left: int | None = None
    """The epoch after which it left its stage, being in the worse half; None where it did not."""

    @property
    def is_complete(self) -> bool:
        """Whether all its runs are trained, so that it can be compared."""
        return 0 < len(self.run_ids) == len(self.runs)

    @property
    def told_runs(self) -> str:
        """How many runs are trained, and of how many where some are not."""
        planned, trained = len(self.run_ids), len(self.runs)
        return f"{trained:,}" if trained == planned else f"{trained:,}/{planned:,}"


def read_networks(store: Path, reference: str) -> tuple[StoredStudy, dict[str, StoredNetwork]]:
    """The study that ``reference`` means, and the networks of all its stages by name, with their runs.

    Raises:
        StoreError: no study is meant, or several, or a file of it is broken.
    """
    study = read_study(find_study(store, reference))
    return study, networks_of(study)


def networks_of(
    study: StoredStudy, read: Callable[[Path, str], StoredRun] = read_run
) -> dict[str, StoredNetwork]:
    """The networks of all stages of a study by name, with those of their runs that are trained.

    Args:
        study: as it is stored.
        read: a run by its store and its id, for whoever has kept some.

    Raises:
        StoreError: a file of the study or of its runs is broken.
    """
    store = study.folder.parent
    runs: dict[str, StoredRun] = {}
    found = {}
    with read_from(study.folder):
        # A file that lacks what is asked of it everywhere is told of here.
        _ = study.is_leaked, study.result is None or study.result["leaked"]
        for place, (name, network) in enumerate(study.networks.items(), start=1):
            ids = [run_id for run_id in network["runs"] if has_run(store, run_id)]
            runs |= {run_id: read(store, run_id) for run_id in ids if run_id not in runs}
            candidate = network["candidate"]
            found[name] = StoredNetwork(
                number=place,
                name=name,
                parameters=int(network["parameters"]),
                candidate=candidate_of({**candidate["network"], **candidate["recipe"]}),
                layers=tuple(
                    {key: key_of(line[key]) for key, key_of in _LAYER.items()} for line in network["layers"]
                ),
                run_ids=tuple(network["runs"]),
                runs=tuple(runs[run_id] for run_id in ids),
                left=network["left"],
            )
    return found


_LAYER = {"kind": str, "detail": str, "outputs": int, "parameters": int}


def metric_of(networks: Mapping[str, StoredNetwork]) -> str:
    """``accuracy`` or ``mae``, as the task of the runs has it; ``metric`` where none is trained."""
    runs = (run for network in networks.values() for run in network.runs)
    first = next(runs, None)
    return "metric" if first is None else task_named(first.spec["task"]).metric


def more_is_better(figure: str, metric: str) -> bool:
    """Whether the highest is the best."""
    return figure.endswith("metric") and metric == "accuracy"


def compared(
    networks: Mapping[str, StoredNetwork], figure: str, metric: str
) -> Mapping[str, Compared | None]:
    """How networks stand by a figure, the best first; None for those whose runs are not all trained."""
    complete = {name: each.runs if each.is_complete else () for name, each in networks.items()}
    return compare(complete, figure, more_is_better=more_is_better(figure, metric))


def fits_of(
    networks: Mapping[str, StoredNetwork], found: Mapping[str, Compared | None]
) -> dict[str, Verdict | None]:
    """Whether each network is under- or overfit, held against the best; None where its runs do not say."""
    # What left early says nothing of how it would have come to fit.
    runs = {
        name: network.runs if network.is_complete and network.left is None else ()
        for name, network in networks.items()
    }
    return verdicts(runs, next((name for name, each in found.items() if each is not None), None))


def stage_findings(
    study: StoredStudy, networks: Mapping[str, StoredNetwork], names: Sequence[str]
) -> tuple[SearchFinding, ...]:
    """How well a stage has searched, by those of its networks whose runs are all trained to their ends."""
    tried = {
        name: Tried(each.candidate, each.runs)
        for name in names
        if (each := networks[name]).is_complete and each.left is None
    }
    figure = study.spec["select"]
    return search_findings(tried, figure, more_is_better=more_is_better(figure, metric_of(networks)))
