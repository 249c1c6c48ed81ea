import itertools

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from justfit.data.audit import audit
from justfit.data.columns import INPUTS
from justfit.data.dataset import Dataset
from justfit.data.files.frame import Frame, Skipped, numbered
from justfit.data.preparation import columns_of, fit_preparation
from justfit.data.raw import Numbers, Table, Texts
from justfit.data.user_dataset import DataReport, LeftOut, dataset_of
from justfit.errors import DataError, JustfitError
from justfit.spec import HoldOut, Ngrams

ROWS = 100
RANDOM = np.random.default_rng(0)
X = [f"{value:.4f}" for value in RANDOM.normal(size=ROWS)]
Y = [("no", "yes")[row % 4 == 0] for row in range(ROWS)]
COLOURS = [("red", "green", "blue")[row] for row in RANDOM.integers(0, 3, ROWS)]


def frame(source: str = "a.csv", **columns: object) -> Frame:
    return numbered(pa.table({name: pa.array(cells) for name, cells in columns.items()}), source)


def made(*frames: Frame, target: str = "y", **asked: object) -> tuple[Dataset, DataReport]:
    parts = dict(zip(("train", "test", "validation"), frames, strict=False))
    return dataset_of(parts, name="made", target=target, **asked)


def test_one_file_becomes_a_data_set_with_a_fifth_sealed_in_the_shares_of_the_classes() -> None:
    dataset, report = made(frame(x=X, colour=COLOURS, y=Y))
    assert (dataset.name, dataset.task.name, dataset.classes) == ("made", "binary", ("no", "yes"))
    assert (len(dataset.train), dataset.sealed.count) == (80, 20)
    assert report.notes == (
        "20 of 100 rows were sealed first as test rows, with the shares of the classes (seed 0).",
    )
    assert dataset.notes == report.notes
    assert report.task_reason == 'two different values, of which "yes" is class 1'
    assert [column.kind for column in report.columns] == ["number", "category"]
    assert dataset.columns == report.columns
    assert (report.left_out, report.odd, report.protocol) == ((), (), None)
    test = dataset.sealed.open()
    assert (dataset.train.labels.mean(), test.labels.mean()) == (0.25, 0.25)


def test_training_and_sealed_rows_are_together_all_rows_each_with_its_label() -> None:
    dataset, _ = made(frame(x=X, y=Y))
    parts = (dataset.train, dataset.sealed.open())
    found = [
        (row[0], label) for part in parts for row, label in zip(part.raw.numbers, part.labels, strict=True)
    ]
    assert sorted(found) == sorted((float(x), y == "yes") for x, y in zip(X, Y, strict=True))


def test_the_same_rows_and_seed_seal_the_same_rows_and_another_seed_others() -> None:
    one, two, three = (made(frame(x=X, y=Y), seed=seed)[0] for seed in (0, 0, 1))
    assert one.fingerprint == two.fingerprint != three.fingerprint
    np.testing.assert_array_equal(one.train.raw.numbers, two.train.raw.numbers)


def test_columns_are_typed_by_the_rows_that_train_alone() -> None:
    dataset, report = made(frame(x=X, y=Y), frame("b.csv", x=["?", "some", "words"], y=["no", "yes", "no"]))
    assert report.columns[0].kind == "number"
    assert report.odd[0].sentence == (
        'b.csv, column "x" has 2 cells of another kind, which count as missing: rows 2, 3 (such as "some").'
    )
    assert np.isnan(dataset.sealed.open().raw.numbers).all()


def test_levels_that_only_sealed_rows_have_are_not_to_be_seen_from_the_training_rows() -> None:
    test = frame("b.csv", colour=["secret"] * 5, x=X[:5], y=Y[:5])
    dataset, _ = made(frame(colour=COLOURS, x=X, y=Y), test)
    assert set(dataset.train.raw.categories[0].levels) == {"red", "green", "blue"}
    assert "secret" not in repr(vars(dataset.sealed))
    assert "secret" not in repr(dataset)


