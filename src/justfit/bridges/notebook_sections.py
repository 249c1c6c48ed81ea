"""What objects show in a notebook: sections like the report's, of its own sentences, tables and charts."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import altair as alt
from altair.utils.schemapi import debug_mode

from justfit.data.finding import counted
from justfit.judge.choice import quoted
from justfit.judge.studies import networks_of
from justfit.report.blocks import Block, Drawing, Section, Sentence, Table
from justfit.report.card import told_preparation
from justfit.report.curves import curves, run_curves
from justfit.report.findings import figure_name
from justfit.report.of_choice import choice
from justfit.report.overlay import overlay
from justfit.report.reported import Reported, reported_of
from justfit.report.standings import short_name, table
from justfit.report.whole import lead
from justfit.spec import Diverged, Named, Stage, Study, expand, task_named
from justfit.store import Model, StoredRun, StoredStudy
from justfit.words import listed, number, told_figure, told_protocol, told_task

Chart = alt.LayerChart | alt.HConcatChart


@dataclass(frozen=True)
class Shown:
    """A section, the charts below it, each with what it shows, and whether its figures are leaked."""

    section: Section
    charts: tuple[tuple[Chart, str], ...] = ()
    leaked: bool = False


def stored_study(study: StoredStudy) -> Shown:
    """A study's data and protocol, what came out, how its networks stand, and their curves."""
    with debug_mode(False):  # checking charts against their schema takes as long as making them
        reported = reported_of(study, networks_of(study))
        blocks: list[Block] = [_about(reported), *lead(reported), *_standings(reported)]
        return Shown(Section("study", study.name, tuple(blocks)), tuple(_drawn(reported)), reported.leaked)


def _about(reported: Reported) -> Sentence:
    spec, result = reported.study.spec, reported.study.result
    what = ""
    if result is not None:
        rows = result["rows"]
        what = f": {told_task(result['task'], len(result['classes']))}; {rows['train']:,} rows train, "
        what += "" if reported.leaked else f"{rows['validation']:,} validate, "
        what += f"{rows['test']:,} test"
    runs = "" if spec["replicates"] == 1 else f"; {spec['replicates']} seeds each"
    return Sentence(f"{spec['data']['name']}{what}. Validation: {told_protocol(spec['validation'])}{runs}.")


def _standings(reported: Reported) -> Iterator[Table]:
    """The ranking of the report where there are several networks, with what ties; otherwise the one."""
    section = choice(reported)
    drawn = [block for block in section.blocks if isinstance(block, Drawing)] if section else []
    if drawn and drawn[0].table is not None:
        yield drawn[0].table
    elif names := [name for name, network in reported.networks.items() if network.runs]:
        stand = "stands" if len(names) == 1 else "stand"
        yield table(reported, names, f"How {counted(len(names), 'network')} {stand}")


def _drawn(reported: Reported) -> Iterator[tuple[Chart, str]]:
    """The figure that chooses, of all networks; or all curves of the only one."""
    complete = [name for name, network in reported.networks.items() if network.is_complete]
    select = reported.study.spec["select"]
    measured = [name for name in complete if reported.found[name] is not None]
    if len(measured) > 1:
        figure = short_name(select, reported.metric)
        yield (
            overlay(reported.study, measured, select),
            f"{figure} over the epochs of {len(measured):,} networks",
        )
    elif shown := measured or _tested(reported):
        yield curves(reported.study, shown[0]), f"loss and metric of {quoted(shown)}"


def _tested(reported: Reported) -> list[str]:
    """The network that was tested, where no row validates and so nothing else was trained."""
    result = reported.study.result
    return [result["chosen"]] if result and result["final_runs"] else []


def run(run: StoredRun) -> Shown:
    """A run's spec in a line, its last and its best epoch, and its four curves."""
    candidate, metric = run.spec["candidate"], task_named(run.spec["task"]).metric
    widths = "-".join(map(str, candidate["network"]["hidden"])) or "none"
    recipe = candidate["recipe"]
    told = (
        f"{run.spec['data']}, {told_protocol(run.spec['protocol'])}, split {run.spec['split']}, seed "
        f"{run.spec['seed']}: hidden widths {widths}, {recipe['optimizer']['name']}, batches of "
        f"{recipe['batch_size']:,} rows; {counted(run.updates, 'update')} in {run.seconds:.3f} seconds."
    )
    blocks: list[Block] = [Sentence(told)]
    if isinstance(run.outcome, Diverged):
        blocks.append(Sentence(f"It diverged in epoch {run.outcome.epoch}.", is_warning=True))
    blocks += _epochs(run, metric)
    charts = ((run_curves(run), f"loss and {metric} of the run over its epochs"),) if run.history else ()
    return Shown(Section("run", f"run {run.id}", tuple(blocks)), charts, run.is_leaked)


