"""The application asked without a network: `Site` is a client of one server."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote

import httpx

from justfit.web.app import App, app

HOST = "http://127.0.0.1:8000"
Answered = TypeVar("Answered")


class Site:
    """A server and somebody who asks it, in one loop of events."""

    def __init__(self, store: Path, **options: Any) -> None:
        self.app: App = app(store, **options)
        self.server = self.app.server
        self.loop = asyncio.new_event_loop()

    def asked(self, method: str, path: str, **values: Any) -> httpx.Response:
        """The answer to one question."""

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url=HOST, timeout=60) as client:
                return await client.request(method, path, **values)

        return self.done(ask())

    def get(self, path: str, **values: Any) -> httpx.Response:
        return self.asked("GET", path, **values)

    def post(self, path: str, **values: Any) -> httpx.Response:
        return self.asked("POST", path, **values)

    def done(self, work: Awaitable[Answered]) -> Answered:
        return self.loop.run_until_complete(work)

    def close(self) -> None:
        self.done(self.server.jobs.close())
        self.server.uploads.close()
        self.done(self.loop.shutdown_default_executor())
        self.loop.close()


def raw(
    site: Site,
    path: str,
    *,
    method: str = "POST",
    headers: Iterable[tuple[str, str]] = (),
    parts: Iterable[bytes] = (b"",),
    receive: Callable[[], Awaitable[dict[str, Any]]] | None = None,
) -> tuple[int, dict[str, str], bytes]:
    """The answer to a request that no client would send: headers and parts of the body as they are given."""
    waiting = list(parts)

    async def given() -> dict[str, Any]:
        if not waiting:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    named = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    if not any(name == b"host" for name, _ in named):
        named.append((b"host", b"127.0.0.1:8000"))
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path.partition("?")[0]),
        "raw_path": path.encode("latin-1"),
        "query_string": path.partition("?")[2].encode("latin-1"),
        "headers": named,
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 50_000),
        "root_path": "",
    }
    site.done(site.app(scope, receive or given, send))
    start = sent[0]
    found = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in start["headers"]}
    return start["status"], found, b"".join(message.get("body", b"") for message in sent[1:])
