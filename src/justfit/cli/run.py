"""``justfit run``: from labelled rows, or a study file, to a tested network."""

import inspect
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from justfit.cli.carried_out import carry_out_shown, go_on_shown, search_shown
from justfit.cli.completion import data_names
from justfit.cli.rows import (
    CategoriesOption,
    DropOption,
    NumbersOption,
    TargetOption,
    TaskOption,
    TestOption,
    TextOption,
    TrainOption,
    data_meant,
    loaded,
)
from justfit.cli.screen import say
from justfit.errors import SpecError
from justfit.machine import DEFAULT_STORE
from justfit.spec import (
    ACTIVATIONS,
    CLASS_WEIGHTS,
    LOSSES,
    MONITORS,
    OPTIMIZERS,
    SCALINGS,
    TEXT_ENCODINGS,
    Network,
    Recipe,
    parse_ngrams,
    parse_numbers,
    parse_optimizer,
    parse_protocol,
    parse_schedule,
    parse_widths,
)

if TYPE_CHECKING:
    from justfit.store import StoredStudy

StoreOption = Annotated[Path, typer.Option(help="The folder that holds the studies' folders.")]


def _option(panel: str, text: str) -> Any:
    return typer.Option(help=text, rich_help_panel=panel)


def _flag(panel: str, name: str, text: str) -> Any:
    return typer.Option(name, help=text, rich_help_panel=panel)


