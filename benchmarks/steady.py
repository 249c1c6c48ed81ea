"""Whether something stays as it is while time goes on: memory, handles, threads of a process."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import stats

STRETCHES = 12
"""Parts of the time, each of which gives one figure."""

_LEAST = 3
"""Samples of a stretch."""


@dataclass(frozen=True)
class Allowed:
    """Growth over the whole time that is none yet, however sure it is."""

    figure: float
    share: float = 0.0
    """Of what there is at first, where that is more."""


ALLOWED = {
    "memory": Allowed(2.0, 0.02),  # MB: pages that an allocator takes once
    "handles": Allowed(2.0),  # one that is opened late, which the line makes 1.5
    "threads": Allowed(2.0),
    "children": Allowed(0.5),  # processes that have ended and that nobody has asked after
}
"""By the figures' names."""


@dataclass(frozen=True)
class Trend:
    """How the floor of a figure goes on, per hour, with its 95% interval."""

    name: str
    at_first: float
    at_last: float
    per_hour: float
    low: float
    high: float
    grows: bool


def trend(name: str, seconds: Sequence[float], values: Sequence[float]) -> Trend:
    """Whether what stays of a figure grows.

    What comes and goes with the work does not count: each of `STRETCHES` stretches of time gives its least
    value, and a line is laid through these. It grows where the 95% interval of the line's slope is above 0
    and the whole rise is more than what is `ALLOWED`. A leak below that is not seen: the interval's upper
    end tells how large it can be at most. Stretches have as many samples each, whatever time these took,
    as a busy machine may take none for a moment.

    Raises:
        ValueError: there are too few samples.

    >>> trend("handles", range(120), [20 + second // 10 for second in range(120)]).grows
    True
    >>> trend("handles", range(120), [20 + second % 10 for second in range(120)]).grows
    False
    """
    if len(values) < STRETCHES * _LEAST:
        raise ValueError(
            f"{name}: there are {len(values)} samples and {STRETCHES * _LEAST} are needed: take longer, or "
            "sample more often."
        )
    floors = np.array([part.min() for part in np.array_split(np.asarray(values, np.float64), STRETCHES)])
    hours = np.asarray(seconds, np.float64) / 3600
    middles = np.array([(part[0] + part[-1]) / 2 for part in np.array_split(hours, STRETCHES)])
    line = stats.linregress(middles, floors)
    # SciPy gives NaN for a line through points that are all alike.
    off = np.nan_to_num(line.stderr) * stats.t.ppf(0.975, STRETCHES - 2)
    low, high = line.slope - off, line.slope + off
    rise = line.slope * (hours[-1] - hours[0])
    allowed = max(ALLOWED[name].figure, ALLOWED[name].share * floors[0])
    return Trend(name, floors[0], floors[-1], line.slope, low, high, bool(low > 0 and rise > allowed))


def sample(process: int) -> dict[str, float]:
    """What a process has now: megabytes in memory, open handles, threads and processes that it has started.

    Memory is what it has for itself. Pages of files that are mapped, such as libraries, do not count: the
    system reads them when they are first needed and can take them back.

    Raises:
        OSError: it has ended.
    """
    folder = Path("/proc") / str(process)
    kilobytes = re.search(r"^RssAnon:\s+(\d+)", (folder / "status").read_text(), re.MULTILINE)
    if kilobytes is None:  # its memory is given back, though it was not yet waited for
        raise ProcessLookupError(f"process {process} has ended")
    tasks = list((folder / "task").iterdir())
    return {
        "memory": int(kilobytes[1]) * 1024 / 1e6,
        "handles": float(len(list((folder / "fd").iterdir()))),
        "threads": float(len(tasks)),
        "children": float(sum(_children(task) for task in tasks)),
    }


def _children(task: Path) -> int:
    try:
        return len((task / "children").read_text().split())
    except FileNotFoundError:  # the thread has just ended
        return 0
