"""Files that are too large for memory give the data sets that they would give there."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from justfit.data import dataset as datasets
from justfit.data import duplicates, on_disk, preparation, table_cells, user_dataset
from justfit.data.audit import audit
from justfit.data.files import delimited, kept
from justfit.data.load import load, load_with_report
from justfit.data.preparation import fit_preparation, prepared
from justfit.data.raw import is_lazy
from justfit.data.rows import Bags
from justfit.errors import DataError
from justfit.spec import HoldOut, data_in

ROWS = 300
WORDS = ["good", "bad", "film", "plot", "über", "naïve", "火", "don't", "e = mc²"]


def large(patch: pytest.MonkeyPatch) -> None:
    """All files are large, and read in many pieces."""
    patch.setattr(kept, "MOST_HELD", 0)
    patch.setattr(delimited, "BLOCK", 1 << 12)
    for where, name, size in (
        (on_disk, "BLOCK", 16),
        (kept, "_ROWS", 50),
        (preparation, "_BLOCK", 32),
        (duplicates, "_BLOCK", 40),
        (table_cells, "_BLOCK", 70),
        (datasets, "_BLOCK", 30),
    ):
        patch.setattr(where, name, size)


def texts() -> list[str]:
    random = np.random.default_rng(0)
    return [" ".join(random.choice(WORDS, 3 + number % 5)) for number in range(ROWS)]


def messy(folder: Path) -> Path:
    """Quotes, lines in cells, rows that do not fit, labels and texts that are missing."""
    lines = ['"text","label"']
    for number, text in enumerate(texts()):
        written = "" if number % 50 == 3 else f'{text}, ""so""\nto say' if number % 7 == 0 else text
        label = "good" if "good" in text else "bad" if number % 40 else " "
        lines.append(f'"{written}","{label}"')
        if number % 60 == 5:
            lines.append('"one","cell","too many"')
    path = folder / "messy file.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def of_all_kinds(folder: Path) -> Path:
    random = np.random.default_rng(1)
    found = texts()
    columns = {
        "review": [None if number % 30 == 1 else text for number, text in enumerate(found)],
        "stars": random.normal(size=ROWS).round(3).tolist(),
        "colour": random.choice(["red", "green", "blue"], ROWS).tolist(),
        "sold": ["yes" if text.count("good") > 1 else "no" for text in found],
    }
    path = folder / "table.parquet"
    pyarrow.parquet.write_table(pa.table(columns), path, row_group_size=64)
    return path


def json_lines(folder: Path) -> Path:
    path = folder / "rows.jsonl"
    rows = ({"text": text, "label": "good" in text} for text in texts())
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.mark.parametrize(
    ("write", "target"), [(messy, "label"), (of_all_kinds, "sold"), (json_lines, "label")]
)
def test_a_large_file_gives_the_same_data_set_report_audit_and_rows_as_in_memory(
    write: "pytest.FixtureRequest", target: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    data = data_in(str(write(tmp_path)), target=target)  # type: ignore[operator]
    expected, told = load_with_report(data)
    large(monkeypatch)
    found, report = load_with_report(data)
    assert (is_lazy(found.train.raw), is_lazy(expected.train.raw)) == (True, False)
    assert found.fingerprint == expected.fingerprint
    assert found.preparation == expected.preparation
    assert report == told
    assert audit(found, HoldOut()) == audit(expected, HoldOut())
    rows = np.arange(ROWS // 2)[::-2]
    parts = [each.train.take(rows) for each in (found, expected)]
    ours, theirs = (
        prepared(fit_preparation(found.preparation, part.raw, part.labels), part.raw) for part in parts
    )
    assert isinstance(ours, Bags)
    assert isinstance(theirs, Bags)
    assert (ours.to_csr() != theirs.to_csr()).nnz == 0
    assert ours.indices.tolist() == theirs.indices.tolist()
    one, other = found.sealed.open(), expected.sealed.open()
    assert one.labels.tolist() == other.labels.tolist()


def test_rows_of_a_large_file_that_cannot_be_used_are_told_by_their_numbers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    large(monkeypatch)
    _, report = load_with_report(data_in(str(messy(tmp_path)), target="label"))
    assert report
    reasons = {each.row: each.reason for each in report.left_out}
    # The 1st that does not fit follows 6 rows, the 2nd 66 and the 1st, and so on.
    assert [row for row, reason in reasons.items() if "3 cells" in reason] == [7, 68, 129, 190, 251]
    assert "no label" in reasons.values()


def test_validation_rows_stand_behind_those_that_train_on_the_disk_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, rows in (("train", slice(0, 200)), ("validation", slice(200, 300))):
        lines = [f"{text},{'good' in text}" for text in texts()[rows]]
        (tmp_path / f"{name}.csv").write_text("\n".join(["text,label", *lines]) + "\n")
    data = data_in(str(tmp_path / "train.csv"), target="label", validation=str(tmp_path / "validation.csv"))
    expected = load(data)
    large(monkeypatch)
    found = load(data)
    assert is_lazy(found.train.raw)
    assert found.fingerprint == expected.fingerprint


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("text,label\n" + "a b,x\n" * 50, 'all 50 rows have the label "x"'),
        ("text,label\n" + '"a b",x\nc d,y\n' * 50 + '"e,x\n' + "a b,y\n" * 9, "opened and never closed"),
        ("text,label\n" + "a b,\n" * 50, 'no row with a label in column "label"'),
        ("text,labels\n" + "a b,x\nc d,y\n" * 50, 'has no column "label"'),
        ("text,label\n" + "same,x\nsame,y\n" * 50, "no column to learn from"),
    ],
)
def test_what_is_wrong_with_a_large_file_is_said_as_of_a_small_one(
    content: str, said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(content)
    data, messages = data_in(str(path), target="label"), []
    for _ in range(2):
        with pytest.raises(DataError, match=said) as error:
            load(data)
        messages.append(str(error.value))
        large(monkeypatch)
    assert messages[0] == messages[1]


def test_columns_of_a_large_file_are_typed_by_its_first_rows_which_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    large(monkeypatch)
    monkeypatch.setattr(user_dataset, "MOST_TYPED", 100)
    path = tmp_path / "a.csv"
    lines = [f"{text},{'good' in text}" for text in texts()]
    path.write_text("\n".join(["text,label", *lines]) + "\n")
    _, report = load_with_report(data_in(str(path), target="label"))
    assert report
    assert "Columns are typed by the first 100 of 240 training rows." in report.notes
    assert "in 100 rows" in report.columns[0].reason


def test_near_repeats_of_a_large_file_are_looked_for_in_as_many_texts_as_fit_which_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    large(monkeypatch)
    monkeypatch.setattr(duplicates, "MOST_WORDS", 500)
    found = {each.what: each for each in audit(load(data_in(str(messy(tmp_path)), target="label")))}
    told = found["near_duplicates_of_first"]
    assert 40 <= told.count < 240
    assert f"among the first {told.count} of" in told.sentence
