"""A model card in Markdown, from what is stored and nothing else. Texts from data stay texts."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from justfit.data.bag_preparation import BagPreparation
from justfit.data.ngrams import NgramPreparation
from justfit.data.preparation import NumberPreparation, Preparation, TextPreparation
from justfit.data.table_preparation import TablePreparation
from justfit.report.markdown import fenced, listed, plain, table
from justfit.report.tested_figures import FIGURES
from justfit.store import Model, StoredModel
from justfit.store.files import write_bytes
from justfit.words import interval, number, told_answer, told_task

_MOST_CLASSES = 20
"""That are told one by one."""

_PENALTIES = ("dropout", "l1", "l2", "activity_l1", "activity_l2", "max_norm")


def card(stored: StoredModel) -> str:
    """The model card of a stored model: data, audit, network, figures, limits, how to repeat and use it.

    Args:
        stored: as `justfit.store.read_stored_model` gives it.

    Returns:
        Markdown (CommonMark with tables).

    Raises:
        KeyError, TypeError, ValueError: its result is not as its format has it.

    Source: Mitchell et al. (2019), Model Cards for Model Reporting, arXiv:1810.03993.
    """
    model, result = stored.model, stored.result
    return (
        "\n\n".join(
            [
                f"# {plain(stored.spec['name'])}",
                *_summary(model, result),
                "## Data",
                listed(_data(model, result)),
                "### What the audit of the training rows found",
                listed(_audit(result)) or "Nothing.",
                "## Network",
                *_network(model, result),
                "## Figures",
                *_figures(result),
                "## Limits",
                listed(_limits(model, result)),
                "## How to repeat it",
                *_repeat(stored),
                "## How to use it",
                fenced("justfit predict MODEL.justfit ROWS.csv --out ANSWERS.csv", "sh"),
                fenced('import justfit\n\njustfit.load("MODEL.justfit").predict(rows)', "python"),
            ]
        )
        + "\n"
    )


def write_card(stored: StoredModel, path: Path) -> None:
    """Write the model card to a file; raises as `card`, and `StoreError` where it cannot be written."""
    write_bytes(path, card(stored).encode(errors="backslashreplace"))


def _summary(model: Model, result: Mapping[str, Any]) -> Iterator[str]:
    what = told_task(model.task.name, len(model.classes))
    yield (
        f"A feed-forward network that tells {what}, trained on the data set {plain(model.name)} by justfit "
        f"{plain(result['justfit'])}. All on this card was stored when it was trained and tested."
    )
    if result["leaked"]:
        yield "**LEAKED: chosen by the test rows themselves: no figure here tells how good it is on others.**"
    if "learned" in result and not result["learned"]:
        yield "**Nothing was learned that can be told from guessing.**"


def _data(model: Model, result: Mapping[str, Any]) -> Iterator[str]:
    rows = result["rows"]
    yield f"Data set: {plain(model.name)}, fingerprint {plain(model.fingerprint) or 'unknown'}"
    yield (
        f"Rows: {rows['train']:,} trained and {rows['validation']:,} validated where networks were compared; "
        f"{result['final_rows']:,} trained this one; {rows['test']:,} tested it"
    )
    if model.classes:
        names = ", ".join(map(plain, model.classes[:_MOST_CLASSES]))
        more = len(model.classes) - _MOST_CLASSES
        yield f"Classes: {names}" + (f" and {more:,} more" if more > 0 else "")
    yield f"Preparation, fitted on training rows only: {plain(told_preparation(model.preparation))}"
    if model.columns:
        told = ", ".join(f"{plain(column.name)} ({plain(column.kind)})" for column in model.columns)
        yield f"Columns: {told}"
    yield from map(plain, model.notes)


def told_preparation(preparation: Preparation) -> str:
    """How raw rows become the network's input, in words."""
    match preparation:
        case TextPreparation(encoding, vocabulary):
            words = f"{len(vocabulary.words):,} words"
            return f"texts to {preparation.columns:,} columns ({encoding.kind} of {words})"
        case NumberPreparation(scaling):
            return f"{preparation.columns:,} numbers, scaling {scaling.kind}"
        case NgramPreparation(spec):
            grams = f"{spec.unit} n-grams of up to {spec.longest}"
            return f"texts to {preparation.columns:,} columns ({spec.weights} of {grams})"
        case TablePreparation(inputs):
            return f"tables of {len(inputs):,} columns to rows of {preparation.columns:,}"
        case BagPreparation(columns):
            return f"sparse rows of {columns:,} columns, taken as they are"


def _audit(result: Mapping[str, Any]) -> Iterator[str]:
    for finding in result["audit"]:
        yield f"{plain(finding['level'])}: {plain(finding['sentence'])}"


