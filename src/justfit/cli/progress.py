"""Progress as it goes on: bars on a terminal, plain lines elsewhere; what is printed then is by the way."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from justfit.cli.screen import console, on_the_way, say
from justfit.spec import Diverged, Epoch, Failed, Task
from justfit.workflow import EpochDone, Event, Progress, RunDone


def _bar(*more: TextColumn) -> Bars:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[figures]}"),
        TimeElapsedColumn(),
        *more,
    )
    return Bars(*columns, console=console())


@contextmanager
def download_progress() -> Iterator[Callable[[str, int, int | None], None]]:
    """Gives what `load_dataset` calls while a file is coming in."""
    if not console().is_terminal:
        with on_the_way():
            yield _told_in_quarters()
        return
    with on_the_way(), _bar() as bar:
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
    if not console().is_terminal:

        def line(event: Event) -> None:
            if isinstance(event, EpochDone):
                say(_told(event, task, leaked))

        with on_the_way():
            yield line
        return
    with on_the_way(), _bar() as bar:
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


@contextmanager
def study_progress() -> Iterator[Callable[[Event], None]]:
    """Gives what to call with each event of a study that trains networks side by side."""
    count = Progress()
    if not console().is_terminal:
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

        with on_the_way():
            yield line
        return
    with on_the_way(), _bar(TextColumn("{task.fields[left]}")) as bar:
        task = bar.add_task("training", total=None, figures="", left="")

        def progress(event: Event) -> None:
            count.tell(event)
            _say_trouble(event)
            left = count.seconds_left
            bar.update(
                task,
                completed=count.share,
                total=None if left is None else 1.0,
                figures=f"{count.runs:,} of {count.all_runs:,} runs",
                left="" if left is None else f"about {timedelta(seconds=round(left))} left",
            )

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
