"""The section of a report on the final network: its layers, its curves, and how it was trained anew."""

from collections.abc import Iterator, Mapping
from typing import Any

from justfit.data.finding import counted
from justfit.judge import Curve
from justfit.report.blocks import Block, Drawing, Section, Sentence, Table
from justfit.report.curves import curves
from justfit.report.findings import Finding, findings, metric_of
from justfit.report.look import ticks
from justfit.report.reported import Reported
from justfit.report.tested_figures import FIGURES, metric_in, told_value
from justfit.store import StoredRun
from justfit.words import number

_CURVES = {
    "training loss": "data_loss",
    "validation loss": "val_data_loss",
    "fitted loss": "fit_loss",
    "training {}": "metric",
    "validation {}": "val_metric",
    "fitted {}": "fit_metric",
}
"""What is told of an epoch, losses without penalties; fitted is training rows after it. Any may lack."""

_LOSSES = {"mse": "mean squared error", "mae": "mean absolute error"}


def final(reported: Reported) -> Section | None:
    """The network that was tested: layers, curves, and each seed's training; None where none was trained."""
    result = reported.study.result
    if result is None or not result["final_runs"]:
        return None
    runs = reported.study.final_runs
    blocks: list[Block] = [*_trained(reported, result, runs), _layers(result)]
    blocks += _curves(reported, result)
    if len(runs) > 1:
        blocks += _replicates(reported, result, runs)
    return Section("final", "The final network", tuple(blocks))


def _trained(
    reported: Reported, result: Mapping[str, Any], runs: tuple[StoredRun, ...]
) -> Iterator[Sentence]:
    """On which rows, for how long and how."""
    rows, best, seconds = result["final_rows"], result["best_epoch"], runs[0].seconds
    whole = rows >= result["rows"]["train"] + (0 if reported.leaked else result["rows"]["validation"])
    is_best = result["standing"] is not None and result["epochs"] == best
    why = f", the best epoch on {'the test rows, LEAKED' if reported.leaked else 'validation rows'}" * is_best
    yield Sentence(
        f"{result['chosen']} was trained anew on {'all ' * whole}{counted(rows, 'training row')} for "
        f"{counted(result['epochs'], 'epoch')}{why}: {counted(result['updates'], 'update')} of its weights"
        + (f" with each of {len(runs)} seeds" if len(runs) > 1 else "")
        + f". The epochs {'of the first ' * (len(runs) > 1)}took {_told(seconds)} seconds, the whole study "
        f"{_told(result['seconds'])}.",
        {
            "chosen": result["chosen"],
            "rows": rows,
            "epochs": result["epochs"],
            "updates": result["updates"],
            "seeds": len(runs),
            "training_seconds": seconds,
            "study_seconds": result["seconds"],
        },
    )
    recipe = runs[0].spec["candidate"]["recipe"]
    schedule = recipe["schedule"]["name"]
    yield Sentence(
        f"Its weights were moved by {recipe['optimizer']['name']} with a learning rate of "
        f"{recipe['optimizer']['learning_rate']:g}"
        + (f" on a {schedule.replace('_', ' ')} schedule" if schedule != "constant" else "")
        + f", {counted(recipe['batch_size'], 'row')} at a time, to lower the "
        f"{_LOSSES.get(recipe['loss'], recipe['loss'].replace('_', ' '))}.",
        {
            "optimizer": recipe["optimizer"]["name"],
            "learning_rate": recipe["optimizer"]["learning_rate"],
            "batch_size": recipe["batch_size"],
            "loss": recipe["loss"],
        },
    )


def _told(seconds: float) -> str:
    return f"{seconds:,.1f}" if seconds >= 1 else f"{seconds:.2g}"


def _layers(result: Mapping[str, Any]) -> Table:
    layers = result["layers"]
    total = sum(layer["parameters"] for layer in layers)
    rows = [
        (layer["kind"], layer["detail"], f"{layer['outputs']:,}", f"{layer['parameters']:,}")
        for layer in layers
    ]
    return Table(
        f"Layers: {counted(total, 'trained parameter')}",
        ("layer", "detail", "outputs", "parameters"),
        (*rows, ("total", "", "", f"{total:,}")),
        texts=2,
        marked=frozenset({len(rows)}),
    )


