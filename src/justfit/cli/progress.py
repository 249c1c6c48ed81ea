"""Progress as it goes on: bars on a terminal, plain lines elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from justfit.cli.screen import console, say
from justfit.spec import Diverged, Epoch, Failed, Task
from justfit.workflow import Chosen, EpochDone, Event, Planned, RunDone, StagePlanned


def _bar(*more: TimeRemainingColumn) -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[figures]}"),
        TimeElapsedColumn(),
        *more,
    )
    return Progress(*columns, console=console)


@contextmanager
def download_progress() -> Iterator[Callable[[str, int, int | None], None]]:
    """Gives what `load_dataset` calls while a file is coming in."""
    if not console.is_terminal:
        yield _told_in_quarters()
        return
    with _bar() as bar:
        tasks: dict[str, TaskID] = {}

        def progress(name: str, done: int, total: int | None) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(f"downloading {name}", total=total, figures="")
            bar.update(tasks[name], completed=done, figures=f"{done / 1e6:.1f} MB")

        yield progress


def _told_in_quarters() -> Callable[[str, int, int | None], None]:
    told: dict[str, int] = {}

    def progress(name: str, done: int, total: int | None) -> None:
        quarter = 4 * done // total if total else 0
        if told.get(name) != quarter:
            told[name] = quarter
            say(f"downloading {name}: {done / 1e6:.1f} MB" + (f" of {total / 1e6:.1f} MB" if total else ""))

    return progress


@contextmanager
def epoch_progress(task: Task, *, leaked: bool) -> Iterator[Callable[[Event], None]]:
    """Gives what to call with each event of a study that trains one network at a time.

    ``leaked`` where test rows validate.
    """
    if not console.is_terminal:

        def line(event: Event) -> None:
            if isinstance(event, EpochDone):
                say(_told(event, task, leaked))

        yield line
        return
    with _bar() as bar:
        tasks: dict[str, TaskID] = {}

        def progress(event: Event) -> None:
            if not isinstance(event, EpochDone):
                return
            what = _what(event)
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=event.epochs, figures="")
            figures = _told(event, task, leaked).removeprefix(f"{what} ")
            bar.update(tasks[what], completed=event.epoch.epoch, figures=figures)

        yield progress


def _told(done: EpochDone, task: Task, leaked: bool) -> str:
    figures = figures_of(done.epoch, task, leaked=leaked)
    return f"{_what(done)} epoch {done.epoch.epoch}/{done.epochs}  {figures}"


def _what(done: EpochDone) -> str:
    return "final" if done.stage == "final" else "validation"


class _Count:
    """Epochs trained and to train, of all runs together."""

    def __init__(self) -> None:
        self.done = self.total = self.runs = self.all_runs = 0
        self._replicates = 1
        self._epochs: dict[str, int] = {}
        self._left: dict[tuple[str, str, int, int], int] = {}

    def tell(self, event: Event) -> None:
        """Count what an event adds."""
        match event:
            case Planned():
                self._replicates = event.replicates
            case StagePlanned():
                for network in event.networks:
                    self._add(network.name, network.epochs, network.missing)
            case Chosen() if event.is_tested:
                self._add(event.network, event.epochs, self._replicates)
            case EpochDone():
                self.done += 1
                run = (event.stage, event.network, event.split, event.seed)
                self._left[run] = event.epochs - event.epoch.epoch
            case RunDone():
                run = (event.stage, event.network, event.split, event.seed)
                # What ends early leaves nothing to wait for.
                self.done += self._left.pop(run, self._epochs[event.network])
                self.runs += 1

    def _add(self, network: str, epochs: int, runs: int) -> None:
        self._epochs[network] = epochs
        self.total += epochs * runs
        self.all_runs += runs


@contextmanager
def study_progress() -> Iterator[Callable[[Event], None]]:
    """Gives what to call with each event of a study that trains networks side by side."""
    count = _Count()
    if not console.is_terminal:
        told = 0

        def line(event: Event) -> None:
            nonlocal told
            count.tell(event)
            _say_trouble(event)
            tenth = 10 * count.done // count.total if count.total else 0
            if tenth == 10 and isinstance(event, EpochDone):
                return  # all is told when the last run has ended, too
            if isinstance(event, EpochDone | RunDone) and tenth > told:
                say(f"trained {count.runs:,} of {count.all_runs:,} runs, {10 * tenth}% of their epochs")
            told = tenth

        yield line
        return
    with _bar(TimeRemainingColumn()) as bar:
        task = bar.add_task("training", total=None, figures="")

        def progress(event: Event) -> None:
            count.tell(event)
            _say_trouble(event)
            figures = f"{count.runs:,} of {count.all_runs:,} runs"
            bar.update(task, completed=count.done, total=count.total or None, figures=figures)

        yield progress


def _say_trouble(event: Event) -> None:
    if not isinstance(event, RunDone):
        return
    where = f"{event.network}, split {event.split}, seed {event.seed}"
    match event.outcome:
        case Diverged(epoch):
            say(f"diverged in epoch {epoch}: {where}")
        case Failed(reason):
            say(f"failed: {where}: {reason}")


def figures_of(epoch: Epoch, task: Task, *, leaked: bool) -> str:
    """An epoch's figures on one line; losses without penalties, as they compare across networks."""
    measured = (
        ("", epoch.data_loss, epoch.metric),
        ("fit_", epoch.fit_loss, epoch.fit_metric),
        ("val_", epoch.val_data_loss, epoch.val_metric),
    )
    told = "  ".join(
        f"{prefix}loss {loss:.4f}  {prefix}{task.metric} {metric:.4f}"
        for prefix, loss, metric in measured
        if loss is not None and metric is not None
    )
    return told + " LEAKED" if leaked and epoch.val_loss is not None else told
