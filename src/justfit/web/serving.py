"""The application on a socket, until Ctrl-C."""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from types import FrameType

import pyarrow as pa
import uvicorn

from justfit.machine import give_back, glibc
from justfit.web.app import App

_MOST_CONNECTIONS = 400
"""Also those on which nothing is asked; whoever asks by one more is sent away without a sentence."""

_STOP_SECONDS = 5
"""In which answers that are being made are still given when the server ends."""


_GIVES_BACK = 600
"""Tenths of a second after which memory that is free is given back to the system."""

_ARENA_MAX, _MMAP_THRESHOLD = -8, -3
"""Parameters of glibc's mallopt(3)."""

_ARENAS, _LARGE = 2, 2**18
"""Arenas, and bytes from which on a buffer is large."""


class _Serving(uvicorn.Server):
    """A server that ends its streams before it waits for answers to be given."""

    def __init__(self, config: uvicorn.Config, app: App, ready: Callable[[], object] | None) -> None:
        super().__init__(config)
        self._app, self._ready = app, ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._ready is not None and not self.should_exit:
            # A browser is found in its own time.
            asyncio.get_running_loop().run_in_executor(None, self._ready)

    async def on_tick(self, counter: int) -> bool:
        """Called ten times a second; whether to end."""
        if counter % _GIVES_BACK == 0:
            give_back()  # what answers took at a time when there were many
        return await super().on_tick(counter)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._app.close()
        super().handle_exit(sig, frame)


def serve(app: App, listening: socket.socket, ready: Callable[[], object] | None = None) -> None:
    """Serve an application until the process is interrupted or told to end.

    Args:
        app: what answers.
        listening: a socket that listens already.
        ready: what is done once answers are given.
    """
    # Arrow's own allocator keeps more and more, the more files are read, though nothing is in use.
    pa.set_memory_pool(pa.system_memory_pool())
    _keep_little()
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        http="h11",
        h11_max_incomplete_event_size=2**15,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_keep_alive=20,
        timeout_graceful_shutdown=_STOP_SECONDS,
        lifespan="on",
    )
    with contextlib.suppress(KeyboardInterrupt):  # which uvicorn raises again when all is ended
        _Serving(config, app, ready).run(sockets=[listening])


def _keep_little() -> None:
    """Have the C library's allocator give back what answers took; nothing where it is not glibc's.

    It has an arena for each thread, and once a large buffer was freed, takes the next ones from there, too.
    What is free then lies in each of a dozen arenas, where other threads cannot take it. With few arenas they
    can, and large buffers, such as Arrow's, go back to the system at once.
    """
    if (library := glibc()) is not None:
        library.mallopt(_ARENA_MAX, _ARENAS)
        library.mallopt(_MMAP_THRESHOLD, _LARGE)
