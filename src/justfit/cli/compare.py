"""``justfit compare``: the networks of a study against the best of them."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from justfit.cli.completion import study_names
from justfit.cli.run import StoreOption
from justfit.cli.screen import cell, say, say_table
from justfit.cli.studies import JsonOption, StudyArgument, say_json, shown, shown_interval, told_figure
from justfit.errors import SpecError, StoreError
from justfit.machine import DEFAULT_STORE
from justfit.spec.checks import require_choice
from justfit.words import number

if TYPE_CHECKING:
    from justfit.judge import Compared, Figure
    from justfit.judge.studies import StoredNetwork
    from justfit.store import StoredStudy


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
    from justfit.judge.selection import FIGURES
    from justfit.judge.studies import compared, is_leaked, metric_of, read_networks

    if others:
        from justfit.cli.compare_rows import compare_studies, show_studies

        if by is not None or stage is not None:
            raise SpecError(
                "--by and --stage rank the networks of one study, and several are named: leave them out."
            )
        between = compare_studies(store, [study, *others])
        if as_json:
            say_json(between)
        else:
            show_studies(between)
        return
    by = by or "val_data_loss"
    require_choice("figure", by, FIGURES)
    stored, all_networks = read_networks(store, study)
    networks, metric = _of_stage(stored, all_networks, stage), metric_of(all_networks)
    found = compared(networks, by, metric)
    if not any(found.values()):
        raise StoreError(_nothing(stored, networks, by))
    notes = list(_notes(stored, networks, by))
    if as_json:
        rows = [compared_json(networks[name], each, is_leaked(stored)) for name, each in found.items()]
        say_json({**study_json(stored), "by": by, "stage": stage, "networks": rows, "notes": notes})
        return
    _show(stored, networks, found, by, metric)
    for note in notes:
        say(f"note: {note}")


def _of_stage(
    study: "StoredStudy", networks: Mapping[str, "StoredNetwork"], stage: str | None
) -> Mapping[str, "StoredNetwork"]:
    """The networks of a stage, or all."""
    if stage is None:
        return networks
    stages = {each["name"]: each for each in study.stages}
    require_choice("stage", stage, tuple(stages), f"among those of {study.folder.name} that have begun")
    return {each["name"]: networks[each["name"]] for each in stages[stage]["networks"]}


def _nothing(study: "StoredStudy", networks: Mapping[str, "StoredNetwork"], by: str) -> str:
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


def _show(
    study: "StoredStudy",
    networks: Mapping[str, "StoredNetwork"],
    found: Mapping[str, "Compared | None"],
    by: str,
    metric: str,
) -> None:
    from justfit.cli.show_run import LEAKED
    from justfit.cli.show_study import told_terms, told_trouble
    from justfit.judge.studies import is_leaked

    leaked = is_leaked(study)
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


_PENALTIES = ("l1", "l2", "activity_l1", "activity_l2")


def _notes(study: "StoredStudy", networks: Mapping[str, "StoredNetwork"], by: str) -> Iterator[str]:
    """What to know of these figures."""
    penalized = any(
        any(getattr(each.candidate.network, key)) for each in networks.values() for key in _PENALTIES
    )
    if by in ("loss", "val_loss") and penalized:
        yield (
            f"{by} includes the penalties on weights and outputs, which differ from network to network: "
            f"compare by {by.replace('loss', 'data_loss')} to leave them out"
        )
    if (chooses := study.spec["select"]) != by:
        yield f"the study itself chooses by {chooses}"
