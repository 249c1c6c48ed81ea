import importlib
import logging
import os
import socket
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from justfit.bridges import mlflow_client
from justfit.bridges.mlflow_client import connected, require_server
from justfit.errors import SpecError, StoreError


@pytest.mark.parametrize(
    "uri", ["", "http://", "https://:5000", "http://127.0.0.1:port", "http://[", "http://a:99999"]
)
def test_what_is_no_address_is_refused_with_an_example(uri: str) -> None:
    with pytest.raises(SpecError, match=r"is no address of MLflow: give such as http://127\.0\.0\.1:5000"):
        require_server(uri)


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def test_where_nobody_answers_that_is_said_at_once_and_no_password(free_port: int) -> None:
    with pytest.raises(
        StoreError, match=r"No MLflow server answers at .*, connection refused: start one"
    ) as told:
        require_server(f"http://me:secret@127.0.0.1:{free_port}")
    assert f"http://me:...@127.0.0.1:{free_port}" in str(told.value)
    assert "secret" not in str(told.value)


class Page(BaseHTTPRequestHandler):
    """A server of something else."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(404)
        self.end_headers()
        self.wfile.write(b"<h1>Not found</h1>")

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def other_server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_server_of_something_else_is_told_without_its_page(other_server: str) -> None:
    with pytest.raises(
        StoreError, match=r"cannot be written to: .*404 != 200: check the address, and what"
    ) as told:
        require_server(other_server)
    assert "<h1>" not in str(told.value)


def test_a_scheme_that_mlflow_does_not_know_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreError, match=r"MLflow at foo://bar cannot be written to: .*unsupported URI"):
        require_server("foo://bar")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_mlflow_takes_no_more_is_told_with_what_to_give_instead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_ALLOW_FILE_STORE", raising=False)
    with pytest.raises(
        StoreError, match=r"give a data base such as sqlite:///mlflow.db instead, or set MLFLOW_ALLOW"
    ):
        require_server(str(tmp_path / "mlruns"))


# SQLAlchemy's, of what MLflow does.
@pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy is deprecated:DeprecationWarning")
@pytest.mark.slow
def test_a_file_that_is_no_data_base_is_told(tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_text("notes, longer than a header of sqlite would be " * 9)
    with pytest.raises(StoreError, match="file is not a database: check the address"):
        require_server(f"sqlite:///{tmp_path / 'notes.db'}")


def test_settings_of_mlflow_are_as_before_afterwards_and_the_user_s_own_are_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "77")
    before, level = dict(os.environ), logging.getLogger("mlflow").level
    with connected(str(tmp_path / "mlruns")):
        assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "77"
        assert os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "1"
    assert (dict(os.environ), logging.getLogger("mlflow").level) == (before, level)


def test_without_the_package_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow.tracking", None)
    with pytest.raises(SpecError, match=r"pip install 'justfit\[mlflow\]'"):
        importlib.reload(mlflow_client)
