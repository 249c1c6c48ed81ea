"""`compare`: the networks of a study, or what several studies have chosen, one against another."""

from pathlib import Path

from justfit.errors import SpecError
from justfit.judge.compared_networks import ComparedNetworks, compare_networks
from justfit.machine import DEFAULT_STORE
from justfit.store import StoredStudy, find_study, read_study
from justfit.workflow.compared_choices import ComparedChoices, compare_choices


def compare(
    study: StoredStudy | str | Path,
    *others: StoredStudy | str | Path,
    by: str | None = None,
    stage: str | None = None,
    store: str | Path = DEFAULT_STORE,
) -> ComparedNetworks | ComparedChoices:
    """Compare the networks of a study; or with others, what each has chosen, on rows that validate in both.

    Args:
        study: as `justfit.run` gives it; or its folder, or the beginning of its name or id in ``store``.
        *others: studies of the same rows. What a network says of rows that validate is kept in its study's
            folder; where it is not there yet, the network is trained again for it.
        by: of one study, the figure of an epoch that ranks: one of `justfit.judge.selection.FIGURES`, by
            default ``val_data_loss``.
        stage: of one study, only the networks of this stage.
        store: the folder that holds the studies' folders.

    Returns:
        What shows itself in a notebook and has a ``table()`` for data frames.

    Raises:
        SpecError: no such figure or stage; or studies that cannot be compared row by row.
        StoreError: a study is not there or not done, or a file of it is broken.

    >>> import justfit
    >>> store = getfixture("tmp_path")
    >>> stage = justfit.Stage("widths", grid={"hidden": [[4], [32]]})
    >>> study = justfit.Study("s", justfit.Data("wine"), (stage,), defaults={"epochs": 3})
    >>> justfit.compare(justfit.run(study, store=store)).table().column("network").to_pylist()
    ['32-3', '4-3']
    """
    stored = [
        each if isinstance(each, StoredStudy) else read_study(find_study(Path(store), str(each)))
        for each in (study, *others)
    ]
    if not others:
        return compare_networks(stored[0], by or "val_data_loss", stage)
    if by is not None or stage is not None:
        raise SpecError("by and stage rank the networks of one study, and several are given: leave them out.")
    return compare_choices(stored)
