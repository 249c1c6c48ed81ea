import pytest

from justfit.errors import SpecError
from justfit.spec import Data, From, Named, Stage, Study, expand


def expanded(
    *stages: Stage, defaults: dict[str, object] | None = None, outputs: int = 1
) -> dict[str, list[Named]]:
    """The candidates of each stage; a stage's first one is taken for its winner."""
    study = Study("study", Data("wine"), stages, defaults=defaults or {})
    found: dict[str, list[Named]] = {}
    for stage in stages:
        winners = {name: named[0] for name, named in found.items()}
        found[stage.name] = list(expand(study, stage, found, winners, outputs))
    return found


def names(*stages: Stage, defaults: dict[str, object] | None = None, outputs: int = 1) -> list[str]:
    """The names of the last stage's candidates."""
    return [named.name for named in list(expanded(*stages, defaults=defaults, outputs=outputs).values())[-1]]


def test_a_grid_crosses_its_lists_and_a_zip_walks_them_together() -> None:
    stage = Stage(
        "s", grid={"hidden": [[8], [16]], "epochs": [1, 2]}, zip={"l1": [0.5, 0.25], "batch_size": [32, 64]}
    )
    found = [
        (
            *named.candidate.network.hidden,
            named.candidate.recipe.epochs,
            *named.candidate.network.l1,
            named.candidate.recipe.batch_size,
        )
        for named in expanded(stage)["s"]
    ]
    assert found == [
        (8, 1, 0.5, 32),
        (8, 2, 0.5, 32),
        (16, 1, 0.5, 32),
        (16, 2, 0.5, 32),
        (8, 1, 0.25, 64),
        (8, 2, 0.25, 64),
        (16, 1, 0.25, 64),
        (16, 2, 0.25, 64),
    ]


def test_a_stage_without_more_is_the_defaults() -> None:
    assert names(Stage("s"), defaults={"hidden": [4], "epochs": 3}) == ["4-1"]


def test_names_are_the_widths_and_what_differs_from_the_defaults() -> None:
    stage = Stage(
        "s",
        networks=(
            {},
            {"hidden": [16, 8, 4], "batch_size": 64},
            {"dropout": [0.5, 0.25], "optimizer": "adam", "learning_rate": 0.5},
            {"embedding": 8, "activation": "tanh", "epochs": 5},
            {"optimizer": {"name": "sgd", "momentum": 0.9, "nesterov": True}},
            {"schedule": "step:10:0.5", "loss": "mse", "l2": 0.001, "hidden": []},
            {"batch_size": None},
        ),
    )
    assert names(stage, defaults={"batch_size": 512}, outputs=3) == [
        "16-16-3",
        "16-8-4-3, batch 64",
        "16-16-3, dropout 0.5/0.25, adam learning rate 0.5",
        "16-16-3, tanh, embedding 8, epochs 5",
        "16-16-3, sgd momentum 0.9 nesterov",
        "3, mse, step every 10 factor 0.5",
        "16-16-3, no batch",
    ]


def test_a_stage_on_another_has_each_of_its_candidates_with_its_own_settings_in_place() -> None:
    first = Stage("a", {"dropout": 0.25, "name": None}, grid={"hidden": [[8], [16]]})
    assert names(first, Stage("b", {"dropout": 0.5}, base=From("a"))) == [
        "8-1, dropout 0.5",
        "16-1, dropout 0.5",
    ]


def test_a_name_is_not_inherited() -> None:
    stages = (
        Stage("a", networks=({"name": "base", "hidden": [8]},)),
        Stage("b", {"epochs": 3}, base=From("a")),
    )
    assert names(*stages) == ["8-1, epochs 3"]


def test_a_stage_on_a_winner_has_one_base() -> None:
    first = Stage("a", grid={"hidden": [[8], [16]]})
    assert names(first, Stage("b", grid={"epochs": [1, 2]}, base=From("a", winner=True))) == [
        "8-1, epochs 1",
        "8-1, epochs 2",
    ]


def test_the_same_candidate_comes_once() -> None:
    assert names(Stage("s", grid={"batch_size": [32, 64, 32]})) == ["16-16-1, batch 32", "16-16-1, batch 64"]


def test_defaults_with_a_number_a_layer_do_not_hinder_names_of_other_widths() -> None:
    stage = Stage("s", {"hidden": [8], "dropout": 0.5})
    assert names(stage, defaults={"hidden": [8, 8], "dropout": [0.5, 0.25]}) == ["8-1, dropout 0.5"]


@pytest.mark.parametrize(
    ("stage", "message"),
    [
        (Stage("s", {"hiden": [1]}), 'stage s: setting "hiden" is not known'),
        (Stage("s", grid={"hiden": [1]}), 'stage s: setting "hiden" is not known'),
        (Stage("s", {"units": 3}), 'stage s: setting "units" would name the last layer'),
        (Stage("s", grid={"epochs": 3}), "stage s: epochs must be a list of values to try, got 3"),
        (
            Stage("s", zip={"epochs": [1, 2], "l1": [0]}),
            "stage s: zip needs lists of one length, but epochs has 2",
        ),
        (Stage("s", networks=()), "stage s: networks is empty"),
        (Stage("s", grid={"epochs": [1, 0]}), "stage s: epochs is 0"),
        (Stage("s", {"epochs": 1}, {"epochs": [2]}), "epochs is given by the stage itself and by grid"),
        (Stage("s", {}, {"epochs": [2]}, {"epochs": [3]}), "epochs is given by grid and by zip"),
        (
            Stage("s", {}, {"epochs": [2]}, networks=({"epochs": 3},)),
            "epochs is given by grid and by networks",
        ),
        (
            Stage("s", {"name": "x"}, {"epochs": [1, 2]}),
            'two different candidates with the name "x": give a name to each',
        ),
        (
            Stage("s", grid={"epochs": [1] * 1_000, "batch_size": [1] * 1_000}),
            "stage s crosses 1,000,000 candidates: at most",
        ),
    ],
)
def test_a_stage_that_cannot_be_is_refused(stage: Stage, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        expanded(stage)
