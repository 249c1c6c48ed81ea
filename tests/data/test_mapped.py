import errno
import io
import tempfile
from pathlib import Path

import numpy as np
import pytest

from justfit.data.mapped import GrowingArray, is_mapped, let_go, temporary_folder, to_file
from justfit.errors import DataError


def test_files_have_no_name_so_that_nothing_is_left_behind(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    assert temporary_folder() == str(tmp_path)
    array = GrowingArray(np.int32)
    array.add([1, 2])
    array.add([3])
    assert array.mapped().tolist() == [1, 2, 3]
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_with_the_folder_and_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.BytesIO):
        def write(self, _: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: Full())
    with pytest.raises(DataError, match=r"cannot hold them: No space left on device. Free some space"):
        GrowingArray(np.int32).add([1])


@pytest.mark.parametrize("shape", [(0,), (1,), (200_000,), (0, 3), (70_000, 2)])
def test_what_is_written_to_a_file_is_as_it_was(shape: tuple[int, ...]) -> None:
    array = np.random.default_rng(0).normal(size=shape)
    rows = np.random.default_rng(1).permutation(len(array))
    for found, expected in (
        (to_file(array), array),
        (to_file(array, rows), array[rows]),
        (to_file(array, rows[:1], np.float32), array[rows[:1]].astype(np.float32)),
    ):
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)
        assert is_mapped(found) or not found.size


def test_what_is_let_go_is_read_anew() -> None:
    array = GrowingArray(np.int64)
    array.add(np.arange(10_000))
    mapped = array.mapped()
    let_go(mapped[5:], [1], None)
    assert mapped.tolist() == list(range(10_000))


def test_a_view_of_what_is_mapped_is_mapped_and_a_copy_is_not(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.arange(9))
    mapped = np.load(tmp_path / "a.npy", mmap_mode="r")
    assert is_mapped(mapped[2:].view(np.uint64))
    assert not is_mapped(mapped.copy())
    assert not is_mapped(mapped[[1, 2]])
    assert not is_mapped("no array")
