"""Rows a hundred times as many, in as much memory: prepared sparse rows on the disk, by blocks.

``python -m benchmarks.shards``. Rows are made up, of 100 entries in 20,000 columns, in a folder of CSR arrays
that is removed. For each number of rows a process of its own does what ``justfit run`` does with a network of
16 hidden units, one epoch and ``shuffle_block: 1024``, and its memory is looked at every few milliseconds:
anonymous memory (``RssAnon``), which only the process itself can give back, and the whole resident set, of
which pages of mapped files are as much as the system has to spare.
"""

import argparse
import re
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.apart import apart
from benchmarks.machine import machine
from benchmarks.results import write_results
from benchmarks.tables import met, table
from justfit.data.load import load
from justfit.data.mapped import temporary_folder
from justfit.spec import Network, Recipe, data_in
from justfit.workflow import EpochDone, Planned, Stored, carry_out, single

ROWS = 20_000
FACTORS = (1, 10, 100)
MOST_GROWTH = 1.25
"""Times the anonymous memory of an epoch may grow while rows grow a hundredfold."""

COLUMNS, ENTRIES = 20_000, 100
BLOCK = 1024
_WRITTEN = 1 << 14
_STATUS = Path("/proc/self/status")

Step = tuple[str, float, float, float]
"""What was done, seconds, and at its peak megabytes (10^6 bytes) of anonymous memory and of all."""


def main() -> None:
    """Prints a table, and with ``--json`` keeps the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shards", description=main.__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help=f"of the smallest (default {ROWS:,})")
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    found: dict[int, list[Step]] = {}
    for rows in (arguments.rows * factor for factor in FACTORS):
        with tempfile.TemporaryDirectory(dir=temporary_folder()) as folder:
            write_rows(Path(folder), rows)
            found[rows] = []
            for step in apart(step_by_step, Path(folder)):
                told = "{:>11,} rows, {}: {:.1f} s, {:,.0f} MB anonymous, {:,.0f} MB in all".format(
                    rows, *step
                )
                print(told, file=sys.stderr, flush=True)
                found[rows].append(step)
    print("\n".join(f"- {key}: {value}" for key, value in machine(("justfit", "numpy")).items()) + "\n")
    lines = [
        [
            f"{rows:,}",
            f"{rows * ENTRIES * 8 / 1e6:,.0f} MB",
            *(f"{step[2]:,.0f} / {step[3]:,.0f} MB" for step in steps),
        ]
        for rows, steps in found.items()
    ]
    print(table(["rows", "on the disk", *(step[0] for step in found[arguments.rows])], lines))
    first, *_, last = (steps[2][2] for steps in found.values())
    print(f"\nAn epoch in at most {MOST_GROWTH} times the memory: {met(last < MOST_GROWTH * first)}.")
    if arguments.json:
        write_results(arguments.json, {"machine": machine(("justfit", "numpy")), "steps": found})


def write_rows(folder: Path, rows: int) -> None:
    """Write made-up rows and labels, always the same, as CSR arrays."""
    random = np.random.default_rng(0)
    tells = random.normal(size=COLUMNS)
    counts = {
        "indptr": ("<i8", rows + 1),
        "indices": ("<i4", rows * ENTRIES),
        "values": ("<f4", rows * ENTRIES),
    }
    counts["labels"] = ("<i4", rows)
    files = {name: (folder / f"{name}.npy").open("wb") for name in counts}
    for name, (kind, count) in counts.items():
        header = {"descr": kind, "fortran_order": False, "shape": (count,)}
        np.lib.format.write_array_header_1_0(files[name], header)
    files["indptr"].write(bytes(8))
    width = COLUMNS // ENTRIES
    for start in range(0, rows, _WRITTEN):
        count = min(_WRITTEN, rows - start)
        indices = random.integers(0, width, (count, ENTRIES)) + width * np.arange(ENTRIES)
        values = random.random((count, ENTRIES), np.float32)
        scores = (tells[indices] * values).sum(axis=1) + random.normal(size=count)
        files["indptr"].write((ENTRIES * np.arange(start + 1, start + count + 1)).astype("<i8").tobytes())
        files["indices"].write(indices.astype("<i4").tobytes())
        files["values"].write(values.astype("<f4").tobytes())
        files["labels"].write((scores > 0).astype("<i4").tobytes())
    for file in files.values():
        file.close()
    np.save(folder / "shape.npy", np.array([rows, COLUMNS]))


def step_by_step(folder: Path) -> Iterator[Step]:
    """What the command does, and what each part of it takes."""
    with _Watch() as watch:
        data = data_in(str(folder), target="labels")
        dataset = load(data)
        yield watch.done("reading, sealing a fifth")
        study = single(data, Network((16,)), Recipe(epochs=1, batch_size=512, shuffle_block=BLOCK))
        with tempfile.TemporaryDirectory(dir=folder) as store:
            steps = iter(("an epoch, validated", "the final epoch"))
            for event in carry_out(study, dataset, Path(store)):
                match event:
                    case Planned():
                        yield watch.done("looking for what is wrong")
                    case EpochDone():
                        yield watch.done(next(steps))
                    case Stored():
                        yield watch.done("the test")


class _Watch:
    """Looks at the process's memory until it is left."""

    def __enter__(self) -> "_Watch":
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._start, self._peaks = time.perf_counter(), (0.0, 0.0)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._left.set()
        self._thread.join()

    def done(self, what: str) -> Step:
        """The step that has just ended."""
        step = (what, time.perf_counter() - self._start, *self._peaks)
        self._start, self._peaks = time.perf_counter(), (0.0, 0.0)
        return step

    def _look(self) -> None:
        while not self._left.wait(0.005):
            now = memory()
            self._peaks = max(self._peaks[0], now[0]), max(self._peaks[1], now[1])


def memory() -> tuple[float, float]:
    """Megabytes of anonymous memory and of the whole resident set, now."""
    status = _STATUS.read_text()
    anonymous, whole = (re.search(rf"{key}:\s+(\d+) kB", status) for key in ("RssAnon", "VmRSS"))
    assert anonymous
    assert whole
    return int(anonymous[1]) * 1024 / 1e6, int(whole[1]) * 1024 / 1e6


if __name__ == "__main__":
    main()
