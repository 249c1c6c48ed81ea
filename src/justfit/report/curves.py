"""The four curves of one network: loss and metric over the epochs, on training and on validation rows."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import altair as alt

from justfit.judge import Curve, mean_curve, standing
from justfit.report.findings import averaged, findings, metric_of, notes, titled
from justfit.report.lines import Line, panel
from justfit.report.look import COLOURS, SOLID, dressed, heading
from justfit.store import StoredRun, StoredStudy

WIDTH, HEIGHT = 330, 280

_LOOKS = {"training": (COLOURS[0], (5, 3)), "validation": (COLOURS[1], SOLID), "fit": (COLOURS[2], (1, 2))}
_LOSSES = {"training": "data_loss", "validation": "val_data_loss", "fit": "fit_loss"}
_METRICS = {"training": "metric", "validation": "val_metric", "fit": "fit_metric"}


def curves(study: StoredStudy, network: str) -> alt.HConcatChart:
    """Loss without penalties and metric over the epochs for one network: the means of its runs, with bands.

    Training rows measured like validation rows (``fit``) are a curve of their own where they were.

    Args:
        study: whose network.
        network: its name.

    Raises:
        SpecError: the network was never trained.
        StoreError: there is no such network, or a file of its runs is missing, cut off or changed.
    """
    (found,) = findings(study, [network])
    texts = [_how_measured(found.runs[0]), *notes(study, [found])]
    if mean := averaged([found.runs]):
        texts.append(f"Mean of {mean}, with its 95% interval.")
    if found.best:
        texts[-1] += f" Best epoch by {study.spec['select']}."
    return _drawn(found.runs[0], found.curve, found.best, titled(study, network), texts)


def run_curves(run: StoredRun) -> alt.HConcatChart:
    """The same of one run by itself.

    Raises:
        ValueError: it has no epoch.
    """
    monitor, metric = run.spec["candidate"]["recipe"]["monitor"], metric_of(run)
    more_is_better = (monitor, metric) == ("val_metric", "accuracy")
    found = standing([run.history], monitor, more_is_better=more_is_better)
    texts = [_how_measured(run)]
    if run.is_leaked:
        texts.append("Validated on the test rows: leaked.")
    if found is not None:
        texts.append(f"Best epoch by {monitor}.")
    title = f"run {run.id}{' (leaked)' if run.is_leaked else ''}"
    best = None if found is None else found.best_epoch
    return _drawn(run, partial(mean_curve, [run.history]), best, title, texts)


def _drawn(
    first: StoredRun,
    curve_of: Callable[[str], Curve | None],
    best: int | None,
    title: str,
    texts: Sequence[str],
) -> alt.HConcatChart:
    """Loss and metric beside each other.

    Args:
        first: one of the runs.
        curve_of: gives the curve of a figure; None where it was not measured.
        best: the epoch to mark.
        title: of the whole.
        texts: to be read below it.
    """
    panels = [
        panel(_lines(curve_of, figures), name, best=best, width=WIDTH, height=HEIGHT)
        for name, figures in (("loss, without penalties", _LOSSES), (metric_of(first), _METRICS))
    ]
    told = heading(title, texts, 2 * WIDTH + 200)
    return dressed(alt.hconcat(*panels, title=told, spacing=24))


def _lines(curve_of: Callable[[str], Curve | None], figures: Mapping[str, str]) -> list[Line]:
    return [
        Line(rows, curve, *_LOOKS[rows], has_band=True, has_dots=True)
        for rows, figure in figures.items()
        if (curve := curve_of(figure))
    ]


def _how_measured(run: StoredRun) -> str:
    network, first = run.spec["candidate"]["network"], run.history[0]
    has_dropout = network["input_dropout"] > 0 or any(network["dropout"])
    text = f"Training: mean over each epoch{', dropout on' if has_dropout else ''}."
    if first.val_loss is not None:
        text += f" Validation: after it{', dropout off' if has_dropout else ''}."
    if first.fit_loss is not None:
        text += " Fit: training rows, measured like validation rows."
    return text
