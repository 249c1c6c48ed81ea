"""``justfit data``: what there is, and a look at a row."""

from typing import TYPE_CHECKING, Annotated

import typer

from justfit.cli.completion import data_names
from justfit.cli.rows import DropOption, TargetOption, TaskOption, TextOption, data_meant, loaded
from justfit.cli.screen import cell, say, say_table
from justfit.cli.studies import JsonOption, say_json

if TYPE_CHECKING:
    from justfit.data.dataset import Dataset
    from justfit.data.raw import Numbers

app = typer.Typer(invoke_without_command=True, help="List the data sets, look at a row of one, or audit it.")


@app.callback()
def list_sources(context: typer.Context, as_json: JsonOption = False) -> None:
    """List the data sets that justfit knows by name."""
    if context.invoked_subcommand:
        return
    from justfit.data.sources import SOURCES

    if as_json:
        told = ("name", "about", "task", "license", "needs")
        say_json({"sets": [{key: getattr(source, key) for key in told} for source in SOURCES.values()]})
        return
    rows = [(source.name, source.about, source.task, source.needs) for source in SOURCES.values()]
    say_table(("name", "what it is", "task", "needs"), rows, texts=4)


@app.command()
def show(
    name: Annotated[
        str, typer.Argument(help="A data set, as `justfit data` lists them.", autocompletion=data_names)
    ],
    target: TargetOption = None,
    row: Annotated[int, typer.Option(help="Number of the training row, from 0.")] = 0,
    shortest: Annotated[bool, typer.Option("--shortest", help="The shortest text instead.")] = False,
) -> None:
    """Show a training row: its label and its words, text or numbers. Test rows stay sealed."""
    from justfit.cli.progress import download_progress
    from justfit.data.raw import Ids, Numbers, Texts
    from justfit.errors import DataError

    with download_progress() as progress:
        dataset = loaded(data_meant(name, target), progress)[0]
    raw = dataset.train.raw
    if shortest:
        row = _shortest(dataset)
    if not 0 <= row < len(raw):
        raise DataError(f"{name} has training rows 0 to {len(raw) - 1}: there is no row {row}.")
    label = dataset.train.labels[row]
    say(f"{name}, training row {row} of {len(raw):,}, label {label}{_class_name(dataset, row)}")
    match raw:
        case Ids():
            ids = raw.row(row).tolist()
            say(f"{len(ids)} ids: {', '.join(str(word_id) for word_id in ids)}")
            say(" ".join(raw.vocabulary.word(word_id) for word_id in ids if word_id != raw.vocabulary.START))
        case Texts():
            say(raw.texts[row])
        case Numbers():
            _show_numbers(raw, row)


@app.command()
def audit(  # noqa: PLR0917 - typer calls it by keyword
    name: Annotated[
        str,
        typer.Argument(
            help="A data set, as `justfit data` lists them, or a file.", autocompletion=data_names
        ),
    ],
    target: TargetOption = None,
    task: TaskOption = None,
    text: TextOption = None,
    drop: DropOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what is wrong or remarkable with rows and labels. Of test rows only hashes are compared.

    The exit status is 1 where an error would stop a run. With --json the kinds of all columns are told, too,
    also of a file whose column to learn is left open.
    """
    from justfit.cli.progress import download_progress
    from justfit.data.audit import audit as audited
    from justfit.data.finding import LEVELS

    if as_json:
        from justfit.cli.data_looked import looked_at

        say_json(looked_at(name, target, task=task, text=text, drop=drop))
        return
    with download_progress() as progress:
        dataset = loaded(data_meant(name, target, task=task, text=text, drop=drop), progress)[0]
    findings = audited(dataset)
    for finding in findings:
        say(cell(f"{finding.level}: {finding.sentence}"))
    counts = {level: sum(finding.level == level for finding in findings) for level in LEVELS}
    say(f"{name}: " + ", ".join(f"{count} {level}{'s' * (count != 1)}" for level, count in counts.items()))
    if counts["error"]:
        raise typer.Exit(1)


def _shortest(dataset: "Dataset") -> int:
    """The number of the training row with the fewest ids or characters."""
    import numpy as np

    from justfit.data.raw import Ids, Texts
    from justfit.errors import DataError

    match dataset.train.raw:
        case Ids(indptr=indptr):
            return int(np.diff(indptr).argmin())
        case Texts(texts):
            return min(range(len(texts)), key=lambda row: len(texts[row]))
        case _:
            raise DataError(f"{dataset.name} has rows of numbers, which are all of one length: give --row.")


def _class_name(dataset: "Dataset", row: int) -> str:
    if not dataset.classes or dataset.train.labels.ndim > 1:
        return ""
    return f" ({dataset.classes[int(dataset.train.labels[row])]})"


_SHADES = " .:-=+*#%@"


def _show_numbers(raw: "Numbers", row: int) -> None:
    """A square picture as characters, any other row as a table of its columns."""
    if lines := picture(raw, row):
        for line in lines:
            say(line)
        return
    rows = zip(raw.columns, (f"{value:g}" for value in raw.values[row].tolist()), strict=True)
    say_table(("column", "value"), rows)


def picture(raw: "Numbers", row: int, most: int = 1_000) -> list[str]:
    """A row that is a square picture as lines of characters; none for any other row.

    Args:
        raw: the rows.
        row: which.
        most: lines; of a larger picture pixels are put together.
    """
    import numpy as np

    values = np.asarray(raw.values[row], float)
    side = round(len(values) ** 0.5)
    if side < 8 or side * side != len(values) or values.min() < 0:
        return []
    block = -(-side // most)
    padded = np.pad(values.reshape(side, side), (0, -side % block))
    small = padded.reshape(len(padded) // block, block, -1, block).mean(axis=(1, 3))
    shades = (small / max(small.max(), 1) * (len(_SHADES) - 1)).astype(int)
    return ["".join(_SHADES[shade] * 2 for shade in line) for line in shades]
