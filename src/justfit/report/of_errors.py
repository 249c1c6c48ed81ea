"""The section of a report on errors: the surest mistakes, doubtful labels, weak groups, and what matters."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from justfit.data.finding import counted
from justfit.report.blocks import Block, Drawing, Example, Section, Sentence, Table
from justfit.report.findings import titled
from justfit.report.matter_chart import matter_chart
from justfit.report.reported import Reported
from justfit.words import interval, listed, number, percent

_LETTERS = 160
"""Of a text in a table."""

_MOST_GROUPS = 20
"""Of one kind, the weakest, that are told."""

Mistakes = Mapping[str, Any]
"""As the store's README has ``mistakes.json``."""


def errors(reported: Reported) -> Section | None:
    """What the chosen network gets wrong on validation rows; None where that is not known."""
    found = reported.mistakes
    if found is None:
        return None
    unit = _unit(reported)
    blocks = [
        *_in_all(found, unit),
        *(_example(mistake) for mistake in found["mistakes"]),
        *_suspects(found),
        *_groups(found),
        *_matter(reported, found, unit),
    ]
    return Section("errors", "Errors worth reading", tuple(blocks))


def _unit(reported: Reported) -> str:
    """What leaving out a word or column moves: what the last layer has before its activation."""
    result = reported.study.result
    return "the prediction" if result is not None and result["task"] == "regression" else "the log odds"


def _in_all(found: Mistakes, unit: str) -> Iterator[Sentence]:
    """How many answers are wrong, and who gave them."""
    is_of_classes, whole = found["mistakes_in_all"] is not None, found["all"]
    show = percent if is_of_classes else number
    splits = f"each of {found['splits']} splits" if found["splits"] > 1 else "the training part"
    text = (
        f"{found['network']}, trained for {counted(found['epochs'], 'epoch')} on {splits} and asked about "
        f"{counted(found['rows'], 'row')} that it was not trained on, has "
        f"{'an accuracy' if is_of_classes else 'a mean absolute error'} of {show(whole['value'])} (95% "
        "interval "
        f"{interval(whole, share=is_of_classes)})"
    )
    if is_of_classes:
        wrong = found["mistakes_in_all"]
        text += f"; {counted(wrong, 'answer')} {'is' if wrong == 1 else 'are'} wrong"
    keys = ("epochs", "splits", "rows", "mistakes_in_all")
    yield Sentence(
        f"{text}.", {"network": found["network"], "all": whole} | {key: found[key] for key in keys}
    )
    if not found["mistakes"]:
        return
    shown = len(found["mistakes"])
    what = "mistake" if is_of_classes else "row"
    sure = "surest" if is_of_classes else "furthest off"
    told = any(each["effects"] and not each["picture"] for each in found["mistakes"])
    yield Sentence(
        f"Below {'stands' if shown == 1 else 'stand'} {counted(shown, what)}, {sure} first"
        + (f"; beside a word or column how far leaving it out alone would move {unit}." if told else "."),
        {"shown": shown},
    )


def _example(mistake: Mapping[str, Any]) -> Example:
    """A wrong answer with what moved it."""
    if isinstance(mistake["label"], str):
        heading = (
            f'Training row {mistake["row"]:,}: labelled "{mistake["label"]}", answered '
            f'"{mistake["answer"]}" with '
            f"{percent(mistake['size'])}"
        )
    else:
        heading = (
            f"Training row {mistake['row']:,}: labelled {number(mistake['label'])}, answered "
            f"{number(mistake['answer'])}, off by {number(mistake['size'])}"
        )
    # Of a picture the effects are of single pixels, which say nothing.
    moved = () if mistake["picture"] else tuple((each["name"], each["toward"]) for each in mistake["effects"])
    return Example(heading, mistake["text"], mistake["picture"], moved)


def _suspects(found: Mistakes) -> Iterator[Block]:
    """Labels that may be wrong: pictures to look at, all else in a table."""
    suspects, count = found["suspects"], found["suspects_in_all"]
    if not count:
        return
    yield Sentence(
        f"Of {counted(found['rows'], 'row')} {count:,} {'has a label' if count == 1 else 'have labels'} "
        "that may be "
        "wrong, by confident learning: another class reaches the probability that is usual for its own "
        "rows, while "
        "the label's does not. Look before you change one: the network may be what is wrong.",
        {"suspects": count, "rows": found["rows"]},
    )
    if all(each["picture"] for each in suspects):
        known = {mistake["row"] for mistake in found["mistakes"]}
        for each in suspects:
            if each["row"] not in known:
                heading = (
                    f'Training row {each["row"]:,}: labelled "{each["label"]}", looks like "{each["likely"]}"'
                )
                yield Example(heading, None, each["picture"])
        return
    has_text = any(each["text"] is not None for each in suspects)
    yield Table(
        f"The {counted(len(suspects), 'label')} most likely to be wrong",
        (
            "label",
            "looks like",
            *(["row reads"] if has_text else []),
            "row",
            "label's probability",
            "the other's",
        ),
        tuple(
            (
                str(each["label"]),
                str(each["likely"]),
                *([_cut(each["text"] or "")] if has_text else []),
                f"{each['row']:,}",
                percent(each["label_probability"]),
                percent(each["likely_probability"]),
            )
            for each in suspects
        ),
        texts=3 if has_text else 2,
    )


