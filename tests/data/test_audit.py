import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from workflow.handmade import carried_out, numbers, small_study

from justfit.data import Dataset, Numbers, Part, Raw, Sealed, Texts
from justfit.data.audit import Finding, audit
from justfit.data.finding import LEVELS
from justfit.data.sources import SOURCES, load_dataset
from justfit.data.splits import splits
from justfit.errors import DataError, SealError
from justfit.spec import TASKS, HoldOut, Protocol, Scaling, TextEncoding
from justfit.workflow import Event

RANDOM = np.random.default_rng(0)
WORDS = [f"word{number}" for number in range(500)]


def text(words: int = 30) -> str:
    return " ".join(RANDOM.choice(WORDS, words))


def dataset(raw: Raw, labels: Sequence[int] | np.ndarray, test: Raw | None = None) -> Dataset:
    preparation = Scaling() if isinstance(raw, Numbers) else TextEncoding()

    def never() -> Part:
        raise AssertionError("The seal is not to be opened.")

    return Dataset(
        "made",
        TASKS["binary"],
        ("no", "yes"),
        Part(raw, np.asarray(labels)),
        Sealed(0 if test is None else len(test), never, None if test is None else lambda: test),
        preparation,
        "0" * 16,
    )


def found(data: Dataset, protocol: Protocol | None = None) -> dict[str, Finding]:
    cut = () if protocol is None else splits(protocol, data.train.labels, data.task)
    findings = audit(data, protocol, cut)
    assert len({finding.what for finding in findings}) == len(findings)
    assert [LEVELS.index(finding.level) for finding in findings] == sorted(
        LEVELS.index(finding.level) for finding in findings
    )
    return {finding.what: finding for finding in findings}


def alternating(rows: int) -> np.ndarray:
    return np.arange(rows) % 2


def test_of_rows_with_nothing_wrong_only_shares_and_lengths_are_told() -> None:
    texts = Texts([text() for _ in range(40)])
    findings = found(dataset(texts, alternating(40), test=Texts([text() for _ in range(10)])))
    assert findings.keys() == {"class_shares", "lengths"}
    assert "30 to 30 words, and half of them up to 30" in findings["lengths"].sentence
    numbers = Numbers(RANDOM.normal(size=(40, 3)), ("x", "y", "z"))
    assert found(dataset(numbers, alternating(40))).keys() == {"class_shares"}


def test_repeats_near_repeats_and_repeats_with_another_label_are_told_with_their_rows() -> None:
    rows = [text() for _ in range(10)]
    words = rows[2].split()
    near = " ".join([*words[:29], "surprise"])
    texts = Texts([*rows, rows[0], rows[1].upper() + "!", near, rows[0]])
    labels = [*alternating(10), 0, 0, 0, 1]
    findings = found(dataset(texts, labels))
    duplicates = findings["duplicate_rows"]
    assert (duplicates.level, duplicates.count, duplicates.rows) == ("warning", 3, (10, 11, 13))
    assert "3 training rows repeat an earlier one (as row 10 does row 0)" in duplicates.sentence
    assert (findings["near_duplicate_rows"].count, findings["near_duplicate_rows"].rows) == (1, (12,))
    assert "1 training text nearly repeats an earlier one (as row 12 does row 2)" in (
        findings["near_duplicate_rows"].sentence
    )
    two = findings["two_labels"]
    assert (two.level, two.count, two.rows) == ("warning", 2, (11, 13))
    assert "(such as row 11 and row 1)" in two.sentence


def test_equal_rows_of_numbers_with_other_numbers_to_learn_are_only_noted() -> None:
    values = RANDOM.normal(size=(20, 2))
    values[7] = values[3]
    data = dataset(Numbers(values, ("x", "y")), np.arange(20, dtype=np.float32))
    findings = found(dataclasses.replace(data, task=TASKS["regression"], classes=()))
    assert (findings["duplicate_rows"].rows, findings["two_labels"].level) == ((7,), "note")


def test_texts_without_words_and_very_long_ones_are_told() -> None:
    texts = Texts([*(text(10) for _ in range(20)), "", "  ?! ", text(201), text(200)])
    findings = found(dataset(texts, alternating(24)))
    assert (findings["empty_texts"].count, findings["empty_texts"].rows) == (2, (20, 21))
    assert (findings["long_texts"].count, findings["long_texts"].rows) == (1, (22,))
    assert "such as row 22" in findings["long_texts"].sentence


