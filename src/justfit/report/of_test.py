"""The section of a report on the test: how often test rows were opened, and what came out on them."""

from collections.abc import Iterator, Mapping
from typing import Any

from justfit.data.finding import counted
from justfit.report.blocks import Block, Section, Sentence, Table
from justfit.report.of_classes import of_classes
from justfit.report.of_predictions import of_predictions
from justfit.report.reported import Reported
from justfit.report.tested_figures import FIGURES, metric_in, told_interval, told_value
from justfit.words import listed, number, percent, told_answer

__test__: dict[str, str] = {}
"""So pytest takes `test` for no test."""

_TITLE = "The test"


def test(reported: Reported) -> Section | None:
    """What the final network is worth on test rows; None while the study is not done."""
    result = reported.study.result
    if result is None:
        return None
    if "test" not in result:
        said = Sentence(
            "Nothing was tested: the study has no final network, and its figures are of validation rows."
        )
        return Section("test", _TITLE, (said,))
    blocks: list[Block] = [*_looks(reported.study.id, result), *_headline(result), _figures(result)]
    if len(result["final_runs"]) > 1:
        blocks += _seeds(result)
    if result["classes"]:
        blocks += of_classes(reported, result)
    else:
        blocks += of_predictions(reported, result)
    return Section("test", _TITLE, tuple(blocks))


def _looks(study: str, result: Mapping[str, Any]) -> Iterator[Sentence]:
    """How often the test rows were opened, and what that means."""
    rows, looks = result["rows"]["test"], result["looks"]
    if result["leaked"]:
        yield Sentence(
            f"LEAKED: the {counted(rows, 'test row')} validated, so the network was chosen by them, and no "
            "figure "
            "here tells how good it is on rows not seen.",
            {"rows": rows, "leaked": True},
            is_warning=True,
        )
    if looks is None:
        return
    own, number_of_look = looks["of_study"], looks["number"]
    figures = {"rows": rows, "looks": number_of_look, "looks_of_study": own, "resumed": looks["resumed"]}
    if not result["leaked"]:
        sealed = "stayed sealed until the choice was stored"
        if own == 1:
            yield Sentence(
                f"The {counted(rows, 'test row')} {sealed}, and this study opened them once.", figures
            )
        else:
            yield Sentence(
                f"The {counted(rows, 'test row')} were opened {own:,} times by this study"
                + (f', the last time for this reason: "{looks["reason"]}"' if looks["reason"] else "")
                + ". Each look after the first lets figures seem a little better than they are.",
                {**figures, "reason": looks["reason"]},
                is_warning=True,
            )
    elif own > 1:
        yield Sentence(f"This study opened them {own:,} times.", figures, is_warning=True)
    if others := number_of_look - own:
        named = [each["name"] for each in looks["earlier"] if each["study"] != study]
        beside = (
            f" ({'among them ' * (len(named) < others)}{listed([*dict.fromkeys(named)])})" if named else ""
        )
        yield Sentence(
            f"Other studies of this store had opened the test rows of {looks['data']} "
            f"{'once' if others == 1 else f'{others:,} times'} before{beside}: whoever has seen their "
            "figures has "
            "chosen with them in mind.",
            {**figures, "looks_of_others": others},
            is_warning=True,
        )
    if looks["resumed"]:
        yield Sentence(
            "The look was logged before the study was stopped and carried on: it is counted once.", figures
        )


