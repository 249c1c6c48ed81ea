"""`app`: the pages and the HTTP interface of a store, as an ASGI application."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from anyio import to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from justfit.errors import DataError, SpecError, StoreError
from justfit.web.events import Events
from justfit.web.jobs import Jobs
from justfit.web.pages import page
from justfit.web.predicting import Predicting
from justfit.web.requests import Refused, refusal
from justfit.web.routes import routes
from justfit.web.security import Security
from justfit.web.server import Server
from justfit.web.state import State
from justfit.web.static_files import StaticFiles
from justfit.web.uploads import Uploads

_THREADS = 8
"""That read and judge; each keeps some memory for itself."""

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


class App(Security):
    """The application, and what whoever runs it must be able to end."""

    def __init__(self, server: Server, inner: Starlette, hosts: Sequence[str], token: str | None) -> None:
        super().__init__(inner, hosts, token)
        self.server = server

    def close(self) -> None:
        """End the streams of events, which would otherwise keep the server from stopping."""
        self.server.events.close()


def app(store: Path, *, token: str | None = None, hosts: Sequence[str] = LOOPBACK) -> App:
    """The pages and the HTTP interface of a store.

    Nothing is read before it is asked for. What training it starts ends with it.

    Args:
        store: the folder that holds the studies' folders; it may not be there yet.
        token: what each request must bring; None for none.
        hosts: names and addresses that it is asked by, without ports.
    """
    state = State(store)
    server = Server(state, Events(state), Predicting(state), Uploads(), Jobs(store, state.has_changed))
    files = StaticFiles(server.jobs)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        to_thread.current_default_thread_limiter().total_tokens = _THREADS
        making = asyncio.create_task(_made(files))
        try:
            yield
        finally:
            making.cancel()
            server.events.close()
            await server.jobs.close()
            server.uploads.close()

    inner = Starlette(
        routes=routes(server, files),
        lifespan=lifespan,
        exception_handlers={
            HTTPException: _refused,
            SpecError: _wrong,
            DataError: _wrong,
            StoreError: _broken,
            Exception: _fault,
        },
    )
    inner.router.redirect_slashes = False
    return App(server, inner, hosts, token)


async def _made(files: StaticFiles) -> None:
    """Make the script for charts before it is asked for; where that fails, whoever asks is told."""
    with contextlib.suppress(Refused):
        await files.make()


_OF_PROGRAMS = ("/api/", "/predict", "/openapi.json", "/static/")
"""Beginnings of addresses that are asked by scripts; people see a page."""

_SENTENCES = {
    404: "There is nothing at this address.",
    405: "This address cannot be asked in this way.",
}


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if not isinstance(error, Refused):  # Starlette's own, which has no sentence
        sentence = _SENTENCES.get(error.status_code, error.detail)
        error = Refused(sentence, error.status_code, error.headers)
    if request.url.path.startswith(_OF_PROGRAMS):
        return refusal(error)
    told = page("error", status=error.status_code, sentence=error.detail)
    return HTMLResponse(told, error.status_code, error.headers)


def _wrong(request: Request, error: Exception) -> Response:
    return _refused(request, Refused(str(error)))


def _broken(request: Request, error: Exception) -> Response:
    return _refused(request, Refused(str(error), 409))


def _fault(request: Request, _: Exception) -> Response:
    """A fault of justfit; the server logs it with its traceback."""
    return _refused(request, Refused("This is a fault in justfit: the server's terminal tells more.", 500))
