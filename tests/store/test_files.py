import errno
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from justfit.errors import StoreError
from justfit.store.files import (
    JSON_LIMIT,
    new_folder,
    read_bytes,
    read_json,
    require_format,
    require_place,
    write_bytes,
    write_json,
)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def dead_process() -> int:
    """The number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_a_file_is_written_and_replaced_whole(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a", b"old")
    write_bytes(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"
    assert names(tmp_path) == ["a"]


def test_a_file_that_cannot_be_put_in_place_leaves_nothing_aside(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(StoreError, match="a cannot be written, is a directory"):
        write_bytes(tmp_path / "a", b"new")
    assert names(tmp_path) == ["a"]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"gone is missing: check the name"):
        write_bytes(tmp_path / "gone" / "a", b"")


def test_json_keeps_plain_values(tmp_path: Path) -> None:
    value = {"text": 'ü\n"\u2028', "number": 0.1, "none": None, "list": [1, True]}
    write_json(tmp_path / "a.json", value)
    assert read_json(tmp_path / "a.json") == value


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not valid JSON"),
        (b'{"a": 1', "not valid JSON"),
        (b"\xff{}", "not valid JSON"),
        (b"[1]", "a JSON list where an object was expected"),
        (b'{"a": NaN}', "NaN is not a number of JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", "a number of 5000 digits"),
        (b"[" * 100_000, "not valid JSON"),
    ],
)
def test_json_that_is_cut_off_or_hostile_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(StoreError, match=message) as caught:
        read_json(tmp_path / "a.json")
    assert "a.json" in str(caught.value)
    assert "run it again" in str(caught.value)


def test_json_over_the_limit_is_neither_written_nor_read(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="would take"):
        write_json(tmp_path / "a.json", {"a": "x" * JSON_LIMIT})
    with (tmp_path / "a.json").open("wb") as file:
        file.truncate(JSON_LIMIT + 1)
    with pytest.raises(StoreError, match="longer than the 67,108,864 bytes"):
        read_json(tmp_path / "a.json")


def test_a_huge_limit_does_not_reserve_memory(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"123")
    assert read_bytes(tmp_path / "a", limit=2**60) == b"123"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"a\.json is missing"):
        read_json(tmp_path / "a.json")


@pytest.mark.parametrize(
    ("found", "message"), [(2, "upgrade justfit"), (None, "format None"), ("1", "format '1'")]
)
def test_another_format_is_refused(found: object, message: str) -> None:
    with pytest.raises(StoreError, match=message):
        require_format(Path("a.json"), {"format": found}, newest=1)


def test_a_folder_appears_when_it_is_whole(tmp_path: Path) -> None:
    with new_folder(tmp_path / "deep" / "run") as partial:
        (partial / "a").write_text("1")
        assert not (tmp_path / "deep" / "run").exists()
    assert names(tmp_path / "deep") == ["run"]
    assert names(tmp_path / "deep" / "run") == ["a"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_a_folder_that_was_not_finished_is_removed(tmp_path: Path, error: type[BaseException]) -> None:
    def interrupted() -> None:
        with new_folder(tmp_path / "run") as partial:
            (partial / "a").write_text("1")
            raise error

    with pytest.raises(error):
        interrupted()
    assert names(tmp_path) == []


def test_what_stands_there_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "precious").touch()
    with pytest.raises(StoreError, match="run exists already: choose"), new_folder(tmp_path / "run"):
        pass
    assert names(tmp_path) == ["run"]
    assert names(tmp_path / "run") == ["precious"]


def test_of_two_writers_of_one_folder_the_first_wins(tmp_path: Path) -> None:
    def both() -> None:
        with new_folder(tmp_path / "run"), new_folder(tmp_path / "run") as first:
            (first / "first").touch()

    with pytest.raises(StoreError, match="run cannot be written"):
        both()
    assert names(tmp_path) == ["run"]
    assert names(tmp_path / "run") == ["first"]


def test_an_empty_folder_may_be_filled(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with new_folder(tmp_path / "run") as partial:
        (partial / "a").touch()
    assert names(tmp_path / "run") == ["a"]


def test_what_a_dead_writer_left_is_removed_and_what_another_still_writes_is_kept(tmp_path: Path) -> None:
    node = os.uname().nodename
    stale = tmp_path / f".old.partial-0123abcd-{dead_process()}-{node}"
    stale.mkdir()
    (stale / "a").touch()
    (tmp_path / f".file.partial-0123abcd-{dead_process()}-{node}").touch()
    kept = [
        f".mine.partial-0123abcd-{os.getpid()}-{node}",
        f".far.partial-0123abcd-{dead_process()}-not-{node}",
    ]
    kept += [f".x.partial-0123abcd-{10**30}-{node}", ".other"]
    for name in kept:
        (tmp_path / name).touch()
    with new_folder(tmp_path / "run"):
        pass
    assert names(tmp_path) == sorted([*kept, "run"])


def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    script = textwrap.dedent(
        """
        import resource, signal, sys
        from pathlib import Path
        from justfit.errors import StoreError
        from justfit.store.files import new_folder, write_bytes
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        try:
            with new_folder(Path(sys.argv[1]) / "run") as partial:
                write_bytes(partial / "small", b"1")
                write_bytes(partial / "large", bytes(100_000))
        except StoreError as error:
            print(error)
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path], capture_output=True, text=True, check=True, env=os.environ
    )
    assert done.stdout == (
        f"{tmp_path}/run/large cannot be written, file too large: free some space there and run it again.\n"
    )
    assert names(tmp_path) == []


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_a_folder_that_may_not_be_written_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with (
        pytest.raises(StoreError, match=r"run cannot be written, .*: allow it by"),
        new_folder(tmp_path / "run"),
    ):
        pass


def test_json_is_plain_ascii(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"word": "\ud800ü"})
    assert (tmp_path / "a.json").read_bytes().isascii()
    assert json.loads((tmp_path / "a.json").read_text()) == {"word": "\ud800ü"}


def test_a_place_that_cannot_be_written_is_known_beforehand(tmp_path: Path) -> None:
    require_place(tmp_path / "runs" / "run")
    assert not (tmp_path / "runs").exists()
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="file"):
        require_place(tmp_path / "file" / "run")
    with pytest.raises(StoreError, match="exists already"):
        require_place(tmp_path / "file")
