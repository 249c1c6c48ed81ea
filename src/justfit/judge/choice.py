"""Which of several networks to take, and why: the smallest within one standard error of the best."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from justfit.judge.comparison import Compared
from justfit.judge.significance import TIE, WORSE
from justfit.words import listed, number

_MOST_NAMES = 3
"""Of networks in one sentence."""


@dataclass(frozen=True)
class Choice:
    """The network that is taken."""

    name: str
    reason: str
    """One sentence with its figures: why this one, and what it ties with."""


def choose(
    found: Mapping[str, Compared | None],
    parameters: Mapping[str, int],
    *,
    rule: str,
    leaked: bool = False,
) -> Choice | None:
    """The network to take of several that are compared; None where none was measured.

    By ``one_standard_error`` (Breiman, Friedman, Olshen and Stone 1984, section 3.4.3) it is the one with the
    fewest parameters, and of equals the fewest updates, of those whose figure is within one standard error of
    the best's and which are not distinguishably worse than the best in pairs of runs. The standard error is
    that of the best's mean over its runs, corrected over folds. One run is no comparison: where some
    networks have several, those with one are not taken, and where none has, it is the best that is taken.
    By ``best`` it always is.

    Args:
        found: the networks, the best first, as `justfit.judge.compare` gives them.
        parameters: trained numbers of each.
        rule: one of `justfit.spec.RULES`.
        leaked: whether test rows measured it, which the figures are marked with.

    >>> choose({"unmeasured": None}, {"unmeasured": 5}, rule="best") is None
    True
    """
    known = {name: each for name, each in found.items() if each is not None}
    among = f"{len(known)} networks"
    if rule != "best" and (several := {name: each for name, each in known.items() if each.error is not None}):
        among = f"{len(several)} networks" + (" with several runs" if len(several) < len(known) else "")
        known = several
    if not known:
        return None
    (best, top), *others = known.items()
    mark = " LEAKED" * leaked
    if len(found) == 1:
        return Choice(best, f"{best} is the only network.")
    ties = [name for name, each in others if each.verdict == TIE]
    tied = f"; it ties with {quoted(ties)}" if ties else ""
    reason = f"{best} has the best {top.standing.figure} of {among}, {_figure(top, mark)}"
    if top.error is None:
        return Choice(best, f"{reason}; one run each cannot tell a tie.")
    if rule == "best":
        return Choice(best, f"{reason}{tied}.")
    within = [
        name
        for name, each in known.items()
        if abs(each.standing.value - top.standing.value) <= top.error and each.verdict != WORSE
    ]
    name = min(within, key=lambda name: (parameters[name], known[name].updates))
    if name == best:
        return Choice(best, f"{reason}, and no smaller one is within one standard error of it{tied}.")
    size = f"{parameters[name]:,} parameters"
    if sum(parameters[each] == parameters[name] for each in within) > 1:
        size += " and the fewest updates"
    return Choice(
        name,
        f"{name} ({size}) is the smallest of {len(within)} networks within one standard error, "
        f"{number(top.error)}, of the best {top.standing.figure} of {among}: it has "
        f"{_figure(known[name], mark, error=False)}, and {best} ({parameters[best]:,} parameters) "
        f"{_figure(top, mark, error=False)}{'; the two tie' if known[name].verdict == TIE else ''}.",
    )


def _figure(found: Compared, mark: str, *, error: bool = True) -> str:
    """The figure that chooses, and how sure it is."""
    stands = found.standing
    if found.error is None:
        return f"{number(stands.value)}{mark}"
    sure = f", standard error {number(found.error)}" if error else ""
    return f"{number(stands.value)}{mark} (mean of {stands.runs} runs{sure})"


def quoted(names: Sequence[str]) -> str:
    """Some of several names of networks, quoted, as commas stand in them.

    >>> quoted(["a", "b, c"]), quoted("abcde")
    ('"a" and "b, c"', '"a", "b", "c" and 2 more')
    """
    told = [f'"{name}"' for name in names[:_MOST_NAMES]]
    if more := len(names) - len(told):
        told.append(f"{more} more")
    return listed(told)
