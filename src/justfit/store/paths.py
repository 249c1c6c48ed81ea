"""Where each file of a store is. No other module knows these names."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class StudyPaths:
    """The files of one study, which ``README.md`` beside this module specifies."""

    folder: Path

    @property
    def study(self) -> Path:
        """What is compared; written first."""
        return self.folder / "study.json"

    @property
    def stages(self) -> Path:
        """The candidates of each stage, their runs and how they stand."""
        return self.folder / "stages.json"

    @property
    def weights(self) -> Path:
        """Kernels and biases of the model."""
        return self.folder / "model" / "model.safetensors"

    @property
    def model(self) -> Path:
        """All else that the model needs to predict."""
        return self.folder / "model" / "model.json"

    @property
    def result(self) -> Path:
        """What came out; written last, so that it means done."""
        return self.folder / "result.json"

    @property
    def curves_png(self) -> Path:
        """Loss and metric of the chosen network over epochs, as a picture."""
        return self.folder / "curves.png"

    @property
    def curves_html(self) -> Path:
        """The same as a page that needs no network."""
        return self.folder / "curves.html"


def run_path(store: Path, run_id: str) -> Path:
    """The file of a trained run, which all studies of a store share.

    >>> run_path(Path("store"), "1f0a93bc77de").as_posix()
    'store/runs/1f0a93bc77de.json'
    """
    return store / "runs" / f"{run_id}.json"


def splits_path(store: Path, key: str) -> Path:
    """The file of the splits of one protocol on one data set.

    >>> splits_path(Path("store"), "1f0a93bc77de").as_posix()
    'store/splits/1f0a93bc77de.safetensors'
    """
    return store / "splits" / f"{key}.safetensors"


def study_folder(store: Path, name: str, study_id: str) -> Path:
    """Where in ``store`` a study belongs.

    >>> study_folder(Path("store"), "imdb", "1f0a93bc77de").name
    'imdb-1f0a93bc77de'
    """
    return store / f"{name}-{study_id}"