def _curves(reported: Reported, result: Mapping[str, Any]) -> Iterator[Block]:
    """Its curves over the runs that were compared; where no row validates, of its final runs."""
    (found,) = findings(reported.study, [result["chosen"]])
    metric = metric_of(found.runs[0])
    measured = {
        name.format(metric): curve
        for name, figure in _CURVES.items()
        if (curve := found.curve(figure)) is not None
    }
    if not measured:
        return
    yield Drawing(
        "final-curves",
        curves(reported.study, result["chosen"]),
        f"Loss without penalties and {metric} of {result['chosen']} over its epochs"
        + (", before it was trained anew" if "validation loss" in measured else ""),
        _seen(found, measured, metric, leaked=reported.leaked),
        _of_epochs(found, measured, metric, leaked=reported.leaked),
    )


def _seen(found: Finding, measured: Mapping[str, Curve], metric: str, *, leaked: bool) -> str:
    """What the curves show."""
    training = measured["training loss"].mean
    text = (
        f"Training loss goes from {number(training[0])} in epoch 1 to {number(training[-1])} in epoch "
        f"{len(training):,}"
    )
    if (validation := measured.get("validation loss")) is None:
        return f"{text}. No row validates."
    mark = " LEAKED" * leaked
    lowest = min(range(len(validation.mean)), key=validation.mean.__getitem__)
    text += (
        f", validation loss from {number(validation.mean[0])} to its lowest, "
        f"{number(validation.mean[lowest])}{mark}, "
        f"in epoch {lowest + 1:,}"
    )
    if lowest + 1 < len(validation.mean):
        text += f", and {number(validation.mean[-1])} in the last one"
    curve = measured.get(f"validation {metric}")
    if curve is not None and found.best and found.best <= len(curve.mean):
        value = told_value(metric, curve.mean[found.best - 1])
        text += f". In epoch {found.best:,}, the best, validation {metric} is {value}{mark}"
    return f"{text}."


def _of_epochs(found: Finding, measured: Mapping[str, Curve], metric: str, *, leaked: bool) -> Table:
    """The curves at some epochs, the best among them."""
    last = max(len(curve.mean) for curve in measured.values())
    epochs = sorted({*ticks(last), last, *([found.best] if found.best else [])})
    rows = []
    for epoch in epochs:
        cells = [f"{epoch:,}"]
        for name, curve in measured.items():
            mark = " LEAKED" if leaked and "validation" in name else ""
            kind = "loss" if name.endswith("loss") else metric
            known = epoch <= len(curve.mean)
            cells.append(f"{told_value(kind, curve.mean[epoch - 1])}{mark}" if known else "")
        rows.append(tuple(cells))
    best = frozenset({epochs.index(found.best)}) if found.best else frozenset()
    runs = len(found.runs)
    caption = f"Its curves, the mean of {counted(runs, 'run')}" + ", the best epoch set off" * bool(best)
    return Table(caption, ("epoch", *measured), tuple(rows), texts=0, marked=best)


def _replicates(
    reported: Reported, result: Mapping[str, Any], runs: tuple[StoredRun, ...]
) -> Iterator[Block]:
    """Each seed's network, in its last epoch and on test rows."""
    means = result["test_replicates"]
    metric, mark = metric_in(means), " LEAKED" if reported.leaked else ""
    name = FIGURES[metric]
    rows = tuple(
        (
            f"{run.spec['seed']}",
            number(run.history[-1].data_loss),
            told_value(metric, run.history[-1].metric),
            _told(run.seconds),
            f"{number(loss)}{mark}",
            f"{told_value(metric, value)}{mark}",
        )
        for run, loss, value in zip(runs, means["loss"]["values"], means[metric]["values"], strict=True)
    )
    values = means[metric]["values"]
    yield Sentence(
        f"Trained with {len(runs)} seeds, its test {name} is from {told_value(metric, min(values))}{mark} to "
        f"{told_value(metric, max(values))}{mark}; the model that is kept is that of seed "
        f"{runs[0].spec['seed']}, the "
        "first, not the best.",
        {"metric": metric, "values": values, "kept": runs[0].spec["seed"]},
    )
    yield Table(
        "Each seed's network, in its last epoch and on test rows",
        ("seed", "training loss", f"training {name}", "seconds", "test loss", f"test {name}"),
        rows,
        marked=frozenset({0}),
    )
