"""One network of a stored study: settings, layers, runs and its mean curve."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from justfit.cli.screen import cell, say, say_table
from justfit.cli.show_run import LEAKED
from justfit.cli.show_study import compared_json, study_json, told_trouble
from justfit.cli.studies import shown, shown_interval, told_figure
from justfit.errors import StoreError
from justfit.judge import Curve, Verdict, mean_curve, standing
from justfit.judge.selection import FIGURES
from justfit.judge.studies import StoredNetwork, compared, fits_of, metric_of, more_is_better
from justfit.spec import Diverged
from justfit.spec.checks import nearest
from justfit.spec.settings import settings_of
from justfit.store import StoredRun, StoredStudy

_MOST_EPOCHS = 30
"""More would not fit on a screen, so then not every epoch is shown."""


def show_network(study: StoredStudy, networks: Mapping[str, StoredNetwork], reference: str) -> None:
    """Print all that is known of a network.

    Raises:
        StoreError: ``reference`` is neither a name nor a number of one.
    """
    network = _meant(study, networks, reference)
    say(cell(f"{study.name}, network {network.number}: {network.name}"))
    if study.is_leaked:
        say(LEAKED)
    say()
    differing = settings_of(network.candidate)
    say_table(("differs from the defaults", "value"), _setting_cells(differing), texts=2, folds=False)
    say()
    say_table(("in full", "value"), _setting_cells(_in_full(network)), texts=2, folds=False)
    say()
    lines = [
        (f"{line['kind']}, {line['detail']}", f"{line['outputs']:,}", f"{line['parameters']:,}")
        for line in network.layers
    ]
    say_table(("layer", "outputs", "parameters"), [*lines, ("total", "", f"{network.parameters:,}")])
    _show_runs(study, network, metric_of(networks))
    if (fit := _fit(study, networks, network)) is not None:
        say()
        say(f"{'LEAKED: ' if study.is_leaked else ''}{fit.sentence}")
    _show_curve(study, network, metric_of(networks))


def _meant(study: StoredStudy, networks: Mapping[str, StoredNetwork], reference: str) -> StoredNetwork:
    """The network of this name, or of this number."""
    if reference in networks:
        return networks[reference]
    for network in networks.values():
        if str(network.number) == reference:
            return network
    if not networks:
        raise StoreError(f"{study.folder.name} has no networks yet: run it again.")
    raise StoreError(
        f'{study.folder.name} has no network "{reference}": expected a number from 1 to {len(networks)}, '
        f"or a name as `justfit show {study.folder.name}` lists them.{nearest(reference, list(networks))}"
    )


def _fit(study: StoredStudy, networks: Mapping[str, StoredNetwork], network: StoredNetwork) -> Verdict | None:
    """Whether it is under- or overfit, held against the best network of the study."""
    found = compared(networks, study.spec["select"], metric_of(networks))
    return fits_of(networks, found)[network.name]


def _in_full(network: StoredNetwork) -> dict[str, object]:
    return {**asdict(network.candidate.network), **asdict(network.candidate.recipe)}


def _setting_cells(settings: Mapping[str, object]) -> list[tuple[str, str]]:
    return [(key, _told(value)) for key, value in settings.items()]


def _told(value: object) -> str:
    """The value of a setting as a cell.

    >>> _told({"name": "sgd", "momentum": 0.9, "nesterov": True}), _told((16, 8)), _told(None)
    ('sgd, momentum 0.9, nesterov true', '16, 8', 'none')
    """
    match value:
        case None:
            return "none"
        case bool():
            return str(value).lower()
        case Mapping():
            inner = [f"{key.replace('_', ' ')} {_told(each)}" for key, each in value.items() if key != "name"]
            return ", ".join([str(value["name"]), *inner])
        case list() | tuple():
            return ", ".join(_told(each) for each in value) or "none"
        case float():
            return f"{value:g}"
    return str(value)


def _show_runs(study: StoredStudy, network: StoredNetwork, metric: str) -> None:
    """Each run by itself, in its own best epoch."""
    say()
    if not network.run_ids:
        say("no row validates, so it was trained in no run but the final ones")
        return
    figure = study.spec["select"]
    other = () if figure == "val_metric" else ("val_metric",)
    heads = [told_figure(key, metric) for key in (figure, *other)]
    say("each run in its own best epoch")
    columns = ("run", "split", "seed", "best epoch", *heads, "epochs", "updates", "seconds", "outcome")
    by_id = {run.id: run for run in network.runs}
    rows = []
    for run_id in network.run_ids:
        if run_id not in by_id:
            rows.append((run_id, *([""] * (7 + len(other))), "not trained"))
            continue
        run = by_id[run_id]
        at = _best(run, figure, metric)
        figures = [
            shown(key, metric, getattr(run.history[at - 1], key), leaked=study.is_leaked) if at else ""
            for key in (figure, *other)
        ]
        place = (str(run.spec["split"]), str(run.spec["seed"]), str(at or ""))
        trained = (str(len(run.history)), f"{run.updates:,}", f"{run.seconds:.3f}", _outcome(run))
        rows.append((run_id, *place, *figures, *trained))
    say_table(columns, rows)
    for line in told_trouble(network, done=study.result is not None):
        say(line)


def _best(run: StoredRun, figure: str, metric: str) -> int | None:
    stands = standing([run.history], figure, more_is_better=more_is_better(figure, metric))
    return None if stands is None else stands.best_epoch


def _outcome(run: StoredRun) -> str:
    return f"diverged in epoch {run.outcome.epoch}" if isinstance(run.outcome, Diverged) else "done"


def _show_curve(study: StoredStudy, network: StoredNetwork, metric: str) -> None:
    """The mean curve over the runs, with the figure that chooses first."""
    figure = study.spec["select"]
    curves = _curves(network)
    if figure not in curves:
        return
    chooses = curves[figure]
    stands = compared({network.name: network}, figure, metric)[network.name]
    best = stands.standing.best_epoch if stands else None
    others = [key for key in FIGURES if key in curves and key != figure]
    rows = [
        (
            f"{epoch}{' best' if epoch == best else ''}",
            shown(figure, metric, chooses.mean[epoch - 1], leaked=study.is_leaked),
            shown(figure, metric, chooses.spread[epoch - 1]) if chooses.spread else "",
            shown_interval(figure, metric, *chooses.band[epoch - 1]) if chooses.band else "",
            *(_at(curves[key], epoch, metric, leaked=study.is_leaked) for key in others),
        )
        for epoch in _epochs_to_show(len(chooses.mean), best)
    ]
    say()
    say(f"mean curve over {chooses.runs} run{'' if chooses.runs == 1 else 's'}")
    names = [told_figure(key, metric) for key in others]
    say_table(("epoch", told_figure(figure, metric), "spread", "95% interval", *names), rows)


def _curves(network: StoredNetwork) -> dict[str, Curve]:
    """The mean curve of each figure that all its runs measured."""
    if not network.runs:
        return {}
    histories = [run.history for run in network.runs]
    found = {figure: mean_curve(histories, figure) for figure in FIGURES}
    return {figure: curve for figure, curve in found.items() if curve is not None}


def _at(curve: Curve, epoch: int, metric: str, *, leaked: bool) -> str:
    """A curve's figure in an epoch; empty beyond the last one that all runs measured."""
    return (
        shown(curve.figure, metric, curve.mean[epoch - 1], leaked=leaked) if epoch <= len(curve.mean) else ""
    )


