import numpy as np
import pytest

from justfit.data.audit_columns import column_findings, table_findings
from justfit.data.columns import Column
from justfit.data.dataset import Part
from justfit.data.finding import Finding
from justfit.data.raw import Categories, Numbers, Table
from justfit.spec import TASKS

ROWS = 60
RANDOM = np.random.default_rng(0)
NOISE = RANDOM.normal(size=(ROWS, 3))
CLASSES = RANDOM.integers(0, 3, ROWS)


def found(*columns: np.ndarray, labels: np.ndarray = CLASSES, task: str = "multiclass") -> dict[str, Finding]:
    values = np.column_stack([*NOISE.T[:2], *columns])
    raw = Numbers(values, ("noise_1", "noise_2", *"abcdef"[: len(columns)]))
    findings = list(column_findings(Part(raw, labels), raw, TASKS[task]))
    assert len({finding.what for finding in findings}) == len(findings)
    return {finding.what: finding for finding in findings}


def test_of_columns_with_nothing_wrong_nothing_is_said() -> None:
    assert found(NOISE[:, 2]) == {}


def test_constant_columns_are_noted_and_are_no_duplicates_of_each_other() -> None:
    findings = found(np.full(ROWS, 7.0), np.full(ROWS, 7.0))
    assert findings.keys() == {"constant_columns"}
    constant = findings["constant_columns"]
    assert (constant.level, constant.count) == ("note", 2)
    assert constant.sentence.startswith("2 columns (a, b) have one value in all training rows")


def test_columns_without_any_value_are_an_error_and_rows_with_some_missing_a_warning() -> None:
    some = NOISE[:, 2].copy()
    some[[9, 4]] = np.nan, np.inf
    findings = found(np.full(ROWS, np.nan), some)
    assert findings.keys() == {"empty_columns", "missing_values"}
    assert findings["empty_columns"].level == "error"
    assert findings["empty_columns"].sentence == (
        "1 column (a) has no value in any training row: leave out what is empty."
    )
    missing = findings["missing_values"]
    assert (missing.level, missing.count, missing.rows) == ("warning", 2, (4, 9))
    assert "(such as row 4, column b)" in missing.sentence


def test_columns_that_stand_there_twice_are_named_with_the_first() -> None:
    findings = found(NOISE[:, 0], NOISE[:, 1], -NOISE[:, 1])
    assert findings.keys() == {"duplicate_columns"}
    assert findings["duplicate_columns"].count == 2
    assert "(a as noise_1, b as noise_2)" in findings["duplicate_columns"].sentence


@pytest.mark.parametrize("values", [(0, 1, 2), (5.5, -1, 0), (2, 1, 0)])
def test_a_column_that_tells_the_class_is_an_error_whatever_its_values_are_called(
    values: tuple[float, ...],
) -> None:
    findings = found(np.array(values, float)[CLASSES], NOISE[:, 2])
    assert findings.keys() == {"label_columns"}
    assert findings["label_columns"].level == "error"
    assert findings["label_columns"].sentence.startswith("1 column (a) tells the label of every training row")


def test_a_column_that_tells_but_almost_all_classes_is_none() -> None:
    almost = CLASSES.astype(float)
    almost[7] = (almost[7] + 1) % 3
    assert found(almost) == {}
    assert found(np.array([0.0, 0.0, 1.0])[CLASSES]) == {}, "two classes have one value"


def test_of_several_labels_a_row_each_is_looked_for() -> None:
    labels = RANDOM.integers(0, 2, (ROWS, 3)).astype(np.float32)
    assert found(1 - labels[:, 1], labels=labels, task="multilabel")["label_columns"].count == 1


def test_a_column_from_which_a_number_follows_is_an_error_and_one_that_helps_is_none() -> None:
    price = (100 + 30 * NOISE[:, 2]).astype(np.float32)
    assert found(NOISE[:, 2] * -7 + 1, labels=price, task="regression")["label_columns"].count == 1
    assert found(price + NOISE[:, 0], labels=price, task="regression") == {}
    assert found(np.full(ROWS, 1e300), labels=price, task="regression").keys() == {"constant_columns"}


