"""How far a study is, in a notebook's cell: updated in place, and one quiet line in the end."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from IPython.display import display
from markupsafe import Markup

from justfit.data.finding import counted
from justfit.spec import Diverged, Failed
from justfit.words import number
from justfit.workflow import (
    Decided,
    EpochDone,
    Event,
    Noted,
    Planned,
    Progress,
    RunDone,
    StagePlanned,
    Stored,
)

_PAUSE = 0.25
"""Seconds between two updates."""


@contextmanager
def progress(clock: Callable[[], float] = time.monotonic) -> Iterator[Callable[[Event], None]]:
    """Gives what to call with each event of a study; of one that is stored already nothing is shown.

    Args:
        clock: gives seconds.
    """
    cell = _Cell(clock)
    try:
        yield cell.tell
    except BaseException:
        cell.end(f"was stopped after {cell.far}; what had ended is kept.")
        raise
    cell.end(cell.done)


class _Cell:
    """What a cell shows of a study that is carried out."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock, self._count = clock, Progress()
        self._handle: Any = None
        self._begun, self._next = clock(), -math.inf
        self._name, self._stage, self._decided, self.done = "", "", "", ""
        self._leaked = False
        self._waiting: dict[str, int] = {}
        """Runs to be trained of each network."""
        self._lowest: tuple[float, str, int] | None = None
        """The lowest validation loss of a run so far, whose, and in which epoch."""
        self._trouble: list[str] = []

    def tell(self, event: Event) -> None:
        """Note an event, and where it is time show how far the study is."""
        self._count.tell(event)
        match event:
            case Planned():
                self._name, self._leaked = event.study.name, event.is_leaked
            case StagePlanned():
                for network in event.networks:
                    self._waiting.setdefault(network.name, network.missing)
                self._stage = event.stage
            case EpochDone():
                self._epoch(event)
            case RunDone():
                self._run_done(event)
            case Decided() | Noted() | Stored():
                self._said(event)
        if self._count.all_runs and self._clock() >= self._next:
            self._show(self._html(), "\n".join(self._lines()))
            self._next = self._clock() + _PAUSE

    @property
    def far(self) -> str:
        """How many runs are trained, and how long it took."""
        seconds = timedelta(seconds=round(self._clock() - self._begun))
        return f"{counted(self._count.runs, 'run')} trained in {seconds}"

    def end(self, sentence: str) -> None:
        """Leave one line; nothing where nothing was trained."""
        if self._handle is None:
            return
        told = " ".join([f"{self._name} {sentence}", *self._trouble])
        self._show(Markup("<p>{}</p>").format(told), told)

    def _epoch(self, event: EpochDone) -> None:
        self._stage = event.stage
        loss = event.epoch.val_data_loss
        if loss is not None and math.isfinite(loss) and (self._lowest is None or loss < self._lowest[0]):
            self._lowest = (loss, event.network, event.epoch.epoch)

    def _run_done(self, event: RunDone) -> None:
        if event.network in self._waiting:
            self._waiting[event.network] -= 1
        where = f"{event.network}, split {event.split}, seed {event.seed}"
        match event.outcome:
            case Diverged(epoch):
                self._trouble.append(f"{where} diverged in epoch {epoch}.")
            case Failed(reason):
                self._trouble.append(f"{where} failed: {reason}.")

    def _said(self, event: Decided | Noted | Stored) -> None:
        match event:
            case Decided():
                self._decided = event.sentence
            case Noted():
                self._trouble.append(event.sentence)
            case Stored():
                self._name = event.study.name
                chosen = (event.study.result or {}).get("chosen")
                self.done = f"is carried out: {self.far}" + (f'; "{chosen}" was chosen.' if chosen else ".")

    def _lines(self) -> list[str]:
        count = self._count
        networks = sum(left <= 0 for left in self._waiting.values())
        far = (
            f"{self._name}, stage {self._stage}: {networks:,} of {counted(len(self._waiting), 'network')}, "
            f"{count.runs:,} of {counted(count.all_runs, 'run')}"
        )
        if (left := count.seconds_left) is not None:
            far += f"; about {timedelta(seconds=round(left))} left"
        lines = [far]
        if self._lowest is not None:
            loss, network, epoch = self._lowest
            mark = " LEAKED" if self._leaked else ""
            lines.append(
                f'Lowest validation loss of a run so far: {number(loss)}{mark} ("{network}", epoch {epoch}).'
            )
        if self._decided:
            lines.append(self._decided)
        return [*lines, *self._trouble[-3:]]

    def _html(self) -> Markup:
        bar = Markup('<progress max="1" value="{:.3f}"></progress>').format(self._count.share)
        lines = [Markup("<div>{}</div>").format(line) for line in self._lines()]
        return Markup("<div>{}{}</div>").format(bar, Markup("").join(lines))

    def _show(self, html: Markup, text: str) -> None:
        data = {"text/html": str(html), "text/plain": text}
        if self._handle is None:
            self._handle = display(data, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(data, raw=True)
