"""The report's last sections: what to beware of, and all that is needed to do the study again."""

from collections.abc import Iterator

from justfit.judge.studies import stage_findings
from justfit.report.blocks import Block, Code, Section, Sentence
from justfit.report.reported import Reported
from justfit.spec import Diverged
from justfit.store import StudyPaths, unchanged_file
from justfit.store.files import read_json

_FEW = 3
"""Names of a list that are told."""


def warnings(reported: Reported) -> Section | None:
    """Leaks, warnings of the audit, runs that diverged, what the search lacks, looks, narrow intervals."""
    found: tuple[Block, ...] = tuple(_warnings(reported))
    if not found:
        found = (Sentence("Nothing was found that would call these figures into question."),)
    return Section("warnings", "Warnings", found)


def _warnings(reported: Reported) -> Iterator[Sentence]:
    yield from _of_state(reported)
    for finding in (reported.study.result or {}).get("audit", ()):
        if finding["level"] == "warning":
            yield _warning(f"Audit: {finding['sentence']}", what=finding["what"], count=finding["count"])
    yield from _diverged(reported)
    for stage in reported.study.stages:
        names = [network["name"] for network in stage["networks"]]
        for each in stage_findings(reported.study, reported.networks, names):
            text = f"Search, stage {stage['name']}: {each.sentence}"
            yield Sentence(text, {"kind": each.kind}, each.kind == "diverged")
    yield from _of_rows(reported)


def _of_state(reported: Reported) -> Iterator[Sentence]:
    """Whether the study's figures mean anything at all."""
    networks, result = reported.networks, reported.study.result
    if reported.leaked:
        yield _warning(
            "Test rows validated: networks and epochs were chosen by them, so all figures are better than "
            "the network is. Hold training rows out instead."
        )
    if result is None:
        trained = sum(network.is_complete for network in networks.values())
        yield _warning(
            f"The study is not done: {trained} of {len(networks)} networks are trained in all their runs.",
            networks=len(networks),
            trained=trained,
        )
    elif not result.get("learned", True):
        yield _warning("Nothing was learned that can be told from guessing.")


def _diverged(reported: Reported) -> Iterator[Sentence]:
    counts = {
        name: sum(isinstance(run.outcome, Diverged) for run in network.runs)
        for name, network in reported.networks.items()
    }
    if diverged := sum(counts.values()):
        runs = sum(len(network.runs) for network in reported.networks.values())
        yield _warning(
            f"{diverged} of {runs} runs diverged, of {_few([name for name in counts if counts[name]])}: "
            "their curves end there, and none of their networks is compared by later epochs.",
            diverged=diverged,
            runs=runs,
        )


def _of_rows(reported: Reported) -> Iterator[Sentence]:
    """What the way that rows were used leaves open."""
    result, protocol = reported.study.result or {}, reported.study.spec["validation"]
    if (looks := result.get("looks")) and looks["number"] > 1:
        yield _warning(
            f"This was look {looks['number']} at the test rows of {looks['data']} in this store: each look "
            "after the first makes figures look a little better than they are.",
            looks=looks["number"],
            of_study=looks["of_study"],
        )
    if result and reported.mistakes is None and protocol["name"] in ("hold_out", "k_fold"):
        yield Sentence(
            "What the network gets wrong is not known yet: `justfit report` finds it where the data can be "
            "read."
        )
    if protocol.get("folds", 1) > 1:
        yield Sentence(
            "Folds share training rows, so intervals over them are narrower than the truth.",
            {"folds": protocol["folds"]},
        )


def _warning(text: str, **figures: object) -> Sentence:
    return Sentence(text, figures, is_warning=True)


def _few(names: list[str]) -> str:
    more = len(names) - _FEW
    return "; ".join(names[:_FEW]) + (f" and {more} more" if more > 0 else "")


def repeat(reported: Reported) -> Section | None:
    """The study file, the command, seeds, versions and fingerprint that give the same figures again.

    Raises:
        StoreError: a file of the study is broken.
    """
    return Section("repeat", "How to repeat it", tuple(_repeat(reported)))


def _repeat(reported: Reported) -> Iterator[Block]:
    study, spec = reported.study, reported.study.spec
    text = unchanged_file(study.folder, spec)
    if text is None:
        yield Sentence(
            "The study file was changed afterwards, or is gone; what was asked stands beside it as JSON.",
            is_warning=True,
        )
    else:
        yield Sentence(
            "With this study file, the same data and the same version, every figure but the seconds comes "
            "out the same, bit for bit, on the same kind of processor."
        )
        yield Code("What to run", f"justfit run {StudyPaths(study.folder).file.name}", "sh")
    yield from _facts(reported)
    if text is not None:
        yield Code("The study file", text, "yaml")


def _facts(reported: Reported) -> Iterator[Sentence]:
    study, spec, result = reported.study, reported.study.spec, reported.study.result or {}
    fingerprints = {run.spec["fingerprint"] for network in reported.networks.values() for run in network.runs}
    fingerprints |= {run.spec["fingerprint"] for run in study.final_runs}
    prints = sorted(fingerprints)
    told = ", ".join(prints) or "not known yet"
    yield Sentence(
        f"Study {study.id}; data set {spec['data']['name']}, fingerprint {told}.",
        {"study": study.id, "fingerprints": prints},
    )
    first, last = spec["seed"], spec["seed"] + spec["replicates"] - 1
    runs = sum(len(network.runs) for network in reported.networks.values())
    seeds = f"Seeds {first} to {last}" if last > first else f"Seed {first}"
    yield Sentence(
        f"{seeds}; {runs:,} runs compared {len(reported.networks):,} networks, and {len(study.final_runs)} "
        "trained the final one.",
        {"seeds": [first, last], "runs": runs, "final_runs": len(study.final_runs)},
    )
    if result:
        yield Sentence(
            f"justfit {result['justfit']} did it in {result['seconds']:,.1f} seconds.",
            {"justfit": result["justfit"], "seconds": result["seconds"]},
        )
    if (path := StudyPaths(study.folder).model).is_file():
        versions = read_json(path)["versions"]
        yield Sentence(
            f"The model was made with {', '.join(f'{name} {value}' for name, value in versions.items())}.",
            dict(versions),
        )
    if looks := result.get("looks"):
        often = "once" if looks["of_study"] == 1 else f"{looks['of_study']} times"
        yield Sentence(
            f"This study opened the test rows {often}; it was look {looks['number']} at those of "
            f"{looks['data']} in this store.",
            {"of_study": looks["of_study"], "number": looks["number"]},
        )
