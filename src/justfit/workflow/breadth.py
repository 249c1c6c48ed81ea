"""`Breadth`: how far the automatic workflow searches."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from justfit.workflow.events import Foreseen
from justfit.workflow.final import STAGE as FINAL

BASELINES, SCALE, REGULARIZE, TUNE, CONTENDERS = "baselines", "scale_up", "regularize", "tune", "contenders"


@dataclass(frozen=True)
class Breadth:
    """How far the search goes."""

    widths: tuple[int, ...]
    depths: tuple[int, ...]
    dropouts: tuple[float, ...]
    input_dropouts: tuple[float, ...]
    l2s: tuple[float, ...]
    l1s: tuple[float, ...]
    rates: tuple[float, ...]
    """Times the learning rate of the optimizer."""
    batches: tuple[float, ...]
    """Times the batch size."""
    contenders: int
    replicates: int
    """Of the contenders, and of the networks that are tested."""

    def foreseen(  # noqa: PLR0913, PLR0917 - what decides how much a search trains
        self,
        splits: int,
        seeds: int,
        epochs: int,
        halving: int,
        work: float,
        wider: Mapping[str, tuple[str, ...]],
        narrowest: tuple[str, ...],
    ) -> tuple[Foreseen, ...]:
        """About how many networks each step will train.

        Args:
            splits: of the training rows.
            seeds: of a network that is scaled up.
            epochs: of a run at most.
            halving: after which a half leaves, where halves leave.
            work: of an epoch of a typical network that is scaled up.
            wider: stages of networks twice as wide as those before, with the names of these, one of which has
                to lead for the stage to come.
            narrowest: the name of the smallest network that is scaled up, which is regularized beside the one
                that leads, and of those of no shape of their own.
        """
        ways = len(self.dropouts) * (1 + len(self.input_dropouts)) + len(self.input_dropouts)
        ways += 2 * len(self.l2s) + len(self.l1s)
        steps = (
            (BASELINES, 3, 1, None),
            (SCALE, len(self.widths) * len(self.depths), seeds, None),
            *((stage, len(names), seeds, None) for stage, names in wider.items()),
            (REGULARIZE, ways, 1, halving),
            (TUNE, len(self.rates) + len(self.batches), 1, halving),
            (CONTENDERS, self.contenders, self.replicates - 1, None),
        )
        found = (
            dataclasses.replace(
                seen(step),
                networks=networks,
                runs=splits * runs,
                epochs=epochs,
                halving=first,
                work=work,
                if_leads=wider.get(step, ()),
                anyway=narrowest if step == REGULARIZE else (),
            )
            for step, networks, runs, first in steps
            if networks
        )
        return (*found, dataclasses.replace(seen(FINAL), networks=1, runs=self.replicates, epochs=epochs))


def seen(stage: str) -> Foreseen:
    """What a step came to on the data sets by name, whatever a search's own size; else, of wider networks."""
    return _SEEN.get(stage) or dataclasses.replace(_WIDER, stage=stage)


_SEEN = {
    each.stage: each
    for each in (
        Foreseen(BASELINES, 0, 0, 0, None, True, times=0.5, company=2.0, share=0.6),
        Foreseen(SCALE, 0, 0, 0, None, True, times=1.3, company=3.5, share=0.28),
        Foreseen(REGULARIZE, 0, 0, 0, None, True, leaders=1, times=1.0, company=2.0, share=0.43),
        Foreseen(TUNE, 0, 0, 0, None, True, leaders=1, times=1.7, company=1.3, share=0.5),
        Foreseen(CONTENDERS, 0, 0, 0, None, True, leaders=2, times=1.25, company=2.3, share=0.5),
        Foreseen(FINAL, 0, 0, 0, None, True, leaders=1, times=1.75),
    )
}
"""By ``python -m benchmarks.progress``: networks that are scaled up end soonest; dropout makes epochs dearer,
slow learning rates make runs longer."""

_WIDER = Foreseen("", 0, 0, 0, None, True, leaders=1, times=2.0, company=1.5, share=0.25, dearer=2.6)
"""What networks of twice the width came to."""

BREADTHS = {
    "quick": Breadth((16, 64), (1,), (0.5,), (0.3,), (), (), (), (), 3, 3),
    "standard": Breadth(
        (16, 32, 64, 128), (1, 2), (0.3, 0.5), (0.3,), (0.0001, 0.001), (), (0.3, 3.0), (0.25,), 5, 5
    ),
    "thorough": Breadth(
        (16, 32, 64, 128, 256),
        (1, 2, 3),
        (0.2, 0.3, 0.5, 0.7),
        (0.2, 0.3, 0.5),
        (0.00001, 0.0001, 0.001),
        (0.00001, 0.0001),
        (0.1, 0.3, 3.0),
        (0.125, 0.25, 0.5),
        8,
        10,
    ),
}
"""How much is tried, by name: ``quick``, ``standard`` and ``thorough``."""
