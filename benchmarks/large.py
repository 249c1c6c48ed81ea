"""A file larger than should stand in memory: ten million short texts, read, prepared, trained and tested.

``python -m benchmarks.large``. The texts are made up, of about 8 of 50,000 words, frequent ones as often as
in a language; a fifth of the words speak for or against the label, and chance has a say. They are written to
a temporary folder, which is removed. Two processes of their own then do what
``justfit run FILE --target label --hidden 16 --epochs 2 --ngrams 1`` does: one step by step, one as the
command itself. Memory is the peak of the resident set, pages of files that are mapped included.
"""

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from benchmarks.apart import apart
from benchmarks.machine import machine
from benchmarks.results import write_results
from benchmarks.tables import met, table
from justfit.cli import main as command
from justfit.data.files import kept
from justfit.data.load import load_with_report
from justfit.data.mapped import temporary_folder
from justfit.spec import Network, Recipe, data_in, parse_ngrams
from justfit.workflow import Planned, StageDone, Stored, Tested, carry_out, single

ROWS = 10_000_000
MOST_MEGABYTES = 2_000
"""Of 10^6 bytes, for `ROWS` texts."""

VOCABULARY = 50_000
_BLOCK = 1 << 17
_STATUS = Path("/proc/self/status")
_OPTIONS = ("--target", "label", "--hidden", "16", "--epochs", "2", "--ngrams", "1")

Step = tuple[str, float, float, float]
"""What was done, seconds, seconds that processors were at it, megabytes at its peak."""


def main() -> None:
    """Prints a table, and with ``--json`` keeps the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.large", description=main.__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help=f"texts (default {ROWS:,})")
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=temporary_folder()) as folder:
        path = Path(folder) / "texts.csv"
        steps = [*_told(write_texts, path, arguments.rows)]
        size = path.stat().st_size
        steps += _told(step_by_step, path)
        steps += _told(as_the_command, path)
    whole = max(step[-1] for step in steps[1:])
    print("\n".join(f"- {key}: {value}" for key, value in machine(("justfit", "numpy", "pyarrow")).items()))
    print(f"- {arguments.rows:,} texts, {size / 1e6:,.0f} MB of CSV\n")
    lines = [
        [what, f"{seconds:.1f} s", f"{processors:.1f} s", f"{megabytes:,.0f} MB"]
        for what, seconds, processors, megabytes in steps
    ]
    print(table(["step", "time", "of processors", "peak memory"], lines))
    print(f"\nPeak below {MOST_MEGABYTES:,} MB: {met(whole < MOST_MEGABYTES)}.")
    if arguments.json:
        figures = {"rows": arguments.rows, "bytes": size, "steps": steps}
        write_results(arguments.json, {"machine": machine(("justfit", "numpy", "pyarrow")), **figures})


def write_texts(path: Path, rows: int) -> Iterator[Step]:
    """Write ``rows`` made-up texts and their labels, always the same."""
    begin = _Steps()
    random = np.random.default_rng(0)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    lengths = random.integers(3, 10, 5 * VOCABULARY // 4)
    found = dict.fromkeys("".join(random.choice(letters, length)) for length in lengths)
    words = pa.array(list(found)[:VOCABULARY])
    speaks = np.where(random.random(VOCABULARY) < 0.2, random.normal(0, 1.5, VOCABULARY), 0)
    shares = np.arange(1, VOCABULARY + 1) ** -0.9
    below = np.cumsum(shares / shares.sum())
    with path.open("wb") as file:
        file.write(b"text,label\n")
        for start in range(0, rows, _BLOCK):
            count = min(_BLOCK, rows - start)
            ends = np.append(0, np.cumsum(random.binomial(12, 2 / 3, count).clip(1)))
            drawn = np.searchsorted(below, random.random(ends[-1])).clip(max=VOCABULARY - 1)
            scores = np.add.reduceat(speaks[drawn], ends[:-1]) + random.normal(0, 0.5, count)
            texts = pc.binary_join(
                pa.ListArray.from_arrays(pa.array(ends, pa.int32()), words.take(drawn)), " "
            )
            labels = np.where(scores > 0, "good", "bad")
            block = pa.table({"text": texts, "label": labels})
            csv.write_csv(block, file, csv.WriteOptions(include_header=False))
    yield begin.done("writing the file")


def step_by_step(path: Path) -> Iterator[Step]:
    """What the command does, and what each part of it takes."""
    steps = _Steps()
    data = replace(data_in(str(path), target="label"), ngrams=parse_ngrams("1"))
    dataset, _ = load_with_report(data)
    yield steps.done("reading it, labels, sealing a fifth")
    study = single(data, Network((16,)), Recipe(epochs=2))
    with tempfile.TemporaryDirectory(dir=path.parent) as store:
        for event in carry_out(study, dataset, Path(store)):
            match event:
                case Planned():
                    yield steps.done("splitting, looking for what is wrong with the rows")
                case StageDone():
                    yield steps.done("rows of n-grams, 2 epochs with validation")
                case Tested():
                    yield steps.done("rows of n-grams, 2 final epochs, the test")
                case Stored(study=stored):
                    assert stored.result
                    accuracy = stored.result["test"]["accuracy"]["value"]
                    yield steps.done(f"writing the result (test accuracy {accuracy:.1%})")


def as_the_command(path: Path) -> Iterator[Step]:
    """The command itself."""
    steps = _Steps()
    with tempfile.TemporaryDirectory(dir=path.parent) as store:
        sys.argv = ["justfit", "run", str(path), *_OPTIONS, "--store", store]
        try:
            command()
        except SystemExit as end:
            if end.code:
                raise
    yield steps.done("all of it by justfit run")


class _Steps:
    """Measures what a process does, step by step."""

    def __init__(self) -> None:
        self._begin()

    def done(self, what: str) -> Step:
        """The step that has just ended."""
        found = re.search(r"VmHWM:\s+(\d+) kB", _STATUS.read_text())
        assert found
        seconds, processors = time.perf_counter() - self._start, time.process_time() - self._used
        step = what, seconds, processors, int(found[1]) * 1024 / 1e6
        self._begin()
        return step

    def _begin(self) -> None:
        self._start, self._used = time.perf_counter(), time.process_time()
        _STATUS.with_name("clear_refs").write_text("5")  # sets the peak to what is resident now


def _told(work: Callable[..., Iterator[Step]], *arguments: Any) -> Iterator[Step]:
    """The steps of some work, done by a process of its own, each told when it is done."""
    for step in apart(_in_blocks, work, *arguments):
        print("{}: {:.1f} s, {:.1f} s of processors, {:,.0f} MB".format(*step), file=sys.stderr, flush=True)
        yield step


def _in_blocks(work: Callable[..., Iterator[Step]], path: Path, *arguments: Any) -> Iterator[Step]:
    if path.exists():  # so that a small file, too, is read like a large one
        kept.MOST_HELD = min(kept.MOST_HELD, path.stat().st_size // 4)
    yield from work(path, *arguments)


if __name__ == "__main__":
    main()
