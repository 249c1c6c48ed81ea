"""`ComparedNetworks`: the networks of a stored study against the best of them, by any figure of an epoch."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from justfit.errors import StoreError
from justfit.judge.comparison import Compared
from justfit.judge.selection import FIGURES
from justfit.judge.studies import StoredNetwork, compared, metric_of, networks_of
from justfit.spec.checks import require_choice
from justfit.store import StoredStudy

_TEXTS = ("network", "figure", "verdict")
_NUMBERS = (
    "value",
    "spread",
    "low",
    "high",
    "difference",
    "difference_low",
    "difference_high",
    "p",
    "seconds",
)
_COUNTS = ("number", "pairs", "best_epoch", "updates", "parameters", "runs")
_ORDER = (
    *("network", "number", "figure", "value", "spread", "low", "high"),
    *("difference", "difference_low", "difference_high", "pairs", "p", "verdict"),
    *("best_epoch", "updates", "seconds", "parameters", "runs"),
)
_TYPES = (
    dict.fromkeys(_TEXTS, pa.string())
    | dict.fromkeys(_NUMBERS, pa.float64())
    | dict.fromkeys(_COUNTS, pa.int64())
)
_SCHEMA = pa.schema([*((name, _TYPES[name]) for name in _ORDER), ("is_leaked", pa.bool_())])


@dataclass(frozen=True, eq=False, repr=False)
class ComparedNetworks:
    """Networks of a study by a figure, each in the best epoch of its mean curve."""

    study: StoredStudy
    by: str
    """One of `justfit.judge.selection.FIGURES`."""
    stage: str | None
    """The stage whose networks they are; None for all."""
    metric: str
    """What the task calls ``metric``: ``accuracy`` or ``mae``."""
    networks: Mapping[str, StoredNetwork]
    found: Mapping[str, Compared | None]
    """How they stand, the best first; None for those whose runs are not all trained."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know of these figures, a sentence each."""
        return tuple(self._notes())

    def _notes(self) -> Iterator[str]:
        penalized = any(
            any(getattr(each.candidate.network, key)) for each in self.networks.values() for key in _PENALTIES
        )
        if self.by in ("loss", "val_loss") and penalized:
            yield (
                f"{self.by} includes the penalties on weights and outputs, which differ from network to "
                f"network: compare by {self.by.replace('loss', 'data_loss')} to leave them out"
            )
        if (chooses := self.study.spec["select"]) != self.by:
            yield f"the study itself chooses by {chooses}"

    def table(self) -> pa.Table:
        """A row a network, the best first; what is not known is null.

        ``value`` is the mean of ``figure`` over its runs in ``best_epoch``, ``low`` and ``high`` its 95%
        interval. ``difference`` is the mean over ``pairs`` of runs of its figure minus the best network's,
        with its interval; ``p`` and ``verdict`` (``better``, ``worse`` or ``tie``) are those of a paired t
        test, corrected for the rows that folds share and for all pairs of networks.
        """
        rows = [self._row(self.networks[name], each) for name, each in self.found.items()]
        return pa.Table.from_pylist(rows, _SCHEMA)

    def _row(self, network: StoredNetwork, found: Compared | None) -> dict[str, Any]:
        row: dict[str, Any] = {
            "network": network.name,
            "number": network.number,
            "figure": self.by,
            "parameters": network.parameters,
            "runs": len(network.runs),
            "is_leaked": self.study.is_leaked,
        }
        if found is None:
            return row
        stands, apart = found.standing, found.difference
        row |= {"value": stands.value, "spread": stands.spread, "best_epoch": stands.best_epoch}
        row |= {"low": stands.interval.low, "high": stands.interval.high}
        if apart is not None:
            row |= {
                "difference": apart.value,
                "difference_low": apart.low,
                "difference_high": apart.high,
                "pairs": found.pairs,
            }
        return row | {key: getattr(found, key) for key in ("p", "verdict", "updates", "seconds")}

    def __repr__(self) -> str:
        best = next(iter(self.found))
        return (
            f'<{len(self.found)} networks of {self.study.name} compared by {self.by}: best "{best}"'
            f"{' LEAKED' if self.study.is_leaked else ''}>"
        )


_PENALTIES = ("l1", "l2", "activity_l1", "activity_l2")


def compare_networks(
    study: StoredStudy, by: str = "val_data_loss", stage: str | None = None
) -> ComparedNetworks:
    """Rank the networks of a study by a figure, each in the best epoch of its mean curve.

    Args:
        study: as it is stored.
        by: one of `justfit.judge.selection.FIGURES`.
        stage: only the networks of this one; None for those of all.

    Raises:
        SpecError: no such figure or stage.
        StoreError: there is nothing to compare, or a file of the study or its runs is broken.
    """
    require_choice("figure", by, FIGURES)
    networks = networks_of(study)
    metric, among = metric_of(networks), _of_stage(study, networks, stage)
    found = compared(among, by, metric)
    if not any(found.values()):
        raise StoreError(_nothing(study, among, by))
    return ComparedNetworks(study, by, stage, metric, among, found)


def _of_stage(
    study: StoredStudy, networks: Mapping[str, StoredNetwork], stage: str | None
) -> Mapping[str, StoredNetwork]:
    """The networks of a stage, or all."""
    if stage is None:
        return networks
    stages = {each["name"]: each for each in study.stages}
    require_choice("stage", stage, tuple(stages), f"among those of {study.folder.name} that have begun")
    return {each["name"]: networks[each["name"]] for each in stages[stage]["networks"]}


def _nothing(study: StoredStudy, networks: Mapping[str, StoredNetwork], by: str) -> str:
    """Why there is nothing to compare."""
    if not any(network.run_ids for network in networks.values()):
        return (
            f"{study.folder.name} has no runs to compare: "
            + ("its first stage has not begun" if not networks else "no row validates")
            + "."
        )
    if not any(network.is_complete for network in networks.values()):
        return (
            f"No network of {study.folder.name} has all its runs trained: run it again to train the others."
        )
    if by.startswith("fit_"):
        return (
            f"No network of {study.folder.name} has measured {by}: set fit: true in its file, and run that."
        )
    return f"No network of {study.folder.name} has measured {by} in one epoch of all its runs: they diverged."
