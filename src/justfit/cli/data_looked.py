"""What rows are made of and what is wrong with them, as plain values for programs."""

from collections.abc import Sequence
from typing import Any

from justfit.cli.rows import data_meant
from justfit.data.audit import audit
from justfit.data.columns import Column
from justfit.data.files import read_frame
from justfit.data.load import load_with_report
from justfit.data.sources import SOURCES
from justfit.data.table_columns import typed


def looked_at(
    what: str,
    target: str | None,
    *,
    task: str | None = None,
    text: Sequence[str] | None = None,
    drop: Sequence[str] | None = None,
) -> dict[str, Any]:
    """The columns of a data set or of a file, and where the column to learn is known task and audit.

    Args:
        what: the name of a data set, or a file.
        target: the column to learn; None leaves open which one it is.
        task: as asked for.
        text: columns to take as text.
        drop: columns to leave out.

    Raises:
        DataError: the rows cannot be had or used.
        SpecError: a target for a named data set.
    """
    if target is None and what not in SOURCES:
        frame = read_frame(what)
        columns = typed(frame.table, {}, frame.source)
        return {
            "rows": len(frame),
            "columns": _columns(columns),
            "task": None,
            "targets": [column.name for column in columns],
            "audit": [],
            "notes": list(frame.notes),
            "left_out": len(frame.skipped),
        }
    data = data_meant(what, target, task=task, text=text, drop=drop)
    dataset, report = load_with_report(data)
    found = {
        "rows": len(dataset.train),
        "columns": [],
        "task": {"name": dataset.task.name, "reason": "as it is published"},
        "targets": [],
        "audit": [{"level": each.level, "sentence": each.sentence} for each in audit(dataset)],
        "notes": list(dataset.notes),
        "left_out": 0,
    }
    if report is not None:
        found |= {
            "columns": _columns(report.columns),
            "task": {"name": report.task, "reason": report.task_reason},
            "targets": [report.target, *(column.name for column in report.columns)],
            "notes": [*dict.fromkeys((*report.notes, *(odd.sentence for odd in report.odd), *dataset.notes))],
            "left_out": len(report.left_out),
        }
    return found


def _columns(columns: Sequence[Column]) -> list[dict[str, str]]:
    return [{"name": each.name, "kind": each.kind, "reason": each.reason} for each in columns]
