"""A study on a disk that is too small ends with a clear error, and goes on once there is more room."""

import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path, PurePath

import pytest
from workflow.killing import Carrier, left_in, made

from justfit.store.checking import check_store

pytestmark = pytest.mark.slow

PAGE = resource.getpagesize()
ERROR = re.compile(
    r"StoreError: (?P<path>.+) cannot be (written|made), (no space left on device|file too large): "
    r"free some space there and run it again\."
)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Makes a file system in memory as large as it is said, in ``size`` (bytes) or ``nr_inodes`` (files)."""
    path = tmp_path / "small"
    path.mkdir()

    def mount(*options: str) -> subprocess.CompletedProcess[str]:
        command = ("mount", "-t", "tmpfs", "-o", ",".join(options), "small", path)
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def of_size(**room: int) -> Path:
        resized = mount("remount", *(f"{name}={value}" for name, value in room.items()))
        assert resized.returncode == 0, resized.stderr
        return path

    if sys.platform != "linux" or os.geteuid() or mount("size=16m").returncode:
        pytest.skip("a file system of its own needs Linux and the right to mount it")
    try:
        yield of_size
    finally:
        subprocess.run(("umount", path), check=True)


def place_of(error: str, store: Path) -> str:
    """Which file an error names, which tells what to do; nothing in the store is half-written."""
    told = ERROR.fullmatch(error)
    assert told, error
    path = Path(told["path"])
    assert path.is_relative_to(store)
    assert check_store(store).faults == ()
    return re.sub("[0-9a-f]{12}", "", str(path.relative_to(store)))


@pytest.mark.parametrize(("room", "step"), [("size", PAGE), ("nr_inodes", 1)])
def test_whatever_the_size_of_a_full_disk_a_study_says_so_and_goes_on_as_it_grows(
    carry: Carrier, small: Callable[..., Path], tmp_path: Path, room: str, step: int
) -> None:
    whole = carry.whole("tiny", made(tmp_path / "whole"))
    places = set()
    for size in range(step, 200 * step, step):
        store = small(**{room: size})
        ended = carry("tiny", store, eager=True)
        if not ended.error:
            break
        places.add(place_of(ended.error, store))
    assert left_in(store) == whole
    assert {PurePath(place).name for place in places} >= {"study.json", ".json", "model.json"}, places


def test_whatever_file_is_the_first_without_room_a_study_says_so_and_goes_on_with_more(
    carry: Carrier, tmp_path: Path
) -> None:
    whole = carry.whole("tiny", made(tmp_path / "whole"))
    files = [path for path in (tmp_path / "whole").rglob("*") if path.is_file() and path.stem != "live"]
    places = set()
    for size in sorted({path.stat().st_size for path in files}):
        store = made(tmp_path / f"store_{size}")
        # Times have more or fewer digits each time.
        ended = carry("tiny", store, largest=size - 100, eager=True)
        assert ended.error, size
        places.add(place_of(ended.error, store))
        assert carry.whole("tiny", store) == whole
    assert len(places) > 4, places


def test_a_command_that_a_full_disk_ended_says_so_in_one_line_and_ends_with_1(
    small: Callable[..., Path],
) -> None:
    store = small(size=16 * PAGE)
    command = [sys.executable, "-m", "justfit", "--quiet", "run", "wine", "--hidden", "4", "--store", store]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert place_of(f"StoreError: {ended.stderr.removeprefix('error: ').rstrip()}", store)
