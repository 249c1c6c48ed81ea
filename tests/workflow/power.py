"""What a disk may hold after a loss of power: names and bytes that were not brought to it may be missing."""

import hashlib
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

KINDS = ("lost", "named", "mixed")


@dataclass
class _Tree:
    """A folder as it is: what stands in each folder by its inode, and where and how long files are."""

    names: dict[int, dict[str, int]] = field(default_factory=dict)
    paths: dict[int, Path] = field(default_factory=dict)

    @classmethod
    def of(cls, root: Path) -> "_Tree":
        tree = cls()
        waiting = [root]
        while waiting:
            folder = waiting.pop()
            number = folder.stat().st_ino
            tree.paths[number] = folder
            tree.names[number] = {}
            with os.scandir(folder) as entries:
                for entry in entries:
                    tree.names[number][entry.name] = entry.inode()
                    tree.paths[entry.inode()] = Path(entry.path)
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(Path(entry.path))
        return tree


class Disk:
    """What is surely on the disk of a store that a process writes, as POSIX promises it: by fsync alone.

    The bytes of a file are there when it was brought to the disk, and its name when its folder was.

    Args:
        store: the folder, which is on the disk itself.
        record: a folder for the states that a loss of power could leave the store in. Of each moment there
            are those of `KINDS`: all is lost that was not brought to the disk; all names are there, and half
            of the bytes that were not brought; some of it is there.
    """

    def __init__(self, store: Path, record: Path) -> None:
        self._store, self._record = store, record
        self._bytes: dict[int, bytes] = {}
        self._names: dict[int, dict[str, int]] = {}
        self._seen: set[str] = set()
        self._random = random.Random(0)
        self._gone = 0

    def brought(self, descriptor: int) -> None:
        """Note that a file or folder was brought to the disk."""
        number = os.fstat(descriptor).st_ino
        tree = _Tree.of(self._store)
        if number in tree.names:
            self._names[number] = dict(tree.names[number])
        elif number in tree.paths:
            self._bytes[number] = tree.paths[number].read_bytes()

    def record(self) -> None:
        """Keep the states of this moment that were not there before."""
        tree = _Tree.of(self._store)
        # The number of what is removed may be given to something else.
        for number in {*self._bytes, *self._names} - tree.paths.keys():
            self._gone -= 1
            self._rename(number, self._gone)
        root = self._store.stat().st_ino
        for kind in KINDS:
            state = dict(self._state(tree, root, Path(), kind))
            told = repr([(path, state[path]) for path in sorted(state)])
            key = hashlib.sha256(told.encode()).hexdigest()
            if key not in self._seen:
                self._seen.add(key)
                _write(self._record / f"{len(self._seen):04}_{kind}", state)

    def _rename(self, old: int, new: int) -> None:
        for kept in (self._bytes, self._names):
            if old in kept:
                kept[new] = kept.pop(old)
        for names in self._names.values():
            names.update({name: new for name, number in names.items() if number == old})

    def _state(self, tree: _Tree, number: int, at: Path, kind: str) -> Iterator[tuple[Path, bytes | None]]:
        """Paths and bytes of a folder as it may be; None for a folder's."""
        now, kept = tree.names.get(number, {}), self._names.get(number, {})
        names = dict(now if kind == "named" else kept)
        if kind == "mixed":
            for name in now.keys() | kept.keys():
                source = now if self._random.random() < 0.5 else kept
                names.pop(name, None)
                if name in source:
                    names[name] = source[name]
        for name, inner in names.items():
            path = at / name
            if name[0] == ".":
                continue  # aside, of a dead writer: nobody reads it
            if inner in tree.names or inner in self._names:
                yield path, None
                yield from self._state(tree, inner, path, kind)
            elif kind == "lost" or inner not in tree.paths:
                yield path, self._bytes.get(inner, b"")
            else:
                yield path, self._half(inner, tree.paths[inner])

    def _half(self, number: int, path: Path) -> bytes:
        content, kept = path.read_bytes(), self._bytes.get(number, b"")
        if content[: len(kept)] != kept:
            kept = b""  # it was written anew
        return content[: (len(kept) + len(content)) // 2] if content != kept else content


def _write(folder: Path, state: dict[Path, bytes | None]) -> None:
    folder.mkdir(parents=True)
    for path in sorted(state):
        content = state[path]
        if content is None:
            (folder / path).mkdir(parents=True, exist_ok=True)
        else:
            (folder / path).write_bytes(content)
