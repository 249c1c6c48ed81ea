import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from scipy import sparse

from justfit.data.files import read_frame
from justfit.data.load import load
from justfit.data.mapped import is_mapped
from justfit.data.rows import Bags
from justfit.errors import DataError
from justfit.spec import Data, Files, Network, Recipe, data_in
from justfit.workflow import single
from justfit.workflow.plan import plan
from justfit.workflow.trials import ground_of

ROWS = sparse.csr_array(sparse.random_array((40, 7), density=0.4, rng=np.random.default_rng(0)))
LABELS = np.arange(40) % 2


def folder(path: Path, **changed: npt.ArrayLike | None) -> Path:
    """The rows as four files and one of its shape, some of them changed or left out."""
    arrays = {
        "indptr": ROWS.indptr,
        "indices": ROWS.indices,
        "values": ROWS.data,
        "labels": LABELS,
        "shape": ROWS.shape,
        **changed,
    }
    for name, array in arrays.items():
        if array is not None:
            np.save(path / f"{name}.npy", np.asarray(array))
    return path


@pytest.mark.parametrize("kind", [np.int32, np.int64, np.uint64, ">i4"])
def test_the_rows_are_those_of_the_matrix_whatever_its_numbers_types(
    tmp_path: Path, kind: npt.DTypeLike
) -> None:
    whole = {"indptr": ROWS.indptr.astype(kind), "indices": ROWS.indices.astype(kind)}
    frame = read_frame(folder(tmp_path, **whole))
    assert frame.bags is not None
    assert np.array_equal(frame.bags.to_csr().toarray(), ROWS.toarray().astype(np.float32))
    assert frame.column("labels").to_pylist() == LABELS.tolist()
    assert frame.rows.tolist() == list(range(1, 41))


def test_without_a_shape_there_are_as_many_columns_as_the_largest_index_needs(tmp_path: Path) -> None:
    frame = read_frame(folder(tmp_path, shape=None))
    assert frame.bags is not None
    assert frame.bags.columns == ROWS.indices.max() + 1


def test_rows_in_files_stay_in_files_and_outlive_the_folder(tmp_path: Path) -> None:
    dataset = load(data_in(str(folder(tmp_path)), target="labels"))
    for file in tmp_path.iterdir():
        file.write_bytes(b"")
    train = dataset.train.take(np.array([3, 1, 2]))
    assert is_mapped(vars(train.raw)["indices"])
    assert is_mapped(vars(dataset.train.raw)["values"])
    assert is_mapped(train.labels)
    assert train.labels.tolist() == dataset.train.labels[[3, 1, 2]].tolist()
    assert len(dataset.train) == 32
    assert len(dataset.sealed.open().raw) == 8


def test_what_has_a_number_a_row_stands_in_files_where_the_rows_do(tmp_path: Path) -> None:
    data = data_in(str(folder(tmp_path)), target="labels")
    planned = plan(single(data, Network(()), Recipe(epochs=1)), load(data))
    (split,) = planned.splits
    ground = ground_of(planned, split)
    for numbers in (planned.dataset.train.labels, split.train, split.validation, ground.train.numbers):
        assert is_mapped(numbers)
    expected = planned.dataset.train.labels[split.train]
    assert ground.train.numbers.ravel().tolist() == expected.tolist()


def test_labels_may_be_texts_and_rows_may_have_none(tmp_path: Path) -> None:
    named = read_frame(folder(tmp_path, labels=np.array(["no", "yes"])[LABELS]))
    assert named.column("labels").to_pylist() == ["no", "yes"] * 20
    (tmp_path / "labels.npy").unlink()
    assert read_frame(tmp_path).table.column_names == []
    with pytest.raises(DataError, match='has no column "labels": it has none'):
        load(data_in(str(tmp_path), target="labels"))


