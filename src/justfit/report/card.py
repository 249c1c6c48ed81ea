"""A model card in Markdown, from what is stored and nothing else. Texts from data stay texts."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from justfit.data.ngrams import NgramPreparation
from justfit.data.preparation import NumberPreparation, Preparation, TextPreparation
from justfit.data.table_preparation import TablePreparation
from justfit.report.look import shown
from justfit.store import Model, StoredModel
from justfit.store.files import write_bytes

_MOST_CLASSES = 20
"""That are told one by one."""

_FIGURES = {
    "loss": "loss",
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro F1",
    "brier": "Brier score",
    "ece": "calibration error",
    "roc_auc": "ROC AUC",
    "pr_auc": "PR AUC",
    "mae": "mean absolute error",
    "rmse": "root mean squared error",
    "r2": "r2",
}
"""In the order in which they are told; each may be missing."""

_TASKS = {
    "binary": "which of two classes a row has",
    "multiclass": "which of {} classes a row has",
    "multilabel": "which of {} labels a row has, any number of them",
    "regression": "a number of each row",
    "unit_regression": "a number from 0 to 1 of each row",
}

_PENALTIES = ("dropout", "l1", "l2", "activity_l1", "activity_l2", "max_norm")

_MARKUP = re.compile(r"([\\`*_\[\]<>#|~&@$]|:(?=\S)|(?<=www)\.|^\d*[-+=.)](?=\D|$))", re.IGNORECASE)
"""What means something in Markdown, or in dialects that make links and pictures of plain text."""


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
                f"# {_plain(stored.spec['name'])}",
                *_summary(model, result),
                "## Data",
                _listed(_data(model, result)),
                "### What the audit of the training rows found",
                _listed(_audit(result)) or "Nothing.",
                "## Network",
                *_network(model, result),
                "## Figures",
                *_figures(result),
                "## Limits",
                _listed(_limits(model, result)),
                "## How to repeat it",
                *_repeat(stored),
                "## How to use it",
                _fenced("justfit predict MODEL.justfit ROWS.csv --out ANSWERS.csv", "sh"),
                _fenced('import justfit\n\njustfit.load("MODEL.justfit").predict(rows)', "python"),
            ]
        )
        + "\n"
    )


def write_card(stored: StoredModel, path: Path) -> None:
    """Write the model card to a file; raises as `card`, and `StoreError` where it cannot be written."""
    write_bytes(path, card(stored).encode(errors="backslashreplace"))


def _summary(model: Model, result: Mapping[str, Any]) -> Iterator[str]:
    what = _TASKS[model.task.name].format(len(model.classes))
    yield (
        f"A feed-forward network that tells {what}, trained on the data set {_plain(model.name)} by justfit "
        f"{_plain(result['justfit'])}. All on this card was stored when it was trained and tested."
    )
    if result["leaked"]:
        yield "**LEAKED: chosen by the test rows themselves: no figure here tells how good it is on others.**"
    if "learned" in result and not result["learned"]:
        yield "**Nothing was learned that can be told from guessing.**"


def _data(model: Model, result: Mapping[str, Any]) -> Iterator[str]:
    rows = result["rows"]
    yield f"Data set: {_plain(model.name)}, fingerprint {_plain(model.fingerprint) or 'unknown'}"
    yield (
        f"Rows: {rows['train']:,} trained and {rows['validation']:,} validated where networks were compared; "
        f"{result['final_rows']:,} trained this one; {rows['test']:,} tested it"
    )
    if model.classes:
        names = ", ".join(map(_plain, model.classes[:_MOST_CLASSES]))
        more = len(model.classes) - _MOST_CLASSES
        yield f"Classes: {names}" + (f" and {more:,} more" if more > 0 else "")
    yield f"Preparation, fitted on training rows only: {_preparation(model.preparation)}"
    if model.columns:
        told = ", ".join(f"{_plain(column.name)} ({_plain(column.kind)})" for column in model.columns)
        yield f"Columns: {told}"
    yield from map(_plain, model.notes)


def _preparation(preparation: Preparation) -> str:
    match preparation:
        case TextPreparation(encoding, vocabulary):
            words = f"{len(vocabulary.words):,} words"
            return f"texts to {preparation.columns:,} columns ({_plain(encoding.kind)} of {words})"
        case NumberPreparation(scaling):
            return f"{preparation.columns:,} numbers, scaling {_plain(scaling.kind)}"
        case NgramPreparation(spec):
            grams = f"{_plain(spec.unit)} n-grams of up to {spec.longest}"
            return f"texts to {preparation.columns:,} columns ({_plain(spec.weights)} of {grams})"
        case TablePreparation(inputs):
            return f"tables of {len(inputs):,} columns to rows of {preparation.columns:,}"


def _audit(result: Mapping[str, Any]) -> Iterator[str]:
    for finding in result["audit"]:
        yield f"{_plain(finding['level'])}: {_plain(finding['sentence'])}"


def _network(model: Model, result: Mapping[str, Any]) -> Iterator[str]:
    layers = [
        (f"{layer['kind']}, {layer['detail']}", f"{layer['outputs']:,}", f"{layer['parameters']:,}")
        for layer in result["layers"]
    ]
    total = sum(layer["parameters"] for layer in result["layers"])
    yield _table(("layer", "outputs", "parameters"), [*layers, ("total", "", f"{total:,}")])
    told = [
        f"{name.replace('_', ' ')} {'/'.join(f'{value:g}' for value in values)}"
        for name in _PENALTIES
        if any(values := getattr(model.network, name))
    ]
    if model.network.input_dropout:
        told.append(f"input dropout {model.network.input_dropout:g}")
    yield _listed(
        [
            f"Chosen: {_plain(result['chosen'])}. {_plain(result['reason'])}",
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
        f"row with {_plain(_answer(result['test_baseline']['answer']))}."
    )
    rows = []
    for name, spoken in _FIGURES.items():
        if test.get(name) is not None:
            against = _number(base[name]["value"]) if name in base else ""
            rows.append((spoken, f"{_number(test[name]['value'])}{leak}", _interval(test[name]), against))
    yield _table(("figure", "value", "95% interval", "baseline"), rows)
    if seeds > 1:
        means = result["test_replicates"]
        told = [
            (_FIGURES[name], f"{_number(means[name]['value'])}{leak}", _interval(means[name]))
            for name in _FIGURES
            if name in means
        ]
        yield _table((f"mean of {seeds} seeds", "value", "95% interval"), told)
    if test.get("classes") and len(test["classes"]) <= _MOST_CLASSES:
        cells = [
            (
                each["name"],
                *(f"{_number(each[key]['value'])} ({_interval(each[key])})" for key in _OF_CLASS),
                f"{each['support']:,}",
            )
            for each in test["classes"]
        ]
        yield _table(("class", *(f"{key}{leak}" for key in _OF_CLASS), "test rows"), cells)
    if (decides := result["threshold"]) is not None:
        yield (
            f"The answer is {_plain(result['classes'][1])} above a probability of "
            f"{_number(decides['value'])}, chosen on {decides['rows']:,} validation rows for the best "
            f"{_plain(decides['aim'])}."
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
            f"Least certain class: {_plain(weakest['name'])}, F1 {_number(weakest['f1']['value'])} "
            f"({_interval(weakest['f1'])}) on {weakest['support']:,} test rows."
        )
    if isinstance(model.preparation, TextPreparation):
        yield "Words outside its vocabulary all count as one unknown word; word order does not count."


def _repeat(stored: StoredModel) -> Iterator[str]:
    result, model, seeds = stored.result, stored.model, len(stored.result["final_runs"])
    if stored.study_file is None:
        yield "The study file was changed afterwards; what was asked stands beside it in JSON."
    else:
        yield "With this study file and the same data, `justfit run study.yaml` gives the same figures:"
        yield _fenced(stored.study_file, "yaml")
    made = ", ".join(f"{_plain(name)} {_plain(version)}" for name, version in model.versions.items())
    yield _listed(
        [
            f"Made with: {made or 'unknown'}",
            f"Run {_plain(model.run_id)}" + (f", the first of {seeds} that were tested" if seeds > 1 else ""),
            f"It took {result['seconds']:.1f} seconds.",
        ]
    )


def _plain(text: str) -> str:
    r"""Text that Markdown shows as it is, on one line.

    >>> print(_plain("1. *bold* <b>\n0.5: www.x"))
    1\. \*bold\* \<b\>\\n0.5: www\.x
    """
    return _MARKUP.sub(lambda found: f"{found[0][:-1]}\\{found[0][-1]}", shown(text).strip())


def _listed(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *([_plain(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _fenced(content: str, language: str) -> str:
    """A block of code whose fence is longer than any in it; control characters are spelt out."""
    longest = max((len(run) for run in re.findall("`+", content)), default=0)
    fence = "`" * max(3, longest + 1)
    lines = "\n".join(shown(line) for line in content.rstrip("\n").split("\n"))
    return f"{fence}{language}\n{lines}\n{fence}"


def _interval(figure: Mapping[str, Any]) -> str:
    if figure["low"] is None or figure["high"] is None:
        return "unknown"
    return f"{_number(figure['low'])} to {_number(figure['high'])}"


def _number(value: float) -> str:
    return f"{value:.4f}" if abs(value) < 100 else f"{value:,.1f}"


def _answer(answer: str | float | Sequence[str]) -> str:
    if isinstance(answer, float):
        return _number(answer)
    return f'"{answer}"' if isinstance(answer, str) else f'"{", ".join(answer)}"'


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"
