"""Small labelled rows, members of any kind, and networks in plain NumPy, for tests of the engine."""

import numpy as np
import numpy.typing as npt

from justfit.data.rows import Bags, Dense, Rows
from justfit.engine import Cohort, Labelled, Member, Training, Weights, initial_weights
from justfit.spec import (
    TASKS,
    Adadelta,
    Adagrad,
    Adam,
    AdamW,
    CosineDecay,
    Diverged,
    Epoch,
    Ftrl,
    Layer,
    Nadam,
    Network,
    Recipe,
    RmsProp,
    Sgd,
    StepDecay,
)

ROWS, COLUMNS = 70, 40
SHORT = Recipe(RmsProp(0.01), batch_size=16, epochs=3)
STILL = Recipe(Sgd(1e-30), batch_size=16, epochs=3)
"""Moves no weight by anything that float32 can tell."""


def table(rows: int = ROWS, columns: int = COLUMNS, seed: int = 0) -> npt.NDArray[np.float32]:
    """Numbers of which most are zero, with an empty row and a column that is zero in all rows."""
    random = np.random.default_rng(seed)
    values = random.normal(size=(rows, columns)).astype(np.float32)
    values *= random.random(values.shape) < 0.3
    if rows > 3 and columns > 3:
        values[2], values[:, 3] = 0.0, 0.0
    return values


def rows_of(values: npt.NDArray[np.float32], sparse: bool = True) -> Rows:
    return Bags.from_csr(values) if sparse else Dense(values)


def labelled(
    task: str = "binary",
    outputs: int = 1,
    *,
    rows: int = ROWS,
    columns: int = COLUMNS,
    sparse: bool = True,
    multi_hot: bool = False,
    seed: int = 0,
    weights: npt.ArrayLike | None = None,
) -> Labelled:
    """Rows with labels that nothing can be learned from."""
    values = table(rows, columns, seed)
    if multi_hot:
        values[values != 0] = 1.0
    random = np.random.default_rng(seed + 1)
    labels = {
        "binary": lambda: random.integers(0, 2, rows),
        "multiclass": lambda: random.integers(0, outputs, rows),
        "multilabel": lambda: random.integers(0, 2, (rows, outputs)),
        "regression": lambda: random.normal(size=(rows, outputs)),
    }[task]()
    return Labelled.of(rows_of(values, sparse), labels, TASKS[task], weights)


def member(
    network: Network = Network((8, 5)),  # noqa: B008 - frozen
    recipe: Recipe = SHORT,
    task: str = "binary",
    outputs: int = 1,
    *,
    columns: int = COLUMNS,
    seed: int = 0,
    order_seed: int = 0,
    weights: Weights | None = None,
) -> Member:
    layers = network.layers(TASKS[task], outputs)
    return Member(
        layers=layers,
        loss=TASKS[task].loss(recipe.loss),
        metric=TASKS[task].metric,
        recipe=recipe,
        weights=initial_weights(layers, columns, seed) if weights is None else weights,
        dropout_seed=seed,
        order_seed=order_seed,
        input_dropout=network.input_dropout,
    )


