"""Findings to charts. Everything drawn can be drawn again from what `justfit.store` holds."""

from justfit.report.against import against as against
from justfit.report.curves import curves as curves
from justfit.report.curves import run_curves as run_curves
from justfit.report.fields import FIELDS as FIELDS
from justfit.report.files import file_name as file_name
from justfit.report.files import require_suffix as require_suffix
from justfit.report.files import write_chart as write_chart
from justfit.report.findings import trained as trained
from justfit.report.mistakes import Picture as Picture
from justfit.report.mistakes import mistakes_chart as mistakes_chart
from justfit.report.overlay import folds as folds
from justfit.report.overlay import overlay as overlay
