from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from justfit.errors import StoreError
from justfit.store import StudyPaths, read_validation, write_validation

ROWS = np.array([0, 3, 7])
OUTPUTS = np.array([[0.1, 0.9], [0.5, 0.5], [1.0, 0.0]], np.float32)


def test_outputs_come_back_as_they_were(tmp_path: Path) -> None:
    assert read_validation(tmp_path) is None
    write_validation(tmp_path, ROWS, OUTPUTS)
    found = read_validation(tmp_path)
    assert found is not None
    np.testing.assert_array_equal(found[0], ROWS)
    np.testing.assert_array_equal(found[1], OUTPUTS)


@pytest.mark.parametrize(
    "tensors",
    [
        {"rows": ROWS},
        {"rows": ROWS[::-1].copy(), "outputs": OUTPUTS},
        {"rows": ROWS - 1, "outputs": OUTPUTS},
        {"rows": ROWS[:2], "outputs": OUTPUTS},
        {"rows": ROWS.astype(np.int32), "outputs": OUTPUTS},
        {"rows": ROWS, "outputs": OUTPUTS.astype(np.float64)},
        {"rows": ROWS, "outputs": np.full_like(OUTPUTS, np.nan)},
        {"rows": ROWS, "outputs": OUTPUTS, "more": ROWS},
    ],
)
def test_another_file_is_told(tmp_path: Path, tensors: dict[str, np.ndarray]) -> None:
    StudyPaths(tmp_path).validation.write_bytes(save(tensors))
    with pytest.raises(StoreError, match="is not outputs for validation rows"):
        read_validation(tmp_path)


def test_a_file_that_was_cut_off_is_told(tmp_path: Path) -> None:
    write_validation(tmp_path, ROWS, OUTPUTS)
    path = StudyPaths(tmp_path).validation
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(StoreError, match="is not outputs for validation rows"):
        read_validation(tmp_path)
