"""Rows that came sparse, from a SciPy matrix to the engine's rows and back from a file."""

import json

import numpy as np
import pytest
from scipy import sparse

from justfit.data.audit import audit
from justfit.data.bag_preparation import BagPreparation
from justfit.data.dataset import Dataset
from justfit.data.files import frame_of
from justfit.data.files.objects import with_labels
from justfit.data.preparation import columns_of, fit_preparation
from justfit.data.preparation_json import preparation_from_parts, preparation_to_parts
from justfit.data.raw import Numbers, Texts
from justfit.data.rows import Bags
from justfit.data.user_dataset import DataReport, dataset_of
from justfit.errors import DataError
from justfit.spec import HoldOut, Scaling, TextEncoding

RANDOM = np.random.default_rng(0)
ROWS = sparse.random_array((100, 40), density=0.2, rng=RANDOM, format="csr")
LABELS = np.arange(100) % 2


def made(
    *parts: tuple[sparse.csr_array, np.ndarray], name: str = "made", **asked: object
) -> tuple[Dataset, DataReport]:
    frames = (with_labels(frame_of(rows), "y", labels) for rows, labels in parts)
    named = dict(zip(("train", "test", "validation"), frames, strict=False))
    return dataset_of(named, name=name, target="y", **asked)  # type: ignore[arg-type]


def dense_rows(raw: object) -> list[tuple[float, ...]]:
    assert isinstance(raw, Bags)
    return [tuple(row) for row in raw.to_csr().toarray().tolist()]


def test_a_fifth_of_sparse_rows_is_sealed_and_each_row_keeps_its_label() -> None:
    dataset, report = made((ROWS, LABELS))
    assert (len(dataset.train), dataset.sealed.count) == (80, 20)
    assert report.columns == dataset.columns == ()
    test = dataset.sealed.open()
    found = [
        (row, label)
        for part in (dataset.train, test)
        for row, label in zip(dense_rows(part.raw), part.labels.tolist(), strict=True)
    ]
    given = ROWS.astype(np.float32).toarray().tolist()
    assert sorted(found) == sorted((tuple(row), label) for row, label in zip(given, LABELS, strict=True))


def test_rows_without_a_label_are_left_out_with_their_numbers() -> None:
    labels = LABELS.astype(float)
    labels[[3, 50]] = np.nan
    dataset, report = made((ROWS, labels))
    assert len(dataset.train) + dataset.sealed.count == 98
    assert [(each.row, each.reason) for each in report.left_out] == [(4, "no label"), (51, "no label")]


def test_validation_rows_stand_last_and_test_rows_may_be_given() -> None:
    dataset, report = made((ROWS[:60], LABELS[:60]), (ROWS[80:], LABELS[80:]), (ROWS[60:80], LABELS[60:80]))
    assert report.protocol == HoldOut(how="last", size=20)
    given = [tuple(row) for row in ROWS.astype(np.float32).toarray().tolist()]
    assert dense_rows(dataset.train.raw) == given[:80]
    assert dense_rows(dataset.sealed.open().raw) == given[80:]


def test_parts_of_other_widths_are_refused_before_anything_is_sealed() -> None:
    with pytest.raises(DataError, match=r"not alike \(39 columns, 40 columns\)"):
        made((ROWS[:60], LABELS[:60]), (ROWS[60:, 1:], LABELS[60:]))


def test_sparse_rows_become_the_engines_rows_without_a_copy() -> None:
    dataset, _ = made((ROWS, LABELS))
    raw = dataset.train.raw
    preparation = fit_preparation(dataset.preparation, raw)
    assert preparation.rows(raw) is raw
    assert preparation.columns == columns_of(dataset.preparation, raw) == 40
    assert preparation.column_name(0) == "x_1"


@pytest.mark.parametrize("spec", [Scaling(), Scaling("divide", 2), TextEncoding()])
def test_no_other_preparation_takes_sparse_rows(spec: Scaling | TextEncoding) -> None:
    bags = Bags.from_csr(ROWS)
    with pytest.raises(DataError, match="Sparse rows are taken as they are"):
        fit_preparation(spec, bags)
    other = fit_preparation(*_fitting(spec))
    with pytest.raises(DataError, match="got sparse rows"):
        other.rows(bags)
    with pytest.raises(DataError, match="trained on sparse rows of 40 columns, got"):
        BagPreparation(40).rows(Texts(["a"]))


def _fitting(spec: Scaling | TextEncoding) -> tuple[Scaling | TextEncoding, Numbers | Texts]:
    return spec, Numbers(np.eye(3), ("a", "b", "c")) if isinstance(spec, Scaling) else Texts(["a b"])


def test_the_preparation_comes_back_from_a_file_and_what_cannot_be_is_refused() -> None:
    values, arrays = preparation_to_parts(BagPreparation(40))
    assert arrays == {}
    assert preparation_from_parts(json.loads(json.dumps(values)), {}) == BagPreparation(40)
    for columns in (0, -1, 2.5, True, "40", 2**31, None):
        with pytest.raises(DataError, match="key columns: must be a whole number"):
            preparation_from_parts({"kind": "bags", "columns": columns}, {})
    with pytest.raises(DataError, match="expected the keys kind, columns"):
        preparation_from_parts({"kind": "bags"}, {})
    with pytest.raises(DataError, match="expected the arrays none, got words"):
        preparation_from_parts(values, {"words": np.zeros(1)})


def test_the_fingerprint_follows_each_value_and_the_width() -> None:
    changed = ROWS.copy()
    changed.data[-1] += 1
    wider = sparse.csr_array((ROWS.data, ROWS.indices, ROWS.indptr), shape=(100, 41))
    found = {made((rows, LABELS))[0].fingerprint for rows in (ROWS, changed, wider, ROWS.copy())}
    assert len(found) == 3


def test_the_audit_tells_of_rows_that_repeat_rows_that_are_empty_and_columns_that_tell_the_label() -> None:
    rows = ROWS.tolil()
    rows[:, 5] = LABELS[:, np.newaxis] * 3
    rows[:, 6] = 0
    rows[2] = 0
    rows[4] = rows[0]
    test = sparse.vstack([rows.tocsr()[:1], 7 * ROWS[10:19]], format="csr")
    dataset, _ = made((rows.tocsr(), LABELS), (test, LABELS[:10]))
    found = {finding.what: finding for finding in audit(dataset)}
    assert found["label_columns"].sentence.startswith("1 column (x_6) tells the label")
    assert found["empty_rows"].rows == (2,)
    assert (found["duplicate_rows"].count, found["duplicate_rows"].rows) == (1, (4,))
    assert found["overlap"].count == 1
    assert "1 of 40 columns has 0 in all training rows" in found["constant_columns"].sentence


@pytest.mark.parametrize("labels", [LABELS, np.arange(100) % 3, np.linspace(-3, 9, 100)])
def test_the_audit_finds_in_sparse_rows_the_telling_columns_of_dense_ones(labels: np.ndarray) -> None:
    dense = ROWS.toarray()
    dense[:, 3], dense[:, 30] = labels * 2, labels * 2 - 2
    dense[0, 4] = 1
    found = []
    for rows in (frame_of(sparse.csr_array(dense)), frame_of(dense)):
        dataset, _ = dataset_of({"train": with_labels(rows, "y", labels)}, name="made", target="y")
        found.append([each.sentence for each in audit(dataset) if each.what == "label_columns"])
    assert found[0] == found[1]
    assert "(x_4, x_31)" in found[0][0]
