"""``justfit mistakes``: what a stored study's network gets wrong on validation rows, and what moved it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from justfit.cli.screen import cell, say, say_json, say_table
from justfit.cli.studies import JsonOption, StoreOption, StudyArgument, ThreadsOption
from justfit.machine import DEFAULT_STORE
from justfit.words import interval, number, percent

_LETTERS = 160
"""Of a text on its line."""


def mistakes(  # noqa: PLR0917 - typer calls it by keyword
    study: StudyArgument,
    network: Annotated[
        str | None, typer.Option(help="One of its networks, by default the chosen one.")
    ] = None,
    most: Annotated[int, typer.Option(help="How many mistakes and doubtful labels to show.", min=1)] = 5,
    by: Annotated[list[str] | None, typer.Option(help="Columns to group rows by, too.")] = None,
    out: Annotated[
        list[Path] | None,
        typer.Option(
            help="Draw the surest mistakes of each class, where rows are pictures, to a file ending in .png, "
            ".svg or .html; may be given again."
        ),
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    threads: ThreadsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the surest mistakes on validation rows, doubtful labels and how groups fare.

    Test rows stay sealed. The network is trained again on each split, so that every row is judged by one
    that was not trained on it.
    """
    from justfit.cli.held_out import dataset_of, held_out
    from justfit.cli.mistakes_drawn import mistake_pictures
    from justfit.cli.mistakes_found import found_mistakes
    from justfit.report import mistakes_chart, require_suffix, write_chart
    from justfit.store import find_study, read_study

    for path in out or ():
        require_suffix(path)
    stored = read_study(find_study(store, study))
    dataset = dataset_of(stored)
    held = held_out(stored, dataset, network, threads)
    if out:
        chart = mistakes_chart(f"{stored.name}: {held.network}", mistake_pictures(held, most))
    found = {"study": stored.name, "id": stored.id, **found_mistakes(held, most, by or [])}
    for path in out or ():
        write_chart(chart, path)
    if as_json:
        say_json({**found, "written": out or []})
        return
    _show(found)
    for path in out or ():
        say()
        say(f"written to {path}")


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
