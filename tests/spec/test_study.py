import dataclasses
from typing import Any

import pytest

from justfit.errors import SpecError
from justfit.spec import (
    Adam,
    AllRows,
    Data,
    Final,
    From,
    HoldOut,
    KFold,
    Scaling,
    Stage,
    Study,
    TestRows,
    TextEncoding,
)

STUDY = Study("study", Data("imdb"), (Stage("a", grid={"epochs": [1, 2]}), Stage("b", base=From("a"))))


def test_what_data_leaves_open_is_as_the_data_set_has_it() -> None:
    text = TextEncoding("average", 5_000, maxlen=100)
    assert Data("imdb").preparation(text) == text
    assert Data("imdb", num_words=99).preparation(text) == TextEncoding("average", 99, maxlen=100)
    assert Data("mnist").preparation(Scaling("divide", 255.0)) == Scaling("divide", 255.0)
    assert Data("mnist", by=2.0, scaling="divide").preparation(Scaling("divide", 255.0)) == Scaling(
        "divide", 2.0
    )


def test_another_scaling_does_not_keep_what_the_data_set_divides_by() -> None:
    assert Data("mnist", scaling="standard").preparation(Scaling("divide", 255.0)) == Scaling("standard")


def test_what_belongs_to_rows_of_another_kind_is_refused() -> None:
    with pytest.raises(SpecError, match="imdb has rows of text, so scaling does not fit: give encoding"):
        Data("imdb", scaling="none").preparation(TextEncoding())
    with pytest.raises(SpecError, match="wine has rows of numbers, so num_words and maxlen does not fit"):
        Data("wine", num_words=99, maxlen=3).preparation(Scaling())


def test_the_same_study_has_the_same_id_whether_its_values_stand_in_lists_tuples_or_nouns() -> None:
    one = Study("s", Data("wine"), (Stage("a", {"hidden": [4], "optimizer": Adam()}, {"l1": [0, 1]}),))
    plain = dataclasses.asdict(Adam())
    same = Study("s", Data("wine"), [Stage("a", {"hidden": (4,), "optimizer": plain}, {"l1": (0, 1)})])  # type: ignore[arg-type]
    assert one == same
    assert one.id == same.id


def test_a_study_cannot_be_changed_through_the_lists_that_it_was_made_of() -> None:
    widths = [[4], [8]]
    stage = Stage("a", grid={"hidden": widths})
    widths.append([16])
    assert stage.grid == {"hidden": ((4,), (8,))}


@pytest.mark.parametrize(
    "change",
    [
        {"name": "other"},
        {"data": Data("imdb", rows=100)},
        {"stages": STUDY.stages[:1]},
        {"stages": (STUDY.stages[0], Stage("b", base=From("a", winner=True)))},
        {"validation": KFold(4)},
        {"defaults": {"epochs": 3}},
        {"replicates": 2},
        {"seed": 1},
        {"select": "val_loss"},
        {"rule": "best"},
        {"final": None},
        {"fit": True},
    ],
)
def test_a_study_s_id_changes_with_every_field(change: dict[str, Any]) -> None:
    assert dataclasses.replace(STUDY, **change).id != STUDY.id


def test_each_replicate_has_its_seed() -> None:
    assert list(dataclasses.replace(STUDY, replicates=3, seed=7).seeds) == [7, 8, 9]


