"""The folders of studies: which there are, whether they are done, and which one is meant."""

from pathlib import Path

from justfit.errors import StoreError
from justfit.spec.checks import nearest
from justfit.store.files import told
from justfit.store.lock import holder_of
from justfit.store.paths import StudyPaths


def is_done(folder: Path) -> bool:
    """Whether ``folder`` holds a study with its result."""
    try:
        return StudyPaths(folder).result.is_file()
    except OSError:  # a name that no file can have, or a folder that may not be entered
        return False


def study_folders(store: Path) -> list[Path]:
    """The folders of all studies, done or not, by name; raises `StoreError` where they cannot be read."""
    with told(store, "read"):
        if not store.is_dir():
            return []
        folders = [folder for folder in store.iterdir() if folder.name[0] != "."]
    return sorted(folder for folder in folders if _is_study(folder, done=False))


def find_study(store: Path, reference: str, *, done: bool = False, running: bool = False) -> Path:
    """The folder of the study that ``reference`` means.

    It is a path, the name of a folder in ``store``, or the beginning of a name or an id there that
    only one study has.

    Args:
        store: the folder that holds the studies' folders.
        reference: as above.
        done: only among studies with a result.
        running: only among those that a process carries out now.

    Raises:
        StoreError: no study is meant, or several; the nearest are named.
    """
    for folder in (Path(reference), store / reference):
        if reference and _is_study(folder, done=done, running=running):
            # "." and ".." do not say in which store they are.
            return folder if folder.name not in ("", "..") else folder.resolve()
    folders = study_folders(store)
    names = [folder.name for folder in folders if _is_study(folder, done=done, running=running)]
    meant = [
        name
        for name in names
        if reference and reference in (name[: len(reference)], name.rpartition("-")[2][: len(reference)])
    ]
    # A whole name means that study, though another name may begin so, too.
    if whole := [name for name in meant if name.rpartition("-")[0] == reference]:
        meant = whole
    if len(meant) == 1:
        return store / meant[0]
    if meant:
        raise StoreError(f'"{reference}" may mean {_few(meant)} in {store}: give more of the id.')
    none = "None is being carried out." if running else "There are no studies yet."
    known = f"Known are {_few(names)}." if names else none
    kind = "running study" if running else "finished study" if done else "study"
    raise StoreError(
        f'No {kind} "{reference}" at that path or in {store}. {known}{nearest(reference, names)}'
    )


def _is_study(folder: Path, *, done: bool, running: bool = False) -> bool:
    try:
        if running and holder_of(folder) is None:
            return False
        return StudyPaths(folder).study.is_file() and (is_done(folder) or not done)
    except OSError:  # as in `is_done`
        return False


def _few(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