def test_test_rows_that_were_given_are_sealed_and_all_others_train() -> None:
    dataset, report = made(frame(x=X, y=Y), frame("b.csv", x=X[:30], y=Y[:30]))
    assert (len(dataset.train), dataset.sealed.count) == (100, 30)
    assert report.notes == ("30 test rows were given.",)
    assert len(dataset.sealed.open()) == 30


def test_validation_rows_that_were_given_stand_last_and_validate() -> None:
    validation = frame("v.csv", x=X[:30], y=Y[:30])
    dataset, report = made(frame(x=X, y=Y), frame("b.csv", x=X[:20], y=Y[:20]), validation)
    assert report.protocol == HoldOut(how="last", size=30)
    np.testing.assert_array_equal(dataset.train.raw.numbers[100:, 0], [float(x) for x in X[:30]])
    assert dataset.train.labels[100:].tolist() == [y == "yes" for y in Y[:30]]
    without, report = dataset_of(
        {"train": frame(x=X, y=Y), "validation": validation}, name="made", target="y"
    )
    assert (len(without.train), without.sealed.count) == (110, 20)
    assert report.protocol == HoldOut(how="last", size=30)


def test_rows_without_a_label_are_left_out_and_named_by_their_number_in_the_file() -> None:
    whole = frame(x=X, y=[None, " ", *Y[2:]])
    lacking = Frame(
        whole.table, whole.rows + 6, (Skipped(3, "it has 7 cells, and the header has 2"),), source="a.csv"
    )
    dataset, report = made(lacking)
    assert report.left_out == (
        LeftOut("a.csv", 3, "it has 7 cells, and the header has 2"),
        LeftOut("a.csv", 7, "no label"),
        LeftOut("a.csv", 8, "no label"),
    )
    assert len(dataset.train) + dataset.sealed.count == 98
    with pytest.raises(
        DataError, match=r"^3 rows cannot be used, the first is row 3 of a.csv: it has 7 cells"
    ):
        made(lacking, strict=True)


def test_cells_of_another_kind_are_told_and_stop_the_strict() -> None:
    cells = ["old", *X[1:50], "young", *X[51:]]
    _, report = made(frame(x=cells, y=Y))
    assert [(each.column, each.rows) for each in report.odd] == [("x", (1, 51))]
    with pytest.raises(DataError, match=r'^a.csv, column "x" has 2 cells of another kind.* strict'):
        made(frame(x=cells, y=Y), strict=True)


def test_the_only_row_of_a_class_is_left_out_and_named() -> None:
    dataset, report = made(frame(x=X, y=["maybe", *Y[1:]]))
    assert dataset.classes == ("no", "yes")
    assert report.left_out == (LeftOut("a.csv", 1, 'the only row of class "maybe"'),)


def test_kinds_of_columns_may_be_asked_for_and_columns_left_out() -> None:
    rows = frame(x=X, code=[str(row % 3) for row in range(ROWS)], note=COLOURS, y=Y)
    dataset, report = made(rows, drop=["x"], categories=["code"], text=["note"])
    assert [(column.name, column.kind) for column in dataset.columns] == [
        ("code", "category"),
        ("note", "text"),
    ]
    assert report.columns[-1].reason == "left out, as asked"
    assert isinstance(dataset.train.raw, Table)
    dataset, _ = made(rows, drop=["x", "code"], text=["note"])
    assert isinstance(dataset.train.raw, Texts)
    assert len(made(rows, numbers=["code"])[0].train.raw.numbers[0]) == 2


