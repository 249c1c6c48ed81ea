"""Server-sent events: what has changed, told to every page that listens."""

import asyncio
import contextlib
import json
import secrets
from collections.abc import AsyncIterator

from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from justfit.errors import StoreError
from justfit.web.requests import Refused
from justfit.web.state import State

MOST_STREAMS = 32

TICK = 0.25
"""Seconds between looks at the store, while a page listens."""

_COMMENT = 15.0
"""Seconds between comments, which keep a stream open where nothing changes."""


class Events:
    """The streams of one server.

    Args:
        state: what is looked at.
        tick: seconds between looks.
    """

    def __init__(self, state: State, tick: float = TICK) -> None:
        self.server = secrets.token_hex(8)
        """Tells this server from the one before it."""
        self._state, self._tick = state, tick
        self._streams = self._version = 0
        self._is_closing = False
        self._looking: asyncio.Task[int] | None = None

    @property
    def streams(self) -> int:
        """How many pages listen."""
        return self._streams

    def close(self) -> None:
        """End all streams at their next tick; may be called by a signal's handler."""
        self._is_closing = True

    def response(self) -> StreamingResponse:
        """A stream that ends when its client leaves or the server stops.

        Raises:
            Refused: there are too many already.
        """
        if self._streams >= MOST_STREAMS:
            raise Refused(f"{MOST_STREAMS} pages are open already: close some.", 503, {"Retry-After": "10"})
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(self._stream(), media_type="text/event-stream", headers=headers)

    async def _stream(self) -> AsyncIterator[str]:
        self._streams += 1
        try:
            version = await self._look()
            yield f"retry: 1000\n{_event('hello', {'version': version, 'server': self.server})}"
            quiet = 0.0
            while not self._is_closing:
                await asyncio.sleep(self._tick)
                quiet += self._tick
                now = await self._look()
                if now != version:
                    changed = await run_in_threadpool(self._state.changed_since, version)
                    version, quiet = now, 0.0
                    names: list[str | None] = [*changed, None]
                    yield "".join(_event("changed", {"study": name, "version": now}) for name in names)
                elif quiet >= _COMMENT:
                    quiet = 0.0
                    yield ": still here\n\n"
        finally:
            self._streams -= 1

    async def _look(self) -> int:
        """The version of what there is now; streams that ask at the same time share a look."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.ensure_future(run_in_threadpool(self._looked))
        return await asyncio.shield(self._looking)

    def _looked(self) -> int:
        with contextlib.suppress(StoreError):  # a page says so when it asks
            self._version = self._state.look()
        return self._version


def _event(name: str, data: dict[str, object]) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"
