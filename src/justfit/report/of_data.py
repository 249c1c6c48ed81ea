"""Sections of a report: the data with their audit, and the protocol."""

from collections.abc import Iterator, Mapping
from typing import Any

from justfit.data.finding import counted
from justfit.judge.choice import quoted
from justfit.judge.studies import more_is_better
from justfit.report.blocks import Block, Section, Sentence, Table
from justfit.report.findings import figure_name
from justfit.report.reported import Reported
from justfit.words import percent, told_protocol, told_task

_MOST_CLASSES = 30
"""That have a line of their own."""


def data(reported: Reported) -> Section | None:
    """What the rows are, what classes they have, and what the audit found; None before anything is known."""
    result, spec = reported.study.result, reported.study.spec["data"]
    runs = [run for network in reported.networks.values() for run in network.runs] or [
        *reported.study.final_runs
    ]
    if not runs:
        return None
    first = runs[0].spec
    classes = result["classes"] if result else []
    text = f"The data set is {spec['name']}. To be learned is {told_task(first['task'], len(classes))}."
    figures: dict[str, object] = {"data": spec["name"], "task": first["task"], "classes": list(classes)}
    blocks: list[Block] = [Sentence(text, figures)]
    if asked := {
        key: value for key, value in spec.items() if key not in ("name", "files") and value is not None
    }:
        told = ", ".join(f"{key.replace('_', ' ')} {_told(value)}" for key, value in asked.items())
        blocks.append(Sentence(f"Asked for: {told}.", asked))
    fingerprint = str(first["fingerprint"])
    text = f"Its fingerprint, by which the same rows and labels are known again, is {fingerprint}."
    blocks.append(Sentence(text, {"fingerprint": fingerprint}))
    if result:
        blocks += [Sentence(note) for note in result["notes"]]
        blocks += _classes(reported, result)
        blocks += _audit(result)
    return Section("data", "Data", tuple(blocks))


def _told(value: object) -> str:
    """A setting of the data as it is read."""
    if isinstance(value, Mapping):
        told = {key.replace("_", " "): each for key, each in value.items() if key != "name"}
        return ", ".join(f"{key} {_told(each)}" for key, each in told.items() if each is not None)
    return f"{value:,}" if isinstance(value, int) else str(value)


def _classes(reported: Reported, result: Mapping[str, Any]) -> Iterator[Block]:
    """How many rows each class has among those that validate, and among those that test."""
    parts = {"rows that validate": "validation_baseline", "test rows": "test_baseline"}
    if reported.leaked:
        del parts["rows that validate"]
    found = {part: result[key]["figures"] for part, key in parts.items() if result[key] is not None}
    found = {part: figures for part, figures in found.items() if "classes" in figures}
    if not found:
        return
    supports = {
        part: [(each["name"], int(each["support"])) for each in figures["classes"]]
        for part, figures in found.items()
    }
    names = [name for name, _ in next(iter(supports.values()))]
    order = list(range(len(names)))
    if len(names) > _MOST_CLASSES:
        most = next(iter(supports.values()))
        order = sorted(order, key=lambda number: -most[number][1])[:_MOST_CLASSES]
    rows = tuple(
        (
            names[number],
            *(
                cell
                for part, counts in supports.items()
                for cell in (f"{counts[number][1]:,}", percent(counts[number][1] / found[part]["rows"]))
            ),
        )
        for number in order
    )
    caption = (
        "Rows of each class"
        if len(rows) == len(names)
        else f"Rows of the {len(rows)} largest of {len(names):,} classes"
    )
    if result["task"] == "multilabel":
        caption = caption.replace("class", "label") + "; a row has any number of them"
    yield Table(caption, ("class", *(head for part in supports for head in (part, "share"))), rows)


def _audit(result: Mapping[str, Any]) -> Iterator[Sentence]:
    """What the audit found, the worst first."""
    if not result["audit"]:
        yield Sentence("The audit of the training rows found nothing remarkable.")
    for finding in result["audit"]:
        figures = {"what": finding["what"], "level": finding["level"], "count": finding["count"]}
        yield Sentence(finding["sentence"], figures, is_warning=finding["level"] == "warning")


def protocol(reported: Reported) -> Section | None:
    """Which rows train, validate and stay sealed, how often networks are trained, and what a mean is over."""
    spec = reported.study.spec
    blocks = [*_rows(reported), *_replicates(reported), *_means(reported)]
    rule = (
        "Of several networks the smallest is taken that is within one standard error of the best and not "
        "distinguishably worse."
        if spec["rule"] == "one_standard_error"
        else "Of several networks the best is taken."
    )
    if spec["validation"]["name"] != "all_rows":
        blocks.append(Sentence(rule, {"rule": spec["rule"], "select": spec["select"]}))
    return Section("protocol", "Protocol", tuple(blocks))


