"""How networks stand, as a table and as dots with their intervals: what several sections show alike."""

from collections.abc import Mapping, Sequence

from justfit.judge import Verdict
from justfit.judge.choice import quoted
from justfit.judge.significance import TIE, WORSE
from justfit.judge.studies import compared
from justfit.report.blocks import Sentence, Table
from justfit.report.dots import Dot
from justfit.report.findings import averaged
from justfit.report.reported import Reported
from justfit.store.entries import within
from justfit.words import interval, told_figure

_SHORT = {
    "val_data_loss": "validation loss",
    "val_loss": "validation loss with penalties",
    "data_loss": "training loss",
    "loss": "training loss with penalties",
}


def short_name(figure: str, metric: str) -> str:
    """A figure at the head of a column.

    >>> short_name("val_data_loss", "accuracy"), short_name("val_metric", "accuracy")
    ('validation loss', 'validation accuracy')
    """
    return _SHORT.get(figure) or f"{'validation' if figure.startswith('val_') else 'training'} {metric}"


def told_fit(fit: Verdict | None, left: int | None) -> str:
    """Whether a network fits, in a word or two, or after which epoch it left its stage."""
    if left is not None:
        return f"left after {left}"
    if fit is None:
        return ""
    return f"{fit.kind} from {fit.onset}" if fit.onset else fit.kind


def table(
    reported: Reported,
    names: Sequence[str],
    caption: str,
    notes: Mapping[str, str] | None = None,
    head: str = "",
) -> Table:
    """Networks, a line each: their size, how they stand in their best epoch, and whether they fit.

    Args:
        reported: the study.
        names: of the networks.
        caption: of the table.
        notes: a text of each, where it has one, in a column of its own.
        head: the name of that column.
    """
    metric, select = reported.metric, reported.study.spec["select"]
    figures = [select] if select == "val_metric" else [select, "val_metric"]
    columns = (
        *("network", *([head] if notes is not None else []), "parameters", "runs", "best epoch"),
        *(
            short_name(select, metric),
            "95% interval",
            *(short_name(each, metric) for each in figures[1:]),
            "fit",
        ),
    )
    rows = tuple(
        (name, *([notes.get(name, "")] if notes is not None else []), *_cells(reported, name))
        for name in names
    )
    chosen = reported.study.result["chosen"] if reported.study.result else None
    marked = frozenset(number for number, name in enumerate(names) if name == chosen)
    return Table(caption, columns, rows, texts=1 if notes is None else 2, marked=marked)


def _cells(reported: Reported, name: str) -> tuple[str, ...]:
    network, found = reported.networks[name], reported.found[name]
    metric, select, leaked = reported.metric, reported.study.spec["select"], reported.leaked
    head = (f"{network.parameters:,}", network.told_runs)
    if found is None:
        return (*head, *[""] * (4 if select == "val_metric" else 5))
    stands = found.standing
    low, high = ends(reported, name)
    share = select == "val_metric" and metric == "accuracy"
    other = () if found.metric is None else (told_figure("val_metric", metric, found.metric, leaked=leaked),)
    return (
        *head,
        str(stands.best_epoch),
        told_figure(select, metric, stands.value, leaked=leaked),
        "" if low is None else interval({"low": low, "high": high}, share=share),
        *(() if select == "val_metric" else other or ("",)),
        told_fit(reported.fits[name], network.left),
    )


def ends(reported: Reported, name: str) -> tuple[float | None, float | None]:
    """The ends of a network's interval by the figure that chooses, cut to what that figure can be."""
    found, select = reported.found[name], reported.study.spec["select"]
    if found is None:
        return None, None
    between = found.standing.interval
    low, high = within(reported.metric if select == "val_metric" else select, between.low, between.high)
    return None if low is None else max(0.0, low), high  # no loss and no error is less


def dot(reported: Reported, name: str, note: str, colour: str) -> Dot:
    """A network as a line of a chart by the figure that chooses; a ring where it left its stage early."""
    found, left = reported.found[name], reported.networks[name].left
    assert found is not None
    if left is not None:
        note = f"{note}, left after {left}" if note else f"left after {left}"
    return Dot(name, found.standing.value, *ends(reported, name), note, colour, left is not None)


def told_best(reported: Reported, names: Sequence[str]) -> Sentence | None:
    """Which of some networks is the best by the figure that chooses, and what ties with it; None for one."""
    select, metric = reported.study.spec["select"], reported.metric
    among = {name: reported.networks[name] for name in names}
    found = {name: each for name, each in compared(among, select, metric).items() if each is not None}
    if len(found) < 2:
        return None
    best, *others = found
    figure = short_name(select, metric)
    text = f"The best is {quoted([best])}, {figure} {told_value(reported, best)}"
    ties = [name for name in others if found[name].verdict == TIE]
    worse = sum(found[name].verdict == WORSE for name in others)
    if ties:
        text += f"; {quoted(ties)} {'ties' if len(ties) == 1 else 'tie'} with it"
    if worse:
        text += f"; {worse:,} {'is' if worse == 1 else 'are'} distinguishably worse"
    if not ties and not worse:
        text += ", and one run each cannot tell a tie"
    figures = {"best": best, select: found[best].standing.value, "ties": ties, "worse": worse}
    return Sentence(f"{text}.", figures)


def told_value(reported: Reported, name: str) -> str:
    """How a network stands by the figure that chooses: value, interval and epoch."""
    found, select = reported.found[name], reported.study.spec["select"]
    assert found is not None
    value = told_figure(select, reported.metric, found.standing.value, leaked=reported.leaked)
    low, high = ends(reported, name)
    share = select == "val_metric" and reported.metric == "accuracy"
    between = "" if low is None else f"95% interval {interval({'low': low, 'high': high}, share=share)}, "
    return f"{value} ({between}epoch {found.standing.best_epoch})"


def told_ends(reported: Reported, ranked: Sequence[str]) -> str:
    """The first and the last of some networks that are ranked by the figure that chooses."""
    first, last = (f"{quoted([name])}, {told_value(reported, name)}" for name in (ranked[0], ranked[-1]))
    return f"The best is {first}, and the last {last}."


def notes_on(reported: Reported, names: Sequence[str]) -> list[str]:
    """What a reader of a chart of networks must know: leaks, what a mean is over, and what left early."""
    said = ["Validated on the test rows: leaked."] if reported.leaked else []
    mean = averaged([reported.networks[name].runs for name in names])
    said.append(f"Mean of {mean}, with its 95% interval." if mean else "One run each.")
    if any(reported.networks[name].left is not None for name in names):
        said.append("Rings: left early.")
    return said
