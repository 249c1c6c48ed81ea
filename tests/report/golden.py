"""A report with every kind of block, written by hand, and the files that reports must render to."""

import os
from pathlib import Path

import altair as alt

from justfit.report.blocks import Code, Drawing, Example, Report, Section, Sentence, Table
from justfit.report.look import COLOURS, GREY

GOLD = Path(__file__).parent / "gold"

HOSTILE = "<script>alert(1)</script> {{7*7}} {% x %} =cmd() | *b* _i_ &amp; \"q\" 's' \x00 \u202e ]]> -->"

SPELT = HOSTILE.replace("\x00", "\\x00").replace("\u202e", "\\u202e")

PICTURE = "data:image/png;base64,iVBORw0KGgo="


def drawing(name: str = "scaling", told: str = "It falls.", table: Table | None = None) -> Drawing:
    """Two points of one line, and a text from data."""
    rows = [{"epoch": 1, "value": 0.123456789, "name": HOSTILE}, {"epoch": 2, "value": 0.5, "name": HOSTILE}]
    line = alt.Chart(alt.InlineData(rows)).mark_line(color=COLOURS[0]).encode(x="epoch:Q", y="value:Q")
    text = alt.Chart(alt.InlineData(rows)).mark_text(color=GREY).encode(x="epoch:Q", text="name:N")
    return Drawing(name, alt.LayerChart(layer=[line, text]), "Loss over epochs", told, table)


def report(text: str = HOSTILE, *, leaked: bool = False) -> Report:
    """Every kind of block, with a text from data wherever one can stand."""
    rows = ((text, "0.5"), ("b", "0.6"))
    table = Table(f"Networks {text}", (f"network {text}", "loss"), rows, 1, frozenset({1}))
    examples = (
        Example(f"Row 1 {text}", f"line one {text}\n\nline two", None, ((text, 0.25), ("bad", -0.125))),
        Example("Row 2", None, PICTURE),
    )
    return Report(
        title=f"handmade {text}",
        lead=(
            Sentence(f"It came out {text}.", {"accuracy": 0.5}),
            Sentence(f"Beware {text}", is_warning=True),
        ),
        sections=(
            Section("data", "Data", (Sentence(f"There are rows {text}.", {"rows": 3}), table)),
            Section(
                "scaling",
                f"Scaling {text}",
                (drawing(told=f"It falls {text}.", table=table), drawing("twin")),
            ),
            Section("errors", "Errors", examples),
            Section("repeat", "Repeat", (Code(f"What to run {text}", f"justfit {text}\n  x: ```\n", "sh"),)),
        ),
        leaked=leaked,
    )


def require_gold(name: str, found: str) -> None:
    """What is rendered is what stands in ``gold/``.

    To renew those files after a change that is meant: JUSTFIT_RENEW_GOLD=1 pytest tests/report, and read
    their difference before it is committed.
    """
    path = GOLD / name
    if os.environ.get("JUSTFIT_RENEW_GOLD"):
        path.write_text(found, encoding="utf-8")
    assert found == path.read_text(encoding="utf-8")
