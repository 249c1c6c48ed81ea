import contextlib
import hashlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import platformdirs
import pytest

from justfit.data.cache import PublishedFile, find_file, kept
from justfit.errors import DataError

CONTENT = bytes(range(256)) * 1_000


class Server(ThreadingHTTPServer):
    """Publishes `CONTENT` at every path, as its attributes say, and remembers what was asked."""

    content = CONTENT
    resumes = True
    cut_after: int | None = None
    status: int | None = None

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.ranges: list[str | None] = []

    def file(self, content: bytes = CONTENT, kind: str = "sha256") -> PublishedFile:
        url = f"http://127.0.0.1:{self.server_port}/data.npz"
        checksum = f"{kind}:{hashlib.new(kind, content).hexdigest()}"
        return PublishedFile("data.npz", url, checksum, len(CONTENT), "tests, 256 kB")


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server = self.server
        asked = self.headers["Range"]
        server.ranges.append(asked)
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and server.resumes else 0
        if server.status or start >= len(server.content):
            self.send_error(server.status or 416)
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(server.content) - start))
        self.end_headers()
        self.wfile.write(server.content[start : server.cut_after])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def cache() -> Path:
    return Path(platformdirs.user_cache_path("justfit"))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_downloaded_once_into_the_users_cache(server: Server, cache: Path) -> None:
    for _ in range(2):
        path = find_file(server.file())
        assert path == cache / "data.npz"
        assert path.read_bytes() == CONTENT
    assert server.ranges == [None]
    assert names(cache) == ["data.npz"]


def test_progress_is_told_up_to_the_last_byte(server: Server) -> None:
    seen: list[tuple[str, int, int | None]] = []
    find_file(server.file(), lambda *told: seen.append(told))
    done = [bytes_done for _, bytes_done, _ in seen]
    assert len(done) > 1
    assert done == sorted(set(done))
    assert done[-1] == len(CONTENT)
    assert {(name, total) for name, _, total in seen} == {("data.npz", len(CONTENT))}


def test_a_download_that_broke_off_goes_on_where_it_stopped(server: Server, cache: Path) -> None:
    server.cut_after = 100_000
    with pytest.raises(DataError, match=r"broke off after 100000 of 256000 bytes\. Run again"):
        find_file(server.file())
    assert names(cache) == ["data.npz.part"]
    server.cut_after = None
    seen: list[int] = []
    path = find_file(server.file(), lambda _name, done, _total: seen.append(done))
    assert path.read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=100000-"]
    assert seen[0] > 100_000
    assert names(cache) == ["data.npz"]


def test_a_server_that_cannot_go_on_sends_all_again(server: Server, cache: Path) -> None:
    cache.mkdir(parents=True)
    (cache / "data.npz.part").write_bytes(b"other")
    server.resumes = False
    assert find_file(server.file()).read_bytes() == CONTENT
    assert server.ranges == ["bytes=5-"]


def test_a_part_that_only_lacked_its_name_gets_it(server: Server, cache: Path) -> None:
    cache.mkdir(parents=True)
    (cache / "data.npz.part").write_bytes(CONTENT)
    assert find_file(server.file()).read_bytes() == CONTENT


@pytest.mark.parametrize("part", [b"", b"stale" * 10, CONTENT + b"too long"])
def test_a_wrong_file_is_refused_with_both_checksums_and_nothing_of_it_stays(
    server: Server, cache: Path, part: bytes
) -> None:
    cache.mkdir(parents=True)
    (cache / "data.npz.part").write_bytes(part)
    wanted = server.file(b"other")
    with pytest.raises(
        DataError, match=rf"data\.npz gave another file.*expected {wanted.checksum}, found sha256:"
    ):
        find_file(wanted)
    assert names(cache) == []


def test_a_server_that_announces_another_length_is_not_listened_to(server: Server, cache: Path) -> None:
    server.content = CONTENT + b"!"
    with pytest.raises(DataError, match=r"which has 256,000 bytes: 256,001 bytes.*try again"):
        find_file(server.file())
    assert names(cache) == []


@pytest.mark.parametrize("begun", [0, 100_000])
def test_a_server_that_sends_without_end_is_left_as_soon_as_it_sends_too_much(
    cache: Path, begun: int
) -> None:
    cache.mkdir(parents=True)
    (cache / "data.npz.part").write_bytes(CONTENT[:begun])
    seen: list[int] = []
    with endless() as (url, sent):
        file = PublishedFile("data.npz", url, "sha256:0", len(CONTENT), "tests, 256 kB")
        with pytest.raises(DataError, match=r"data\.npz sends another file.*has 256,000 bytes"):
            find_file(file, lambda _name, done, _total: seen.append(done))
        sent.wait(60)
    assert sent.is_set(), "the connection is closed"
    assert max(seen) <= len(CONTENT)
    assert names(cache) == []


def test_a_stale_part_costs_one_failed_try_and_no_more(server: Server, cache: Path) -> None:
    cache.mkdir(parents=True)
    (cache / "data.npz.part").write_bytes(b"stale")
    with pytest.raises(DataError, match="try again"):
        find_file(server.file())
    assert find_file(server.file()).read_bytes() == CONTENT