def test_test_rows_that_stand_in_the_training_part_are_counted_without_opening_the_seal() -> None:
    rows = [text() for _ in range(20)]
    test = Texts([text(), rows[4], rows[4], text(), rows[9]])
    data = dataset(Texts(rows), alternating(20), test)
    overlap = found(data)["overlap"]
    assert (overlap.level, overlap.count, overlap.rows) == ("warning", 3, (4, 9))
    assert "3 of 5 test rows stand in the training part, too (such as training row 4)" in overlap.sentence
    assert repr(data.sealed) == "<5 sealed test rows>"
    values = RANDOM.normal(size=(20, 2))
    numbers = dataset(
        Numbers(values, ("x", "y")), alternating(20), Numbers(values[[6]].astype(np.float64), ("x", "y"))
    )
    assert found(numbers)["overlap"].sentence.startswith("1 of 1 test rows stands in the training part")


def test_test_texts_that_nearly_repeat_a_training_text_are_counted_without_opening_the_seal() -> None:
    rows = [text() for _ in range(20)]
    near = [" ".join([*rows[row].split()[:29], "surprise"]) for row in (9, 4, 4)]
    data = dataset(Texts(rows), alternating(20), Texts([text(), *near, rows[3]]))
    findings = found(data)
    assert (findings["overlap"].count, findings["overlap"].rows) == (1, (3,))
    overlap = findings["near_overlap"]
    assert (overlap.level, overlap.count, overlap.rows) == ("warning", 3, (4, 9))
    assert "3 of 5 test rows nearly repeat a training row (such as training row 4)" in overlap.sentence
    assert repr(data.sealed) == "<5 sealed test rows>"


def test_the_splits_of_a_protocol_in_file_order_are_looked_at_and_shuffled_ones_are_not() -> None:
    texts = Texts([text() for _ in range(60)])
    labels = np.repeat([0, 1], 30)
    assert found(dataset(texts, labels), HoldOut())["sorted_rows"].level == "note"
    assert "split_shares" not in found(dataset(texts, labels), HoldOut())
    findings = found(dataset(texts, labels), HoldOut(how="first", size=20))
    assert findings["sorted_rows"].level == findings["split_shares"].level == "warning"


def test_rows_of_which_nothing_can_be_learned_stop_a_study_before_anything_is_trained(tmp_path: Path) -> None:
    data = numbers("binary")
    telling = np.column_stack([data.train.raw.values, data.train.labels])  # type: ignore[union-attr]
    train = dataclasses.replace(data.train, raw=Numbers(telling, tuple("abcdefg")))
    events: list[Event | str] = []
    with pytest.raises(DataError, match=r"handmade: 1 column \(g\) tells the label of every training row"):
        carried_out(small_study(), dataclasses.replace(data, train=train), tmp_path, events=events)
    assert not events


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in SOURCES if not SOURCES[name].files])
def test_no_data_set_that_is_always_at_hand_has_errors_or_rows_in_both_parts(name: str) -> None:
    findings = found(load_dataset(name))
    assert "overlap" not in findings
    assert {finding.level for finding in findings.values()} <= {"warning", "note"}


@pytest.mark.slow
@pytest.mark.usefixtures("real_data")
def test_imdb_has_123_test_reviews_among_those_that_train_and_the_seal_stays_unspent() -> None:
    data = load_dataset("imdb")
    findings = found(data)
    assert findings.keys() == {
        "duplicate_rows",
        "near_duplicate_rows",
        "overlap",
        "near_overlap",
        "class_shares",
        "lengths",
    }
    assert findings["near_overlap"].count == 1
    train = [data.train.raw.row(row).tobytes() for row in range(len(data.train))]
    assert findings["duplicate_rows"].count == len(train) - len(set(train))
    test = data.sealed.open().raw
    known = set(train)
    assert findings["overlap"].count == sum(test.row(row).tobytes() in known for row in range(len(test)))
    assert findings["overlap"].count == 123
    with pytest.raises(SealError):
        data.sealed.open()


@pytest.mark.usefixtures("real_data")
def test_mnist_has_67_pixels_that_are_always_white_and_no_picture_twice() -> None:
    findings = found(load_dataset("mnist"))
    assert findings.keys() == {"class_shares", "constant_columns"}
    assert findings["constant_columns"].count == 67
