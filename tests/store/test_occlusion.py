"""What moved an answer: exact for a linear network, and the planted word or column for any."""

import dataclasses

import numpy as np
import pytest
from store.handmade import MODEL

from justfit.data.preparation import NumberPreparation, TextPreparation
from justfit.data.raw import Numbers, Texts, Vocabulary
from justfit.data.target import Target
from justfit.spec import TASKS, Network, Scaling, TextEncoding
from justfit.store import Model, effects, network_outputs

NAMES = tuple(f"column_{number}" for number in range(4))
NUMBERS = NumberPreparation(Scaling("none"), NAMES, np.zeros(4), np.ones(4))
ROW = NUMBERS.rows(Numbers(np.array([[1.0, -2.0, 0.0, 3.0]]), NAMES))


def linear(
    task: str, kernel: np.ndarray, target: Target | None = None, preparation: NumberPreparation = NUMBERS
) -> Model:
    units = kernel.shape[1]
    return dataclasses.replace(
        MODEL,
        task=TASKS[task],
        classes={"binary": ("a", "b"), "multiclass": ("a", "b", "c")}.get(task, ()),
        preparation=preparation,
        target=target,
        kernels=(kernel.astype(np.float32),),
        biases=(np.full(units, 0.25, np.float32),),
    )


@pytest.mark.parametrize("answer", [0, 1])
def test_of_a_linear_model_the_effects_are_weight_times_value_however_sure_it_is(answer: int) -> None:
    kernel = np.array([[50.0], [40.0], [7.0], [-1.0]])
    found = effects(linear("binary", kernel), ROW, answer)
    sign = 1 if answer == 1 else -1
    assert [(effect.name, effect.toward) for effect in found] == [
        ("column_1", -80.0 * sign),
        ("column_0", 50.0 * sign),
        ("column_3", -3.0 * sign),
    ]
    assert [effect.column for effect in found] == [1, 0, 3]


def test_of_a_multiclass_model_they_are_of_the_answer_against_the_other_class() -> None:
    kernel = np.arange(12.0).reshape(4, 3) ** 2
    model = linear("multiclass", kernel)
    for answer, against in ((0, 1), (2, 0)):
        expected = ROW.values[0] * (kernel[:, answer] - kernel[:, against])
        found = {effect.column: effect.toward for effect in effects(model, ROW, answer, against)}
        assert found == {column: pytest.approx(expected[column]) for column in (0, 1, 3)}
    best, second = np.argsort(-network_outputs(model, ROW)[0])[:2]
    assert effects(model, ROW, int(best)) == effects(model, ROW, int(best), int(second))


def test_of_a_regression_they_are_in_the_labels_units() -> None:
    kernel = np.array([[1.0], [0.5], [0.0], [0.0]])
    found = effects(linear("regression", kernel, Target(100.0, 10.0)), ROW)
    assert {effect.name: effect.toward for effect in found} == {
        "column_0": pytest.approx(10.0),
        "column_1": pytest.approx(-10.0),
        "column_3": 0.0,
    }


def test_the_planted_word_moves_a_deep_model_most() -> None:
    vocabulary = Vocabulary(("good", "bad", *(f"word{number}" for number in range(44))))
    text = TextPreparation(TextEncoding(num_words=50), vocabulary)
    random = np.random.default_rng(0)
    first = random.normal(size=(50, 8)).astype(np.float32) * 0.05
    second = np.abs(random.normal(size=(8, 1))).astype(np.float32)
    first[4] += 2.0
    first[5] -= 2.0
    model = dataclasses.replace(
        MODEL,
        network=Network((8,)),
        preparation=text,
        kernels=(first, second),
        biases=(np.full(8, 2.0, np.float32), np.full(1, -20.0, np.float32)),
    )
    words = " ".join(f"word{number}" for number in range(30))
    row = text.rows(Texts([f"{words} good never bad {words}"]))
    found = effects(model, row, 1)
    assert {effect.name for effect in found[:2]} == {"good", "bad"}
    signs = {effect.name: effect.toward > 0 for effect in found}
    assert (signs["good"], signs["bad"]) == (True, False)
    assert {"(start)", "(unknown words)"} <= set(signs)
    without = text.rows(Texts([f"{words} never bad {words}"]))

    def log_odds(model: Model, rows: object) -> float:
        probability = network_outputs(model, rows)[0, 0].astype(np.float64)  # type: ignore[arg-type]
        return float(np.log(probability / (1 - probability)))

    fall = log_odds(model, row) - log_odds(model, without)
    assert next(effect.toward for effect in found if effect.name == "good") == pytest.approx(fall, rel=1e-3)


def test_a_row_of_zeros_has_no_effects_and_a_long_one_has_all() -> None:
    empty = NUMBERS.rows(Numbers(np.zeros((1, 4)), NAMES))
    assert effects(linear("binary", np.ones((4, 1))), empty, 1) == ()
    names = tuple(f"pixel_{number}" for number in range(1_300))
    wide = NumberPreparation(Scaling("none"), names, np.zeros(1_300), np.ones(1_300))
    model = linear("binary", np.arange(1_300.0)[:, np.newaxis] / 64, preparation=wide)
    found = effects(model, wide.rows(Numbers(np.ones((1, 1_300)), names)), 1)
    assert [effect.column for effect in found[:3]] == [1_299, 1_298, 1_297]
    assert len(found) == 1_300
