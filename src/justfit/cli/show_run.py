"""A study as it stands on the screen: what is planned, how its networks stand, what came out."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from justfit.cli.screen import say, say_table
from justfit.report.reported import is_report_old, read_reported
from justfit.report.tested_figures import FIGURES, IN_PERCENT, told_value
from justfit.spec import AllRows, KFold, Task
from justfit.store import StoredStudy, StudyPaths
from justfit.words import interval, number, percent

if TYPE_CHECKING:  # showing what is stored needs no engine
    from justfit.workflow import Chosen, Decided, Halved, NetworkSummary, Planned, StageDone, StagePlanned

_MOST_CLASSES = 20
"""More would not fit on a screen; the study's folder has them all."""

_SPOKEN = {
    name: FIGURES[name] for name in ("balanced_accuracy", "macro_f1", "brier", "ece", "roc_auc", "pr_auc")
}
"""Test figures of classes in the order in which they are shown; each may be missing."""

LEAK = " LEAKED"
"""After a figure that test rows chose."""

LEAKED = "LEAKED: chosen by the test rows themselves, so no figure here tells how good it is on rows not seen"


def show_plan(plan: "Planned", *, named: bool = True) -> None:
    """The rows, how they validate, and what is to be beaten; ``named`` once the study is known."""
    study = plan.study
    say(f"{study.name}: {f'study {study.id} on {study.data.name}' if named else 'the whole workflow'}")
    say(_rows(plan))
    if study.replicates > 1:
        first, last = study.seeds[0], study.seeds[-1]
        say(f"each network is trained {study.replicates} times, with seeds {first} to {last}")
    if plan.is_leaked:
        say(LEAKED)
    for note in plan.notes:
        say(f"note: {note}")
    for finding in plan.findings:
        if finding.level == "warning":
            say(f"warning: {finding.sentence}")
    if (guess := plan.baseline) is not None:
        figures = (
            f"validation accuracy {percent(guess.figures.accuracy.value)}"
            if hasattr(guess.figures, "accuracy")
            else f"validation mae {number(guess.figures.mae.value)}"
        )
        say(f"common-sense baseline: always {_answer(guess.answer)}, {figures}")


def _rows(plan: "Planned") -> str:
    rows, protocol = plan.rows, plan.study.validation
    sealed = f"{rows.test:,} test rows are sealed"
    match protocol:
        case KFold():
            repeated = f", {protocol.repeats} times reshuffled" if protocol.repeats > 1 else ""
            kind = protocol.how.replace("_", " ")
            return (
                f"{protocol.folds} folds, {kind}{repeated}: in the first {rows.train:,} rows train and "
                f"{rows.validation:,} validate; {sealed}"
            )
        case AllRows():
            return f"{rows.train:,} rows train, none validates; {sealed}"
        case _ if plan.is_leaked:
            return f"{rows.train:,} rows train, the {rows.test:,} test rows validate"
    return f"{rows.train:,} rows train, {rows.validation:,} validate; {sealed}"


def show_decision(decided: "Decided") -> None:
    """What a step of the search came to."""
    say()
    say(f"{decided.step.replace('_', ' ')}: {decided.sentence}")


def show_halving(halved: "Halved") -> None:
    """How many networks left a stage."""
    say(f"{halved.stage.replace('_', ' ')}: {halved.sentence}")


def show_stage(stage: "StagePlanned") -> None:
    """The networks of a stage before they are trained; of a single one its layers."""
    say()
    if len(stage.networks) == 1:
        show_layers(stage.networks[0])
        return
    say(f"stage {stage.stage}, {len(stage.networks)} networks")
    rows = [
        (
            each.name,
            f"{each.parameters:,}",
            f"{each.epochs:,}",
            f"{each.runs:,}",
            f"{each.runs - each.missing:,}",
        )
        for each in stage.networks
    ]
    say_table(("network", "parameters", "epochs", "runs", "stored"), rows)


def show_layers(network: "NetworkSummary") -> None:
    """The layers of a network."""
    say(f"network {network.name}")
    lines = [
        (f"{layer.kind}, {layer.detail}", f"{layer.outputs:,}", f"{layer.parameters:,}")
        for layer in network.layers
    ]
    say_table(("layer", "outputs", "parameters"), [*lines, ("total", "", f"{network.parameters:,}")])
    say()


def show_standings(stage: "StageDone", *, leaked: bool = False, most: int | None = None) -> None:
    """How the networks of a stage stand, and its choice; ``leaked`` where test rows chose.

    Of a search only the ``most`` best, since it decides its steps by itself.
    """
    if len(stage.standings) < 2:
        return
    found = [standing for standing in stage.standings.values() if standing is not None]
    figure = found[0].figure if found else "figure"
    say()
    say(f"stage {stage.stage}, best first by {figure}: mean over runs in the best epoch of the mean curve")
    rows = []
    for name, standing in stage.standings.items():
        if standing is None:
            rows.append((name, "", "diverged", "", ""))
            continue
        spread = "" if standing.spread is None else number(standing.spread)
        value = f"{number(standing.value)}{LEAK * leaked}"
        rows.append((name, str(standing.best_epoch), value, spread, f"{standing.runs:,}"))
    say_table(("network", "best epoch", figure, "spread", "runs"), rows[:most])
    if left := len(rows) - len(rows[:most]):
        say(f"and {left} more")
    if stage.choice is not None and most is None:
        say(stage.choice.reason)