def _headline(result: Mapping[str, Any]) -> Iterator[Sentence]:
    """The figure that matters beside the baseline, and whether anything was learned."""
    test, guess, mark = result["test"], result["test_baseline"], " LEAKED" * result["leaked"]
    metric = metric_in(test)
    figure, base = test[metric], guess["figures"][metric]
    yield Sentence(
        f"The {FIGURES[metric]} on {counted(test['rows'], 'test row')} is "
        f"{told_value(metric, figure['value'])}{mark} "
        f"(95% interval {told_interval(metric, figure)}); the common-sense baseline, which answers every "
        "row with "
        f"{told_answer(guess['answer'])}, comes to {told_value(metric, base['value'])} "
        f"({told_interval(metric, base)}).",
        {metric: figure, "baseline": base, "answer": guess["answer"]},
    )
    name, guessing = ("r2", 0.0) if "r2" in test else ("roc_auc", 0.5)
    if (found := test.get(name)) is None or "learned" not in result:
        return
    if not result["learned"]:
        yield Sentence(
            f"Nothing was learned that can be told from guessing: the 95% interval of {FIGURES[name]}, "
            f"{told_interval(name, found)}, does not lie above {guessing:g}.",
            {name: found, "learned": False},
            is_warning=True,
        )
    elif not result["leaked"]:
        yield Sentence(
            f"More was learned than guessing: the 95% interval of {FIGURES[name]}, "
            f"{told_interval(name, found)}, "
            f"lies above {guessing:g}, which is what guessing is worth.",
            {name: found, "learned": True},
        )
    if (decides := result["threshold"]) is not None:
        aim = "F1 score" if decides["aim"] == "f1" else "accuracy"
        yield Sentence(
            f'The answer is "{result["classes"][1]}" above a probability of {number(decides["value"])}, '
            "chosen for "
            f"the best {aim} on {counted(decides['rows'], 'validation row')}, where it is "
            f"{(number if decides['aim'] == 'f1' else percent)(decides[decides['aim']])}.",
            {"threshold": decides},
        )


def _figures(result: Mapping[str, Any]) -> Table:
    """Each figure with its interval, beside the baseline's."""
    test, base, mark = result["test"], result["test_baseline"]["figures"], " LEAKED" * result["leaked"]
    rows = []
    for name, spoken in FIGURES.items():
        if (figure := test.get(name)) is None:
            continue
        other = base.get(name)
        against = (
            ("", "") if other is None else (told_value(name, other["value"]), told_interval(name, other))
        )
        rows.append(
            (spoken, f"{told_value(name, figure['value'])}{mark}", told_interval(name, figure), *against)
        )
        if name == "loss" and test.get("penalty"):
            rows.append(
                ("loss with penalties", f"{number(figure['value'] + test['penalty'])}{mark}", "", "", "")
            )
    return Table(
        f"Figures on {counted(test['rows'], 'test row')}",
        ("figure", "value", "95% interval", "baseline", "its 95% interval"),
        tuple(rows),
    )


def _seeds(result: Mapping[str, Any]) -> Iterator[Block]:
    """The mean over seeds, and what the seeds' networks are worth together."""
    means, together, mark = result["test_replicates"], result["test_ensemble"], " LEAKED" * result["leaked"]
    metric, seeds = metric_in(means), len(result["final_runs"])
    mean = means[metric]
    text = (
        f"Over {seeds} seeds the {FIGURES[metric]} is {told_value(metric, mean['value'])}{mark} on the "
        "mean, with a "
        f"95% interval of {told_interval(metric, mean)} for what another seed leaves open"
    )
    figures = {f"mean {metric}": mean}
    if together is not None:
        text += (
            f"; the mean of their outputs has {told_value(metric, together[metric]['value'])}{mark} "
            f"({told_interval(metric, together[metric])} over rows)"
        )
        figures[f"ensemble {metric}"] = together[metric]
    yield Sentence(f"{text}.", figures)
    rows = []
    for name, spoken in FIGURES.items():
        if (figure := means.get(name)) is None:
            continue
        beside = ["", ""]
        if together is not None and together.get(name) is not None:
            other = together[name]
            beside = [f"{told_value(name, other['value'])}{mark}", told_interval(name, other)]
        rows.append(
            (spoken, f"{told_value(name, figure['value'])}{mark}", told_interval(name, figure), *beside)
        )
    yield Table(
        f"The mean over {seeds} seeds, and the mean of the outputs of their networks",
        ("figure", "mean", "95% interval over seeds", "of mean outputs", "95% interval over rows"),
        tuple(rows),
    )
