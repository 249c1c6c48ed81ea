"""Where each file of a store is. No other module knows these names."""

import re
from dataclasses import dataclass
from pathlib import Path

from justfit.errors import StoreError

_RUNS, _SPLITS, _UPLOADS, _LOOKS = "runs", "splits", "uploads", "looks.jsonl"
_BROKEN, _CHECKPOINTS, _INDEX = "broken", "checkpoints", "index.sqlite"
_ID = re.compile("[0-9a-f]{12}")


@dataclass(frozen=True)
class StudyPaths:
    """The files of one study, which ``README.md`` beside this module specifies."""

    folder: Path

    @property
    def study(self) -> Path:
        """What is compared; written first."""
        return self.folder / "study.json"

    @property
    def file(self) -> Path:
        """The same as a study file, to be read, changed and run again."""
        return self.folder / "study.yaml"

    @property
    def stages(self) -> Path:
        """The candidates of each stage, their runs and how they stand."""
        return self.folder / "stages.json"

    @property
    def selection(self) -> Path:
        """What is to be tested; written before a test row is opened."""
        return self.folder / "selection.json"

    @property
    def validation(self) -> Path:
        """What the chosen network says of validation rows."""
        return self.folder / "validation.safetensors"

    @property
    def mistakes(self) -> Path:
        """What it gets wrong of them; can be missing, and made again."""
        return self.folder / "mistakes.json"

    @property
    def importances(self) -> Path:
        """How much each searched setting mattered, where a search was asked."""
        return self.folder / "importances.json"

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
    def left_out(self) -> Path:
        """The rows of the user's files that could not be used, a line each."""
        return self.folder / "left_out.csv"

    @property
    def report(self) -> Path:
        """All that came out as one page; can be missing, and made again."""
        return self.folder / "report.html"

    @property
    def live(self) -> Path:
        """How it goes on while it is carried out, line by line; no truth of anything."""
        return self.folder / "live.jsonl"

    @property
    def lock(self) -> Path:
        """Who carries it out; there as long as somebody does."""
        return self.folder / "study.lock"

    @property
    def stop(self) -> Path:
        """There from when somebody asks for a stop until it has stopped."""
        return self.folder / "study.stop"


def runs_folder(store: Path) -> Path:
    """The folder of all trained runs.

    >>> runs_folder(Path("store")).as_posix()
    'store/runs'
    """
    return store / _RUNS


def splits_folder(store: Path) -> Path:
    """The folder of all splits.

    >>> splits_folder(Path("store")).as_posix()
    'store/splits'
    """
    return store / _SPLITS


def uploads_folder(store: Path) -> Path:
    """The folder of all files that `upload_path` names.

    >>> uploads_folder(Path("store")).as_posix()
    'store/uploads'
    """
    return store / _UPLOADS


def broken_folder(store: Path) -> Path:
    """Where a repair puts what it takes out of use; nothing reads it.

    >>> broken_folder(Path("store")).as_posix()
    'store/broken'
    """
    return store / _BROKEN


def index_path(store: Path) -> Path:
    """The index of a store, which can be missing, and made again.

    >>> index_path(Path("store")).as_posix()
    'store/index.sqlite'
    """
    return store / _INDEX


def checkpoints_folder(store: Path, group: str | None = None) -> Path:
    """The folder of checkpoints, or of those of one group.

    >>> checkpoints_folder(Path("store"), "1f0a93bc77de").as_posix()
    'store/checkpoints/1f0a93bc77de'
    """
    folder = store / _CHECKPOINTS
    return folder if group is None else folder / group


def checkpoint_path(store: Path, group: str, key: str) -> Path:
    """The file of the state that a cohort has come to.

    >>> checkpoint_path(Path("store"), "1f0a93bc77de", "a77d01f4b6c2").name
    'a77d01f4b6c2.state'
    """
    return checkpoints_folder(store, group) / f"{key}.state"


def upload_path(store: Path, key: str, name: str) -> Path:
    """The file of rows that came over the network or as a stream, for a study that was started with them.

    >>> upload_path(Path("store"), "1f0a93bc77de", "reviews.csv").as_posix()
    'store/uploads/1f0a93bc77de/reviews.csv'
    """
    return store / _UPLOADS / key / name


def run_path(store: Path, run_id: str) -> Path:
    """The file of a trained run, which all studies of a store share.

    Raises:
        StoreError: what is no id could lead out of the store.

    >>> run_path(Path("store"), "1f0a93bc77de").as_posix()
    'store/runs/1f0a93bc77de.json'
    """
    if not _ID.fullmatch(run_id):
        raise StoreError(f'"{run_id}" is no id of a run: expected 12 of the digits 0 to 9 and a to f.')
    return store / _RUNS / f"{run_id}.json"


def splits_path(store: Path, key: str) -> Path:
    """The file of the splits of one protocol on one data set.

    >>> splits_path(Path("store"), "1f0a93bc77de").as_posix()
    'store/splits/1f0a93bc77de.safetensors'
    """
    return store / _SPLITS / f"{key}.safetensors"


def looks_path(store: Path) -> Path:
    """The log of all looks at test rows.

    >>> looks_path(Path("store")).as_posix()
    'store/looks.jsonl'
    """
    return store / _LOOKS


def study_folder(store: Path, name: str, study_id: str) -> Path:
    """Where in ``store`` a study belongs.

    >>> study_folder(Path("store"), "imdb", "1f0a93bc77de").name
    'imdb-1f0a93bc77de'
    """
    return store / f"{name}-{study_id}"


def to_remove(broken: Path) -> Path:
    """What must go so that a broken file is made anew: of a study's files the folder, others alone.

    Runs, splits and a study's mistakes are made anew without anything else.

    >>> to_remove(Path("store/wine-1f0a93bc77de/model/model.json")).as_posix()
    'store/wine-1f0a93bc77de'
    """
    folder = broken.parent
    if folder.name in (_RUNS, _SPLITS) or broken == StudyPaths(folder).mistakes:
        return broken
    return folder.parent if folder.name == StudyPaths(folder).model.parent.name else folder
