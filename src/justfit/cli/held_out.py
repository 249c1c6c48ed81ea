"""What commands have in common that ask a stored study's network about rows it was not trained on."""

from justfit import workflow
from justfit.cli.progress import download_progress
from justfit.data.dataset import Dataset
from justfit.store import StoredStudy
from justfit.workflow import held_out as held_out


def dataset_of(study: StoredStudy) -> Dataset:
    """The data set of a stored study, as the workflow gives it; a download is shown as it goes on."""
    with download_progress() as progress:
        return workflow.dataset_of(study, progress)
