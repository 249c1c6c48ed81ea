import keras
import pytest

from justfit.errors import SpecError
from justfit.spec import ACTIVATIONS, TASKS, Layer, Network, parse_numbers, parse_widths
from justfit.spec.network import MAX_UNITS

# What the published documents print for 10,000 inputs and one output.
PUBLISHED_PARAMETERS = {
    "16-16-1": 160_305,
    "32-32-1": 321_121,
    "64-64-1": 644_289,
    "128-128-1": 1_296_769,
    "256-256-1": 2_626_305,
    "16-16-16-1": 160_577,
    "256-256-256-1": 2_692_097,
    "8-4-4-1": 80_069,
    "16-8-8-1": 160_233,
    "128-64-64-1": 1_292_609,
    "8-4-2-1": 80_057,
    "16-8-4-1": 160_193,
    "32-16-8-1": 320_705,
}


@pytest.mark.parametrize("widths", PUBLISHED_PARAMETERS)
def test_parameters_are_counted_as_published(widths: str) -> None:
    *hidden, outputs = (int(width) for width in widths.split("-"))
    network = Network(tuple(hidden))
    assert network.parameters(10_000, TASKS["binary"], outputs) == PUBLISHED_PARAMETERS[widths]


def test_parameters_of_an_embedding_have_no_biases_and_those_of_no_hidden_layer_are_one_layer_s() -> None:
    embedded = Network((64,), embedding=32)
    assert embedded.parameters(10_000, TASKS["binary"], 1) == 10_000 * 32 + (32 * 64 + 64) + (64 + 1)
    assert Network(()).parameters(13, TASKS["multiclass"], 3) == 13 * 3 + 3


def test_one_number_stands_for_all_hidden_layers() -> None:
    assert Network((8, 4), dropout=0.5, l1=1, l2=[0.1, 0]) == Network(
        [8, 4], dropout=(0.5, 0.5), l1=(1.0, 1.0), l2=(0.1, 0.0)
    )
    assert Network([8]).hidden == (8,)
    assert Network((), dropout=0.0).dropout == ()


def test_layers_carry_what_is_theirs_and_the_task_fixes_the_last() -> None:
    network = Network(
        (8, 4), "tanh", dropout=(0.5, 0), l1=0.1, l2=(0, 0.2), activity_l1=(0.3, 0.4), activity_l2=0.5,
        max_norm=(2, 0), input_dropout=0.6, embedding=16,
    )  # fmt: skip
    rest = {"activity_l2": 0.5, "l1": 0.1}
    assert network.layers(TASKS["multiclass"], 3) == (
        Layer("embedding", 16, "linear"),
        Layer("dense", 8, "tanh", dropout=0.5, l2=0.0, activity_l1=0.3, max_norm=2.0, **rest),
        Layer("dense", 4, "tanh", dropout=0.0, l2=0.2, activity_l1=0.4, max_norm=0.0, **rest),
        Layer("dense", 3, "softmax"),
    )


def test_activations_have_keras_s_names_and_softmax_is_for_the_last_layer_only() -> None:
    for name in ACTIVATIONS:
        assert keras.activations.get(name).__name__ == name
        assert Network((8,), name).layers(TASKS["binary"], 1)[0].activation == name
    with pytest.raises(SpecError, match='activation "softmax" is not known: expected one of relu'):
        Network((8,), "softmax")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"hidden": "16,16"}, "hidden must list the widths of the hidden layers, got '16,16'"),
        ({"hidden": 16}, "hidden must list the widths of the hidden layers, got 16"),
        ({"hidden": (16, 0)}, "a hidden width must be a whole number from 1 to 65536, got 0"),
        ({"hidden": (MAX_UNITS + 1,)}, "a hidden width must be .* got 65537"),
        ({"hidden": (16.0,)}, r"a hidden width must be .* got 16\.0"),
        ({"hidden": (True,)}, "a hidden width must be .* got True"),
        ({"activation": "rleu"}, 'activation "rleu" is not known: expected one of .* Did you mean "relu"'),
        ({"activation": None}, 'activation "None" is not known: expected one of relu, tanh, sigmoid'),
        ({"dropout": 1}, r"dropout must be a number in \[0, 1\), got 1"),
        ({"dropout": -0.1}, r"dropout must be a number in \[0, 1\), got -0.1"),
        ({"dropout": "0.5"}, r"dropout must be a number in \[0, 1\), got '0.5'"),
        ({"dropout": (0.5,)}, "dropout must be one number or one for each of 2 hidden layers, got 1 num"),
        ({"l1": -1}, r"l1 must be a number in \[0, inf\), got -1"),
        ({"l2": (0, float("nan"))}, r"l2 must be a number in \[0, inf\), got nan"),
        ({"l2": float("inf")}, r"l2 must be a number in \[0, inf\), got inf"),
        ({"activity_l1": -1}, r"activity_l1 must be a number in \[0, inf\), got -1"),
        ({"activity_l2": (0, -1)}, r"activity_l2 must be a number in \[0, inf\), got -1"),
        ({"activity_l2": (0,)}, "activity_l2 must be one number or one for each of 2 hidden layers, got 1"),
        ({"max_norm": -1}, r"max_norm must be a number in \[0, inf\), got -1"),
        ({"max_norm": "large"}, r"max_norm must be a number in \[0, inf\), got 'large'"),
        ({"input_dropout": 1}, r"input_dropout must be a number in \[0, 1\), got 1"),
        ({"input_dropout": -0.1}, r"input_dropout must be a number in \[0, 1\), got -0.1"),
        ({"input_dropout": (0.5, 0.5)}, r"input_dropout must be a number in \[0, 1\), got \(0.5, 0.5\)"),
        ({"embedding": 0}, "embedding must be a whole number from 1 to 65536, got 0"),
        ({"hidden": (), "dropout": 1.5}, r"dropout must be a number in \[0, 1\), got 1.5"),
    ],
)
def test_a_network_that_cannot_be_is_refused_with_its_key(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        Network(**{"hidden": (8, 4), **arguments})


@pytest.mark.parametrize(
    ("text", "widths"), [("16", (16,)), ("16,8,4", (16, 8, 4)), (" 16 , 8 ", (16, 8)), ("", ()), (" ", ())]
)
def test_widths_are_read_from_their_short_form(text: str, widths: tuple[int, ...]) -> None:
    assert parse_widths(text) == widths


@pytest.mark.parametrize("text", ["16,x", "16,,8", ",", "1.5", "16;8", "9" * 5000])
def test_widths_that_are_no_whole_numbers_are_told_the_form(text: str) -> None:
    with pytest.raises(SpecError, match=r"hidden .* is not understood: .* such as 16,16\."):
        parse_widths(text)


def test_numbers_are_read_from_their_short_form() -> None:
    assert parse_numbers("l2", "1e-3") == 0.001
    assert parse_numbers("dropout", "0.5,0") == (0.5, 0.0)
    for text in ("", "half", "0.5,", "0,5;"):
        with pytest.raises(SpecError, match=r"dropout .* is not understood: expected a number such as 0\.5"):
            parse_numbers("dropout", text)
