import pytest
from workflow.handmade import numbers

from justfit.errors import SpecError
from justfit.spec import AllRows, Data, Final, From, KFold, Stage, Study
from justfit.workflow import plan
from justfit.workflow.outline import StageOutline, outline


def outlined(*stages: Stage, **others: object) -> tuple[StageOutline, ...]:
    study = Study("study", Data("handmade"), stages, **others)  # type: ignore[arg-type]
    return outline(plan(study, numbers("binary")))


def test_each_network_is_told_with_its_parameters_and_runs() -> None:
    (stage,) = outlined(
        Stage("a", {"batch_size": 16}, {"hidden": [[8], []]}), validation=KFold(3), replicates=4
    )
    # Six columns and one output: 6 * 8 + 8 + 8 + 1, and 6 + 1.
    assert [(each.name, each.parameters, each.runs) for each in stage.networks] == [
        ("8-1, batch 16", 65, 12),
        ("1, batch 16", 7, 12),
    ]
    assert stage.runs == 24
    assert (stage.base, stage.stand_in, stage.wave) == (None, None, 1)


def test_a_network_of_an_earlier_stage_is_not_trained_again() -> None:
    first, second = outlined(Stage("a", {"hidden": [8]}), Stage("b", grid={"hidden": [[4], [8]]}))
    assert [each.is_new for each in (*first.networks, *second.networks)] == [True, True, False]
    assert (first.runs, second.runs) == (1, 1)


def test_the_first_candidate_stands_in_for_a_winner_and_is_named_in_all_that_build_on_it() -> None:
    stages = (
        Stage("a", grid={"hidden": [[8], [4]]}),
        Stage("b", grid={"dropout": [0.25, 0.5]}, base=From("a", winner=True)),
        Stage("c", {"epochs": 3}, base=From("b")),
        Stage("d", {"epochs": 3}, base=From("a")),
        Stage("e", {"epochs": 4}, base=From("b", winner=True)),
    )
    found = outlined(*stages)
    assert [stage.stand_in for stage in found] == [None, "8-1", "8-1", None, "8-1, dropout 0.25"]
    assert [len(stage.networks) for stage in found] == [2, 2, 2, 2, 1]


def test_stages_wait_for_the_winners_of_those_before() -> None:
    stages = (
        Stage("a"),
        Stage("b", {"epochs": 3}),
        Stage("c", {"epochs": 4}, base=From("a", winner=True)),
        Stage("d", {"epochs": 5}, base=From("b", winner=True)),
        Stage("e", {"epochs": 6}, base=From("d", winner=True)),
    )
    assert [stage.wave for stage in outlined(*stages)] == [1, 1, 2, 2, 3]


def test_without_validation_a_network_has_no_runs_but_the_final_ones() -> None:
    (stage,) = outlined(Stage("a"), validation=AllRows(), final=Final(epochs=3))
    assert stage.runs == 0


def test_what_cannot_be_run_on_these_rows_is_refused_though_nothing_is_run() -> None:
    with pytest.raises(SpecError, match='loss "categorical_crossentropy" is not known for binary labels'):
        outlined(
            Stage("a", base=None),
            Stage("b", {"loss": "categorical_crossentropy"}, base=From("a", winner=True)),
        )
