"""Ctrl-C, sent twice to a real process."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