WINNER = (Stage("a"), Stage("b", base=From("a", winner=True)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": ""}, "study must have a name, got ''"),
        ({"name": "../x"}, 'study name "../x" cannot stand in a path'),
        ({"name": ".hidden"}, 'study name ".hidden" cannot stand in a path'),
        ({"name": "x" * 81}, "cannot stand in a path: use at most 80 letters"),
        ({"stages": ()}, "stages is empty, so nothing would be trained"),
        ({"stages": (Stage("a"), Stage("a"))}, 'stage "a" comes twice: give each its own name'),
        (
            {"stages": (Stage("b", base=From("a")), Stage("a"))},
            'stage b: from "a" is not known among earlier',
        ),
        ({"stages": (Stage("a", base=From("a")),)}, 'stage a: from "a" is not known among earlier stages'),
        ({"replicates": 0}, "replicates must be a whole number from 1 to 10000, got 0"),
        ({"replicates": 10_001}, "replicates must be a whole number from 1 to 10000, got 10001"),
        ({"seed": -1}, "seed must be a whole number at least 0, got -1"),
        ({"select": "val_los"}, 'select "val_los" is not known: .* Did you mean "val_loss"'),
        ({"rule": "bets"}, 'rule "bets" is not known: expected one of one_standard_error, best'),
        ({"fit": 1}, "fit must be true or false, got 1"),
        ({"defaults": {"epochs": 0}}, "epochs is 0, so nothing would be trained"),
        ({"validation": AllRows()}, 'validation is "none", so no epoch is best'),
        ({"validation": AllRows(), "final": None}, 'validation is "none" and final too'),
        ({"validation": AllRows(), "final": Final(epochs=3), "stages": WINNER}, "so no stage has a winner"),
        (
            {"validation": KFold(4), "final": Final(train_on="training_part")},
            "there are 4 splits and so as many training parts: train on all_rows",
        ),
        (
            {"validation": TestRows(), "final": Final(threshold="f1")},
            'threshold is f1, but validation is "test", so no training row is left to choose it by',
        ),
        (
            {"validation": AllRows(), "final": Final(epochs=3, threshold="accuracy")},
            'threshold is accuracy, but validation is "none", so no training row is left',
        ),
        ({"data": Data("imdb", rows=9), "validation": KFold(10)}, "9 rows cannot be cut into 10 folds"),
        ({"data": Data("imdb", rows=9), "validation": HoldOut(size=9)}, "would take 9 of 9 training rows"),
        (
            {"data": Data("imdb", rows=9), "validation": HoldOut(size=5, train=5)},
            "the splits overlap: train at most 4",
        ),
    ],
)
def test_a_study_that_cannot_be_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        dataclasses.replace(STUDY, **change)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Data(""), "data must be the name of a data set, got ''"),
        (lambda: Data(5), "data must be the name of a data set, got 5"),
        (lambda: Data("wine", rows=1), "rows must be a whole number at least 2, got 1"),
        (lambda: Data("imdb", encoding="onehot"), 'encoding "onehot" is not known'),
        (lambda: Data("imdb", num_words=3), "num_words must be a whole number from 4"),
        (lambda: Data("wine", by=2.0), '"by" belongs to scaling "divide"'),
        (lambda: Stage("a/b"), 'stage name "a/b" cannot stand in a path'),
        (lambda: Final(epochs=0), "epochs of the final network is 0, so nothing would be trained"),
        (lambda: Final(epochs="first"), 'epochs of the final network "first" is not known'),
        (lambda: Final(epochs=1.5), r"epochs of the final network must be a whole number .* got 1\.5"),
        (lambda: Final(train_on="all"), 'train_on "all" is not known'),
        (lambda: Final(threshold="recall"), 'threshold "recall" is not known: expected one of accuracy, f1'),
        (lambda: Final(of=" "), "of must be the name of a stage or of a candidate, got ' '"),
    ],
)
def test_a_part_of_a_study_that_cannot_be_is_refused(make: Any, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        make()


def test_without_validation_all_epochs_are_said_by_a_number_or_last() -> None:
    for epochs in (3, "last"):
        study = dataclasses.replace(STUDY, validation=AllRows(), final=Final(epochs=epochs))
        assert study.final == Final(epochs=epochs)
    assert dataclasses.replace(STUDY, validation=TestRows()).validation.splits == 1


def test_no_stage_may_be_mistaken_for_the_training_at_the_end() -> None:
    with pytest.raises(SpecError, match='stage "final" has the name of the training at the end'):
        Study("s", Data("wine"), (Stage("final"),))