def run(  # noqa: PLR0917 - typer calls it by keyword
    context: typer.Context,
    what: Annotated[
        str | None,
        typer.Argument(
            help="A data set as `justfit data` lists them, a file or folder of rows, a study file (.yaml), "
            "or the folder of a study that was stopped.",
            autocompletion=data_names,
        ),
    ] = None,
    target: TargetOption = None,
    train: TrainOption = None,
    test: TestOption = None,
    task: TaskOption = None,
    text: TextOption = None,
    categories: CategoriesOption = None,
    numbers: NumbersOption = None,
    drop: DropOption = None,
    strict: Annotated[
        bool, _flag("Files", "--strict", "Stop at rows that cannot be used, instead of leaving them out.")
    ] = False,
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
    replicates: Annotated[
        int, _option("Training", "Train so often, with seeds from --seed on, for a mean and its interval.")
    ] = 1,
    validation: Annotated[
        str | None,
        _option(
            "Rows",
            "Share or number of the training rows that validate, by default 0.2 or by their number; "
            "first:10000, last:0.4 for file order; k_fold:4; none; or a file of such rows.",
        ),
    ] = None,
    encoding: Annotated[str | None, _option("Rows", f"Of texts: {', '.join(TEXT_ENCODINGS)}.")] = None,
    num_words: Annotated[
        int | None, _option("Rows", "Of texts: columns, for the most frequent words.")
    ] = None,
    skip_top: Annotated[
        int | None, _option("Rows", "Of texts: word ids below this count as unknown.")
    ] = None,
    maxlen: Annotated[int | None, _option("Rows", "Of texts: ids that the encoding average pads to.")] = None,
    ngrams: Annotated[
        str | None,
        _option("Rows", "Of texts: the longest n-gram, such as 3; more as 3:weights=tf_idf,min_rows=5."),
    ] = None,
    class_weights: Annotated[
        str | None, _option("Rows", f"Of classes: {', '.join(CLASS_WEIGHTS)}, so that each weighs the same.")
    ] = None,
    scaling: Annotated[str | None, _option("Rows", f"Of numbers: {', '.join(SCALINGS)}.")] = None,
    quick: Annotated[bool, _flag("Search", "--quick", "Try few networks.")] = False,
    thorough: Annotated[bool, _flag("Search", "--thorough", "Try many networks.")] = False,
    minutes: Annotated[
        float | None, _option("Search", "Begin no step of the search after so many minutes.")
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    fit: Annotated[
        bool,
        typer.Option("--fit", help="Measure the training rows like validation rows, too."),
    ] = False,
    threads: Annotated[int | None, typer.Option(help="Processors to use; by default all.", min=1)] = None,
    again: Annotated[
        str | None,
        typer.Option(help="Why a study that is done looks at its test rows again; looks are counted."),
    ] = None,
    tensorboard: Annotated[
        Path | None, typer.Option(help="Write event files for TensorBoard to this folder, too.")
    ] = None,
) -> None:
    """Find a network that fits just right, or train the one described; choose by validation rows, test once.

    Without options of Network, Regularization or Training, the whole workflow is carried out: baselines,
    scaling up, regularizing, tuning, choosing. What is stored already is not done again. A study file says
    all of that itself; to it belong only --store, --threads, --again and --tensorboard.
    """
    if tensorboard is not None:  # before anything is trained: its package may be missing
        import justfit.bridges.tensorboard  # noqa: F401
    given = _given(context)
    if (what is None) == (train is None):
        raise typer.BadParameter(
            "say what to run: a data set, a study file, a file of rows, or --train FILE."
        )
    what = what or str(train)
    if what.endswith((".yaml", ".yml")):
        _refuse(given, set(given) - _OF_ANY_RUN, "a study file, which decides it: change the file")
        from justfit.spec.study_file import read_studies

        stored = [carry_out_shown(study, store, threads, again) for study in read_studies(Path(what))]
        _to_tensorboard(stored, tensorboard)
        return
    from justfit.store import StudyPaths

    if StudyPaths(Path(what)).study.is_file():
        _refuse(given, set(given) - _OF_A_FOLDER, "a study's folder, which has it all")
        if "store" in given and store.resolve() != Path(what).resolve().parent:
            raise SpecError(f"{what} stands in another store than {store}: leave --store out.")
        _to_tensorboard([go_on_shown(Path(what), threads)], tensorboard)
        return
    validating = validation if validation is not None and Path(validation).exists() else None
    protocol = None if validation is None or validating else parse_protocol(validation)
    data = data_meant(
        what,
        target,
        validation=validating,
        test=test,
        task=task,
        text=text,
        categories=categories,
        numbers=numbers,
        drop=drop,
        strict=strict or None,
    )
    data = replace(
        data,
        encoding=encoding,
        num_words=num_words,
        skip_top=skip_top,
        maxlen=maxlen,
        scaling=scaling,
        ngrams=None if ngrams is None else parse_ngrams(ngrams),
        class_weights=class_weights,
    )
    from justfit.cli.progress import download_progress
    from justfit.store.left_out import write_left_out

    with download_progress() as progress:
        dataset, report = loaded(data, progress)
    protocol = protocol or (report.protocol if report else None)
    if _OF_ONE_NETWORK.intersection(given):
        _refuse(given, _OF_THE_SEARCH, "options that describe one network: leave either out")
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
        from justfit.workflow import single

        study = single(data, network, recipe, protocol=protocol, replicates=replicates, seed=seed, fit=fit)
        stored = [carry_out_shown(study, store, threads, again, dataset)]
    else:
        _refuse(given, {"again"}, "the whole workflow: give the study file that it wrote")
        breadth = "quick" if quick else "thorough" if thorough else "standard"
        how = {"breadth": breadth, "protocol": protocol, "minutes": minutes, "seed": seed}
        stored = [search_shown(data, dataset, store, threads, **how)]
    if report is not None:
        write_left_out(stored[0].folder, report.left_out)
    _to_tensorboard(stored, tensorboard)


def _to_tensorboard(stored: "Sequence[StoredStudy]", folder: Path | None) -> None:
    if folder is None:
        return
    from justfit.bridges.tensorboard import write_events

    for found in stored:
        write_events(found, folder)
        say(f"event files for TensorBoard in {folder}")


_OF_ANY_RUN = {"what", "store", "threads", "again", "tensorboard"}
_OF_A_FOLDER = _OF_ANY_RUN - {"again"}
_OF_THE_SEARCH = {"quick", "thorough", "minutes"}
_OF_ROWS = {
    *("target", "train", "test", "task", "text", "categories", "numbers", "drop", "strict"),
    "validation",
    "encoding",
    "num_words",
    "skip_top",
    "maxlen",
    "ngrams",
    "class_weights",
    "scaling",
    "seed",
}
_OF_ONE_NETWORK = set(inspect.signature(run).parameters) - {
    "context",
    *_OF_ANY_RUN,
    *_OF_THE_SEARCH,
    *_OF_ROWS,
}
"""Options that say what network is to be trained and how; without any of them the search finds one."""


def _given(context: typer.Context) -> list[str]:
    """The options that stand on the command line."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return [name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"]


def _refuse(given: list[str], idle: set[str], beside: str) -> None:
    """Options that have no say must not seem to do something."""
    if wrong := [name for name in given if name in idle]:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in wrong)
        raise SpecError(f"{options} cannot be given beside {beside}.")