def test_a_damaged_file_in_the_cache_is_refused_and_left_to_its_owner(server: Server, cache: Path) -> None:
    cache.mkdir(parents=True)
    (cache / "data.npz").write_bytes(CONTENT[:-1])
    found = f"sha256:{hashlib.sha256(CONTENT[:-1]).hexdigest()}"
    with pytest.raises(DataError, match=rf"data\.npz is not the published file.*found {found}.*Delete it"):
        find_file(server.file())
    assert names(cache) == ["data.npz"]
    assert not server.ranges


def test_md5_will_do_where_nothing_better_is_published(server: Server) -> None:
    assert find_file(server.file(kind="md5")).read_bytes() == CONTENT


def test_a_file_in_justfit_data_is_taken_at_its_owners_word(
    server: Server, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUSTFIT_DATA", str(tmp_path))
    assert find_file(server.file()) == cache / "data.npz"
    (tmp_path / "data.npz").write_bytes(b"rebuilt")
    assert find_file(server.file()) == tmp_path / "data.npz"


def test_a_server_that_refuses_is_quoted(server: Server, cache: Path) -> None:
    server.status = 403
    with pytest.raises(DataError, match="answers 403 Forbidden"):
        find_file(server.file())
    assert not (cache / "data.npz").exists()


@pytest.mark.parametrize("named", [None, "/nowhere"])
def test_offline_the_error_says_where_it_looked_and_what_to_do(
    cache: Path, named: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if named:
        monkeypatch.setenv("JUSTFIT_DATA", named)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, but nobody listens
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/data.npz"
        with pytest.raises(DataError) as caught:
            find_file(PublishedFile("data.npz", url, "sha256:0", 256_000, "tests, 256 kB"))
    message = str(caught.value)
    for part in ("tests, 256 kB", str(cache), url, "Connection refused", "set JUSTFIT_DATA", "when online"):
        assert part in message
    assert (f"{named} (JUSTFIT_DATA)" if named else "JUSTFIT_DATA (not set)") in message


def test_a_cache_that_cannot_be_written_is_named(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(
        DataError, match=r"data\.npz could not be kept in .*Not a directory.*set JUSTFIT_DATA"
    ):
        find_file(server.file())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_named_and_leaves_no_file(server: Server, cache: Path) -> None:
    cache.mkdir(parents=True)
    (cache / "data.npz.part").symlink_to("/dev/full")
    with pytest.raises(DataError, match=r"could not be kept in .*No space left on device"):
        find_file(server.file())
    assert not (cache / "data.npz").exists()


@contextmanager
def one_answer(answer: bytes) -> Iterator[str]:
    """Takes one connection, says ``answer``, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with listening.accept()[0] as connection:
                connection.recv(1 << 16)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/data.npz"
        thread.join()


@contextmanager
def endless() -> Iterator[tuple[str, threading.Event]]:
    """Sends for as long as it is listened to, and then sets the event."""
    has_ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with listening.accept()[0] as connection:
                asked = connection.recv(1 << 16)
                connection.sendall(
                    b"HTTP/1.1 206 Go on\r\n\r\n" if b"Range" in asked else b"HTTP/1.1 200 OK\r\n\r\n"
                )
                with contextlib.suppress(OSError):
                    while True:
                        connection.sendall(bytes(1 << 16))
            has_ended.set()

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/data.npz", has_ended
        thread.join()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"", "cannot be reached: Remote end closed"),
        (b"what?\n", "cannot be reached: what"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nfew", r"broke off \(IncompleteRead"),
    ],
)
def test_a_server_that_talks_nonsense_is_an_error_in_plain_words(answer: bytes, message: str) -> None:
    with one_answer(answer) as url, pytest.raises(DataError, match=message):
        find_file(PublishedFile("data.npz", url, "sha256:0", 256_000, "tests"))


def refuse() -> None:
    raise AssertionError("made again")


def test_what_took_long_is_made_once() -> None:
    values = [["über", 1], ["\ud800", 2]]
    assert kept("rows-1", lambda: values) == values
    assert kept("rows-1", refuse) == values
    with pytest.raises(AssertionError, match="made again"):
        kept("rows-2", refuse)


@pytest.mark.parametrize(
    "content", [b"", b"[1]", b"00\n[1]", None], ids=["empty", "bare", "other", "changed"]
)
def test_what_was_kept_and_then_changed_is_made_anew(content: bytes | None) -> None:
    kept("rows", lambda: [1, 2])
    (path,) = platformdirs.user_cache_path("justfit").iterdir()
    path.write_bytes(path.read_bytes().replace(b"2]", b"3]") if content is None else content)
    assert kept("rows", lambda: [1, 2, 4]) == [1, 2, 4]
    assert kept("rows", refuse) == [1, 2, 4]
    assert [each.name for each in path.parent.iterdir()] == ["rows.json"]


def test_what_cannot_be_kept_is_given_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert kept("rows", lambda: [1]) == [1]
    cache = tmp_path / "cache" / "justfit"
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache.parent))
    (cache / "rows.json").mkdir(parents=True)  # in the file's place
    assert kept("rows", lambda: [1]) == [1]
    assert [each.name for each in cache.iterdir()] == ["rows.json"]
