"""Progress as it goes on: bars on a terminal, plain lines elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from justfit.cli.screen import console, say
from justfit.spec import Epoch, Task
from justfit.workflow import EpochDone


def _bar() -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[figures]}"),
        TimeElapsedColumn(),
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
def epoch_progress(task: Task) -> Iterator[Callable[[EpochDone], None]]:
    """Gives what to call after each epoch."""
    if not console.is_terminal:
        yield lambda done: say(
            f"{done.stage} epoch {done.epoch.epoch}/{done.epochs}  {figures_of(done.epoch, task)}"
        )
        return
    with _bar() as bar:
        tasks: dict[str, TaskID] = {}

        def progress(done: EpochDone) -> None:
            if done.stage not in tasks:
                tasks[done.stage] = bar.add_task(done.stage, total=done.epochs, figures="")
            figures = f"epoch {done.epoch.epoch}/{done.epochs}  {figures_of(done.epoch, task)}"
            bar.update(tasks[done.stage], completed=done.epoch.epoch, figures=figures)

        yield progress


def figures_of(epoch: Epoch, task: Task) -> str:
    """An epoch's figures on one line; losses without penalties, as they compare across networks."""
    measured = (
        ("", epoch.data_loss, epoch.metric),
        ("fit_", epoch.fit_loss, epoch.fit_metric),
        ("val_", epoch.val_data_loss, epoch.val_metric),
    )
    return "  ".join(
        f"{prefix}loss {loss:.4f}  {prefix}{task.metric} {metric:.4f}"
        for prefix, loss, metric in measured
        if loss is not None and metric is not None
    )
