"""Whether the networks of a stored study fit, and how well its stages have searched, for the screen."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from justfit.cli.screen import cell
from justfit.cli.studies import StoredNetwork, is_leaked, metric_of, more_is_better

if TYPE_CHECKING:
    from justfit.judge import Compared, SearchFinding, Verdict
    from justfit.store import StoredStudy


def fits_of(
    networks: Mapping[str, StoredNetwork], found: Mapping[str, "Compared | None"]
) -> dict[str, "Verdict | None"]:
    """Whether each network is under- or overfit, held against the best; None where its runs do not say."""
    from justfit.judge import verdicts

    # What left early says nothing of how it would have come to fit.
    runs = {
        name: network.runs if network.is_complete and network.left is None else ()
        for name, network in networks.items()
    }
    return verdicts(runs, next((name for name, each in found.items() if each is not None), None))


def told_fit(fit: "Verdict | None", left: int | None = None, *, leaked: bool) -> str:
    """A verdict as a cell, or after which epoch the network left its stage."""
    if left is not None:
        return f"left after {left}"
    if fit is None:
        return ""
    return f"{fit.kind}{f' from {fit.onset}' if fit.onset else ''}{' LEAKED' if leaked else ''}"


def told_stage(
    study: "StoredStudy",
    networks: Mapping[str, StoredNetwork],
    names: Sequence[str],
    found: Mapping[str, "Compared | None"],
    fits: Mapping[str, "Verdict | None"],
) -> Iterator[str]:
    """The verdict on the best network of a stage in full, and what to try after the stage."""
    mark = "LEAKED: " if is_leaked(study) else ""
    best = next((name for name, each in found.items() if name in names and each is not None), None)
    if best is not None and (fit := fits[best]) is not None:
        yield f"{mark}{cell(best)}: {fit.sentence}"
    for finding in stage_findings(study, networks, names):
        yield f"{mark}search: {finding.sentence}"


def stage_findings(
    study: "StoredStudy", networks: Mapping[str, StoredNetwork], names: Sequence[str]
) -> tuple["SearchFinding", ...]:
    """How well a stage has searched, by those of its networks whose runs are all trained to their ends."""
    from justfit.judge import Tried, search_findings

    tried = {
        name: Tried(each.candidate, each.runs)
        for name in names
        if (each := networks[name]).is_complete and each.left is None
    }
    figure = study.spec["select"]
    return search_findings(tried, figure, more_is_better=more_is_better(figure, metric_of(networks)))
