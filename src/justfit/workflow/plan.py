"""`plan_run`: everything that a run leaves open, decided and written down."""

import dataclasses

from justfit.data.dataset import Dataset
from justfit.spec import Candidate, HoldOut, Network, PreparationSpec, Recipe, Run

DEFAULT_NETWORK = Network((16, 16))
_BATCHES_AN_EPOCH = 32


def plan_run(  # noqa: PLR0913 - what can be decided about a run
    dataset: Dataset,
    network: Network = DEFAULT_NETWORK,
    recipe: Recipe | None = None,
    *,
    preparation: PreparationSpec | None = None,
    protocol: HoldOut | None = None,
    seed: int = 0,
) -> Run:
    """The run of one network on a data set, defaults filled in.

    Raises:
        SpecError: network, recipe and protocol do not fit the data.
    """
    protocol = protocol or HoldOut()
    recipe = recipe or Recipe()
    training_rows = len(dataset.train) - protocol.rows(len(dataset.train))
    batch_size = recipe.batch_size or batch_size_for(training_rows)
    recipe = dataclasses.replace(recipe, batch_size=batch_size, loss=dataset.task.loss(recipe.loss))
    return Run(
        data=dataset.name,
        fingerprint=dataset.fingerprint,
        task=dataset.task.name,
        preparation=preparation or dataset.preparation,
        candidate=Candidate(network, recipe),
        protocol=protocol,
        seed=seed,
    )


def batch_size_for(rows: int) -> int:
    """The power of two from 16 to 512 that gives about 32 batches an epoch.

    >>> [batch_size_for(rows) for rows in (100, 1_000, 4_000, 15_000, 60_000)]
    [16, 32, 128, 512, 512]
    """
    wanted = max(rows // _BATCHES_AN_EPOCH, 1)
    return min(512, max(16, 1 << (wanted - 1).bit_length()))
