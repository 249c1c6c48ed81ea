"""``justfit run``: from labelled rows, or a study file, to a tested network."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from justfit.cli import run_options as options
from justfit.cli.carried_out import carry_out_shown, go_on_shown, search_shown
from justfit.cli.crews import OnOption, WorkersOption, put_to_work
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
from justfit.cli.screen import say_json
from justfit.cli.standard_input import STANDARD_INPUT, kept_rows
from justfit.cli.studies import JsonOption, StoreOption, ThreadsOption
from justfit.cli.tracking import require_trackers, track
from justfit.errors import SpecError
from justfit.machine import DEFAULT_STORE
from justfit.spec import (
    Data,
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


def run(  # noqa: PLR0917 - typer calls it by keyword
    context: typer.Context,
    what: options.WhatArgument = None,
    target: TargetOption = None,
    train: TrainOption = None,
    test: TestOption = None,
    task: TaskOption = None,
    text: TextOption = None,
    categories: CategoriesOption = None,
    numbers: NumbersOption = None,
    drop: DropOption = None,
    strict: options.StrictOption = False,
    hidden: options.HiddenOption = "16,16",
    activation: options.ActivationOption = "relu",
    embedding: options.EmbeddingOption = None,
    dropout: options.DropoutOption = "0",
    input_dropout: options.InputDropoutOption = 0.0,
    l1: options.L1Option = "0",
    l2: options.L2Option = "0",
    activity_l1: options.ActivityL1Option = "0",
    activity_l2: options.ActivityL2Option = "0",
    max_norm: options.MaxNormOption = "0",
    epochs: options.EpochsOption = Recipe.epochs,
    patience: options.PatienceOption = None,
    monitor: options.MonitorOption = Recipe.monitor,
    batch_size: options.BatchSizeOption = None,
    shuffle_block: options.ShuffleBlockOption = None,
    optimizer: options.OptimizerOption = "rmsprop",
    learning_rate: options.LearningRateOption = None,
    schedule: options.ScheduleOption = "constant",
    clip_norm: options.ClipNormOption = None,
    clip_value: options.ClipValueOption = None,
    loss: options.LossOption = None,
    seed: options.SeedOption = 0,
    replicates: options.ReplicatesOption = 1,
    validation: options.ValidationOption = None,
    encoding: options.EncodingOption = None,
    num_words: options.NumWordsOption = None,
    skip_top: options.SkipTopOption = None,
    maxlen: options.MaxlenOption = None,
    ngrams: options.NgramsOption = None,
    class_weights: options.ClassWeightsOption = None,
    scaling: options.ScalingOption = None,
    quick: options.QuickOption = False,
    thorough: options.ThoroughOption = False,
    minutes: options.MinutesOption = None,
    store: StoreOption = DEFAULT_STORE,
    fit: options.FitOption = False,
    threads: ThreadsOption = None,
    workers: WorkersOption = None,
    on: OnOption = None,
    again: options.AgainOption = None,
    tensorboard: Annotated[
        Path | None, typer.Option(help="Write event files for TensorBoard to this folder, too.")
    ] = None,
    mlflow: Annotated[
        str | None,
        typer.Option(help="Write to MLflow, too: http://127.0.0.1:5000 or sqlite:///mlflow.db."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Find a network that fits just right, or train the one described; choose by validation rows, test once.

    Without options of Network, Regularization or Training, the whole workflow is carried out: baselines,
    scaling up, regularizing, tuning, choosing. What is stored already is not done again. A study file says
    all of that itself; to it belong only --store, --threads, --workers, --on, --again,
    --tensorboard, --mlflow and --json.
    """
    asked = dict(locals())  # all options by name, before there is anything else
    require_trackers(tensorboard, mlflow)
    put_to_work(context, workers, on, threads)
    given = _given(context)
    if (what is None) == (train is None):
        raise typer.BadParameter(
            "say what to run: a data set, a study file, a file of rows, or --train FILE."
        )
    what = what or str(train)
    stored = _carried_out(what, asked, given)
    track(stored, tensorboard, mlflow)
    if as_json:
        from justfit.cli.show_study import whole_json

        say_json({"studies": [whole_json(study) for study in stored]})


