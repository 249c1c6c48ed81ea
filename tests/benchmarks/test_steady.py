import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from benchmarks.steady import ALLOWED, sample, trend

SECONDS = np.arange(0, 6_600, 5.0)
"""Of 110 minutes."""

HOURS = SECONDS / 3_600
RANDOM = np.random.default_rng(5)
NOISE = RANDOM.exponential(4.0, len(SECONDS))
"""What work takes for a moment, in MB."""

TEETH = SECONDS % 400 / 10
"""What a collector of garbage lets grow to 40 MB and then frees."""


def test_what_is_flat_does_not_grow() -> None:
    for name in ALLOWED:
        found = trend(name, SECONDS, np.full(len(SECONDS), 30.0))
        assert (found.grows, found.per_hour, found.low, found.high) == (False, 0, 0, 0)


@pytest.mark.parametrize("work", [NOISE, TEETH, NOISE + TEETH], ids=["noise", "saw-tooth", "both"])
def test_what_comes_and_goes_with_the_work_does_not_count_and_what_stays_of_it_does(work: np.ndarray) -> None:
    flat = trend("memory", SECONDS, 300 + work)
    assert not flat.grows
    leaking = trend("memory", SECONDS, 300 + work + 20 * HOURS)
    assert leaking.grows
    assert leaking.low < 20 < leaking.high
    assert leaking.per_hour == pytest.approx(20, abs=3)


def test_a_handle_that_is_lost_every_ten_minutes_is_found() -> None:
    busy = RANDOM.integers(0, 30, len(SECONDS))
    assert trend("handles", SECONDS, 25 + busy + SECONDS // 600).grows
    assert not trend("handles", SECONDS, 25 + busy).grows


def test_one_that_is_opened_late_and_stays_is_no_growth() -> None:
    for late in (700, 3_000, 6_000):
        assert not trend("threads", SECONDS, 14.0 + (late < SECONDS)).grows, late


def test_what_shrinks_does_not_grow() -> None:
    found = trend("memory", SECONDS, 300 - 30 * HOURS + NOISE)
    assert not found.grows
    assert found.high < 0


def test_chance_alone_seldom_looks_like_growth() -> None:
    """Memory that wanders as an allocator's does: each minute some kilobytes up or down."""
    alarms = 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        wander = np.repeat(random.normal(0, 0.1, len(SECONDS) // 12), 12).cumsum() / 12
        alarms += trend("memory", SECONDS, 300 + wander + NOISE).grows
    assert alarms <= 4


def test_a_while_without_samples_takes_nothing_from_what_the_others_tell() -> None:
    seen = (SECONDS < 1_000) | (SECONDS > 2_500)
    assert trend("memory", SECONDS[seen], (300 + NOISE + 20 * HOURS)[seen]).per_hour == pytest.approx(
        20, abs=3
    )
    assert not trend("memory", SECONDS[seen], (300 + NOISE)[seen]).grows


@pytest.mark.parametrize("count", [0, 1, 20, 35])
def test_too_few_samples_are_refused_with_what_to_do(count: int) -> None:
    with pytest.raises(ValueError, match=r"handles: .* take longer, or sample more often"):
        trend("handles", range(count), [1.0] * count)


def test_samples_are_those_of_the_process(tmp_path: Path) -> None:
    before = sample(os.getpid())
    go_on = threading.Event()
    thread = threading.Thread(target=go_on.wait)
    thread.start()
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    kept = bytearray(os.urandom(1)) * 50_000_000
    with (tmp_path / "file").open("w"):
        found = sample(os.getpid())
    go_on.set()
    thread.join()
    child.communicate(b"\n")
    assert found["memory"] - before["memory"] > 40
    assert found["handles"] - before["handles"] == 2, "the file and the child's input"
    assert (found["threads"] - before["threads"], found["children"] - before["children"]) == (1, 1)
    assert len(kept) == 50_000_000
    with pytest.raises(OSError, match="No such"):
        sample(child.pid)


def test_of_a_process_that_has_ended_and_was_not_waited_for_nothing_is_told() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    with pytest.raises(ProcessLookupError, match=f"process {child.pid} has ended"):
        sample(child.pid)
    child.wait()
