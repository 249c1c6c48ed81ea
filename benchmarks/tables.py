"""Figures as Markdown tables, and the tables in a README between their two markers."""

from collections.abc import Iterable
from pathlib import Path

from benchmarks.growth import AXES
from benchmarks.rounds import JUSTFIT, PEERS, Figures
from benchmarks.workloads import LIMIT_SHARE, WORKFLOW_MEGABYTES, WORKFLOW_TARGETS, WORKLOADS

_OTHERS = tuple(peer for peer in PEERS if peer != JUSTFIT)


def page(results: Figures) -> str:
    """Everything that was measured, as Markdown."""
    found = results["results"]
    timed = {name: found[name] for name in ("workflow", *WORKLOADS) if name in found}
    parts = [machine_list(results)]
    if timed:
        parts += ["### Times", times_table(timed), "### Accuracy and memory", memory_table(timed)]
    if "kernels" in found:
        parts += ["### Kernels beside their limit", kernels_table(found["kernels"]["kernels"])]
    if "growth" in found:
        parts += ["### Growth", *(growth_table(name, found["growth"][name]) for name in found["growth"])]
    return "\n\n".join(parts)


def machine_list(results: Figures) -> str:
    """What the figures were measured on and with."""
    return "\n".join(f"- {key}: {value}" for key, value in results["machine"].items())


def update_readme(path: Path, command: str, text: str) -> None:
    """Write ``text`` between the two markers that a README has for what ``python -m command`` writes.

    Raises:
        ValueError: a marker is missing.
    """
    whole = path.read_text()
    begin, end = f"<!-- figures: written by python -m {command} -->", f"<!-- end of figures: {command} -->"
    if whole.count(begin) != 1 or whole.count(end) != 1:
        raise ValueError(f"{path} must have each of the lines {begin} and {end} once.")
    before, rest = whole.split(begin)
    path.write_text(f"{before}{begin}\n\n{text}\n\n{end}{rest.split(end)[1]}")


def times_table(timed: Figures) -> str:
    """Seconds by justfit and its peers, the ratios, and which targets they meet."""
    lines = []
    for name, figures in timed.items():
        for mode, peers in figures["modes"].items():
            ours = peers[JUSTFIT]["seconds"]
            cells = [_about(name, figures), mode, in_seconds(ours)]
            cells += [_ratio(peers[peer]["seconds"], ours) if peer in peers else "" for peer in _OTHERS]
            lines.append([*cells, _verdicts(name, peers)])
    heading = ["work", "", JUSTFIT, *(PEERS[peer].title for peer in _OTHERS), "target"]
    return table(heading, lines)


def memory_table(timed: Figures) -> str:
    """Best validation accuracy in as many epochs of each, and peak memory of each process."""
    names = (JUSTFIT, *_OTHERS)
    lines = []
    for name, figures in timed.items():
        peers, memory = figures["modes"]["validated"], figures["megabytes"]
        cells = [_about(name, figures)]
        cells += [f"{peers[peer]['accuracy']:.3f}" if peer in peers else "" for peer in names]
        cells += [f"{memory[peer]:,.0f}" if peer in peers else "" for peer in names]
        holds = memory[JUSTFIT] <= WORKFLOW_MEGABYTES
        target = f"{WORKFLOW_MEGABYTES:,} MB: {met(holds)}" if name == "workflow" else ""
        lines.append([*cells, target])
    titles = [PEERS[peer].title for peer in names]
    heading = [
        "work",
        *(f"{title} accuracy" for title in titles),
        *(f"{title} MB" for title in titles),
        "target",
    ]
    return table(heading, lines)


def kernels_table(kernels: Iterable[Figures]) -> str:
    """Milliseconds of an epoch, those of the bare loop, and the share of its speed that is reached."""
    lines = []
    for each in kernels:
        share = each["limit"] / each["seconds"]
        cells = [each["kernel"], str(each["columns"]), str(each["threads"])]
        cells += [f"{1000 * each['seconds']:.2f}", f"{1000 * each['limit']:.2f}", f"{share:.0%}"]
        lines.append([*cells, met(share >= LIMIT_SHARE)])
    heading = ["kernel", "columns", "threads", "ms", "limit, ms", "share", f"at least {LIMIT_SHARE:.0%}"]
    return table(heading, lines)


def growth_table(name: str, points: list[Figures]) -> str:
    """The picture of an axis and its figures: milliseconds of an epoch, a line a series."""
    title = AXES[name].title
    steps = sorted({point["x"] for point in points})
    lines = [
        [label, *(f"{1000 * point['seconds']:.1f}" for point in points if point["series"] == label)]
        for label in dict.fromkeys(point["series"] for point in points)
    ]
    picture = f"![Seconds an epoch over {title}](images/growth_{name}.png)"
    return f"{picture}\n\n{table([f'{title}:', *(f'{x:,}' for x in steps)], lines)}"


def _about(name: str, figures: Figures) -> str:
    if name == "workflow":
        return f"the {figures['networks']} networks, all epochs"
    return WORKLOADS[name].about


def _verdicts(name: str, peers: Figures) -> str:
    targets = WORKFLOW_TARGETS if name == "workflow" else WORKLOADS[name].targets
    ours = peers[JUSTFIT]["seconds"]
    return "; ".join(
        f"{least:g}x {PEERS[peer].title}: {met(peers[peer]['seconds'] >= least * ours)}"
        for peer, least in targets.items()
    )


def met(holds: bool) -> str:
    """What a table says of a target."""
    return "met" if holds else "**missed**"


def in_seconds(seconds: float) -> str:
    """To three digits."""
    return f"{seconds:.3g} s"


def _ratio(theirs: float, ours: float) -> str:
    return f"{in_seconds(theirs)}, {theirs / ours:.3g}x"


def table(heading: list[str], lines: list[list[str]]) -> str:
    """A Markdown table."""
    ruled = [heading, ["---"] * len(heading), *lines]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in ruled)
