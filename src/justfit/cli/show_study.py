"""A study stage by stage, for the screen and as plain values."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from justfit.cli.screen import cell, say, say_table
from justfit.cli.show_fit import told_fit, told_stage
from justfit.cli.studies import shown, shown_interval, told_figure
from justfit.judge.studies import StoredNetwork, compared, fits_of, metric_of, read_networks, stage_findings
from justfit.store.entries import read_from, state_of
from justfit.words import number, percent

if TYPE_CHECKING:
    from justfit.judge import Compared
    from justfit.store import StoredStudy


def show_study(
    study: "StoredStudy", networks: Mapping[str, StoredNetwork], found: Mapping[str, "Compared | None"]
) -> None:
    """Show what a study is about, its stages, the choice and the test."""
    with read_from(study.folder):
        head = list(_head(study, networks))
        decisions = [cell(decision) for decision in study.result["decisions"]] if study.result else []
    for line in head:
        say(line)
    if decisions:
        say()
        say("how the whole workflow came to it")
    for line in decisions:
        say(line)
    _show_stages(study, networks, found)
    _show_end(study)


def _given(settings: Mapping[str, Any]) -> Iterator[str]:
    """What was said of the data, key by key, without what was left as it is."""
    for key, value in settings.items():
        match value:
            case None | False | []:
                continue
            case dict():
                yield from _given(value)
            case list():
                yield f"{key} {', '.join(map(str, value))}"
            case _:
                yield f"{key} {value}"


def _head(study: "StoredStudy", networks: Mapping[str, StoredNetwork]) -> Iterator[str]:
    """What the study is about."""
    from justfit.cli.show_run import LEAKED
    from justfit.words import told_protocol

    spec, result = study.spec, study.result
    given = _given({key: value for key, value in spec["data"].items() if key != "name"})
    yield cell(
        f"{study.name}: study {study.id} on {', '.join([spec['data']['name'], *given])}; {state_of(study)}"
    )
    if study.is_leaked:
        yield LEAKED
    yield f"validation: {told_protocol(spec['validation'])}"
    first, replicates = spec["seed"], spec["replicates"]
    seeds = f"seed {first}" if replicates == 1 else f"seeds {first} to {first + replicates - 1}"
    yield f"replicates: {replicates}, {seeds}"
    if result is None:
        ids = {run_id for network in networks.values() for run_id in network.run_ids}
        trained = {run.id for network in networks.values() for run in network.runs}
        yield (
            f"{len(trained):,} of {len(ids):,} runs of {len(study.stages)} of {len(spec['stages'])} stages "
            "are trained: run it again to train what is missing"
        )
        return
    rows, splits = (
        result["rows"],
        "rows of the first fold" if spec["validation"]["name"] == "k_fold" else "rows",
    )
    validating = "" if study.is_leaked else f"{rows['validation']:,} validate, "
    yield f"{splits}: {rows['train']:,} train, {validating}{rows['test']:,} test"
    for note in result["notes"]:
        yield cell(f"note: {note}")
    for finding in result["audit"]:
        if finding["level"] == "warning":
            yield cell(f"warning: {finding['sentence']}")
    if (guess := result["validation_baseline"]) is not None:
        yield f"common-sense baseline on the rows that validate: {_told_baseline(guess)}"


def _told_baseline(guess: Mapping[str, Any]) -> str:
    figures, answer = guess["figures"], guess["answer"]
    if isinstance(answer, float):
        return f"always {number(answer)}, mae {number(figures['mae']['value'])}"
    called = answer if isinstance(answer, str) else ", ".join(answer)
    return cell(f'always "{called}", accuracy {percent(figures["accuracy"]["value"])}')


def _show_stages(
    study: "StoredStudy", networks: Mapping[str, StoredNetwork], found: Mapping[str, "Compared | None"]
) -> None:
    metric, figure, leaked = metric_of(networks), study.spec["select"], study.is_leaked
    bases = {stage["name"]: stage["base"] for stage in study.spec["stages"]}
    other = () if figure == "val_metric" else ("val_metric",)
    figures = (figure, "spread", "95% interval", *other)
    columns = (
        *("network", "no.", "parameters", "runs", "best epoch"),
        *(told_figure(name, metric) for name in figures),
        *("updates", "seconds", "fit"),
    )
    fits = fits_of(networks, found)
    for stage in study.stages:
        say()
        base = bases[stage["name"]]
        built = "" if base is None else f", from {'the winner of ' if base['winner'] else ''}{base['stage']}"
        say(cell(f"stage {stage['name']}{built}"))
        names = [each["name"] for each in stage["networks"]]
        rows = [
            (
                *_cells(networks[name], found[name], figure, metric, leaked=leaked),
                told_fit(fits[name], networks[name].left, leaked=leaked),
            )
            for name in names
        ]
        # Where no row validates there are no runs to tell of.
        shown_columns = len(columns) if any(networks[name].run_ids for name in names) else 3
        say_table(columns[:shown_columns], [row[:shown_columns] for row in rows])
        for name in names:
            for line in told_trouble(networks[name], done=study.result is not None):
                say(line)
        for line in told_stage(study, networks, names, found, fits):
            say(line)
    if any(found.values()):
        say()
        for line in told_terms(study):
            say(line)


def _cells(
    network: StoredNetwork, found: "Compared | None", figure: str, metric: str, *, leaked: bool
) -> tuple[str, ...]:
    """A network's line in the table of its stage."""
    head = (network.name, str(network.number), f"{network.parameters:,}", network.told_runs)
    if found is None:
        return (*head, *([""] * (6 if figure == "val_metric" else 7)))
    stands, between = found.standing, found.standing.interval
    other = () if figure == "val_metric" else (shown("val_metric", metric, found.metric, leaked=leaked),)
    return (
        *head,
        str(stands.best_epoch),
        shown(figure, metric, stands.value, leaked=leaked),
        shown(figure, metric, stands.spread),
        shown_interval(figure, metric, between.low, between.high),
        *other,
        f"{found.updates:,}",
        f"{found.seconds:.3f}",
    )


