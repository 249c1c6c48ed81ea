"""Models made by hand, to be written for other frameworks."""

import numpy as np

from justfit.data.preparation import NumberPreparation, Preparation, TextPreparation
from justfit.data.raw import Vocabulary
from justfit.data.target import Target
from justfit.spec import TASKS, Network, Scaling, TextEncoding
from justfit.store import Model

COLUMNS = ("year", "height", "share")
NUMBERS = NumberPreparation(
    Scaling("standard"), COLUMNS, np.array([2014.7, 1.7, 0.1]), np.array([2.9, 0.2, 0.03])
)
ROWS = np.array([[2011, 1.5, 0.03125], [2015, 1.75, 0.09375], [2019, 2.125, 0.25], [2014, 1.875, 0.0625]])
"""Numbers that float32 holds, far from zero where they spread little."""
CLASSES = {"binary": ("no", "yes"), "multiclass": ("a", "b", "c"), "multilabel": ("x", "y")}
WORDS = tuple(f"word{number}" for number in range(36))


def texts(kind: str, skip_top: int = 0) -> TextPreparation:
    """For word ids below 40."""
    return TextPreparation(TextEncoding(kind, num_words=40, skip_top=skip_top, maxlen=9), Vocabulary(WORDS))


def model(
    task: str = "binary",
    preparation: Preparation = NUMBERS,
    activation: str = "relu",
    hidden: tuple[int, ...] = (7, 5),
    embedding: int | None = None,
) -> Model:
    """A network with random weights."""
    random = np.random.default_rng(1)
    classes = CLASSES.get(task, ())
    network = Network(hidden, activation, dropout=0.5, embedding=embedding)
    layers = network.layers(TASKS[task], len(classes) if task in ("multiclass", "multilabel") else 1)
    kernels, inputs = [], preparation.columns
    for layer in layers:
        kernels.append(random.normal(size=(inputs, layer.units)).astype(np.float32))
        inputs = layer.units
    return Model(
        name="handmade",
        run_id="0123456789ab",
        task=TASKS[task],
        classes=classes,
        network=network,
        preparation=preparation,
        target={"regression": Target(1000.0, 20.0), "unit_regression": Target(0.0, 1.0)}.get(task),
        kernels=tuple(kernels),
        biases=tuple(
            random.normal(size=layer.units).astype(np.float32) if layer.has_bias else None for layer in layers
        ),
    )
