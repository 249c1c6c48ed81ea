"""`StoredStudy`: what a study has left in its folder, readable from its first stage on."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from justfit.errors import StoreError
from justfit.spec import digest
from justfit.spec.checks import nearest
from justfit.store.frames import curves_table, figures_table, networks_table
from justfit.store.runs import StoredRun, read_run
from justfit.words import interval, number, percent


@dataclass(frozen=True, repr=False)
class StoredStudy:
    """What a study has left in its folder so far, but for the model, which `read_model` reads."""

    folder: Path
    spec: dict[str, Any]
    """As `justfit.spec.plain` gives it."""
    stages: tuple[dict[str, Any], ...]
    """In order; each with ``name``, ``choice`` (``name`` of the network taken, ``reason``; None before) and
    ``networks``: their ``name``, ``candidate``, ``parameters``, ``layers`` (lines of its summary), ``runs``
    (ids) and ``standing`` (None where there is none)."""
    result: dict[str, Any] | None
    """None while it is not done."""
    search: dict[str, Any] | None = None
    """Of a search, whose stages come one by one and which ends in a study of its own, how it was asked for:
    ``minutes`` (None for no limit), ``breadth`` and whether a ``protocol`` was given; or, of a space,
    ``sampler``, ``trials``, ``batch`` and whether to ``prune``."""

    @property
    def name(self) -> str:
        """The study's."""
        return str(self.spec["name"])

    @property
    def id(self) -> str:
        """The study's, wherever its folder is."""
        return digest(self.spec)[:12]

    @property
    def networks(self) -> dict[str, dict[str, Any]]:
        """The networks of all stages by name; one that stands in several stages comes once."""
        return {network["name"]: network for stage in self.stages for network in stage["networks"]}

    def runs(self, network: str) -> tuple[StoredRun, ...]:
        """The runs of a network, split by split, and replicate by replicate in each.

        Raises:
            StoreError: there is no such network, or a file of its runs is missing, cut off or changed.
        """
        if network not in self.networks:
            known = ", ".join(f'"{name}"' for name in list(self.networks)[:5])
            raise StoreError(
                f'{self.folder.name} has no network "{network}". It has {known or "none yet"}.'
                + nearest(network, list(self.networks))
            )
        return tuple(read_run(self.folder.parent, run_id) for run_id in self.networks[network]["runs"])

    @property
    def final_runs(self) -> tuple[StoredRun, ...]:
        """The runs that were tested, one for each replicate; none before the study is done."""
        ids = self.result["final_runs"] if self.result else ()
        return tuple(read_run(self.folder.parent, run_id) for run_id in ids)

    @property
    def is_leaked(self) -> bool:
        """Whether the test rows validate, so that all its figures are fitted to them."""
        return bool(self.spec["validation"]["name"] == "test_rows")

    def table(self) -> pa.Table:
        """The networks of all stages, a row each: how they stand by the figure that the study chooses by.

        ``value`` is the mean of that ``figure`` over ``runs`` in ``best_epoch`` of the mean curve, ``spread``
        the standard deviation from run to run, ``low`` and ``high`` the 95% interval of the mean; null where
        they are not known. ``left`` is the epoch after which a network left its stage early.
        """
        return networks_table(self)

    def curves(self) -> pa.Table:
        """All trained runs, a row an epoch, with the figures of `justfit.spec.Epoch`.

        Epochs and splits count from 1. Of the final runs, which were tested, ``stage`` is ``final`` and
        ``split`` 0.

        Raises:
            StoreError: a file of a run is cut off or changed.
        """
        return curves_table(self)

    def figures(self) -> pa.Table:
        """The figures of the test rows with their 95% intervals, beside those of the common-sense baseline.

        No rows while nothing is tested.
        """
        return figures_table(self)

    def __repr__(self) -> str:
        networks = len(self.networks)
        told = [f"{networks} network{'' if networks == 1 else 's'}"]
        mark = " LEAKED" if self.is_leaked else ""
        if self.result is None:
            told.append(f"not done{mark}")
        elif (tested := self.result.get("test")) is None:
            told.append(f'"{self.result["chosen"]}" chosen{mark}, nothing tested')
        else:
            name = "accuracy" if "accuracy" in tested else "mae"
            show, is_share = (percent, True) if name == "accuracy" else (number, False)
            value = f"{show(tested[name]['value'])}{mark} ({interval(tested[name], share=is_share)})"
            told.append(f'"{self.result["chosen"]}" chosen, test {name} {value}')
        return f"<study {self.name} {self.id} on {self.spec['data']['name']}: {', '.join(told)}>"
