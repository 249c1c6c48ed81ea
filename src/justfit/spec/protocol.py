"""Protocols: which training rows validate. None but `TestRows`, which says so, sees a test row."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from justfit.errors import SpecError
from justfit.spec.checks import require_choice, require_integer, require_number

HOLD_OUTS = ("stratified", "first", "last")


@dataclass(frozen=True)
class HoldOut:
    """Some training rows validate, the others train.

    ``stratified`` shuffles and keeps the shares of the classes (the default); ``first`` and
    ``last`` take rows in file order (``last`` is Keras's ``validation_split``). ``size`` and ``train``
    are numbers of rows when whole, shares when between 0 and 1.
    """

    name: str = field(default="hold_out", init=False)
    how: str = "stratified"
    size: int | float = 0.2
    """How many rows validate."""
    seed: int = 0
    """Of the shuffle; the same for all replicates, so that they are compared on the same rows."""
    train: int | float | None = None
    """How many of the others train, those that stand nearest to the validating ones; None for all."""

    def __post_init__(self) -> None:
        require_choice("validation", self.how, HOLD_OUTS)
        _require_size("validation", self.size)
        if self.train is not None:
            _require_size("training", self.train)
            if (
                isinstance(self.size, float)
                and isinstance(self.train, float)
                and self.size + self.train > 1 + 1e-9
            ):
                raise SpecError(
                    f"{self.size:g} of the rows validate and {self.train:g} of them shall train, more than "
                    "all, so the splits overlap: lower one of them."
                )
        require_integer("seed", self.seed, 0)

    @property
    def splits(self) -> int:
        """How many splits there are."""
        return 1

    def rows(self, total: int) -> int:
        """How many of ``total`` training rows validate; raises `SpecError` if none would be left to train.

        >>> HoldOut(size=0.4).rows(25_000)
        10000
        """
        count = self.size if isinstance(self.size, int) else total - int(total * (1.0 - self.size))
        if not 1 <= count < total:
            raise SpecError(
                f"validation would take {count} of {total} training rows: "
                "at least 1 must validate and 1 must train."
            )
        return count

    def training_rows(self, total: int) -> int:
        """How many of ``total`` training rows train; raises `SpecError` if they would overlap the others.

        >>> HoldOut(size=10_000, train=5_000).training_rows(25_000)
        5000
        """
        left = total - self.rows(total)
        if self.train is None:
            return left
        count = self.train if isinstance(self.train, int) else max(1, round(total * self.train))
        if isinstance(self.train, float) and isinstance(self.size, float):
            count = min(count, left)  # shares that make up all rows may both be rounded up
        if count > left:
            raise SpecError(
                f"{total - left} of {total} rows validate and {count} shall train, so {count - left} would "
                f"do both and the splits overlap: train at most {left}."
            )
        return count


K_FOLDS = ("stratified", "shuffled", "grouped", "time", "in_order")


@dataclass(frozen=True)
class KFold:
    """As many networks as folds: each fold validates once what is trained on the others.

    ``stratified`` shuffles and keeps the shares of the classes (the default); ``shuffled`` only
    shuffles; ``grouped`` keeps rows of a group in one fold; ``time`` takes file order for time and
    trains only on rows before those that validate; ``in_order`` cuts the file as it stands.
    Sources: scikit-learn's ``StratifiedKFold``, ``KFold``, ``GroupKFold`` and ``TimeSeriesSplit``.
    """

    name: str = field(default="k_fold", init=False)
    folds: int = 5
    how: str = "stratified"
    repeats: int = 1
    """How often rows are shuffled anew and cut: iterated k-fold trains repeats x folds networks."""
    seed: int = 0
    """Of the first shuffle; the same for all replicates, so that they are compared on the same rows."""

    def __post_init__(self) -> None:
        require_integer("folds", self.folds, 2)
        require_choice("k-fold", self.how, K_FOLDS)
        require_integer("repeats", self.repeats, 1)
        require_integer("seed", self.seed, 0)
        if self.repeats > 1 and self.how in ("time", "in_order"):
            raise SpecError(
                f'repeats is {self.repeats}, but "{self.how}" does not shuffle, so all repeats would be the '
                "same: use stratified, shuffled or grouped, or 1 repeat."
            )

    @property
    def splits(self) -> int:
        """How many splits there are."""
        return self.folds * self.repeats


@dataclass(frozen=True)
class TestRows:
    """All training rows train and the test rows validate: a leak, marked wherever a figure is shown.

    What is chosen by these figures is fitted to the test rows, so nothing is left to tell how good it
    is on rows not seen. It is here to carry out studies that were published so.
    """

    __test__ = False  # not a test, whatever pytest thinks of the name

    name: str = field(default="test_rows", init=False)

    @property
    def splits(self) -> int:
        """How many splits there are."""
        return 1


@dataclass(frozen=True)
class AllRows:
    """All training rows train and none validates: how the chosen network is trained at the end."""

    name: str = field(default="all_rows", init=False)

    @property
    def splits(self) -> int:
        """How many splits there are."""
        return 1


Protocol = HoldOut | KFold | TestRows | AllRows
"""Which training rows validate."""


def protocol_of(values: Mapping[str, Any]) -> Protocol:
    """A protocol from its plain values, as `justfit.spec.plain` gives them.

    Raises:
        SpecError: there is no protocol of that name, or its values cannot be.

    >>> protocol_of({"name": "k_fold", "folds": 3, "how": "in_order"}).splits
    3
    """
    by_name: dict[str, type[Protocol]] = {kind().name: kind for kind in (HoldOut, KFold, TestRows, AllRows)}
    kind = require_choice("validation", values["name"], tuple(by_name))
    return by_name[kind](**{key: value for key, value in values.items() if key != "name"})


def parse_protocol(text: str) -> Protocol:
    """A protocol from its short form.

    ``0.2``, ``5000``, ``first:10000``, ``last:0.4``; ``k_fold:4``, ``k_fold:4:in_order``; ``test`` for the
    test rows (a leak), ``none`` for no validation.

    Raises:
        SpecError: what cannot be understood, or a number that cannot be.

    >>> parse_protocol("first:10000").size, parse_protocol("k_fold:4:in_order").how
    (10000, 'in_order')
    """
    head, *rest = (part.strip() for part in str(text).split(":"))
    if head in ("test", "none") and not rest:
        return TestRows() if head == "test" else AllRows()
    try:
        if head == "k_fold" and 1 <= len(rest) <= 2:
            return KFold(int(rest[0]), rest[1] if rest[1:] else KFold.how)
        if len(rest) <= 1:
            how, size = (head, rest[0]) if rest else ("stratified", head)
            return HoldOut(how=how, size=int(size) if size.lstrip("+-").isdigit() else float(size))
    except ValueError:
        pass
    raise SpecError(
        f'validation "{text}" is not understood: expected a share such as 0.2, or a number of rows such as '
        '5000, optionally after "first:", "last:" or "stratified:"; or k_fold:4, test or none.'
    )


def _require_size(what: str, size: object) -> None:
    if isinstance(size, float):
        require_number(f"{what} share", size, 0.0, 1.0, open_low=True, open_high=True)
    else:
        require_integer(f"{what} rows", size, 1)
