"""``justfit compare``: the networks of a study against the best of them."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from justfit.cli.completion import study_names
from justfit.cli.screen import cell, say, say_json, say_table
from justfit.cli.studies import JsonOption, StoreOption, StudyArgument, shown, shown_interval, told_figure
from justfit.errors import SpecError
from justfit.machine import DEFAULT_STORE
from justfit.words import number

if TYPE_CHECKING:
    from justfit.judge import Compared, Figure
    from justfit.judge.compared_networks import ComparedNetworks
    from justfit.judge.studies import StoredNetwork


def compare(  # noqa: PLR0917 - typer calls it by keyword
    study: StudyArgument,
    others: Annotated[
        list[str] | None,
        typer.Argument(
            help="Other studies, whose chosen networks are compared with this one's, row by row.",
            autocompletion=study_names,
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            help="A figure of an epoch, by default val_data_loss: val_loss, val_metric, fit_loss, loss, ..."
        ),
    ] = None,
    stage: Annotated[str | None, typer.Option(help="Only the networks of this stage.")] = None,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Rank the networks of a study by a figure, each in the best epoch of its mean curve.

    With other studies on the same rows: compare what they have chosen on the rows that validate.
    """
    from justfit.cli.show_study import compared_json, study_json
    from justfit.judge.compared_networks import compare_networks
    from justfit.store import find_study, read_study

    if others:
        from justfit.cli.compare_rows import show_choices
        from justfit.cli.held_out import dataset_of
        from justfit.workflow import compare_choices

        if by is not None or stage is not None:
            raise SpecError(
                "--by and --stage rank the networks of one study, and several are named: leave them out."
            )
        studies = [read_study(find_study(store, reference)) for reference in (study, *others)]
        between = compare_choices(studies, dataset_of)
        if as_json:
            say_json(asdict(between))
        else:
            show_choices(between)
        return
    compared = compare_networks(read_study(find_study(store, study)), by or "val_data_loss", stage)
    if as_json:
        stored = compared.study
        rows = [
            compared_json(compared.networks[name], each, stored.is_leaked)
            for name, each in compared.found.items()
        ]
        head = {**study_json(stored), "by": compared.by, "stage": stage}
        say_json({**head, "networks": rows, "notes": compared.notes})
        return
    _show(compared)
    for note in compared.notes:
        say(f"note: {note}")


def _show(compared: "ComparedNetworks") -> None:
    from justfit.cli.show_run import LEAKED
    from justfit.cli.show_study import told_terms, told_trouble

    study, networks, found = compared.study, compared.networks, compared.found
    by, metric, leaked = compared.by, compared.metric, study.is_leaked
    figure = told_figure(by, metric)
    say(cell(f"{study.name}: study {study.id}, best first by {figure}"))
    if leaked:
        say(LEAKED)
    columns = (
        *(
            "network",
            "no.",
            figure,
            "spread",
            "95% interval",
            "difference to the best",
            "its 95% interval",
            "pairs",
            "p",
            "verdict",
        ),
        *("best epoch", "updates", "seconds", "parameters", "runs"),
    )
    rows = [_cells(networks[name], each, by, metric, leaked=leaked) for name, each in found.items()]
    say_table(columns, rows)
    for name in found:
        for line in told_trouble(networks[name], done=study.result is not None):
            say(line)
    say()
    say("difference: mean over pairs of runs on the same split with the same seed; its interval: of it alone")
    say("p, verdict: paired t test against the best, corrected for rows that folds share and for all pairs")
    for line in told_terms(study):
        say(line)


def _cells(
    network: "StoredNetwork", found: "Compared | None", by: str, metric: str, *, leaked: bool
) -> tuple[str, ...]:
    tail = (f"{network.parameters:,}", network.told_runs)
    if found is None:
        return (network.name, str(network.number), *([""] * 11), *tail)
    stands, apart = found.standing, found.difference
    return (
        network.name,
        str(network.number),
        shown(by, metric, stands.value, leaked=leaked),
        shown(by, metric, stands.spread),
        shown_interval(by, metric, stands.interval.low, stands.interval.high),
        "" if apart is None else shown(by, metric, apart.value, leaked=leaked),
        _shown_ends(apart, by, metric),
        "" if apart is None else f"{found.pairs:,}",
        "" if found.p is None else number(found.p),
        found.verdict or "",
        str(stands.best_epoch),
        f"{found.updates:,}",
        f"{found.seconds:.3f}",
        *tail,
    )


def _shown_ends(apart: "Figure | None", by: str, metric: str) -> str:
    """The interval of a difference as a cell; empty where one pair leaves it unknown."""
    if apart is None or apart.low is None:
        return ""
    return f"{shown(by, metric, apart.low)} to {shown(by, metric, apart.high)}"