def varied(input_dropout: float = 0.0) -> list[Member]:
    """Members that differ in all that members of one cohort may differ in, some neighbours in little."""

    def of(
        hidden: tuple[int, ...], recipe: dict[str, object], activation: str = "relu", **fields: object
    ) -> Member:
        network = Network(hidden, activation, input_dropout=input_dropout, **fields)
        seeds.append(len(seeds))
        return member(network, Recipe(**{"batch_size": 16, "epochs": 4, **recipe}), seed=seeds[-1])

    seeds: list[int] = []
    return [
        of((16, 8), {}, dropout=0.5),
        of((130,), {}),
        of((5,), {"optimizer": Adam(0.01), "loss": "mse"}, "tanh", dropout=0.2, l1=0.01),
        of((), {"optimizer": Sgd(0.1), "epochs": 2}),
        of((20,), {}, l2=0.01),
        of((18, 17, 16), {"optimizer": Nadam(0.01), "loss": "huber", "clip_norm": 0.01}, "gelu"),
        of((6,), {"optimizer": Nadam(0.01), "clip_norm": 0.01}),
        of(
            (12,),
            {"optimizer": Ftrl(0.1), "loss": "hinge"},
            "silu",
            dropout=0.3,
            max_norm=0.5,
            activity_l2=0.01,
        ),
        of((9, 3), {"optimizer": Adagrad(0.1), "clip_value": 0.001}, "leaky_relu", embedding=7),
        of((9,), {"optimizer": Adagrad(0.1), "clip_value": 0.001}),
        of(
            (33,), {"optimizer": Sgd(0.1, momentum=0.9, nesterov=True), "schedule": StepDecay(1, 0.5)}, "selu"
        ),
        of(
            (16,),
            {"optimizer": Adadelta(1.0), "schedule": CosineDecay(3, warmup=1), "loss": "mae"},
            "softsign",
        ),
        of((4, 4), {"optimizer": AdamW(0.01), "patience": 1}, "softplus", activity_l1=0.001),
        of((16,), {"epochs": 3}, l1=(0.001,), max_norm=0.3),
    ]


History = list[Epoch | Diverged]


def history_of(training: Training, members: int = 1) -> list[History]:
    """Each member's epochs without their seconds, trained to the end."""
    histories: list[History] = [[] for _ in range(members)]
    for done in training.epochs():
        for number, epoch in done.items():
            histories[number].append(without_seconds(epoch))
    return histories


def without_seconds(epoch: Epoch | Diverged) -> Epoch | Diverged:
    return Epoch(**{**vars(epoch), "seconds": 0.0}) if isinstance(epoch, Epoch) else epoch


def train(
    one: Member, *rows: Labelled | None, threads: int = 1, **options: bool
) -> tuple[list[Epoch], Training]:
    """One member alone, trained to the end."""
    training = Training(Cohort((one,)), *rows, threads=threads, **options)
    return [epoch for epoch in history_of(training)[0] if isinstance(epoch, Epoch)], training


def same_weights(left: Weights, right: Weights) -> bool:
    """Whether two networks have the same weights, bit for bit, but for the sign of what is no number.

    Processors take that from whichever operand a compiler happened to put first.
    """
    flat = [[array for layer in side for array in layer if array is not None] for side in (left, right)]
    pairs = (
        [np.where(np.isnan(array), np.float32(np.nan), array) for array in pair]
        for pair in zip(*flat, strict=True)
    )
    return all(a.tobytes() == b.tobytes() for a, b in pairs)


_FORMULAS = {
    "linear": lambda z: z,
    "relu": lambda z: np.maximum(z, 0),
    "tanh": np.tanh,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "softmax": lambda z: (e := np.exp(z - z.max(axis=1, keepdims=True))) / e.sum(axis=1, keepdims=True),
}


def outputs_of(layers: tuple[Layer, ...], weights: Weights, values: np.ndarray) -> list[np.ndarray]:
    """What each layer gives for rows, without dropout, in float64."""
    outputs, x = [], values.astype(np.float64)
    for layer, (kernel, bias) in zip(layers, weights, strict=True):
        x = _FORMULAS[layer.activation](x @ kernel + (0.0 if bias is None else bias))
        outputs.append(x)
    return outputs


def penalty_of(layers: tuple[Layer, ...], weights: Weights) -> float:
    """What the penalties of kernels add to the loss, in float64."""
    return sum(
        layer.l1 * np.abs(kernel.astype(np.float64)).sum() + layer.l2 * (kernel.astype(np.float64) ** 2).sum()
        for layer, (kernel, _) in zip(layers, weights, strict=True)
    )


def binary_crossentropy(outputs: np.ndarray, labels: np.ndarray) -> float:
    p = outputs.clip(1e-7, 1 - 1e-7)
    return float(-np.mean(labels * np.log(p) + (1 - labels) * np.log(1 - p)))
