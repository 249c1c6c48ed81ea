"""A run as it stands on the screen: what is planned, what was chosen, what came out."""

from collections.abc import Iterator, Mapping
from typing import Any

from justfit.cli.progress import figures_of
from justfit.cli.screen import interval, number, percent, say, say_table
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
    lines = [
        (f"{layer.kind}, {layer.detail}", f"{layer.outputs:,}", f"{layer.parameters:,}")
        for layer in plan.layers
    ]
    total = sum(layer.parameters for layer in plan.layers)
    say_table(("layer", "outputs", "parameters"), [*lines, ("total", "", f"{total:,}")])
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
    title = f"{result['data']}: {result['label']}"
    say()
    say(
        f"{title}, best epoch {result['best_epoch']}, {result['updates']:,} updates, "
        f"{result['seconds']:.1f} s; test rows opened once:"
    )
    say_table(("test", "value", "95% interval", "baseline"), _figure_rows(result, test))
    if task.is_classification:
        _show_classes(result, test)
    _show_advice(run)
    paths = RunPaths(run.folder)
    if not (paths.curves_png.is_file() and paths.curves_html.is_file()):
        network = run.spec["candidate"]["network"]
        dropout = network["input_dropout"] > 0 or any(network["dropout"])
        history, best = run.histories["validation"], result["best_epoch"]
        write_curves(history, paths, title, task.metric, best=best, dropout=dropout)
    say()
    say(f"written to {run.folder}")


def _figure_rows(result: Mapping[str, Any], test: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    base = result["test_baseline"]["figures"]
    yield "loss", number(test["loss"]["value"]), interval(test["loss"]), ""
    if "accuracy" in test:
        shares = percent(test["accuracy"]["value"]), interval(test["accuracy"], share=True)
        yield "accuracy", *shares, percent(base["accuracy"]["value"])
        return
    for name in ("mae", "rmse", "r2"):
        yield name, number(test[name]["value"]), interval(test[name]), number(base[name]["value"])


def _show_classes(result: Mapping[str, Any], test: Mapping[str, Any]) -> None:
    classes = test["classes"]
    say()
    if len(classes) > _MOST_CLASSES:
        say(f"{len(classes)} classes: their figures stand in the run's folder.")
        return
    shares = [[f"{row[key]['value']:.3f}" for key in ("precision", "recall", "f1")] for row in classes]
    rows = [(row["name"], *three, f"{row['support']:,}") for row, three in zip(classes, shares, strict=True)]
    say_table(("class", "precision", "recall", "F1", "support"), rows)
    if test["confusion"] is None:
        return
    say()
    counts = [[f"{count:,}" for count in row] for row in test["confusion"]]
    names = result["classes"]
    rows = [(name, *row) for name, row in zip(names, counts, strict=True)]
    say_table(("true \\ predicted", *names), rows)


def _show_advice(run: StoredRun) -> None:
    """Why the validation training ended where it did, and what that suggests to do next."""
    epochs, patience = (run.spec["candidate"]["recipe"][key] for key in ("epochs", "patience"))
    last, best = len(run.histories["validation"]), run.result["best_epoch"]
    advice = None
    if best == epochs:
        advice = (
            f"The best epoch was the last of {epochs}, so the network may still have been getting better: "
            f"try more epochs, such as --epochs {2 * epochs}."
        )
    elif last < epochs and patience is not None and last - best >= patience:
        advice = f"Training stopped after epoch {last} of {epochs}, as none was better than epoch {best}."
    elif last < epochs:
        advice = (
            f"In epoch {last + 1} the loss became infinite or not a number, so only epochs before it "
            "could be chosen: try a lower learning rate."
        )
    if advice:
        say()
        say(advice)


def _answer(answer: str | float | tuple[str, ...]) -> str:
    if isinstance(answer, float):
        return number(answer)
    return f'"{answer}"' if isinstance(answer, str) else f'"{", ".join(answer)}"'
