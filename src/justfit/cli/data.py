"""``justfit data``: what there is, and a look at a row."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from justfit.cli.completion import data_names
from justfit.cli.rows import DropOption, TargetOption, TaskOption, TextOption, data_meant, loaded
from justfit.cli.screen import cell, say, say_json, say_table
from justfit.cli.standard_input import STANDARD_INPUT, require_target, rows_at
from justfit.cli.studies import JsonOption

if TYPE_CHECKING:
    from justfit.data.dataset import Dataset
    from justfit.data.raw import Numbers

RowsArgument = Annotated[
    str,
    typer.Argument(
        help="A data set, as `justfit data` lists them, a file, or - for a table in standard input.",
        autocompletion=data_names,
    ),
]

app = typer.Typer(invoke_without_command=True, help="List the data sets, look at a row of one, or audit it.")


@app.callback()
def list_sources(context: typer.Context, as_json: JsonOption = False) -> None:
    """List the data sets that justfit knows by name."""
    if context.invoked_subcommand:
        if as_json:
            raise typer.BadParameter("--json belongs behind the command that it is asked of.")
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
    name: RowsArgument,
    target: TargetOption = None,
    row: Annotated[int, typer.Option(help="Number of the training row, from 0.")] = 0,
    shortest: Annotated[bool, typer.Option("--shortest", help="The shortest text instead.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show a training row: its label and its words, text or numbers. Test rows stay sealed."""
    from justfit.cli.progress import download_progress
    from justfit.data.raw import Numbers
    from justfit.errors import DataError

    if name == STANDARD_INPUT:
        require_target(target)
    with rows_at(name) as file, download_progress() as progress:
        dataset = loaded(data_meant(file, target), progress)[0]
        if shortest:
            row = _shortest(dataset)
        if not 0 <= row < len(dataset.train):
            last = len(dataset.train) - 1
            raise DataError(f"{dataset.name} has training rows 0 to {last}: there is no row {row}.")
        found = _found(dataset, row)
        lines = picture(raw, row) if isinstance(raw := dataset.train.raw, Numbers) else []
    if as_json:
        say_json(found)
        return
    known = "" if found["class"] is None else f" ({found['class']})"
    label = dataset.train.labels[row]
    say(f"{dataset.name}, training row {row} of {len(dataset.train):,}, label {label}{known}")
    if "text" in found:
        say(found["text"])
    elif "ids" in found:
        say(f"{len(found['ids'])} ids: {', '.join(map(str, found['ids']))}")
        say(" ".join(found["words"]))
    elif lines:
        for line in lines:
            say(line)
    else:
        cells = ((key, _told(cell)) for key, cell in found["columns"].items())
        say_table(("column", "value"), cells)


@app.command()
def audit(  # noqa: PLR0917 - typer calls it by keyword
    name: RowsArgument,
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

    if name == STANDARD_INPUT and not as_json:
        require_target(target)
    with rows_at(name) as file:
        if as_json:
            from justfit.cli.data_looked import looked_at

            say_json(looked_at(file, target, task=task, text=text, drop=drop))
            return
        with download_progress() as progress:
            dataset = loaded(data_meant(file, target, task=task, text=text, drop=drop), progress)[0]
        findings = audited(dataset)
    for finding in findings:
        say(cell(f"{finding.level}: {finding.sentence}"))
    counts = {level: sum(finding.level == level for finding in findings) for level in LEVELS}
    what = dataset.name if name == STANDARD_INPUT else name
    say(f"{what}: " + ", ".join(f"{count} {level}{'s' * (count != 1)}" for level, count in counts.items()))
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


def _told(cell: str | float) -> str:
    return cell if isinstance(cell, str) else "" if cell != cell else f"{cell:g}"  # noqa: PLR0124 - missing


def _found(dataset: "Dataset", row: int) -> dict[str, Any]:
    """A training row and its label, as plain values: its text, its ids and words, or its columns."""
    from justfit.data.raw import Ids, Numbers, Table, Texts

    raw, label = dataset.train.raw, dataset.train.labels[row].tolist()
    is_one = dataset.classes and not isinstance(label, list)
    found = {
        "name": dataset.name,
        "row": row,
        "rows": len(raw),
        "label": label,
        "class": dataset.classes[int(label)] if is_one else None,
    }
    match raw:
        case Ids():
            ids = raw.row(row).tolist()
            words = [raw.vocabulary.word(each) for each in ids if each != raw.vocabulary.START]
            return {**found, "ids": ids, "words": words}
        case Texts():
            return {**found, "text": raw.texts[row]}
        case Numbers():
            return {**found, "columns": dict(zip(raw.columns, raw.values[row].tolist(), strict=True))}
        case Table():
            numbers = dict(zip(raw.number_names, raw.numbers[row].tolist(), strict=True))
            return {**found, "columns": {**dict(raw.cells(row)), **numbers}}
    return found


_SHADES = " .:-=+*#%@"


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