def _rows(reported: Reported) -> Iterator[Sentence]:
    spec, result = reported.study.spec["validation"], reported.study.result
    told = told_protocol(spec)
    told = told[0].upper() + told[1:]
    if result is None:
        yield Sentence(f"{told}.", dict(spec), is_warning=reported.leaked)
        return
    rows = result["rows"]
    figures = {**spec, **rows}
    if reported.leaked:
        yield Sentence(
            f"LEAKED: {rows['train']:,} rows train and the {rows['test']:,} test rows validate, so every "
            "figure here is fitted to them and none tells how good a network is on rows not seen.",
            figures,
            is_warning=True,
        )
        return
    sealed = f"{counted(rows['test'], 'test row')} stayed sealed until the choice was stored"
    if result["looks"] is None:
        sealed = f"{counted(rows['test'], 'test row')} {'is' if rows['test'] == 1 else 'are'} sealed"
    first = " of the first split" if spec["name"] == "k_fold" else ""
    validate = f" and {rows['validation']:,} validate" if rows["validation"] else ""
    yield Sentence(f"{told}. {counted(rows['train'], 'row')}{first} train{validate}; {sealed}.", figures)


def _replicates(reported: Reported) -> Iterator[Sentence]:
    """How often networks are trained, and which left early."""
    spec = reported.study.spec
    first, replicates = spec["seed"], spec["replicates"]
    folds = spec["validation"].get("folds", 1) * spec["validation"].get("repeats", 1)
    figures = {"seed": first, "replicates": replicates, "splits": folds}
    split = " on each split" if folds > 1 else ""
    seeds = f"with seed {first}" if replicates == 1 else f"with seeds {first} to {first + replicates - 1}"
    runs = f", {counted(folds * replicates, 'run')} a network" if folds * replicates > 1 else ""
    own = [each for each in spec["stages"] if each["replicates"] not in (None, replicates)]
    if len(own) < len(spec["stages"]):
        yield Sentence(f"Each network is trained {seeds}{split}{runs}.", figures)
    for times in dict.fromkeys(each["replicates"] for each in own):
        names = [each["name"] for each in own if each["replicates"] == times]
        what = "stage" if len(names) == 1 else "stages"
        yield Sentence(
            f"In the {what} {quoted(names)} each network is trained with {counted(times, 'seed')}{split}, "
            f"{counted(folds * times, 'run')} a network.",
            {"stages": names, "replicates": times},
        )
    if left := {
        name: network.left for name, network in reported.networks.items() if network.left is not None
    }:
        yield Sentence(
            f"{counted(len(left), 'network')} of {len(reported.networks):,} left early, being in the worse "
            "half of a stage: what is told of them holds for the epochs that they were trained.",
            {"left": left},
        )


def _means(reported: Reported) -> Iterator[Sentence]:
    """What a figure is a mean of, and what its interval tells."""
    spec, name = reported.study.spec, reported.study.spec["validation"]["name"]
    if name == "all_rows":
        yield Sentence("No row validates, so networks are not compared, and the epochs were set beforehand.")
        return
    best = "highest" if more_is_better(spec["select"], reported.metric) else "lowest"
    figure = figure_name(spec["select"], reported.metric)
    folds, seeds = (
        spec["validation"].get("folds", 1),
        max([spec["replicates"], *(each["replicates"] or 1 for each in spec["stages"])]),
    )
    over = " and ".join(["folds"] * (folds > 1) + ["seeds"] * (seeds > 1))
    if not over:
        yield Sentence(
            f"Every figure of a network is of its one run, in the epoch with the {best} {figure}. One run "
            "leaves unknown what other seeds or rows would give, so no interval can be told and no two "
            "networks can be called different.",
            {"select": spec["select"]},
        )
        return
    yield Sentence(
        f"Every figure of a network is the mean over its runs ({over}) in the best epoch of the mean curve, "
        f"that with the {best} {figure}. Intervals and bands are the 95% intervals of that mean by "
        "Student's t.",
        {"select": spec["select"]},
    )
    if folds > 1:
        yield Sentence(
            "Folds share training rows, so runs resemble each other more than independent ones would, and "
            "intervals over folds are narrower than the truth. Comparisons of two networks, made in pairs of "
            "runs on the same split with the same seed, are corrected for that (Nadeau and Bengio 2003)."
        )
    else:
        yield Sentence(
            "All runs share the rows that validate: intervals tell what other seeds would give, not what "
            "other rows would. Two networks are compared in pairs of runs with the same seed."
        )
