"""The rows of a stored study, loaded again, and what its network says of those that validate."""

from collections.abc import Callable

from justfit.data.dataset import Dataset
from justfit.data.load import load
from justfit.errors import StoreError
from justfit.spec import Data
from justfit.store import StoredStudy, write_validation
from justfit.store.entries import read_from
from justfit.workflow.validation_outputs import HeldOut, validation_outputs


def dataset_of(study: StoredStudy, progress: Callable[[str, int, int | None], None] | None = None) -> Dataset:
    """The data set of a stored study, with the training rows that it uses.

    Args:
        study: as it is stored.
        progress: called while files are downloaded, as `justfit.load_dataset` does.

    Raises:
        StoreError: its rows are no longer those that the study was carried out on.
        DataError: it cannot be loaded.
    """
    dataset = load(Data(**study.spec["data"]), progress)
    with read_from(study.folder):
        if (rows := study.spec["data"]["rows"]) is not None:
            dataset = dataset.first(rows)
        runs = next((study.runs(name) for name, each in study.networks.items() if each["runs"]), ())
    if runs and runs[0].spec["fingerprint"] != dataset.fingerprint:
        raise StoreError(
            f"{study.folder.name} was carried out on other rows than {dataset.name} has now: run the study "
            "again on these."
        )
    return dataset


def held_out(
    study: StoredStudy, dataset: Dataset, network: str | None = None, threads: int | None = None
) -> HeldOut:
    """What a network says of the rows that validate, from networks trained anew; the chosen one's is kept.

    Raises:
        JustfitError: as `validation_outputs`.
    """
    with read_from(study.folder):
        held = validation_outputs(study, dataset, network, threads=threads)
    if study.result is not None and held.network == study.result["chosen"]:
        write_validation(study.folder, held.rows, held.outputs)
    return held
