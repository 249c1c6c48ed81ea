"""The options of ``justfit run``, by what they are about; files of rows have theirs in `justfit.cli.rows`."""

from typing import Annotated, Any

import typer

from justfit.cli.completion import data_names
from justfit.spec import (
    ACTIVATIONS,
    CLASS_WEIGHTS,
    LOSSES,
    MONITORS,
    OPTIMIZERS,
    SCALINGS,
    TEXT_ENCODINGS,
)


def _option(panel: str, text: str) -> Any:
    return typer.Option(help=text, rich_help_panel=panel)


def _flag(panel: str, name: str, text: str) -> Any:
    return typer.Option(name, help=text, rich_help_panel=panel)


WhatArgument = Annotated[
    str | None,
    typer.Argument(
        help="A data set as `justfit data` lists them, a file or folder of rows, - for a table in standard "
        "input, a study file (.yaml), or the folder of a study that was stopped.",
        autocompletion=data_names,
    ),
]
StrictOption = Annotated[
    bool, _flag("Files", "--strict", "Stop at rows that cannot be used, instead of leaving them out.")
]

HiddenOption = Annotated[str, _option("Network", 'Widths of the hidden layers; "" for none.')]
ActivationOption = Annotated[str, _option("Network", f"Of hidden layers: {', '.join(ACTIVATIONS)}.")]
EmbeddingOption = Annotated[
    int | None, _option("Network", "Width of word vectors, averaged before the hidden layers.")
]

DropoutOption = Annotated[
    str, _option("Regularization", "Share dropped after the hidden layers; one number, or one a layer.")
]
InputDropoutOption = Annotated[
    float, _option("Regularization", "Share of the inputs dropped: of a text, of its words.")
]
L1Option = Annotated[str, _option("Regularization", "L1 penalty on the hidden kernels; likewise.")]
L2Option = Annotated[str, _option("Regularization", "L2 penalty on them; likewise.")]
ActivityL1Option = Annotated[
    str, _option("Regularization", "L1 penalty on the hidden layers' outputs; likewise.")
]
ActivityL2Option = Annotated[str, _option("Regularization", "L2 penalty on them; likewise.")]
MaxNormOption = Annotated[
    str, _option("Regularization", "Largest norm of a hidden unit's weights, 0 for any; likewise.")
]

EpochsOption = Annotated[int, _option("Training", "Epochs to try; validation rows choose the best.")]
PatienceOption = Annotated[int | None, _option("Training", "Stop after so many epochs without a better one.")]
MonitorOption = Annotated[
    str, _option("Training", f"What makes an epoch better: {', '.join(MONITORS)}; val_loss has penalties.")
]
BatchSizeOption = Annotated[
    int | None, _option("Training", "Rows of a step; by default about 32 steps an epoch, of 16 to 512 rows.")
]
ShuffleBlockOption = Annotated[
    int | None,
    _option("Training", "Shuffle rows in blocks of so many, read a few at a time; by default all together."),
]
OptimizerOption = Annotated[
    str,
    _option("Training", f"One of {', '.join(OPTIMIZERS)}; with numbers, sgd:momentum=0.9,nesterov=true."),
]
LearningRateOption = Annotated[float | None, _option("Training", "By default the optimizer's own.")]
ScheduleOption = Annotated[
    str,
    _option(
        "Training",
        "Of the learning rate: constant, step:10:0.5 (halved every 10 epochs), cosine:20 (to 0 in 20); "
        "with ,warmup=2 it rises for 2 epochs first.",
    ),
]
ClipNormOption = Annotated[
    float | None, _option("Training", "Largest norm of the gradient of a kernel or of biases.")
]
ClipValueOption = Annotated[float | None, _option("Training", "Largest size of a gradient's numbers.")]
LossOption = Annotated[
    str | None, _option("Training", f"By default the task's own; of {', '.join(LOSSES)} what fits.")
]
SeedOption = Annotated[int, _option("Training", "Another one gives other weights, order and dropout.")]
ReplicatesOption = Annotated[
    int, _option("Training", "Train so often, with seeds from --seed on, for a mean and its interval.")
]

ValidationOption = Annotated[
    str | None,
    _option(
        "Rows",
        "Share or number of the training rows that validate, by default 0.2 or by their number; "
        "first:10000, last:0.4 for file order; k_fold:4; none; or a file of such rows.",
    ),
]
EncodingOption = Annotated[str | None, _option("Rows", f"Of texts: {', '.join(TEXT_ENCODINGS)}.")]
NumWordsOption = Annotated[int | None, _option("Rows", "Of texts: columns, for the most frequent words.")]
SkipTopOption = Annotated[int | None, _option("Rows", "Of texts: word ids below this count as unknown.")]
MaxlenOption = Annotated[int | None, _option("Rows", "Of texts: ids that the encoding average pads to.")]
NgramsOption = Annotated[
    str | None,
    _option("Rows", "Of texts: the longest n-gram, such as 3; more as 3:weights=tf_idf,min_rows=5."),
]
ClassWeightsOption = Annotated[
    str | None, _option("Rows", f"Of classes: {', '.join(CLASS_WEIGHTS)}, so that each weighs the same.")
]
ScalingOption = Annotated[str | None, _option("Rows", f"Of numbers: {', '.join(SCALINGS)}.")]

QuickOption = Annotated[bool, _flag("Search", "--quick", "Try few networks.")]
ThoroughOption = Annotated[bool, _flag("Search", "--thorough", "Try many networks.")]
MinutesOption = Annotated[
    float | None, _option("Search", "Begin no step of the search after so many minutes.")
]

FitOption = Annotated[
    bool, typer.Option("--fit", help="Measure the training rows like validation rows, too.")
]
AgainOption = Annotated[
    str | None,
    typer.Option(help="Why a study that is done looks at its test rows again; looks are counted."),
]
