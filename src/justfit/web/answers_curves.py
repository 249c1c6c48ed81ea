"""Mean curves over epochs as the pages draw them: few points, and running networks as far as they are."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np

from justfit.judge import Curve, mean_curve
from justfit.judge.selection import FIGURES
from justfit.judge.studies import StoredNetwork
from justfit.report.findings import figure_name
from justfit.report.reported import Reported
from justfit.spec import Epoch, History
from justfit.store.entries import within
from justfit.store.live_view import Live, LiveEpoch

MOST_POINTS = 200
"""Of a curve."""

MOST_CURVES = 20
"""Where nobody says which."""


def curves_answer(
    reported: Reported, live: Live, figure: str, numbers: Sequence[int] | None
) -> dict[str, Any]:
    """The mean curves of a figure.

    Args:
        reported: the study.
        live: what its log tells; of a study that does not run nothing.
        figure: one of `justfit.judge.selection.FIGURES`.
        numbers: of networks; None for the best. What was not measured of them is left out.
    """
    most = len(reported.networks)
    if numbers is None:
        # Those that train now come first: none of them stands anywhere yet.
        now = sorted({number for number, split, _ in live.epochs if split})
        numbers = [*now, *(reported.networks[name].number for name in reported.found)]
        most = MOST_CURVES
    of_number = {network.number: network for network in reported.networks.values()}
    drawn = (
        network_curve(reported, of_number[number], figure, live)
        for number in dict.fromkeys(numbers)
        if number in of_number
    )
    curves = list(islice((curve for curve in drawn if curve is not None), most))
    return {"figure": figure, "name": figure_name(figure, reported.metric), "curves": curves}


def network_curve(
    reported: Reported, network: StoredNetwork, figure: str, live: Live
) -> dict[str, Any] | None:
    """The mean curve of a network's runs; None where the figure was not measured in all of them."""
    stored = [run.history for run in network.runs]
    there = {(run.spec["split"], run.spec["seed"]) for run in network.runs}
    going = [
        history
        for (number, split, seed), epochs in live.epochs.items()
        if number == network.number and split and (split, seed) not in there
        if (history := _history(epochs))
    ]
    histories = _furthest([*stored, *going]) if going else stored
    curve = mean_curve(histories, figure) if histories else None
    if curve is None:
        return None
    found = reported.found.get(network.name)
    best = None if found is None or going else found.standing.best_epoch
    accuracy = figure.endswith("metric") and reported.metric == "accuracy"
    drawn = thinned(curve, best, "accuracy" if accuracy else figure)
    return {"number": network.number, "name": network.name, **drawn, "best": best, "live": bool(going)}


def thinned(curve: Curve, best: int | None, figure: str) -> dict[str, Any]:
    """At most `MOST_POINTS` of a curve's epochs, among them the first, the last and the best.

    Bands are cut to what a figure can be: a loss is not below 0, and no accuracy above 1.
    """
    length = len(curve.mean)
    kept = range(length)
    if length > MOST_POINTS:
        evenly = np.linspace(0, length - 1, MOST_POINTS - 1).round().astype(int).tolist()
        kept = sorted({*evenly, *([best - 1] if best and best <= length else [])})  # type: ignore[assignment]
    cut = [within(figure, *band) for band in curve.band] if curve.band else []
    return {
        "epochs": [at + 1 for at in kept],
        "mean": [curve.mean[at] for at in kept],
        "low": [max(cut[at][0] or 0.0, 0.0) for at in kept] if cut else None,
        "high": [cut[at][1] for at in kept] if cut else None,
    }


def _furthest(histories: Sequence[History]) -> list[History]:
    """Those that are at least half as far as the furthest: one that has just begun would hide the rest."""
    most = max(len(history) for history in histories)
    return [history for history in histories if 2 * len(history) >= most]


def _history(epochs: Iterable[LiveEpoch]) -> History:
    """Epochs of a running network, from the first on without a gap."""
    found: list[Epoch] = []
    for number, figures in epochs:
        if number != len(found) + 1:
            break
        found.append(_epoch(number, figures))
    return tuple(found)


_REQUIRED = ("loss", "data_loss", "metric")


def _epoch(number: int, figures: Mapping[str, float | None]) -> Epoch:
    # What is not finite comes as None, and so does what was not measured.
    values: dict[str, Any] = {key: figures.get(key) for key in FIGURES}
    values |= {key: np.nan for key in _REQUIRED if values[key] is None}
    return Epoch(epoch=number, seconds=0.0, **values)
