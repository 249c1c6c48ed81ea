import dataclasses
import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from justfit.errors import SpecError
from justfit.spec import (
    ACTIVATIONS,
    MONITORS,
    OPTIMIZERS,
    SCALINGS,
    SCHEDULES,
    TASKS,
    TEXT_ENCODINGS,
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    AllRows,
    Candidate,
    Constant,
    CosineDecay,
    Ftrl,
    HoldOut,
    KFold,
    Nadam,
    Network,
    Recipe,
    RmsProp,
    Run,
    Scaling,
    Sgd,
    StepDecay,
    TestRows,
    TextEncoding,
    plain,
)

RUN = Run(
    data="imdb",
    fingerprint="0123456789abcdef",
    task="binary",
    preparation=TextEncoding(),
    candidate=Candidate(Network((16, 16), dropout=(0.5, 0.25)), Recipe(RmsProp(), batch_size=512)),
    protocol=HoldOut("first", 10_000),
)
# The same, written out by hand: keys by alphabet, no blanks.
CANONICAL = (
    '{"candidate":{'
    '"network":{"activation":"relu","activity_l1":[0.0,0.0],"activity_l2":[0.0,0.0],"dropout":[0.5,0.25],'
    '"embedding":null,"hidden":[16,16],"input_dropout":0.0,"l1":[0.0,0.0],"l2":[0.0,0.0],"max_norm":[0.0,0.0]},'
    '"recipe":{"batch_size":512,"clip_norm":null,"clip_value":null,"epochs":20,"loss":null,'
    '"monitor":"val_data_loss",'
    '"optimizer":{"epsilon":1e-07,"learning_rate":0.001,"name":"rmsprop","rho":0.9},'
    '"patience":null,"schedule":{"name":"constant","warmup":0.0}}},'
    '"data":"imdb","fingerprint":"0123456789abcdef","format":1,'
    '"preparation":{"kind":"multi_hot","maxlen":256,"name":"text","num_words":10000,"skip_top":0},'
    '"protocol":{"how":"first","name":"hold_out","seed":0,"size":10000,"train":null},'
    '"seed":0,"split":1,"task":"binary"}'
)


def test_a_run_s_id_is_the_hash_of_its_whole_spec_and_never_changes() -> None:
    assert RUN.id == hashlib.sha256(CANONICAL.encode()).hexdigest()[:12]
    assert RUN.id == "3d647ec87b7a"


OTHER_TEXT = {
    "data": "mnist",
    "fingerprint": "fedcba9876543210",
    "task": "multilabel",
    "activation": "tanh",
    "how": "last",
    "loss": "mse",
    "kind": "none",
    "monitor": "val_metric",
}

OTHER_THAN_NONE = {
    "class_weights": "balanced",
    "embedding": 8,
    "train": 5_000,
    "loss": "mse",
    "clip_norm": 1.0,
    "clip_value": 1.0,
    "shuffle_block": 4_096,
    "patience": 3,
}