def _network(model: Model, result: Mapping[str, Any]) -> Iterator[str]:
    layers = [
        (f"{layer['kind']}, {layer['detail']}", f"{layer['outputs']:,}", f"{layer['parameters']:,}")
        for layer in result["layers"]
    ]
    total = sum(layer["parameters"] for layer in result["layers"])
    yield table(("layer", "outputs", "parameters"), [*layers, ("total", "", f"{total:,}")])
    told = [
        f"{name.replace('_', ' ')} {'/'.join(f'{value:g}' for value in values)}"
        for name in _PENALTIES
        if any(values := getattr(model.network, name))
    ]
    if model.network.input_dropout:
        told.append(f"input dropout {model.network.input_dropout:g}")
    yield listed(
        [
            f"Chosen: {plain(result['chosen'])}. {plain(result['reason'])}",
            f"Trained for {result['epochs']:,} epochs, {result['updates']:,} updates"
            + (f"; {', '.join(told)}" if told else ""),
        ]
    )


def _figures(result: Mapping[str, Any]) -> Iterator[str]:
    test, seeds = result["test"], len(result["final_runs"])
    leak = " LEAKED" if result["leaked"] else ""
    base = result["test_baseline"]["figures"]
    yield (
        f"On {result['rows']['test']:,} test rows, each with its 95% interval; the baseline answers every "
        f"row with {plain(told_answer(result['test_baseline']['answer']))}."
    )
    rows = []
    for name, spoken in FIGURES.items():
        if test.get(name) is not None:
            against = number(base[name]["value"]) if name in base else ""
            rows.append((spoken, f"{number(test[name]['value'])}{leak}", interval(test[name]), against))
    yield table(("figure", "value", "95% interval", "baseline"), rows)
    if seeds > 1:
        means = result["test_replicates"]
        told = [
            (FIGURES[name], f"{number(means[name]['value'])}{leak}", interval(means[name]))
            for name in FIGURES
            if name in means
        ]
        yield table((f"mean of {seeds} seeds", "value", "95% interval"), told)
    if test.get("classes") and len(test["classes"]) <= _MOST_CLASSES:
        cells = [
            (
                each["name"],
                *(f"{number(each[key]['value'])} ({interval(each[key])})" for key in _OF_CLASS),
                f"{each['support']:,}",
            )
            for each in test["classes"]
        ]
        yield table(("class", *(f"{key}{leak}" for key in _OF_CLASS), "test rows"), cells)
    if (decides := result["threshold"]) is not None:
        yield (
            f"The answer is {plain(result['classes'][1])} above a probability of "
            f"{number(decides['value'])}, chosen on {decides['rows']:,} validation rows for the best "
            f"{plain(decides['aim'])}."
        )


_OF_CLASS = ("precision", "recall", "f1")


def _limits(model: Model, result: Mapping[str, Any]) -> Iterator[str]:
    test = result["test"]
    yield (
        f"The figures are of {result['rows']['test']:,} rows of the same data set; of rows from elsewhere, "
        "or of another time, nothing is known."
    )
    if result["leaked"]:
        yield "Test rows chose the network: its figures are better than it is."
    if (looks := result["looks"]) is not None:
        yield (
            f"Test rows of this data set were opened {_times(looks['number'])} in the store where it was "
            f"trained, {_times(looks['of_study'])} by this study; each look after the first makes figures "
            "look a little better than they are."
        )
    if warnings := sum(finding["level"] == "warning" for finding in result["audit"]):
        yield f"The audit has {warnings} warning{'s' * (warnings != 1)}, which stand above."
    if test.get("classes"):
        weakest = min(test["classes"], key=lambda each: each["f1"]["value"])
        yield (
            f"Least certain class: {plain(weakest['name'])}, F1 {number(weakest['f1']['value'])} "
            f"({interval(weakest['f1'])}) on {weakest['support']:,} test rows."
        )
    if isinstance(model.preparation, TextPreparation):
        yield "Words outside its vocabulary all count as one unknown word; word order does not count."


def _repeat(stored: StoredModel) -> Iterator[str]:
    result, model, seeds = stored.result, stored.model, len(stored.result["final_runs"])
    if stored.study_file is None:
        yield "The study file was changed afterwards; what was asked stands beside it in JSON."
    else:
        yield "With this study file and the same data, `justfit run study.yaml` gives the same figures:"
        yield fenced(stored.study_file, "yaml")
    made = ", ".join(f"{plain(name)} {plain(version)}" for name, version in model.versions.items())
    yield listed(
        [
            f"Made with: {made or 'unknown'}",
            f"Run {plain(model.run_id)}" + (f", the first of {seeds} that were tested" if seeds > 1 else ""),
            f"It took {result['seconds']:.1f} seconds.",
        ]
    )


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"
