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
    json_bytes,
    make_folders,
    read_bytes,
    read_json,
    remove_folder,
    require_format,
    require_writable,
    write_bytes,
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
    write_bytes(tmp_path / "a.json", json_bytes(tmp_path / "a.json", value))
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
    assert str(caught.value).endswith(f"Remove {tmp_path} and run the study again.")


def test_json_over_the_limit_is_neither_made_nor_read(tmp_path: Path) -> None:
    with pytest.raises(
        StoreError, match=r"a\.json would take .* use a smaller vocabulary, or fewer networks"
    ):
        json_bytes(tmp_path / "a.json", {"a": "x" * JSON_LIMIT})
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


def test_a_folder_is_removed_whole_and_what_its_links_point_to_is_left(tmp_path: Path) -> None:
    kept, folder = tmp_path / "kept", tmp_path / "folder"
    for made in (kept, folder):
        make_folders(made / "deep")
        (made / "deep" / "a").touch()
    (folder / "link").symlink_to(kept)
    (folder / "deep" / "file").symlink_to(kept / "deep" / "a")
    remove_folder(folder)
    assert names(tmp_path) == ["kept"]
    assert names(kept / "deep") == ["a"]


def test_a_link_is_not_removed_and_neither_is_what_it_points_to(tmp_path: Path) -> None:
    make_folders(tmp_path / "kept")
    (tmp_path / "link").symlink_to(tmp_path / "kept")
    with pytest.raises(StoreError, match="link is a link, and what it points to is left alone"):
        remove_folder(tmp_path / "link")
    assert names(tmp_path) == ["kept", "link"]


def test_a_folder_that_is_not_there_cannot_be_removed(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="gone is missing"):
        remove_folder(tmp_path / "gone")


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
    write_bytes(tmp_path / "file", b"")
    assert names(tmp_path) == sorted([*kept, "file"])


def test_what_looks_left_behind_but_is_a_link_is_not_followed(tmp_path: Path) -> None:
    make_folders(tmp_path / "store")
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "a").touch()
    left = tmp_path / "store" / f".old.partial-0123abcd-{dead_process()}-{os.uname().nodename}"
    left.symlink_to(tmp_path / "precious")
    write_bytes(tmp_path / "store" / "file", b"")
    assert names(tmp_path / "store") == ["file"]
    assert names(tmp_path / "precious") == ["a"]


def test_a_full_disk_is_one_sentence_and_leaves_what_was_there(tmp_path: Path) -> None:
    script = textwrap.dedent(
        """
        import resource, signal, sys
        from pathlib import Path
        from justfit.errors import StoreError
        from justfit.store.files import write_bytes
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        write_bytes(Path(sys.argv[1]) / "file", b"old")
        try:
            write_bytes(Path(sys.argv[1]) / "file", bytes(100_000))
        except StoreError as error:
            print(error)
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path], capture_output=True, text=True, check=True, env=os.environ
    )
    assert done.stdout == (
        f"{tmp_path}/file cannot be written, file too large: free some space there and run it again.\n"
    )
    assert names(tmp_path) == ["file"]
    assert (tmp_path / "file").read_bytes() == b"old"


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_a_folder_that_may_not_be_written_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(StoreError, match=r"runs cannot be made, .*: allow it by"):
        make_folders(tmp_path / "runs")


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_a_file_whose_writing_is_interrupted_leaves_the_old_one_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    def interrupt(_: int) -> None:
        raise error

    write_bytes(tmp_path / "a", b"old")
    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(error):
        write_bytes(tmp_path / "a", b"new")
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


def test_json_is_plain_ascii(tmp_path: Path) -> None:
    content = json_bytes(tmp_path / "a.json", {"word": "\ud800ü"})
    assert content.isascii()
    assert json.loads(content) == {"word": "\ud800ü"}


def test_a_place_that_cannot_be_written_is_known_beforehand(tmp_path: Path) -> None:
    require_writable(tmp_path / "store" / "study")
    assert not (tmp_path / "store").exists()
    (tmp_path / "file").write_text("in the way")
    for folder in (tmp_path / "file", tmp_path / "file" / "study"):
        with pytest.raises(StoreError, match=r"file.* cannot be written, not a directory: something else"):
            require_writable(folder)


def test_a_place_that_the_permissions_close_is_known_beforehand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(StoreError, match="cannot be written, permission denied: allow it"):
        require_writable(tmp_path / "study")