def test_images_alone_are_numbers_that_are_standardized() -> None:
    field = pa.field("image", pa.list_(pa.uint8(), 4), metadata={"shape": "2,2"})
    pixels = pa.array([[row % 256, 0, 0, 255] for row in range(ROWS)], field.type)
    table = pa.table([pixels, pa.array(Y)], pa.schema([field, ("y", pa.string())]))
    dataset, _ = made(numbered(table, "folder"))
    assert isinstance(dataset.train.raw, Numbers)
    rows = fit_preparation(dataset.preparation, dataset.train.raw).rows(dataset.train.raw)
    np.testing.assert_allclose(rows.values.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(rows.values.std(axis=0), [1, 0, 0, 0], atol=1e-6)


def test_single_words_are_taken_apart_into_characters() -> None:
    names = [
        f"{start}{row}{end}"
        for row in range(25)
        for start, end in (("Ro", "ini"), ("Ku", "sen"))
        for _ in "ab"
    ]
    dataset, report = made(
        frame(name=[f"{name}{row}" for row, name in enumerate(names)], y=["it", "no"] * 50)
    )
    assert report.columns[0].kind == "text"
    assert dataset.preparation == Ngrams("character", longest=3)
    sentences, _ = made(
        frame(text=[f"{x} is the {colour} one" for x, colour in zip(X, COLOURS, strict=True)], y=Y)
    )
    assert sentences.preparation == Ngrams()


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()])
def test_strings_of_every_type_give_the_same_data_set(kind: pa.DataType) -> None:
    plain, _ = made(frame(x=X, colour=COLOURS, y=Y))
    columns = {
        name: pa.array(cells).cast(kind) for name, cells in {"x": X, "colour": COLOURS, "y": Y}.items()
    }
    packed = {**columns, "colour": columns["colour"].cast(pa.large_string()).dictionary_encode()}
    for each in (columns, packed, {**columns, "y": pc.run_end_encode(pa.array(Y))}):
        assert made(numbered(pa.table(each), "a.csv"))[0].fingerprint == plain.fingerprint


@pytest.mark.parametrize("kind", [pa.int64(), pa.float32(), pa.float64(), pa.decimal128(30, 2), pa.string()])
def test_numbers_of_every_type_give_the_same_data_set(kind: pa.DataType) -> None:
    whole = pa.array([row * 7 % 60 for row in range(ROWS)], pa.int8())
    plain, report = made(numbered(pa.table({"x": whole, "y": whole}), "a"))
    assert report.task == "regression"
    other, _ = made(numbered(pa.table({"x": whole.cast(kind), "y": whole.cast(kind)}), "a"))
    assert other.fingerprint == plain.fingerprint


TASKS = {
    "binary": Y,
    "multiclass": COLOURS,
    "multilabel": ["red;blue", "blue", "green"] * 33 + ["red"],
    "regression": [f"{value:.2f}" for value in RANDOM.normal(size=ROWS)],
    "unit_regression": [f"{value:.2f}" for value in RANDOM.random(ROWS)],
}


@pytest.mark.parametrize("task", TASKS)
def test_data_of_each_task_can_be_audited_and_prepared(task: str) -> None:
    missing = [None if row % 9 == 0 else cell for row, cell in enumerate(COLOURS)]
    dataset, report = made(frame(x=X, colour=missing, y=TASKS[task]))
    assert report.task == dataset.task.name == task
    assert not [finding for finding in audit(dataset) if finding.level == "error"]
    raw = dataset.train.raw
    rows = fit_preparation(dataset.preparation, raw).rows(raw)
    assert rows.columns == columns_of(dataset.preparation, raw)
    assert len(dataset.first(50).train) == 50


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (frame(x=["1"], y=["a"]), 'a.csv has 1 row with a label in column "y": at least 10 are needed'),
        (frame(x=["1", "2"], y=["a", "b"]), "a.csv has 2 rows with a label"),
        (frame(x=X, y=[None] * ROWS), 'a.csv has no row with a label in column "y"'),
        (
            numbered(pa.table({"x": pa.array([], pa.string()), "y": pa.array([], pa.string())}), "a.csv"),
            "no row",
        ),
        (frame(x=X, y=["a"] * ROWS), "nothing to learn"),
        (frame(x=X, y=[f"class {row}" for row in range(ROWS)]), "too many to be classes"),
        (frame(x=X, sentiment=Y), 'no column "y": it has x, sentiment'),
        (frame(text=[" "] * ROWS, y=Y), r"no column to learn from \(text: every cell is empty\)"),
        (frame(y=Y), r"no column to learn from \(only the target\)"),
        (frame(x=["inf", *X[1:]], y=Y), 'row 1, column "x": inf is infinite'),
        (frame(x=[{"a": 1}] * ROWS, y=Y), 'column "x" holds struct'),
        (
            numbered(pa.table([pa.array(X), pa.array(X), pa.array(Y)], ["x", "x", "y"]), "a.csv"),
            '2 columns "x"',
        ),
    ],
)
def test_what_nothing_can_be_learned_from_is_refused_in_a_sentence(rows: Frame, message: str) -> None:
    with pytest.raises(DataError, match=message):
        made(rows)