def _cut(text: str) -> str:
    """A text on one line, its end cut off where it is long.

    >>> _cut("good  film")
    'good film'
    """
    line = " ".join(text.split())
    return line if len(line) <= _LETTERS else f"{line[: _LETTERS - 4]} ..."


def _groups(found: Mistakes) -> Iterator[Block]:
    """How groups of rows fare, those that fare worse than all set off."""
    is_share = found["figure"] == "accuracy"
    show, whole = percent if is_share else number, found["all"]["value"]
    rows: list[tuple[str, ...]] = []
    marked, worse, tested = set(), [], 0
    for title, groups in found["groups"].items():
        tested += len(groups)
        weakest = sorted(groups, key=lambda group: group["figure"]["value"], reverse=not is_share)[
            :_MOST_GROUPS
        ]
        for group in [each for each in groups if each in weakest]:
            if _is_worse(group["figure"], whole, is_share=is_share):
                marked.add(len(rows))
                worse.append((title, group))
            figure = group["figure"]
            rows.append(
                (
                    title,
                    group["name"],
                    f"{group['rows']:,}",
                    show(figure["value"]),
                    interval(figure, share=is_share),
                )
            )
    if not rows:
        return
    if worse:
        title, group = (max if not is_share else min)(worse, key=lambda each: each[1]["figure"]["value"])
        text = (
            f"Of {counted(tested, 'group')} of rows {len(worse):,} "
            f"{'fares' if len(worse) == 1 else 'fare'} worse "
            f'than all rows together; the worst is {title} "{group["name"]}" with {found["figure"]} '
            f"{show(group['figure']['value'])} against {show(whole)}. Chance alone lets about one of 40 "
            "groups seem so."
        )
    else:
        text = f"None of {counted(tested, 'group')} of rows fares worse than all rows by more than chance."
    yield Sentence(text, {"groups": tested, "worse": [f"{title} {group['name']}" for title, group in worse]})
    yield Table(
        "Groups of rows; set off is what fares worse, its whole 95% interval being beyond the figure of "
        "all rows",
        ("by", "group", "rows", found["figure"], "95% interval"),
        tuple(rows),
        texts=2,
        marked=frozenset(marked),
    )


def _is_worse(figure: Mapping[str, Any], whole: float, *, is_share: bool) -> bool:
    end = figure["high" if is_share else "low"]
    return end is not None and (end < whole if is_share else end > whole)


def _matter(reported: Reported, found: Mistakes, unit: str) -> Iterator[Block]:
    """The words or columns that move answers most."""
    matter = found["matter"]
    if matter is None or not matter["columns"]:
        return
    result = reported.study.result
    # Of several classes `toward` is of rows of one answer alone, so that it is less than what is moved.
    two_sided = result is not None and result["task"] not in ("multiclass", "multilabel")
    columns = [{**each, "for": _told_for(each, two_sided=two_sided)} for each in matter["columns"]]
    what = "words" if "words" in found["groups"] else "columns"
    is_of_classes = found["mistakes_in_all"] is not None
    heads = ("speaks for", "of that for it") if is_of_classes else ("more of it makes it", "with its sign")
    first = [f'"{each["name"]}"' for each in columns[:3]]
    yield Drawing(
        "what-matters",
        matter_chart(
            columns,
            f"how far leaving it out moves {unit}, on the mean",
            titled(reported.study, f"{what} that matter most"),
            _notes(found, matter["rows"], what),
        ),
        f"The {what} that move answers most, over {counted(matter['rows'], 'validation row')}",
        f"On the mean of {counted(matter['rows'], 'validation row')} {listed(first)} "
        f"{'moves' if len(first) == 1 else 'move'} the answers most; leaving out {first[0]} alone moves "
        f"{unit} by "
        f"{number(columns[0]['moved'])}.",
        Table(
            f"The {counted(len(columns), what.removesuffix('s'))} that move answers most",
            (what.removesuffix("s"), heads[0], "rows that have it", f"moves {unit} by", heads[1]),
            tuple(
                (
                    each["name"],
                    each["for"],
                    f"{each['rows']:,}",
                    number(each["moved"]),
                    number(each["toward"]),
                )
                for each in columns
            ),
            texts=2,
        ),
    )


def _notes(found: Mistakes, rows: int, what: str) -> Sequence[str]:
    sample = (
        f"A sample of {rows:,} of {found['rows']:,} validation rows"
        if rows < found["rows"]
        else "Validation rows"
    )
    said = [f"{sample}; a row without a word counts as 0." if what == "words" else f"{sample}."]
    if found["mistakes_in_all"] is not None:
        said.append("In colour the class that it, or more of it, speaks for most.")
    else:
        said.append("In colour what more of it makes the prediction.")
    return said


def _told_for(column: Mapping[str, Any], *, two_sided: bool) -> str:
    """A class, or of a regression which way more of it moves the answer, where that is mostly one way."""
    if two_sided and abs(column["toward"]) < column["moved"] / 3:
        return "either way"
    if column["speaks_for"] is not None:
        return str(column["speaks_for"])
    return "higher" if column["toward"] > 0 else "lower"
