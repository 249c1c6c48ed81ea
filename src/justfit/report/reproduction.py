"""What was published beside what came out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from ruamel.yaml import YAML

from justfit.errors import StoreError
from justfit.judge import Agreement, agreement, verdict
from justfit.store import StoredRun, StoredStudy

FOLDER = files("justfit") / "studies"
"""Where the published studies and figures are."""


@dataclass(frozen=True)
class FigureRow:
    """One published figure."""

    study: str
    network: str
    figure: str
    agreement: Agreement
    is_leaked: bool
    because: str
    """Why it does not agree, where that is known."""


@dataclass(frozen=True)
class ParameterRow:
    """A published number of parameters."""

    study: str
    widths: str
    published: int
    ours: int | None
    """None where no network of the study has these widths."""

    @property
    def agrees(self) -> bool:
        """Parameters are counted, so they must be equal."""
        return self.ours == self.published


@dataclass(frozen=True)
class Reading:
    """What a document read off its plots, and what the program reads off its own curves."""

    study: str
    stage: str
    published: str
    ours: tuple[str, ...]


@dataclass(frozen=True)
class Reproduction:
    """One document: everything that it published beside what came out."""

    name: str
    title: str
    figures: tuple[FigureRow, ...]
    parameters: tuple[ParameterRow, ...]
    readings: tuple[Reading, ...]
    refused: str
    """The error of the study that was published and cannot be; empty where there is none."""

    @property
    def agreeing(self) -> int:
        """How many figures agree."""
        return sum(row.agreement.agrees for row in self.figures)


def published() -> dict[str, Any]:
    """The published figures by document; ``tolerance`` stands beside the documents."""
    content: dict[str, Any] = YAML(typ="safe", pure=True).load(
        (FOLDER / "published.yaml").read_text(encoding="utf-8")
    )
    return content


def reproduction(name: str, studies: Mapping[str, StoredStudy], refused: str = "") -> Reproduction:
    """A document's figures beside those of its ``studies``, which are done.

    Raises:
        StoreError: a study lacks what is to be compared.
    """
    everything = published()
    document, tolerance = everything[name], everything["tolerance"]
    return Reproduction(
        name=name,
        title=document["title"],
        figures=tuple(_figure_row(row, studies[row["study"]], tolerance) for row in document["figures"]),
        parameters=tuple(_parameter_rows(document.get("parameters", {}), studies)),
        readings=tuple(_reading(row, studies[row["study"]]) for row in document.get("readings", ())),
        refused=refused,
    )


def _figure_row(row: Mapping[str, Any], study: StoredStudy, tolerance: Mapping[str, float]) -> FigureRow:
    result = study.result or {}
    network, figure, value = row.get("network", result.get("chosen")), row["figure"], row["published"]
    margin = tolerance["loss" if "loss" in figure else "accuracy"]
    low, high = row.get("within", (value - margin, value + margin))
    found = agreement(value, _values(study, network, figure), low, high)
    return FigureRow(study.name, network, figure, found, bool(result.get("leaked")), row.get("because", ""))


_LAST = {
    "last_accuracy": "metric",
    "last_val_accuracy": "val_metric",
    "last_val_loss": "val_loss",
}


def _values(study: StoredStudy, network: str, figure: str) -> list[float]:
    """A figure's values, one a replicate."""
    result = study.result or {}
    if figure == "best_epoch":
        return [float(result["best_epoch"])]
    if figure in _LAST or figure in ("peak_val_accuracy", "min_val_loss"):
        runs = study.runs(network) or study.final_runs
        return [_of_history(run, figure) for run in runs]
    means = result.get("test_replicates", {})
    name = figure.removeprefix("test_")
    if name == "loss" and "loss_with_penalties" in means:
        name = "loss_with_penalties"
    if name not in means:
        raise StoreError(f'{study.folder.name} has no figure "{figure}".')
    values: list[float] = means[name]["values"]
    return values


def _of_history(run: StoredRun, figure: str) -> float:
    if figure in _LAST:
        return float(getattr(run.history[-1], _LAST[figure]))
    if figure == "peak_val_accuracy":
        return max(float(epoch.val_metric or 0.0) for epoch in run.history)
    return min(float(epoch.val_loss) for epoch in run.history if epoch.val_loss is not None)


def _parameter_rows(
    parameters: Mapping[str, Mapping[str, int]], studies: Mapping[str, StoredStudy]
) -> Iterator[ParameterRow]:
    for study, networks in parameters.items():
        ours = {
            name.partition(",")[0]: int(network["parameters"])
            for name, network in studies[study].networks.items()
        }
        for widths, count in networks.items():
            yield ParameterRow(study, widths, count, ours.get(widths))


def _reading(row: Mapping[str, str], study: StoredStudy) -> Reading:
    stage = next(stage for stage in study.stages if stage["name"] == row["stage"])
    mark = "LEAKED: " if study.result and study.result["leaked"] else ""
    ours = tuple(f"{mark}{told}" for told in _read_off(study, stage))
    return Reading(study.name, row["stage"], row["published"], ours)


def _read_off(study: StoredStudy, stage: Mapping[str, Any]) -> Iterator[str]:
    """What the mean curves of a stage say, a sentence a network, the best first."""
    by = study.spec["select"]
    if by == "val_metric":
        found = sorted(
            (network for network in stage["networks"] if network["standing"]),
            key=lambda network: -network["standing"]["value"],
        )
        for network in found:
            stands = network["standing"]
            yield (
                f"{network['name']}: {stands['value']:.4f} in epoch {stands['best_epoch']}"
                f"{_spread(stands['spread'])}"
            )
        return
    for network in stage["networks"]:
        fit = verdict([run.history for run in study.runs(network["name"])])
        told = "diverged" if fit is None else fit.sentence
        yield f"{network['name']}: {told}"


def _spread(spread: float | None) -> str:
    return "" if spread is None else f", standard deviation {spread:.4f}"