def test_a_few_rows_do_not_tell_whether_a_column_is_the_label() -> None:
    labels = np.array([0, 1] * 4)
    raw = Numbers(np.column_stack([labels, NOISE[:8, 0]]).astype(float), ("a", "b"))
    assert list(column_findings(Part(raw, labels), raw, TASKS["binary"])) == []


CHOICES = RANDOM.integers(0, 4, ROWS).astype(np.int32)


def found_in_table(
    *,
    number: np.ndarray = NOISE[:, 2],
    codes: np.ndarray = CHOICES,
    texts: list[str] | None = None,
    labels: np.ndarray = CLASSES,
    task: str = "multiclass",
) -> dict[str, Finding]:
    columns = (
        *(Column(name, "number") for name in ("noise_1", "noise_2", "number")),
        Column("choice", "category"),
    )
    columns = (*columns, Column("review", "text")) if texts else columns
    levels = Categories(codes.astype(np.int32), tuple(f"level{code}" for code in range(codes.max() + 1)))
    numbers = np.column_stack([*NOISE.T[:2], number])
    raw = Table(columns, numbers, (levels,), (texts,) if texts else ())
    return {finding.what: finding for finding in table_findings(Part(raw, labels), raw, TASKS[task])}


def test_of_a_table_with_nothing_wrong_nothing_is_said() -> None:
    assert found_in_table() == {}


def test_missing_values_of_a_table_are_noted_with_what_becomes_of_them() -> None:
    number, codes = NOISE[:, 2].copy(), CHOICES.copy()
    number[[3, 8]], codes[8] = np.nan, -1
    finding = found_in_table(number=number, codes=codes)["missing_values"]
    assert (finding.level, finding.count, finding.rows) == ("note", 2, (3, 8))
    assert finding.sentence.startswith("2 training rows have missing values, in 2 columns (number, choice)")


def test_a_number_with_the_values_of_another_one_is_told() -> None:
    finding = found_in_table(number=NOISE[:, 0])["duplicate_columns"]
    assert "(number as noise_1)" in finding.sentence


def test_a_category_that_renames_the_label_is_an_error() -> None:
    finding = found_in_table(codes=2 - CLASSES)["label_columns"]
    assert (finding.level, finding.count) == ("error", 1)
    assert finding.sentence.startswith("1 column (choice) tells the label of every training row exactly")


def test_columns_that_part_the_classes_without_exception_are_a_warning() -> None:
    by_number = found_in_table(number=CLASSES + RANDOM.random(ROWS) * 0.9)["parting_columns"]
    assert (by_number.level, by_number.count) == ("warning", 1)
    assert by_number.sentence.startswith(
        "By 1 column alone (number) all training rows fall into their classes"
    )
    by_level = found_in_table(codes=CLASSES * 2 + RANDOM.integers(0, 2, ROWS))["parting_columns"]
    assert "(choice)" in by_level.sentence


def test_a_column_that_parts_the_classes_with_one_exception_or_by_chance_is_not_told() -> None:
    number = CLASSES + RANDOM.random(ROWS) * 0.9
    number[0] = 9 if CLASSES[0] < 2 else -1
    assert found_in_table(number=number) == {}
    assert found_in_table(codes=np.arange(ROWS)) == {}
    rare = np.zeros(ROWS, np.int64)
    rare[np.argmax(NOISE[:, 2])] = 1
    assert found_in_table(labels=rare, task="binary") == {}


def test_rows_of_a_table_without_text_are_noted_with_their_column() -> None:
    finding = found_in_table(texts=["good", " "] * (ROWS // 2))["empty_texts"]
    assert (finding.level, finding.count) == ("note", ROWS // 2)
    assert finding.sentence == f'{ROWS // 2} training rows have no text in column "review" (such as row 1).'
