"""A process killed at any moment leaves nothing half-written, and the next one ends its work."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from store.handmade import MODEL, RESULT, history, keep_runs, keep_study, run, study

from justfit.store import is_done, read_model, read_run, read_study, study_folders

SCRIPT = """
import os, pathlib, signal, sys
from justfit.store import remove_study
from store.handmade import keep_runs, keep_study, study

def dying(function):
    def call(*arguments, **named):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **named)
    return call

def keep(store):
    return keep_study(store, study(), {"a": keep_runs(store, 0, 1)}, keep_runs(store, 2))

steps = 0
while True:
    store = pathlib.Path(sys.argv[1]) / f"store_{steps:03}"
    store.mkdir()
    BEFORE
    if (child := os.fork()) == 0:
        left = steps
        for name in ("fsync", "unlink", "rmdir"):
            setattr(os, name, dying(getattr(os, name)))
        for name in ("mkdir", "open", "rename", "replace"):
            setattr(pathlib.Path, name, dying(getattr(pathlib.Path, name)))
        WORK
        os._exit(0)
    if os.WIFEXITED(os.waitpid(child, 0)[1]):
        break
    steps += 1
"""


def killed(tmp_path: Path, before: str, work: str) -> list[Path]:
    """Stores in each of which ``work`` was killed one step later than in the one before, and in the last not.

    A step is an open, fsync, rename, removal or new folder.
    """
    script = textwrap.dedent(SCRIPT).replace("BEFORE", before).replace("WORK", work)
    path = os.pathsep.join([*sys.path, str(Path(__file__).parents[1])])
    subprocess.run(
        [sys.executable, "-c", script, tmp_path], check=True, env=os.environ | {"PYTHONPATH": path}
    )
    return sorted(tmp_path.iterdir())


def visible(folder: Path) -> list[str]:
    """The names in a folder but for those of files and folders set aside."""
    return [path.name for path in folder.iterdir() if path.name[0] != "."] if folder.exists() else []


@pytest.mark.slow
def test_a_writer_killed_at_any_moment_leaves_whole_files_or_none_and_the_next_one_ends_the_work(
    tmp_path: Path,
) -> None:
    stores = killed(tmp_path, "pass", "keep(store)")
    assert len(stores) > 30
    done, runs = [], []
    for store in stores:
        runs.append(visible(store / "runs"))
        for name in runs[-1]:
            assert read_run(store, name.removesuffix(".json")).history == history()
        for folder in study_folders(store):
            found = read_study(folder)
            if is_done(folder):
                done.append(store)
                assert found.result == {**RESULT, "final_runs": [run(2).id]}
                assert len(found.runs("a")) == 2
                np.testing.assert_array_equal(read_model(folder).kernels[0], MODEL.kernels[0])
    assert {len(names) for names in runs} == {0, 1, 2, 3}
    assert 0 < len(done) < 5
    for store in stores:
        folder = keep_study(store, study(), {"a": keep_runs(store, 0, 1)}, keep_runs(store, 2))
        assert is_done(folder)
        assert list(store.rglob(".*")) == [], "what the dead writer left aside is removed"


def test_a_study_whose_removal_is_killed_at_any_moment_is_whole_or_gone(tmp_path: Path) -> None:
    stores = killed(tmp_path, "folder = keep(store)", "remove_study(folder)")
    assert len(stores) > 8
    found = [study_folders(store) for store in stores]
    for folders in found:
        for folder in folders:
            assert len(read_study(folder).runs("a")) == 2
            assert is_done(folder)
            assert read_model(folder).run_id == MODEL.run_id
    assert [len(folders) for folders in found] == sorted((len(folders) for folders in found), reverse=True)
    assert len(found[0]) == 1
    assert list(stores[-1].rglob("*")) == [stores[-1] / "runs"]
