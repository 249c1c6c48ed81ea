"""What a report tells of a regression's test rows: predictions against labels, and how large errors are."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from justfit.data.finding import counted
from justfit.report.blocks import Block, Drawing, Table
from justfit.report.findings import titled
from justfit.report.reported import Reported
from justfit.report.tested_charts import predictions_chart
from justfit.words import number

_SHARES = {"lowest": 0.0, "5%": 0.05, "25%": 0.25, "median": 0.5, "75%": 0.75, "95%": 0.95, "highest": 1.0}


def of_predictions(reported: Reported, result: Mapping[str, Any]) -> Iterator[Block]:
    """Predictions against labels; nothing where an earlier version has stored none."""
    pairs = result["test"].get("residuals")
    if not pairs:
        return
    errors = np.array([given - label for label, given in pairs])
    found = {name: float(np.quantile(errors, share)) for name, share in _SHARES.items()}
    rows = result["test"]["rows"]
    notes = ["On the dashed line predictions are right; above it they are too high."]
    if len(pairs) < rows:
        notes.append(f"{len(pairs)} of {rows:,} rows, by evenly spaced quantiles of their errors.")
    yield Drawing(
        "predictions",
        predictions_chart(pairs, titled(reported.study, "predictions on test rows"), notes),
        f"Predictions against labels of {counted(len(pairs), 'test row')}",
        f"Half of the errors lie between {number(found['25%'])} and {number(found['75%'])}; the furthest "
        "below its "
        f"label is off by {number(-found['lowest'])}, the furthest above it by {number(found['highest'])}."
        if found["lowest"] < 0 < found["highest"]
        else f"Errors go from {number(found['lowest'])} to {number(found['highest'])}.",
        Table(
            "Quantiles of the errors, prediction minus label",
            ("quantile", "error"),
            tuple((name, number(value)) for name, value in found.items()),
        ),
    )