def _carried_out(what: str, asked: Mapping[str, Any], given: Sequence[str]) -> "list[StoredStudy]":
    """The studies of what is meant, carried out and shown.

    Args:
        what: a data set, a file, a folder, or - for standard input.
        asked: all options by name.
        given: the names of those on the command line.
    """
    from justfit.store import StudyPaths

    store, threads, again = asked["store"], asked["threads"], asked["again"]
    if what.endswith((".yaml", ".yml")):
        _refuse(given, set(given) - _OF_ANY_RUN, "a study file, which decides it: change the file")
        from justfit.spec.study_file import read_studies

        return [carry_out_shown(study, store, threads, again) for study in read_studies(Path(what))]
    if StudyPaths(Path(what)).study.is_file():
        _refuse(given, set(given) - _OF_A_FOLDER, "a study's folder, which has it all")
        if "store" in given and store.resolve() != Path(what).resolve().parent:
            raise SpecError(f"{what} stands in another store than {store}: leave --store out.")
        return [go_on_shown(Path(what), threads)]
    return [_of_rows(what, asked, given)]


def _of_rows(what: str, asked: Mapping[str, Any], given: Sequence[str]) -> "StoredStudy":
    """The study of rows: of one network where one is described, otherwise of the whole workflow."""
    from justfit.cli.progress import download_progress
    from justfit.store.left_out import write_left_out

    validation = asked["validation"]
    is_file = validation is not None and Path(validation).exists()
    protocol = None if validation is None or is_file else parse_protocol(validation)
    if what == STANDARD_INPUT:
        what = kept_rows(asked["target"], asked["store"])
    data = _data(what, asked, validation if is_file else None)
    with download_progress() as progress:
        dataset, report = loaded(data, progress)
    protocol = protocol or (report.protocol if report else None)
    store, threads = asked["store"], asked["threads"]
    if _OF_ONE_NETWORK.intersection(given):
        _refuse(given, _OF_THE_SEARCH, "options that describe one network: leave either out")
        from justfit.workflow import single

        how = {key: asked[key] for key in ("replicates", "seed", "fit")}
        study = single(data, _network(asked), _recipe(asked), protocol=protocol, **how)
        stored = carry_out_shown(study, store, threads, asked["again"], dataset)
    else:
        _refuse(given, {"again"}, "the whole workflow: give the study file that it wrote")
        breadth = "quick" if asked["quick"] else "thorough" if asked["thorough"] else "standard"
        how = {"breadth": breadth, "protocol": protocol, "minutes": asked["minutes"], "seed": asked["seed"]}
        stored = search_shown(data, dataset, store, threads, **how)
    if report is not None:
        write_left_out(stored.folder, report.left_out)
    return stored


def _data(what: str, asked: Mapping[str, Any], validating: str | None) -> Data:
    """The rows that are meant, and how they are prepared."""
    files = {key: asked[key] for key in ("test", "task", "text", "categories", "numbers", "drop")}
    data = data_meant(what, asked["target"], validation=validating, strict=asked["strict"] or None, **files)
    ngrams = asked["ngrams"]
    prepared = {
        key: asked[key] for key in ("encoding", "num_words", "skip_top", "maxlen", "scaling", "class_weights")
    }
    return replace(data, ngrams=None if ngrams is None else parse_ngrams(ngrams), **prepared)


def _network(asked: Mapping[str, Any]) -> Network:
    a_layer = ("dropout", "l1", "l2", "activity_l1", "activity_l2", "max_norm")
    return Network(
        parse_widths(asked["hidden"]),
        asked["activation"],
        **{key: parse_numbers(key, asked[key]) for key in a_layer},
        input_dropout=asked["input_dropout"],
        embedding=asked["embedding"],
    )


def _recipe(asked: Mapping[str, Any]) -> Recipe:
    as_given = (
        "batch_size",
        "shuffle_block",
        "epochs",
        "loss",
        "clip_norm",
        "clip_value",
        "patience",
        "monitor",
    )
    return Recipe(
        parse_optimizer(asked["optimizer"], asked["learning_rate"]),
        schedule=parse_schedule(asked["schedule"]),
        **{key: asked[key] for key in as_given},
    )


_OF_ANY_RUN = {"what", "store", "threads", "workers", "on", "again", "tensorboard", "mlflow", "as_json"}
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


def _refuse(given: Sequence[str], idle: set[str], beside: str) -> None:
    """Options that have no say must not seem to do something."""
    if wrong := [name for name in given if name in idle]:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in wrong)
        raise SpecError(f"{options} cannot be given beside {beside}.")
