"""`BagPreparation`: rows that came sparse, taken as they are."""

from collections.abc import Sequence
from dataclasses import dataclass

from justfit.data.raw import Raw
from justfit.data.rows import Bags
from justfit.errors import DataError


@dataclass(frozen=True)
class BagPreparation:
    """Sparse rows, such as those of a vectorizer of one's own, to the same `Bags`.

    Nothing is learned from training rows: a shift would fill every cell, and what the values mean is known
    only to who made them.
    """

    columns: int
    """Of each row."""

    def rows(self, raw: Raw) -> Bags:
        """The rows of ``raw``.

        Raises:
            DataError: ``raw`` is no sparse rows, or they have another number of columns.
        """
        if not isinstance(raw, Bags):
            raise self.refused(type(raw).__name__.lower())
        if raw.columns != self.columns:
            raise self.refused(f"rows of {raw.columns:,}")
        return raw

    def column_name(self, column: int) -> str:
        """What stands for a column's name, as for arrays: ``x_1`` is the first.

        >>> BagPreparation(3).column_name(2)
        'x_3'
        """
        return bag_column(column)

    def raw_from_text(self, lines: Sequence[str]) -> Raw:
        """Refuses lines, for what made the rows is not known here; raises `DataError`."""
        raise self.refused(f"texts (as '{lines[0][:40]}')" if lines else "no line")

    def refused(self, found: str) -> DataError:
        """What to raise where something else was found."""
        return DataError(
            f"The model was trained on sparse rows of {self.columns:,} columns, got {found}: from Python, "
            "give a SciPy matrix made as that of the training rows."
        )


def bag_column(column: int) -> str:
    """The name of a column of sparse rows, which have none, by its place from 0."""
    return f"x_{column + 1}"
