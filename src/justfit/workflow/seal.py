"""`Seal`: test rows are opened here and nowhere else, and the look is logged before that."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from justfit.data.dataset import Dataset, Part
from justfit.spec import Study
from justfit.store import Look, log_look, now, read_looks

_FEW = 5
"""Of earlier looks told with a result; the log has them all."""

_OF_A_LOOK = ("when", "study", "name", "reason")


@dataclass(eq=False)
class Seal:
    """Access to the test rows of a data set for one study."""

    dataset: Dataset
    """As it was loaded, so that looks are counted alike whatever share of the training rows a study uses."""
    study: Study
    store: Path
    reason: str | None = None
    """Why a study that is done opens them again."""
    looks: dict[str, Any] | None = field(default=None, init=False)
    """Once they are open, plain values: ``data``; ``number`` of the look among all of the store at these
    rows, and ``of_study`` among this study's; ``resumed``, whether a process logged it that was then stopped;
    ``reason``; and the last ``earlier`` ones, the newest first."""

    def open(self, selected: str | None) -> Part:
        """The test rows, after the look is logged.

        A study that opened its rows and was stopped before its result was stored goes on with that look.

        Args:
            selected: when the choice was stored that is tested; None where test rows are to choose.

        Raises:
            SealError: they were opened before by this process.
            StoreError: the look cannot be logged, or the log cannot be read.
        """
        dataset, study = self.dataset, self.study
        earlier = read_looks(self.store, dataset.fingerprint)
        same = [look for look in earlier if (look.study, look.selected) == (study.id, selected)]
        resumed = bool(same) and selected is not None and self.reason is None
        if resumed:
            earlier = tuple(look for look in earlier if look is not same[-1])
        else:
            look = Look(now(), study.id, study.name, dataset.name, dataset.fingerprint, selected, self.reason)
            log_look(self.store, look)
        told = [asdict(look) for look in reversed(earlier)]
        self.looks = {
            "data": dataset.name,
            "number": len(earlier) + 1,
            "of_study": sum(look.study == study.id for look in earlier) + 1,
            "resumed": resumed,
            "reason": self.reason,
            "earlier": [{key: look[key] for key in _OF_A_LOOK} for look in told[:_FEW]],
        }
        return dataset.sealed.open()
