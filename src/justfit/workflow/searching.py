"""`search`: the whole workflow from Python, on rows in memory or in a file."""

from pathlib import Path
from typing import Any

from justfit.data.files.objects import frame_of, with_labels
from justfit.data.load import load
from justfit.data.user_dataset import dataset_of
from justfit.errors import DataError
from justfit.machine import DEFAULT_STORE
from justfit.spec import Data, data_in
from justfit.store import StoredStudy
from justfit.workflow.automatic import carry_out_automatically
from justfit.workflow.ended import ended

LABELS = "target"
"""The name of the column that labels get which stand in no table."""


def search(
    rows: Any,
    target: Any = None,
    *,
    name: str = "data",
    store: str | Path = DEFAULT_STORE,
    columns: dict[str, Any] | None = None,
    **how: Any,
) -> StoredStudy:
    """Find a network that fits just right, as ``justfit run`` does without a description of one.

    Args:
        rows: a data set's name; the path of a file or folder; or a data frame, a NumPy array
            ``[rows, columns]``, a SciPy sparse matrix, which stays sparse and is taken as it is, a dict of
            columns or a list of texts.
        target: the column to learn, or the labels themselves; None for a data set's name.
        name: of the study, where the rows stand in memory.
        store: the folder that holds the studies' folders.
        columns: what is not left to looking at them: as `justfit.spec.Files` has it, such as
            ``{"text": ["review"], "task": "binary"}``.
        **how: as `carry_out_automatically` takes it: ``breadth``, ``protocol``, ``minutes``, ``seed`` and
            ``threads``.

    Returns:
        The stored study, figures of the test rows included.

    Raises:
        JustfitError: something does not fit; the message says what.
    """
    given = dict(columns or {})
    if isinstance(rows, str | Path):
        if target is not None and not isinstance(target, str):
            raise DataError("Rows of a file have their labels in a column: give its name as target.")
        data = Data(str(rows)) if target is None else data_in(str(rows), target=target, **given)
        dataset = load(data)
    else:
        if target is None:
            raise DataError("Say what to learn: give target, the name of a column or the labels themselves.")
        frame = frame_of(rows)
        if not isinstance(target, str):
            frame, target = with_labels(frame, LABELS, target), LABELS
        dataset, _ = dataset_of({"train": frame}, name=name, target=target, **given)
        data = Data(name)
    return ended(carry_out_automatically(data, dataset, Path(store), **how))
