"""The four curves of one network: loss and metric over the epochs, on training and on validation rows."""

import altair as alt

from justfit.report.findings import Finding, averaged, findings, metric_of, notes, titled
from justfit.report.lines import Line, panel
from justfit.report.look import COLOURS, SOLID, dressed, heading
from justfit.store import StoredStudy

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
    panels = [
        panel(_lines(found, figures), name, best=found.best, width=WIDTH, height=HEIGHT)
        for name, figures in (("loss, without penalties", _LOSSES), (metric_of(found.runs[0]), _METRICS))
    ]
    texts = [_how_measured(found), *notes(study, [found])]
    if mean := averaged([found.runs]):
        texts.append(f"Mean of {mean}, with its 95% interval.")
    if found.best:
        texts[-1] += f" Best epoch by {study.spec['select']}."
    title = heading(titled(study, network), texts, 2 * WIDTH + 200)
    return dressed(alt.hconcat(*panels, title=title, spacing=24))


def _lines(found: Finding, figures: dict[str, str]) -> list[Line]:
    return [
        Line(rows, curve, *_LOOKS[rows], has_band=True, has_dots=True)
        for rows, figure in figures.items()
        if (curve := found.curve(figure))
    ]


def _how_measured(found: Finding) -> str:
    network, first = found.candidate["network"], found.runs[0].history[0]
    has_dropout = network["input_dropout"] > 0 or any(network["dropout"])
    text = f"Training: mean over each epoch{', dropout on' if has_dropout else ''}."
    if first.val_loss is not None:
        text += f" Validation: after it{', dropout off' if has_dropout else ''}."
    if first.fit_loss is not None:
        text += " Fit: training rows, measured like validation rows."
    return text