def test_the_fingerprint_changes_with_a_value_and_not_from_reading_to_reading(tmp_path: Path) -> None:
    first = load(data_in(str(folder(tmp_path)), target="labels")).fingerprint
    assert first == load(data_in(str(tmp_path), target="labels")).fingerprint
    values = ROWS.data.copy()
    values[-1] += 1
    assert first != load(data_in(str(folder(tmp_path, values=values)), target="labels")).fingerprint


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"values": None}, r"values\.npy is missing: sparse rows need indptr\.npy, indices\.npy"),
        ({"values": ROWS.data[:-1]}, "indptr must begin with 0 and end with the number of entries"),
        (
            {"values": ROWS.data.reshape(1, -1)},
            r"values\.npy holds float64 of shape \(1, \d+\), expected one",
        ),
        ({"values": ROWS.data.astype(complex)}, r"values\.npy holds complex128"),
        ({"values": np.full(ROWS.nnz, 1e39)}, r"Row 0: the value at index \d is inf"),
        (
            {"indices": ROWS.data},
            r"indices\.npy holds float64 of shape .* expected one axis of whole numbers",
        ),
        ({"indices": ROWS.indices - 1}, r"index -1 is outside \[0, 7\)"),
        ({"indices": np.full(ROWS.nnz, 2**40)}, r"indices\.npy holds 1099511627776, which int32 cannot"),
        ({"indices": ROWS.indices[::-1]}, "indices must rise within a row"),
        ({"indptr": ROWS.indptr[::-1]}, "indptr must begin with 0"),
        ({"indptr": []}, r"indptr\.npy holds float64"),
        ({"indptr": np.zeros(1, np.int64)}, r"has no rows: indptr\.npy has 1 numbers"),
        ({"labels": LABELS[:-1]}, r"labels\.npy has 39 labels, and indptr\.npy 40 rows: give one a row"),
        ({"labels": np.array([{}] * 40)}, "holds Python objects as a pickle, which can run code"),
        ({"shape": (41, 7)}, r"shape\.npy says \[41, 7\], expected as many rows as indptr\.npy has, 40"),
        ({"shape": (40, 6)}, r"is outside \[0, 6\)"),
        ({"shape": (40, 2**40)}, "columns must be from 1 to 2147483647"),
    ],
)
def test_what_makes_no_rows_is_told_with_its_file(
    tmp_path: Path, changed: dict[str, npt.ArrayLike | None], told: str
) -> None:
    with pytest.raises(DataError, match=told):
        read_frame(folder(tmp_path, **changed))


def header(count: int) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "<i4", "fortran_order": False, "shape": (count,)})
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is broken: "),
        (b"\x93NUMPY\x01\x00", "is broken: "),
        (header(3) + b"\0" * 11, r"the header says 3 numbers of int32, in 12 bytes; 11 follow"),
        (header(3) + b"\0" * 13, r"the header says 3 numbers of int32, in 12 bytes; 13 follow"),
        (header(2**60), "the header says 1,152,921,504,606,846,976 numbers of int32"),
    ],
)
def test_a_file_whose_size_is_not_what_its_header_says_is_refused_before_anything_is_read(
    tmp_path: Path, content: bytes, told: str
) -> None:
    folder(tmp_path)
    (tmp_path / "indices.npy").write_bytes(content)
    with pytest.raises(DataError, match=told):
        read_frame(tmp_path)


def test_rows_that_validate_and_test_may_stand_in_folders_of_their_own(tmp_path: Path) -> None:
    for part in ("train", "validation", "test"):
        (tmp_path / part).mkdir()
        folder(tmp_path / part)
    train, validation, test = (str(tmp_path / part) for part in ("train", "validation", "test"))
    dataset = load(Data("rows", files=Files(train, "labels", validation, test)))
    raw = dataset.train.raw
    assert isinstance(raw, Bags)
    assert is_mapped(raw.values)
    both = sparse.vstack([ROWS, ROWS]).toarray().astype(np.float32)
    assert np.array_equal(raw.to_csr().toarray(), both)
    assert dataset.sealed.count == 40