def told_trouble(network: StoredNetwork, *, done: bool) -> Iterator[str]:
    """Which runs of a network diverged or could not be trained."""
    from justfit.spec import Diverged

    epochs = [run.outcome.epoch for run in network.runs if isinstance(run.outcome, Diverged)]
    name, planned = cell(network.name), len(network.run_ids)
    if epochs:
        yield f"{name}: {len(epochs)} of {planned} runs diverged, the first in epoch {min(epochs)}"
    if done and (lacking := planned - len(network.runs)):
        yield f"{name}: {lacking} of {planned} runs are missing or could not be trained, so it stands nowhere"


def told_terms(study: "StoredStudy") -> Iterator[str]:
    """What the columns mean."""
    yield "figures: means over runs in the best epoch of the mean curve; spread: standard deviation over runs"
    yield "updates and seconds: up to that epoch, means over runs; those trained side by side share seconds"
    if study.spec["validation"]["name"] == "k_fold":
        yield "folds share training rows, so intervals over them are narrower than the truth"


def _show_end(study: "StoredStudy") -> None:
    """The choice and the test, as `justfit run` shows them."""
    from justfit.cli.show_run import show_result
    from justfit.spec import task_named

    if study.result is None:
        return
    with read_from(study.folder):
        result, stands = study.result, study.result["standing"]
        by = "" if stands is None else f", best epoch {stands['best_epoch']} by {stands['figure']}"
        say()
        say(cell(f"chosen: {result['chosen']}{by}") + (" LEAKED" if study.is_leaked else ""))
        if result["reason"]:
            say(cell(result["reason"]))
        task = task_named(result["task"])
    show_result(study, task)


def shown_json(
    study: "StoredStudy", networks: Mapping[str, StoredNetwork], found: Mapping[str, "Compared | None"]
) -> dict[str, object]:
    """The same as plain values."""
    from dataclasses import asdict

    fits, stages = fits_of(networks, found), []
    for stage in study.stages:
        names = [each["name"] for each in stage["networks"]]
        told = [
            {**compared_json(networks[name], found[name], study.is_leaked), "fit": fit and asdict(fit)}
            for name in names
            for fit in (fits[name],)
        ]
        search = [asdict(finding) for finding in stage_findings(study, networks, names)]
        stages.append({"name": stage["name"], "networks": told, "search": search})
    return {**study_json(study), "spec": study.spec, "stages": stages, "result": study.result}


def whole_json(study: "StoredStudy") -> dict[str, object]:
    """A study as `shown_json` has it, with its networks read from its store."""
    networks = read_networks(study.folder.parent, str(study.folder))[1]
    return shown_json(study, networks, compared(networks, study.spec["select"], metric_of(networks)))


def study_json(study: "StoredStudy") -> dict[str, object]:
    """What tells a study from others, as plain values."""
    return {
        "name": study.name,
        "id": study.id,
        "folder": str(study.folder),
        "state": state_of(study),
        "leaked": study.is_leaked,
    }


def compared_json(network: StoredNetwork, found: "Compared | None", leaked: bool) -> dict[str, object]:
    """A network and how it stands, as plain values."""
    from dataclasses import asdict

    return {
        "name": network.name,
        "number": network.number,
        "leaked": leaked,
        "parameters": network.parameters,
        "left": network.left,
        "runs_trained": len(network.runs),
        "runs_planned": len(network.run_ids),
        **(dict.fromkeys(_COMPARED) if found is None else asdict(found)),
    }


_COMPARED = ("standing", "error", "metric", "updates", "seconds", "difference", "pairs", "p", "verdict")