_OF_EPOCH = ("data_loss", "metric", "val_data_loss", "val_metric", "fit_loss", "fit_metric")


def _epochs(run: StoredRun, metric: str) -> Iterator[Table]:
    if not run.history:
        return
    epochs = {"last": run.history[-1]}
    validated = [epoch for epoch in run.history if epoch.val_data_loss is not None]
    if validated:
        epochs["lowest validation loss"] = min(validated, key=lambda epoch: epoch.val_data_loss or 0.0)
    figures = [name for name in _OF_EPOCH if getattr(run.history[0], name) is not None]
    heads = [figure_name(name, metric).removesuffix(", without penalties") for name in figures]
    rows = tuple(
        (
            which,
            str(epoch.epoch),
            *(told_figure(name, metric, getattr(epoch, name), leaked=run.is_leaked) for name in figures),
        )
        for which, epoch in epochs.items()
    )
    yield Table("Figures of single epochs, losses without penalties", ("epoch", "no.", *heads), rows)


def study(study: Study) -> Shown:
    """A study that is not carried out yet: its data, protocol and rule, and the networks of each stage."""
    protocol = {"name": study.validation.name, **asdict(study.validation)}
    seeds = "" if study.replicates == 1 else f", {study.replicates} seeds each"
    about = f"{study.data.name}. Validation: {told_protocol(protocol)}{seeds}. "
    about += f"The figure that chooses is {study.select}; "
    about += (
        "nothing is tested."
        if study.final is None
        else f"{study.final.of or 'the network chosen'} is retrained and tested."
    )
    rows = []
    before: dict[str, tuple[Named, ...]] = {}
    for stage in study.stages:
        # The first network of an earlier stage stands in for its winner.
        winners = {name: found[0] for name, found in before.items()}
        before[stage.name] = expand(study, stage, before, winners, 1)
        rows.append((stage.name, _base(stage), _varied(stage), f"{len(before[stage.name]):,}"))
    total = sum(len(found) for found in before.values())
    stages = Table(
        f"{counted(len(rows), 'stage')}, {counted(total, 'network')}",
        ("stage", "starts from", "varies", "networks"),
        tuple(rows),
        texts=3,
    )
    return Shown(Section("plan", f"{study.name}, a study to be carried out", (Sentence(about), stages)))


def _base(stage: Stage) -> str:
    if stage.base is None:
        return "the defaults"
    return f"{'the winner' if stage.base.winner else 'each network'} of {stage.base.stage}"


def _varied(stage: Stage) -> str:
    names = {
        *stage.grid,
        *stage.zip,
        *stage.space,
        *(key for each in stage.networks for key in each if key != "name"),
    }
    return listed([name.replace("_", " ") for name in sorted(names)])


def model(model: Model) -> Shown:
    """The head of a model's card: what it tells, from what, and its layers."""
    said = [
        f"It tells {told_task(model.task.name, len(model.classes))}; trained in run {model.run_id}.",
        f"Preparation, fitted on training rows only: {told_preparation(model.preparation)}.",
    ]
    if model.classes:
        shown = model.classes[:_MOST_CLASSES]
        more = len(model.classes) - len(shown)
        said.append(f"Classes: {', '.join(shown)}{f' and {more:,} more' if more else ''}.")
    if model.threshold != 0.5:
        said.append(f'The answer is "{model.classes[1]}" above a probability of {number(model.threshold)}.')
    blocks: list[Block] = [*map(Sentence, said), _layers(model), *map(Sentence, model.notes)]
    return Shown(Section("model", f"Model of {model.name}", tuple(blocks)))


def _layers(model: Model) -> Table:
    layers = model.network.layers(model.task, model.kernels[-1].shape[1])
    rows = []
    for number_of, layer in enumerate(layers, start=1):
        kernel, bias = model.kernels[number_of - 1], model.biases[number_of - 1]
        parameters = kernel.size + (0 if bias is None else bias.size)
        rows.append((f"{number_of}", layer.activation, *(f"{n:,}" for n in (*kernel.shape, parameters))))
    arrays = (*model.kernels, *(bias for bias in model.biases if bias is not None))
    total = sum(array.size for array in arrays)
    return Table(
        f"Layers: {counted(total, 'trained parameter')}",
        ("layer", "activation", "inputs", "units", "parameters"),
        tuple(rows),
        texts=2,
    )


_MOST_CLASSES = 20