def _epochs_to_show(last: int, best: int | None) -> Sequence[int]:
    """Every epoch, or where there are many the first, round numbers, the best and the last.

    >>> _epochs_to_show(100, 37)
    [1, 5, 10, 15, 20, 25, 30, 35, 37, 40, 45, 50, 55, 60, 65, 70, 75, 80, 85, 90, 95, 100]
    """
    step = next(step for step in _steps() if last <= step * _MOST_EPOCHS)
    return sorted({1, *range(step, last + 1, step), last, *([] if best is None else [best])})


def _steps() -> Iterator[int]:
    power = 1
    while True:
        yield from (power, 2 * power, 5 * power)
        power *= 10


def network_json(
    study: StoredStudy, networks: Mapping[str, StoredNetwork], reference: str
) -> dict[str, object]:
    """All that is known of a network as plain values, its curves with every epoch.

    Raises:
        StoreError: ``reference`` is neither a name nor a number of one.
    """
    network, metric, figure = _meant(study, networks, reference), metric_of(networks), study.spec["select"]
    found = compared({network.name: network}, figure, metric)[network.name]
    fit = _fit(study, networks, network)
    trained = {run.id: run for run in network.runs}
    runs: list[dict[str, object]] = []
    for run_id in network.run_ids:
        if (run := trained.get(run_id)) is None:
            runs.append({"id": run_id, "outcome": "not trained"})
            continue
        runs.append(
            {
                "id": run_id,
                "split": run.spec["split"],
                "seed": run.spec["seed"],
                "outcome": _outcome(run),
                "best_epoch": _best(run, figure, metric),
                "updates": run.updates,
                "seconds": run.seconds,
                "history": [vars(epoch) for epoch in run.history],
            }
        )
    return {
        **study_json(study),
        "network": {
            **compared_json(network, found, study.is_leaked),
            "fit": fit and asdict(fit),
            "settings": settings_of(network.candidate),
            "candidate": asdict(network.candidate),
            "layers": network.layers,
            "runs": runs,
            "curves": {
                key: {"mean": curve.mean, "band": curve.band} for key, curve in _curves(network).items()
            },
        },
    }