def other(name: str, value: object) -> object:
    """Another legal value of a field."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case float():
            return value / 2 + 0.01
        case str():
            return {"multi_hot": "counts", "shuffled": "grouped"}.get(value) or OTHER_TEXT[name]
        case None:
            return OTHER_THAN_NONE[name]
        case tuple():
            return (other(name, value[0]), *value[1:])
    raise AssertionError(f"{name} has a value of a new kind: {value!r}")


def variants(noun: Any) -> Iterator[tuple[str, Any]]:
    """Each field of a noun, and of the nouns in it, and the noun with another value there."""
    for field in dataclasses.fields(noun):
        value = getattr(noun, field.name)
        if dataclasses.is_dataclass(value):
            for path, changed in variants(value):
                yield f"{field.name}.{path}", dataclasses.replace(noun, **{field.name: changed})
        elif field.init and (field.name != "split" or noun.protocol.splits > 1):
            yield field.name, dataclasses.replace(noun, **{field.name: other(field.name, value)})


def with_recipe(recipe: Recipe) -> Run:
    return dataclasses.replace(RUN, candidate=Candidate(Network((16,), embedding=4), recipe))


BASES = {
    "text": RUN,
    "folds": dataclasses.replace(RUN, protocol=KFold(4, "shuffled", repeats=2), split=3),
    "numbers": dataclasses.replace(RUN, preparation=Scaling("divide", 1.0), protocol=HoldOut(size=0.2)),
    "patient": with_recipe(Recipe(batch_size=16, loss="mae", patience=2, monitor="val_loss")),
    **{name: with_recipe(Recipe(kind(), batch_size=16)) for name, kind in OPTIMIZERS.items()},
    "steps": with_recipe(Recipe(AdamW(), batch_size=16, schedule=StepDecay(10, 0.5))),
    "cosine": with_recipe(Recipe(Ftrl(), batch_size=16, schedule=CosineDecay(20))),
}


@pytest.mark.parametrize("base", BASES)
def test_a_run_s_id_changes_with_every_field(base: str) -> None:
    run = BASES[base]
    changed = dict(variants(run))
    assert len(changed) >= 20
    ids = {"nothing": run.id, **{path: variant.id for path, variant in changed.items()}}
    assert len(set(ids.values())) == len(ids), sorted(ids.items(), key=lambda item: item[1])


def test_nouns_of_different_kinds_with_the_same_numbers_have_different_ids() -> None:
    runs = [with_recipe(Recipe(optimizer(), batch_size=1)) for optimizer in OPTIMIZERS.values()]
    schedules = (StepDecay(1, 1), CosineDecay(1, 1))
    runs += [with_recipe(Recipe(batch_size=1, schedule=schedule)) for schedule in schedules]
    runs += [dataclasses.replace(RUN, protocol=AllRows()), dataclasses.replace(RUN, protocol=HoldOut())]
    assert len({run.id for run in runs}) == len(runs)


def test_specs_that_mean_the_same_have_the_same_id() -> None:
    one = dataclasses.replace(RUN, candidate=Candidate(Network((16, 16), dropout=0.5), Recipe(batch_size=8)))
    for network in (
        Network([16, 16], dropout=(0.5, 0.5)),
        Network((16, 16), dropout=[0.5, 0.5], l1=0, l2=-0.0),
    ):
        same = dataclasses.replace(one, candidate=Candidate(network, Recipe(RmsProp(), 8)))
        assert same.id == one.id
        assert same.entropy("weights") == one.entropy("weights")


WHEN_IT_ENDS = [f"candidate.recipe.{key}" for key in ("epochs", "patience", "monitor")]


def test_a_run_of_fewer_epochs_is_the_beginning_of_a_longer_one() -> None:
    others = dict(variants(RUN))
    for path in WHEN_IT_ENDS:
        assert others[path].id != RUN.id
        for purpose in ("weights", "dropout", "order"):
            assert others[path].entropy(purpose) == RUN.entropy(purpose)


def test_rows_come_in_the_same_order_for_all_candidates_but_weights_and_dropout_are_their_own() -> None:
    others = {path: variant for path, variant in variants(RUN) if path.startswith("candidate.")}
    assert {run.entropy("order") for run in others.values()} == {RUN.entropy("order")}
    own = [run for path, run in others.items() if path not in WHEN_IT_ENDS]
    for purpose in ("weights", "dropout"):
        assert len({run.entropy(purpose) for run in (RUN, *own)}) == 1 + len(own)
    assert len({RUN.entropy(purpose) for purpose in ("order", "weights", "dropout")}) == 3


def test_another_seed_data_split_or_preparation_gives_another_order() -> None:
    others = [
        variant
        for path, variant in variants(RUN)
        if not path.startswith("candidate.") and path != "class_weights"
    ]
    assert len({run.entropy("order") for run in (RUN, *others)}) == 1 + len(others)
    assert 0 <= RUN.entropy("order") < 2**128


def test_what_classes_weigh_changes_the_run_but_no_random_number() -> None:
    balanced = dataclasses.replace(RUN, class_weights="balanced")
    assert balanced.id != RUN.id
    for purpose in ("weights", "dropout", "order"):
        assert balanced.entropy(purpose) == RUN.entropy(purpose)


def test_a_field_that_came_later_is_left_out_where_it_says_nothing_so_that_ids_keep_their_meaning() -> None:
    assert "class_weights" not in plain(RUN)
    assert plain(dataclasses.replace(RUN, class_weights="balanced"))["class_weights"] == "balanced"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"task": "binray"}, 'task "binray" is not known: expected one of .* Did you mean "binary"'),
        ({"split": 0}, "split must be a whole number from 1 to 1, got 0"),
        ({"split": 2}, "split must be a whole number from 1 to 1, got 2"),
        ({"protocol": KFold(4), "split": 5}, "split must be a whole number from 1 to 4, got 5"),
        ({"seed": -1}, "seed must be a whole number at least 0, got -1"),
        ({"seed": 1.0}, r"seed must be a whole number at least 0, got 1\.0"),
        ({"candidate": Candidate(Network(()), Recipe())}, "batch_size is still open: a run needs a number"),
        (
            {"candidate": Candidate(Network(()), Recipe(batch_size=1, loss="msle"))},
            'loss "msle" is not known for binary labels: expected one of binary_crossentropy, mse',
        ),
        (
            {
                "protocol": AllRows(),
                "candidate": Candidate(Network(()), Recipe(batch_size=1, patience=3)),
            },
            "patience is 3, but no row validates: leave it out, or hold rows out",
        ),
    ],
)
def test_a_run_that_cannot_be_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        dataclasses.replace(RUN, **change)


SHARES = st.floats(0.0, 0.99)
RATES = st.floats(1e-9, 1e9) | st.integers(1, 100)


@st.composite
def networks(draw: st.DrawFn) -> Network:
    hidden = draw(st.lists(st.integers(1, 512), max_size=3))
    return Network(
        hidden,
        activation=draw(st.sampled_from(ACTIVATIONS)),
        dropout=[draw(SHARES) for _ in hidden],
        l1=draw(RATES) if hidden else 0,
        l2=[draw(st.floats(0, 10) | st.integers(0, 9)) for _ in hidden],
        activity_l1=draw(RATES) if hidden else 0,
        activity_l2=[draw(st.floats(0, 10)) for _ in hidden],
        max_norm=[draw(st.floats(0, 10)) for _ in hidden],
        input_dropout=draw(SHARES),
        embedding=draw(st.none() | st.integers(1, 64)),
    )


OPTIMIZER = (
    st.builds(Sgd, RATES, SHARES, st.booleans())
    | st.builds(RmsProp, RATES, SHARES, RATES)
    | st.builds(Adam, RATES, SHARES, SHARES, RATES)
    | st.builds(AdamW, RATES, st.floats(0, 1), SHARES, SHARES, RATES)
    | st.builds(Adagrad, RATES, st.floats(0, 1), RATES)
    | st.builds(Adadelta, RATES, SHARES, RATES)
    | st.builds(Adamax, RATES, SHARES, SHARES, RATES)
    | st.builds(Nadam, RATES, SHARES, SHARES, RATES)
    | st.builds(Ftrl, RATES, RATES, st.floats(0, 1), st.floats(0, 1))
)
WARMUP = st.floats(0, 10)
SCHEDULE = (
    st.builds(Constant, WARMUP)
    | st.builds(StepDecay, st.floats(0.1, 99), st.floats(0.01, 1), WARMUP)
    | st.builds(CosineDecay, st.integers(1, 99), st.floats(0, 1), WARMUP)
)
PREPARATION = st.builds(
    TextEncoding,
    st.sampled_from(TEXT_ENCODINGS),
    num_words=st.integers(10, 10**6),
    skip_top=st.integers(0, 10),
    maxlen=st.integers(1, 500),
) | (st.builds(Scaling, st.sampled_from(SCALINGS)) | st.builds(Scaling, st.just("divide"), RATES))
PROTOCOL = (
    st.sampled_from((AllRows(), TestRows()))
    | st.builds(
        HoldOut,
        st.sampled_from(("stratified", "first", "last")),
        st.integers(1, 10**6) | st.floats(0.01, 0.99),
        st.integers(0, 2**64),
        st.none() | st.integers(1, 10**6),
    )
    | st.builds(KFold, st.integers(2, 99), st.just("shuffled"), st.integers(1, 9), st.integers(0, 2**64))
)


@st.composite
def runs(draw: st.DrawFn) -> Run:
    protocol = draw(PROTOCOL)
    clipping = draw(st.sampled_from(("clip_norm", "clip_value")))
    recipe = Recipe(
        draw(OPTIMIZER),
        batch_size=draw(st.integers(1, 512)),
        epochs=draw(st.integers(1, 99)),
        loss=draw(st.none() | st.sampled_from(TASKS["binary"].losses)),
        schedule=draw(SCHEDULE),
        **{clipping: draw(st.none() | RATES)},
        patience=None if isinstance(protocol, AllRows) else draw(st.none() | st.integers(1, 9)),
        monitor=draw(st.sampled_from(MONITORS)),
    )
    return Run(
        data=draw(st.text(max_size=8)),
        fingerprint=draw(st.text("0123456789abcdef", min_size=16, max_size=16)),
        task=draw(st.sampled_from(("binary", "multilabel"))),
        preparation=draw(PREPARATION),
        candidate=Candidate(draw(networks()), recipe),
        protocol=protocol,
        split=draw(st.integers(1, protocol.splits)),
        seed=draw(st.integers(0, 2**64)),
    )


KINDS = {
    "text": TextEncoding,
    "scaling": Scaling,
    "hold_out": HoldOut,
    "k_fold": KFold,
    "test_rows": TestRows,
    "all_rows": AllRows,
    **OPTIMIZERS,
    **SCHEDULES,
}


def from_plain(values: dict[str, Any]) -> Run:
    """The run that JSON values describe: a noun's kind is its name."""

    def noun(value: dict[str, Any]) -> Any:
        return KINDS[value["name"]](**{key: inner for key, inner in value.items() if key != "name"})

    recipe = values["candidate"]["recipe"]
    return Run(
        **{key: values[key] for key in ("data", "fingerprint", "task", "split", "seed")},
        preparation=noun(values["preparation"]),
        candidate=Candidate(
            Network(**values["candidate"]["network"]),
            Recipe(
                **{**recipe, "optimizer": noun(recipe["optimizer"]), "schedule": noun(recipe["schedule"])}
            ),
        ),
        protocol=noun(values["protocol"]),
    )


@given(runs())
def test_a_run_comes_back_from_json_as_it_was(run: Run) -> None:
    values = json.loads(json.dumps(plain(run), allow_nan=False))
    assert values["format"] == 1
    again = from_plain(values)
    assert again == run
    assert again.id == run.id