def test_ten_thousand_classes_are_learned_only_where_they_are_asked_for() -> None:
    rows = frame(
        x=[str(row * 7 % 1001 / 8) for row in range(20_000)], y=[f"c{row % 10_000}" for row in range(20_000)]
    )
    with pytest.raises(DataError, match=r'10,000 different texts in 20,000 rows.*"multiclass"'):
        made(rows)
    dataset, report = made(rows, task="multiclass")
    assert len(dataset.classes) == 10_000
    assert "too many classes for their shares" in report.notes[0]


@pytest.mark.parametrize(
    ("test", "message"),
    [
        (frame("b.csv", z=X, y=Y), r"^b.csv \(test\) lacks x and has z besides, compared with a.csv"),
        (frame("b.csv", x=X), r"^b.csv \(test\) lacks y"),
        (
            frame("b.csv", x=X, y=["maybe", *Y[1:]]),
            r'^b.csv, column "y", row 1: the label "maybe" stands in no',
        ),
        (frame("b.csv", x=["inf"], y=["yes"]), r'^b.csv, row 1, column "x": inf is infinite'),
        (frame("b.csv", x=["1"], y=[None]), "^b.csv has no row with a label"),
    ],
)
def test_test_rows_that_do_not_fit_are_told_at_once_and_not_when_the_seal_is_opened(
    test: Frame, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        made(frame(x=X, y=Y), test)


def test_columns_that_differ_may_be_dropped() -> None:
    dataset, _ = made(frame(x=X, only=X, y=Y), frame("b.csv", x=X, y=Y), drop=["only"])
    assert [column.name for column in dataset.columns] == ["x"]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"drop": ["z"]}, 'no column "z"'),
        ({"text": ["xx"]}, 'no column "xx".*Did you mean "x"'),
        ({"text": ["y"]}, '"y" is the target, so it cannot be text, too'),
        ({"drop": ["y"]}, '"y" is the target, so it cannot be left out, too'),
        ({"drop": ["x"], "numbers": ["x"]}, '"x" is asked to be a number and to be left out'),
        ({"text": ["x"], "numbers": ["x"]}, '"x" is asked to be a text and a number'),
    ],
)
def test_wishes_that_cannot_be_met_are_refused(asked: dict[str, list[str]], message: str) -> None:
    with pytest.raises(DataError, match=message):
        made(frame(x=X, y=Y), **asked)


def test_parts_have_the_names_that_they_have() -> None:
    for parts in ({}, {"test": frame(x=X, y=Y)}, {"train": frame(x=X, y=Y), "extra": frame(x=X, y=Y)}):
        with pytest.raises(DataError, match="The parts of a data set are train, validation, test"):
            dataset_of(parts, name="made", target="y")


CELLS = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.sampled_from(
        ["", "1", "2.5", "1,234", "-1e5", "NA", "2024-01-01", "red", "a;b", "[1]", '["a"]', "001"]
    ),
)


@settings(max_examples=60)
@given(
    st.lists(CELLS, min_size=1, max_size=4),
    st.lists(CELLS, min_size=1, max_size=4),
    st.lists(CELLS, min_size=1, max_size=4),
    st.integers(0, 60),
)
def test_any_cells_give_a_data_set_or_a_sentence(
    x: list[str | None], z: list[str | None], y: list[str | None], rows: int
) -> None:
    columns = {
        name: pa.array(list(itertools.islice(itertools.cycle(cells), rows)), pa.string())
        for name, cells in {"x": x, "z": z, "y": y}.items()
    }
    try:
        dataset, report = made(numbered(pa.table(columns), "a.csv"))
    except JustfitError as error:
        assert str(error).endswith((".", "?"))  # noqa: PT017 - either is right
        return
    assert {column.kind for column in dataset.columns} <= set(INPUTS)
    assert len(dataset.train) + dataset.sealed.count + len(report.left_out) == rows
    audit(dataset)
