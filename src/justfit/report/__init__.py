"""Findings to charts. Everything drawn can be drawn again from what `justfit.store` holds."""

from justfit.report.curves import write_curves as write_curves
