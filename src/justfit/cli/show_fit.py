"""Whether the networks of a stored study fit, and how well its stages have searched, for the screen."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from justfit.cli.screen import cell
from justfit.judge.studies import StoredNetwork, stage_findings

if TYPE_CHECKING:
    from justfit.judge import Compared, Verdict
    from justfit.store import StoredStudy


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
    mark = "LEAKED: " if study.is_leaked else ""
    best = next((name for name, each in found.items() if name in names and each is not None), None)
    if best is not None and (fit := fits[best]) is not None:
        yield f"{mark}{cell(best)}: {fit.sentence}"
    for finding in stage_findings(study, networks, names):
        yield f"{mark}search: {finding.sentence}"
