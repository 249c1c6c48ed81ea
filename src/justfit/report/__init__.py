"""Findings to charts. Everything drawn can be drawn again from what `justfit.store` holds."""

from typing import TYPE_CHECKING

from justfit.exported import exported as _exported

if TYPE_CHECKING:
    from justfit.report.curves import run_curves as run_curves
    from justfit.report.fields import FIELDS as FIELDS
    from justfit.report.files import file_name as file_name
    from justfit.report.files import require_suffix as require_suffix
    from justfit.report.files import write_chart as write_chart
    from justfit.report.findings import trained as trained
    from justfit.report.mistakes import Picture as Picture
    from justfit.report.mistakes import mistakes_chart as mistakes_chart
    from justfit.report.overlay import folds as folds

# Where each name comes from: imported when first used, since charts take Altair along.
_HOMES = {
    "FIELDS": "justfit.report.fields",
    "Picture": "justfit.report.mistakes",
    "file_name": "justfit.report.files",
    "folds": "justfit.report.overlay",
    "mistakes_chart": "justfit.report.mistakes",
    "require_suffix": "justfit.report.files",
    "run_curves": "justfit.report.curves",
    "trained": "justfit.report.findings",
    "write_chart": "justfit.report.files",
}

__all__ = list(_HOMES)

__getattr__, __dir__ = _exported(__name__, _HOMES)
