"""States of cohorts in training, so that a study that was killed goes on from their last epochs.

They are a help, and no truth of anything: one that is missing, cut off or of an older justfit costs only
the time to train its epochs again. A checkpoint goes when its cohort has ended.
"""

import hashlib
import logging
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from justfit.errors import StoreError
from justfit.store.files import make_folders, read_bytes, told, writing
from justfit.store.paths import checkpoint_path, checkpoints_folder

_LOG = logging.getLogger(__name__)

LARGEST = 8 * 2**30
"""Bytes of a checkpoint that is read."""

_DIGEST = hashlib.sha256().digest_size


class Checkpoints:
    """The checkpoints of cohorts that are trained on the same rows.

    Args:
        store: the folder that holds the studies' folders.
        group: 12 hexadecimal digits that the rows decide.
        lasting: whether those of cohorts that have ended stay, as what they came to is wanted again.
    """

    def __init__(self, store: Path, group: str, *, lasting: bool = False) -> None:
        self._store, self._group, self._lasting = store, group, lasting
        self._works = True

    def keep(self, key: str, content: bytes) -> None:
        """Keep what a cohort has come to in place of what it had; where that cannot be, go on without."""
        if not self._works:
            return
        path = checkpoint_path(self._store, self._group, key)
        try:
            make_folders(path.parent)
            with writing(path) as file:
                file.write(hashlib.sha256(content).digest())
                file.write(content)
        except StoreError as error:
            self._works = False
            _LOG.warning("no checkpoint is kept, so that a stop would cost the epochs since: %s", error)

    def ended(self, key: str) -> None:
        """Take note that a cohort has ended: its checkpoint goes, if there is one that is not to last."""
        if not self._lasting:
            self.remove(key)

    def remove(self, key: str) -> None:
        """Remove a checkpoint, if there is one."""
        path = checkpoint_path(self._store, self._group, key)
        with suppress(OSError):
            path.unlink(missing_ok=True)
            path.parent.rmdir()  # where it was the last, here and in the store
            path.parent.parent.rmdir()

    def kept(self) -> Iterator[tuple[str, memoryview]]:
        """Each key with its content; what is torn or changed is passed over, and told in the log."""
        folder = checkpoints_folder(self._store, self._group)
        for path in sorted(folder.glob("*.state")) if folder.is_dir() else ():
            try:
                yield path.stem, read_checkpoint(path)
            except StoreError as error:
                _LOG.warning("%s", error)


def read_checkpoint(path: Path) -> memoryview:
    """The content of a checkpoint.

    Raises:
        StoreError: it is missing, or not as it was written.
    """
    content = read_bytes(path, LARGEST)
    kept = memoryview(content)[_DIGEST:]
    if hashlib.sha256(kept).digest() != content[:_DIGEST]:
        raise StoreError(
            f"{path} is not as it was written, so the epochs that it stands for are trained again. Remove it."
        )
    return kept


def checkpoint_files(store: Path) -> list[Path]:
    """All checkpoints of a store, in order; raises `StoreError` where its folder cannot be read."""
    folder = checkpoints_folder(store)
    with told(folder, "read"):
        return sorted(folder.glob("*/*.state")) if folder.is_dir() else []
