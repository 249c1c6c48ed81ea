"""The native engine keeps the contract, piece by piece and in mixtures; and the contract can be broken."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from contracts.engine import Case, check_parity

from justfit.engine import Cohort, Labelled, Member, Training
from justfit.spec import (
    ACTIVATIONS,
    TASKS,
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    CosineDecay,
    Ftrl,
    Nadam,
    Network,
    Recipe,
    RmsProp,
    Sgd,
    StepDecay,
)

_FAST = Recipe(RmsProp(0.01))

ROWS_AND_SHAPES = [
    Case("sparse rows"),
    Case("dense rows", sparse=False),
    Case("no hidden layer", Network(())),
    Case("no hidden layer, dense rows", Network(()), sparse=False),
    Case("widths beyond one vector", Network((40, 33, 17))),
    Case("averaged embedding", Network((8,), embedding=6), Recipe(Adam(0.01))),
    Case("row weights", row_weights=True),
    Case(
        "row weights, dense rows",
        Network((12,)),
        task="multiclass",
        outputs=5,
        sparse=False,
        row_weights=True,
    ),
]

OF_ACTIVATIONS = [Case(f"activation {name}", Network((8, 5), name), _FAST) for name in ACTIVATIONS]

OF_TASKS_AND_LOSSES = [
    Case(
        f"{task.name} by {loss}", Network((8,), "tanh"), Recipe(RmsProp(0.01), loss=loss), task.name, outputs
    )
    for task, outputs in (
        (TASKS["binary"], 1),
        (TASKS["multiclass"], 5),
        (TASKS["multilabel"], 4),
        (TASKS["regression"], 1),
        (TASKS["unit_regression"], 1),
    )
    for loss in task.losses
]

OF_OPTIMIZERS = [
    Case(f"optimizer {optimizer}", recipe=Recipe(optimizer), sparse=sparse)
    for optimizer, sparse in [
        (Sgd(0.1), True),
        (Sgd(0.1, momentum=0.9), True),
        (Sgd(0.1, momentum=0.9, nesterov=True), False),
        (RmsProp(0.01, rho=0.7, epsilon=1e-3), True),
        (Adam(0.01), True),
        (Adam(0.01, beta_1=0.8, beta_2=0.9, epsilon=1e-3), False),
        (AdamW(0.01, weight_decay=0.1), True),
        (Adagrad(0.1), True),
        (Adagrad(0.1, initial_accumulator_value=0.5, epsilon=1e-2), False),
        (Adadelta(1.0), True),
        (Adadelta(1.0, rho=0.8, epsilon=1e-4), False),
        (Adamax(0.01), True),
        (Nadam(0.01), True),
        (Nadam(0.01, beta_1=0.8, beta_2=0.9), False),
        (Ftrl(0.1), True),
        (Ftrl(0.1, 0.2, 0.001, 0.01), False),
    ]
]

OF_PENALTIES = [
    Case("l1", Network((8, 5), l1=0.01)),
    Case("l2", Network((8, 5), l2=0.01)),
    Case("l1 and l2 on one layer each", Network((8, 5), l1=(0.01, 0), l2=(0, 0.02)), sparse=False),
    # Dense rows, for jax takes 1 for the slope of |x| at 0, where a row without words begins; TensorFlow and
    # we take 0.
    Case("activity l1", Network((8, 5), "tanh", activity_l1=0.01), sparse=False),
    Case("activity l2", Network((8, 5), activity_l2=(0.02, 0.01)), sparse=False),
    Case("max-norm", Network((8, 5), max_norm=(0.8, 1.0)), _FAST),
    Case("clipping by norm", recipe=Recipe(Sgd(0.5), clip_norm=0.02)),
    Case(
        "clipping by norm, penalized", Network((8, 5), l2=0.02), Recipe(Sgd(0.5), clip_norm=0.1), sparse=False
    ),
    Case("clipping by value", recipe=Recipe(Sgd(0.5), clip_value=0.005)),
]

OF_SCHEDULES = [
    Case("step decay", recipe=Recipe(RmsProp(0.02), schedule=StepDecay(0.75, 0.5))),
    Case("cosine decay", recipe=Recipe(RmsProp(0.02), schedule=CosineDecay(2, 0.1))),
    Case("cosine decay after warm-up", recipe=Recipe(Adam(0.02), schedule=CosineDecay(1.5, 0.0, warmup=1))),
]

MIXTURES = [
    Case("mixture 1", Network((20, 9), "gelu", l1=0.001, l2=0.01), Recipe(Nadam(0.01), clip_norm=0.5)),
    Case(
        "mixture 2",
        Network((17,), "silu", activity_l2=0.01),
        Recipe(AdamW(0.01)),
        "multiclass",
        4,
        sparse=False,
    ),
    Case(
        "mixture 3",
        Network((6, 6, 6), "selu", l2=(0.01, 0, 0.02)),
        Recipe(Sgd(0.05, momentum=0.9, nesterov=True), loss="huber", schedule=StepDecay(1, 0.5)),
        "regression",
    ),
    Case(
        "mixture 4", Network((8,), "elu", max_norm=0.7), Recipe(Adamax(0.02), loss="hinge"), row_weights=True
    ),
    Case(
        "mixture 5",
        Network((24, 4), "softplus", l1=0.001),
        Recipe(Adagrad(0.1), clip_value=0.01),
        "multilabel",
        3,
        sparse=False,
    ),
    Case("mixture 6", Network((10, 5), "tanh", l2=0.01, embedding=7), Recipe(Adam(0.01), loss="mse")),
    Case(
        "mixture 7",
        Network((33, 16), "leaky_relu", activity_l1=0.001, l2=0.002),
        Recipe(RmsProp(0.005), schedule=CosineDecay(3, 0.2)),
        "multiclass",
        6,
        sparse=False,
    ),
    Case(
        "mixture 8",
        Network((5, 4), "softsign", l1=0.01),
        Recipe(Ftrl(0.2)),
        "unit_regression",
        row_weights=True,
    ),
    Case("mixture 9", Network((16,), "sigmoid", max_norm=1.0, l2=0.01), Recipe(Adadelta(1.0), clip_norm=1.0)),
    Case(
        "mixture 10",
        Network((12, 7), activity_l1=0.001, activity_l2=0.001, l1=0.001, l2=0.001),
        Recipe(Adam(0.01), loss="mae", schedule=CosineDecay(2, warmup=0.5)),
        sparse=False,
    ),
]

# A short last batch counts where a batch's rows are divided by; elsewhere batches are whole, to compile less.
SHORT = [replace(case, short_batch=True) for case in (*ROWS_AND_SHAPES, *OF_PENALTIES)]
CASES = [*SHORT[:2], SHORT[5], SHORT[7], SHORT[10], OF_OPTIMIZERS[5]]
# Keras compiles each case for half a second and more, so that few of them are in the default run.
SLOW_CASES = [
    case
    for case in (*SHORT, *OF_ACTIVATIONS, *OF_TASKS_AND_LOSSES, *OF_OPTIMIZERS, *OF_SCHEDULES)
    if case not in CASES
]


@pytest.mark.parametrize(
    "case",
    [*CASES, *(pytest.param(case, marks=pytest.mark.slow) for case in (*SLOW_CASES, *MIXTURES))],
    ids=lambda case: case.name,
)
def test_history_weights_and_outputs_equal_keras(case: Case) -> None:
    check_parity(Training, case)


def _broken(change: Callable[[Member], Member]) -> type[Training]:
    """An engine that trains other members than it was asked to."""

    class Broken(Training):
        def __init__(self, cohort: Cohort, *labelled: Labelled, threads: int) -> None:
            members = tuple(change(member) for member in cohort.members)
            super().__init__(replace(cohort, members=members), *labelled, threads=threads)

    return Broken


def _with_layers(**fields: object) -> Callable[[Member], Member]:
    return lambda member: replace(
        member, layers=(*(replace(layer, **fields) for layer in member.layers[:-1]), member.layers[-1])
    )


def _with_recipe(**fields: object) -> Callable[[Member], Member]:
    return lambda member: replace(member, recipe=replace(member.recipe, **fields))


@pytest.mark.parametrize(
    ("change", "case"),
    [
        (_with_recipe(optimizer=RmsProp(rho=0.89)), Case("rho 0.89 for 0.9")),
        (_with_layers(l2=0.005), Case("half the penalty", Network((8, 5), l2=0.01))),
        pytest.param(
            *(_with_layers(activation="silu"), Case("silu for gelu", Network((8, 5), "gelu"))),
            marks=pytest.mark.slow,
        ),
        pytest.param(
            *(_with_layers(activity_l2=0.0), Case("no activity penalty", Network((8, 5), activity_l2=0.01))),
            marks=pytest.mark.slow,
        ),
        pytest.param(
            *(_with_recipe(clip_norm=None), Case("no clipping", recipe=Recipe(Sgd(0.5), clip_norm=0.02))),
            marks=pytest.mark.slow,
        ),
        pytest.param(
            *(lambda member: replace(member, loss="mae"), Case("mae for mse", recipe=Recipe(loss="mse"))),
            marks=pytest.mark.slow,
        ),
    ],
    ids=lambda value: value.name if isinstance(value, Case) else "",
)
def test_the_contract_catches_a_broken_engine(change: Callable[[Member], Member], case: Case) -> None:
    check_parity(Training, case)
    with pytest.raises(AssertionError):
        check_parity(_broken(change), case)
