import json
import math

import pytest
from report.golden import report, require_gold

from justfit.report.blocks import Report, Sentence
from justfit.report.plain import plain_report


def test_the_report_is_as_it_was_read_and_found_good() -> None:
    require_gold("report.json", json.dumps(plain_report(report("and <b>")), indent=1, allow_nan=False) + "\n")


def test_figures_that_are_not_finite_are_none() -> None:
    figures = {"loss": math.inf, "nested": {"values": (1.0, math.nan)}, "name": "a", "none": None}
    found = plain_report(Report("t", (Sentence("Lost.", figures),), (), leaked=False))
    assert found["lead"][0]["figures"] == {
        "loss": None,
        "nested": {"values": [1.0, None]},
        "name": "a",
        "none": None,
    }


def test_sections_whose_figures_are_leaked_say_so() -> None:
    found = plain_report(report("x", leaked=True))
    assert {each["key"]: each["leaked"] for each in found["sections"]} == {
        "data": False,
        "scaling": True,
        "errors": True,
        "repeat": False,
    }


def test_what_is_no_plain_value_is_a_fault() -> None:
    with pytest.raises(TypeError, match="this is none"):
        plain_report(Report("t", (Sentence("x", {"x": object()}),), (), leaked=False))
