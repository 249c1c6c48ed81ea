"""``justfit run``: from labelled rows to a tested network."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from justfit.cli.screen import say
from justfit.errors import SpecError
from justfit.machine import DEFAULT_STORE
from justfit.spec import (
    ACTIVATIONS,
    LOSSES,
    MONITORS,
    OPTIMIZERS,
    SCALINGS,
    TEXT_ENCODINGS,
    Network,
    PreparationSpec,
    Recipe,
    Scaling,
    TextEncoding,
    parse_hold_out,
    parse_numbers,
    parse_optimizer,
    parse_schedule,
    parse_widths,
)

if TYPE_CHECKING:
    from justfit.data.dataset import Dataset

StoreOption = Annotated[Path, typer.Option(help="The folder that holds the runs' folders.")]


def _option(panel: str, text: str) -> Any:
    return typer.Option(help=text, rich_help_panel=panel)


def run(  # noqa: PLR0917 - typer calls it by keyword
    name: Annotated[str, typer.Argument(help="A data set, as `justfit data` lists them.")],
    hidden: Annotated[str, _option("Network", 'Widths of the hidden layers; "" for none.')] = "16,16",
    activation: Annotated[str, _option("Network", f"Of hidden layers: {', '.join(ACTIVATIONS)}.")] = "relu",
    embedding: Annotated[
        int | None, _option("Network", "Width of word vectors, averaged before the hidden layers.")
    ] = None,
    dropout: Annotated[
        str, _option("Regularization", "Share dropped after the hidden layers; one number, or one a layer.")
    ] = "0",
    input_dropout: Annotated[
        float, _option("Regularization", "Share of the inputs dropped: of a text, of its words.")
    ] = 0.0,
    l1: Annotated[str, _option("Regularization", "L1 penalty on the hidden kernels; likewise.")] = "0",
    l2: Annotated[str, _option("Regularization", "L2 penalty on them; likewise.")] = "0",
    activity_l1: Annotated[
        str, _option("Regularization", "L1 penalty on the hidden layers' outputs; likewise.")
    ] = "0",
    activity_l2: Annotated[str, _option("Regularization", "L2 penalty on them; likewise.")] = "0",
    max_norm: Annotated[
        str, _option("Regularization", "Largest norm of a hidden unit's weights, 0 for any; likewise.")
    ] = "0",
    epochs: Annotated[
        int, _option("Training", "Epochs to try; validation rows choose the best.")
    ] = Recipe.epochs,
    patience: Annotated[
        int | None, _option("Training", "Stop after so many epochs without a better one.")
    ] = None,
    monitor: Annotated[
        str,
        _option("Training", f"What makes an epoch better: {', '.join(MONITORS)}; val_loss has penalties."),
    ] = Recipe.monitor,
    batch_size: Annotated[
        int | None,
        _option("Training", "Rows of a step; by default about 32 steps an epoch, of 16 to 512 rows."),
    ] = None,
    optimizer: Annotated[
        str,
        _option("Training", f"One of {', '.join(OPTIMIZERS)}; with numbers, sgd:momentum=0.9,nesterov=true."),
    ] = "rmsprop",
    learning_rate: Annotated[float | None, _option("Training", "By default the optimizer's own.")] = None,
    schedule: Annotated[
        str,
        _option(
            "Training",
            "Of the learning rate: constant, step:10:0.5 (halved every 10 epochs), cosine:20 (to 0 in 20); "
            "with ,warmup=2 it rises for 2 epochs first.",
        ),
    ] = "constant",
    clip_norm: Annotated[
        float | None, _option("Training", "Largest norm of the gradient of a kernel or of biases.")
    ] = None,
    clip_value: Annotated[float | None, _option("Training", "Largest size of a gradient's numbers.")] = None,
    loss: Annotated[
        str | None, _option("Training", f"By default the task's own; of {', '.join(LOSSES)} what fits.")
    ] = None,
    seed: Annotated[int, _option("Training", "Another one gives other weights, order and dropout.")] = 0,
    validation: Annotated[
        str,
        _option(
            "Rows",
            "Share or number of the training rows that validate; first:10000, last:0.4 for file order.",
        ),
    ] = "0.2",
    encoding: Annotated[str | None, _option("Rows", f"Of texts: {', '.join(TEXT_ENCODINGS)}.")] = None,
    num_words: Annotated[
        int | None, _option("Rows", "Of texts: columns, for the most frequent words.")
    ] = None,
    skip_top: Annotated[
        int | None, _option("Rows", "Of texts: word ids below this count as unknown.")
    ] = None,
    maxlen: Annotated[int | None, _option("Rows", "Of texts: ids that the encoding average pads to.")] = None,
    scaling: Annotated[str | None, _option("Rows", f"Of numbers: {', '.join(SCALINGS)}.")] = None,
    store: StoreOption = DEFAULT_STORE,
    fit: Annotated[
        bool,
        typer.Option("--fit", help="Measure the training rows like validation rows, too."),
    ] = False,
    threads: Annotated[int | None, typer.Option(help="Processors to use; by default all.", min=1)] = None,
) -> None:
    """Train, choose the epoch by validation rows, retrain on all training rows, test once.

    A run that is stored already is shown again, not done again.
    """
    a_layer = {
        "dropout": dropout,
        "l1": l1,
        "l2": l2,
        "activity_l1": activity_l1,
        "activity_l2": activity_l2,
        "max_norm": max_norm,
    }
    network = Network(
        parse_widths(hidden),
        activation,
        **{key: parse_numbers(key, text) for key, text in a_layer.items()},
        input_dropout=input_dropout,
        embedding=embedding,
    )
    recipe = Recipe(
        parse_optimizer(optimizer, learning_rate),
        batch_size,
        epochs,
        loss,
        parse_schedule(schedule),
        clip_norm=clip_norm,
        clip_value=clip_value,
        patience=patience,
        monitor=monitor,
    )
    protocol = parse_hold_out(validation)
    text = {"kind": encoding, "num_words": num_words, "skip_top": skip_top, "maxlen": maxlen}

    # Imported here because these take SciPy and scikit-learn along, which --help need not wait for.
    from justfit.cli.progress import download_progress, epoch_progress
    from justfit.cli.show_run import show_choice, show_plan, show_result
    from justfit.data.sources import load_dataset
    from justfit.workflow import Chosen, EpochDone, Planned, Stored, carry_out, plan_run

    with download_progress() as progress:
        dataset = load_dataset(name, progress)
    preparation = _preparation(
        dataset, {key: value for key, value in text.items() if value is not None}, scaling
    )
    planned = plan_run(dataset, network, recipe, preparation=preparation, protocol=protocol, seed=seed)
    with epoch_progress(dataset.task) as tell:
        for event in carry_out(dataset, planned, store, threads=threads, fit=fit):
            match event:
                case Planned():
                    show_plan(event, dataset)
                case EpochDone():
                    tell(event)
                case Chosen():
                    show_choice(event.best, dataset.task)
                case Stored():
                    stored = event.run
    show_result(stored, dataset.task)
    if fit and stored.histories["validation"][0].fit_loss is None:
        say("This run was stored without --fit: remove its folder and run it again to have it measured.")


def _preparation(dataset: "Dataset", text: dict[str, Any], scaling: str | None) -> PreparationSpec:
    """The data set's own preparation with the options that were given."""
    default = dataset.preparation
    if isinstance(default, TextEncoding):
        if scaling is not None:
            raise SpecError(f"{dataset.name} has rows of text, so --scaling does not fit: give --encoding.")
        return dataclasses.replace(default, **text)
    if text:
        names = ", ".join("--encoding" if key == "kind" else f"--{key.replace('_', '-')}" for key in text)
        raise SpecError(f"{dataset.name} has rows of numbers, so {names} does not fit: give --scaling.")
    if scaling is None or scaling == default.kind:
        return default
    return Scaling(scaling)
