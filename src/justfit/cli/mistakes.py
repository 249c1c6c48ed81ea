"""``justfit mistakes``: what a stored study's network gets wrong on validation rows, and what moved it."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from justfit.cli.data import picture
from justfit.cli.run import StoreOption
from justfit.cli.screen import cell, interval, number, percent, say, say_table
from justfit.cli.studies import JsonOption, StudyArgument, read_from, say_json
from justfit.errors import SpecError
from justfit.machine import DEFAULT_STORE
from justfit.spec.checks import require_choice

if TYPE_CHECKING:
    from justfit.data.dataset import Part
    from justfit.judge import Mistake
    from justfit.workflow import HeldOut

_LETTERS = 160
"""Of a text on its line."""

_LINES = 14
"""Of a picture."""

_NAMED = 6
"""Words or columns that are told for one answer, and as many against it."""


def mistakes(  # noqa: PLR0917 - typer calls it by keyword
    study: StudyArgument,
    network: Annotated[
        str | None, typer.Option(help="One of its networks, by default the chosen one.")
    ] = None,
    most: Annotated[int, typer.Option(help="How many mistakes and doubtful labels to show.", min=1)] = 5,
    by: Annotated[list[str] | None, typer.Option(help="Columns to group rows by, too.")] = None,
    store: StoreOption = DEFAULT_STORE,
    threads: Annotated[int | None, typer.Option(help="Processors to use; by default all.", min=1)] = None,
    as_json: JsonOption = False,
) -> None:
    """Show the surest mistakes on validation rows, doubtful labels and how groups fare.

    Test rows stay sealed. The network is trained again on each split, so that every row is judged by one
    that was not trained on it.
    """
    from justfit.cli.progress import download_progress
    from justfit.data.sources import load_dataset
    from justfit.store import find_study, read_study, write_validation
    from justfit.workflow import validation_outputs

    stored = read_study(find_study(store, study))
    with download_progress() as progress:
        dataset = load_dataset(str(stored.spec["data"]["name"]), progress)
    if dataset.task.name == "multilabel":
        raise SpecError(
            f"{dataset.name} has several labels a row: mistakes are told of one class a row, or of a number."
        )
    with read_from(stored.folder):
        held = validation_outputs(stored, dataset, network, threads=threads)
    if stored.result is not None and held.network == stored.result["chosen"]:
        write_validation(stored.folder, held.rows, held.outputs)
    part = held.dataset.train.take(held.rows)
    found = {"study": stored.name, "id": stored.id, **_found(held, part, most, by or [])}
    if as_json:
        say_json(found)
    else:
        _show(found)


def _found(held: "HeldOut", part: "Part", most: int, by: Sequence[str]) -> dict[str, Any]:
    """All that is told, as plain values. Rows are numbers of training rows, from 0."""
    import numpy as np

    from justfit.judge import by_group, confident_mistakes, largest_errors, suspected_labels

    task, classes, labels = held.dataset.task, held.dataset.classes, part.labels
    suspects = []
    scores: Any
    if task.is_classification:
        probabilities = held.probabilities()
        every = confident_mistakes(labels, probabilities, len(labels))
        suspects = list(suspected_labels(labels, probabilities))
        scores = probabilities.argmax(axis=1) == labels
    else:
        every = largest_errors(labels, held.outputs[:, 0], len(labels))
        scores = np.abs(labels.astype(float) - held.outputs[:, 0].astype(float))

    def named(label: float) -> str | float:
        return classes[int(label)] if classes else label

    (whole,) = by_group(["all"] * len(labels), scores)
    return {
        "network": held.network,
        "epochs": held.epochs,
        "splits": len(held.models),
        "rows": len(labels),
        "figure": task.metric,
        "all": dataclasses.asdict(whole.figure),
        "mistakes_in_all": len(every) if classes else None,
        "mistakes": [
            {
                "row": int(held.rows[each.row]),
                "label": named(each.label),
                "answer": named(each.answer),
                "size": each.size,
                "text": _text(part, each.row),
                "effects": _effects(held, part, each),
                "picture": _picture(part, each.row),
            }
            for each in every[:most]
        ],
        "suspects_in_all": len(suspects) if classes else None,
        "suspects": [
            {
                "row": int(held.rows[each.row]),
                "label": named(each.label),
                "likely": named(each.likely),
                "label_probability": each.label_probability,
                "likely_probability": each.likely_probability,
                "text": _text(part, each.row),
            }
            for each in suspects[:most]
        ],
        "groups": {
            title: [
                dataclasses.asdict(group)
                for group in sorted(by_group(names, scores), key=lambda group: order.index(group.name))
            ]
            for title, names, order in _groupings(held, part, by)
        },
    }


def _groupings(
    held: "HeldOut", part: "Part", by: Sequence[str]
) -> Iterator[tuple[str, list[str], list[str]]]:
    """By what rows are grouped: a title, the group of each row, and the groups in order."""
    import numpy as np

    from justfit.data.raw import Ids, Numbers, Texts
    from justfit.data.tokens import tokens
    from justfit.judge import quarters

    classes = held.dataset.classes
    if classes:
        yield "class", [classes[int(label)] for label in part.labels], list(classes)
    else:
        yield "label", *quarters(part.labels)
    match part.raw:
        case Texts(texts):
            yield "words", *quarters(np.array([len(tokens(text)) for text in texts]))
        case Ids(indptr=indptr):
            yield "words", *quarters(np.diff(indptr))
    for column in by:
        if not isinstance(part.raw, Numbers):
            raise SpecError(f"{held.dataset.name} has rows of text, which have no columns: leave out --by.")
        require_choice("by", column, part.raw.columns)
        yield column, *quarters(part.raw.values[:, part.raw.columns.index(column)].astype(float))


def _text(part: "Part", row: int) -> str | None:
    """The words of a row; None where it has numbers."""
    from justfit.data.raw import Ids, Texts

    match part.raw:
        case Texts(texts):
            return texts[row]
        case Ids() as raw:
            words = (
                raw.vocabulary.word(word) for word in raw.row(row).tolist() if word != raw.vocabulary.START
            )
            return " ".join(words)
    return None


def _picture(part: "Part", row: int) -> list[str]:
    """A row that is a picture as lines of characters."""
    from justfit.data.raw import Numbers

    return picture(part.raw, row, _LINES) if isinstance(part.raw, Numbers) else []


def _effects(held: "HeldOut", part: "Part", mistake: "Mistake") -> list[dict[str, Any]]:
    """What moved the answer most, and what spoke most against it."""
    import numpy as np

    from justfit.store import effects

    model = held.models[held.split[mistake.row]]
    row = model.preparation.rows(part.raw.take(np.array([mistake.row])))
    is_multiclass = model.task.name == "multiclass"
    answer = int(mistake.answer) if model.classes else 0
    found = effects(model, row, answer, int(mistake.label) if is_multiclass else None)
    toward = [effect for effect in found if effect.toward > 0][:_NAMED]
    against = [effect for effect in found if effect.toward < 0][:_NAMED]
    return [{"name": effect.name, "toward": effect.toward} for effect in (*toward, *against)]


def _show(found: Mapping[str, Any]) -> None:
    show = percent if found["figure"] == "accuracy" else number
    splits = f"{found['splits']} splits" if found["splits"] > 1 else "one split"
    say(
        f"{found['study']} {found['id']}: {found['network']}, epochs: {found['epochs']}, on "
        f"{found['rows']:,} validation rows of {splits}"
    )
    told = interval(found["all"], share=show is percent)
    say(f"{found['figure']} {show(found['all']['value'])}, 95% interval {told}")
    for mistake in found["mistakes"]:
        _show_mistake(mistake)
    if any(mistake["effects"] for mistake in found["mistakes"]):
        say()
        unit = "the log odds of the answer" if found["mistakes_in_all"] is not None else "the answer"
        say(f"beside a word or column: how far leaving it out alone would move {unit}")
    if found["mistakes_in_all"] is not None:
        _show_suspects(found)
    for title, groups in found["groups"].items():
        say()
        rows = [
            (
                group["name"],
                f"{group['rows']:,}",
                show(group["figure"]["value"]),
                interval(group["figure"], share=show is percent),
            )
            for group in groups
        ]
        say_table((title, "rows", found["figure"], "95% interval"), rows)


def _show_mistake(mistake: Mapping[str, Any]) -> None:
    say()
    is_class = isinstance(mistake["label"], str)
    label, answer = (cell(mistake[key]) if is_class else number(mistake[key]) for key in ("label", "answer"))
    sure = f"with {percent(mistake['size'])}" if is_class else f"off by {number(mistake['size'])}"
    say(f"training row {mistake['row']}: label {label}, predicted {answer} {sure}")
    if mistake["text"] is not None:
        say(f"  {_cut(mistake['text'])}")
    for line in mistake["picture"]:
        say(f"  {line}")
    for words, sign in (
        (f"for {answer}" if is_class else "raised by", 1),
        ("against" if is_class else "lowered by", -1),
    ):
        named = [each for each in mistake["effects"] if each["toward"] * sign > 0]
        if named:
            listed = ", ".join(f"{cell(each['name'])} {number(abs(each['toward']))}" for each in named)
            say(f"  {words}: {listed}")


def _show_suspects(found: Mapping[str, Any]) -> None:
    say()
    say(
        f"wrong answers: {found['mistakes_in_all']:,}; labels that may be wrong, by confident learning: "
        f"{found['suspects_in_all']:,}"
    )
    for each in found["suspects"]:
        say(
            f"training row {each['row']}: label {cell(each['label'])} {percent(each['label_probability'])}, "
            f"likely {cell(each['likely'])} {percent(each['likely_probability'])}"
        )
        if each["text"] is not None:
            say(f"  {_cut(each['text'])}")


def _cut(text: str) -> str:
    """A text on one line, its end cut off where it is long.

    >>> _cut("good  film")
    'good film'
    """
    line = " ".join(text.split())
    return cell(line if len(line) <= _LETTERS else f"{line[: _LETTERS - 4]} ...")
