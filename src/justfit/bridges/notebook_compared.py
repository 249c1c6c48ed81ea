"""What comparisons show in a notebook: a table with differences and verdicts, and curves."""

from collections.abc import Mapping
from typing import Any

from justfit.bridges.notebook_sections import Shown
from justfit.data.finding import counted
from justfit.judge import Compared, Figure
from justfit.judge.compared_networks import ComparedNetworks
from justfit.judge.studies import StoredNetwork
from justfit.report.blocks import Block, Section, Sentence, Table
from justfit.report.overlay import overlay
from justfit.report.standings import short_name
from justfit.words import number, percent, told_figure
from justfit.workflow import ComparedChoices


def compared_networks(found: ComparedNetworks) -> Shown:
    """Networks of a study, the best first, each against the best, and their curves."""
    figure = short_name(found.by, found.metric)
    rows = tuple(_row(found, found.networks[name], each) for name, each in found.found.items())
    heads = (
        *("network", "parameters", "runs", "best epoch", figure, "95% interval"),
        *("difference to the best", "its 95% interval", "p", "verdict"),
    )
    blocks: tuple[Block, ...] = (
        Table(f"{counted(len(rows), 'network')}, the best first by {figure}", heads, rows),
        *(Sentence(f"{note[0].upper()}{note[1:]}.") for note in found.notes),
    )
    among = "" if found.stage is None else f", stage {found.stage}"
    section = Section("compared", f"{found.study.name}{among}: networks compared", blocks)
    names = [name for name, each in found.found.items() if each is not None]
    charts = ((overlay(found.study, names, found.by), f"{figure} over the epochs"),)
    return Shown(section, charts, found.study.is_leaked)


def _row(found: ComparedNetworks, network: StoredNetwork, each: Compared | None) -> tuple[str, ...]:
    head = (network.name, f"{network.parameters:,}", network.told_runs)
    if each is None:
        return (*head, *[""] * 7)
    stands, apart = each.standing, each.difference
    show = percent if found.by.endswith("metric") and found.metric == "accuracy" else number
    return (
        *head,
        str(stands.best_epoch),
        told_figure(found.by, found.metric, stands.value, leaked=found.study.is_leaked),
        _ends(stands.interval, show),
        "" if apart is None else show(apart.value),
        "" if apart is None else _ends(apart, show),
        "" if each.p is None else number(each.p),
        each.verdict or "",
    )


def _ends(figure: Figure | Mapping[str, Any], show: Any) -> str:
    """An interval's ends; empty where one run leaves them unknown."""
    ends = figure if isinstance(figure, Mapping) else vars(figure)
    low, high = ends["low"], ends["high"]
    return "" if low is None or high is None else f"{show(low)} to {show(high)}"


def compared_choices(found: ComparedChoices) -> Shown:
    """What studies have chosen against the first one's network, on rows that validate in both."""
    first = found.first
    rows = []
    for each in found.comparisons:
        show = percent if each["figure"] == "accuracy" else number
        apart = each["difference"]
        rows.append(
            (
                *(each[key] for key in ("name", "id", "network", "figure")),
                f"{each['rows']:,}",
                *(show(value) for value in (each["value"], each["first_value"], apart["value"])),
                _ends(apart, show),
                "" if each["p"] is None else number(each["p"]),
                each["verdict"] or "",
            )
        )
    heads = (
        *("study", "id", "network", "figure", "rows", "value", f"of {first['name']}", "difference"),
        *("its 95% interval", "p", "verdict"),
    )
    said = Sentence(
        "Rows are those that validate in both studies, each asked of networks that were not trained on it. "
        "The difference is from the first study's network. These rows chose the networks, too, which favours "
        "the one that was chosen among more."
    )
    title = f"{first['name']} {first['id']}: {first['network']}, against what others chose on {found.data}"
    table = Table("On common validation rows", heads, tuple(rows), texts=4)
    return Shown(Section("compared", title, (table, said)))
