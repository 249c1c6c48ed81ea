"""Studies that are not what they should be: cut short, leaked, diverged."""

from pathlib import Path

from workflow.handmade import small_study

from justfit.data import Dataset
from justfit.spec import Stage, Study, TestRows
from justfit.store import study_folders
from justfit.workflow import RunDone, carry_out


def begun(study: Study, data: Dataset, store: Path, *, runs: int) -> Path:
    """The folder of a study that was killed after so many runs."""
    done = 0
    for event in carry_out(study, data, store):
        done += isinstance(event, RunDone)
        if done == runs:
            break
    return next(folder for folder in study_folders(store) if folder.name.startswith(study.name))


def leaked(name: str = "leaky") -> Study:
    """Three networks chosen by the test rows."""
    return small_study(name, stages=small_study().stages[:1], validation=TestRows(), replicates=1)


def diverging(name: str = "wild") -> Study:
    """A network for regression that learns, and one that goes to infinity in its first epochs."""
    wild = {"name": "wild", "hidden": [], "optimizer": {"name": "sgd", "learning_rate": 1e12}, "epochs": 40}
    tame = {"name": "tame", "hidden": [4]}
    return small_study(name, stages=(Stage("only", networks=(wild, tame)),), final=None)
