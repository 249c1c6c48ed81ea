"""The example notebooks: as they are committed, and executed as ``scripts/examples`` does."""

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.ipynb"))


def test_there_is_a_notebook_for_each_published_document() -> None:
    assert [path.stem for path in EXAMPLES] == ["lecture", "optimizers", "validation", "variants", "workflow"]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs_and_with_names_for_its_cells(path: Path) -> None:
    book = nbformat.read(path, as_version=4)
    nbformat.validate(book)
    assert "widgets" not in book.metadata
    for cell in book.cells:
        assert re.fullmatch("[a-z][a-z-]*", cell.id), "a word, so that changes can be read"
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None
            assert max(map(len, cell.source.splitlines())) <= 130
    *_, heading, last = book.cells
    assert heading.source == "## What was learnt"
    assert last.cell_type == "code", "figures are computed, not typed"


@pytest.mark.slow
@pytest.mark.parametrize("name", [path.stem for path in EXAMPLES])
def test_a_notebook_runs_with_a_clean_kernel_and_without_warnings(name: str, tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "scripts" / "examples"), "--out", str(tmp_path), name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    book = nbformat.read(tmp_path / f"{name}.ipynb", as_version=4)
    learnt = book.cells[-1].outputs[-1].data["text/markdown"]
    assert len(learnt.splitlines()) >= 3
    assert re.search(r"\d", learnt)
    assert "nan" not in learnt
    assert any(
        "image/svg+xml" in output.get("data", {}) for cell in book.cells for output in cell.get("outputs", ())
    )
