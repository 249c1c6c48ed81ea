"""A client of MLflow: quickly refused where nobody answers, and what goes wrong as one sentence."""

import logging
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from justfit.errors import SpecError, StoreError

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # read when it is first imported
try:
    from mlflow.exceptions import MlflowException
    from mlflow.tracking import MlflowClient
except ImportError as error:
    raise SpecError("MLflow needs its package: pip install 'justfit[mlflow]'.") from error

try:
    from sqlalchemy.exc import SQLAlchemyError

    _OF_DATABASES: tuple[type[Exception], ...] = (SQLAlchemyError,)
except ImportError:  # mlflow-skinny writes to servers, and to folders
    _OF_DATABASES = ()

_REFUSALS: tuple[type[Exception], ...] = (MlflowException, OSError, *_OF_DATABASES)

_MEANWHILE = {
    # By themselves some minutes for a server that has gone.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    # Only the command line prints.
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}
"""Settings of MLflow while it is written to, where they are not set."""

_PORTS = {"http": 80, "https": 443}
_TO_ANSWER = 5
"""Seconds that a server has to be reached."""

_MOST_LETTERS = 300


def require_server(uri: str) -> None:
    """See that MLflow can be written to at an address; raises as `connected`."""
    with connected(uri) as client:
        client.search_experiments(max_results=1)


@contextmanager
def connected(uri: str) -> Iterator[MlflowClient]:
    """A client of what is at an address: a server, a data base, or a folder where MLflow still takes one.

    Raises:
        SpecError: it is no address.
        StoreError: nobody answers there, or MLflow refuses something meanwhile.
    """
    _require_answer(uri)
    added = {key: value for key, value in _MEANWHILE.items() if key not in os.environ}
    log = logging.getLogger("mlflow")
    level = log.level
    os.environ.update(added)
    log.setLevel(logging.WARNING)  # it tells of every table that it makes
    try:
        yield MlflowClient(tracking_uri=uri)
    except _REFUSALS as error:
        raise StoreError(
            f"MLflow at {address(uri)} cannot be written to: {_first_sentence(error)}: {_remedy(uri)}."
        ) from error
    finally:
        log.setLevel(level)
        for key in added:
            del os.environ[key]


def address(uri: str) -> str:
    """An address as it may be shown.

    >>> address("http://me:secret@127.0.0.1:5000")
    'http://me:...@127.0.0.1:5000'
    """
    return re.sub("(//[^/@:]*):[^/@]*@", r"\1:...@", uri)


def _require_answer(uri: str) -> None:
    """Raise where an address is none, or nobody is there."""
    wrong = SpecError(
        f'"{address(uri)}" is no address of MLflow: give such as http://127.0.0.1:5000 or sqlite:///mlflow.db.'
    )
    try:
        parts = urlsplit(uri)
        host, port = parts.hostname, parts.port or _PORTS.get(parts.scheme)
    except ValueError as error:
        raise wrong from error
    is_server = parts.scheme in _PORTS
    if not uri or (is_server and host is None):
        raise wrong
    if is_server and (parts.scheme not in getproxies() or proxy_bypass(str(host))):
        try:
            socket.create_connection((str(host), port or 0), _TO_ANSWER).close()
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise StoreError(
                f"No MLflow server answers at {address(uri)}, {reason}: start one with mlflow server, "
                "or check the address."
            ) from error


def _first_sentence(error: Exception) -> str:
    """What an error says before it goes into detail."""
    said = str(error).strip() or type(error).__name__
    for end in ("\n", " Response body", ". "):
        said = said.partition(end)[0]
    return said.removesuffix(".")[:_MOST_LETTERS]


def _remedy(uri: str) -> str:
    if urlsplit(uri).scheme in ("", "file"):
        return "give a data base such as sqlite:///mlflow.db instead, or set MLFLOW_ALLOW_FILE_STORE=true"
    if urlsplit(uri).scheme not in _PORTS and not _OF_DATABASES:
        return "a data base needs all of MLflow, so pip install mlflow, or give the address of a server"
    return "check the address, and what runs there"
