"""A run as it stands on the screen: what is planned, what was chosen, what came out."""

from collections.abc import Mapping
from typing import Any

from rich.markup import escape
from rich.table import Table

from justfit.cli.progress import figures_of
from justfit.cli.screen import console, interval, new_table, number, percent, say
from justfit.data.dataset import Dataset
from justfit.report import write_curves
from justfit.spec import Epoch, Task
from justfit.store import RunPaths, StoredRun
from justfit.workflow import Planned

_MOST_CLASSES = 20
"""More would not fit on a screen; the run's folder has them all."""


def show_plan(plan: Planned, dataset: Dataset) -> None:
    """The rows, the network, and what it must beat."""
    rows = plan.rows
    say(f"{dataset.name}: {plan.label}, seed {plan.run.seed}, run {plan.run.id}")
    say(f"{rows.train:,} rows train, {rows.validation:,} validate; {rows.test:,} test rows are sealed")
    for note in plan.notes:
        say(f"note: {note}")
    say()
    table = new_table("layer", "outputs", "parameters")
    for layer in plan.layers:
        table.add_row(escape(f"{layer.kind}, {layer.detail}"), f"{layer.outputs:,}", f"{layer.parameters:,}")
    table.add_row("total", "", f"{sum(layer.parameters for layer in plan.layers):,}", style="bold")
    console.print(table)
    say()
    guess = plan.baseline
    figures = (
        f"validation accuracy {percent(guess.figures.accuracy.value)}"
        if hasattr(guess.figures, "accuracy")
        else f"validation mae {number(guess.figures.mae.value)}"
    )
    say(f"common-sense baseline: always {_answer(guess.answer)}, {figures}")


def show_choice(best: Epoch, task: Task) -> None:
    """The epoch that validation rows chose."""
    say(f"best epoch: {best.epoch}  {figures_of(best, task)}")
    say(f"training anew on all training rows, epochs: {best.epoch}")


def show_result(run: StoredRun, task: Task) -> None:
    """The figures of a stored run, and its curves drawn where they are not yet."""
    result, test = run.result, run.result["test"]
    say()
    say(
        f"{result['data']}: {result['label']}, best epoch {result['best_epoch']}, {result['updates']:,} updates, "
        f"{result['seconds']:.1f} s; test rows opened once:"
    )
    console.print(_figures_table(result, test))
    if task.is_classification:
        _show_classes(result, test)
    paths = RunPaths(run.folder)
    if not (paths.curves_png.is_file() and paths.curves_html.is_file()):
        write_curves(run.histories["validation"], paths, f"{result['data']}: {result['label']}", task.metric)
    say()
    say(f"written to {run.folder}")


def _figures_table(result: Mapping[str, Any], test: Mapping[str, Any]) -> Table:
    table = new_table("test", "value", "95% interval", "baseline")
    base = result["test_baseline"]["figures"]
    table.add_row("loss", number(test["loss"]["value"]), interval(test["loss"]), "")
    if "accuracy" in test:
        shares = (percent(test["accuracy"]["value"]), interval(test["accuracy"], share=True))
        table.add_row("accuracy", *shares, percent(base["accuracy"]["value"]))
    else:
        for name in ("mae", "rmse", "r2"):
            table.add_row(name, number(test[name]["value"]), interval(test[name]), number(base[name]["value"]))
    return table


def _show_classes(result: Mapping[str, Any], test: Mapping[str, Any]) -> None:
    classes = test["classes"]
    if len(classes) > _MOST_CLASSES:
        say(f"{len(classes)} classes: their figures stand in the run's folder.")
        return
    say()
    table = new_table("class", "precision", "recall", "F1", "support")
    for row in classes:
        shares = (f"{row[key]['value']:.3f}" for key in ("precision", "recall", "f1"))
        table.add_row(escape(row["name"]), *shares, f"{row['support']:,}")
    console.print(table)
    if test["confusion"] is None:
        return
    say()
    table = new_table("true \\ predicted", *result["classes"])
    for name, counts in zip(result["classes"], test["confusion"], strict=True):
        table.add_row(escape(name), *(f"{count:,}" for count in counts))
    console.print(table)


def _answer(answer: object) -> str:
    return number(answer) if isinstance(answer, float) else f'"{answer}"'
