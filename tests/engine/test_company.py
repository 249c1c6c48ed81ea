"""A member's figures and weights are the same, bit for bit, in any company and on any number of threads."""

from dataclasses import replace

import numpy as np
import pytest
from engine.handmade import SHORT, STILL, History, history_of, labelled, member, same_weights, varied

from justfit.engine import Cohort, Labelled, Member, Training, Weights
from justfit.spec import Diverged, Done, Network, Recipe, Sgd

KINDS = pytest.mark.parametrize(
    "kind",
    [{"sparse": True}, {"sparse": True, "multi_hot": True}, {"sparse": False}],
    ids=["sparse", "multi-hot", "dense"],
)

Left = tuple[History, Weights]


def trained(members: list[Member], rows: tuple[Labelled, Labelled], threads: int = 1) -> list[Left]:
    training = Training(Cohort(tuple(members)), *rows, threads=threads, fit=True)
    histories = history_of(training, len(members))
    return [(history, training.weights(number)) for number, history in enumerate(histories)]


def assert_same(left: Left, right: Left, what: str = "") -> None:
    assert left[0] == right[0], what
    assert same_weights(left[1], right[1]), what


@pytest.mark.parametrize("input_dropout", [0.0, 0.3])
@KINDS
def test_a_member_is_the_same_alone_and_wherever_it_stands_in_a_cohort(
    kind: dict[str, bool], input_dropout: float
) -> None:
    rows = labelled(**kind), labelled(**kind, rows=30, seed=5)
    members = varied(input_dropout)
    together = trained(members, rows)
    backwards = trained(members[::-1], rows)[::-1]
    for number, one in enumerate(members):
        alone = trained([one], rows)[0]
        assert_same(alone, together[number], f"member {number}, at {number} of {len(members)}")
        assert_same(alone, backwards[number], f"member {number}, at {number} from the end")


@pytest.mark.parametrize("threads", [2, 4])
@KINDS
def test_threads_change_no_bit(kind: dict[str, bool], threads: int) -> None:
    rows = labelled(**kind, rows=300), labelled(**kind, rows=200, seed=5)
    members = varied(input_dropout=0.2)
    for number, (one, several) in enumerate(
        zip(trained(members, rows), trained(members, rows, threads), strict=True)
    ):
        assert_same(one, several, f"member {number}")


@KINDS
def test_those_that_stay_go_on_unchanged_when_others_leave(kind: dict[str, bool]) -> None:
    rows = labelled(**kind), labelled(**kind, rows=30, seed=5)
    leaving = [
        member(seed=1, recipe=replace(SHORT, epochs=1)),
        member(Network((40,)), seed=2, recipe=replace(SHORT, epochs=2)),
        member(seed=3, recipe=replace(STILL, epochs=6, patience=2)),
        member(Network((8,), l2=0.1), seed=4, recipe=Recipe(Sgd(1e30), batch_size=16, epochs=6)),
    ]
    staying = [replace(one, recipe=replace(one.recipe, epochs=6, patience=None)) for one in varied()]
    mixed = [one for pair in zip(leaving, staying, strict=False) for one in pair] + staying[len(leaving) :]
    left = trained(mixed, rows, threads=2)
    assert [len(history) for history, _ in left] == [1, 6, 2, 6, 3, 6, 1, 6] + [6] * 10
    for one, here in zip(mixed, left, strict=True):
        assert_same(trained([one], rows)[0], here)


def test_a_member_that_diverges_ends_and_says_when_and_the_others_go_on_unchanged() -> None:
    rows = labelled("regression"), labelled("regression", rows=30, seed=5)
    wild = member(recipe=Recipe(Sgd(1e30), batch_size=16, epochs=4), task="regression", seed=9)
    tame = [member(Network((6,)), replace(SHORT, epochs=4), "regression", seed=seed) for seed in (1, 2)]
    training = Training(Cohort((tame[0], wild, tame[1])), *rows, fit=True)
    histories = history_of(training, 3)
    assert histories[1] == [Diverged(1)]
    assert [training.outcome(number) for number in range(3)] == [Done(), Diverged(1), Done()]
    for number, one in ((0, tame[0]), (2, tame[1])):
        assert_same(trained([one], rows)[0], (histories[number], training.weights(number)))


@pytest.mark.parametrize(
    ("task", "loss"),
    [("regression", loss) for loss in ("mse", "mae", "huber")]
    + [("binary", loss) for loss in ("binary_crossentropy", "mse", "mae", "huber", "hinge")]
    + [("multiclass", loss) for loss in ("categorical_crossentropy", "mse", "mae", "huber", "hinge")],
)
def test_weights_that_are_not_numbers_end_a_member_whatever_its_loss(task: str, loss: str) -> None:
    outputs = 3 if task == "multiclass" else 1
    one = member(Network((4,)), replace(SHORT, loss=loss), task, outputs)
    (kernel, bias), *rest = one.weights
    broken = replace(one, weights=((kernel * np.float32(np.nan), bias), *rest))
    training = Training(Cohort((broken,)), labelled(task, outputs))
    assert history_of(training) == [[Diverged(1)]]
