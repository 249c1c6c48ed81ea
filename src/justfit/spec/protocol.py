"""`HoldOut`: which training rows validate. Protocols never see a test row."""

from dataclasses import dataclass, field

from justfit.errors import SpecError
from justfit.spec.checks import require_choice, require_integer, require_number

HOLD_OUTS = ("stratified", "first", "last")


@dataclass(frozen=True)
class HoldOut:
    """Some training rows validate, the others train.

    ``stratified`` shuffles and keeps the shares of the classes (the default); ``first`` and
    ``last`` take rows in file order (``last`` is Keras's ``validation_split``). ``size`` is a
    number of rows when whole, a share when between 0 and 1.
    """

    name: str = field(default="hold_out", init=False)
    how: str = "stratified"
    size: int | float = 0.2
    seed: int = 0
    """Of the shuffle; the same for all replicates, so that they are compared on the same rows."""

    def __post_init__(self) -> None:
        require_choice("validation", self.how, HOLD_OUTS)
        if isinstance(self.size, float):
            require_number("validation share", self.size, 0.0, 1.0, open_low=True, open_high=True)
        else:
            require_integer("validation rows", self.size, 1)
        require_integer("seed", self.seed, 0)

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


@dataclass(frozen=True)
class AllRows:
    """All training rows train and none validates: how the chosen network is trained at the end."""

    name: str = field(default="all_rows", init=False)


Protocol = HoldOut | AllRows


def parse_hold_out(text: str) -> HoldOut:
    """A `HoldOut` from its short form on the command line: ``0.2``, ``5000``, ``first:10000``, ``last:0.4``.

    >>> parse_hold_out("first:10000")
    HoldOut(name='hold_out', how='first', size=10000, seed=0)
    """
    how, colon, number = text.rpartition(":")
    try:
        size: int | float = int(number) if number.strip().lstrip("+-").isdigit() else float(number)
    except ValueError:
        raise SpecError(
            f'validation "{text}" is not understood: expected a share such as 0.2, or a number of rows '
            'such as 5000, optionally after "first:", "last:" or "stratified:".'
        ) from None
    return HoldOut(how=how if colon else "stratified", size=size)
