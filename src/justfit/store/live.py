"""`LiveLog`: how a study goes on while it is carried out, line by line; `justfit.store.live_view` reads it.

It is no truth of anything: runs and results are. Without it only the live view is missing.
"""

import json
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from io import FileIO
from pathlib import Path

from justfit.errors import StoreError
from justfit.spec import Epoch
from justfit.store.files import write_bytes
from justfit.store.lock import Holder
from justfit.store.paths import StudyPaths

FORMAT = 1
"""Of a live log."""

FIGURES = ("loss", "data_loss", "metric", "val_loss", "val_data_loss", "val_metric", "fit_loss", "fit_metric")
"""Of an epoch, in the order in which they are written after its number."""

SECONDS = 0.25
"""Between lines that tell of epochs."""

FINAL = 0
"""The split of runs that are tested, which train on no split; those of the stages count from 1."""

RunKey = tuple[int, int, int]
"""Of a run: the number of its network, from 1, its split and its seed."""


class LiveLog:
    """The log of a study that this process carries out; what another one has left there is replaced.

    What cannot be written, on a full disk, ends the log and not the study.

    Args:
        folder: the study's.
        holder: this process.
        far: gives how far the study is, which goes into each line on epochs.
        clock: gives seconds.
    """

    def __init__(
        self,
        folder: Path,
        holder: Holder,
        far: Callable[[], Mapping[str, object]] = dict,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._path, self._far, self._clock = StudyPaths(folder).live, far, clock
        self._start = self._written = clock()
        self._epochs: dict[RunKey, list[str]] = {}
        self._ended: dict[RunKey, str] = {}
        self._file: FileIO | None = None
        self.trouble: str | None = None
        """Why the log has ended before the study, if it has."""
        begun = {"what": "begun", "format": FORMAT, **holder.plain(), "figures": FIGURES}
        try:
            write_bytes(self._path, json.dumps(begun).encode() + b"\n")
            self._file = self._path.open("ab", buffering=0)
        except (StoreError, OSError) as error:
            self._lose(str(error))

    @property
    def is_due(self) -> bool:
        """Whether it is time for a line on epochs."""
        return self._clock() >= self._written + SECONDS

    def epoch(self, run: RunKey, epoch: Epoch) -> None:
        """Note an epoch of a run for the next line on epochs."""
        figures = _THREE % (epoch.loss, epoch.data_loss, epoch.metric)
        if epoch.val_loss is not None:
            figures += "," + _THREE % (epoch.val_loss, epoch.val_data_loss, epoch.val_metric)
        elif epoch.fit_loss is not None:
            figures += ",null,null,null"
        if epoch.fit_loss is not None:
            figures += "," + _TWO % (epoch.fit_loss, epoch.fit_metric)
        self._epochs.setdefault(run, []).append(f"[{epoch.epoch},{figures}]")

    def run_ended(self, run: RunKey, outcome: str) -> None:
        """Note for that line how a run has ended: ``done``, ``diverged`` or a sentence on why it failed."""
        self._ended[run] = outcome

    def flush(self) -> None:
        """Write the line on epochs, where anything was noted since the last one."""
        self._written = self._clock()
        if not self._epochs and not self._ended:
            return
        ended = {_key(run): outcome for run, outcome in self._ended.items()}
        head = json.dumps({"what": "epochs", **self._at(), **self._far(), "ended": ended})
        epochs = ",".join(f'"{_key(run)}":[{",".join(each)}]' for run, each in self._epochs.items())
        self._epochs, self._ended = {}, {}
        self._write(f'{head[:-1]},"epochs":{{{_NOT_FINITE.sub("null", epochs)}}}}}')

    def tell(self, what: str, **values: object) -> None:
        """Write a line on anything else, after all that was noted of epochs."""
        self.flush()
        self._write(json.dumps({"what": what, **self._at(), **values}))

    def close(self) -> None:
        """Write no more."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _at(self) -> dict[str, float]:
        return {"seconds": round(self._clock() - self._start, 3)}

    def _write(self, line: str) -> None:
        if self._file is None:
            return
        content = line.encode() + b"\n"
        try:
            if self._file.write(content) < len(content):
                self._lose(f"{self._path} has room for a part of a line only")
        except OSError as error:
            self._lose(f"{self._path} cannot be written, {(error.strerror or str(error)).lower()}")

    def _lose(self, why: str) -> None:
        """End the log; what it has so far would seem to be all."""
        self.close()
        self.trouble = f"How the study goes on cannot be seen live: {why.rstrip('.')}. The study goes on."
        with suppress(OSError):
            self._path.unlink(missing_ok=True)


_THREE, _TWO = "%.6g,%.6g,%.6g", "%.6g,%.6g"  # in half the time that format strings take
_NOT_FINITE = re.compile("-?inf|nan")


def _key(run: RunKey) -> str:
    return f"{run[0]}:{run[1]}:{run[2]}"
