"""Ctrl-C, sent twice to a real process."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from workflow.handmade import all_figures
from workflow.killing import made

from justfit.store import find_study, read_study
from justfit.store.checking import check_store
from justfit.store.checkpoints import checkpoint_files

BEGIN = "from signal import *; signal(SIGINT, default_int_handler); "
"""Where these tests run in the background, Ctrl-C is ignored, and that is passed on."""

SLOW_TO_END = f"""{BEGIN}
import threading
from justfit.cli.interrupt import interruptible
with interruptible():
    try:
        print("begun", flush=True)
        threading.Event().wait()
    finally:
        print("ending", flush=True)
        threading.Event().wait()
"""


@contextmanager
def started(*arguments: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def line_with(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if text in line:
            return
    raise AssertionError(f"the process ended without {text}")


def test_a_second_ctrl_c_does_not_wait_for_the_end_that_the_first_has_begun(tmp_path: Path) -> None:
    with started("-c", SLOW_TO_END, folder=tmp_path) as process:
        line_with(process, "begun")
        process.send_signal(signal.SIGINT)
        line_with(process, "ending")
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert error == (
        "error: Ended at once by a second Ctrl-C; what was kept before is whole, and nothing half-done. "
        "Run it again to go on.\n"
    )


STUDY = """\
name: interrupted
data: {name: breast_cancer}
validation: {k_fold: 2}
defaults: {epochs: 400, batch_size: 16}
stages:
  widths: {grid: {hidden: [[4], [256, 256]]}, replicates: 2}
final: {threshold: f1}
"""
"""Seconds of training, so that none of its processes is through when a signal comes."""

LIVE = "store/interrupted-*/live.jsonl"


def carried_out(folder: Path, *, after: int = 0, signals: Sequence[signal.Signals] = ()) -> int:
    """Carries `STUDY` out by the command line; once it told of epochs so often, it gets the signals.

    Returns:
        Its exit code.
    """
    (folder / "study.yaml").write_text(STUDY)
    for path in folder.glob(LIVE):
        path.unlink()  # of the process before
    command = f"{BEGIN}from justfit.cli import main; main()"
    with started("-c", command, "run", "study.yaml", "--store", "store", folder=folder) as process:
        deadline = time.monotonic() + 120
        for each in signals:
            while told(folder) < after and process.poll() is None:
                assert time.monotonic() < deadline
            process.send_signal(each)
        _, error = process.communicate(timeout=120)
    assert "Traceback" not in error
    return process.returncode


def told(folder: Path) -> int:
    """How often the study in a folder told of its epochs; -1 where it has not begun."""
    logs = list(folder.glob(LIVE))
    return sum(path.read_bytes().count(b'"what": "epochs"') for path in logs) if logs else -1


def left_in(folder: Path) -> dict[str, Any]:
    """All that the study in a folder came to; its store must be without a fault or a checkpoint."""
    assert check_store(folder / "store").faults == ()
    assert not checkpoint_files(folder / "store")
    return all_figures(read_study(find_study(folder / "store", "interrupted")))


@pytest.mark.slow
def test_stopped_by_ctrl_c_a_study_comes_to_the_figures_of_one_never_interrupted(tmp_path: Path) -> None:
    whole, stopped = made(tmp_path / "whole"), made(tmp_path / "stopped")
    assert carried_out(whole) == 0
    for times_told, times in ((0, 2), (1, 1), (1, 2)):
        assert carried_out(stopped, after=times_told, signals=[signal.SIGINT] * times) == 130
    assert carried_out(stopped) == 0
    assert left_in(stopped) == left_in(whole)