def show_choice(chosen: "Chosen", *, leaked: bool = False) -> None:
    """The network and the epoch that validation rows chose; ``leaked`` where those are test rows."""
    say()
    standing = chosen.standing
    if standing is None:
        say(f"{chosen.network}: training on all training rows, epochs: {chosen.epochs}")
        return
    over = f", mean of {standing.runs} runs" if standing.runs > 1 else ""
    figure = f"{standing.figure} {number(standing.value)}{LEAK * leaked}{over}"
    say(f"chosen: {chosen.network}, best epoch {standing.best_epoch}, {figure}")
    say(chosen.reason)
    if chosen.is_tested:
        say(f"training anew, epochs: {chosen.epochs}")


def show_result(study: StoredStudy, task: Task) -> None:
    """The figures of a study that is done; its report is written where it is missing or older than they."""
    assert study.result is not None
    result = study.result
    say()
    if result["leaked"]:
        say(LEAKED)
    if "test" in result:
        _show_test(study, result, task)
    else:
        say(f"{study.name}: {result['chosen']}, best epoch {result['best_epoch']}; nothing was tested")
    if result["looks"] is not None:
        say()
        for line in _told_looks(result["looks"]):
            say(line)
    _show_advice(study)
    if is_report_old(study.folder):
        from justfit.report.whole import write_report

        write_report(read_reported(study.folder.parent, str(study.folder)))
    say()
    say(f"to be read: {StudyPaths(study.folder).report}")
    say(f"written to {study.folder}")


def _show_test(study: StoredStudy, result: Mapping[str, Any], task: Task) -> None:
    test, means = result["test"], result["test_replicates"]
    what = "test, leaked" if result["leaked"] else "test"
    seeds = len(result["final_runs"])
    say(
        f"{study.name}: {result['chosen']}, {result['epochs']} epochs on {result['final_rows']:,} rows, "
        f"{result['updates']:,} updates, {result['seconds']:.1f} s; test rows opened "
        f"{_times(result['looks'])}:"
    )
    say_table((what, "value", "95% interval", "baseline"), _figure_rows(result, test))
    if seeds > 1:
        say()
        rows = [
            (
                _SPOKEN.get(name, name),
                told_value(name, found["value"]),
                interval(found, share=name in IN_PERCENT),
            )
            for name, found in means.items()
            if " of " not in name
        ]
        say_table((f"{what}, mean of {seeds} seeds", "value", "95% interval"), rows)
        say()
        together = [row[:3] for row in _figure_rows(result, result["test_ensemble"])]
        say_table((f"{what}, mean output of {seeds} networks", "value", "95% interval"), together)
    if not result["learned"]:
        say()
        say(
            "Nothing was learned that can be told from guessing: the interval of "
            f"{'ROC AUC reaches down to 0.5' if task.is_classification else 'r2 reaches down to 0'}."
        )
    if task.is_classification:
        _show_classes(result, test)
    if (decides := result["threshold"]) is not None:
        say()
        say(
            f"class {result['classes'][1]} above a probability of {number(decides['value'])}, the best "
            f"{'F1 score' if decides['aim'] == 'f1' else 'accuracy'} on {decides['rows']:,} validation rows: "
            f"{told_value(decides['aim'], decides[decides['aim']])}"
        )


def _times(looks: Mapping[str, Any]) -> str:
    """How often a study looked at test rows."""
    return "once" if looks["of_study"] == 1 else f"{looks['of_study']} times"


def _told_looks(looks: Mapping[str, Any]) -> Iterator[str]:
    """What a result says of the looks at its test rows, a sentence a line."""
    earlier = [
        f"{look['name']} {look['study']} on {look['when'][:10]}"
        + (f' ("{look["reason"]}")' if look["reason"] else "")
        for look in looks["earlier"]
    ]
    more = looks["number"] - 1 - len(earlier)
    told = f"; earlier: {', '.join(earlier)}" if earlier else ""
    yield f"test rows of {looks['data']}: look {looks['number']:,} in this store{told}" + (
        f" and {more:,} more" if more else ""
    )
    if looks["reason"]:
        yield f'reason to look again: "{looks["reason"]}"'
    if looks["resumed"]:
        yield "This look was logged before the study was stopped and carried on: it is counted once."


def _figure_rows(result: Mapping[str, Any], test: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    base = result["test_baseline"]["figures"]
    yield "loss", number(test["loss"]["value"]), interval(test["loss"]), ""
    if test.get("penalty"):
        yield "with penalties", number(test["loss"]["value"] + test["penalty"]), "", ""
    for name in ("accuracy", *_SPOKEN, "mae", "rmse", "r2"):
        if (found := test.get(name)) is None:
            continue
        against = told_value(name, base[name]["value"]) if name in base else ""
        told = interval(found, share=name in IN_PERCENT)
        yield _SPOKEN.get(name, name), told_value(name, found["value"]), told, against


def _show_classes(result: Mapping[str, Any], test: Mapping[str, Any]) -> None:
    classes = test["classes"]
    say()
    if len(classes) > _MOST_CLASSES:
        say(f"{len(classes)} classes: their figures stand in the study's folder.")
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


def _show_advice(study: StoredStudy) -> None:
    """Why the chosen network's training ended where it did, and what that suggests to do next."""
    assert study.result is not None
    chosen, best = study.result["chosen"], study.result["best_epoch"]
    runs = study.runs(chosen)
    if not runs or study.result["standing"] is None:
        return
    epochs, patience = (study.networks[chosen]["candidate"]["recipe"][key] for key in ("epochs", "patience"))
    best = study.result["standing"]["best_epoch"]
    last = min(len(run.history) for run in runs)
    advice = None
    if best == epochs:
        advice = (
            f"The best epoch was the last of {epochs}, so the network may still have been getting better: "
            f"try more epochs, such as {2 * epochs}."
        )
    elif last < epochs and patience is not None and last - best >= patience:
        advice = f"Training stopped after epoch {last} of {epochs}, as none was better than epoch {best}."
    elif last < epochs and any("Diverged" in repr(run.outcome) for run in runs):
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
