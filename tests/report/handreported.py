"""`Reported` of studies that are written by hand, with whole results."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from report.handmade import Losses, study

from justfit.judge import Figure, Verdict
from justfit.report.blocks import Drawing, Section, Sentence, Table
from justfit.report.reported import Reported, read_reported
from justfit.spec import Settings
from justfit.store import write_result, write_stages


def accuracy(value: float, low: float, high: float, **supports: int) -> dict[str, Any]:
    """The figures of a baseline on rows of some classes."""
    classes = [{"name": name, "support": support} for name, support in supports.items()]
    figures = {"accuracy": {"value": value, "low": low, "high": high}, "classes": classes}
    return {"answer": next(iter(supports)), "figures": {**figures, "rows": sum(supports.values())}}


RESULT: Mapping[str, Any] = {
    "task": "binary",
    "classes": ["ham", "spam"],
    "rows": {"train": 75, "validation": 25, "test": 20},
    "leaked": False,
    "notes": [],
    "audit": [],
    "decisions": [],
    "validation_baseline": accuracy(0.6, 0.5, 0.7, ham=60, spam=40),
    "test_baseline": accuracy(0.55, 0.35, 0.75, ham=11, spam=9),
    "best_epoch": 1,
    "standing": {"figure": "val_data_loss", "best_epoch": 1, "value": 0.5},
    "reason": "It is the only one.",
    "final_runs": [],
    "looks": None,
}


def reported(
    store: Path,
    networks: Mapping[str, Settings],
    losses: Losses,
    *,
    chosen: str | None = None,
    result: Mapping[str, Any] | None = None,
    left: Mapping[str, int] | None = None,
    **options: Any,
) -> Reported:
    """A study as `justfit.report.handmade.study` makes it; done where a network is ``chosen``."""
    stored = study(store, networks, losses, **options)
    if left:
        for stage in stored.stages:
            for network in stage["networks"]:
                network["left"] = left.get(network["name"])
        write_stages(stored.folder, stored.stages)
    if chosen is not None:
        write_result(stored.folder, {**RESULT, "chosen": chosen, **(result or {})}, None)
    return read_reported(store, stored.name)


def with_fits(found: Reported, **onsets: int | None) -> Reported:
    """The same where these networks overfit from an epoch on, or, by None, fit just right."""
    none = Figure(0.0, None, None)
    fits = {
        name: Verdict(
            kind="just right" if onset is None else "overfit",
            onset=onset,
            best_epoch=1,
            lowest=0.5,
            epochs=4,
            runs=1,
            training="data_loss",
            rise=none,
            training_rise=none,
            trend=none,
            behind=None,
            sentence="Just right: so it is." if onset is None else f"Overfit from epoch {onset}: so it is.",
        )
        for name, onset in onsets.items()
    }
    return dataclasses.replace(found, fits={**found.fits, **fits})


def texts(section: Section | None) -> list[str]:
    """The sentences of a section."""
    assert section is not None
    return [block.text for block in section.blocks if isinstance(block, Sentence)]


def warnings_of(section: Section | None) -> list[str]:
    """Those of them that are warnings."""
    assert section is not None
    return [block.text for block in section.blocks if isinstance(block, Sentence) and block.is_warning]


def drawing(section: Section | None, name: str) -> Drawing:
    """The drawing of this name."""
    assert section is not None
    (found,) = [block for block in section.blocks if isinstance(block, Drawing) and block.name == name]
    return found


def tables(section: Section | None) -> list[Table]:
    """The tables of a section, those of its drawings included."""
    assert section is not None
    own = [block for block in section.blocks if isinstance(block, Table)]
    return own + [block.table for block in section.blocks if isinstance(block, Drawing) and block.table]


def cells(table: Table, row: str) -> dict[str, str]:
    """The row that begins so, by column."""
    (found,) = [each for each in table.rows if each[0] == row]
    return dict(zip(table.columns, found, strict=True))


def look(chart: Any, name: str) -> tuple[str, str]:
    """Colour and filling of the dot of a line of `justfit.report.dots`."""
    spec = chart.to_dict()
    for layer in spec["layer"]:
        rows = spec["datasets"].get(layer["data"].get("name"), [])
        if (
            "size" in layer["mark"]
            and "shape" not in layer["mark"]
            and any(row.get("name") == name for row in rows)
        ):
            return layer["mark"]["color"], layer["mark"]["fill"]
    raise AssertionError(f"no dot is called {name}")
